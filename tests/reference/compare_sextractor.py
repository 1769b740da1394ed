"""Compares detection and photometry with SExtractor 2.25 on a field whose truth is known: the tables and the plot of
docs/accuracy.md.

    compare_sextractor.py PROGRAM FIELD TRUTH [--write ROOT]

PROGRAM is the example `sextractor_columns` of skyphot-segmentation, FIELD and TRUTH are `field4k.fits` and
`field4k_truth.ecsv` of the benchmark's inputs. Both use a background of 64 x 64 boxes with a 3 x 3 filter (ours is that of
photutils, to 1e-10), the same kernel, the threshold that SExtractor found, 5 pixels, 32 levels and the same contrast;
SExtractor's CLEAN is off. Exits with an error if an agreement that docs/accuracy.md states does not hold, if fewer sources
are found at any magnitude, or if more of them are not real than counting errors explain.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from astropy.io import fits
from astropy.table import Table
from photutils.background import Background2D, SExtractorBackground, StdBackgroundRMS
from scipy.spatial import cKDTree

FRACTIONS = [0.2, 0.5, 0.9]
CONV = '/usr/share/source-extractor/gauss_3.0_5x5.conv'
PARAMS = ['NUMBER', 'X_IMAGE', 'Y_IMAGE', 'XWIN_IMAGE', 'YWIN_IMAGE', 'A_IMAGE', 'B_IMAGE', 'THETA_IMAGE', 'FLUX_ISO',
          'FLUX_ISOCOR', 'FLUX_AUTO', 'FLUX_PETRO', 'KRON_RADIUS', 'PETRO_RADIUS', 'FLUX_RADIUS(3)', 'ISOAREA_IMAGE', 'ISOAREAF_IMAGE',
          'FLUX_MAX', 'THRESHOLD', 'FLAGS'] + [f'ISO{k}' for k in range(8)]


def source_extractor(d, field, contrast):
    conf = dict(CATALOG_TYPE='FITS_1.0', CATALOG_NAME=f'{d}/sex.fits', PARAMETERS_NAME=f'{d}/sex.param',
                DETECT_MINAREA=5, DETECT_THRESH=1.5, ANALYSIS_THRESH=1.5, FILTER='Y', FILTER_NAME=CONV,
                DEBLEND_NTHRESH=32, DEBLEND_MINCONT=contrast, CLEAN='N', MASK_TYPE='CORRECT', PHOT_APERTURES='6,20',
                PHOT_AUTOPARAMS='2.5,3.5', PHOT_PETROPARAMS='2.0,3.5',
                PHOT_FLUXFRAC=','.join(map(str, FRACTIONS)), SATUR_LEVEL=60000.0, GAIN=1.0, PIXEL_SCALE=1,
                SEEING_FWHM=3.0, STARNNW_NAME='/usr/share/source-extractor/default.nnw', BACK_SIZE=64,
                BACK_FILTERSIZE=3, BACKPHOTO_TYPE='GLOBAL', MEMORY_OBJSTACK=30000, MEMORY_PIXSTACK=3000000,
                MEMORY_BUFSIZE=4096, VERBOSE_TYPE='QUIET', WRITE_XML='N', CHECKIMAGE_TYPE='NONE')
    with open(f'{d}/sex.conf', 'w') as f:
        f.writelines(f'{k} {v}\n' for k, v in conf.items())
    with open(f'{d}/sex.param', 'w') as f:
        f.write('\n'.join(PARAMS) + '\n')
    subprocess.run(['source-extractor', f'{field}[0]', '-c', f'{d}/sex.conf'], check=True)
    return {k: np.asarray(v, float) for k, v in Table.read(f'{d}/sex.fits').items()}


def skyphot(d, program, field, threshold, contrast):
    data = fits.getdata(field, 0).astype(np.float32)
    error = fits.getdata(field, 'ERR').astype(np.float32)
    back = Background2D(data, 64, filter_size=3, exclude_percentile=50, bkg_estimator=SExtractorBackground(),
                        bkg_rms_estimator=StdBackgroundRMS())
    (data - back.background).astype('<f4').tofile(f'{d}/data.bin')
    error.astype('<f4').tofile(f'{d}/error.bin')
    task = {'ny': data.shape[0], 'nx': data.shape[1], 'threshold': threshold, 'kernel': open(CONV).read(),
            'n_pixels': 5, 'n_levels': 32, 'contrast': contrast, 'contrast_method': 'basin',
            'fractions': FRACTIONS}
    with open(f'{d}/task.json', 'w') as f:
        json.dump(task, f)
    subprocess.run([program, d], check=True)
    out = {n[:-4]: np.fromfile(f'{d}/out/{n}') for n in os.listdir(f'{d}/out')}
    radii = [out.pop('FLUX_RADIUS'), *(out.pop(f'FLUX_RADIUS_{f}') for f in FRACTIONS[1:])]
    return {**out, 'FLUX_RADIUS': np.transpose(radii)}


def places(c):
    return np.c_[c['X_IMAGE'], c['Y_IMAGE']]


def mutual(a, b, radius):
    """Pairs that are each other's nearest within a radius."""
    da, ia = cKDTree(b).query(a, distance_upper_bound=radius)
    _, ib = cKDTree(a).query(b, distance_upper_bound=radius)
    i = np.flatnonzero(np.isfinite(da))
    i = i[ib[ia[i]] == i]
    return i, ia[i]


