"""WCS and sky references from astropy: crates/wcs/tests/it/fixtures/*.json.

Headers are small lists of cards; positions are on a grid that goes beyond the image. NaN where astropy has no answer.
"""
import warnings

import numpy as np

from common import plain, uniform, write_json

warnings.simplefilter('ignore')

from astropy import units as u  # noqa: E402
from astropy.coordinates import SkyCoord, UnitSphericalRepresentation  # noqa: E402
from astropy.io import fits  # noqa: E402
from astropy.wcs import WCS, DistortionLookupTable, NoConvergence  # noqa: E402
from astropy.wcs import utils as wutils  # noqa: E402

DIR = 'crates/wcs/tests/it/fixtures'


def header(cards):
    h = fits.Header()
    for k, v in cards.items():
        h[k] = v
    return h


def rnd(seed, n, lo, hi):
    return lo + (hi - lo) * uniform(seed, np.arange(n))


def forward(w, x, y, core=False):
    return (w.wcs_pix2world if core else w.all_pix2world)(x, y, 0)


def backward(w, lon, lat, core=False):
    """Per point, so that one point without an answer does not spoil the rest."""
    ok = np.isfinite(lon) & np.isfinite(lat)
    x, y = np.full(len(lon), np.nan), np.full(len(lon), np.nan)
    if core or not w.has_distortion:
        x[ok], y[ok] = w.wcs_world2pix(lon[ok], lat[ok], 0)
        return x, y
    for i in np.flatnonzero(ok):
        try:
            a, b = w.all_world2pix([lon[i]], [lat[i]], 0, tolerance=1e-11, maxiter=200)
            x[i], y[i] = a[0], b[0]
        except NoConvergence:
            pass
    return x, y


# --- projections ------------------------------------------------------------------------------------------------------
PROJECTIONS = [
    ('AZP', {}), ('AZP', {1: 2.0, 2: 30.0}), ('AZP', {1: 0.5, 2: 20.0}), ('AZP', {1: -0.3, 2: 10.0}),
    ('AZP', {1: -2.5, 2: 15.0}),
    ('SZP', {1: 2.0, 2: 180.0, 3: 60.0}), ('SZP', {1: -1.5, 2: 30.0, 3: 70.0}), ('SZP', {1: 0.6, 2: -40.0, 3: 50.0}),
    ('TAN', {}), ('STG', {}), ('SIN', {}), ('SIN', {1: 0.2, 2: -0.3}), ('ARC', {}),
    ('ZPN', {0: 0.05, 1: 0.95, 3: -0.025, 4: -0.05, 5: 0.02}), ('ZPN', {1: 1.0, 3: 0.3}), ('ZPN', {1: 1.0, 2: 0.1}),
    ('ZPN', {0: 0.1, 1: 0.97}), ('ZPN', {1: 1.0, 2: -0.4}),
    ('ZEA', {}), ('AIR', {}), ('AIR', {1: 45.0}),
    ('CYP', {}), ('CYP', {1: 1.0, 2: 0.707106781187}), ('CYP', {1: 0.5, 2: 1.2}), ('CEA', {}), ('CEA', {1: 0.4}), ('CAR', {}),
    ('MER', {}), ('SFL', {}), ('PAR', {}), ('MOL', {}), ('AIT', {}),
    ('COP', {1: 45.0, 2: 25.0}), ('COP', {1: -30.0}), ('COE', {1: 45.0, 2: 25.0}), ('COE', {1: -45.0, 2: 25.0}),
    ('COD', {1: 45.0, 2: 25.0}), ('COD', {1: -20.0}), ('COO', {1: 45.0, 2: 25.0}), ('COO', {1: -35.0, 2: 0.0}),
    ('BON', {1: 45.0}), ('BON', {1: -60.0}), ('BON', {1: 0.0}), ('PCO', {}), ('TSC', {}), ('CSC', {}), ('QSC', {}),
    ('HPX', {}), ('HPX', {1: 6.0, 2: 4.0}), ('HPX', {1: 5.0, 2: 3.0}), ('XPH', {}),
]


N = 24


