"""Apertures, aperture photometry and statistics of the pixels in apertures."""

from skyphot.aperture._base import Aperture, PixelAperture
from skyphot.aperture._bbox import BoundingBox
from skyphot.aperture._flags import APERTURE_FLAGS, decode_aperture_flags
from skyphot.aperture._mask import ApertureMask
from skyphot.aperture._photometry import AperturePhotometry, aperture_photometry
from skyphot.aperture._regions import aperture_to_region, region_to_aperture
from skyphot.aperture._shapes import (
    CircularAnnulus,
    CircularAperture,
    EllipticalAnnulus,
    EllipticalAperture,
    PolygonAperture,
    RectangularAnnulus,
    RectangularAperture,
)
from skyphot.aperture._sky import (
    SkyAperture,
    SkyCircularAnnulus,
    SkyCircularAperture,
    SkyEllipticalAnnulus,
    SkyEllipticalAperture,
    SkyPolygonAperture,
    SkyRectangularAnnulus,
    SkyRectangularAperture,
)
from skyphot.aperture._stats import ApertureStats

__all__ = [
    "APERTURE_FLAGS",
    "Aperture",
    "ApertureMask",
    "AperturePhotometry",
    "ApertureStats",
    "BoundingBox",
    "CircularAnnulus",
    "CircularAperture",
    "EllipticalAnnulus",
    "EllipticalAperture",
    "PixelAperture",
    "PolygonAperture",
    "RectangularAnnulus",
    "RectangularAperture",
    "SkyAperture",
    "SkyCircularAnnulus",
    "SkyCircularAperture",
    "SkyEllipticalAnnulus",
    "SkyEllipticalAperture",
    "SkyPolygonAperture",
    "SkyRectangularAnnulus",
    "SkyRectangularAperture",
    "aperture_photometry",
    "aperture_to_region",
    "decode_aperture_flags",
    "region_to_aperture",
]
