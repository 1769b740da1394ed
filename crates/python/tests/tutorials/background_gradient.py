"""A background that moonlight has tilted, on a frame of a telescope on the ground: the calls of the tutorial."""

import astropy.units as u
import numpy as np
from astropy.nddata import CCDData
from astropy.stats import SigmaClip


def run(p, data):
    image = CCDData.read(data / "ground/TIC_125489084.01-S001-R055-C001-ip-sim.fit.bz2", unit="adu")
    # A quarter of the frame; in double precision: the differences of float32 numbers are only as good as their last bits.
    image = CCDData(image.data[:768, :768].astype(float), unit=image.unit)
    pixels = image.data
    image.mask = pixels == 0
    clipped = p.stats.sigma_clipped_stats(pixels, sigma=3.0, maxiters=5, mask=image.mask)
    unmasked = p.stats.sigma_clipped_stats(pixels, sigma=3.0, maxiters=5)
    clip = SigmaClip(sigma=3.0, maxiters=10)
    threshold = p.segmentation.detect_threshold(pixels, n_sigma=2.0, sigma_clip=clip, mask=image.mask)
    segments = p.segmentation.detect_sources(pixels, threshold, n_pixels=10, mask=image.mask)
    y, x = np.mgrid[-10:11, -10:11]
    sources = segments.make_source_mask(footprint=x**2 + y**2 <= 100)
    without = p.stats.sigma_clipped_stats(pixels, sigma=3, mask=sources)
    scalar = image.subtract(clipped[0] * u.adu)
    b = p.background.Background2D(
        image, box_size=100, filter_size=(9, 9), mask=image.mask, sigma_clip=SigmaClip(sigma=3.0, maxiters=5),
        bkg_estimator=p.background.MeanBackground(),
    )  # fmt: skip
    flat = image.subtract(b.background)
    return {
        "statistics": [[float(v) for v in t] for t in (clipped, unmasked, without)], "threshold": threshold[::64, ::64],
        "n_segments": segments.n_labels, "masked": int(sources.sum()), "scalar": scalar.data[::64, ::64],
        "mesh": b.background_mesh, "background": b.background[::16, ::16], "flat": flat.data[::16, ::16],
    }  # fmt: skip
