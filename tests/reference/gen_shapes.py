"""2,000 apertures of every shape by formula: boxes, weights, sums, errors, areas and flags of photutils; the same
formulas are in crates/aperture/tests/it/shapes.rs.

Where weights of photutils that are nothing but rounding (below 1e-12) let bad pixels count, flags and error without
them are listed as noisy.
Sampled weights are kept as one whole number: the sum over all pixels of (samples inside) (index + 1).
"""
import sys
import warnings

import numpy as np
from astropy.stats import SigmaClip
from photutils.aperture import (AperturePhotometry, ApertureStats, CircularAnnulus, CircularAperture, EllipticalAnnulus,
                                EllipticalAperture, PolygonAperture, RectangularAnnulus, RectangularAperture)

from photutils.segmentation import SegmentationImage

from common import field, uniform, write_json

warnings.simplefilter('ignore')

N = 2000
NY, NX = 70, 80
NAMES = ['circle', 'circular_annulus', 'ellipse', 'elliptical_annulus', 'rectangle', 'rectangular_annulus', 'polygon']


def scene():
    """As in tests/it/scene.rs, dirty."""
    data = field(NY, NX, 41, 25, 2.0)
    index = np.arange(NY * NX).reshape(NY, NX)
    error = 1.0 + uniform(43, index)
    mask = uniform(44, index) < 0.02
    mask[20:30, 30:44] = True
    data[uniform(45, index) < 0.005] = np.nan
    data[uniform(46, index) < 0.002] = np.inf
    data[50:56, 10:17] = np.nan
    error[uniform(47, index) < 0.003] = np.nan
    error[uniform(48, index) < 0.001] = np.inf
    return data, error, mask


def shape(kind, i):
    u = [float(v) for v in uniform(700 + kind, 64 * i + np.arange(64))]
    x, y = u[0] * (NX + 30) - 15.5, u[1] * (NY + 30) - 15.5
    if i % 4 == 0:
        x, y = float(np.floor(x + 0.5)), float(np.floor(y + 0.5))
    elif i % 4 == 1:
        x = float(np.floor(x + 0.5)) + 0.5
        if i % 8 == 1:
            y = float(np.floor(y + 0.5)) + 0.5
    elif i % 16 == 2:
        x = 500.0 + 100.0 * u[0]
    s = 1e-3 + 200.0 * (u[2] * u[2]) * (u[2] * u[2])
    if i % 3 == 0 and s > 1.0:
        s = float(np.floor(2.0 * s)) / 2.0
    t = s * (0.02 + 0.98 * u[3])
    if i % 6 == 0 and t > 1.0:
        t = float(np.floor(2.0 * t)) / 2.0
    theta = 12.0 * u[4] - 6.0
    if i % 5 == 0:
        theta = float(np.floor(12.0 * u[4])) * 0.7853981633974483
    if i % 10 == 5:
        theta = 0.0
    f, g = 0.1 + 0.89 * u[5], 0.1 + 0.89 * u[6]
    p = (x, y)
    if kind == 0:
        return CircularAperture(p, s)
    if kind == 1:
        return CircularAnnulus(p, f * s, s)
    if kind == 2:
        return EllipticalAperture(p, s, t, theta)
    if kind == 3:
        return EllipticalAnnulus(p, f * s, s, t, b_in=g * t, theta=theta)
    if kind == 4:
        return RectangularAperture(p, s, t, theta)
    if kind == 5:
        return RectangularAnnulus(p, f * s, s, t, h_in=g * t, theta=theta)
    n = 3 + int(u[7] * 10.0)
    v = []
    for k in range(n):
        d = 4.0 * (k + 0.9 * u[10 + k]) / n
        r = s * (0.3 + 0.7 * u[30 + k])
        q = int(d)
        c, e = 1.0 - (d - q), d - q
        v.append([(c, e), (-e, c), (-c, -e), (e, -c)][q])
        v[-1] = (r * v[-1][0], r * v[-1][1])
    v = np.array(v)
    try:
        # Photutils says whether the edges cross.
        return PolygonAperture(p, np.floor(v + 0.5) if i % 4 == 0 else v)
    except ValueError:
        return PolygonAperture(p, v[::-1])


def cleaned(a, data, error, mask, w):
    """Flags and error, without weights that are rounding."""
    w = np.where(w < 1e-12, 0.0, w)
    large, small = a.to_mask().get_overlap_slices(data.shape)
    if large is None:
        return 1 | 4, float('nan')
    inside = w[small] > 0
    m, d, e = mask[large], np.isfinite(data[large]), error[large]
    good = inside & ~m & d
    flags = 2 * (w[small].shape != w.shape) | 8 * bool((inside & m).any()) | 16 * bool((inside & ~m & ~d).any())
    flags |= 32 * bool((~np.isfinite(e[good])).any()) | 256 * bool(inside.any() and not good.any())
    if not inside.any():
        return 1 | 4, float('nan')
    return int(flags), short(np.sqrt(((w[small] * e)[good]**2).sum()))


def short(v):
    return float(f"{getattr(v, 'value', v):.11g}")


