"""Circles and annuli: weights on pixels, AperturePhotometry and ApertureStats of photutils, for synthetic fields and for
three real images.

Real images are left out where SKYPHOT_TEST_DATA is not set.
"""
import warnings

import numpy as np
from astropy.io import fits
from astropy.stats import SigmaClip
from photutils.aperture import AperturePhotometry, ApertureStats, CircularAnnulus, CircularAperture

from common import field, test_data, uniform, write_json

warnings.simplefilter('ignore')

METHODS = [('exact', 5), ('center', 1), ('subpixel', 5), ('subpixel', 3)]


def aperture(shape, positions):
    return CircularAperture(positions, *shape) if len(shape) == 1 else CircularAnnulus(positions, *shape)


def places(seed, n, nx, ny, margin):
    """Positions everywhere, many of them on centres, edges and corners of pixels, and some outside."""
    i = np.arange(n)
    x = uniform(seed, 2 * i) * (nx + 2 * margin) - margin - 0.5
    y = uniform(seed, 2 * i + 1) * (ny + 2 * margin) - margin - 0.5
    x[0::5] = np.round(x[0::5])
    y[0::5] = np.round(y[0::5])
    x[1::5] = np.round(x[1::5]) + 0.5
    y[3::5] = np.round(10 * y[3::5]) / 10
    x[3::5] = np.round(10 * x[3::5]) / 10
    return np.c_[x, y]


