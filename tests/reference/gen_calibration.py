"""Magnitudes, fluxes, zero points and CCD reduction of astropy, ccdproc and astroscrappy:
crates/calibration/tests/it/fixtures/*.json.
"""
import logging
import warnings

import astroscrappy
import numpy as np
from astropy import units as u
from astropy.modeling import models
from astropy.nddata import CCDData, StdDevUncertainty
from astropy.stats import SigmaClip, sigma_clip, sigma_clipped_stats
from ccdproc import (Combiner, create_deviation, flat_correct, gain_correct, subtract_dark, subtract_overscan)
from scipy.interpolate import PchipInterpolator

from common import field, noise, uniform, write_json

warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)


def fluxes():
    f = 10 ** np.linspace(-9, 2, 12)
    q = f * u.Jy
    lam = 4328.6 * u.AA
    flam = q.to(u.erg / u.s / u.cm**2 / u.AA, u.spectral_density(lam))
    return {'jansky': f, 'ab': q.to(u.ABmag).value, 'st': flam.to(u.STmag).value, 'flam': flam.value,
            'cgs': q.to(u.erg / u.s / u.cm**2 / u.Hz).value, 'pivot': lam.value,
            'mjysr': {'value': 0.31, 'sr': 2.8083e-13,
                      'jansky': (0.31 * u.MJy / u.sr * 2.8083e-13 * u.sr).to(u.Jy).value},
            'arcsec2': (1 * u.arcsec**2).to(u.sr).value}


def energy():
    r = np.array([0.5, 1.0, 1.7, 2.5, 4.0, 7.0, 12.0])
    e = np.array([0.08, 0.27, 0.52, 0.71, 0.84, 0.93, 0.985])
    x = np.linspace(0.5, 12, 40)
    return {'radius': r, 'fraction': e, 'x': x, 'linear': np.interp(x, r, e), 'pchip': PchipInterpolator(r, e)(x)}


def zero_points():
    out = []
    for seed, n, sigma, maxiters in ((1, 200, 2.0, 10), (2, 57, 5.0, 2), (3, 1000, 3.0, None), (4, 11, 2.0, 10)):
        i = np.arange(n)
        inst = -12 + 6 * uniform(seed, i)
        ref = inst + 24.75 + 0.05 * noise(seed + 10, i)
        ref[::9] += 3 * noise(seed + 20, i[::9])
        d = ref - inst
        mean, median, std = sigma_clipped_stats(d, sigma=sigma, maxiters=maxiters)
        kept = ~sigma_clip(d, sigma=sigma, maxiters=maxiters).mask
        err = 0.02 + 0.1 * uniform(seed + 30, i)
        weighted = np.average(d[kept], weights=1 / err[kept]**2)
        colour = 2 * uniform(seed + 40, i) - 0.5
        # One least-squares line through the kept sources, with numpy.
        (slope, value), cov = np.polyfit(colour[kept], d[kept], 1, cov=True)
        out.append({'seed': seed, 'n': n, 'sigma': sigma, 'maxiters': maxiters, 'mean': mean, 'median': median,
                    'std': std, 'kept': kept.tolist(), 'weighted': weighted,
                    'weighted_error': 1 / np.sqrt(np.sum(1 / err[kept]**2)),
                    'slope': slope, 'value': value, 'slope_error': np.sqrt(cov[0, 0]), 'value_error': np.sqrt(cov[1, 1])})
    return out


def ccd(seed, shape, unit='adu', level=100.0, with_error=True, with_mask=True):
    index = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape)
    c = CCDData(level + 20 * noise(seed, index), unit=unit)
    if with_error:
        c.uncertainty = StdDevUncertainty(1 + 3 * uniform(seed + 1, index))
    if with_mask:
        c.mask = uniform(seed + 2, index) < 0.1
    return c


