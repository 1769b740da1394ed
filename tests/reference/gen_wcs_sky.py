"""Frames and matching on many positions: tests/src/regress/fixtures/wcs/sky.json.

10,000 positions in each of 11 frames converted to each other one, and 100,000 positions matched with 100,000 others. The
answers are too many to be stored. Of numbers, sums with random signs are: if the values of another program differ by d_i,
the sums differ by sum(s_i d_i), whose mean square over many sets of signs s is sum(d_i^2). So eight sums bound every single
difference. Of indices, a hash is stored.
"""
import numpy as np
from astropy import units as u
from astropy.coordinates import (FK4, FK5, ICRS, BarycentricMeanEcliptic, FK4NoETerms, Galactic, SkyCoord,
                                 UnitSphericalRepresentation, search_around_sky)

import common

OUT = 'tests/src/regress/fixtures/wcs/sky.json'
N_FRAMES, N_MATCH, SETS, RADIUS = 10_000, 100_000, 8, 30.0

FRAMES = {
    'icrs': ICRS(), 'fk5_2000': FK5(), 'fk5_1975': FK5(equinox='J1975'), 'fk5_2050': FK5(equinox='J2050'),
    'fk4_1950': FK4(), 'fk4_1900': FK4(equinox='B1900'), 'fk4_1975': FK4(equinox='B1975'), 'fk4noe_1950': FK4NoETerms(),
    'galactic': Galactic(), 'ecliptic_2000': BarycentricMeanEcliptic(), 'ecliptic_2015': BarycentricMeanEcliptic(equinox='J2015'),
}


def sketch(values):
    """Sums with random signs, the same as in tests/src/regress/sky.rs."""
    k = np.arange(len(values))
    return [float(np.sum(np.where(common.uniform(900 + s, k) < 0.5, -1.0, 1.0) * values)) for s in range(SETS)]


def hashed(indices):
    h = 0
    for i in indices:
        h = (h * 6364136223846793005 + int(i) + 1) & common.M64
    return f'{h:016x}'


def frames():
    k = np.arange(N_FRAMES)
    lon, lat = 360.0 * common.uniform(91, k), 180.0 * common.uniform(92, k) - 90.0
    out = []
    for a, fa in FRAMES.items():
        for b, fb in FRAMES.items():
            if a == b:
                continue
            c = fa.realize_frame(UnitSphericalRepresentation(lon * u.deg, lat * u.deg)).transform_to(fb).spherical
            lo, la = c.lon.rad, c.lat.rad
            xyz = [np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)]
            out.append({'from': a, 'to': b, 'sums': [sketch(v) for v in xyz]})
    return out


def field(seed):
    """A field of 8 by 8 degrees across the meridian, dense in its middle."""
    k = np.arange(N_MATCH)
    lon = 356.0 + 4.0 * common.uniform(seed, k) + 4.0 * common.uniform(seed + 1, k)
    lat = 50.0 + 4.0 * common.uniform(seed + 2, k) + 4.0 * common.uniform(seed + 3, k)
    return SkyCoord(lon * u.deg, lat * u.deg)


def matching():
    mine, catalog = field(71), field(81)
    nth = []
    for n in (1, 2, 5):
        index, separation, _ = mine.match_to_catalog_sky(catalog, nthneighbor=n)
        nth.append({'nth': n, 'hash': hashed(index), 'sums': sketch(separation.arcsec)})
    i, j, separation, _ = search_around_sky(mine, catalog, RADIUS * u.arcsec)
    order = np.lexsort((j, i))
    around = {'radius': RADIUS, 'n': len(i), 'hash': hashed(np.column_stack([i[order], j[order]]).ravel()),
              'sums': sketch(separation.arcsec[order])}
    return {'nth': nth, 'around': around}


common.write_json(OUT, {'frames': frames(), 'matching': matching()})
