"""Background2D and LocalBackground: answers of photutils for synthetic fields, and for three real images.

Real images are left out where SKYPHOT_TEST_DATA is not set.
"""
import itertools
import warnings

import numpy as np
from astropy.io import fits
from astropy.stats import SigmaClip
from photutils.background import (Background2D, BiweightLocationBackground, BiweightScaleBackgroundRMS,
                                  BkgIDWInterpolator, BkgZoomInterpolator, LocalBackground, MADStdBackgroundRMS,
                                  MeanBackground, MedianBackground, MMMBackground, ModeEstimatorBackground,
                                  SExtractorBackground, StdBackgroundRMS)
from scipy.ndimage import zoom

from common import field, noise, test_data, uniform, write_json

warnings.simplefilter('ignore')
HOME = 'crates/background/tests/it/fixtures/'

LEVEL = {'mean': MeanBackground(), 'median': MedianBackground(), 'mode': ModeEstimatorBackground(),
         'mode_2.5_1.5': ModeEstimatorBackground(median_factor=2.5, mean_factor=1.5), 'mmm': MMMBackground(),
         'sextractor': SExtractorBackground(), 'biweight': BiweightLocationBackground(),
         'biweight_4_99': BiweightLocationBackground(c=4.0, M=99.0)}
RMS = {'std': StdBackgroundRMS(), 'mad_std': MADStdBackgroundRMS(), 'biweight': BiweightScaleBackgroundRMS(),
       'biweight_7_101': BiweightScaleBackgroundRMS(c=7.0, M=101.0)}
INTERP = {**{f'zoom{k}': BkgZoomInterpolator(order=k) for k in range(6)},
          'zoom3_noclip': BkgZoomInterpolator(order=3, clip=False),
          'zoom3_mirror': BkgZoomInterpolator(order=3, mode='mirror'),
          'idw': BkgIDWInterpolator(), 'idw_4_2_0.5': BkgIDWInterpolator(n_neighbors=4, power=2.0, regularization=0.5),
          'idw_1': BkgIDWInterpolator(n_neighbors=1), 'idw_30_1.5': BkgIDWInterpolator(n_neighbors=30, power=1.5)}
CLIP = {'default': SigmaClip(sigma=3.0, maxiters=10), 'none': None, 'asym': SigmaClip(sigma_lower=1.5, sigma_upper=2.5,
                                                                                    maxiters=3),
        'converge': SigmaClip(sigma=2.0, maxiters=None), 'mean': SigmaClip(sigma=2.5, cenfunc='mean', maxiters=10),
        'mad': SigmaClip(sigma=3.0, stdfunc='mad_std', maxiters=10), 'tight': SigmaClip(sigma=0.05, maxiters=5)}


