"""Answers of photutils for crates/detection: finders, find_peaks and detect_threshold on images by formula, and on real
images (tests/it/detection.rs).
"""
import warnings

import numpy as np
from common import columns, field, test_data, uniform, write_json

import scipy.optimize
from astropy.io import fits
from astropy.stats import SigmaClip, sigma_clipped_stats
from photutils.centroids import centroid_2dg, centroid_com
from photutils.detection import DAOStarFinder, IRAFStarFinder, StarFinder, find_peaks
from photutils.segmentation import detect_threshold

warnings.simplefilter('ignore')


_least_squares = scipy.optimize.least_squares


def converged(*args, **kwargs):
    """The minimiser behind centroid_2dg run to convergence. By default it stops when a step improves chi squared by less
    than 1e-8, which leaves positions uncertain by 1e-5 pixels and more.
    """
    kwargs.update(ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=2000)
    return _least_squares(*args, **kwargs)


scipy.optimize.least_squares = converged

CRATE = 'crates/detection/tests/it/fixtures/'
NY, NX = 120, 150


def image(name):
    """(data, mask) by name; the same formulas stand in crates/detection/tests/it/main.rs."""
    index = np.arange(NY * NX).reshape(NY, NX)
    base = field(NY, NX, 31, 40, 2.0)
    if name == 'plain':
        return base - 104.0, None
    if name == 'bad':
        data = base - 104.0
        data[uniform(77, index) > 0.9995] = np.nan
        mask = uniform(78, index) > 0.998
        mask[40:55, 60:90] = True
        return data, mask
    if name == 'steps':
        return np.minimum(np.floor((base - 104.0) * 0.2), 12.0), None
    if name == 'negative':
        return base - 2000.0, None
    if name == 'constant':
        return np.full((NY, NX), 7.0), None
    if name == 'levels':
        return np.floor(uniform(5, index) * 6.0) - 2.0, None
    raise KeyError(name)


def template(ny, nx):
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    dx, dy = x - nx // 2, y - ny // 2
    q = 1.0 + (dx * dx + dy * dy) / 5.4
    return 1.0 / (q * q)


def ramp(lo, slope):
    y, x = np.mgrid[0:NY, 0:NX].astype(float)
    return lo + slope * x + slope * y


def arguments(kw):
    """Fixture parameters as photutils keywords."""
    kw = dict(kw)
    t = kw['threshold']
    if isinstance(t, dict):
        kw['threshold'] = ramp(t['low'], t['slope'])
    if 'kernel' in kw:
        kw['kernel'] = template(*kw['kernel'])
    if 'footprint' in kw:
        kw['footprint'] = np.array(kw['footprint'], bool)
    for k in ('sharpness_range', 'roundness_range', 'box_size', 'border_width'):
        if isinstance(kw.get(k), list):
            kw[k] = tuple(kw[k])
    if 'centroid' in kw:
        kw['centroid_func'] = {'com': centroid_com, '2dg': centroid_2dg}[kw.pop('centroid')]
    return kw


FINDERS = {'dao': DAOStarFinder, 'iraf': IRAFStarFinder, 'star': StarFinder}


def run(finder, data, mask, kw):
    kw = arguments(kw)
    if finder == 'peaks':
        t = find_peaks(data, mask=mask, **kw)
    else:
        t = FINDERS[finder](**kw).find_stars(data, mask=mask)
    return None if t is None else columns(t)


