"""Compares every column of a catalogue with photutils' SourceCatalog on whole images.

    compare_catalog.py PROGRAM [--field4k FILE] [--xdf FILE]

PROGRAM is the example `catalog_columns` of skyphot-segmentation. Real images below $SKYPHOT_TEST_DATA are always
used, and the benchmark's fields if their files are given. Each is measured with and without error, mask, background,
convolved data and local background, with all ways of treating neighbours. A line is printed for each case; a column that
differs by more than 1e-8 relative to its scale (1e-6 where a root is solved) makes it fail.
"""
import argparse
import bz2  # noqa: F401  (astropy needs it for the compressed image)
import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from astropy.io import fits
from astropy.stats import mad_std
from astropy.wcs import WCS
from photutils.background import Background2D
from photutils.segmentation import (SegmentationImage, SourceCatalog, deblend_sources, detect_sources,
                                    make_2dgaussian_kernel)
from scipy.ndimage import convolve

warnings.simplefilter('ignore')

# Objects, and what other columns say already.
SKIP = {'label', 'labels', 'slices', 'bbox', 'kron_aperture', 'local_background_aperture'}
SKY = ['sky_centroid', 'sky_centroid_win', 'sky_centroid_quad', 'sky_bbox_ll', 'sky_bbox_ul', 'sky_bbox_lr',
       'sky_bbox_ur']
# The gnomonic projection of the comparison: reference pixel (from 0), reference position, CD matrix, degrees.
TAN = (49.5, 39.5), (150.1, 32.2), ((-3.0e-5, 1.0e-5), (1.2e-5, 2.8e-5))


def is_root(key):
    """A root is solved, or it follows from one."""
    return key.startswith('flux_radius') or 'centroid_win' in key


def tan_wcs():
    wcs = WCS(naxis=2)
    wcs.wcs.crpix = [v + 1 for v in TAN[0]]
    wcs.wcs.crval = TAN[1]
    wcs.wcs.cd = np.array(TAN[2])
    wcs.wcs.ctype = 'RA---TAN', 'DEC--TAN'
    return wcs


def columns_of(cat):
    """Every numeric property of a catalogue, and what its methods and objects say in numbers."""
    want = {'label': cat.labels}
    for p in cat.properties:
        cutout = p.endswith('_cutout') or p.endswith('_cutout_masked')
        if p not in SKIP and not p.startswith('sky_') and not cutout:
            want[p] = getattr(cat, p)
    if cat.wcs is not None:
        for p in SKY:
            c = getattr(cat, p)
            want[p + '.ra'], want[p + '.dec'] = c.spherical.lon.deg, c.spherical.lat.deg
        for p in cat.properties:
            if p.startswith('sky_') and (p.endswith('_err') or p == 'sky_orientation'):
                want[p] = getattr(cat, p)
    kron = [() if a is None else (*a.positions, a.r, a.r, 0.0) if hasattr(a, 'r') else
            (*a.positions, a.a, a.b, getattr(a.theta, 'value', a.theta)) for a in cat.kron_aperture]
    nan5 = (np.nan,) * 5
    want['kron_aperture'] = np.array([k or nan5 for k in kron])
    # Of cutouts their sums: with pixels beyond the image, and of segments.
    cuts = cat.make_cutouts((7, 10), mode='partial', fill_value=-1.0)
    want['cutout_sum'] = [np.nan if c is None else np.nansum(c.data, dtype=float) for c in cuts]
    for plane in ('data', 'error', 'conv_data', 'background'):
        masked = getattr(cat, plane + '_cutout_masked')
        if masked[0] is not None:
            sums = [m.filled(0).sum(dtype=float) if np.ma.count(m) else 0.0 for m in masked]
            want[plane + '_cutout_sum'] = sums
    want['flux_radius(0.5)'] = cat.flux_radius(0.5)
    want['flux_radius(0.2)'] = cat.flux_radius(0.2)
    want['circular_flux(5)'], want['circular_flux_err(5)'] = cat.circular_photometry(5)
    want['other_kron_flux'], want['other_kron_flux_err'] = cat.kron_photometry((2.0, 1.0, 4.0))
    return want


