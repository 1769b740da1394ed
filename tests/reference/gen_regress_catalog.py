"""Catalogues of photutils on whole real images, for `cargo xtask regress catalog`.

Every numeric column of some sources, with 13 digits, and of all sources the number of NaN, the sum, the sum of
magnitudes and a sum weighted at random, so that no source is left out. The inputs are made with + - * / only, so that
they are the same bits in tests/src/regress/catalog.rs.
"""
import warnings
import zlib

import numpy as np
from astropy.io import fits
from astropy.stats import mad_std
from astropy.wcs import WCS
from photutils.segmentation import SourceCatalog, deblend_sources, detect_sources

import common
from compare_catalog import columns_of

warnings.simplefilter('ignore')
OUT = 'tests/src/regress/fixtures/catalog'
REAL = [('m67', 'real/M6707HH.fits.gz', 0), ('spitzer', 'real/spitzer_example_image.fits', 0)]
N = 10
# Only what columns_of adds beyond the table.
LEFT_OUT = ('kron_aperture', 'cutout_sum', 'other_kron', 'data_cutout', 'error_cutout', 'conv_data', 'background_cutout')


def box3(data):
    padded = np.pad(np.where(np.isfinite(data), data, 0.0), 1)
    ny, nx = data.shape
    out = np.zeros_like(data)
    for dy in range(3):
        for dx in range(3):
            out = out + padded[dy:dy + ny, dx:dx + nx]
    return out / 9.0


def digits(v):
    return float(f'{v:.13g}') if np.isfinite(v) else v


def summary(want, rows):
    out = {}
    for name, v in want.items():
        v = np.asarray(getattr(v, 'value', v), float)
        v = v.reshape(len(v), -1)
        finite = np.where(np.isfinite(v), v, 0.0)
        weight = common.uniform(5, np.arange(v.size)).reshape(v.shape)
        size = v.shape[1]
        out[name] = {'nan': int(np.isnan(v).sum()), 'sum': digits(finite.sum()), 'size': digits(np.abs(finite).sum()),
                     'weighted': digits((finite * weight).sum()), 'width': size,
                     'rows': [digits(x) for x in v[rows].ravel()]}
    return out


def main():
    for name, path, hdu in REAL:
        file = common.test_data(path)
        if not file:
            continue
        with fits.open(file) as h:
            data = np.array(h[hdu].data, dtype=float)
            wcs = WCS(h[hdu].header)
        ny, nx = data.shape
        yy, xx = np.mgrid[0:ny, 0:nx].astype(float)
        index = np.arange(ny * nx, dtype=np.uint64).reshape(ny, nx)
        median, std = float(np.nanmedian(data)), float(mad_std(data, ignore_nan=True))
        sky = median + 0.0 * xx
        data = data - median
        smooth = box3(data)
        threshold = 2.0 * std
        segm = deblend_sources(smooth, detect_sources(smooth, threshold, 5), 5)
        error = std * (1.0 + 0.5 * common.uniform(51, index))
        mask = common.uniform(52, index) < 0.01
        sky = sky + 0.01 * xx
        cases = {
            'all': SourceCatalog(data, segm, error=error, mask=mask, background=sky, convolved_data=smooth, wcs=wcs,
                                 local_bkg_width=12),
            'plain': SourceCatalog(data, segm),
            'mask': SourceCatalog(data, segm, error=error, aperture_mask_method='mask', kron_params=(2.0, 1.2, 5.0)),
            'detection': SourceCatalog(data, segm, error=error, mask=mask, local_bkg_width=6,
                                       detection_catalog=SourceCatalog(smooth, segm, error=error,
                                                                       aperture_mask_method='none')),
        }
        rows = np.unique(np.linspace(0, segm.n_labels - 1, N).astype(int))
        out = {}
        for case, cat in cases.items():
            want = {k: v for k, v in columns_of(cat).items() if not k.startswith(LEFT_OUT)}
            out[case] = summary(want, rows)
        common.write_json(f'{OUT}/{name}.json', {
            'source': {'path': path, 'hdu': hdu}, 'median': median, 'std': std, 'n_labels': segm.n_labels, 'seed': 5,
            'crc': zlib.crc32(segm.data.astype('<i4').tobytes()), 'picked': rows, 'cases': out})


if __name__ == '__main__':
    main()
