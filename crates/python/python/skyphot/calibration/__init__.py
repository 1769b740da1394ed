"""From counts to fluxes: magnitudes, flux scales, zero points, aperture corrections, frames of a CCD, data quality."""

from skyphot.calibration._apertures import ApertureCorrections, EncircledEnergy
from skyphot.calibration._bands import Band, colour_magnitude
from skyphot.calibration._ccd import (
    CCDImage,
    Combined,
    CosmicRays,
    ccd_process,
    combine,
    cosmicray_lacosmic,
    create_deviation,
    flat_correct,
    gain_correct,
    subtract_bias,
    subtract_dark,
    subtract_overscan,
    trim_image,
)
from skyphot.calibration._dq import DataQuality
from skyphot.calibration._flux import AsinhMagnitude, FluxScale, convert_flux, flux, magnitude, magnitude_error
from skyphot.calibration._noise import ApertureNoise, concentration_index, is_extended, limiting_magnitude
from skyphot.calibration._zero_point import ZeroPoint, fit_zero_point, zero_point_of_field

__all__ = [
    "ApertureCorrections",
    "ApertureNoise",
    "AsinhMagnitude",
    "Band",
    "CCDImage",
    "Combined",
    "CosmicRays",
    "DataQuality",
    "EncircledEnergy",
    "FluxScale",
    "ZeroPoint",
    "ccd_process",
    "colour_magnitude",
    "combine",
    "concentration_index",
    "convert_flux",
    "cosmicray_lacosmic",
    "create_deviation",
    "fit_zero_point",
    "flat_correct",
    "flux",
    "gain_correct",
    "is_extended",
    "limiting_magnitude",
    "magnitude",
    "magnitude_error",
    "subtract_bias",
    "subtract_dark",
    "subtract_overscan",
    "trim_image",
    "zero_point_of_field",
]
