"""HEALPix cells of masks on the sky by astropy_healpix: crates/io/tests/it/fixtures/moc.json.

Tangent planes at several places, pixel (0, 0) at the tangent point, north up. `centres` are the cells of the centres of the
pixels of the mask, `touched` those of 49 x 49 places in each pixel, corners and edges included.
"""
import sys

import astropy.units as u
import numpy as np
from astropy_healpix import HEALPix
from common import write_json

NY, NX = 20, 30


def sky(lon0, lat0, scale, x, y):
    """Gnomonic projection: degrees of pixels of `scale` arcseconds."""
    xi, eta = -np.radians(x * scale / 3600), np.radians(y * scale / 3600)
    a, d = np.radians(lon0), np.radians(lat0)
    z = np.sin(d) + eta * np.cos(d)
    c = np.cos(d) - eta * np.sin(d)
    lon = a + np.arctan2(xi, c)
    lat = np.arctan2(z, np.hypot(xi, c))
    return np.degrees(lon) % 360, np.degrees(lat)


def main(root):
    y, x = np.mgrid[0:NY, 0:NX]
    mask = (((x - 14) ** 2 + 2 * (y - 9) ** 2) < 60) | ((x > 24) & (y < 3)) | ((x == 2) & (y == 17))
    sub = np.arange(49) / 48 - 0.5
    cases = []
    for lon, lat, scale, order in [(150.1, 2.2, 0.03, 22), (0.0005, -41.3, 0.2, 20), (83.6, 89.999, 1.0, 17),
                                   (266.4, -29.0, 3.2, 17), (45.0, 41.81, 60.0, 11), (201.3, 0.0, 0.11, 20)]:
        hp = HEALPix(nside=2 ** order, order='nested')

        def cells(px, py):
            a, b = sky(lon, lat, scale, px, py)
            return np.unique(hp.lonlat_to_healpix(a * u.deg, b * u.deg)).tolist()

        px, py = x[mask], y[mask]
        shape = (px.size, 49, 49)
        many = cells(np.broadcast_to(px[:, None, None] + sub[None, None, :], shape).ravel(),
                     np.broadcast_to(py[:, None, None] + sub[None, :, None], shape).ravel())
        cases.append({'lon': lon, 'lat': lat, 'scale': scale, 'order': order, 'centres': cells(px, py), 'touched': many})
    write_json('crates/io/tests/it/fixtures/moc.json', {'shape': [NY, NX], 'cases': cases}, root)


main(sys.argv[1])
