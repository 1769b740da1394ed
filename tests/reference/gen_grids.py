"""Overlap grids of photutils.geometry: cells of any size and shape."""
import numpy as np
from photutils.geometry import circular_overlap_grid, elliptical_overlap_grid, rectangular_overlap_grid

from common import uniform, write_json

cases = []
for i in range(150):
    u = [float(v) for v in uniform(61, 16 * i + np.arange(16))]
    nx, ny = 1 + int(14 * u[0]), 1 + int(14 * u[1])
    x0, y0 = -6.0 * u[2], -6.0 * u[3]
    square = i % 4 == 0
    x1 = x0 + (0.5 * nx if square else 0.1 + 9.0 * u[4])
    y1 = y0 + (0.5 * ny if square else 0.1 + 9.0 * u[5])
    a, b, theta = 0.05 + 4.0 * u[6], 0.05 + 4.0 * u[7], 12.0 * u[8] - 6.0
    if i % 5 == 0:
        a, theta, x0, y0 = float(np.ceil(a)), 0.0, float(np.floor(x0)), float(np.floor(y0))
    exact, n = ((1, 1), (0, 1), (0, 5))[i % 3]
    grid = (x0, x1, y0, y1, nx, ny)
    weights = [circular_overlap_grid(*grid, a, exact, n), elliptical_overlap_grid(*grid, a, b, theta, exact, n),
               rectangular_overlap_grid(*grid, a, b, theta, exact, n)]
    # Every weight once alone and once with its place.
    folded = [[float(w.sum()), float((w.ravel() * uniform(62, np.arange(w.size))).sum())] for w in weights]
    cases.append({'grid': grid, 'shape': (a, b, theta), 'exact': bool(exact), 'n': n, 'weights': folded})
write_json('crates/geometry/tests/it/fixtures/grids.json', {'cases': cases})
