"""Label images of photutils on 200 small images by formula: crates/segmentation/tests/it/fixtures/labels.json.

Every image is detected and deblended in many ways; the fixture keeps the number of labels and the CRC-32 of the
little-endian int32 pixels. Some images are float32, some hold whole numbers only (so that equal values decide), some
have NaN and masks. numpy's own float32 power and sinh differ from the C library's on processors with AVX-512, which
moves a level by one unit in the last place: the script runs numpy without them.
"""
import os
import sys
import warnings
import zlib

FEATURES = 'X86_V4 AVX512_ICL AVX512_SPR'
if os.environ.get('NPY_DISABLE_CPU_FEATURES') != FEATURES:
    os.environ['NPY_DISABLE_CPU_FEATURES'] = FEATURES
    os.execv(sys.executable, [sys.executable, *sys.argv])

warnings.simplefilter('ignore')

import numpy as np  # noqa: E402
from common import field, uniform, write_json  # noqa: E402
from photutils.segmentation import deblend_sources, detect_sources  # noqa: E402

MODES = ['exponential', 'linear', 'sinh']


def image(seed):
    """Image, mask (or None), threshold and least number of pixels of one case; see `case` in tests/it/labels.rs."""
    u = [float(uniform(seed, k)) for k in range(1000, 1010)]
    ny, nx = 20 + int(u[0] * 50), 20 + int(u[1] * 60)
    data = field(ny, nx, seed, 3 + int(u[2] * 25), 0.5 + 2.0 * u[3]) - 100.0
    if seed % 4 == 1:
        data = np.floor(data / 4.0)
    if seed % 4 == 3:
        data = data.astype(np.float32).astype(float)
    index = np.arange(ny * nx, dtype=np.uint64).reshape(ny, nx)
    if seed % 5 == 2:
        data[uniform(seed + 7, index) < 0.01] = np.nan
    mask = uniform(seed + 8, index) < 0.02 if seed % 5 == 4 else None
    # A threshold below 0 gives sources with pixels of 0 and less.
    threshold = -1.0 if seed % 7 == 6 else 2.0 + np.floor(8.0 * u[4])
    if seed % 6 == 5:
        threshold = threshold + uniform(seed + 9, index)
    return data, mask, threshold, 1 + int(u[5] * 8)


def summary(segm, data):
    if segm is None:
        return [0, zlib.crc32(np.zeros(data.shape, '<i4').tobytes())]
    return [int(segm.n_labels), zlib.crc32(np.ascontiguousarray(segm.data, '<i4').tobytes())]


def main(root):
    cases = []
    for seed in range(1, 201):
        data, mask, threshold, n_pixels = image(seed)
        if seed % 4 == 3:
            data = data.astype(np.float32)
        out = []
        for connectivity in (8, 4):
            threshold = np.float64(threshold) if np.ndim(threshold) == 0 else threshold
            segm = detect_sources(data, threshold, n_pixels, connectivity=connectivity, mask=mask)
            out.append(summary(segm, data))
            for mode in MODES:
                for method in ('basin', 'saddle'):
                    n_levels, contrast = (32, 0.001) if seed % 3 else (7, 0.03)
                    if segm is None:
                        out.append(summary(None, data))
                        continue
                    parts = deblend_sources(data, segm, n_pixels, mode=mode, contrast_method=method,
                                            n_levels=n_levels, contrast=contrast, connectivity=connectivity)
                    out.append(summary(parts, data) + [int(np.sum(parts.flags))])
        cases.append(out)
    write_json('crates/segmentation/tests/it/fixtures/labels.json', {'cases': cases}, root)


if __name__ == '__main__':
    main(sys.argv[1])
