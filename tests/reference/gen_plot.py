"""Intervals, stretches, norms and histograms of astropy.visualization and numpy, for crates/plot.

gen_plot.py ROOT
"""
import numpy as np
from astropy import visualization as v
from common import field, uniform, write_json

X = [float(x) for x in np.linspace(0.0, 1.0, 41)] + [-0.3, -0.001, 1.2]

STRETCHES = {
    'linear': v.LinearStretch(),
    'linear:1.5,-0.2': v.LinearStretch(1.5, -0.2),
    'sqrt': v.SqrtStretch(),
    'squared': v.SquaredStretch(),
    'power:0.4': v.PowerStretch(0.4),
    'power:3': v.PowerStretch(3),
    'powerdist': v.PowerDistStretch(),
    'powerdist:0.05': v.PowerDistStretch(0.05),
    'log': v.LogStretch(),
    'log:30': v.LogStretch(30),
    'asinh': v.AsinhStretch(),
    'asinh:0.02': v.AsinhStretch(0.02),
    'sinh': v.SinhStretch(1 / 3),
    'sinh:0.2': v.SinhStretch(0.2),
}


def images():
    """Name, (ny, nx, seed, stars, sigma), and the image; the last with NaN pixels and a mask by formula."""
    for name, ny, nx, seed, stars, sigma in [
        ('field', 120, 150, 11, 25, 3.0),
        ('small', 7, 9, 3, 1, 1.0),
        ('tiny', 1, 3, 4, 0, 1.0),
        ('holes', 90, 70, 21, 12, 5.0),
    ]:
        data = field(ny, nx, seed, stars, sigma)
        if name == 'holes':
            bad = uniform(99, np.arange(ny * nx)).reshape(ny, nx) < 0.2
            data = np.where(bad, np.nan, data)
        yield name, [ny, nx, seed, stars, sigma], data


INTERVALS = {
    'minmax': v.MinMaxInterval(),
    'zscale': v.ZScaleInterval(),
    'percentile:99.5': v.PercentileInterval(99.5),
    'percentile:73': v.PercentileInterval(73),
    'percentile:1,98.3': v.AsymmetricPercentileInterval(1, 98.3),
    '95,300': v.ManualInterval(95, 300),
}
ZSCALES = [
    dict(n_samples=200), dict(n_samples=100000), dict(contrast=0.1), dict(max_reject=0.05), dict(krej=1.2, max_iterations=9),
    dict(min_npixels=500, max_reject=0.0, krej=1.0), dict(contrast=0.0),
]

stretches = {}
for name, s in STRETCHES.items():
    with np.errstate(all='ignore'):
        stretches[name] = {'apply': s(np.array(X), clip=False), 'inverse': s.inverse(np.array(X), clip=False)}

fields = []
for name, parameters, data in images():
    finite = data[np.isfinite(data)]
    entry = {'name': name, 'field': parameters, 'holes': name == 'holes', 'intervals': {}, 'zscale': [], 'norms': [],
             'histeq': {}, 'histogram': {}}
    for text, interval in INTERVALS.items():
        entry['intervals'][text] = interval.get_limits(data)
    for k in ZSCALES:
        entry['zscale'].append({'config': k, 'limits': v.ZScaleInterval(**k).get_limits(data)})
    samples = [float(q) for q in np.linspace(finite.min() - 5, finite.max() + 5, 23)]
    for interval in ['zscale', 'percentile:99.5']:
        for stretch, s in STRETCHES.items():
            for clip in [False, True]:
                norm = v.ImageNormalize(data, interval=INTERVALS[interval], stretch=s, clip=clip)
                with np.errstate(all='ignore'):
                    out = np.asarray(norm(np.array(samples)))
                entry['norms'].append({'interval': interval, 'stretch': stretch, 'clip': clip, 'out': out})
    entry['samples'] = samples
    h = v.HistEqStretch(finite)
    unit = [float(x) for x in np.linspace(-0.1, 1.1, 31)]
    entry['histeq'] = {'x': unit, 'apply': h(np.array(unit), clip=False), 'inverse': h.inverse(np.array(unit), clip=False)}
    lo, hi = v.AsymmetricPercentileInterval(1, 98.3).get_limits(data)
    counts, edges = np.histogram(finite, bins=17, range=(lo, hi))
    entry['histogram'] = {'bins': 17, 'counts': counts, 'edges': edges, 'below': int((finite < lo).sum()),
                          'above': int((finite > hi).sum())}
    fields.append(entry)

write_json('crates/plot/tests/it/fixtures/visualization.json', {'x': X, 'stretches': stretches, 'fields': fields})
