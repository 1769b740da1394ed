"""Fixtures of crates/centroids: photutils centroids, and for the Gaussian fits also the minimum that scipy reaches with
the tightest tolerances (photutils' fitter stops when the sum of squares changes by less than 1e-8)."""
import warnings

import numpy as np
from photutils.centroids import (centroid_1dg, centroid_2dg, centroid_com, centroid_quadratic, centroid_sources,
                                 centroid_symmetry)
from scipy.optimize import least_squares

from common import noise, uniform, write_json

warnings.simplefilter('ignore')

NY, NX = 60, 80
SOURCES = [(20.0, 15.0), (50.0, 20.0), (33.0, 42.0), (64.0, 44.0), (2.0, 56.0), (70.0, 10.0)]


def scene():
    """Elliptical Moffat-like stars by formula (only + - * /), noise 1, and their errors."""
    y, x = np.mgrid[0:NY, 0:NX].astype(float)
    index = np.arange(NY * NX, dtype=np.uint64).reshape(NY, NX)
    data = noise(5, index)
    for i, (px, py) in enumerate(SOURCES):
        dx = x - (px + float(uniform(6, 2 * i)) - 0.5)
        dy = y - (py + float(uniform(6, 2 * i + 1)) - 0.5)
        q = 1.0 + (dx * dx + 0.5 * dx * dy + 1.5 * dy * dy) / (8.0 + 2.0 * i)
        data = data + (200.0 + 100.0 * i) / (q * q * q)
    error = 1.0 + 0.5 * uniform(7, index)
    mask = uniform(8, index) < 0.03
    bad = uniform(9, index) < 0.01
    data_nan = np.where(bad, np.nan, data)
    return data, error, mask, data_nan


def minimum_2d(data, error=None, mask=None):
    """The minimum of the 2-D fit next to photutils' answer."""
    good = np.isfinite(data) if mask is None else np.isfinite(data) & ~mask
    y, x = np.nonzero(good)
    d = data[good]
    w = 1.0 if error is None else 1.0 / error[good]
    start = centroid_2dg(data, error=error, mask=mask)

    def residual(p):
        a, x0, y0, pp, q, r = p
        dx, dy = x - x0, y - y0
        return w * (a * np.exp(-0.5 * (pp * dx * dx + 2 * q * dx * dy + r * dy * dy)) - d)

    f = least_squares(residual, [d.max(), *start, 0.3, 0.0, 0.3], method='lm', xtol=1e-15, ftol=1e-15, gtol=1e-15,
                      max_nfev=10000)
    assert np.hypot(*(f.x[1:3] - start)) < 0.01
    return f.x[1:3]


def minimum_1d(data, error=None, mask=None):
    bad = ~np.isfinite(data) if mask is None else ~np.isfinite(data) | mask
    d = np.where(bad, 0.0, data)
    start = centroid_1dg(data, error=error, mask=mask)
    out = []
    for axis in (0, 1):
        m = d.sum(axis=axis)
        w = np.ones(m.size) if error is None else 1 / np.sqrt((np.where(bad, 0.0, error) ** 2).sum(axis=axis))
        i = np.arange(m.size)
        f = least_squares(lambda p: w * (p[0] * np.exp(-0.5 * p[2] * (i - p[1]) ** 2) - m),
                          [m.max(), start[axis], 0.3], method='lm', xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=10000)
        assert abs(f.x[1] - start[axis]) < 0.01
        out.append(f.x[1])
    return out


def cutouts():
    data, error, mask, data_nan = scene()
    out = []
    for i, (px, py) in enumerate(SOURCES[:4]):
        s = np.s_[int(py) - 9:int(py) + 10, int(px) - 10:int(px) + 11]
        for kind in ('plain', 'error', 'mask', 'nan'):
            d = (data_nan if kind == 'nan' else data)[s]
            e = error[s] if kind == 'error' else None
            m = mask[s] if kind == 'mask' else None
            out.append({'x0': int(px) - 10, 'y0': int(py) - 9, 'kind': kind, 'com': centroid_com(d, mask=m),
                        'quadratic': centroid_quadratic(d, mask=m),
                        'quadratic_3x7': centroid_quadratic(d, mask=m, fit_boxsize=(3, 7)),
                        'g1': centroid_1dg(d, error=e, mask=m), 'g2': centroid_2dg(d, error=e, mask=m),
                        'g1_minimum': minimum_1d(d, e, m), 'g2_minimum': minimum_2d(d, e, m)})
    return out


def symmetry():
    """Cutouts of 4 to 33 pixels per side around and beside all sources, with the usual and other radii."""
    data, _, mask, data_nan = scene()
    out = []
    for i in range(240):
        u = [float(v) for v in uniform(21, 8 * i + np.arange(8))]
        ny, nx = 4 + int(18 * u[0]), 4 + int(18 * u[1])
        if i % 8 == 7:
            ny, nx = ny + 12, nx + 12
        px, py = SOURCES[int(6 * u[2])]
        far = 1.0 if i % 3 else 0.35
        x0 = int(px) - nx // 2 + int(far * (u[3] - 0.5) * nx)
        y0 = int(py) - ny // 2 + int(far * (u[4] - 0.5) * ny)
        x0, y0 = min(max(x0, 0), NX - nx), min(max(y0, 0), NY - ny)
        largest = (min(ny, nx) - 1) / 2
        radius = None if i % 2 else 1.0 + 0.95 * u[5] * (largest - 1.0)
        s = np.s_[y0:y0 + ny, x0:x0 + nx]
        kind = ('plain', 'plain', 'mask', 'nan')[int(4 * u[6])]
        if (radius or 0.3 * min(ny, nx)) < 1.0:
            radius = 1.0
        d = (data_nan if kind == 'nan' else data)[s]
        m = mask[s] if kind == 'mask' else None
        xy = centroid_symmetry(d, mask=m, radius=radius)
        # The search is not defined where rounding of the data turns it.
        wobble = [1.0 + 1e-15 * (uniform(30 + k, np.arange(d.size)).reshape(d.shape) - 0.5) for k in range(8)]
        if max(np.hypot(*(centroid_symmetry(d * w, mask=m, radius=radius) - xy)) for w in wobble) > 1e-7:
            print('left out:', i, kind, radius, xy)
            continue
        out.append({'x0': x0, 'y0': y0, 'ny': ny, 'nx': nx, 'kind': kind, 'radius': radius, 'xy': xy})
    return out


def sources():
    data, error, mask, _ = scene()
    x, y = np.array(SOURCES).T
    footprint = np.ones((9, 11), bool)
    footprint[:2, :3] = False
    out = {}
    for name, func in (('com', centroid_com), ('quadratic', centroid_quadratic),
                       ('symmetry', centroid_symmetry)):
        out[name] = centroid_sources(data, x, y, box_size=(9, 13), centroid_func=func)
        out[name + '_footprint'] = centroid_sources(data, x + 0.3, y - 0.4, footprint=footprint, mask=mask,
                                                    centroid_func=func)
    return out


if __name__ == '__main__':
    write_json('crates/centroids/tests/it/fixtures/centroids.json', {'cutouts': cutouts(), 'sources': sources(),
                                                                   'symmetry': symmetry()})