def agreement(ours, sex):
    """Rows of (quantity, sources, median, 16 %, 84 %, limit of the median) for sources with as many pixels."""
    i, j = mutual(places(ours), places(sex), 1.0)
    alike = ours['ISOAREAF_IMAGE'][i] == sex['ISOAREAF_IMAGE'][j]
    i, j = i[alike], j[alike]
    rows = []

    def add(name, v, limit, keep=None):
        v = v[np.isfinite(v) if keep is None else np.isfinite(v) & keep]
        p = np.percentile(v, [50, 16, 84])
        rows.append((name, len(v), *p, limit))

    bright = sex['FLUX_AUTO'][j] > 2000
    alone = (sex['FLAGS'][j].astype(int) & 3) == 0
    distance = np.hypot(ours['XWIN_IMAGE'][i] - sex['XWIN_IMAGE'][j], ours['YWIN_IMAGE'][i] - sex['YWIN_IMAGE'][j])
    add('distance of the windowed positions, px', distance, 0.02)
    add('the same, above 2000', distance, 0.005, bright)
    with np.errstate(all='ignore'):
        ratio = lambda k: ours[k][i] / sex[k][j] - 1  # noqa: E731
        for k, limit in (('FLUX_AUTO', 0.002), ('FLUX_ISO', 0.0005), ('FLUX_ISOCOR', 0.0005), ('FLUX_PETRO', 0.01),
                         ('KRON_RADIUS', 0.001), ('A_IMAGE', 0.0005), ('B_IMAGE', 0.0005), ('ISOAREA_IMAGE', 0.0),
                         ('ISO2', 0.0), ('ISO6', 0.0)):
            add(f'{k}, relative', ratio(k), limit)
        for k in ('FLUX_AUTO', 'FLUX_PETRO'):
            add(f'{k}, relative, isolated and above 2000', ratio(k), 0.005, bright & alone)
        for k, f in enumerate(FRACTIONS):
            add(f'FLUX_RADIUS of {f}, relative', ours['FLUX_RADIUS'][i, k] / sex['FLUX_RADIUS'][j, k] - 1, 0.005)
            add(f'FLUX_RADIUS of {f}, isolated and above 2000',
                ours['FLUX_RADIUS'][i, k] / sex['FLUX_RADIUS'][j, k] - 1, 0.005, bright & alone)
    return rows, len(i)


def by_magnitude(cat, truth, edges):
    """Completeness by true magnitude and purity by measured magnitude, with their numbers; the zero point is 25."""
    mag = lambda f: 25 - 2.5 * np.log10(np.maximum(f, 1e-3))  # noqa: E731
    where = np.c_[truth['x'] + 1, truth['y'] + 1]
    i, j = mutual(places(cat), where, 2.0)
    found = np.zeros(len(where), bool)
    found[j] = True
    # A detection is real if any source is near, its own or one of a blend.
    d, _ = cKDTree(where).query(places(cat), distance_upper_bound=3.0)
    real = np.isfinite(d)
    bins = np.digitize(mag(truth['flux']), edges) - 1
    bins_cat = np.digitize(mag(cat['FLUX_AUTO']), edges) - 1
    out = []
    for b in range(len(edges) - 1):
        t, c = bins == b, bins_cat == b
        out.append((int(t.sum()), found[t].mean() if t.any() else np.nan, int(c.sum()),
                    real[c].mean() if c.any() else np.nan))
    flux = cat['FLUX_AUTO'][i] / np.asarray(truth['flux'])[j] - 1
    good = (np.asarray(truth['flux'])[j] > 2000) & np.asarray(truth['is_star'])[j]
    pos = np.hypot(cat['XWIN_IMAGE'][i] - where[j, 0], cat['YWIN_IMAGE'][i] - where[j, 1])
    return out, np.median(flux[good]), np.median(pos[good])


