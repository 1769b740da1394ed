"""Fixtures of crates/psf: ePSFs from photutils' EPSFBuilder, iteration by iteration."""
import warnings

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.nddata import NDData, StdDevUncertainty
from astropy.stats import SigmaClip
from astropy.table import Table
from astropy.wcs import WCS
from photutils.centroids import centroid_com
from photutils.psf import EPSFBuilder, ImagePSF, extract_stars

from common import noise, uniform, write_json

warnings.simplefilter('ignore')

NY, NX = 200, 260
COLUMNS, ROWS = 9, 7


def truth(seed, k, shift=(0.0, 0.0)):
    """x, y and central value of star k on a jittered grid."""
    u = [float(v) for v in uniform(seed, np.arange(5 * k, 5 * k + 5))]
    x = 18.0 + 28.0 * (k % COLUMNS) + 2.0 * u[0] + shift[0]
    y = 16.0 + 28.0 * (k // COLUMNS) + 2.0 * u[1] + shift[1]
    return x, y, 200.0 / (0.02 + u[2]), u[3] - 0.5, u[4] - 0.5


def scene(seed, width, sigma, shift=(0.0, 0.0)):
    y, x = np.mgrid[0:NY, 0:NX].astype(float)
    image = sigma * noise(seed + 1, np.arange(NY * NX).reshape(NY, NX))
    for k in range(COLUMNS * ROWS):
        sx, sy, peak, _, _ = truth(seed, k, shift)
        dx, dy = x - sx, y - sy
        q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy + 0.02 * dx * dx * dx / (1.0 + dx * dx)) / width
        image = image + peak / (q * q * q)
    return image


def digits(a, n=10):
    return [float(f'{v:.{n}g}') for v in np.ravel(a)]


def history(result, keep):
    """Everything per iteration, the images for those kept."""
    info = result.iteration_info
    return [{'stage': str(info['stage'][i]), 'converged': bool(info['converged'][i]),
             'fraction': float(info['converged_fraction'][i]), 'max_shift': float(info['max_center_shift'][i]),
             'common_shift': float(info['common_center_shift'][i]), 'n_failed': int(info['n_fit_failed'][i]),
             'change': float(info['max_epsf_change'][i]),
             'epsf': digits(result.iteration_epsfs[i]) if i + 1 in keep else None} for i in range(len(info))]


def stars_of(stars):
    return {'center': stars.center_flat.tolist(), 'flux': [s.flux for s in stars.all_stars]}


def finish(result):
    asym = result.center_asymmetry
    return {'shape': list(result.epsf.data.shape), 'epsf': digits(result.epsf.data), 'stars': stars_of(result.fitted_stars),
            'excluded': result.excluded_star_indices, 'n_iterations': result.iterations, 'converged': result.converged,
            'fit_shape': result.fit_shape, 'kernel': None if result.smoothing_kernel is None else result.smoothing_kernel,
            'asymmetry': None if asym is None else asym}


def catalog(seed, shift=(0.0, 0.0)):
    t = [truth(seed, k, shift) for k in range(COLUMNS * ROWS)]
    return Table({'x': [v[0] + 0.6 * v[3] for v in t], 'y': [v[1] + 0.6 * v[4] for v in t]})


def default():
    """All defaults; each iteration also alone, from the stars and the ePSF of the one before."""
    stars = extract_stars(NDData(scene(300, 3.0, 0.5)), catalog(300), size=11)
    result = EPSFBuilder(maxiters=6, refinement_iters=2, progress_bar=False)(stars)
    out = {'initial': stars_of(stars), 'history': history(result, (1, 8)), 'result': finish(result)}
    one = EPSFBuilder(maxiters=1, refinement_iters=0, wing_smoothing=False, progress_bar=False)
    first = one(stars)
    second = one.build_epsf(first.fitted_stars, epsf=first.epsf)
    out['steps'] = [{'stars': stars_of(first.fitted_stars)},
                    {'epsf': digits(second.epsf.data), 'stars': stars_of(second.fitted_stars)}]
    return out


def options():
    """Other sampling, kernel, centre, clipping and box; bad pixels and errors."""
    data = scene(310, 5.0, 0.3)
    index = np.arange(NY * NX).reshape(NY, NX)
    mask = uniform(312, index) < 0.01
    error = 0.3 + 0.2 * uniform(313, index)
    image = NDData(data, mask=mask, uncertainty=StdDevUncertainty(error))
    t = catalog(310)
    estimated = [s.flux for s in extract_stars(image, t, size=(13, 11)).all_stars]
    t['flux'] = [20.0 * truth(310, k)[2] for k in range(len(t))]
    stars = extract_stars(image, t, size=(13, 11))
    builder = EPSFBuilder(oversampling=(3, 2), smoothing_kernel='quartic', recentering_func=centroid_com, sigma_clip=None,
                          fit_shape=(5, 7), maxiters=4, center_accuracy=1e-6, shape=(41, 31), recentering_boxsize=(5, 7),
                          alias_passband=0.75, progress_bar=False)
    result = builder(stars)
    whole = [s.flux for s in extract_stars(NDData(data), t['x', 'y'], size=(13, 11)).all_stars]
    out = {'initial': stars_of(stars), 'history': history(result, (1,)), 'result': finish(result), 'estimated': estimated,
           'whole': whole}
    # one pixel per sample, nothing else
    builder = EPSFBuilder(oversampling=1, smoothing_kernel=None, alias_passband=None, sigma_clip=SigmaClip(2.5, maxiters=None),
                          fit_shape=None, maxiters=3, recentering_maxiters=1, wing_smoothing=False, center_accuracy=1e-6,
                          progress_bar=False)
    plain = builder(stars)
    out['plain'] = {'history': history(plain, (1,)), 'result': finish(plain)}
    return out


def wcs(crpix):
    w = WCS(naxis=2)
    w.wcs.ctype = ['RA---TAN', 'DEC--TAN']
    w.wcs.crval = [150.0, 40.0]
    w.wcs.crpix = crpix
    w.wcs.cd = [[-1e-4, 2e-5], [2e-5, 1e-4]]
    return w


def linked():
    shifts = [(0.0, 0.0), (0.27, -0.41), (-0.36, 0.22)]
    fields = [NDData(scene(320, 3.0, 0.5, s), wcs=wcs([100.0 + s[0], 90.0 + s[1]])) for s in shifts]
    t = catalog(320)
    sky = wcs([100.0, 90.0]).pixel_to_world(t['x'], t['y'])
    cat = Table({'skycoord': SkyCoord(sky)})
    stars = extract_stars(fields, cat, size=13)
    result = EPSFBuilder(maxiters=3, refinement_iters=1, wing_smoothing=False, progress_bar=False)(stars)
    return {'ra': sky.ra.deg, 'dec': sky.dec.deg, 'initial': stars_of(stars), 'history': history(result, ()),
            'result': finish(result)}


write_json('crates/psf/tests/it/fixtures/epsf.json', {'default': default(), 'options': options(), 'linked': linked()})
