"""Fixtures of crates/psf: values and derivatives of every model, and PSF photometry, from photutils."""
import warnings

import numpy as np
from astropy.nddata import NDData
from astropy.table import Table
from photutils.background import LocalBackground, MedianBackground
from photutils.detection import DAOStarFinder
from scipy import optimize
from photutils.psf import (AiryDiskPRF, AiryDiskPSF, CircularGaussianPRF, CircularGaussianPSF, CircularGaussianSigmaPRF,
                           GaussianPRF, GaussianPSF, GriddedPSFModel, ImagePSF, IterativePSFPhotometry, MoffatPRF, MoffatPSF, PSFPhotometry, SourceGrouper)

from common import columns, noise, uniform, write_json

warnings.simplefilter('ignore')

MODELS = {
    'GaussianPsf': (GaussianPSF, [('x_fwhm', 1, 5), ('y_fwhm', 1, 5), ('theta', -180, 180)]),
    'CircularGaussianPsf': (CircularGaussianPSF, [('fwhm', 1, 6)]),
    'GaussianPrf': (GaussianPRF, [('x_fwhm', 0.7, 5), ('y_fwhm', 0.7, 5), ('theta', -180, 180)]),
    'CircularGaussianPrf': (CircularGaussianPRF, [('fwhm', 0.5, 6)]),
    'CircularGaussianSigmaPrf': (CircularGaussianSigmaPRF, [('sigma', 0.3, 3)]),
    'MoffatPsf': (MoffatPSF, [('alpha', 1, 4), ('beta', 1.2, 5)]),
    'MoffatPrf': (MoffatPRF, [('alpha', 1, 4), ('beta', 1.2, 5)]),
    'AiryDiskPsf': (AiryDiskPSF, [('radius', 1, 6)]),
    'AiryDiskPrf': (AiryDiskPRF, [('radius', 1, 6)]),
}
N = 6


def analytic():
    out = {}
    for m, (name, (cls, ranges)) in enumerate(MODELS.items()):
        cases = []
        for i in range(N):
            u = [float(v) for v in uniform(40 + m, np.arange(10 * i, 10 * i + 6))]
            x_0, y_0 = 10 + 3 * u[0], 20 + 3 * u[1]
            shape = {p: lo + (hi - lo) * u[2 + k] for k, (p, lo, hi) in enumerate(ranges)}
            if name.startswith('Gaussian') and i == 0:
                shape['theta'] = 90.0
            y, x = np.mgrid[19:24, 9:14].astype(float)
            model = cls(flux=1, x_0=x_0, y_0=y_0, **shape)
            d = model.fit_deriv(x, y, 1.0, x_0, y_0, *shape.values())
            box = model.bounding_box
            cases.append({'x': x_0, 'y': y_0, 'shape': list(shape.values()), 'value': model(x, y).ravel(),
                          'dx': d[1].ravel(), 'dy': d[2].ravel(), 'dshape': [v.ravel() for v in d[3:]],
                          'box': [*box['x'], *box['y']]})
        out[name] = cases
    return out


def samples(ny, nx, seed, wide):
    """A lumpy star by formula."""
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    dx, dy = x - (nx - 1) / 2, y - (ny - 1) / 2
    q = 1 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / wide
    return (1 + 0.05 * uniform(seed, np.arange(ny * nx).reshape(ny, nx))) / (q * q)


