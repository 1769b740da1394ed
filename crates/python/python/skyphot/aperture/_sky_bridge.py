"""Apertures between pixels and sky, through any object with the shared interface for WCS."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core


class Bridge:
    """A WCS as two functions of longitude and latitude in degrees."""

    def __init__(self, wcs: Any, frame_of: Any = None) -> None:
        self.wcs = wcs
        self.frame = wcs.pixel_to_world(0.0, 0.0).frame if frame_of is None else frame_of.frame

    def to_sky(self, x: float, y: float) -> tuple[float, float]:
        """Longitude and latitude of a pixel."""
        c = self.wcs.pixel_to_world(x, y)
        return float(c.spherical.lon.deg), float(c.spherical.lat.deg)

    def to_pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Pixel of a longitude and latitude."""
        from astropy.coordinates import SkyCoord

        frame = self.frame.replicate_without_data()
        x, y = self.wcs.world_to_pixel(SkyCoord(lon, lat, unit="deg", frame=frame))
        return float(x), float(y)


def to_sky(aperture: Any, wcs: Any, *, as_ellipse: bool = False) -> Any:
    """The aperture on the sky; its shape is that at the first position."""
    from astropy.units import Quantity

    from skyphot.aperture import _sky

    xy = np.atleast_2d(aperture.positions)
    x, y = np.transpose(aperture.positions)
    positions = wcs.pixel_to_world(x, y)
    bridge = Bridge(wcs, positions)
    first = (float(xy[0, 0]), float(xy[0, 1]))
    kind, p = _core.shape_to_sky(aperture._native(), first, bridge.to_sky, bridge.to_pixel, as_ellipse)
    arcsec = [Quantity(v, "arcsec") for v in p]
    if kind == "polygon":
        return _sky.SkyPolygonAperture(positions, Quantity(np.reshape(p, (-1, 2)), "arcsec"))
    theta = Quantity(p[-1], "rad").to("deg")
    match kind:
        case "circle":
            return _sky.SkyCircularAperture(positions, r=arcsec[0])
        case "circular_annulus":
            return _sky.SkyCircularAnnulus(positions, r_in=arcsec[0], r_out=arcsec[1])
        case "ellipse":
            return _sky.SkyEllipticalAperture(positions, a=arcsec[0], b=arcsec[1], theta=theta)
        case "elliptical_annulus":
            return _sky.SkyEllipticalAnnulus(
                positions, a_in=arcsec[0], a_out=arcsec[1], b_in=arcsec[2], b_out=arcsec[3], theta=theta
            )
        case "rectangle":
            return _sky.SkyRectangularAperture(positions, w=arcsec[0], h=arcsec[1], theta=theta)
        case _:
            return _sky.SkyRectangularAnnulus(
                positions, w_in=arcsec[0], w_out=arcsec[1], h_in=arcsec[2], h_out=arcsec[3], theta=theta
            )


def to_pixel(aperture: Any, wcs: Any, *, as_ellipse: bool = False) -> Any:
    """The aperture in pixels; its shape is that at the first position."""
    from skyphot.aperture import _shapes

    positions = aperture.positions
    x, y = wcs.world_to_pixel(positions)
    xy = np.transpose((x, y))
    first = positions if positions.isscalar else positions[0]
    bridge = Bridge(wcs, first)
    at = (float(first.spherical.lon.deg), float(first.spherical.lat.deg))
    kind, p = _core.shape_to_pixel(aperture._native(), at, bridge.to_sky, bridge.to_pixel, as_ellipse)
    match kind:
        case "circle":
            return _shapes.CircularAperture(xy, p[0])
        case "circular_annulus":
            return _shapes.CircularAnnulus(xy, p[0], p[1])
        case "ellipse":
            return _shapes.EllipticalAperture(xy, p[0], p[1], theta=_angle(p[2]))
        case "elliptical_annulus":
            return _shapes.EllipticalAnnulus(xy, p[0], p[1], b_in=p[2], b_out=p[3], theta=_angle(p[4]))
        case "rectangle":
            return _shapes.RectangularAperture(xy, p[0], p[1], theta=_angle(p[2]))
        case "rectangular_annulus":
            return _shapes.RectangularAnnulus(xy, p[0], p[1], h_in=p[2], h_out=p[3], theta=_angle(p[4]))
        case _:
            return _shapes.PolygonAperture(xy, np.reshape(p, (-1, 2)))


def _angle(theta: float) -> Any:
    from astropy.units import Quantity

    return Quantity(theta, "rad").to("deg")
