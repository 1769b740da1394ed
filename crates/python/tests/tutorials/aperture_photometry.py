"""Aperture photometry of galaxies in elliptical apertures: the calls of the XDF tutorial.

The tutorial's own image of 80 MB is not among the test data; this is a field of galaxies of the Hyper Suprime-Cam.
"""

import astropy.units as u
import numpy as np
from astropy.io import fits
from astropy.nddata import CCDData
from astropy.wcs import WCS


def run(p, data):
    hdu = fits.open(data / "real/HSC-0908120-056-small.fits")[1]
    image = CCDData(hdu.data, unit=u.electron / u.s, wcs=WCS(hdu.header))
    image.mask = image.data == 0
    mean, median, std = p.stats.sigma_clipped_stats(image.data, sigma=3.0, maxiters=5, mask=image.mask)

    peaks = p.detection.find_peaks(
        image.data, mask=image.mask, threshold=20.0 * std, box_size=31, centroid_func=p.centroids.centroid_com
    )
    circles = p.aperture.CircularAperture(np.transpose((peaks["x_centroid"], peaks["y_centroid"])), r=10.0)

    segments = p.segmentation.detect_sources(image.data, 5.0 * std, 15)
    catalog = p.segmentation.SourceCatalog(image.data, segments)
    table = catalog.to_table()
    ellipses, annuli = [], []
    for source in catalog[:20]:
        at = source.x_centroid, source.y_centroid
        a, b = source.semimajor_axis.value, source.semiminor_axis.value
        theta = source.orientation
        ellipses.append(p.aperture.EllipticalAperture(at, 3 * a, 3 * b, theta=theta))
        annuli.append(p.aperture.EllipticalAnnulus(at, 4 * a, 5.5 * a, 5.5 * b, theta=theta))
    on_sky = [e.to_sky(image.wcs) for e in ellipses]
    first_on_sky = p.aperture.aperture_photometry(image, on_sky[0])["aperture_sum"]

    sums = [p.aperture.aperture_photometry(image, e)["aperture_sum"][0].value for e in ellipses]
    rings = [p.aperture.aperture_photometry(image, e)["aperture_sum"][0].value for e in annuli]
    background = np.average(np.array(rings) / [e.area for e in annuli])
    subtracted = np.array(sums) - background * table["area"].value[:20]
    return {
        "statistics": [float(mean), float(median), float(std)], "peaks": peaks, "circles": circles.positions,
        "segments": segments.data, "table": table, "sky": first_on_sky, "sums": sums, "background": float(background),
        "subtracted": subtracted,
    }  # fmt: skip
