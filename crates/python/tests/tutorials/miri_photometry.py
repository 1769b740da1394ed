"""Aperture photometry of a MIRI image with distorted pixels and a local background: the calls of the tutorial."""

import numpy as np
from astropy.io import fits
from astropy.stats import SigmaClip

FWHM = 1.882


def run(p, data):
    with fits.open(data / "jwst/det_image_seq1_MIRIMAGE_F560Wexp1_cal.fits.gz") as hdus:
        # In double precision: photutils measures float32 images in float32.
        image, dq, area = (np.array(hdus[n].data, dtype=float) for n in ("SCI", "DQ", "AREA"))
    image[~np.isin(dq, (0, 2, 4, 6))] = np.nan
    missing = ~np.isfinite(image)
    sky = p.background.Background2D(
        image, box_size=(20, 20), filter_size=(11, 11), sigma_clip=SigmaClip(sigma=3.0, maxiters=10),
        bkg_estimator=p.background.MMMBackground(), coverage_mask=missing, fill_value=0.0,
    )  # fmt: skip
    subtracted = image - sky.background
    finder = p.detection.DAOStarFinder(threshold=5.0 * sky.background_rms_median, fwhm=FWHM, exclude_border=True)
    found = finder(subtracted)
    positions = np.transpose((found["x_centroid"], found["y_centroid"]))

    circles = [p.aperture.CircularAperture(positions, r=k * FWHM) for k in (1.0, 2.0, 3.0)]
    sums = p.aperture.aperture_photometry(image * area, circles, method="exact")
    ring = p.aperture.CircularAnnulus(positions, r_in=25.0, r_out=35.0)
    local = []
    for mask in ring.to_mask(method="center")[:150]:
        pixels = mask.multiply(image * area)
        good = (mask.data > 0) & np.isfinite(pixels)
        enough = good.sum() >= 10
        local.append(p.stats.sigma_clipped_stats(pixels[good], sigma=3.5, maxiters=5)[1] if enough else -99.99)
    local = np.array(local, dtype=float)
    out = {
        "background": [float(sky.background_median), float(sky.background_rms_median)], "mesh": sky.background_mesh,
        "found": found, "sums": sums, "local": local,
    }  # fmt: skip
    for i, circle in enumerate(circles):
        flux = np.asarray(sums[f"aperture_sum_{i}"])[:150] - local * circle.area
        good = (local > -90) & np.isfinite(flux) & (flux > 0)
        out[f"magnitude_{i}"] = -2.5 * np.log10(flux[good])
    return out
