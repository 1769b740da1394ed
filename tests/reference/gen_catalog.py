"""Catalogues of photutils on an image by formula: crates/segmentation/tests/it/fixtures/catalog.json.

The image is a field of stars with noise, masked pixels, holes and bad errors; see `Scene` in tests/it/catalog.rs. The
labels are those of detect_sources on the smoothed image, kept as their number and CRC-32 of the little-endian int32
pixels. The whole images are compared by compare_catalog.py.
"""
import sys
import warnings
import zlib

import numpy as np
from common import field, uniform, write_json
from compare_catalog import columns_of, tan_wcs
from photutils.segmentation import SourceCatalog, detect_sources

warnings.simplefilter('ignore')
NY, NX, SEED = 140, 150, 77


def scene():
    yy, xx = np.mgrid[0:NY, 0:NX].astype(float)
    index = np.arange(NY * NX, dtype=np.uint64).reshape(NY, NX)
    sky = 100.0 + 0.05 * xx + 0.02 * yy
    data = field(NY, NX, SEED, 60, 1.0) - sky
    padded = np.pad(data, 1)
    smooth = np.zeros_like(data)
    for dy in range(3):
        for dx in range(3):
            smooth = smooth + padded[dy:dy + NY, dx:dx + NX]
    smooth = smooth / 9.0
    error = 1.0 + 0.5 * uniform(SEED + 11, index)
    mask = uniform(SEED + 12, index) < 0.01
    holes = data.copy()
    holes[uniform(SEED + 13, index) < 0.004] = np.nan
    bad_error = error.copy()
    bad_error[uniform(SEED + 14, index) < 0.002] = np.inf
    return data, smooth, error, mask, holes, bad_error, sky


def main():
    data, smooth, error, mask, holes, bad_error, sky = scene()
    segm = detect_sources(smooth, 6.0, 5)
    # One source is masked altogether.
    mask = mask | (segm.data == segm.labels[3])
    cases = {
        'all': SourceCatalog(holes, segm, error=bad_error, mask=mask, background=sky, convolved_data=smooth, wcs=tan_wcs(),
                             local_bkg_width=8),
        'plain': SourceCatalog(data, segm),
        'mask': SourceCatalog(data, segm, error=error, aperture_mask_method='mask', kron_params=(2.0, 1.2, 5.0)),
        'detection': SourceCatalog(data, segm, error=error, local_bkg_width=4, detection_catalog=SourceCatalog(
            smooth, segm, aperture_mask_method='none', error=error)),
    }
    out = {}
    for name, cat in cases.items():
        want = columns_of(cat)
        if name != 'all':
            for k in ('moments', 'moments_central', 'covariance', 'covariance_eigvals', 'centroid', 'centroid_win',
                      'centroid_quad', 'centroid_err', 'centroid_win_err', 'centroid_quad_err'):
                want.pop(k)
        out[name] = {k: np.asarray(getattr(v, 'value', v), float).ravel() for k, v in want.items()}
    write_json('crates/segmentation/tests/it/fixtures/catalog.json', {
        'n_labels': segm.n_labels, 'crc': zlib.crc32(segm.data.astype('<i4').tobytes()), 'cases': out}, sys.argv[1])


if __name__ == '__main__':
    main()
