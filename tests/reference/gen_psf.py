"""Fixtures of crates/psf: values and derivatives of every model from photutils."""
import numpy as np
from astropy.nddata import NDData
from photutils.psf import (AiryDiskPRF, AiryDiskPSF, CircularGaussianPRF, CircularGaussianPSF, CircularGaussianSigmaPRF,
                           GaussianPRF, GaussianPSF, GriddedPSFModel, ImagePSF, MoffatPRF, MoffatPSF)

from common import uniform, write_json

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


if __name__ == '__main__':
    write_json('crates/psf/tests/it/fixtures/models.json',
               {'analytic': analytic(), 'image': image(), 'gridded': gridded()})