# ---------------------------------------------------------------- weights
def weights():
    cases = []
    n = 480
    u = uniform(91, np.arange(n))
    for k in range(n):
        r = [10 ** (5.3 * u[k] - 3), round(1 + 19 * u[k]) * 0.5, 0.2 + 12 * u[k], round(1 + 99 * u[k]) * 0.1][k % 4]
        x, y = places(92 + k, 5, 8, 8, 0)[(k // 4) % 5]
        shape = (r,) if k % 8 < 5 else (r * [0.5, 0.9, 0.999][k % 3], r)
        method, subpixels = METHODS[(k // 3) % 4]
        m = aperture(shape, (x, y)).to_mask(method=method, subpixels=subpixels)
        w = m.data
        index = np.arange(w.size)
        cases.append({'x': x, 'y': y, 'shape': shape, 'method': method, 'subpixels': subpixels,
                      'bbox': [m.bbox.ixmin, m.bbox.ixmax, m.bbox.iymin, m.bbox.iymax], 'sum': w.sum(),
                      'mixed': (w.ravel() * uniform(5, index)).sum(), 'squares': (w * w).sum(),
                      'count': int(np.count_nonzero(w > 1e-13))})
    write_json('crates/geometry/tests/it/fixtures/weights.json', {'cases': cases})


# ---------------------------------------------------------------- synthetic images; the same in tests/it/scene.rs
NY, NX = 70, 80


def scene(dirty):
    data = field(NY, NX, 41, 25, 2.0)
    index = np.arange(NY * NX).reshape(NY, NX)
    error = 1.0 + uniform(43, index)
    if not dirty:
        return data, error, None
    mask = uniform(44, index) < 0.02
    mask[20:30, 30:44] = True
    data[uniform(45, index) < 0.005] = np.nan
    data[uniform(46, index) < 0.002] = np.inf
    data[50:56, 10:17] = np.nan
    error[uniform(47, index) < 0.003] = np.nan
    error[uniform(48, index) < 0.001] = np.inf
    return data, error, mask


SHAPES = [(0.1,), (0.6,), (1.0,), (3.3,), (10.0,), (33.0,), (0.3, 0.5), (4.0, 7.0), (6.5, 6.6), (20.0, 25.0)]


def photometry():
    positions = np.concatenate([places(51, 34, NX, NY, 6), [(36.5, 25.0), (13.0, 53.0), (-200.0, 3.0), (79.5, 69.5)]])
    cases = []
    for dirty in (False, True):
        data, error, mask = scene(dirty)
        for method, subpixels in METHODS[:3]:
            for shape in SHAPES:
                with_error = not (dirty and shape == (1.0,))
                p = AperturePhotometry(data, aperture(shape, positions), error=error if with_error else None, mask=mask,
                                       method=method, subpixels=subpixels)
                cases.append({'dirty': dirty, 'error': with_error, 'method': method, 'subpixels': subpixels,
                              'shape': shape, 'flux': p.flux, 'flux_err': p.flux_err if with_error else None,
                              'area': p.area, 'flags': p.flags})
    write_json('crates/aperture/tests/it/fixtures/photometry.json', {'positions': positions, 'cases': cases})


COLUMNS = ['x_centroid', 'y_centroid', 'sum', 'sum_err', 'sum_aper_area', 'center_aper_area', 'min', 'max', 'mean',
           'mean_err', 'median', 'median_err', 'mode', 'std', 'mad_std', 'var', 'biweight_location',
           'biweight_midvariance', 'fwhm', 'semimajor_axis', 'semiminor_axis', 'orientation', 'eccentricity',
           'elongation', 'ellipticity', 'covariance_xx', 'covariance_xy', 'covariance_yy', 'ellipse_cxx', 'ellipse_cxy',
           'ellipse_cyy', 'gini', 'flags']


def clip_of(c):
    if c is None:
        return None
    lower, upper, maxiters, cen, std = c
    return SigmaClip(sigma_lower=lower, sigma_upper=upper, maxiters=maxiters, cenfunc=cen, stdfunc=std)


def stats_of(data, error, mask, positions, shape, clip, method, subpixels, ddof, bkg, columns):
    s = ApertureStats(data, aperture(shape, positions), error=error, mask=mask, sigma_clip=clip_of(clip),
                      sum_method=method, subpixels=subpixels, ddof=ddof, local_bkg=bkg)
    return {'shape': shape, 'clip': clip, 'method': method, 'subpixels': subpixels, 'ddof': ddof, 'bkg': bkg,
            **{c: getattr(s, c) for c in columns}}


def statistics():
    positions = np.concatenate([places(61, 22, NX, NY, 4), [(36.5, 25.0), (13.0, 53.0), (-200.0, 3.0), (79.5, 69.5)]])
    bkg = [100.0 + 5.0 * v for v in uniform(62, np.arange(len(positions)))]
    cases = []
    for dirty, shape, clip, method, subpixels, ddof, b in [
            (False, (5.0,), None, 'exact', 5, 0, None),
            (False, (4.5,), None, 'center', 1, 1, bkg),
            (True, (6.0,), None, 'exact', 5, 2, bkg),
            (True, (0.4,), None, 'subpixel', 5, 1, None),
            (True, (7.0,), (2.0, 3.0, 5, 'median', 'std'), 'exact', 5, 0, bkg),
            (False, (12.0, 18.0), (3.0, 3.0, 10, 'median', 'std'), 'exact', 5, 1, None),
            (True, (9.0, 14.0), (2.0, 2.0, None, 'mean', 'std'), 'subpixel', 4, 0, bkg),
            (True, (3.0, 8.0), (2.5, 2.5, 10, 'median', 'mad_std'), 'center', 1, 0, [103.0]),
            (False, (2.0,), (0.5, 0.5, 3, 'median', 'std'), 'exact', 5, 0, bkg)]:
        data, error, mask = scene(dirty)
        cases.append({'dirty': dirty, **stats_of(data, error, mask, positions, shape, clip, method, subpixels, ddof, b,
                                                 COLUMNS)})
    t = ApertureStats(data, aperture((3.0,), positions)).to_table()
    write_json('crates/aperture/tests/it/fixtures/statistics.json',
               {'positions': positions, 'cases': cases, 'default_columns': t.colnames})


# ---------------------------------------------------------------- real images
REAL = [('real/mystery_VIKING_Z.fits', 0), ('real/M6707HH.fits.gz', 0), ('real/reprojected_sdss_g.fits.bz2', 0)]


def real():
    out = []
    for file, hdu in REAL:
        path = test_data(file)
        if path is None:
            return
        data = fits.getdata(path, hdu).astype(float)
        ny, nx = data.shape
        error = 1.0 + 0.01 * np.abs(data)
        mask = uniform(71, np.arange(ny * nx).reshape(ny, nx)) < 0.001
        positions = places(72, 60, nx, ny, 5)
        phot = []
        for shape, (method, subpixels) in [((3.0,), METHODS[0]), ((7.5,), METHODS[0]), ((5.0,), METHODS[2]),
                                           ((10.0, 15.0), METHODS[0]), ((60.0,), METHODS[1])]:
            p = AperturePhotometry(data, aperture(shape, positions), error=error, mask=mask, method=method,
                                   subpixels=subpixels)
            phot.append({'shape': shape, 'method': method, 'subpixels': subpixels, 'flux': p.flux,
                         'flux_err': p.flux_err, 'area': p.area, 'flags': p.flags})
        few = ['x_centroid', 'y_centroid', 'sum', 'sum_err', 'sum_aper_area', 'mean', 'median', 'std', 'mad_std',
               'biweight_location', 'biweight_midvariance', 'fwhm', 'orientation', 'eccentricity', 'flags']
        stats = [stats_of(data, error, mask, positions, (5.0,), None, 'exact', 5, 0, None, few),
                 stats_of(data, error, mask, positions, (20.0, 25.0), (3.0, 3.0, 10, 'median', 'std'), 'exact', 5, 0,
                          None, few)]
        out.append({'file': file, 'shape': [ny, nx], 'positions': positions, 'photometry': phot, 'statistics': stats})
    write_json('tests/it/fixtures/aperture.json', {'images': out})


weights()
photometry()
statistics()
real()