def svg(edges, tables):
    """Completeness and purity as an SVG with two panels."""
    w, h, m = 340, 220, 45
    colours = {'skyphot': '#1f6fb4', 'SExtractor': '#d1591b'}
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * (w + 2 * m)}" height="{h + 2 * m}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    mid = (np.array(edges[1:]) + edges[:-1]) / 2
    for panel, (title, column) in enumerate((('completeness by true magnitude', 1), ('purity by measured magnitude', 3))):
        x0, y0 = m + panel * (w + 2 * m), m
        px = lambda v: x0 + (v - edges[0]) / (edges[-1] - edges[0]) * w  # noqa: E731
        py = lambda v: y0 + (1 - v) * h  # noqa: E731
        out.append(f'<rect x="{x0}" y="{y0}" width="{w}" height="{h}" fill="none" stroke="#444"/>')
        out.append(f'<text x="{x0 + w / 2}" y="{y0 - 12}" text-anchor="middle">{title}</text>')
        for e in edges:
            out.append(f'<text x="{px(e):.1f}" y="{y0 + h + 16}" text-anchor="middle">{e:g}</text>')
        for v in (0, 0.25, 0.5, 0.75, 1):
            out.append(f'<line x1="{x0}" x2="{x0 + w}" y1="{py(v):.1f}" y2="{py(v):.1f}" stroke="#ddd"/>')
            out.append(f'<text x="{x0 - 6}" y="{py(v) + 4:.1f}" text-anchor="end">{v:g}</text>')
        for k, (name, table) in enumerate(tables.items()):
            points = [(px(x), py(r[column])) for x, r in zip(mid, table) if np.isfinite(r[column])]
            line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in points)
            dash = '' if k == 0 else ' stroke-dasharray="5 3"'
            out.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"{dash}/>')
            out.append(f'<text x="{x0 + 12}" y="{y0 + h - 30 + 16 * k}" fill="{colours[name]}">{name}</text>')
    out.append('</svg>')
    return '\n'.join(out) + '\n'


def main():
    p = argparse.ArgumentParser()
    p.add_argument('program')
    p.add_argument('field')
    p.add_argument('truth')
    p.add_argument('--write', metavar='ROOT')
    p.add_argument('--contrast', type=float, default=0.005)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as d:
        sex = source_extractor(d, a.field, a.contrast)
        ours = skyphot(d, a.program, a.field, float(np.median(sex['THRESHOLD'])), a.contrast)
    truth = Table.read(a.truth)
    rows, n = agreement(ours, sex)
    edges = [float(v) for v in np.arange(11, 19.1, 1.0)]
    tables, flux, pos = {}, {}, {}
    for name, cat in (('skyphot', ours), ('SExtractor', sex)):
        tables[name], flux[name], pos[name] = by_magnitude(cat, truth, edges)
    text = [f'{len(ours["NUMBER"])} sources here, {len(sex["NUMBER"])} of SExtractor; {n} of them with as many '
            'pixels:', '', '| quantity | sources | median | 16 % | 84 % | required |', '|---|---|---|---|---|---|']
    bad = []
    for name, count, median, low, high, limit in rows:
        text.append(f'| {name} | {count} | {median:.4f} | {low:.4f} | {high:.4f} | {limit:g} |')
        if abs(median) > limit:
            bad.append(name)
    text += ['', 'Against the truth, stars above 2000: ' + '; '.join(
        f'{n}: FLUX_AUTO {flux[n]:+.4f}, windowed positions {pos[n]:.4f} px (medians)' for n in tables) + '.', '',
        '| magnitude | sources | found | by SExtractor | detections | not real | of SExtractor | not real |',
             
        '|---|---|---|---|---|---|---|---|']
    for k in range(len(edges) - 1):
        o, s = tables['skyphot'][k], tables['SExtractor'][k]
        if o[0] + o[2] == 0:
            continue
        count = lambda n, part: f'{round(n * part)}' if n else '-'  # noqa: E731
        text.append(f'| {edges[k]:g} - {edges[k + 1]:g} | {o[0]} | {count(o[0], o[1])} | {count(s[0], s[1])} | {o[2]} | '
                    f'{count(o[2], 1 - o[3])} | {s[2]} | {count(s[2], 1 - s[3])} |')
        if o[1] < s[1] - 1e-9:
            bad.append(f'completeness at {edges[k]:g}')
        # Counts of what is not real have the error of counting.
        fake, fake_sex = o[2] * (1 - o[3]), s[2] * (1 - s[3])
        if fake > fake_sex + np.sqrt(fake + fake_sex) + 1e-6:
            bad.append(f'purity at {edges[k]:g}')
    print('\n'.join(text))
    if a.write:
        path = os.path.join(a.write, 'docs/accuracy.md')
        with open(path) as f:
            old = f.read()
        new = re.sub(r'(<!-- sextractor: begin[^>]*-->\n).*(<!-- sextractor: end -->)',
                     lambda m: m[1] + '\n' + '\n'.join(text) + '\n\n' + m[2], old, flags=re.S)
        with open(path, 'w') as f:
            f.write(new)
        os.makedirs(os.path.join(a.write, 'docs/images'), exist_ok=True)
        with open(os.path.join(a.write, 'docs/images/completeness.svg'), 'w') as f:
            f.write(svg(edges, tables))
    if bad:
        print('beyond what is stated: ' + '; '.join(bad), file=sys.stderr)
        sys.exit(1)


if __name__ == '__main__':
    main()