def columns(kind):
    data, error, mask = scene()
    out = {k: [] for k in ['bbox', 'mixed', 'flux', 'flux_err', 'area', 'flags', 'center', 'center_flux', 'center_flags',
                           'subpixel', 'subpixel_flux', 'subpixel_flags']}
    few, noisy = [], []
    for i in range(N):
        a = shape(kind, i)
        b = a.bbox
        out['bbox'] += [b.ixmin, b.ixmax, b.iymin, b.iymax]
        for method, n in ('exact', 5), ('center', 1), ('subpixel', 5):
            w = a.to_mask(method=method, subpixels=n).data
            phot = AperturePhotometry(data, a, error=error, mask=mask, method=method, subpixels=n)
            index = np.arange(w.size)
            pre = '' if method == 'exact' else method + '_'
            out[pre + 'flux'].append(short(phot.flux))
            out[pre + 'flags'].append(int(phot.flags))
            if method == 'exact':
                if ((w > 0) & (w < 1e-12)).any():
                    c = cleaned(a, data, error, mask, w)
                    if c[0] != out['flags'][-1] or (c[1] != c[1]) != (phot.flux_err != phot.flux_err):
                        noisy.append([i, *c])
                out['mixed'].append(short((w.ravel() * uniform(5, index)).sum()))
                out['flux_err'].append(short(phot.flux_err))
                out['area'].append(short(phot.area))
                if i % 20 == 7 and w.size < 130:
                    few.append([i, [float(f'{v:.12f}') for v in w.ravel()]])
            else:
                count = np.rint(w.ravel() * (n * n)).astype(np.int64)
                out[method].append(int((count * (index + 1)).sum()))
    return {**out, 'weights': few, 'noisy': noisy}


STATISTICS = ['x_centroid', 'y_centroid', 'sum', 'sum_err', 'sum_aper_area', 'center_aper_area', 'min', 'max', 'mean',
              'mean_err', 'median', 'mode', 'std', 'mad_std', 'biweight_location', 'biweight_midvariance', 'fwhm',
              'semimajor_axis', 'semiminor_axis', 'orientation', 'gini', 'flags']


def folded(cut):
    """Number of pixels that count and a sum that tells their places; NaN without a cutout."""
    if cut is None:
        return [0, 0.0]
    v = np.ma.masked_invalid(cut)
    index = np.arange(1, v.size + 1).reshape(v.shape)
    return [int((~np.ma.getmaskarray(v)).sum()), float((v * index).sum()) if v.count() else 0.0]


def neighbors():
    """Sources by formula in a segmentation image, and what is left of them by every method."""
    data, error, mask = scene()
    y, x = np.mgrid[0:NY, 0:NX]
    labels = np.zeros((NY, NX), np.int32)
    for k in range(1, 40):
        cx, cy = uniform(801, 4 * k) * NX, uniform(801, 4 * k + 1) * NY
        labels[(x - cx)**2 + (y - cy)**2 < (2.0 + 5.0 * uniform(801, 4 * k + 2))**2] = k
    segments = SegmentationImage(labels)
    n = 120
    index = np.arange(n)
    positions = np.c_[uniform(802, 2 * index) * (NX + 8) - 4.5, uniform(802, 2 * index + 1) * (NY + 8) - 4.5]
    positions[::5] = np.floor(positions[::5]) + 0.5
    known = segments.labels
    own = np.array([known[int(v * len(known))] for v in uniform(803, index)])
    own[::7] = 0
    cx, cy = np.clip(positions.astype(int), 0, [NX - 1, NY - 1]).T
    here = labels[cy, cx]
    own[(index % 2 == 1) & (here > 0)] = here[(index % 2 == 1) & (here > 0)]
    cases = []
    shapes = [CircularAperture(positions, 4.2), EllipticalAperture(positions, 9.0, 4.0, 0.7),
              PolygonAperture(positions, [(-2.0, -3.0), (9.0, 1.0), (1.0, 6.0)])]
    for k, a in enumerate(shapes):
        for how in ('mask', 'correct', 'source_only', 'background_only'):
            for method, m in ('exact', 5), ('center', 1):
                p = AperturePhotometry(data, a, error=error, mask=mask, method=method, subpixels=m,
                                       segmentation_image=segments, labels=own, mask_method=how)
                cases.append({'shape': k, 'how': how, 'method': method, 'flux': p.flux, 'flux_err': p.flux_err,
                              'area': p.area, 'flags': p.flags})
    write_json('crates/aperture/tests/it/fixtures/neighbors.json',
               {'labels': labels.ravel(), 'positions': positions, 'own': own, 'cases': cases})
    statistics = []
    for k, a in enumerate(shapes):
        some = slice(k, n, 4)
        for how in ('mask', 'correct', 'source_only', 'background_only'):
            clip = SigmaClip(2.0, maxiters=5) if (k + len(how)) % 2 else None
            st = ApertureStats(data, a[some], error=error, mask=mask, sum_method='exact' if k else 'subpixel',
                               sigma_clip=clip, segmentation_image=segments, labels=own[some], mask_method=how)
            columns = {c: [float(f'{v:.13g}') for v in np.asarray(getattr(getattr(st, c), 'value', getattr(st, c)))]
                       for c in STATISTICS}
            cuts = [[folded(getattr(st, c)[i]) for c in ('data_cutout', 'data_sum_cutout', 'error_sum_cutout')]
                    for i in range(0, 30, 3)]
            statistics.append({'shape': k, 'how': how, 'clip': clip is not None, **columns, 'cutouts': cuts})
    write_json('crates/aperture/tests/it/fixtures/neighbor_stats.json', {'cases': statistics})


if len(sys.argv) < 3 or 'neighbors' in sys.argv[2:]:
    neighbors()
for kind, name in enumerate(NAMES):
    if len(sys.argv) < 3 or name in sys.argv[2:]:
        write_json(f'crates/aperture/tests/it/fixtures/shapes_{name}.json', columns(kind))
