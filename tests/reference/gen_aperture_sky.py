"""Apertures of photutils through the coordinate systems of the shared files, and of headers at the pole, across the
origin of longitude, sheared and flipped: tests/it/fixtures/aperture_sky.json. Left out without SKYPHOT_TEST_DATA.
"""
import json
import os
import sys
import warnings

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS
from photutils.aperture import (CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture,
                                PolygonAperture, RectangularAnnulus, RectangularAperture, SkyCircularAnnulus,
                                SkyCircularAperture, SkyEllipticalAnnulus, SkyEllipticalAperture, SkyPolygonAperture,
                                SkyRectangularAnnulus, SkyRectangularAperture)

from common import test_data, write_json

warnings.simplefilter('ignore')

MADE = {
    'north pole': [40.0, 90.0, [-1e-4, 0.0, 0.0, 1e-4]], 'south pole': [200.0, -90.0, [1e-4, 2e-5, -1e-5, 1e-4]],
    'RA 0': [0.0, 10.0, [-3e-5, 1e-5, 1e-5, 3e-5]], 'RA 360': [359.9999, -60.0, [-3e-5, 0.0, 0.0, 3e-5]],
    'sheared': [120.0, 35.0, [-2e-5, 1.1e-5, 3e-6, 2.4e-5]], 'flipped': [120.0, 35.0, [2e-5, 1e-6, -1e-6, 2e-5]]}


def cards(lon, lat, cd):
    return [f'{k:<8}= {v!r:>20}' for k, v in [
        ('NAXIS', 2), ('NAXIS1', 200), ('NAXIS2', 160), ('CTYPE1', 'RA---TAN'), ('CTYPE2', 'DEC--TAN'), ('CRPIX1', 100.3),
        ('CRPIX2', 80.1), ('CRVAL1', lon), ('CRVAL2', lat), ('CD1_1', cd[0]), ('CD1_2', cd[1]), ('CD2_1', cd[2]),
        ('CD2_2', cd[3])]]


def read_header(path):
    text = open(path, 'rb').read().decode('latin-1')
    if text.count('\n') > 5:
        return fits.Header.fromstring('\n'.join(text.splitlines()), sep='\n')
    return fits.Header.fromstring(text)


def arcsec(a):
    return a.to_value(u.arcsec)


def rad(a):
    return a.to_value(u.rad)


def sky_numbers(s):
    if isinstance(s, SkyPolygonAperture):
        return arcsec(s.vertex_offsets).ravel()
    return [rad(getattr(s, n)) if n == 'theta' else arcsec(getattr(s, n)) for n in names(s)]


def names(s):
    return {1: ['r'], 2: ['r_in', 'r_out']}.get(len(s._params) - 1) or {
        'SkyEllipticalAperture': ['a', 'b', 'theta'], 'EllipticalAperture': ['a', 'b', 'theta'],
        'SkyRectangularAperture': ['w', 'h', 'theta'], 'RectangularAperture': ['w', 'h', 'theta']}.get(
            type(s).__name__) or ([f'{v}_{k}' for v in ('a' if 'Ell' in type(s).__name__ else 'w',
                                                        'b' if 'Ell' in type(s).__name__ else 'h')
                                   for k in ('in', 'out')] + ['theta'])


def pixel_numbers(p):
    if isinstance(p, PolygonAperture):
        return p.vertex_offsets.ravel()
    return [rad(p.theta) if n == 'theta' else getattr(p, n) for n in names(p)]


TRIANGLE = np.array([[0.0, 0.0], [7.0, 1.0], [2.0, 5.0]])


