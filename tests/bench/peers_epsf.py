"""photutils' side of the cases of epsf.rs."""
import warnings

import numpy as np

from common import noise, uniform

STARS, SIDE = 200, 560


def stars():
    from astropy.nddata import NDData
    from astropy.table import Table
    from photutils.psf import extract_stars
    image = 0.5 * noise(501, np.arange(SIDE * SIDE).reshape(SIDE, SIDE))
    rough = []
    for k in range(STARS):
        u = [float(v) for v in uniform(500, np.arange(5 * k, 5 * k + 5))]
        x, y, peak = 30.0 + 35.0 * (k % 14) + u[0], 30.0 + 35.0 * (k // 14) + u[1], 200.0 / (0.02 + u[2])
        j0, i0 = int(y) - 20, int(x) - 20
        j, i = np.mgrid[j0:j0 + 41, i0:i0 + 41].astype(float)
        dx, dy = i - x, j - y
        q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / 4.0
        image[j0:j0 + 41, i0:i0 + 41] += peak / (q * q * q)
        rough.append((x + 0.4 * (u[3] - 0.5), y + 0.4 * (u[4] - 0.5)))
    return extract_stars(NDData(image), Table(rows=rough, names=('x', 'y')), size=25)


def build(refinement):
    from photutils.psf import EPSFBuilder
    warnings.simplefilter('ignore')
    found = stars()
    builder = EPSFBuilder(center_accuracy=1e-12, refinement_iters=refinement, progress_bar=False)
    return lambda: {'epsf': builder(found).epsf.data.ravel()}


def cases():
    return {'epsf-10': lambda _: build(0), 'epsf-refined': lambda _: build(5)}