RAMP = {'low': 4.0, 'slope': 0.05}
XY = [[10.2, 20.7], [75.0, 60.5], [0.0, 0.0], [149.3, 119.4], [33.5, 90.49], [-0.4, 55.0]]
DAO = [
    ('plain', {'threshold': 8.0, 'fwhm': 3.0}),
    ('plain', {'threshold': 8.0, 'fwhm': 2.0, 'min_separation': 0.0}),
    ('plain', {'threshold': 5.0, 'fwhm': 3.0, 'ratio': 0.6, 'theta': 30.0, 'sigma_radius': 2.0}),
    ('plain', {'threshold': 5.0, 'fwhm': 6.0, 'ratio': 0.5, 'theta': 90.0, 'min_separation': 4.09}),
    ('plain', {'threshold': 5.0, 'fwhm': 6.0, 'ratio': 0.4, 'theta': -20.0, 'min_separation': 0.0}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'min_separation': 2.0, 'sharpness_range': None,
               'roundness_range': None}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'exclude_border': True, 'min_separation': 3.3}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'n_brightest': 5, 'peak_max': 300.0}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'xycoords': XY, 'sharpness_range': None, 'roundness_range': None}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'scale_threshold': False, 'sharpness_range': [0.3, 0.8],
               'roundness_range': [-0.5, 0.5]}),
    ('plain', {'threshold': RAMP, 'fwhm': 2.5}),
    ('plain', {'threshold': 1e9, 'fwhm': 2.5}),
    ('plain', {'threshold': 4.0, 'fwhm': 2.5, 'sharpness_range': [5.0, 6.0]}),
    ('bad', {'threshold': 5.0, 'fwhm': 3.0}),
    ('bad', {'threshold': RAMP, 'fwhm': 2.0, 'min_separation': 0.0, 'roundness_range': None}),
    ('steps', {'threshold': 1.0, 'fwhm': 2.5}),
    ('steps', {'threshold': 1.0, 'fwhm': 2.5, 'min_separation': 0.0}),
    ('negative', {'threshold': 8.0, 'fwhm': 3.0}),
    ('negative', {'threshold': -3000.0, 'fwhm': 3.0, 'min_separation': 5.0, 'scale_threshold': False,
                  'sharpness_range': None, 'roundness_range': None}),
    ('constant', {'threshold': 0.0, 'fwhm': 3.0, 'sharpness_range': None, 'roundness_range': None}),
    ('levels', {'threshold': 1.0, 'fwhm': 2.0}),
]
IRAF = [
    ('plain', {'threshold': 8.0, 'fwhm': 3.0}),
    ('plain', {'threshold': 5.0, 'fwhm': 4.5}),
    ('plain', {'threshold': 5.0, 'fwhm': 3.0, 'sigma_radius': 2.5, 'min_separation': 0.0, 'roundness_range': None}),
    ('plain', {'threshold': 3.0, 'fwhm': 3.0, 'min_separation': 4.09, 'min_n_pixels': 8,
               'sharpness_range': [0.4, 1.2], 'roundness_range': [0.0, 0.5]}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'exclude_border': True, 'min_separation': 7.5}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'n_brightest': 5, 'peak_max': 200.0}),
    ('plain', {'threshold': 4.0, 'fwhm': 3.0, 'xycoords': XY, 'sharpness_range': None, 'roundness_range': None}),
    ('plain', {'threshold': RAMP, 'fwhm': 2.5}),
    ('plain', {'threshold': 1e9, 'fwhm': 2.5}),
    ('bad', {'threshold': 5.0, 'fwhm': 3.0, 'roundness_range': None}),
    ('steps', {'threshold': 1.0, 'fwhm': 2.5, 'roundness_range': None}),
    ('negative', {'threshold': 8.0, 'fwhm': 3.0}),
    ('levels', {'threshold': 1.0, 'fwhm': 2.0, 'roundness_range': None, 'sharpness_range': None}),
]
STAR = [
    ('plain', {'threshold': 8.0, 'kernel': [7, 7]}),
    ('plain', {'threshold': 5.0, 'kernel': [5, 9], 'min_separation': 0.0}),
    ('plain', {'threshold': 5.0, 'kernel': [6, 4], 'min_separation': 0.0, 'exclude_border': True}),
    ('plain', {'threshold': RAMP, 'kernel': [6, 6], 'peak_max': 250.0, 'n_brightest': 12}),
    ('plain', {'threshold': 20.0, 'kernel': [1, 1]}),
    ('bad', {'threshold': 5.0, 'kernel': [5, 5]}),
    ('steps', {'threshold': 1.0, 'kernel': [5, 5]}),
    ('negative', {'threshold': 8.0, 'kernel': [5, 5]}),
    ('constant', {'threshold': 0.0, 'kernel': [5, 5]}),
]
CROSS = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
ODD = [[1, 0, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]]
RING = [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
PEAKS = [
    ('plain', {'threshold': 20.0}),
    ('plain', {'threshold': 6.0, 'box_size': [3, 7]}),
    ('plain', {'threshold': 6.0, 'box_size': [4, 5], 'border_width': [3, 10]}),
    ('plain', {'threshold': 6.0, 'box_size': 15, 'border_width': 4, 'n_peaks': 7}),
    ('plain', {'threshold': 10.0, 'footprint': CROSS}),
    ('plain', {'threshold': 10.0, 'footprint': ODD, 'border_width': [0, 2]}),
    ('plain', {'threshold': RAMP, 'box_size': 9}),
    ('plain', {'threshold': 8.0, 'min_separation': 2.0}),
    ('plain', {'threshold': 8.0, 'min_separation': 7.5}),
    ('plain', {'threshold': 8.0, 'min_separation': 12.0, 'border_width': 60}),
    ('plain', {'threshold': 10.0, 'box_size': 11, 'centroid': 'com'}),
    # Bright stars only: on a faint bump of several sources a Gaussian has more than one minimum.
    ('plain', {'threshold': 100.0, 'box_size': [11, 9], 'centroid': '2dg', 'min_separation': 5.0}),
    ('plain', {'threshold': 10.0, 'footprint': np.ones((7, 9)).tolist(), 'centroid': 'com'}),
    ('bad', {'threshold': 15.0, 'box_size': 5}),
    ('bad', {'threshold': 15.0, 'min_separation': 6.0}),
    ('bad', {'threshold': 15.0, 'box_size': 11, 'centroid': 'com'}),
    ('steps', {'threshold': 2.0, 'box_size': 5}),
    ('steps', {'threshold': 2.0, 'footprint': RING}),
    ('negative', {'threshold': -1900.0, 'box_size': 5}),
    ('negative', {'threshold': -1890.0, 'min_separation': 4.0}),
    ('constant', {'threshold': 0.0}),
    ('levels', {'threshold': 2.0, 'box_size': 5, 'n_peaks': 100000}),
] + [(name, {'threshold': 1.0, 'min_separation': s}) for name in ('steps', 'levels')
     for s in (0.0, 0.5, 1.0, 1.2, 1.5, 2.0, 2.9, 4.0, 4.09, 7.5, 23.0)]


def synthetic():
    for finder, cases in (('dao', DAO), ('iraf', IRAF), ('star', STAR), ('peaks', PEAKS)):
        out = []
        for name, kw in cases:
            data, mask = image(name)
            table = run(finder, data, mask, kw)
            # Long lists are cut to keep the fixture small; the count is always compared.
            n = 0 if table is None else len(table['id'])
            table = None if table is None else {k: v[:400] for k, v in table.items()}
            out.append({'image': name, 'parameters': kw, 'n': n, 'table': table})
        write_json(CRATE + finder + '.json', {'cases': out})


def thresholds():
    out = []
    for name, kw in [('plain', {}), ('bad', {}), ('bad', {'sigma_clip': None}), ('steps', {'background': 1.5}),
                     ('negative', {'error': {'low': 1.0, 'slope': 0.1}}),
                     ('plain', {'background': {'low': 1.0, 'slope': 0.1}, 'error': {'low': 2.0, 'slope': 0.3}}),
                     ('plain', {'background': {'low': 1.0, 'slope': 0.1}, 'error': 4.0}),
                     ('plain', {'sigma_clip': [2.0, 3]})]:
        data, mask = image(name)
        a = {k: ramp(v['low'], v['slope']) if isinstance(v, dict) else v for k, v in kw.items()}
        if isinstance(a.get('sigma_clip'), list):
            a['sigma_clip'] = SigmaClip(sigma=a['sigma_clip'][0], maxiters=a['sigma_clip'][1])
        t = detect_threshold(data, 2.5, mask=mask, **a)
        out.append({'image': name, 'parameters': kw, 'corner': t[0, 0], 'middle': t[60, 75], 'sum': t.sum()})
    write_json(CRATE + 'threshold.json', {'cases': out})


# File, HDU, FWHM in pixels, threshold in units of the clipped standard deviation.
REAL = [('real/M6707HH.fits.gz', 0, 4.0, 8.0), ('ground/a8280271.fits', 0, 4.0, 3.0),
        ('real/mystery_VIKING_Z.fits', 0, 2.5, 4.0), ('real/gc_2mass_k.fits.gz', 0, 3.0, 8.0)]


def real():
    out = []
    for path, hdu, fwhm, level in REAL:
        full = test_data(path)
        if full is None:
            return
        # Scaled in double precision; astropy would give 16-bit images as float32.
        with fits.open(full, do_not_scale_image_data=True) as f:
            h = f[hdu].header
            data = f[hdu].data.astype(float) * h.get('BSCALE', 1.0) + h.get('BZERO', 0.0)
        ny, nx = data.shape
        y0, x0 = max(0, ny // 2 - 200), max(0, nx // 2 - 200)
        data = data[y0:y0 + 400, x0:x0 + 400]
        median = np.median(data[np.isfinite(data)])
        data = data - median
        _, _, std = sigma_clipped_stats(data)
        for finder, kw in [('dao', {'threshold': level * std, 'fwhm': fwhm}),
                           ('iraf', {'threshold': level * std, 'fwhm': fwhm}),
                           ('star', {'threshold': level * std, 'kernel': [9, 9]}),
                           ('peaks', {'threshold': 1.5 * level * std, 'box_size': 7, 'centroid': 'com'}),
                           ('peaks', {'threshold': 1.5 * level * std, 'min_separation': 8.0})]:
            table = run(finder, data, None, kw)
            n = 0 if table is None else len(table['id'])
            table = None if table is None else {k: v[:150] for k, v in table.items()}
            out.append({'file': path, 'hdu': hdu, 'corner': [y0, x0], 'median': median, 'std': std, 'finder': finder,
                        'parameters': kw, 'n': n, 'table': table})
    write_json('tests/it/fixtures/detection.json', {'cases': out})


if __name__ == '__main__':
    synthetic()
    thresholds()
    real()
