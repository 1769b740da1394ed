"""ApertureStats of photutils for 300 sources on each of two real images, with every combination of mask, error, NaN,
clipping and shape in turn (11 digits). Left out where SKYPHOT_TEST_DATA is not set."""
import warnings

import numpy as np
from astropy.io import fits
from astropy.stats import SigmaClip, sigma_clipped_stats
from astropy.wcs import WCS
from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture, EllipticalAperture, RectangularAperture
from photutils.detection import DAOStarFinder

from common import test_data, uniform, write_json

warnings.simplefilter('ignore')

COLUMNS = ['x_centroid', 'y_centroid', 'sum', 'sum_err', 'sum_aper_area', 'center_aper_area', 'min', 'max', 'mean',
           'mean_err', 'median', 'median_err', 'mode', 'std', 'mad_std', 'var', 'biweight_location',
           'biweight_midvariance', 'fwhm', 'semimajor_axis', 'semiminor_axis', 'orientation', 'eccentricity',
           'elongation', 'ellipticity', 'covariance_xx', 'covariance_xy', 'covariance_yy', 'ellipse_cxx', 'ellipse_cxy',
           'ellipse_cyy', 'gini', 'flags']
SHAPES = {'circle': lambda p: CircularAperture(p, 5.0), 'ellipse': lambda p: EllipticalAperture(p, 7.0, 3.0, 0.5),
          'annulus': lambda p: CircularAnnulus(p, 6.0, 11.0), 'rectangle': lambda p: RectangularAperture(p, 9.0, 6.0, 1.1)}
#        shape, mask, error, NaN, sigma, bkg, ddof, method
COMBINATIONS = [('circle', False, False, False, None, False, 0, 'exact'),
                ('circle', True, True, True, None, True, 1, 'exact'),
                ('circle', True, True, True, 2.0, True, 0, 'exact'),
                ('ellipse', True, True, False, 3.0, False, 0, 'exact'),
                ('annulus', False, True, True, 3.0, False, 1, 'center'),
                ('rectangle', True, False, True, 2.5, True, 0, 'subpixel')]
FILES = ['real/spitzer_example_image.fits', 'real/M6707HH.fits.gz']


def folded(s, with_error):
    """One number for each source that any deviation of any column changes: the sum over the columns of a weight times
    the logarithm of the size, a weight for a negative value, and one for NaN."""
    total = 0.0
    for k, c in enumerate(COLUMNS[:-1]):
        if c == 'sum_err' and not with_error:
            continue
        w = [1.0 + float(u) for u in uniform(84, 3 * k + np.arange(3))]
        v = np.asarray(getattr(getattr(s, c), 'value', getattr(s, c)), float)
        # Numbers of size 1 that cancel count as they are.
        absolute = c in ('orientation', 'covariance_xy', 'ellipse_cxy', 'eccentricity', 'ellipticity')
        with np.errstate(all='ignore'):
            size = w[0] * v if absolute else w[0] * np.log(np.abs(v)) + w[1] * (v < 0)
        total = total + np.where(np.isnan(v), w[2], np.where(v == 0.0, 0.0, size))
    return [float(f'{x:.12g}') for x in total]


def everything(data, with_nan, error, mask, positions, sky):
    """All combinations of mask, error, NaN and clipping for all sources, shapes and the rest in turn."""
    cases = []
    for k in range(16):
        m, e, n, clip = bool(k & 1), bool(k & 2), bool(k & 4), bool(k & 8)
        shape = list(SHAPES)[(k + k // 4) % 4]
        sigma, method = (None, 2.0, 3.0)[(1 + k % 2) * clip], ('exact', 'center', 'subpixel')[k % 3]
        bkg, ddof = float(np.round(sky, 3)) if k % 5 < 2 else None, k % 2
        s = ApertureStats(with_nan if n else data, SHAPES[shape](positions), error=error if e else None,
                          mask=mask if m else None, sigma_clip=None if sigma is None else SigmaClip(sigma, maxiters=10),
                          local_bkg=bkg, ddof=ddof, sum_method=method, subpixels=5)
        cases.append({'shape': shape, 'mask': m, 'error': e, 'nan': n, 'sigma': sigma, 'bkg': bkg, 'ddof': ddof,
                      'method': method, 'folded': folded(s, e), 'flags': [int(f) for f in s.flags]})
    return cases


def digits(v):
    return [float(f'{x:.11g}') for x in np.asarray(getattr(v, 'value', v), float)]


def main():
    images, whole = [], []
    for file in FILES:
        path = test_data(file)
        if path is None:
            return
        data = fits.getdata(path, 0).astype(float)
        ny, nx = data.shape
        _, sky, std = sigma_clipped_stats(data)
        stars = DAOStarFinder(5.0 * std, 3.0)(data - sky)
        stars.sort('flux', reverse=True)
        positions = np.round(np.c_[stars['x_centroid'], stars['y_centroid']][:300], 2)
        index = np.arange(ny * nx).reshape(ny, nx)
        mask = uniform(81, index) < 0.01
        with_nan = np.where(uniform(82, index) < 0.005, np.nan, data)
        error = 1.0 + 0.5 * uniform(83, index)
        cases = []
        for k, (shape, m, e, n, sigma, b, ddof, method) in enumerate(COMBINATIONS):
            p = positions[k::len(COMBINATIONS)]
            bkg = np.round(sky, 3) if b else None
            s = ApertureStats(with_nan if n else data, SHAPES[shape](p), error=error if e else None,
                              mask=mask if m else None, sigma_clip=None if sigma is None else SigmaClip(sigma, maxiters=10),
                              local_bkg=bkg, ddof=ddof, sum_method=method, subpixels=5)
            cases.append({'shape': shape, 'mask': m, 'error': e, 'nan': n, 'sigma': sigma, 'bkg': bkg, 'ddof': ddof,
                          'method': method, 'positions': p,
                          **{c: digits(getattr(s, c)) for c in COLUMNS if e or c != 'sum_err'}})
        images.append({'file': file, 'n': len(positions), 'cases': cases})
        wcs = WCS(fits.getheader(path, 0))
        s = ApertureStats(data - sky, SHAPES['circle'](positions), wcs=wcs)
        seen = None
        if wcs.has_celestial:
            where = s.sky_centroid.spherical
            seen = {'lon': np.round(where.lon.deg, 12), 'lat': np.round(where.lat.deg, 12), 'sky': float(sky),
                    'orientation': digits(s.sky_orientation)}
        whole.append({'file': file, 'positions': positions, 'seen': seen,
                      'all': everything(data, with_nan, error, mask, positions, sky)})
        print(file, data.shape, len(positions))
    write_json('tests/it/fixtures/aperture_stats.json', {'images': images})
    write_json('tests/it/fixtures/aperture_stats_all.json', {'images': whole})


main()
