"""Crowded-field photometry against the truth: psf_truth.py OURS.csv STARS DENSITY [--photutils] [--plot FILE.png]

OURS.csv is what crates/psf/examples/crowded_truth.rs printed for the same STARS and DENSITY. Prints a table of
completeness, purity and pulls by flux; with --photutils the same of IterativePSFPhotometry (mode new, four passes).
"""
import argparse
import sys
import time
import warnings

import numpy as np
from scipy.spatial import cKDTree

from common import noise, uniform

warnings.simplefilter('ignore')
FWHM = 2.5
EDGES = 60.0 * 2.0 ** np.arange(9)


def field(n, density):
    side = np.sqrt(n / density)
    x, y, flux = side * uniform(50, np.arange(n)), side * uniform(51, np.arange(n)), 60 / (0.003 + uniform(52, np.arange(n)))
    return x, y, flux, int(side) + 1


def image(x, y, flux, size):
    from photutils.psf import CircularGaussianPRF
    model = CircularGaussianPRF(fwhm=FWHM)
    data = noise(53, np.arange(size * size, dtype=np.uint64).reshape(size, size))
    for i in range(len(x)):
        x0, y0 = max(0, int(x[i]) - 12), max(0, int(y[i]) - 12)
        yy, xx = np.mgrid[y0:min(size, y0 + 25), x0:min(size, x0 + 25)].astype(float)
        data[y0:y0 + 25, x0:x0 + 25] += model.evaluate(xx, yy, flux[i], x[i], y[i], FWHM)
    return data


def photutils(data):
    from photutils.detection import DAOStarFinder
    from photutils.psf import CircularGaussianPRF, IterativePSFPhotometry
    start = time.time()
    phot = IterativePSFPhotometry(CircularGaussianPRF(fwhm=FWHM), (5, 5), finder=DAOStarFinder(4.0, FWHM),
                                  aperture_radius=3, maxiters=4, sub_shape=(21, 21))
    t = phot(data, error=np.ones(data.shape))
    good = np.isfinite(t['x_fit']) & np.isfinite(t['flux_err']) & (t['flux_fit'] > 3 * t['flux_err'])
    t = t[good]
    print(f'photutils: {time.time() - start:.1f} s', file=sys.stderr)
    return {'x': t['x_fit'], 'y': t['y_fit'], 'flux': t['flux_fit'], 'x_err': t['x_err'], 'y_err': t['y_err'], 'flux_err': t['flux_err']}


def match(x, y, flux, found):
    """The found source of each star (-1: none): within half a FWHM and 0.75 mag, the brightest star choosing first."""
    tree = cKDTree(np.c_[found['x'], found['y']])
    out, used = np.full(len(x), -1), np.zeros(len(found['x']), bool)
    for k in np.argsort(-flux):
        d, near = tree.query([x[k], y[k]], k=min(6, len(used)), distance_upper_bound=0.5 * FWHM)
        for i in np.atleast_1d(near):
            if i < len(used) and not used[i] and abs(2.5 * np.log10(max(found['flux'][i], 1e-9) / flux[k])) < 0.75:
                out[k], used[i] = i, True
                break
    return out, used


def table(name, x, y, flux, found):
    found = {k: np.asarray(v, float) for k, v in found.items()}
    own, used = match(x, y, flux, found)
    rows = []
    print(f'\n{name}: {len(used)} sources\n')
    print('| flux | stars | completeness | purity | mean pull x, y, flux | width of pull x, y, flux |')
    print('|---|---|---|---|---|---|')
    for lo, hi in zip(EDGES[:-1], EDGES[1:]):
        stars = (flux >= lo) & (flux < hi)
        sources = (found['flux'] >= lo) & (found['flux'] < hi)
        if stars.sum() < 5:
            continue
        k = np.flatnonzero(stars & (own >= 0))
        pulls = [(found[c][own[k]] - t[k]) / found[f'{c}_err'][own[k]] for c, t in (('x', x), ('y', y), ('flux', flux))]
        middle = [np.median(p) for p in pulls]
        width = [(np.quantile(p, 0.8413) - np.quantile(p, 0.1587)) / 2 for p in pulls]
        purity = used[sources].mean() if sources.any() else np.nan
        text = ', '.join
        print(f'| {lo:.0f}..{hi:.0f} | {stars.sum()} | {len(k) / stars.sum():.3f} | {purity:.3f} | '
              f'{text(f"{v:.2f}" for v in middle)} | {text(f"{v:.2f}" for v in width)} |')
        rows.append((np.sqrt(lo * hi), len(k) / stars.sum(), purity))
    k = np.flatnonzero((own >= 0) & (flux > 240))
    every = [(found[c][own[k]] - t[k]) / found[f'{c}_err'][own[k]] for c, t in (('x', x), ('y', y), ('flux', flux))]
    print('\nabove a flux of 240: median pulls ' + ', '.join(f'{np.median(p):.3f}' for p in every) + '; widths '
          + ', '.join(f'{(np.quantile(p, 0.8413) - np.quantile(p, 0.1587)) / 2:.3f}' for p in every))
    return np.array(rows)


def main():
    a = argparse.ArgumentParser()
    a.add_argument('ours')
    a.add_argument('stars', type=int)
    a.add_argument('density', type=float)
    a.add_argument('--photutils', action='store_true')
    a.add_argument('--plot')
    a = a.parse_args()
    x, y, flux, size = field(a.stars, a.density)
    ours = np.genfromtxt(a.ours, delimiter=',', names=True, skip_header=1)
    rows = {'skyphot': table('skyphot', x, y, flux, {n: ours[n] for n in ours.dtype.names})}
    if a.photutils:
        rows['photutils'] = table('photutils', x, y, flux, photutils(image(x, y, flux, size)))
    if a.plot:
        import matplotlib
        matplotlib.use('Agg')
        import matplotlib.pyplot as plt
        fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharex=True)
        for name, r in rows.items():
            for axis, column, title in ((axes[0], 1, 'completeness'), (axes[1], 2, 'purity')):
                axis.plot(r[:, 0], r[:, column], 'o-', label=name)
                axis.set(xscale='log', xlabel='flux (noise per pixel 1)', ylabel=title, ylim=(0, 1.03))
        axes[0].legend()
        fig.tight_layout()
        fig.savefig(a.plot, dpi=90)


if __name__ == '__main__':
    main()
