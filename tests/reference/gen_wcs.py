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


# --- random distortions -----------------------------------------------------------------------------------------------
def coefficient(seed, k):
    return 2.0 * float(uniform(seed, k)) - 1.0


def distorted(i):
    """Header number i and its lookup tables, as in tests/it/distortions.rs."""
    seed = 10000 + 10 * i
    kind = ('SIP', 'TPV', 'TABLE')[i % 3]
    c = {'NAXIS': 2, 'NAXIS1': 1000, 'NAXIS2': 1000, 'CRPIX1': 500.5 + 300.0 * coefficient(seed, 0),
         'CRPIX2': 480.0 + 300.0 * coefficient(seed, 1), 'CRVAL1': 360.0 * float(uniform(seed, 2)),
         'CRVAL2': 85.0 * coefficient(seed, 3), 'CD1_1': -2e-4, 'CD1_2': 1e-4 * coefficient(seed, 4),
         'CD2_1': 1e-4 * coefficient(seed, 5), 'CD2_2': 2.2e-4}
    suffix = {'SIP': 'TAN-SIP', 'TPV': 'TPV', 'TABLE': 'TAN'}[kind]
    c['CTYPE1'], c['CTYPE2'] = f'RA---{suffix}', f'DEC--{suffix}'
    tables = []
    if kind == 'SIP':
        order = 2 + (i // 3) % 8
        for a, name in enumerate('AB'):
            c[f'{name}_ORDER'] = order
            k = 0
            for p in range(order + 1):
                for q in range(order - p + 1):
                    if p + q >= 2:
                        v = 4.0 * coefficient(seed + 1 + a, k)
                        for _ in range(p + q):
                            v = v / 700.0
                        c[f'{name}_{p}_{q}'] = v
                    k += 1
    elif kind == 'TPV':
        for a in (1, 2):
            for m in range(40):
                v = 0.03 * coefficient(seed + a, m)
                c[f'PV{a}_{m}'] = 1.0 + v if m == 1 else v
    else:
        for t in range(4):
            data = np.array([[1.5 * coefficient(seed + 1 + t, 7 * j + k) for k in range(7)] for j in range(6)], np.float32)
            tables.append(DistortionLookupTable(data, (1.0, 1.0), (10.0 * t, 1.0), (170.0, 210.0)))
    return kind, c, tables


def distortions():
    n, cases = 6, []
    for i in range(210):
        kind, c, tables = distorted(i)
        w = WCS(header(c))
        if tables:
            w.cpdis1, w.cpdis2, w.det2im1, w.det2im2 = tables
        x, y = rnd(20000 + i, n, -100.0, 1100.0), rnd(30000 + i, n, -100.0, 1100.0)
        lon, lat = forward(w, x, y)
        # The inverse starts from the same bits here and there.
        bx, by = backward(w, lon, lat)
        cases.append({'lon': lon, 'lat': lat, 'x': bx, 'y': by})
    write_json(f'{DIR}/distortions.json', {'n': n, 'cases': cases})


# --- odd headers ------------------------------------------------------------------------------------------------------
BASE = {'NAXIS': 2, 'NAXIS1': 100, 'NAXIS2': 80, 'CTYPE1': 'RA---TAN', 'CTYPE2': 'DEC--TAN', 'CRPIX1': 50.0, 'CRPIX2': 40.0,
        'CRVAL1': 33.0, 'CRVAL2': -12.0, 'CDELT1': -0.01, 'CDELT2': 0.02}
SIP2 = {'A_ORDER': 2, 'B_ORDER': 2, 'A_2_0': 1e-4, 'A_1_1': -2e-4, 'B_0_2': 3e-4, 'B_2_0': 5e-5}


def wheel():
    """The headers of astropy's own tests, as installed with it."""
    import glob
    import os
    import re

    import astropy.wcs
    keep = re.compile(r'^(NAXIS\d?|WCSAXES|(CTYPE|CRPIX|CRVAL|CDELT|CUNIT|CROTA)\d|(CD|PC|PV)\d+_\d+|(CD|PC)\d{6}|LONPOLE|LATPOLE'
                      r'|EQUINOX|EPOCH|RADESYS|RADECSYS|[AB]P?_(ORDER|\d+_\d+))$')
    folder = os.path.join(os.path.dirname(astropy.wcs.__file__), 'tests', 'data')
    out = {}
    for path in sorted(glob.glob(f'{folder}/*.hdr') + glob.glob(f'{folder}/maps/*.hdr')):
        text = open(path, 'rb').read().decode('latin1')
        h = fits.Header.fromstring(text, sep='\n' if text.count('\n') > 5 else '')
        cards = {}
        for c in h.cards:
            try:
                if keep.match(c.keyword):
                    cards[c.keyword] = c.value
            except Exception:
                pass
        if 'CTYPE1' in cards:
            out['astropy: ' + os.path.basename(path)] = (cards, ' ')
    return out


def quirks():
    b = dict(BASE)
    nocd = {k: v for k, v in b.items() if not k.startswith('CDELT')}
    cd = {**nocd, 'CD1_1': -0.01, 'CD1_2': 0.001, 'CD2_1': 0.0, 'CD2_2': 0.02}
    cases = {
        'plain': (b, ' '),
        'crota': ({**b, 'CROTA2': 33.0}, ' '),
        'crota_only_lon': ({**b, 'CROTA1': 33.0}, ' '),
        'pc': ({**b, 'PC1_1': 0.8, 'PC1_2': -0.6, 'PC2_1': 0.6, 'PC2_2': 0.8}, ' '),
        'pc_partial': ({**b, 'PC1_2': -0.3}, ' '),
        'cd_partial': ({**nocd, 'CD1_1': -0.01, 'CD2_2': 0.02}, ' '),
        'cd_wins_over_cdelt': ({**b, 'CD1_1': -0.03, 'CD1_2': 0.001, 'CD2_1': 0.0, 'CD2_2': 0.03}, ' '),
        'pc_and_cd': ({**b, 'PC1_1': 0.8, 'PC1_2': -0.6, 'PC2_1': 0.6, 'PC2_2': 0.8, 'CD1_1': -0.03, 'CD2_2': 0.03}, ' '),
        'latitude_first': ({**b, 'CTYPE1': 'DEC--TAN', 'CTYPE2': 'RA---TAN', 'CRVAL1': -12.0, 'CRVAL2': 33.0, 'CROTA1': 20.0}, ' '),
        'arcsec': ({**b, 'CUNIT1': 'arcsec', 'CUNIT2': 'arcsec', 'CRVAL1': 118800.0, 'CRVAL2': -43200.0, 'CDELT1': -36.0,
                    'CDELT2': 72.0}, ' '),
        'no_crpix': ({k: v for k, v in b.items() if not k.startswith('CRPIX')}, ' '),
        'no_crval': ({k: v for k, v in b.items() if not k.startswith('CRVAL')}, ' '),
        'radecsys': ({**b, 'RADECSYS': 'FK5'}, ' '),
        'equinox_1950': ({**b, 'EQUINOX': 1950.0}, ' '),
        'epoch': ({**b, 'EPOCH': 1950.0}, ' '),
        'radesys_fk4': ({**b, 'RADESYS': 'FK4'}, ' '),
        'lonpole': ({**b, 'LONPOLE': 150.0}, ' '),
        'pv_lonpole': ({**b, 'PV1_3': 150.0}, ' '),
        'pv_reference': ({**b, 'PV1_1': 10.0, 'PV1_2': 80.0}, ' '),
        'pv_offset': ({**b, 'PV1_0': 1.0, 'PV1_1': 10.0, 'PV1_2': 80.0}, ' '),
        'car_latpole': ({**b, 'CTYPE1': 'RA---CAR', 'CTYPE2': 'DEC--CAR', 'CRVAL2': 30.0, 'LATPOLE': -60.0}, ' '),
        'car_lonpole': ({**b, 'CTYPE1': 'GLON-CAR', 'CTYPE2': 'GLAT-CAR', 'CRVAL2': 30.0, 'LONPOLE': 40.0}, ' '),
        'sfl_pole': ({**b, 'CTYPE1': 'GLON-SFL', 'CTYPE2': 'GLAT-SFL', 'CRVAL2': -30.0, 'LATPOLE': 10.0}, ' '),
        'coe_pole': ({**b, 'CTYPE1': 'RA---COE', 'CTYPE2': 'DEC--COE', 'PV2_1': 20.0, 'LONPOLE': 30.0}, ' '),
        'gls': ({**b, 'CTYPE1': 'RA---GLS', 'CTYPE2': 'DEC--GLS'}, ' '),
        'ncp': ({**b, 'CTYPE1': 'RA---NCP', 'CTYPE2': 'DEC--NCP'}, ' '),
        'north_pole': ({**b, 'CRVAL2': 90.0}, ' '),
        'south_pole': ({**b, 'CRVAL2': -90.0}, ' '),
        'negative_crval': ({**b, 'CRVAL1': -33.0}, ' '),
        'sip_no_suffix': ({**b, **SIP2}, ' '),
        'sip': ({**b, **SIP2, 'CTYPE1': 'RA---TAN-SIP', 'CTYPE2': 'DEC--TAN-SIP'}, ' '),
        'sip_suffix_only': ({**b, 'CTYPE1': 'RA---TAN-SIP', 'CTYPE2': 'DEC--TAN-SIP'}, ' '),
        'sip_order_1': ({**b, 'A_ORDER': 1, 'B_ORDER': 1, 'A_1_0': 0.3}, ' '),
        'sip_zea': ({**b, **SIP2, 'CTYPE1': 'RA---ZEA-SIP', 'CTYPE2': 'DEC--ZEA-SIP'}, ' '),
        # wcslib applies TPV before CDELT, in pixels: only CD matrices can be compared.
        'sip_and_scamp': ({**cd, **SIP2, 'PV1_1': 1.01, 'PV2_1': 0.99, 'PV1_5': 0.01}, ' '),
        'sip_suffix_and_scamp': ({**cd, **SIP2, 'CTYPE1': 'RA---TAN-SIP', 'CTYPE2': 'DEC--TAN-SIP', 'PV1_1': 1.01, 'PV2_1': 0.99,
                                  'PV1_5': 0.01}, ' '),
        'tpv_and_sip': ({**cd, **SIP2, 'CTYPE1': 'RA---TPV', 'CTYPE2': 'DEC--TPV', 'PV1_1': 1.01, 'PV2_1': 1.0,
                         'PV2_4': 0.02}, ' '),
        'scamp': ({**cd, 'PV1_0': 0.01, 'PV1_1': 1.01, 'PV2_1': 0.99, 'PV1_5': 0.01, 'PV2_7': 0.02}, ' '),
        'alternate': ({**b, 'CTYPE1A': 'RA---ARC', 'CTYPE2A': 'DEC--ARC', 'CRVAL1A': 10.0, 'CRVAL2A': 20.0, 'CD1_1A': -0.1,
                       'CD2_2A': 0.1, 'CRPIX1A': 3.0, 'CRPIX2A': 4.0, 'LONPOLEA': 170.0, 'RADESYSA': 'FK5'}, 'A'),
        'cube': ({**b, 'NAXIS': 3, 'NAXIS3': 5, 'CTYPE3': 'FREQ', 'CRVAL3': 1.4e9, 'CDELT3': 1e6, 'CRPIX3': 1.0,
                  'PC1_2': 0.1, 'PC2_1': -0.1}, ' '),
        'cube_sky_last': ({'NAXIS': 3, 'CTYPE1': 'FREQ', 'CRVAL1': 1.4e9, 'CDELT1': 1e6, 'CRPIX1': 1.0, 'CTYPE2': 'GLON-CAR',
                           'CTYPE3': 'GLAT-CAR', 'CRPIX2': 10.0, 'CRPIX3': 11.0, 'CDELT2': -0.1, 'CDELT3': 0.1,
                           'CRVAL2': 30.0, 'CRVAL3': 0.0}, ' '),
        'planet': ({**b, 'CTYPE1': 'MALN-CAR', 'CTYPE2': 'MALT-CAR'}, ' '),
    }
    cases.update(wheel())
    x, y = rnd(71, 5, 0.0, 99.0), rnd(72, 5, 0.0, 79.0)
    out = []
    for name, (cards, key) in cases.items():
        case = {'name': name, 'cards': cards, 'key': key}
        try:
            w = WCS(header(cards), key=key)
            if w.naxis != 2:
                w = w.celestial
            lon, lat = forward(w, x, y)
            bx, by = backward(w, lon, lat)
            swap = slice(None, None, -1 if w.wcs.lat == 0 else 1)
            lon, lat = (lon, lat)[swap]
            case.update(lon=lon, lat=lat, x=bx, y=by, radesys=w.wcs.radesys, equinox=w.wcs.equinox,
                        scales=wutils.proj_plane_pixel_scales(w), area=wutils.proj_plane_pixel_area(w),
                        footprint=w.calc_footprint(axes=(100, 80))[:, swap],
                        corners=w.calc_footprint(axes=(100, 80), center=False)[:, swap])
        except Exception as e:
            case['error'] = str(e).strip().splitlines()[-1]
        out.append(case)
    write_json(f'{DIR}/quirks.json', {'cases': out})


def fits_():
    """fit_wcs_from_points with the reference position fixed, which our linear fit reproduces."""
    n = 80
    true = WCS(header({**BASE, **SIP2, 'CTYPE1': 'RA---TAN-SIP', 'CTYPE2': 'DEC--TAN-SIP', 'CDELT1': -1e-4, 'CDELT2': 1.2e-4}))
    x, y = rnd(81, n, 0.0, 400.0), rnd(82, n, 0.0, 300.0)
    lon, lat = forward(true, x, y)
    lat = lat + rnd(83, n, -1e-6, 1e-6)
    cases = []
    for degree in (None, 2):
        w = wutils.fit_wcs_from_points((x, y), SkyCoord(lon * u.deg, lat * u.deg),
                                       proj_point=SkyCoord(32.985 * u.deg, -11.99 * u.deg), sip_degree=degree)
        plon, plat = forward(w, x, y)
        d = ((plon - lon) * np.cos(np.radians(lat))) ** 2 + (plat - lat) ** 2
        cases.append({'degree': degree, 'crpix': w.wcs.crpix, 'cd': w.wcs.cd, 'rms': np.sqrt(d.sum() / (2 * n)),
                      'lon': plon[:8], 'lat': plat[:8]})
    write_json(f'{DIR}/fit.json', {'n': n, 'lon': lon, 'lat': lat, 'cases': cases})


if __name__ == '__main__':
    sky()
    distortions()
    quirks()
    fits_()
    projections()
