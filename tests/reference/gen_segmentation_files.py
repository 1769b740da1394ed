"""Label images of photutils on the benchmark fields (below $SKYPHOT_BENCH_INPUTS) and on real files (below
$SKYPHOT_TEST_DATA): tests/it/fixtures/segmentation.json. For every image all modes and connectivities: the number of labels, the
CRC-32 of the little-endian int32 pixels and the sum of the flags. See gen_segmentation.py for numpy and AVX-512.

Images that are not there keep the answers of the fixture that is.
"""
import json
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
from astropy.io import fits  # noqa: E402
from astropy.stats import sigma_clipped_stats  # noqa: E402
from common import test_data, write_json  # noqa: E402
from photutils.segmentation import deblend_sources, detect_sources  # noqa: E402

FIXTURE = 'tests/it/fixtures/segmentation.json'
FIELDS = ['field4k', 'crowded2k', 'xdf_like5k', 'nircam_like2k']
FILES = [('HSC-0908120-056-small.fits', 1), ('M51.fits', 0), ('M6707HH.fits.gz', 0),
         ('c4d_170916_045042_ooi_r_ls9.N15.fits', 1), ('gc_2mass_k.fits.gz', 0), ('gc_msx_e.fits', 0),
         ('mystery_VIKING_Z.fits', 0), ('reprojected_sdss_g.fits.bz2', 0), ('sep_image.fits', 0),
         ('spitzer_example_image.fits', 0), ('ukidss_image.fits', 1), ('../ground/solved.fits.fz', 1),
         ('../ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2', 0)]


def summary(segm, data):
    if segm is None:
        return [0, zlib.crc32(np.zeros(data.shape, '<i4').tobytes())]
    return [int(segm.n_labels), zlib.crc32(np.ascontiguousarray(segm.data, '<i4').tobytes())]


def case(path, hdu):
    with fits.open(path) as hdus:
        data = hdus[hdu].data
        data = data.astype(np.float32 if data.dtype.kind == 'f' and data.dtype.itemsize == 4 else np.float64)
    middle = [slice(max(n // 2 - 512, 0), n // 2 + 512) for n in data.shape]
    part = data[tuple(middle)]
    _, median, std = sigma_clipped_stats(part[np.isfinite(part)])
    threshold = float(f'{median + 2.0 * std:.6g}')
    out = []
    for connectivity in (8, 4):
        segm = detect_sources(data, threshold, 5, connectivity=connectivity)
        out.append(summary(segm, data))
        for mode in ('exponential', 'linear', 'sinh'):
            parts = deblend_sources(data, segm, 5, mode=mode, connectivity=connectivity)
            out.append(summary(parts, data) + [int(np.sum(parts.flags))])
    print(path, threshold, [o[0] for o in out], file=sys.stderr, flush=True)
    return {'single': data.dtype == np.float32, 'hdu': hdu, 'threshold': threshold, 'labels': out}


def main(root):
    # What cannot be made here stays as it is committed.
    old = {'fields': {}, 'files': {}}
    known = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..', FIXTURE)
    if os.path.exists(known):
        with open(known) as f:
            old = json.load(f)
    fields, files = {}, {}
    folder = os.environ.get('SKYPHOT_BENCH_INPUTS', '')
    for name in FIELDS:
        path = os.path.join(folder, f'{name}.fits')
        here = folder and os.path.exists(path)
        fields[name] = case(path, 0) if here else old['fields'][name]
    for name, hdu in FILES:
        path = test_data(f'real/{name}')
        files[f'real/{name}'.replace('real/../', '')] = case(path, hdu) if path else old['files'][f'real/{name}'.replace('real/../', '')]
    write_json(FIXTURE, {'fields': fields, 'files': files}, root)


if __name__ == '__main__':
    main(sys.argv[1])