def digest(a):
    """A few values of a map in flat order, and sums that see every pixel."""
    a = np.asarray(a, float).ravel()
    step = max(1, a.size // 13)
    return {'size': a.size, 'step': step, 'values': a[::step], 'sum': a.sum(),
            'weighted': (a * uniform(17, np.arange(a.size))).sum()}


def run(data, box, *, level='sextractor', rms='std', interp='zoom3', clip='default', **kw):
    try:
        b = Background2D(data, box, sigma_clip=CLIP[clip], bkg_estimator=LEVEL[level],
                         bkg_rms_estimator=RMS[rms], interpolator=INTERP[interp], **kw)
    except ValueError as error:
        return {'error': str(error)}
    return {'mesh': digest(b.background_mesh), 'rms_mesh': digest(b.background_rms_mesh),
            'median': b.background_median, 'rms_median': b.background_rms_median, 'n_pixels': digest(b.n_pixels_mesh),
            'background': digest(b.background), 'rms': digest(b.background_rms)}


def inputs(name):
    """Data, mask and coverage mask; the same in tests/it/cases.rs."""
    mask = coverage = None
    if name == 'field':
        data = field(60, 75, 11, 25, 2.0)
    elif name == 'tall':
        data = field(90, 22, 12, 12, 3.0)
    elif name == 'large':
        data = field(130, 140, 13, 80, 2.0)
    elif name == 'integer':
        data = np.floor(field(60, 75, 14, 20, 5.0))
    elif name == 'constant':
        data = np.full((40, 50), 7.25)
    elif name == 'masked':
        data = field(80, 96, 15, 30, 2.0)
        y, x = np.mgrid[0:80, 0:96]
        mask = uniform(5, np.arange(80 * 96).reshape(80, 96)) < 0.05
        mask |= (x >= 24) & (x < 48) & (y >= 10) & (y < 30)
        mask |= (x >= 72) & (y >= 60)
    elif name == 'borders':
        data = field(100, 120, 16, 40, 2.0)
        y, x = np.mgrid[0:100, 0:120]
        data[(x + 2 * y < 60) | (x < 7)] = np.nan
        data[2 * x + y > 290] = np.inf
        mask = uniform(6, np.arange(100 * 120).reshape(100, 120)) < 0.02
        coverage = (x + y < 40) | (y > 95)
    else:
        raise ValueError(name)
    return data, mask, coverage


def case(name, box, **kw):
    data, mask, coverage = inputs(name)
    args = {'filter_size': (3, 3), **kw}
    return {'input': name, 'box': box, **args, 'expected': run(data, box, mask=mask, coverage_mask=coverage, **args)}


def estimators():
    """Every estimator with every estimator of the noise; every clipping."""
    cases = []
    for level, rms in itertools.product(LEVEL, RMS):
        cases.append(case('field', (16, 20), level=level, rms=rms, exclude_percentile=60.0))
        if level in ('sextractor', 'biweight'):
            cases.append(case('borders', (16, 20), level=level, rms=rms, exclude_percentile=50.0))
    for clip in CLIP:
        for level, rms in [('sextractor', 'std'), ('biweight', 'mad_std')]:
            cases.append(case('field', (15, 25), clip=clip, level=level, rms=rms, exclude_percentile=100.0))
            cases.append(case('integer', (20, 25), clip=clip, level=level, rms=rms, exclude_percentile=100.0))
    cases.append(case('constant', (16, 16)))
    cases.append(case('constant', (16, 16), level='biweight', rms='biweight', interp='idw'))
    return cases


def interpolators():
    """Every interpolator without gaps, with masked boxes, and with borders without data."""
    cases = []
    for interp in INTERP:
        cases.append(case('field', (16, 20), interp=interp, filter_size=(1, 1), exclude_percentile=100.0))
        cases.append(case('masked', (16, 12), interp=interp, level='median', rms='mad_std'))
        cases.append(case('borders', (13, 11), interp=interp, level='biweight', rms='biweight',
                          exclude_percentile=30.0, fill_value=-3.5))
        cases.append(case('tall', (45, 11), interp=interp, exclude_percentile=60.0))
    return cases


def shapes():
    """Partial boxes, box = image, box > image, 1 x N, N x 1 and 1 x 1 meshes, single pixels; exclusion."""
    cases = []
    for box in [(22, 22), (90, 22), (200, 300), (90, 5), (7, 22), (1, 1), (45, 11), (33, 7)]:
        for percentile in [10.0, 40.0, 100.0]:
            cases.append(case('tall', box, exclude_percentile=percentile))
    for box in [(64, 64), (50, 50), (130, 140), (32, 48), (26, 28)]:
        for percentile, clip in itertools.product([0.0, 10.0, 90.0], ['default', 'none']):
            cases.append(case('large', box, clip=clip, exclude_percentile=percentile))
    for percentile in [5.0, 30.0, 50.0, 100.0]:
        cases.append(case('masked', (16, 12), exclude_percentile=percentile))
        cases.append(case('borders', (10, 10), exclude_percentile=percentile))
    return cases


def filters():
    cases = []
    for size in [(1, 1), (1, 5), (5, 1), (3, 3), (9, 7)]:
        for threshold in [None, -1e9, 102.0, 103.5, 1e9]:
            cases.append(case('masked', (8, 12), filter_size=size, filter_threshold=threshold))
    return cases


def zooms():
    mesh = noise(21, np.arange(35)).reshape(5, 7)
    out = []
    for order, mode, factor, shape in itertools.product(range(6), ['reflect', 'mirror', 'grid-wrap'], [(4, 3), (1, 6)],
                                                        [(5, 7), (1, 7), (5, 1), (2, 2)]):
        m = mesh[:shape[0], :shape[1]]
        z = zoom(m, factor, order=order, mode=mode, grid_mode=True)
        out.append({'order': order, 'mode': mode, 'factor': factor, 'shape': shape, 'image': digest(z)})
    return out


def local():
    data, mask, _ = inputs('borders')
    big = field(100, 120, 16, 40, 2.0)
    positions = [(60.0, 50.0), (61.5, 49.5), (33.3, 44.7), (0.0, 0.0), (-3.0, 50.0), (118.2, 97.9), (119.5, 99.5),
                 (-40.0, 20.0), (200.0, 200.0), (75.25, 30.125), (12.0, 80.0), (-8.0, 99.0), (3.0, 10.0)]
    out = []
    for (name, estimator), radii in itertools.product({**LEVEL, **{f'rms_{k}': v for k, v in RMS.items()}}.items(),
                                                      [(5.0, 10.0), (3.3, 5.7), (2.0, 2.5), (10.0, 25.0)]):
        x, y = np.transpose(positions)
        out.append({'estimator': name, 'radii': radii,
                    'clean': LocalBackground(*radii, estimator)(big, x, y),
                    'masked': LocalBackground(*radii, estimator)(data, x, y, mask=mask)})
    unclipped = LocalBackground(5.0, 10.0, MeanBackground(sigma_clip=None))(big, *np.transpose(positions))
    return {'positions': positions, 'cases': out, 'unclipped_mean': unclipped}


def real():
    answers = {}
    for name, box in [('real/M6707HH.fits.gz', (64, 64)), ('real/mystery_VIKING_Z.fits', (50, 40)),
                      ('real/reprojected_sdss_g.fits.bz2', (64, 48))]:
        path = test_data(name)
        if path is None:
            continue
        with fits.open(path) as hdus:
            data = next(h.data for h in hdus if h.data is not None and h.data.ndim == 2).astype(float)
        found = []
        for level, rms, interp in [('sextractor', 'std', 'zoom3'), ('biweight', 'biweight', 'zoom3'),
                                   ('mmm', 'mad_std', 'zoom1')]:
            found.append({'level': level, 'rms': rms, 'interp': interp,
                          'expected': run(data, box, level=level, rms=rms, interp=interp)})
        answers[name] = {'box': box, 'shape': data.shape, 'cases': found}
    return answers


if __name__ == '__main__':
    for topic in (estimators, interpolators, shapes, filters):
        write_json(f'{HOME}{topic.__name__}.json', {'cases': topic()})
    write_json(HOME + 'zoom.json', {'cases': zooms()})
    write_json(HOME + 'local.json', local())
    answers = real()
    if answers:
        write_json('tests/it/fixtures/background.json', {'images': answers})
