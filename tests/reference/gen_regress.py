"""Reference answers for `cargo xtask regress`: per image one file with what photutils and astropy say about it.

Two images are made by formula, the others are sections of real files (written only where SKYPHOT_TEST_DATA has them).
"""
import warnings

import numpy as np
from astropy.convolution import Gaussian2DKernel
from astropy.io import fits
from astropy.stats import SigmaClip, mad_std, sigma_clipped_stats
from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture, aperture_photometry
from photutils.background import (Background2D, BiweightLocationBackground, BiweightScaleBackgroundRMS,
                                  BkgIDWInterpolator, MADStdBackgroundRMS, MeanBackground, MedianBackground,
                                  MMMBackground, ModeEstimatorBackground, SExtractorBackground, StdBackgroundRMS)
from photutils.centroids import centroid_com
from photutils.detection import DAOStarFinder, IRAFStarFinder, StarFinder, find_peaks

import common

warnings.simplefilter('ignore')
OUT = 'tests/src/regress/fixtures'

# Real files: name, path, HDU, section (y0, y1, x0, x1).
REAL = [
    ('m67', 'real/M6707HH.fits.gz', 0, (300, 560, 310, 570)),
    ('spitzer', 'real/spitzer_example_image.fits', 0, (50, 270, 100, 310)),
    ('viking', 'real/mystery_VIKING_Z.fits', 0, (0, 356, 0, 356)),
    ('sdss', 'real/reprojected_sdss_g.fits.bz2', 0, (150, 410, 40, 300)),
    ('hsc', 'real/HSC-0908120-056-small.fits', 1, (0, 200, 0, 200)),
]

BACKGROUNDS = [
    ('sextractor', SExtractorBackground, 'std', StdBackgroundRMS, 'zoom'),
    ('median', MedianBackground, 'madstd', MADStdBackgroundRMS, 'zoom'),
    ('mean', MeanBackground, 'std', StdBackgroundRMS, 'idw'),
    ('mmm', MMMBackground, 'biweight', BiweightScaleBackgroundRMS, 'zoom'),
    ('mode', ModeEstimatorBackground, 'std', StdBackgroundRMS, 'idw'),
    ('biweight', BiweightLocationBackground, 'madstd', MADStdBackgroundRMS, 'zoom'),
]


def formula_images():
    """Name, data, mask."""
    plain = common.field(260, 300, 11, 70, 3.0)
    yield 'formula', plain, None
    holes = common.field(231, 257, 23, 60, 4.0)
    index = np.arange(holes.size, dtype=np.uint64).reshape(holes.shape)
    holes[common.uniform(31, index) < 0.004] = np.nan
    mask = common.uniform(32, index) < 0.02
    mask[40:60, 100:180] = True
    yield 'formula_holes', holes, mask


def real_images():
    for name, path, hdu, (y0, y1, x0, x1) in REAL:
        file = common.test_data(path)
        if file:
            with fits.open(file) as h:
                yield name, np.array(h[hdu].data, dtype=float)[y0:y1, x0:x1], None, (path, hdu, [y0, y1, x0, x1])


def stats(data, mask):
    rows = []
    for sigma, maxiters, cenfunc, stdfunc in [(3.0, 5, 'median', 'std'), (2.5, None, 'median', 'mad_std'),
                                              (3.0, 10, 'mean', 'std')]:
        s = sigma_clipped_stats(data, mask=mask, sigma=sigma, maxiters=maxiters, cenfunc=cenfunc, stdfunc=stdfunc)
        rows.append({'sigma': sigma, 'maxiters': maxiters, 'cenfunc': cenfunc, 'stdfunc': stdfunc,
                     'mean': s[0], 'median': s[1], 'std': s[2]})
    rows.append({'mad_std': mad_std(data[~mask] if mask is not None else data, ignore_nan=True)})
    return rows