def compare(program, name, data, labels, error=None, mask=None, background=None, convolved=None, detection=None,
            local_bkg_width=0, aperture_mask_method='correct', kron_params=(2.5, 1.4, 0.0), wcs=False):
    dtype = 'f4' if data.dtype == np.float32 else 'f8'
    planes = {'data': data, 'error': error, 'background': background, 'convolved': convolved,
              'detection': detection}
    with tempfile.TemporaryDirectory() as d:
        for key, a in planes.items():
            if a is not None:
                np.ascontiguousarray(a, data.dtype).tofile(f'{d}/{key}.bin')
        if mask is not None:
            mask.astype('u1').tofile(f'{d}/mask.bin')
        labels.astype('i4').tofile(f'{d}/labels.bin')
        task = {'ny': data.shape[0], 'nx': data.shape[1], 'dtype': dtype, 'local_bkg_width': local_bkg_width,
                'aperture_mask_method': aperture_mask_method, 'kron_params': kron_params,
                'mask': mask is not None, 'wcs': TAN if wcs else None, **{k: a is not None for k, a in planes.items()}}
        with open(f'{d}/task.json', 'w') as f:
            json.dump(task, f)
        subprocess.run([program, d], check=True)
        got = {f[:-4]: np.fromfile(f'{d}/out/{f}') for f in os.listdir(f'{d}/out') if f.endswith('.bin')}
    segm = SegmentationImage(labels)
    kw = dict(local_bkg_width=local_bkg_width, aperture_mask_method=aperture_mask_method, kron_params=kron_params)
    if wcs:
        kw['wcs'] = tan_wcs()
    det = SourceCatalog(detection, segm, **kw) if detection is not None else None
    cat = SourceCatalog(data, segm, error=error, mask=mask, background=background, convolved_data=convolved,
                        detection_catalog=det, **kw)
    missing = {p for p in cat.properties if p not in SKIP and 'cutout' not in p and p != 'sky_centroid_icrs'
               and p not in SKY and (wcs or not p.startswith('sky_'))} - got.keys()
    if missing:
        raise SystemExit(f'no columns for {missing}')
    want = columns_of(cat)
    bad, worst = [], (0.0, '')
    for key, w in want.items():
        w = np.asarray(getattr(w, 'value', w), float)
        if key not in got:
            bad.append(f'{key}: not there')
            continue
        g = got[key].reshape(w.shape)
        if not np.array_equal(np.isnan(w), np.isnan(g)):
            i = np.argwhere(np.isnan(w) != np.isnan(g))[:3].tolist()
            bad.append(f'{key}: NaN elsewhere at {i}: {[(g[tuple(k)], w[tuple(k)]) for k in i]}')
            continue
        ok = np.isfinite(w)
        if key == 'flags' or key.endswith('fallback') or key.endswith('index'):
            if not np.array_equal(w, g, equal_nan=True):
                i = np.argwhere((w != g) & ok)[:5].ravel()
                bad.append(f'{key}: {np.sum((w != g) & ok)} differ, at {i}: {g[i]} {w[i]}')
            continue
        scale = np.abs(w)
        if key == 'moments_central':
            # First moments about the centroid are 0 but for rounding: they are compared with sizes that count.
            m = np.asarray(cat.moments, float)
            powers = np.arange(4)
            width = np.maximum(cat.bbox_xmax - cat.bbox_xmin, 1.0)
            height = np.maximum(cat.bbox_ymax - cat.bbox_ymin, 1.0)
            scale = m[:, :1, :1] * height[:, None, None] ** powers[:, None] * width[:, None, None] ** powers
        if key in ('covariance_xy', 'covariance'):
            scale = np.maximum(scale, np.asarray(cat.semimajor_axis.value ** 2).reshape(
                (-1,) + (1,) * (w.ndim - 1)))
        if key == 'ellipse_cxy':
            scale = np.maximum(scale, np.asarray(cat.ellipse_cxx.value))
        if key.startswith('sky_') and (key.endswith('.ra') or key.endswith('.dec')):
            # A thousandth of a pixel counts.
            scale = np.full(w.shape, 1e-4)
        if key.startswith('cutout_centroid'):
            scale = np.maximum(scale, 1.0)
        if key.endswith('_sum'):
            scale = np.maximum(scale, np.nanmedian(scale))
        if key == 'orientation':
            scale = np.full(w.shape, 90.0)
        if key == 'sky_orientation':
            # Both differentiate the map to the sky numerically, to some 1e-9; the angle of a round source shows it.
            scale = 900.0 / np.maximum(cat.eccentricity.value ** 2, 1e-6)
        if key in ('eccentricity', 'ellipticity'):
            scale = np.ones(w.shape)
        if key == 'perimeter':
            scale = np.maximum(scale, 1.0)
        with np.errstate(invalid='ignore', divide='ignore'):
            err = np.where(w == g, 0.0, np.abs(g - w) / scale)[ok]
        # The map to the sky is differentiated numerically in both, to some 1e-9.
        limit = 1e-6 if is_root(key) else 1e-7 if key.startswith('sky_') and key.endswith('_err') else 1e-8
        if err.size and err.max() > limit:
            i = np.argmax(np.where(ok, np.where(w == g, 0, np.abs(g - w) / scale), 0).reshape(len(w), -1).max(1))
            bad.append(f'{key}: {err.max():.1e} ({(err > limit).sum()}) at {i}: {g[i]} {w[i]}')
        elif err.size and not is_root(key):
            worst = max(worst, (float(err.max()), key))
    print(f'{name}: {len(cat.labels)} sources, {len(want)} columns, worst {worst[0]:.1e} ({worst[1]})'
          + ''.join('\n  ' + b for b in bad), flush=True)
    return not bad


