"""Fixtures of crates/fit: constrained fits by scipy (bounds) and astropy (fixed and tied parameters)."""
import warnings

import numpy as np
from astropy.modeling import models
from astropy.modeling.fitting import TRFLSQFitter
from scipy.optimize import least_squares

from common import noise, uniform, write_json

warnings.simplefilter('ignore')

X = np.arange(40) * 0.25
SIGMA = 0.05 + 0.1 * uniform(701, np.arange(40))
Y = 3.0 * np.exp(-0.5 * ((X - 4.2) / 1.1) ** 2) + 0.6 + 0.1 * X + SIGMA * noise(700, np.arange(40))


def curve(p):
    return p[0] * np.exp(-0.5 * ((X - p[1]) / p[2]) ** 2) + p[3] + p[4] * X


def jacobian(p):
    e = np.exp(-0.5 * ((X - p[1]) / p[2]) ** 2)
    u = (X - p[1]) / p[2]
    return np.array([e, p[0] * e * u / p[2], p[0] * e * u * u / p[2], np.ones_like(X), X]).T


def run(name, constraints):
    """Free parameters q; p = A q + b. A parameter at its limit at the end has no variance, as in our fits it is given
    the variance of the unconstrained equations."""
    start = np.array([2.0, 4.0, 1.5, 0.5, 0.0])
    free = [i for i, c in enumerate(constraints) if c[0] in ('free', 'bounded')]
    a, b = np.zeros((5, len(free))), np.zeros(5)
    for i, c in enumerate(constraints):
        if i in free:
            a[i, free.index(i)] = 1
        elif c[0] == 'fixed':
            b[i] = start[i]
    for i, c in enumerate(constraints):
        if c[0] == 'tied':
            a[i] = c[2] * a[c[1]]
            b[i] = c[2] * b[c[1]] + c[3]
    lower = [constraints[i][1] if constraints[i][0] == 'bounded' else -np.inf for i in free]
    upper = [constraints[i][2] if constraints[i][0] == 'bounded' else np.inf for i in free]
    q0 = np.clip(start[free], lower, upper)
    inner = np.where(np.isfinite(lower) & (q0 <= lower), q0 + 1e-3, q0)
    r = least_squares(lambda q: (curve(a @ q + b) - Y) / SIGMA, inner, jac=lambda q: (jacobian(a @ q + b) / SIGMA[:, None]) @ a,
                      bounds=(lower, upper), ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=2000)
    q = np.clip(r.x, lower, upper)
    j = (jacobian(a @ q + b) / SIGMA[:, None]) @ a
    cov = a @ np.linalg.inv(j.T @ j) @ a.T
    return {'name': name, 'constraints': [list(c) for c in constraints], 'parameters': a @ q + b,
            'chi2': float(np.sum(((curve(a @ q + b) - Y) / SIGMA) ** 2)), 'covariance': cov.ravel()}


def astropy_tied():
    """The same with astropy's own machinery: the level tied to the amplitude, the width fixed."""
    g = models.Gaussian1D(2.0, 4.0, 1.1) + models.Linear1D(0.0, 0.5)
    g.stddev_0.fixed = True
    g.intercept_1.tied = lambda m: 0.2 * m.amplitude_0
    fitter = TRFLSQFitter(calc_uncertainties=True)
    f = fitter(g, X, Y, weights=1 / SIGMA, maxiter=2000, acc=1e-15,
               # with analytic derivatives astropy forgets what a tie adds to them
               estimate_jacobian=True)
    return {'parameters': [f.amplitude_0.value, f.mean_0.value, f.stddev_0.value, f.intercept_1.value, f.slope_1.value]}


if __name__ == '__main__':
    free = ('free',)
    cases = [run('free', [free] * 5),
             run('fixed', [free, ('fixed',), free, free, ('fixed',)]),
             run('bounds', [('bounded', 0.0, 2.5), free, ('bounded', 0.5, 10.0), free, ('bounded', 0.0, 1.0)]),
             run('tied', [free, free, free, ('tied', 0, 0.2, 0.05), free]),
             run('all', [('bounded', 0.0, 10.0), ('fixed',), ('tied', 0, 0.3, 0.1), ('bounded', 0.7, 0.9), free])]
    write_json('crates/fit/tests/it/fixtures/constrained.json',
               {'x': X, 'y': Y, 'sigma': SIGMA, 'cases': cases, 'astropy': astropy_tied()})
