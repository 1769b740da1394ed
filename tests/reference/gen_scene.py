"""Galaxies seen through a PSF: astropy's Sersic2D and Gaussian2D or Moffat2D on a grid of 25 x 25 points per pixel, folded by
scipy's fftconvolve and summed over the pixels."""
import math
import sys

import numpy as np
from astropy.modeling.models import Gaussian2D, Moffat2D, Sersic2D
from scipy.signal import fftconvolve
from scipy.special import gamma, gammaincinv

from common import write_json

K = 25  # points per pixel, each way
HALF = 20  # the PSF reaches so many pixels
SHAPE = (41, 47)
# The galaxy is drawn on squares of a pixel, counted from its centre, whose centres lie
# within so many half-light radii, times the root of the index.
REACH = 8.0


def axis(n):
    """Places of the points of n pixels and of HALF pixels before and after."""
    return (np.arange((n + 2 * HALF) * K) + 0.5) / K - 0.5 - HALF


def psf(kind):
    u = (np.arange((2 * HALF + 1) * K) - (K * (2 * HALF + 1) - 1) / 2) / K
    x, y = np.meshgrid(u, u)
    if kind[0] == 'gaussian':
        s = kind[1] / (2 * math.sqrt(2 * math.log(2)))
        model = Gaussian2D(1 / (2 * math.pi * s * s), 0, 0, s, s)
    else:
        alpha = kind[1] / (2 * math.sqrt(2 ** (1 / kind[2]) - 1))
        model = Moffat2D((kind[2] - 1) / (math.pi * alpha ** 2), 0, 0, alpha, kind[2])
    # From anywhere in one cell to anywhere in another: the mean of these nine has the variance of that, 1/6 of a cell squared.
    shifts = np.array([-0.5, 0.0, 0.5]) / K
    return sum(model(x + a, y + b) for a in shifts for b in shifts) / 9 / K ** 2


def galaxy(x0, y0, flux, r_eff, n, q, theta):
    b = gammaincinv(2 * n, 0.5)
    total = 2 * math.pi * n * r_eff ** 2 * q * math.exp(b) * b ** (-2 * n) * gamma(2 * n)
    model = Sersic2D(flux / total, r_eff, n, x0, y0, 1 - q, math.radians(theta))
    ax, ay = axis(SHAPE[1]), axis(SHAPE[0])
    x, y = np.meshgrid(ax, ay)
    g = model(x, y)
    # Means of many points in the cells around the centre, where the brightness changes within a cell.
    i, j = int(np.argmin(abs(ax - x0))), int(np.argmin(abs(ay - y0)))
    for near, m in ((30, 11), (4, 301)):
        d = ((np.arange(m) + 0.5) / m - 0.5) / K
        for row in range(j - near, j + near + 1):
            for col in range(i - near, i + near + 1):
                u, v = np.meshgrid(ax[col] + d, ay[row] + d)
                g[row, col] = model(u, v).mean()
    # Whole squares.
    c, s = math.cos(math.radians(theta)), math.sin(math.radians(theta))
    px, py = np.round(x - x0), np.round(y - y0)
    inside = np.hypot(px * c + py * s, (py * c - px * s) / q) <= REACH * r_eff * math.sqrt(max(n, 1))
    return g * inside / K ** 2


out = []
for kind, parameters in [
    (('gaussian', 2.5), (22.3, 19.6, 1000.0, 3.0, 1.0, 0.5, 30.0)),
    (('gaussian', 2.0), (24.0, 20.0, 1000.0, 2.0, 4.0, 0.8, 110.0)),
    (('moffat', 3.0, 2.5), (20.6, 22.2, 1000.0, 4.0, 2.5, 0.3, -20.0)),
    (('moffat', 4.0, 4.765), (3.4, 37.9, 1000.0, 1.2, 0.6, 1.0, 0.0)),
]:
    g = galaxy(*parameters)
    fine = fftconvolve(g, psf(kind), mode='same')
    ny, nx = SHAPE[0] + 2 * HALF, SHAPE[1] + 2 * HALF
    image = fine.reshape(ny, K, nx, K).sum(axis=(1, 3))[HALF:-HALF, HALF:-HALF]
    out.append({'psf': kind[0] + ':' + ','.join(str(v) for v in kind[1:]), 'box': 2 * HALF + 1,
                'parameters': parameters, 'shape': SHAPE,
                'image': [float(f'{v:.6g}') for v in image.ravel()]})

write_json('crates/pipeline/tests/it/fixtures/scene.json', {'galaxies': out})
