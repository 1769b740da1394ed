"""PSF photometry of a simulated NIRCam image with a PSF that varies over the detector: the calls of the tutorial."""

import numpy as np
from astropy.io import fits
from astropy.table import QTable

# How far the fits of two programs stop from each other, see docs/known-differences.md.
TOLERANCE = 1e-4


def run(p, data):
    psf = p.psf.GriddedPSFModel.read(data / "psf/nircam_nrca1_f200w_fovp101_samp4_npsf16.fits.gz", format="webbpsf")
    image = np.array(fits.getdata(data / "psf/nircam_sim_f200w_1024.fits.fz", ext=1), dtype=float)
    error = np.sqrt(np.abs(image)) + 0.5
    finder = p.detection.IRAFStarFinder(threshold=6.0, fwhm=3.0)
    stars = finder(image)
    photometry = p.psf.PSFPhotometry(psf, (5, 5), finder=finder, aperture_radius=5)
    table = photometry(image, error=error)
    residual = photometry.make_residual_image(image)

    x, y = np.array(stars["x_centroid"]), np.array(stars["y_centroid"])
    grouper = p.psf.SourceGrouper(35)
    groups = grouper(x, y)
    grouped = p.psf.PSFPhotometry(psf, (5, 5), finder=finder, grouper=grouper, aperture_radius=5)(image, error=error)

    start = QTable()
    start["x"], start["y"] = [float(np.rint(x[3]))], [float(np.rint(y[3]))]
    single = p.psf.PSFPhotometry(psf, (5, 5), aperture_radius=5)
    one = single(image, error=error, init_params=start)
    keep = ["id", "group_id", "group_size", "x_init", "y_init", "flux_init", "x_fit", "y_fit", "flux_fit", "x_err",
            "y_err", "flux_err", "n_pixels_fit"]  # fmt: skip
    scale = float(np.max(image))
    return {
        "psf": [psf.data.shape, psf.oversampling, psf.grid_xypos, psf.origin], "stars": stars, "table": table[keep],
        "residual": residual[::8, ::8] / scale, "groups": groups, "grouped": grouped[keep], "one": one[keep],
    }  # fmt: skip