def result(c):
    return {'data': c.data, 'error': None if c.uncertainty is None else c.uncertainty.array,
            'mask': None if c.mask is None else np.asarray(c.mask).astype(int), 'unit': str(c.unit)}


def arithmetic():
    shape, out = (6, 7), []
    for ea, eb, ma, mb, rho in ((1, 1, 1, 1, 0.0), (1, 1, 1, 0, 0.4), (1, 1, 0, 0, -0.9), (1, 0, 0, 1, 0.0),
                                (0, 1, 0, 0, 0.0), (0, 0, 1, 1, 0.0)):
        a, b = ccd(1, shape, 'adu', 100, ea, ma), ccd(5, shape, 'adu', 50, eb, mb)
        for name in ('add', 'subtract', 'multiply', 'divide'):
            r = getattr(a, name)(b, uncertainty_correlation=rho, propagate_uncertainties=True if ea or eb else None)
            out.append({'name': name, 'case': [ea, eb, ma, mb], 'rho': rho, **result(r)})
    a = ccd(1, shape)
    for name, q in (('add', 3 * u.adu), ('subtract', 3 * u.adu), ('multiply', -1.7 * u.electron / u.adu),
                    ('divide', -3.0 * u.s)):
        out.append({'name': name, 'scalar': q.value, 'scalar_unit': str(q.unit), **result(getattr(a, name)(q))})
    return out


def reduction():
    out = {}
    shape = (20, 18)
    raw = ccd(11, shape, 'adu', 300, False, False)
    raw.data[:, 13:] += np.linspace(0, 5, 20)[:, None]
    out['deviation'] = result(create_deviation(raw.copy(), gain=1.7 * u.electron / u.adu, readnoise=5 * u.electron))
    for name, kw in (('mean', {}), ('median', {'median': True}),
                     ('polynomial', {'median': True, 'model': models.Polynomial1D(2)}),
                     ('chebyshev', {'model': models.Chebyshev1D(3)})):
        out['overscan_' + name] = result(subtract_overscan(raw, fits_section='[14:18,:]', **kw))
    rows = raw.copy()
    out['overscan_rows'] = result(subtract_overscan(rows, fits_section='[:,18:20]', overscan_axis=0))
    a, dark = ccd(1, shape), ccd(5, shape, 'adu', 10)
    out['dark'] = result(subtract_dark(a, dark, data_exposure=30 * u.s, dark_exposure=12 * u.s, scale=True))
    out['gain'] = result(gain_correct(a, 2.1 * u.electron / u.adu))
    flat = ccd(21, shape, 'adu', 1000, True, False)
    out['flat'] = result(flat_correct(a, flat))
    out['flat_min'] = result(flat_correct(a, flat, min_value=990, norm_value=1003.0))
    return out


def stacks():
    out = []
    frames = [ccd(100 + k, (9, 8), 'adu', 100, False, False) for k in range(7)]
    frames[3].data[2:5, 2:6] += 900
    frames[5].data[0, 0] -= 700
    masks = [uniform(300 + k, np.arange(72, dtype=np.uint64).reshape(9, 8)) < 0.2 for k in range(7)]
    for name, masked, clips in (
            ('average', 0, []), ('median', 0, []), ('sum', 0, []), ('average', 1, []), ('median', 1, []), ('sum', 1, []),
            ('average', 0, [('sigma', 3, 2, 'mean', 'std', 1)]), ('average', 0, [('sigma', 2, 2, 'median', 'mad_std', 1)]),
            ('median', 0, [('sigma', 2, 2, 'median', 'std', 1)]), ('average', 0, [('extrema', 1, 2)]),
            ('sum', 0, [('minmax', 50, 140)])):
        f = [c.copy() for c in frames]
        if masked:
            for c, m in zip(f, masks):
                c.mask = m
        c = Combiner(f)
        for clip in clips:
            if clip[0] == 'sigma':
                c.sigma_clipping(low_thresh=clip[1], high_thresh=clip[2], func=clip[3], dev_func=clip[4])
            elif clip[0] == 'extrema':
                c.clip_extrema(nlow=clip[1], nhigh=clip[2])
            else:
                c.minmax_clipping(min_clip=clip[1], max_clip=clip[2])
        r = getattr(c, name + '_combine')()
        out.append({'name': name, 'masked': masked, 'clips': clips, **result(r)})
    c = Combiner(frames)
    c.weights = np.array([1, 2, 3, 0.5, 1, 2, 1.0])
    out.append({'name': 'average', 'masked': 0, 'clips': [], 'weights': c.weights.ravel(), **result(c.average_combine())})
    c = Combiner(frames)
    c.scaling = np.array([1, 2, 3, 0.5, 1, 2, 1.0])
    out.append({'name': 'median', 'masked': 0, 'clips': [], 'scale': c.scaling.ravel(), **result(c.median_combine())})
    return out


