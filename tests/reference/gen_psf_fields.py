"""Fixtures of tests/it: PSF photometry of whole fields by photutils - a field of a gridded PSF, a crowded field, and a
section of a real plate of M67 with an ePSF built from it - free and forced, alone and in groups."""
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.nddata import NDData
from astropy.table import Table
from photutils.detection import DAOStarFinder
from photutils.psf import (CircularGaussianPRF, EPSFBuilder, GriddedPSFModel, ImagePSF, PSFPhotometry, SourceGrouper,
                           extract_stars)
from scipy import optimize

from common import noise, test_data, uniform, write_json
from gen_psf import tight

warnings.simplefilter('ignore')
NAMES = ['group_id', 'group_size', 'flux_init', 'x_fit', 'y_fit', 'flux_fit', 'x_err', 'y_err', 'flux_err',
         'n_pixels_fit', 'qfit', 'cfit', 'reduced_chi2', 'flags']


def runs(model, data, error, start, radius, separation, free_too=True):
    out = {}
    for name, grouper, forced in (('alone', None, False), ('grouped', SourceGrouper(separation), False),
                                  ('forced', SourceGrouper(separation), True)):
        model.x_0.fixed = model.y_0.fixed = forced
        r = PSFPhotometry(model, (5, 5), grouper=grouper, aperture_radius=radius)(data, error=error, init_params=start)
        out[name] = {c: [float(f'{v:.9g}') for v in r[c]] for c in NAMES}
    return out


def positions(n, seed, nx, ny):
    k = np.arange(n)
    x, y = uniform(seed, 3 * k) * nx - 0.5, uniform(seed, 3 * k + 1) * ny - 0.5
    flux = 200.0 / (0.05 + uniform(seed, 3 * k + 2))
    start = Table({'x': x + 0.6 * (uniform(seed + 1, 2 * k) - 0.5), 'y': y + 0.6 * (uniform(seed + 1, 2 * k + 1) - 0.5)})
    return x, y, flux, start


def scene(model, shape, x, y, flux, seed, **keywords):
    ny, nx = shape
    data = noise(seed, np.arange(ny * nx, dtype=np.uint64).reshape(shape))
    for i in range(len(x)):
        x0, y0 = max(0, int(x[i]) - 30), max(0, int(y[i]) - 30)
        yy, xx = np.mgrid[y0:min(ny, y0 + 60), x0:min(nx, x0 + 60)].astype(float)
        data[y0:y0 + 60, x0:x0 + 60] += model.evaluate(xx, yy, flux[i], x[i], y[i], **keywords)
    return data


def star(wide):
    """A star by formula, 4 samples per pixel, of unit flux."""
    y, x = np.mgrid[0:61, 0:61].astype(float) - 30.0
    q = 1 + (x * x + 0.3 * x * y + 1.2 * y * y) / wide
    v = 1 / (q * q * q)
    return v * (16.0 / v.sum())


def gridded():
    grid = [(x, y) for y in (0.0, 139.0) for x in (0.0, 80.0, 159.0)]
    data = np.array([star(30.0 + 4 * i) for i in range(6)])
    model = GriddedPSFModel(NDData(data, meta={'grid_xypos': grid, 'oversampling': (4, 4)}))
    x, y, flux, start = positions(60, 110, 160, 140)
    return runs(model, scene(model, (140, 160), x, y, flux, 112), np.ones((140, 160)), start, 4, 12)


def crowded():
    x, y, flux, start = positions(250, 120, 300, 320)
    model = CircularGaussianPRF(fwhm=2.5)
    data = scene(model, (320, 300), x, y, flux, 122, fwhm=2.5)
    return runs(model, data, np.ones((320, 300)), start, 3, 10)


def m67():
    cut = fits.getdata(test_data('real/M6707HH.fits.gz'))[430:600, 430:610]
    level = float(np.median(cut))
    sky = cut - level
    sigma = float(round(1.4826 * np.median(abs(sky)), 1))
    found = DAOStarFinder(8 * sigma, 4.5)(sky)
    found = found[(found['x_centroid'] > 9) & (found['y_centroid'] > 9) & (found['x_centroid'] < 170) & (found['y_centroid'] < 160)]
    found.sort('flux', reverse=True)
    at = Table({'x': np.round(found['x_centroid'], 2), 'y': np.round(found['y_centroid'], 2)})
    stars = extract_stars(NDData(sky.astype(float)), at[3:18], size=(17, 17))
    psf, _ = EPSFBuilder(oversampling=2, maxiters=5, progress_bar=False)(stars)
    samples = np.array([[float(f'{v:.8g}') for v in row] for row in psf.data])
    model = ImagePSF(samples, oversampling=2)
    print('M67:', len(at), 'stars, sigma', sigma, file=sys.stderr)
    return {'level': level, 'sigma': sigma, 'psf': samples,
            'start': {'x': list(at['x']), 'y': list(at['y'])},
            'runs': runs(model, sky.astype(float), np.full(sky.shape, sigma), at, 5, 14)}


if __name__ == '__main__':
    optimize.least_squares = tight(optimize.least_squares)
    write_json('tests/it/fixtures/psf_fields.json', {'gridded': gridded(), 'crowded': crowded()})
    if test_data('real/M6707HH.fits.gz'):
        write_json('tests/it/fixtures/psf_m67.json', m67())
