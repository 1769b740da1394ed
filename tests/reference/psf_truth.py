"""Crowded-field photometry against the truth:

    psf_truth.py EVENLY.csv STARS DENSITY                            one field, on the screen
    psf_truth.py CLUSTER.csv cluster PHOTUTILS.csv [--write]         the cluster

The .csv are what crates/psf/examples/crowded_truth.rs printed for the same arguments. Prints tables of completeness, purity
and pulls by flux. PHOTUTILS.csv holds what IterativePSFPhotometry (mode new, four passes) finds in the middle of the cluster, and
is made, which takes minutes, if there is none. --write renews the tables and the plot of docs/accuracy.md.
"""
import os
import re
import sys
import time
import warnings

import numpy as np
from scipy.spatial import cKDTree

from common import noise, uniform

warnings.simplefilter('ignore')
FWHM = 2.5
EDGES = 60.0 * 2.0 ** np.arange(9)
STARS, SIDE, SCALE = 100_000, 4096, 1800.0
# Corner and side of the part for photutils, and the margin that is not compared.
CORNER, PART, MARGIN = 1898, 300, 10
COLUMNS = ['x', 'y', 'flux', 'x_err', 'y_err', 'flux_err']


def fluxes(n):
    return 60 / (0.003 + uniform(52, np.arange(n)))


def evenly(n, density):
    side = np.sqrt(n / density)
    return side * uniform(50, np.arange(n)), side * uniform(51, np.arange(n)), fluxes(n)


def cluster():
    middle = 0.5 * (SIDE - 1)
    most = middle * middle / (middle * middle + SCALE * SCALE)
    k = np.arange(STARS)
    u, angle = most * uniform(50, k), 2 * np.pi * uniform(51, k)
    r = SCALE * np.sqrt(u / (1 - u))
    return middle + r * np.cos(angle), middle + r * np.sin(angle), fluxes(STARS)


def part(x, y, flux):
    """The pixels of the middle of the cluster."""
    from photutils.psf import CircularGaussianPRF
    model = CircularGaussianPRF(fwhm=FWHM)
    at = np.arange(CORNER, CORNER + PART, dtype=np.uint64)
    data = noise(53, at[:, None] * np.uint64(SIDE) + at[None, :])
    for i in np.flatnonzero((abs(x - CORNER - PART / 2) < PART / 2 + 14) & (abs(y - CORNER - PART / 2) < PART / 2 + 14)):
        x0, y0 = (max(0, int(v) - CORNER - 12) for v in (x[i], y[i]))
        x1, y1 = (min(PART, int(v) - CORNER + 13) for v in (x[i], y[i]))
        if x1 > x0 and y1 > y0:
            yy, xx = np.mgrid[y0:y1, x0:x1].astype(float)
            data[y0:y1, x0:x1] += model.evaluate(xx, yy, flux[i], x[i] - CORNER, y[i] - CORNER, FWHM)
    return data


def photutils(data):
    from photutils.detection import DAOStarFinder
    from photutils.psf import CircularGaussianPRF, IterativePSFPhotometry
    start = time.process_time()
    phot = IterativePSFPhotometry(CircularGaussianPRF(fwhm=FWHM), (5, 5), finder=DAOStarFinder(4.0, FWHM),
                                  aperture_radius=3, maxiters=4, sub_shape=(21, 21))
    t = phot(data, error=np.ones(data.shape))
    good = np.isfinite(t['x_fit']) & np.isfinite(t['flux_err']) & (t['flux_fit'] > 3 * t['flux_err'])
    t = t[good]
    print(f'photutils: {time.process_time() - start:.0f} s of processor time', file=sys.stderr)
    out = {c: np.asarray(t[c if c.endswith('err') else f'{c}_fit'], float) for c in COLUMNS}
    return {**out, 'x': out['x'] + CORNER, 'y': out['y'] + CORNER}


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


def pulls(truth, found, own, stars):
    k = np.flatnonzero(stars & (own >= 0))
    every = [(found[c][own[k]] - t[k]) / found[f'{c}_err'][own[k]] for c, t in zip(('x', 'y', 'flux'), truth)]
    return [np.median(p) for p in every], [(np.quantile(p, 0.8413) - np.quantile(p, 0.1587)) / 2 for p in every]


def by_flux(truth, found, own, used, stars, sources):
    """Per bin of flux: lower and upper end, stars, completeness, purity, middle and width of the pulls."""
    rows = []
    for lo, hi in zip(EDGES[:-1], EDGES[1:]):
        mine = stars & (truth[2] >= lo) & (truth[2] < hi)
        theirs = sources & (found['flux'] >= lo) & (found['flux'] < hi)
        if mine.sum() >= 5:
            rows.append((lo, hi, mine.sum(), (own[mine] >= 0).mean(), used[theirs].mean() if theirs.any() else np.nan,
                         *pulls(truth, found, own, mine)))
    return rows


def three(values):
    return ', '.join(f'{v:.2f}' for v in values)


def magnitudes(lo, hi):
    return f'{25 - 2.5 * np.log10(hi):.2f} - {25 - 2.5 * np.log10(lo):.2f}'


