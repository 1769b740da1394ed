"""photutils' side of the cases of psf.rs."""
import warnings

import numpy as np


def cases(image, folder):
    def grid():
        from photutils.psf import GriddedPSFModel
        return GriddedPSFModel.read(f'{folder}/nircam_like_psfgrid.fits', format='webbpsf')

    def stars():
        from photutils.detection import IRAFStarFinder
        data = image('nircam_like2k').astype('f8')
        return data, np.full(data.shape, 0.5), IRAFStarFinder(threshold=6.0, fwhm=3.0)(data)[['x_centroid', 'y_centroid']]

    def fit(model, radius, separation, data, error, start):
        from photutils.psf import PSFPhotometry, SourceGrouper
        warnings.simplefilter('ignore')
        phot = PSFPhotometry(model, (5, 5), grouper=separation and SourceGrouper(separation), aperture_radius=radius)
        return phot, phot(data, error=error, init_params=start)

    def values(r):
        return {c: np.asarray(r[c], float) for c in ('x_fit', 'y_fit', 'flux_fit', 'flux_err')}

    def gridded(separation, reading):
        data, error, start = stars()
        model = None if reading else grid()
        return lambda: values(fit(model or grid(), 5, separation, data, error, start)[1])

    def residual():
        data, error, start = stars()
        phot, _ = fit(grid(), 5, None, data, error, start)
        peak = np.array([data.max()])
        return lambda: {'residual': phot.make_residual_image(data, psf_shape=(101, 101)).ravel(), 'peak': peak}

    def crowded(separation):
        from photutils.detection import DAOStarFinder
        from photutils.psf import CircularGaussianPRF
        data = image('crowded2k').astype('f8')
        error = np.ones(data.shape)
        start = DAOStarFinder(threshold=6.0, fwhm=2.5, min_separation=2)(data)[['x_centroid', 'y_centroid']]
        return lambda: values(fit(CircularGaussianPRF(fwhm=2.5), 3, separation, data, error, start)[1])

    return {
        'psf-gridded': lambda _: gridded(None, False),
        'psf-gridded-35': lambda _: gridded(35, False),
        'psf-gridded-read': lambda _: gridded(None, True),
        'psf-gridded-35-read': lambda _: gridded(35, True),
        'psf-residual': lambda _: residual(),
        'psf-crowded': lambda _: crowded(None),
        'psf-crowded-10': lambda _: crowded(10),
    }