def prepared(data, box=64, nsigma=1.5, deblend=True):
    data = np.ascontiguousarray(data.astype(np.float32))
    good = np.isfinite(data)
    back = Background2D(np.where(good, data, 0), box, filter_size=3, coverage_mask=~good, fill_value=0.0,
                        exclude_percentile=80.0)
    bkg = back.background.astype(np.float32)
    sub = (data - bkg).astype(np.float32)
    kernel = make_2dgaussian_kernel(3.0, 5).array
    conv = convolve(np.where(good, sub, 0), kernel.astype('f4'), mode='constant').astype(np.float32)
    rms = np.maximum(back.background_rms, mad_std(sub[good])).astype(np.float32)
    segm = detect_sources(conv, nsigma * rms, 5)
    if deblend:
        segm = deblend_sources(conv, segm, 5)
    err = np.sqrt(rms ** 2 + np.maximum(sub, 0)).astype(np.float32)
    return sub, bkg, conv, err, segm.data


def cases(program, name, data, full=True, **kw):
    sub, bkg, conv, err, labels = prepared(data, **kw)
    ny, nx = sub.shape
    yy, xx = np.mgrid[:ny, :nx]
    mask = ((xx * 7 + yy * 13) % 211 == 0) | ((xx // 9 + yy // 9) % 41 == 0)
    run = lambda tag, *a, **k: compare(program, f'{name} {tag}', *a, **k)  # noqa: E731
    ok = run('all', sub, labels, error=err, mask=mask, background=bkg, convolved=conv, local_bkg_width=12,
             wcs=True)
    ok &= run('plain', sub, labels)
    ok &= run('error convolved', sub, labels, error=err, convolved=conv)
    if full:
        ok &= run('f64 mask none', sub.astype('f8'), labels, error=err.astype('f8'), aperture_mask_method='mask')
        ok &= run('none local', sub, labels, error=err, mask=mask, aperture_mask_method='none', local_bkg_width=5)
        ok &= run('kron circle', sub, labels, error=err, kron_params=(2.5, 1.4, 6.0))
        ok &= run('detection', sub, labels, error=err, detection=conv, local_bkg_width=8)
        hole = sub.copy()
        hole[(xx * 3 + yy * 5) % 97 == 0] = np.nan
        bad_err = err.copy()
        bad_err[(xx + yy * 5) % 101 == 0] = np.inf
        ok &= run('holes', hole, labels, error=bad_err, mask=mask, background=bkg, convolved=conv,
                  local_bkg_width=12)
    return ok


def main():
    p = argparse.ArgumentParser()
    p.add_argument('program')
    p.add_argument('--field4k')
    p.add_argument('--xdf')
    a = p.parse_args()
    ok = True
    root = os.environ.get('SKYPHOT_TEST_DATA', '')
    real = {'sep_image': ('real/sep_image.fits', 0, 32), 'hsc': ('real/HSC-0908120-056-small.fits', None, 64),
            'm67': ('real/M6707HH.fits.gz', 0, 64), 'spitzer': ('real/spitzer_example_image.fits', 0, 64)}
    for name, (path, ext, box) in real.items():
        path = os.path.join(root, path)
        if not os.path.exists(path):
            print(f'skipped: {path}')
            continue
        with fits.open(path) as h:
            hdu = h[ext] if ext is not None else next(x for x in h if x.data is not None and x.data.ndim == 2)
            ok &= cases(a.program, name, hdu.data.astype('f4'), box=box)
    for name, path in (('xdf', a.xdf), ('field4k', a.field4k)):
        if path:
            ok &= cases(a.program, name, fits.getdata(path), full=name == 'xdf')
    sys.exit(0 if ok else 1)


if __name__ == '__main__':
    main()
