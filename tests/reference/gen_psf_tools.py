"""Fixtures of crates/psf: matching kernels, functions as PSFs and Gaussian fits from photutils, DAOPHOT's functions from
numerical integration; and of tests/it: PSF files as photutils reads and evaluates them."""
import warnings

import numpy as np
from astropy.io import fits
from astropy.modeling.models import Gaussian2D, Moffat2D
from photutils.psf import (CircularGaussianPRF, GriddedPSFModel, ImagePSF, fit_2dgaussian, fit_fwhm, make_epsf_from_psf,
                           make_psf_model)
from photutils.psf_matching import (CosineBellWindow, HanningWindow, SplitCosineBellWindow, TopHatWindow, TukeyWindow,
                                    make_kernel, make_wiener_kernel, resize_psf)
from scipy import optimize
from scipy.integrate import dblquad
from scipy.interpolate import RectBivariateSpline

from common import columns, noise, test_data, uniform, write_json
from gen_psf import tight

warnings.simplefilter('ignore')

TAPERS = {
    'hanning': HanningWindow(), 'tukey': TukeyWindow(0.4), 'cosine_bell': CosineBellWindow(0.3),
    'split_cosine_bell': SplitCosineBellWindow(0.4, 0.3), 'top_hat': TopHatWindow(0.35),
}


def star(ny, nx, seed, wide):
    """A lumpy star by formula."""
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    dx, dy = x - (nx - 1) / 2, y - (ny - 1) / 2
    q = 1 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / wide
    return (1 + 0.05 * uniform(seed, np.arange(ny * nx).reshape(ny, nx))) / (q * q * q)