def hit_field(seed, ny, nx, n_stars, n_hits):
    """Stars on a sky with noise, and straight tracks of one to eight pixels, most with a weaker wing on one side."""
    data = field(ny, nx, seed, n_stars, 10.0)
    for k in range(n_hits):
        v = [float(uniform(seed + 5, 6 * k + j)) for j in range(6)]
        x, y, length = int(v[0] * nx), int(v[1] * ny), 1 + int(v[2] * 8)
        dx, dy = [(1, 0), (0, 1), (1, 1), (1, -1)][int(v[3] * 4)]
        peak = 150.0 + 3000.0 * v[4]
        for i in range(length):
            u_, w_ = x + i * dx, y + i * dy
            if 0 <= u_ < nx and 0 <= w_ < ny:
                data[w_, u_] += peak
                if v[5] < 0.6 and u_ + 1 < nx:
                    data[w_, u_ + 1] += 0.3 * peak
    return data


def gaussian(fwhm, size):
    y, x = np.mgrid[0:size, 0:size] - size // 2
    k = np.exp(-0.5 * (x**2 + y**2) / (fwhm / 2.3548200450309493)**2)
    return k / k.sum()


def cosmic_rays():
    out = []
    index = np.arange(150 * 180, dtype=np.uint64).reshape(150, 180)
    for case in ({}, {'sepmed': False}, {'sepmed': False, 'cleantype': 'medmask'}, {'cleantype': 'idw'},
                 {'gain': 2.0, 'readnoise': 8.0}, {'sigclip': 6.0, 'objlim': 2.0, 'sigfrac': 0.5},
                 {'satlevel': 2500.0}, {'fsmode': 'convolve'}, {'mask': 1}, {'background': 1}, {'variance': 1},
                 {'background': 1, 'variance': 1}, {'niter': 1}):
        data = hit_field(40, 150, 180, 25, 60)
        kw = {k: v for k, v in case.items() if k not in ('mask', 'background', 'variance')}
        if case.get('mask'):
            kw['inmask'] = uniform(50, index) < 0.01
        if case.get('background'):
            kw['inbkg'] = np.full(data.shape, 90.0, 'f4')
        if case.get('variance'):
            kw['invar'] = (data + 50.0).astype('f4')
        if case.get('fsmode'):
            kw['psfk'] = gaussian(2.5, 7).astype('f4')
        mask, clean = astroscrappy.detect_cosmics(data.astype('f4'), **kw)
        hits = np.flatnonzero(mask)
        out.append({'case': case, 'hits': hits, 'clean': clean.ravel()[hits]})
    return out


write_json('crates/calibration/tests/it/fixtures/flux.json',
           {'fluxes': fluxes(), 'energy': energy(), 'zero_points': zero_points()})
write_json('crates/calibration/tests/it/fixtures/ccd.json',
           {'arithmetic': arithmetic(), 'reduction': reduction(), 'stacks': stacks()})
write_json('crates/calibration/tests/it/fixtures/cosmic_rays.json', {'cases': cosmic_rays()})