def one(name, wcs, size):
    """Shapes at some pixels on the sky; others on the sky, of about that size, in pixels."""
    places = []
    for fx, fy in [(0.5, 0.5), (0.21, 0.34), (0.77, 0.63)]:
        x, y = np.round(fx * size[0], 1), np.round(fy * size[1], 1)
        p = (x, y)
        try:
            s = wcs.pixel_to_world(x, y)
            shapes = [CircularAperture(p, 4.0), CircularAnnulus(p, 5.0, 8.0), EllipticalAperture(p, 6.0, 3.0, 0.7),
                      EllipticalAnnulus(p, 3.0, 6.0, 4.0, b_in=1.0, theta=3.9), RectangularAperture(p, 4.0, 9.0, 2.5),
                      RectangularAnnulus(p, 2.0, 9.0, 4.0, h_in=3.0, theta=5.1), PolygonAperture(p, TRIANGLE)]
            sky = [a.to_sky(wcs) for a in shapes] + [shapes[0].to_sky(wcs, as_ellipse=True)]
            k = arcsec(sky[0].r) / 4.0
            q = k * u.arcsec
            other = [SkyCircularAperture(s, 4 * q), SkyCircularAnnulus(s, 5 * q, 8 * q),
                     SkyEllipticalAperture(s, 6 * q, 3 * q, 0.7 * u.rad),
                     SkyEllipticalAnnulus(s, 3 * q, 6 * q, 4 * q, b_in=1 * q, theta=3.9 * u.rad),
                     SkyRectangularAperture(s, 4 * q, 9 * q, 2.5 * u.rad),
                     SkyRectangularAnnulus(s, 2 * q, 9 * q, 4 * q, h_in=3 * q, theta=5.1 * u.rad),
                     SkyPolygonAperture(s, TRIANGLE * q)]
            pixel = [a.to_pixel(wcs) for a in other] + [other[0].to_pixel(wcs, as_ellipse=True)]
            numbers = [sky_numbers(a) for a in sky], [pixel_numbers(a) for a in pixel]
            lon, lat = s.spherical.lon.deg, s.spherical.lat.deg
            back = pixel[0].positions
        except Exception as e:
            print(name, p, type(e).__name__, str(e)[:100], file=sys.stderr)
            continue
        if all(np.isfinite(v).all() for part in numbers for v in part) and np.hypot(*(back - p)) < 0.5:
            places.append({'x': x, 'y': y, 'lon': lon, 'lat': lat, 'back': back, 'scale': k, 'sky': numbers[0],
                           'pixel': numbers[1]})
    return places


def size_of(h, wcs):
    n1, n2 = h.get('NAXIS1', 0), h.get('NAXIS2', 0)
    return (n1, n2) if n1 and n2 else 2 * np.abs(wcs.wcs.crpix)


def systems():
    for name, (lon, lat, cd) in MADE.items():
        h = fits.Header.fromstring('\n'.join(cards(lon, lat, cd)), sep='\n')
        yield name, {'cards': cards(lon, lat, cd)}, WCS(h), (200, 160)
    root = test_data('wcs')
    known = json.load(open(os.path.join(os.path.dirname(__file__), '../src/regress/fixtures/wcs/headers.json')))
    for case in known['cases']:
        name, hdu = case['name'], None
        if name.startswith('astropy: ') or case['key'] or 'error' in case or 'linear' in case:
            continue
        file = name
        if name.endswith(']'):
            file, hdu = name[:-1].rsplit('[', 1)
        path = os.path.join(os.path.dirname(root), file)
        if hdu is None:
            h = read_header(path)
            w = WCS(h)
        else:
            with fits.open(path) as f:
                h = f[int(hdu)].header
                w = WCS(h, f)
        yield name, {}, w.celestial if w.naxis > 2 else w, case['size']


def graphs():
    import asdf
    for folder in ('jwst', 'roman'):
        for file in sorted(os.listdir(test_data(folder))):
            ref = os.path.join(test_data('refs'), f'{folder}__{file}.json')
            if not os.path.exists(ref):
                continue
            ref = json.load(open(ref))
            found = [e for e in [*(ref.get('tree') or []), *((ref.get('asdf_extension') or {}).get('gwcs') or [])]
                     if e.get('kind') == 'gwcs' and 'grid' in e['gwcs']]
            if not found:
                continue
            path = os.path.join(test_data(folder), file)
            try:
                if file.endswith('.asdf'):
                    tree = asdf.open(path).tree
                else:
                    import io
                    with fits.open(path) as f:
                        tree = asdf.open(io.BytesIO(bytes(f['ASDF'].data.tobytes()))).tree
                w = tree
                for part in found[0]['path'].strip('/').replace('.', '/').split('/'):
                    w = w[int(part)] if part.isdigit() else w[part]
                (x0, x1), (y0, y1) = [i.value if hasattr(i, 'value') else i for i in w.bounding_box.bounding_box(order='F')] \
                    if hasattr(w.bounding_box, 'bounding_box') else w.bounding_box
            except Exception as e:
                print(file, type(e).__name__, str(e)[:200], file=sys.stderr)
                continue
            yield f'{folder}/{file}', {'graph': found[0]['path']}, w, (float(x1), float(y1))


def converged(wcs):
    """astropy stops its inverse of distortions at 1e-4 pixels, and photutils takes what it gives."""
    if isinstance(wcs, WCS):
        whole = wcs.all_world2pix
        wcs.all_world2pix = lambda *a, **k: whole(*a, **{'tolerance': 1e-11, 'maxiter': 100, 'quiet': True, **k})
    return wcs


out = []
if test_data('wcs'):
    for source in systems, graphs:
        for name, extra, wcs, size in source():
            wcs = converged(wcs)
            places = one(name, wcs, size)
            if places:
                out.append({'name': name, **extra, 'places': places})
    write_json('tests/it/fixtures/aperture_sky.json', {'cases': out})
    print(len(out), 'systems', file=sys.stderr)
