"""Apertures as regions of the package `regions`, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

_KINDS = {
    "Circular{}Aperture": "Circle{}Region",
    "Elliptical{}Aperture": "Ellipse{}Region",
    "Rectangular{}Aperture": "Rectangle{}Region",
    "Circular{}Annulus": "CircleAnnulus{}Region",
    "Elliptical{}Annulus": "EllipseAnnulus{}Region",
    "Rectangular{}Annulus": "RectangleAnnulus{}Region",
    "Polygon{}Aperture": "Polygon{}Region",
}


def region_to_aperture(region: Any) -> Any:
    """The aperture of a region.

    Parameters
    ----------
    region : regions.Region
        A circle, an ellipse, a rectangle, a ring of these or a polygon, in pixels or on the sky.
    """
    from regions import PixelRegion, Region, SkyRegion

    from skyphot import aperture as a

    if not isinstance(region, Region):
        raise TypeError("Input region must be a Region object")
    name = type(region).__name__
    sky = isinstance(region, SkyRegion)
    kind = name.removesuffix("SkyRegion" if sky else "PixelRegion")
    if kind + "{}Region" not in _KINDS.values() or not isinstance(region, (PixelRegion, SkyRegion)):
        raise TypeError(f"Cannot convert {name!r} to an Aperture object")
    if kind == "Polygon":
        if sky:
            return a.SkyPolygonAperture.from_vertices(region.vertices)
        return a.PolygonAperture.from_vertices(np.stack([region.vertices.x, region.vertices.y], axis=1))
    at = region.center if sky else region.center.xy
    turned = {}
    if hasattr(region, "angle"):
        from astropy.units import Quantity

        turned["theta"] = region.angle - Quantity(90, "deg") if sky else region.angle
    made: Any
    match kind:
        case "Circle":
            return (a.SkyCircularAperture if sky else a.CircularAperture)(at, region.radius)
        case "CircleAnnulus":
            return (a.SkyCircularAnnulus if sky else a.CircularAnnulus)(at, region.inner_radius, region.outer_radius)
        case "Ellipse":
            made = a.SkyEllipticalAperture if sky else a.EllipticalAperture
            return made(at, region.width * 0.5, region.height * 0.5, **turned)
        case "Rectangle":
            made = a.SkyRectangularAperture if sky else a.RectangularAperture
            return made(at, region.width, region.height, **turned)
        case "EllipseAnnulus":
            made = a.SkyEllipticalAnnulus if sky else a.EllipticalAnnulus
            return made(
                at, region.inner_width * 0.5, region.outer_width * 0.5, region.outer_height * 0.5,
                b_in=region.inner_height * 0.5, **turned,
            )  # fmt: skip
        case _:
            made = a.SkyRectangularAnnulus if sky else a.RectangularAnnulus
            return made(
                at, region.inner_width, region.outer_width, region.outer_height, h_in=region.inner_height, **turned
            )


def aperture_to_region(aperture: Any) -> Any:
    """The region of an aperture: `regions.Regions` for several positions.

    Parameters
    ----------
    aperture : Aperture
        Any aperture of this module.
    """
    from skyphot.aperture import Aperture

    if not isinstance(aperture, Aperture):
        raise TypeError("Input aperture must be an Aperture object")
    return _region(aperture)


def _region(aperture: Any) -> Any:
    import regions

    if not aperture.isscalar:
        return regions.Regions([_region(one) for one in aperture])
    name = type(aperture).__name__
    sky = name.startswith("Sky")
    bare = name.removeprefix("Sky")
    target = next((v for k, v in _KINDS.items() if k.format("") == bare), None)
    if target is None:
        raise TypeError(f"Cannot convert {name!r} to a Region object")
    made = getattr(regions, target.format("Sky" if sky else "Pixel"))
    if bare == "PolygonAperture":
        vertices = aperture.vertices
        return made(vertices if sky else regions.PixCoord(*np.transpose(vertices)))
    at = aperture.positions if sky else regions.PixCoord(*aperture.positions)
    turned = {}
    if hasattr(aperture, "theta"):
        from astropy.units import Quantity

        turned["angle"] = aperture.theta + Quantity(90, "deg") if sky else aperture.theta
    match bare:
        case "CircularAperture":
            return made(at, aperture.r)
        case "CircularAnnulus":
            return made(at, aperture.r_in, aperture.r_out)
        case "EllipticalAperture":
            return made(at, aperture.a * 2, aperture.b * 2, **turned)
        case "RectangularAperture":
            return made(at, aperture.w, aperture.h, **turned)
        case "EllipticalAnnulus":
            return made(at, aperture.a_in * 2, aperture.a_out * 2, aperture.b_in * 2, aperture.b_out * 2, **turned)
        case _:
            return made(at, aperture.w_in, aperture.w_out, aperture.h_in, aperture.h_out, **turned)
