"""Forced photometry of a Roman WFI image at the positions of a catalogue: the calls of the tutorial."""

import asdf
import numpy as np
from astropy.stats import SigmaClip
from astropy.table import Table


def run(p, data):
    folder = data / "roman"
    tree = asdf.open(folder / "r0003201001001001004_0001_wfi01_f106_cal.asdf", lazy_load=False)["roman"]
    area = asdf.open(folder / "roman_wfi_area_wfi01_sub768.asdf", lazy_load=False)["roman"]["data"]
    image = np.array(tree["data"]) * np.array(area)
    error = np.array(tree["err"], dtype=float) * np.array(area)
    bad = np.array(tree["dq"]).astype(bool)
    catalog = Table.read(folder / "r0003201001001001004_0001_wfi01_f106_truth.ecsv")
    x, y = tree["meta"]["wcs"].invert(catalog["ra"].data, catalog["dec"].data)
    inside = (x > 30) & (x < 738) & (y > 30) & (y < 738) & (catalog["type"] == "PSF")
    stars = list(zip(x[inside], y[inside], strict=True))

    apertures = p.aperture.CircularAperture(stars, r=3)
    rings = p.aperture.CircularAnnulus(stars, r_in=20, r_out=25)
    stats = p.aperture.ApertureStats(image, apertures, error=error)
    columns = ("id", "x_centroid", "y_centroid", "sum", "sum_err")
    sky = p.aperture.ApertureStats(image, rings, sigma_clip=SigmaClip(sigma=3.0, maxiters=5), mask=bad)
    flux = stats.sum - sky.median * apertures.area
    photometry = tree["meta"]["photometry"]
    jansky = flux * photometry["conversion_megajanskys"] * 1e6 * photometry["pixel_area"]
    magnitude = -2.5 * np.log10(np.where(jansky > 0, jansky, np.nan) / 3631)
    truth = -2.5 * np.log10(catalog["F106"][inside].data)
    offsets = (truth - magnitude)[np.isfinite(magnitude)]
    _, middle, spread = p.stats.sigma_clipped_stats(offsets, sigma=5, maxiters=2)
    return {
        "stars": stats.to_table(columns=columns), "sky": sky.to_table(columns=("id", "x_centroid", "y_centroid", "median", "std")),
        "flux": jansky, "magnitude": magnitude, "offset": [float(middle), float(spread)],
    }  # fmt: skip
