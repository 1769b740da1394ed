"""Coordinates: the peers' side of the cases in wcs.rs."""
import numpy as np

import common

POINTS, SOURCES = 1_000_000, 100_000


def tan_sip():
    """The same numbers as in wcs.rs."""
    from astropy.io import fits
    from astropy.wcs import WCS
    h = fits.Header()
    cards = {'NAXIS': 2, 'NAXIS1': 4096, 'NAXIS2': 4096, 'CTYPE1': 'RA---TAN-SIP', 'CTYPE2': 'DEC--TAN-SIP', 'CRPIX1': 2048.5,
             'CRPIX2': 2048.5, 'CRVAL1': 150.116321, 'CRVAL2': 2.200973, 'CD1_1': -8.0e-6, 'CD1_2': 1.5e-6, 'CD2_1': 1.5e-6,
             'CD2_2': 8.0e-6, 'A_ORDER': 4, 'B_ORDER': 4}
    for p in range(5):
        for q in range(5 - p):
            if p + q >= 2:
                size = 20.0 / 2048.0 ** (p + q)
                cards[f'A_{p}_{q}'] = size * (float(common.uniform(61, 10 * p + q)) - 0.5)
                cards[f'B_{p}_{q}'] = size * (float(common.uniform(62, 10 * p + q)) - 0.5)
    for k, v in cards.items():
        h[k] = v
    return WCS(h)


def points():
    k = np.arange(POINTS)
    return 4096.0 * common.uniform(63, k) - 0.5, 4096.0 * common.uniform(64, k) - 0.5


def to_sky(_):
    w = tan_sip()
    x, y = points()

    def call():
        lon, lat = w.all_pix2world(x, y, 0)
        return {'lon': lon, 'lat': lat}
    return call


def to_pixel(_):
    w = tan_sip()
    lon, lat = w.all_pix2world(*points(), 0)

    def call():
        # The default accuracy, 1e-4 pixels; ours is 1e-8.
        x, y = w.all_world2pix(lon, lat, 0)
        return {'x': x, 'y': y}
    return call


def matching(_):
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    k = np.arange(SOURCES)

    def field(seed):
        return SkyCoord((149.0 + 4.0 * common.uniform(seed, k)) * u.deg, 4.0 * common.uniform(seed + 1, k) * u.deg)
    mine, catalog = field(65), field(67)

    def call():
        # astropy keeps the tree of a catalogue: it is made anew here as there.
        catalog.cache.clear()
        index, separation, _ = mine.match_to_catalog_sky(catalog)
        return {'index': index, 'arcsec': separation.arcsec}
    return call