def one_field(path, n, density):
    truth = evenly(n, density)
    found = read(path)
    own, used = match(*truth, found)
    everything = np.ones(n, bool)
    print('| flux | stars | completeness | purity | middle of pulls x, y, flux | width of pulls x, y, flux |\n|---|---|---|---|---|---|')
    for lo, hi, count, complete, pure, middle, width in by_flux(truth, found, own, used, everything, np.ones(len(used), bool)):
        print(f'| {lo:.0f}..{hi:.0f} | {count} | {complete:.3f} | {pure:.3f} | {three(middle)} | {three(width)} |')
    middle, width = pulls(truth, found, own, truth[2] > 240)
    print(f'\nabove a flux of 240: middle {three(middle)}; width {three(width)}')
    place = np.c_[truth[0], truth[1]]
    unseen = cKDTree(place[own < 0]).query(place)[0] < 4
    print(f'without a missed neighbour: width {three(pulls(truth, found, own, (truth[2] > 240) & ~unseen)[1])}')


def read(path):
    # genfromtxt would take the names from a comment.
    with open(path) as lines:
        table = np.genfromtxt((line for line in lines if not line.startswith('#')), delimiter=',', names=True)
    return {c: np.asarray(table[c], float) for c in COLUMNS}


def the_cluster(ours, theirs, write):
    truth = cluster()
    found = read(ours)
    if not os.path.exists(theirs):
        table = photutils(part(*truth))
        np.savetxt(theirs, np.c_[tuple(table[c] for c in COLUMNS)], '%.7e', ',', header=','.join(COLUMNS), comments='')
    peer = read(theirs)
    own, used = match(*truth, found)
    lines = ['| magnitude | stars | completeness | purity | middle of pulls x, y, flux | width |', '|---|---|---|---|---|---|']
    rows = by_flux(truth, found, own, used, np.ones(STARS, bool), np.ones(len(used), bool))
    for lo, hi, count, complete, pure, middle, width in rows[::-1]:
        lines.append(f'| {magnitudes(lo, hi)} | {count} | {complete:.3f} | {pure:.3f} | {three(middle)} | {three(width)} |')
    tree = cKDTree(np.c_[truth[0], truth[1]])
    alone = tree.query(np.c_[truth[0], truth[1]], k=2)[0][:, 1] > 4 * FWHM
    r = np.hypot(truth[0] - 0.5 * (SIDE - 1), truth[1] - 0.5 * (SIDE - 1))
    lines += ['', '| stars above a flux of 240 | number | found | middle of pulls x, y, flux | width |', '|---|---|---|---|---|']
    for name, which in (('nothing within 4 FWHM', alone), ('more than 1600 pixels from the middle', r > 1600), ('1000 - 1600 pixels', (r > 1000) & (r <= 1600)),
                        ('500 - 1000 pixels', (r > 500) & (r <= 1000)), ('0 - 500 pixels', r <= 500), ('all', r >= 0)):
        bright = which & (truth[2] > 240)
        middle, width = pulls(truth, found, own, bright)
        lines.append(f'| {name} | {bright.sum()} | {(own[bright] >= 0).mean():.3f} | {three(middle)} | {three(width)} |')

    def inside(x, y):
        return (abs(x - CORNER - PART / 2) < PART / 2 - MARGIN) & (abs(y - CORNER - PART / 2) < PART / 2 - MARGIN)
    stars = inside(truth[0], truth[1])
    theirs_own, theirs_used = match(*truth, peer)
    a = by_flux(truth, found, own, used, stars, inside(found['x'], found['y']))
    b = by_flux(truth, peer, theirs_own, theirs_used, stars, inside(peer['x'], peer['y']))
    lines += ['', f'The middle, {PART} x {PART} pixels, next to photutils:', '', '| magnitude | stars | completeness, photutils | purity, photutils | width of pulls of flux, photutils |', '|---|---|---|---|---|']
    for p, q in list(zip(a, b))[::-1]:
        lines.append(f'| {magnitudes(p[0], p[1])} | {p[2]} | {p[3]:.3f}, {q[3]:.3f} | {p[4]:.3f}, {q[4]:.3f} | {p[6][2]:.2f}, {q[6][2]:.2f} |')
    text = '\n'.join(lines)
    print(text)
    if write:
        path = '../../docs/accuracy.md'
        begin, end = '<!-- psf truth: begin (psf_truth.py --write) -->', '<!-- psf truth: end -->'
        old = open(path).read()
        new = re.sub(re.escape(begin) + '.*' + re.escape(end), lambda _: f'{begin}\n\n{text}\n\n{end}', old, flags=re.S)
        open(path, 'w').write(new)
        plot({'cluster': rows, 'its middle': a, 'its middle, photutils': b}, '../../docs/images/psf_crowded.png')


def plot(curves, path):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    fig, axes = plt.subplots(1, 3, figsize=(12, 3.5), sharex=True)
    for name, rows in curves.items():
        magnitude = [25 - 2.5 * np.log10(np.sqrt(r[0] * r[1])) for r in rows]
        for axis, values, title in zip(axes, ([r[3] for r in rows], [r[4] for r in rows], [r[6][2] for r in rows]),
                                       ('completeness', 'purity', 'width of pulls of flux')):
            axis.plot(magnitude, values, 'o-', label=name)
            axis.set(xlabel='magnitude', ylabel=title)
    axes[0].set_ylim(0, 1.03)
    axes[1].set_ylim(0, 1.03)
    axes[2].set_yscale('log')
    axes[2].axhspan(0.9, 1.15, color='0.9')
    axes[0].legend()
    fig.tight_layout()
    fig.savefig(path, dpi=90)


if __name__ == '__main__':
    if sys.argv[2] == 'cluster':
        the_cluster(sys.argv[1], sys.argv[3], '--write' in sys.argv)
    else:
        one_field(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
