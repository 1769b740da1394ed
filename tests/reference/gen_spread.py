"""SPREAD_MODEL of SExtractor 2.25 for Gaussian stars and wider and narrower sources: crates/segmentation/tests/it/fixtures/spread.json.

The PSF is a Gaussian of FWHM 3 pixels in a file as PSFEx writes it. Needs `source-extractor`.
"""
import math
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np
from astropy.io import fits
from common import noise, uniform, write_json

FWHM, PSF_SIZE, N, STEP, SEED = 3.0, 31, 6, 50, 5
SIGMA = FWHM / (2 * math.sqrt(2 * math.log(2)))
KINDS = [(1.0, 30000.0), (1.15, 20000.0), (1.6, 40000.0), (0.8, 20000.0), (1.0, 5000.0)]


def gaussian(x, y, sigma):
    return np.exp(-0.5 * (x * x + y * y) / sigma**2) / (2 * math.pi * sigma**2)


def scene():
    size = N * STEP
    y, x = np.mgrid[:size, :size].astype(float)
    data = 5.0 * noise(SEED, np.arange(size * size, dtype=np.uint64).reshape(size, size))
    places = []
    for i in range(N * N):
        wider, flux = KINDS[i % len(KINDS)]
        px = STEP * (i % N) + STEP / 2 + float(uniform(SEED + 1, 2 * i)) - 0.5
        py = STEP * (i // N) + STEP / 2 + float(uniform(SEED + 1, 2 * i + 1)) - 0.5
        data = data + flux * gaussian(x - px, y - py, wider * SIGMA)
        places.append((px, py))
    return data, np.array(places)


def write_psf(path):
    y, x = np.mgrid[:PSF_SIZE, :PSF_SIZE].astype(float) - PSF_SIZE // 2
    psf = gaussian(x, y, SIGMA).astype('f4').reshape(1, 1, PSF_SIZE, PSF_SIZE)
    column = fits.Column('PSF_MASK', f'{PSF_SIZE**2}E', dim=f'({PSF_SIZE}, {PSF_SIZE}, 1)', array=psf)
    hdu = fits.BinTableHDU.from_columns([column], name='PSF_DATA')
    hdu.header.update(LOADED=100, ACCEPTED=100, CHI2=1.0, POLNAXIS=0, POLNGRP=0, PSF_FWHM=FWHM, PSF_SAMP=1.0, PSFNAXIS=3,
                      PSFAXIS1=PSF_SIZE, PSFAXIS2=PSF_SIZE, PSFAXIS3=1)
    hdu.writeto(path)


def main(root):
    if shutil.which('source-extractor') is None:
        print('skipped: there is no source-extractor', file=sys.stderr)
        return
    data, places = scene()
    with tempfile.TemporaryDirectory() as d:
        write_psf(f'{d}/gauss.psf')
        fits.writeto(f'{d}/image.fits', data.astype('f4'))
        with open(f'{d}/p.param', 'w') as f:
            f.write('X_IMAGE\nY_IMAGE\nSPREAD_MODEL\nSPREADERR_MODEL\n')
        conf = dict(CATALOG_NAME='out.fits', CATALOG_TYPE='FITS_1.0', PARAMETERS_NAME='p.param', DETECT_MINAREA=5, DETECT_THRESH=2,
                    ANALYSIS_THRESH=2, FILTER='N', PSF_NAME='gauss.psf', CLEAN='N', BACK_TYPE='MANUAL', BACK_VALUE=0, GAIN=0,
                    SATUR_LEVEL=1e9, STARNNW_NAME='/usr/share/source-extractor/default.nnw', VERBOSE_TYPE='QUIET', NTHREADS=1)
        with open(f'{d}/c.sex', 'w') as f:
            f.writelines(f'{k} {v}\n' for k, v in conf.items())
        subprocess.run(['source-extractor', 'image.fits', '-c', 'c.sex'], cwd=d, check=True)
        with fits.open(f'{d}/out.fits') as f:
            t = f[1].data
            found = np.c_[t['X_IMAGE'], t['Y_IMAGE']].astype(float) - 1
            spread, error = (t[n].astype(float) for n in ('SPREAD_MODEL', 'SPREADERR_MODEL'))
    out = []
    for i, p in enumerate(places):
        r = np.hypot(*(found - p).T)
        k = r.argmin()
        assert r[k] < 1
        out.append({'x': p[0], 'y': p[1], 'wider': KINDS[i % len(KINDS)][0], 'flux': KINDS[i % len(KINDS)][1],
                    'spread': round(spread[k], 9), 'error': round(error[k], 9)})
    write_json('crates/segmentation/tests/it/fixtures/spread.json', {'fwhm': FWHM, 'size': N * STEP, 'seed': SEED, 'sources': out}, root)


if __name__ == '__main__':
    os.environ.setdefault('LC_ALL', 'C')
    main(sys.argv[1])
