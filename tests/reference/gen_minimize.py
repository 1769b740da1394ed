"""Fixtures of crates/fit: minima by scipy.optimize.minimize, and of functions whose minimum is known."""
import numpy as np
from scipy.optimize import minimize, rosen, rosen_der

from common import noise, uniform, write_json

N = 60
X = np.arange(N) * 0.25
MODEL = 5.0 * np.exp(-0.5 * ((X - 7.1) / 1.3) ** 2) + 2.0
Y = np.floor(np.maximum(MODEL + np.sqrt(MODEL) * noise(811, np.arange(N)), 0.0))
# outliers for the robust fit
Z = 1.0 + 0.5 * X + 0.2 * noise(812, np.arange(N)) + np.where(uniform(813, np.arange(N)) < 0.15, 8.0, 0.0)


def curve(p):
    return p[0] * np.exp(-0.5 * ((X - p[1]) / p[2]) ** 2) + p[3]


def cash(p):
    """Poisson likelihood (Cash 1979): no sum of squares."""
    m = curve(p)
    return 2.0 * np.sum(m - Y * np.log(m))


def lorentz(p):
    r = (Z - p[0] - p[1] * X) / 0.2
    return np.sum(np.log1p(0.5 * r * r))


def absolute(p):
    return np.sum(np.abs(Z - p[0] - p[1] * X))


def best(f, start, bounds=None):
    """The lowest of several of scipy's methods, polished."""
    found = []
    for method in (['BFGS', 'Nelder-Mead', 'Powell'] if bounds is None else ['L-BFGS-B', 'Nelder-Mead', 'Powell']):
        p = np.array(start)
        for _ in range(5):
            options = {'Nelder-Mead': {'xatol': 1e-12, 'fatol': 1e-13, 'maxiter': 100000, 'maxfev': 100000},
                       'Powell': {'xtol': 1e-12, 'ftol': 1e-15, 'maxiter': 100000},
                       'BFGS': {'gtol': 1e-10}, 'L-BFGS-B': {'ftol': 1e-16, 'gtol': 1e-12}}[method]
            r = minimize(f, p, method=method, bounds=bounds, options=options)
            p = r.x
        found.append((r.fun, list(p)))
    found.sort()
    return {'start': start, 'value': found[0][0], 'parameters': found[0][1]}


if __name__ == '__main__':
    rosenbrock = minimize(rosen, np.full(12, -0.7), jac=rosen_der, method='L-BFGS-B',
                          options={'ftol': 1e-18, 'gtol': 1e-13, 'maxiter': 100000, 'maxfun': 100000})
    write_json('crates/fit/tests/it/fixtures/minimize.json', {
        'x': X, 'y': Y, 'z': Z,
        'cash': best(cash, [3.0, 6.5, 1.0, 1.5]),
        'cash_bounded': best(cash, [3.0, 6.5, 1.0, 1.5], [(0.1, 4.0), (None, None), (0.1, 10.0), (2.2, None)]),
        'lorentz': best(lorentz, [0.8, 0.6]),
        'absolute': best(absolute, [0.8, 0.6]),
        'rosenbrock': {'value': float(rosenbrock.fun), 'parameters': rosenbrock.x},
    })