def background(data, mask):
    rows = []
    for i, (name, estimator, rms_name, rms, interpolator) in enumerate(BACKGROUNDS):
        box, size = (50 - 3 * i, 44 + 2 * i), 3 if i % 2 == 0 else 5
        kw = {'interpolator': BkgIDWInterpolator()} if interpolator == 'idw' else {}
        b = Background2D(data, box, mask=mask, filter_size=size, exclude_percentile=50.0, bkg_estimator=estimator(),
                         bkg_rms_estimator=rms(), **kw)
        rows.append({'estimator': name, 'rms_estimator': rms_name, 'interpolator': interpolator, 'box': box,
                     'filter': size, 'step': [23, 29], 'bkg': b.background[::23, ::29],
                     'rms': b.background_rms[::23, ::29], 'bkg_median': b.background_median})
    return rows


def table(t, names):
    return {n: t[n] for n in names} if t is not None else {n: [] for n in names}


def detection(sub, mask, std):
    """Finders on the image less its median, threshold in units of its clipped standard deviation."""
    kernel = Gaussian2DKernel(1.3, x_size=9, y_size=9).array
    basic = ['x_centroid', 'y_centroid', 'flux', 'mag']
    out = {}
    t = DAOStarFinder(5.0 * std, 3.0)(sub, mask=mask)
    out['dao'] = table(t, basic + ['sharpness', 'roundness1', 'roundness2', 'peak', 'n_pixels'])
    t = IRAFStarFinder(5.0 * std, 3.0)(sub, mask=mask)
    out['iraf'] = table(t, basic + ['fwhm', 'sharpness', 'roundness', 'orientation', 'peak', 'n_pixels'])
    t = StarFinder(5.0 * std, kernel)(sub, mask=mask)
    out['star'] = table(t, basic + ['fwhm', 'roundness', 'orientation', 'max_value'])
    t = find_peaks(sub, 6.0 * std, box_size=11, mask=mask, centroid_func=centroid_com)
    out['peaks'] = table(t, ['x_peak', 'y_peak', 'peak_value', 'x_centroid', 'y_centroid'])
    out['kernel'] = kernel
    return out


def aperture(data, mask):
    # photutils sums pixels that are not finite, we leave them out.
    mask = ~np.isfinite(data) | (False if mask is None else mask)
    ny, nx = data.shape
    n = 80
    k = np.arange(n)
    # Some lie partly or fully outside.
    x = common.uniform(41, k) * (nx + 10) - 5.5
    y = common.uniform(42, k) * (ny + 10) - 5.5
    where = np.c_[x, y]
    error = 1.0 + np.abs(data) / 16.0
    out = {'x': x, 'y': y}
    rows = []
    for r in (1.5, 3.0, 7.25):
        for method, sub in (('exact', 5), ('center', 5), ('subpixel', 5)):
            t = aperture_photometry(data, CircularAperture(where, r), error=error, mask=mask, method=method,
                                    subpixels=sub)
            rows.append({'radius': r, 'method': method, 'sum': t['aperture_sum'], 'err': t['aperture_sum_err']})
    out['circles'] = rows
    s = ApertureStats(data, CircularAnnulus(where, 10.0, 15.0), mask=mask, sigma_clip=SigmaClip(sigma=3.0, maxiters=10))
    out['annulus'] = {'r_in': 10.0, 'r_out': 15.0, 'median': s.median, 'mean': s.mean, 'std': s.std,
                      'area': s.sum_aper_area}
    return out


def write(name, data, mask, source):
    _, median, std = sigma_clipped_stats(data, mask=mask, sigma=3.0, maxiters=5)
    common.write_json(f'{OUT}/{name}.json', {
        'source': source, 'median': median, 'std': std, 'stats': stats(data, mask), 'background': background(data, mask),
        'detection': detection(data - median, mask, std), 'aperture': aperture(data, mask)})


for name, data, mask in formula_images():
    write(name, data, mask, None)
for name, data, mask, (path, hdu, section) in real_images():
    write(name, data, mask, {'path': path, 'hdu': hdu, 'section': section})