def image():
    cases = []
    for i, (shape, os, origin, fill) in enumerate([((25, 25), 1, None, 0.0), ((24, 31), (2, 3), None, 0.0),
                                                   ((33, 33), 4, (15.2, 17.1), 0.0), ((4, 5), 1, None, 0.0),
                                                   ((9, 9), 2, None, None)]):
        data = samples(*shape, 60 + i, 20.0)
        for k in range(3):
            u = [float(v) for v in uniform(70 + i, [2 * k, 2 * k + 1])]
            x_0, y_0 = 10 + 3 * u[0], 20 + 3 * u[1]
            if k == 2:
                x_0, y_0 = 11.0, 21.0
            model = ImagePSF(data, flux=1, x_0=x_0, y_0=y_0, oversampling=os, origin=origin, fill_value=fill)
            y, x = np.mgrid[18:25, 8:15].astype(float)
            d = model.fit_deriv(x, y, 1.0, x_0, y_0)
            box = model.bounding_box
            cases.append({'plane': i, 'shape': shape, 'oversampling': np.broadcast_to(os, 2), 'origin': origin,
                          'extrapolate': fill is None, 'x': x_0, 'y': y_0, 'value': model(x, y).ravel(),
                          'dx': d[1].ravel(), 'dy': d[2].ravel(), 'box': [*box['x'], *box['y']]})
    return cases


def gridded():
    xs, ys = [0.0, 40.0, 100.0], [5.0, 55.0]
    grid = [(x, y) for x in xs for y in ys]  # not in row order on purpose
    data = np.array([samples(29, 25, 80 + i, 15.0 + 3 * i) for i in range(6)])
    cases = []
    positions = [(20.0, 30.0), (40.0, 55.0), (-7.3, 80.2), (77.7, 5.0), (130.0, 20.1), (40.0, 20.0)]
    for n in (6, 1):
        for x_0, y_0 in positions:
            nd = NDData(data[:n], meta={'grid_xypos': grid[:n], 'oversampling': (3, 2)})
            model = GriddedPSFModel(nd, flux=1, x_0=x_0, y_0=y_0)
            ix, iy = int(round(x_0)), int(round(y_0))
            y, x = np.mgrid[iy - 6:iy + 7:3, ix - 6:ix + 7:3].astype(float)
            d = model.fit_deriv(x, y, 1.0, x_0, y_0)
            box = model.bounding_box
            cases.append({'n': n, 'x': x_0, 'y': y_0, 'px': x.ravel(), 'py': y.ravel(), 'value': model(x, y).ravel(),
                          'dx': d[1].ravel(), 'dy': d[2].ravel(), 'box': [*box['x'], *box['y']]})
    return {'grid': grid, 'cases': cases}


NY, NX, STARS, FWHM = 90, 110, 45, 2.4


def scene():
    """Gaussian stars (the first ones beside an edge or beside each other), noise of width 1, and a start for each."""
    k = np.arange(STARS)
    x = uniform(90, 3 * k) * (NX + 2) - 1.5
    y = uniform(90, 3 * k + 1) * (NY + 2) - 1.5
    flux = 300.0 + 3000.0 * uniform(90, 3 * k + 2)
    x[1], y[1] = x[0] + 2.5, y[0] + 1.0
    x[2], y[2] = 0.2, 40.3
    x[3], y[3] = -30.0, 10.0
    x[4], y[4] = 55.0, NY - 1.1
    model = CircularGaussianPRF(fwhm=FWHM)
    yy, xx = np.mgrid[0:NY, 0:NX].astype(float)
    data = noise(91, np.arange(NY * NX, dtype=np.uint64).reshape(NY, NX))
    for i in range(STARS):
        data = data + model.evaluate(xx, yy, flux[i], x[i], y[i], FWHM)
    x_init = x + 0.6 * (uniform(92, 2 * k) - 0.5)
    y_init = y + 0.6 * (uniform(92, 2 * k + 1) - 0.5)
    index = np.arange(NY * NX).reshape(NY, NX)
    error = 0.5 + uniform(93, index)
    mask = uniform(94, index) < 0.02
    for i in (5, 6):
        mask[int(y[i]) - 4:int(y[i]) + 5, int(x[i]) - 4:int(x[i]) + 5] = True
    mask[int(round(y[6])), int(round(x[6]))] = False
    return data, error, mask, x_init, y_init, flux


def tight(least_squares):
    """scipy's minimiser with the tightest tolerances: with the default ones photutils' fits stop up to 1e-3 pixels from
    the minimum."""
    def run(*args, **kwargs):
        kwargs.update(ftol=1e-15, xtol=1e-12, gtol=1e-15)
        return least_squares(*args, **kwargs)
    return run