def matching():
    source, target = star(17, 21, 301, 4.0), star(17, 21, 302, 12.0)
    lopsided = uniform(303, np.arange(17 * 21).reshape(17, 21))
    operator = uniform(304, np.arange(15).reshape(5, 3)) - 0.3
    out = {'tapers': {n: [t((9, 13)).ravel(), t((5, 1)).ravel()] for n, t in TAPERS.items()}}
    kernels = {'plain': make_kernel(source, target), 'hard': make_kernel(source, target, regularization=0.05),
               'none': make_kernel(source, target, regularization=0.0),
               'custom_window': make_kernel(source, target, window=lambda shape: lopsided),
               'wiener': make_wiener_kernel(source, target),
               'wiener_laplacian': make_wiener_kernel(source, target, penalty='laplacian', regularization=1e-3),
               'wiener_biharmonic': make_wiener_kernel(source, target, penalty='biharmonic', regularization=1e-3),
               'wiener_custom': make_wiener_kernel(source, target, penalty=operator, regularization=0.01),
               'wiener_tukey': make_wiener_kernel(source, target, window=TukeyWindow(0.4))}
    for n, t in TAPERS.items():
        kernels[f'window_{n}'] = make_kernel(source, target, window=t)
    out['kernels'] = {n: k.ravel() for n, k in kernels.items()}
    out['resized'] = []
    for order in range(6):
        for scales in ((0.1, 0.05), (0.05, 0.1), (0.11, 0.083), (1.0, 1.0)):
            r = resize_psf(source, *scales, order=order)
            out['resized'].append({'order': order, 'scales': scales, 'shape': r.shape, 'sum': r.sum(),
                                   'row': r[r.shape[0] // 2 - 1], 'column': r[:, 1]})
    return out


def functions():
    y, x = np.mgrid[5:14, 3:13].astype(float)
    out = []
    cases = [
        ('gaussian', Gaussian2D(1, 0, 0, 1.4, 2.1, 0.3), dict(x_name='x_mean', y_name='y_mean')),
        ('moffat', Moffat2D(1.0, 0, 0, 1.7, 2.2), dict(x_name='x_0', y_name='y_0', flux_name='amplitude', dx=31, dy=25, subsample=8)),
        ('centred', Gaussian2D(3, 0, 0, 1.4, 2.1, 0.3), dict(normalize=False)),
    ]
    for name, model, options in cases:
        psf = make_psf_model(model, **options)
        setattr(psf, psf.x_name, 8.3)
        setattr(psf, psf.y_name, 9.1)
        setattr(psf, psf.flux_name, 5.0)
        out.append({'name': name, 'value': psf(x, y).ravel()})
    return out


NY, NX, STARS = 60, 70, 8


def gaussians():
    optimize.least_squares = tight(optimize.least_squares)
    y, x = np.mgrid[0:NY, 0:NX].astype(float)
    index = np.arange(NY * NX).reshape(NY, NX)
    data = 0.3 * noise(311, index)
    error = 0.2 + 0.2 * uniform(312, index)
    mask = uniform(313, index) < 0.03
    xypos = []
    for k in range(STARS):
        u = [float(v) for v in uniform(310, np.arange(5 * k, 5 * k + 5))]
        sx, sy = 8 + 18 * (k % 4) + 3 * u[0], 12 + 30 * (k // 4) + 3 * u[1]
        data += CircularGaussianPRF(x_0=sx, y_0=sy, flux=200 + 300 * u[2], fwhm=1.5 + 3 * u[3])(x, y)
        xypos.append((sx + 0.5 * (u[4] - 0.5), sy - 0.5 * (u[4] - 0.5)))
    xypos.append((-40.0, 5.0))
    mask[np.hypot(x - xypos[2][0], y - xypos[2][1]) < 12] = True
    out = {}
    runs = {'fixed': dict(fit_shape=(9, 7)), 'free': dict(fit_shape=11, fix_fwhm=False),
            'error': dict(fit_shape=9, fix_fwhm=False, fwhm=2.5, error=error),
            'mask': dict(fit_shape=9, fix_fwhm=False, fwhm=2.5, error=error, mask=mask)}
    for name, options in runs.items():
        r = fit_2dgaussian(data, xypos=xypos, **options).results
        names = ['flux_init', 'x_fit', 'y_fit', 'flux_fit', 'fwhm_fit', 'x_err', 'flux_err', 'n_pixels_fit', 'flags']
        out[name] = columns(r, [n for n in names if n in r.colnames])
    cut = data[3:24, 1:20].copy()
    cut[5, 6] = np.nan
    r = fit_2dgaussian(cut, fix_fwhm=False).results
    out['one'] = columns(r, ['x_init', 'y_init', 'flux_init', 'x_fit', 'y_fit', 'flux_fit', 'fwhm_fit'])
    out['fwhm'] = fit_fwhm(data, xypos=xypos[:STARS], fit_shape=9, fwhm=3.0)
    return out


def daophot():
    """Integrals of DAOPHOT's functions over pixels, by adaptive quadrature."""
    hx, hy, tilt, gtilt, f = 1.3, 0.9, 0.21, -0.13, 0.3

    def form(x, y, t):
        return (x / hx) ** 2 + (y / hy) ** 2 + t * x * y

    def power(x, y, beta):
        return (1 + (2 ** (1 / beta) - 1) * form(x, y, tilt)) ** -beta

    def gauss(x, y, t):
        return np.exp(-np.log(2) * form(x, y, t))

    kinds = {'Gaussian': lambda y, x: gauss(x, y, 0.0), 'Moffat15': lambda y, x: power(x, y, 1.5),
             'Moffat25': lambda y, x: power(x, y, 2.5), 'Lorentz': lambda y, x: power(x, y, 1.0),
             'Penny1': lambda y, x: (1 - f) * gauss(x, y, 0.0) + f * power(x, y, 1.0),
             'Penny2': lambda y, x: (1 - f) * gauss(x, y, gtilt) + f * power(x, y, 1.0)}
    offsets = [(0.0, 0.0), (0.3, -0.2), (1.6, 0.4), (-2.2, 3.1), (4.5, -0.5)]
    return {'parameters': [hx, hy, tilt, gtilt, f], 'offsets': offsets,
            'values': {n: [dblquad(g, x - 0.5, x + 0.5, y - 0.5, y + 0.5, epsabs=1e-13, epsrel=1e-12)[0] for x, y in offsets]
                       for n, g in kinds.items()}}


def integrated():
    psf = star(11, 8, 305, 6.0)
    return [{'oversampling': os, 'midpoints': m, 'shape': r.shape, 'value': r.ravel()}
            for os in ((1, 1), (4, 4), (3, 2), (20, 5)) for m in (False, True)
            for r in [make_epsf_from_psf(psf, oversampling=os, midpoints=m)]]


def evaluations(model, xlim, ylim, seed):
    out = []
    for k in range(6):
        u = [float(v) for v in uniform(seed, np.arange(2 * k, 2 * k + 2))]
        # beyond the grid on both sides too
        x_0 = xlim[0] + (xlim[1] - xlim[0]) * (1.2 * u[0] - 0.1)
        y_0 = ylim[0] + (ylim[1] - ylim[0]) * (1.2 * u[1] - 0.1)
        y, x = np.mgrid[0:4, 0:4].astype(float)
        x, y = x + np.floor(x_0) - 1, y + np.floor(y_0) - 1
        d = model.fit_deriv(x, y, 1.0, x_0, y_0)
        out.append({'x': x_0, 'y': y_0, 'value': model.evaluate(x, y, 1.0, x_0, y_0).ravel(),
                    'dx': np.asarray(d[1]).ravel(), 'dy': np.asarray(d[2]).ravel()})
    return out


def psf_files():
    out = {'grids': [], 'images': [], 'psfex': []}
    grids = [('psf/PSFSTD_WFC3IR_F110W.fits', 'stdpsf', [None]),
             ('psf/mock/STDPSF_NRCA1_F150W_mock.fits', 'stdpsf', [None]),
             ('psf/mock/STDPSF_NRCSW_F150W_mock.fits', 'stdpsf', list(range(1, 9))),
             ('psf/mock/STDPSF_WFC3UV_F814W_mock.fits', 'stdpsf', [1, 2]),
             ('psf/mock/nircam_nrca1_f200w_fovp101_samp4_npsf16_mock.fits', 'webbpsf', [None]),
             ('psf/mock/nircam_nrca5_f444w_fovp101_samp4_npsf4_mock.fits', 'webbpsf', [None]),
             ('psf/nircam_nrca1_f200w_fovp101_samp4_npsf16.fits.gz', 'webbpsf', [None])]
    for n, (name, fmt, detectors) in enumerate(grids):
        path = test_data(name)
        for d in detectors if path else []:
            model = GriddedPSFModel.read(path, format=fmt, **({'detector_id': d} if d else {}))
            g = model.grid_xypos
            out['grids'].append({'file': name, 'detector': d, 'positions': g, 'oversampling': model.oversampling,
                                 'sums': model.data.sum(axis=(1, 2), dtype=float), 'name': str(model.meta.get('detector')) if fmt == 'stdpsf' else None,
                                 'cases': evaluations(model, (g[:, 0].min(), g[:, 0].max()), (g[:, 1].min(), g[:, 1].max()), 320 + n)})
    for n, (name, oversampling) in enumerate([('psf/psf.fits', 1), ('psf/irac_ch1_flight.fits', 4)]):
        path = test_data(name)
        if path:
            model = ImagePSF(fits.getdata(path).astype(float), oversampling=oversampling)
            out['images'].append({'file': name, 'oversampling': oversampling, 'cases': evaluations(model, (0, 40), (0, 40), 340 + n)})
    name = 'psf/decam-520206-S16-psfex.fits'
    path = test_data(name)
    if path:
        table = fits.open(path)[1]
        h, planes = table.header, table.data['PSF_MASK'][0].astype(float)
        cases = []
        for k in range(6):
            u = [float(v) for v in uniform(350, np.arange(2 * k, 2 * k + 2))]
            x_0, y_0 = 2046 * u[0], 4094 * u[1]
            s = (x_0 + 1 - h['POLZERO1']) / h['POLSCAL1']
            t = (y_0 + 1 - h['POLZERO2']) / h['POLSCAL2']
            psf = sum(c * p for c, p in zip([1, s, s * s, t, s * t, t * t], planes))
            spline = RectBivariateSpline(np.arange(63), np.arange(63), psf, kx=3, ky=3, s=0)
            y, x = np.mgrid[0:4, 0:4].astype(float)
            x, y = x + np.floor(x_0) - 1, y + np.floor(y_0) - 1
            # one sample per pixel
            assert h['PSF_SAMP'] == 1.0
            cases.append({'x': x_0, 'y': y_0, 'value': spline.ev((y - y_0 + 31).ravel(), (x - x_0 + 31).ravel())})
        out['psfex'].append({'file': name, 'cases': cases})
    return out


if __name__ == '__main__':
    write_json('crates/psf/tests/it/fixtures/tools.json',
               {'matching': matching(), 'functions': functions(), 'gaussians': gaussians(), 'daophot': daophot(),
                'integrated': integrated()})
    files = psf_files()
    if files['grids']:
        write_json('tests/it/fixtures/psf_files.json', files)