def projections():
    cases = []
    for i, (code, pv) in enumerate(PROJECTIONS):
        for j, (crval, extra) in enumerate([((0.0, 0.0), {}), ((137.3, -41.7), {'LONPOLE': 170.0})]):
            cards = {'NAXIS': 2, 'NAXIS1': 200, 'NAXIS2': 200, 'CTYPE1': f'RA---{code}', 'CTYPE2': f'DEC--{code}',
                     'CRPIX1': 100.5, 'CRPIX2': 90.0, 'CDELT1': -2.1, 'CDELT2': 2.1,
                     'CRVAL1': crval[0], 'CRVAL2': crval[1], **extra}
            for m, v in pv.items():
                cards[f'PV2_{m}'] = v
            # The same inputs are made by tests/it/projections.rs.
            x, y = rnd(1000 + i, N, 0.0, 200.0), rnd(2000 + i, N, 20.0, 160.0)
            lon, lat = rnd(3000 + i, N, 0.0, 360.0), rnd(4000 + i, N, -90.0, 90.0)
            case = {'name': f'{code}{sorted(pv.items())}/{j}', 'seed': i, 'cards': cards}
            try:
                w = WCS(header(cards))
            except Exception as e:
                case['error'] = str(e).strip().splitlines()[-1]
                cases.append(case)
                continue
            plon, plat = forward(w, x, y)
            wx, wy = backward(w, lon, lat)
            case.update(lon=plon, lat=plat, x=wx, y=wy)
            cases.append(case)
    write_json(f'{DIR}/projections.json', {'n': N, 'cases': cases})


# --- sky --------------------------------------------------------------------------------------------------------------
def sky():
    from astropy.coordinates import FK4, FK5, ICRS, BarycentricMeanEcliptic, FK4NoETerms, Galactic
    frames = {
        'icrs': ICRS(), 'fk5_2000': FK5(), 'fk5_1975': FK5(equinox='J1975'), 'fk5_2050': FK5(equinox='J2050'),
        'fk4_1950': FK4(), 'fk4_1900': FK4(equinox='B1900'), 'fk4_1975': FK4(equinox='B1975'), 'fk4noe_1950': FK4NoETerms(),
        'galactic': Galactic(), 'ecliptic_2000': BarycentricMeanEcliptic(), 'ecliptic_2015': BarycentricMeanEcliptic(equinox='J2015'),
    }
    n = 12
    lon, lat = rnd(51, n, 0.0, 360.0), rnd(52, n, -90.0, 90.0)
    pairs = []
    for a, fa in frames.items():
        for b, fb in frames.items():
            # Frames, not SkyCoord: the latter would keep the source's equinox where the target's is the default.
            c = fa.realize_frame(UnitSphericalRepresentation(lon * u.deg, lat * u.deg)).transform_to(fb).spherical
            pairs.append({'from': a, 'to': b, 'lon': c.lon.deg, 'lat': c.lat.deg})
    c1 = SkyCoord(lon * u.deg, lat * u.deg)
    c2 = SkyCoord(rnd(53, n, 0.0, 360.0) * u.deg, rnd(54, n, -90.0, 90.0) * u.deg)
    c3 = SkyCoord((lon + rnd(55, n, -1e-3, 1e-3)) * u.deg, (lat + rnd(56, n, -1e-3, 1e-3)) * u.deg)
    off = c1.directional_offset_by(rnd(57, n, 0, 360) * u.deg, rnd(58, n, 0, 90) * u.deg)
    so = c1.spherical_offsets_to(c3)
    seps = {'far': c1.separation(c2).deg, 'near': c1.separation(c3).deg, 'pa_far': c1.position_angle(c2).deg,
            'pa_near': c1.position_angle(c3).deg, 'off_lon': off.ra.deg, 'off_lat': off.dec.deg, 'east': so[0].deg,
            'north': so[1].deg}
    # Matching: a catalogue with close pairs, in a polar cap and across the meridian.
    m = 400
    cat = SkyCoord(rnd(61, m, 0.0, 360.0) * u.deg, rnd(62, m, 80.0, 90.0) * u.deg)
    mine = SkyCoord(rnd(63, 150, 0.0, 360.0) * u.deg, rnd(64, 150, 79.0, 90.0) * u.deg)
    match = []
    for k in (1, 2, 5):
        idx, sep, _ = mine.match_to_catalog_sky(cat, nthneighbor=k)
        match.append({'nth': k, 'index': idx, 'sep': sep.deg})
    i1, i2, sep, _ = cat.search_around_sky(mine, 0.5 * u.deg)
    order = np.lexsort((i2, i1))
    around = {'first': i1[order], 'second': i2[order], 'sep': sep.deg[order]}
    write_json(f'{DIR}/sky.json', {'n': n, 'pairs': pairs, 'separations': seps, 'match': match, 'around': around})


if __name__ == '__main__':
    sky()
    projections()