def photometry():
    optimize.least_squares = tight(optimize.least_squares)
    data, error, mask, x, y, flux = scene()
    start = Table({'x': x, 'y': y})
    with_flux = Table({'x': x, 'y': y, 'flux': flux, 'local_bkg': np.where(np.arange(STARS) % 7 == 3, np.nan, 2.0)})
    nan_data = np.where(uniform(95, np.arange(NY * NX).reshape(NY, NX)) < 0.02, np.nan, data)
    fixed = CircularGaussianPRF(fwhm=FWHM)
    fixed.x_0.fixed = fixed.y_0.fixed = True
    wide = CircularGaussianPRF(fwhm=2.0)
    wide.fwhm.fixed = False
    ellipse = GaussianPRF(x_fwhm=2.2, y_fwhm=2.6)
    ellipse.x_fwhm.fixed = ellipse.y_fwhm.fixed = False
    gauss = CircularGaussianPRF(fwhm=FWHM)
    bad_start = with_flux.copy()
    bad_start['x'][9] = np.nan
    bad_start['flux'][10] = np.inf
    runs = {
        'plain': (gauss, dict(aperture_radius=4), dict(init_params=start)),
        'error': (gauss, dict(aperture_radius=4), dict(init_params=start, error=error)),
        'mask': (gauss, dict(aperture_radius=4), dict(init_params=start, error=error, mask=mask)),
        'nan': (gauss, dict(aperture_radius=4), dict(init_params=start, error=error)),
        'grouped': (gauss, dict(aperture_radius=4, grouper=SourceGrouper(9)), dict(init_params=start, error=error)),
        'grouped_mask': (gauss, dict(aperture_radius=4, grouper=SourceGrouper(9)), dict(init_params=start, mask=mask)),
        'local_bkg': (gauss, dict(aperture_radius=4, local_bkg_estimator=LocalBackground(6, 10, MedianBackground())),
                      dict(init_params=start, error=error)),
        'given': (gauss, dict(), dict(init_params=with_flux, error=error)),
        'bad_start': (gauss, dict(), dict(init_params=bad_start, error=error)),
        'forced': (fixed, dict(aperture_radius=4, grouper=SourceGrouper(9)), dict(init_params=start, error=error)),
        'bounds': (gauss, dict(aperture_radius=4, xy_bounds=(0.2, None)), dict(init_params=start, error=error)),
        'fwhm': (wide, dict(aperture_radius=4), dict(init_params=start, error=error)),
        'ellipse': (ellipse, dict(aperture_radius=4, grouper=SourceGrouper(5)), dict(init_params=start, error=error)),
    }
    out = {}
    for mode in ('new', 'all'):
        runs[f'iterative_{mode}'] = (gauss, dict(finder=DAOStarFinder(6.0, 2.4), mode=mode, aperture_radius=3,
                                                 grouper=SourceGrouper(6) if mode == 'all' else None,
                                                 sub_shape=(15, 15)), dict(error=error))
    for name, (model, options, call) in runs.items():
        shape = {'fwhm': (9, 7), 'ellipse': (7, 9)}.get(name, (5, 5))
        cls = IterativePSFPhotometry if name.startswith('iterative') else PSFPhotometry
        r = cls(model, shape, **options)(nan_data if name == 'nan' else data, **call)
        names = [c for c in r.colnames if c not in ('x_init', 'y_init')]
        out[name] = {c: [float(f'{v:.12g}') for v in col] if r[c].dtype.kind == 'f' else col
                     for c, col in columns(r, names).items() for col in [[float(x) for x in col] if r[c].dtype.kind == 'f' else col]}
    return out


if __name__ == '__main__':
    write_json('crates/psf/tests/it/fixtures/photometry.json', photometry())
    write_json('crates/psf/tests/it/fixtures/models.json',
               {'analytic': analytic(), 'image': image(), 'gridded': gridded()})
