"""Fixtures of crates/stats: sigma clipping and robust estimators of astropy, the total error of photutils."""
import os
import warnings

import numpy as np
from astropy.stats import (SigmaClip, SigmaClippedStats, biweight_location, biweight_midvariance, biweight_scale,
                           mad_std, median_absolute_deviation, sigma_clipped_stats)
from photutils.background import (BiweightLocationBackground, BiweightScaleBackgroundRMS, MADStdBackgroundRMS,
                                  MMMBackground, ModeEstimatorBackground, SExtractorBackground)
from photutils.utils import calc_total_error

from common import field, test_data, uniform, write_json

warnings.simplefilter('ignore')

FIELDS = {'small': (40, 50, 11, 6, 3.0), 'large': (300, 260, 12, 40, 5.0), 'tiny': (3, 4, 13, 1, 1.0)}
CLIPS = {
    'default': {},
    'sigma2_converged': {'sigma': 2.0, 'maxiters': None},
    'one_iteration': {'sigma': 3.0, 'maxiters': 1},
    'asymmetric': {'sigma_lower': 4.0, 'sigma_upper': 1.5, 'maxiters': 10},
    'mean': {'sigma': 2.5, 'cenfunc': 'mean'},
    'mad': {'sigma': 3.0, 'stdfunc': 'mad_std', 'maxiters': 10},
    'mean_mad': {'sigma': 3.0, 'cenfunc': 'mean', 'stdfunc': 'mad_std'},
    'grow': {'sigma': 3.0, 'grow': 1.5},
    'grow_mad': {'sigma': 4.0, 'grow': 2, 'stdfunc': 'mad_std', 'maxiters': 3},
}


def dirty(shape):
    """A field with NaN, infinities and a mask, all by formula."""
    ny, nx = shape[:2]
    data = field(*shape)
    u = uniform(77, np.arange(ny * nx, dtype=np.uint64)).reshape(ny, nx)
    mask = u < 0.03
    data[(u > 0.97) & (u < 0.98)] = np.nan
    data[(u > 0.98) & (u < 0.985)] = np.inf
    data[(u > 0.985) & (u < 0.99)] = -np.inf
    return data, mask


def place(mask):
    """Two numbers that pin down which pixels are set."""
    index = np.flatnonzero(mask).astype(np.int64)
    return [int(index.size), int((index * (index % 1009 + 1)).sum())]


def clipping():
    out = []
    for field_name, shape in FIELDS.items():
        for masked in (False, True):
            data, mask = dirty(shape) if masked else (field(*shape), None)
            for clip_name, kw in CLIPS.items():
                mean, median, std = sigma_clipped_stats(data, mask=mask, std_ddof=1, **kw)
                clip = SigmaClip(**kw)
                entry = {'field': field_name, 'masked': masked, 'clip': clip_name, 'mean': mean, 'median': median,
                         'std1': std}
                md = data if mask is None else np.ma.MaskedArray(data, mask)
                for axis in (None, 0, 1):
                    if axis is not None and field_name == 'large':
                        continue
                    r, lo, hi = clip(md, axis=axis, return_bounds=True)
                    entry[f'axis_{axis}'] = {'mask': place(np.ma.getmaskarray(r)), 'lower': np.ravel(lo),
                                             'upper': np.ravel(hi)}
                out.append(entry)
    return out


def summary():
    data, mask = dirty(FIELDS['small'])
    s = SigmaClippedStats(data, mask=mask, sigma=2.5)
    return {'min': s.min(), 'max': s.max(), 'sum': s.sum(), 'mean': s.mean(), 'median': s.median(), 'mode': s.mode(),
            'mode_2.5_1.5': s.mode(2.5, 1.5), 'std': s.std(), 'std1': s.std(ddof=1), 'var1': s.var(ddof=1),
            'biweight_location': s.biweight_location(), 'biweight_scale': s.biweight_scale(c=9.0),
            'mad_std': s.mad_std()}


def mask_value():
    data = np.round(field(*FIELDS['small']))
    value = float(data[5, 5])
    return {'value': value, 'stats': sigma_clipped_stats(data, mask_value=value)}


def estimators():
    out = []
    for field_name in ('small', 'tiny'):
        v = field(*FIELDS[field_name]).ravel()
        out.append({
            'field': field_name, 'median': np.median(v), 'mean': np.mean(v), 'std': np.std(v),
            'mad': median_absolute_deviation(v), 'mad_std': mad_std(v),
            'biweight_location': biweight_location(v), 'biweight_location_c3_m': biweight_location(v, c=3.0, M=np.float64(101.5)),
            'biweight_midvariance': biweight_midvariance(v),
            'biweight_midvariance_modified': biweight_midvariance(v, c=6.0, modify_sample_size=True),
            'biweight_scale_m': biweight_scale(v, M=np.float64(100.5)),
            'percentiles': [np.percentile(v, p) for p in (0, 0.1, 12.5, 50, 84.13, 99.9, 100)],
            'sextractor': SExtractorBackground(sigma_clip=None)(v), 'mmm': MMMBackground(sigma_clip=None)(v),
            'mode': ModeEstimatorBackground(sigma_clip=None)(v),
            'biweight_bkg': BiweightLocationBackground(sigma_clip=None)(v),
            'biweight_rms': BiweightScaleBackgroundRMS(sigma_clip=None)(v),
            'mad_rms': MADStdBackgroundRMS(sigma_clip=None)(v)})
    return out


def total_error():
    data = field(4, 5, 21, 1, 2.0) - 100.0
    bkg = 1.0 + uniform(22, np.arange(20, dtype=np.uint64)).reshape(4, 5)
    gain = 3.0 * uniform(23, np.arange(20, dtype=np.uint64)).reshape(4, 5)
    gain[1, 2] = 0.0
    data[2, 2] = np.nan
    return {'scalar': calc_total_error(data, bkg, 2.5).ravel(), 'map': calc_total_error(data, bkg, gain).ravel()}


def real_files():
    """Statistics of real images, as 64-bit floats."""
    from astropy.io import fits
    out = []
    for relative, hdu in REAL:
        path = test_data(relative)
        if path is None:
            return None
        data = fits.getdata(path, hdu).astype(np.float64)
        for name, kw in (('default', {}), ('sigma2_converged', {'sigma': 2.0, 'maxiters': None}),
                         ('mad', {'sigma': 3.0, 'stdfunc': 'mad_std', 'maxiters': 10})):
            mean, median, std = sigma_clipped_stats(data, **kw)
            # numpy adds up in another order than bottleneck: its answer for the same survivors.
            kept = SigmaClip(**kw)(data, masked=False)
            out.append({'file': relative, 'hdu': hdu, 'clip': name, 'n': int(kept.size), 'mean': np.mean(kept),
                        'median': np.median(kept), 'std': np.std(kept), 'astropy': [mean, median, std]})
    return out


REAL = [('real/spitzer_example_image.fits', 0), ('real/M51.fits', 0), ('real/reprojected_sdss_g.fits.bz2', 0)]

if __name__ == '__main__':
    write_json('crates/stats/tests/it/fixtures/stats.json', {
        'clipping': clipping(), 'summary': summary(), 'mask_value': mask_value(), 'estimators': estimators(),
        'total_error': total_error()})
    real = real_files()
    if real:
        write_json('tests/it/fixtures/stats_real.json', {'cases': real})
    elif os.environ.get('SKYPHOT_TEST_DATA'):
        raise SystemExit('no real files')
