"""Pixel integrals, light fractions and TAN coordinates for crates/simulation, from scipy and astropy.

gen_simulation.py ROOT
"""
import math

import numpy as np
from astropy.wcs import WCS
from common import write_json
from scipy.integrate import dblquad
from scipy.special import erfc, gamma, gammainc, gammaincinv

out = {'gaussian': [], 'moffat': [], 'sersic': [], 'wcs': []}


def pixel(f, x, y, points=None):
    """Integral of f over the pixel (x, y), in four parts."""
    total = 0.0
    for x0 in (x - 0.5, x):
        for y0 in (y - 0.5, y):
            total += dblquad(lambda v, u: f(u, v), x0, x0 + 0.5, y0, y0 + 0.5, epsabs=1e-13, epsrel=1e-12)[0]
    return total


for fwhm, cx, cy in [(3.0, 10.2, 9.7), (0.8, 10.0, 10.0), (6.0, 11.4, 9.1)]:
    s = fwhm / (2 * math.sqrt(2 * math.log(2)))

    def part(i, c):
        # On the positive side of the centre, where the complement keeps its digits far out.
        d = abs(i - c)
        return 0.5 * (erfc((d - 0.5) / (s * math.sqrt(2))) - erfc((d + 0.5) / (s * math.sqrt(2))))

    for x, y in [(10, 10), (11, 9), (13, 10), (10, 14)]:
        out['gaussian'].append({'fwhm': fwhm, 'center': [cx, cy], 'pixel': [x, y], 'value': part(x, cx) * part(y, cy)})

for fwhm, beta, cx, cy in [(3.2, 3.5, 20.3, 19.6), (2.0, 2.5, 20.0, 20.0), (5.0, 4.765, 19.8, 20.4)]:
    alpha = fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))
    norm = (beta - 1) / (math.pi * alpha ** 2)

    def f(u, v):
        return norm * (1 + ((u - cx) ** 2 + (v - cy) ** 2) / alpha ** 2) ** -beta

    for x, y in [(20, 20), (22, 19), (26, 20), (35, 30)]:
        out['moffat'].append({'fwhm': fwhm, 'beta': beta, 'center': [cx, cy], 'pixel': [x, y], 'value': pixel(f, x, y)})

for r_eff, n, q, theta, cx, cy in [(4.0, 1.0, 0.6, 0.5, 30.2, 29.7), (3.0, 4.0, 0.8, -1.0, 30.0, 30.0),
                                   (6.0, 2.5, 1.0, 0.0, 30.4, 30.1), (2.0, 0.6, 0.4, 1.3, 29.9, 30.3)]:
    b = gammaincinv(2 * n, 0.5)
    norm = b ** (2 * n) / (2 * math.pi * n * r_eff ** 2 * q * gamma(2 * n))
    c, s = math.cos(theta), math.sin(theta)

    def f(u, v):
        du, dv = u - cx, v - cy
        r = math.hypot(du * c + dv * s, (dv * c - du * s) / q)
        return norm * math.exp(-b * (r / r_eff) ** (1 / n))

    for x, y in [(31, 29), (33, 31), (38, 36)]:
        out['sersic'].append({'r_eff': r_eff, 'n': n, 'axis_ratio': q, 'theta': theta, 'center': [cx, cy], 'pixel': [x, y],
                              'value': pixel(f, x, y)})
    # The part of the light within 8 effective radii.
    out['sersic'][-1]['fraction'] = float(gammainc(2 * n, b * 8 ** (1 / n)))
    out['sersic'][-1]['b'] = float(b)

for shape, scale, angle, pointing in [((1024, 1024), 0.3, 12.0, (150.1163, 2.2058)), ((300, 500), 60.0, -70.0, (0.01, 85.0)),
                                      ((64, 32), 5.0, 180.0, (359.9, -60.0))]:
    w = WCS(naxis=2)
    w.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    w.wcs.crpix = [shape[1] / 2 + 0.5, shape[0] / 2 + 0.5]
    w.wcs.crval = pointing
    a = math.radians(angle)
    d = scale / 3600
    w.wcs.cd = [[-d * math.cos(a), d * math.sin(a)], [d * math.sin(a), d * math.cos(a)]]
    pix = [[0.0, 0.0], [10.5, 3.25], [shape[1] - 1.0, shape[0] - 1.0], [shape[1] / 2, shape[0] / 3]]
    out['wcs'].append({'shape': shape, 'scale': scale, 'angle': angle, 'pointing': pointing, 'pixels': pix,
                       'sky': w.all_pix2world(np.array(pix), 0)})

write_json('crates/simulation/tests/it/fixtures/models.json', out)
