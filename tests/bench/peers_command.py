"""source-extractor's side of the case of command.rs."""
import os
import subprocess

import numpy as np

PARAMETERS = '''NUMBER X_IMAGE Y_IMAGE XWIN_IMAGE YWIN_IMAGE ALPHA_J2000 DELTA_J2000 XMIN_IMAGE XMAX_IMAGE YMIN_IMAGE
YMAX_IMAGE A_IMAGE B_IMAGE THETA_IMAGE ISOAREA_IMAGE FLUX_MAX FLUX_ISO FLUXERR_ISO FLUX_AUTO FLUXERR_AUTO KRON_RADIUS
FLUX_RADIUS FLUX_APER(2) FLUXERR_APER(2) FLAGS'''.split()

CONFIG = dict(
    CATALOG_TYPE='FITS_1.0', DETECT_MINAREA=5, DETECT_THRESH=1.5, ANALYSIS_THRESH=1.5, FILTER='Y',
    DEBLEND_NTHRESH=32, DEBLEND_MINCONT=0.001, CLEAN='N', MASK_TYPE='CORRECT', PHOT_APERTURES='6,20',
    PHOT_AUTOPARAMS='2.5,3.5', PHOT_FLUXFRAC=0.5, SATUR_LEVEL=1e9, GAIN=1.0, PIXEL_SCALE=0, SEEING_FWHM=0.16,
    BACK_SIZE=64, BACK_FILTERSIZE=3, BACKPHOTO_TYPE='GLOBAL', MEMORY_OBJSTACK=30000, MEMORY_PIXSTACK=1000000,
    MEMORY_BUFSIZE=4096, VERBOSE_TYPE='QUIET', WRITE_XML='N', CHECKIMAGE_TYPE='NONE', NTHREADS=1)


def segment(inputs, work):
    share = '/usr/share/source-extractor'
    config = dict(CONFIG, FILTER_NAME=f'{share}/gauss_3.0_5x5.conv', STARNNW_NAME=f'{share}/default.nnw',
                  PARAMETERS_NAME=f'{work}/command.param', CATALOG_NAME=f'{work}/command.fits')
    os.makedirs(work, exist_ok=True)
    with open(f'{work}/command.param', 'w') as f:
        f.write('\n'.join(PARAMETERS) + '\n')
    with open(f'{work}/command.sex', 'w') as f:
        f.writelines(f'{k} {v}\n' for k, v in config.items())

    def call():
        subprocess.run(['source-extractor', f'{inputs}/field4k.fits[0]', '-c', f'{work}/command.sex'],
                       check=True, capture_output=True)
        from astropy.io import fits
        t = fits.getdata(f'{work}/command.fits', 1)

        def middle(v):
            v = np.sort(np.asarray(v, 'f8')[np.isfinite(v)])
            return v[len(v) // 2:][:1]
        return {'sources': np.array([float(len(t))]), 'flux_auto': middle(t['FLUX_AUTO']),
                'flux_aper': middle(t['FLUX_APER'][:, 0])}
    return call
