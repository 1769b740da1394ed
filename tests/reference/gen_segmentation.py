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


def crc(array):
    return zlib.crc32(np.ascontiguousarray(array, '<i4').tobytes())


def edits(root):
    """What the methods of SegmentationImage make of deblended images."""
    cases = []
    for seed in (1, 2, 4, 6, 9, 12):
        data, mask, threshold, n_pixels = image(seed)
        n_pixels = 3
        segm = detect_sources(data, 4.0, n_pixels)
        parts = deblend_sources(data, segm, n_pixels, contrast=0.0001)
        masked = uniform(seed + 20, np.arange(data.size).reshape(data.shape)) < 0.01
        out = {}

        def do(name, f):
            copy = parts.copy()
            f(copy)
            parents = {int(k): int(v) for k, v in sorted(copy.deblended_label_to_parent.items())}
            out[name] = {'crc': crc(copy.data), 'labels': copy.labels, 'flags': copy.flags, 'parents': list(parents.items()),
                         'missing': copy.missing_labels}

        some = parts.labels[::3]
        do('start_at_5', lambda c: c.relabel_consecutive(5))
        do('reassign', lambda c: c.reassign_labels(some, 2))
        do('reassign_relabel', lambda c: c.reassign_labels(some, 1000, relabel=True))
        do('keep', lambda c: c.keep_labels(some))
        do('remove', lambda c: c.remove_labels(some, relabel=True))
        for partial in (True, False):
            do(f'border_{partial}', lambda c: c.remove_border_labels(4, partial_overlap=partial))
            do(f'masked_{partial}', lambda c: c.remove_masked_labels(masked, partial_overlap=partial, relabel=True))
        ring = np.hypot(*(np.mgrid[0:5, 0:7] - np.array([2, 3])[:, None, None])) < 3.3
        bar = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]], bool)
        cases.append({
            'seed': seed, 'edits': out, 'areas': parts.areas, 'background_area': parts.background_area,
            'bbox': [[b.ixmin, b.ixmax, b.iymin, b.iymax] for b in parts.bbox],
            'children': [[int(k), [int(i) for i in v]] for k, v in parts.parent_to_deblended_labels.items()],
            'mapping': [[k, v] for k, v in segm.get_label_mapping(parts).items()],
            'masks': [crc(m) for m in (parts.make_source_mask(), parts.make_source_mask(size=(3, 5)),
                                       parts.make_source_mask(footprint=ring), parts.make_source_mask(footprint=bar))],
        })
    write_json('crates/segmentation/tests/it/fixtures/edits.json', {'cases': cases}, root)


def monster(root):
    """One blend of hundreds of peaks, larger than the small images: crates/segmentation/tests/it/fixtures/monster.json."""
    ny, nx = 320, 300
    y, x = np.mgrid[0:ny, 0:nx].astype(float)
    nebula = 400.0 / (1.0 + ((x - 150.0) * (x - 150.0) + (y - 160.0) * (y - 160.0)) / 20000.0)
    data = (field(ny, nx, 31, 1500, 1.0) - 100.0 + nebula).astype(np.float32)
    out = []
    for connectivity in (8, 4):
        segm = detect_sources(data, 100.0, 5, connectivity=connectivity)
        out.append(summary(segm, data))
        for mode in MODES:
            for contrast in (0.001, 0.00001):
                parts = deblend_sources(data, segm, 3, mode=mode, connectivity=connectivity, contrast=contrast)
                out.append(summary(parts, data) + [int(np.sum(parts.flags))])
    print(out, file=sys.stderr)
    write_json('crates/segmentation/tests/it/fixtures/monster.json', {'labels': out}, root)


if __name__ == '__main__':
    monster(sys.argv[1])
    main(sys.argv[1])
    edits(sys.argv[1])
