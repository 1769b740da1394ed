"""The shapes on the sky."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot._compat import is_quantity, with_unit
from skyphot.aperture._attributes import PositiveSkyAngle, SkyAngle, SkyPositions, radians
from skyphot.aperture._base import Aperture
from skyphot.aperture._sky_bridge import to_pixel

Native = tuple[str, list[float]]


def _arcsec(*angles: Any) -> list[float]:
    return [float(a.to_value("arcsec")) for a in angles]


def _zero() -> Any:
    return with_unit(0.0, "deg")


class SkyAperture(Aperture):
    """A shape on the sky."""

    def _native(self) -> Native:
        raise NotImplementedError

    def to_pixel(self, wcs: Any) -> Any:
        """The aperture in pixels, of the shape that it has at the first position.

        Parameters
        ----------
        wcs : object
            A WCS with the shared interface of astropy.
        """
        return to_pixel(self, wcs)


class SkyCircularAperture(SkyAperture):
    """A circle on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    r : Quantity
        The size on the sky.
    """

    _params = ("positions", "r")
    positions = SkyPositions("The centre(s).")
    r = PositiveSkyAngle("An angle.")

    def __init__(self, positions: Any, r: Any) -> None:
        self.positions = positions
        self.r = r

    def _native(self) -> Native:
        return "circle", _arcsec(self.r)

    def to_pixel(self, wcs: Any, *, as_ellipse: bool = False) -> Any:
        """The aperture in pixels, of the shape that it has at the first position."""
        return to_pixel(self, wcs, as_ellipse=as_ellipse)


class SkyCircularAnnulus(SkyAperture):
    """The ring between two circles on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    r_in : Quantity
        The size on the sky.
    r_out : Quantity
        The size on the sky.
    """

    _params = ("positions", "r_in", "r_out")
    _ordered_pairs = (("r_in", "r_out"),)
    positions = SkyPositions("The centre(s).")
    r_in = PositiveSkyAngle("An angle.")
    r_out = PositiveSkyAngle("An angle.")

    def __init__(self, positions: Any, r_in: Any, r_out: Any) -> None:
        self.positions = positions
        self.r_in = r_in
        self.r_out = r_out

    def _native(self) -> Native:
        return "circular_annulus", _arcsec(self.r_in, self.r_out)

    def to_pixel(self, wcs: Any, *, as_ellipse: bool = False) -> Any:
        """The aperture in pixels, of the shape that it has at the first position."""
        return to_pixel(self, wcs, as_ellipse=as_ellipse)


class SkyEllipticalAperture(SkyAperture):
    """An ellipse on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    a : Quantity
        The size on the sky.
    b : Quantity
        The size on the sky.
    theta : Quantity, optional
        The angle of the first axis from the positive longitude axis, counter-clockwise.
    """

    _params = ("positions", "a", "b", "theta")
    positions = SkyPositions("The centre(s).")
    a = PositiveSkyAngle("An angle.")
    b = PositiveSkyAngle("An angle.")
    theta = SkyAngle("An angle.")

    def __init__(self, positions: Any, a: Any, b: Any, theta: Any = None) -> None:
        self.positions = positions
        self.a = a
        self.b = b
        self.theta = _zero() if theta is None else theta

    def _native(self) -> Native:
        return "ellipse", [*_arcsec(self.a, self.b), radians(self.theta)]


class SkyEllipticalAnnulus(SkyAperture):
    """The ring between two ellipses on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    a_in : Quantity
        The size on the sky.
    a_out : Quantity
        The size on the sky.
    b_out : Quantity
        The size on the sky.
    b_in : Quantity, optional
        The size on the sky.
    theta : Quantity, optional
        The angle of the first axis from the positive longitude axis, counter-clockwise.
    """

    _params = ("positions", "a_in", "a_out", "b_in", "b_out", "theta")
    _ordered_pairs = (("a_in", "a_out"), ("b_in", "b_out"))
    positions = SkyPositions("The centre(s).")
    a_in = PositiveSkyAngle("An angle.")
    a_out = PositiveSkyAngle("An angle.")
    b_out = PositiveSkyAngle("An angle.")
    b_in = PositiveSkyAngle("An angle.")
    theta = SkyAngle("An angle.")

    def __init__(self, positions: Any, a_in: Any, a_out: Any, b_out: Any, b_in: Any = None, theta: Any = None) -> None:
        self.positions = positions
        self.a_in = a_in
        self.a_out = a_out
        self.b_out = b_out
        self.b_in = self.b_out * self.a_in / self.a_out if b_in is None else b_in
        self.theta = _zero() if theta is None else theta

    def _native(self) -> Native:
        return "elliptical_annulus", [*_arcsec(self.a_in, self.a_out, self.b_in, self.b_out), radians(self.theta)]


class SkyRectangularAperture(SkyAperture):
    """A rectangle on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    w : Quantity
        The size on the sky.
    h : Quantity
        The size on the sky.
    theta : Quantity, optional
        The angle of the first axis from the positive longitude axis, counter-clockwise.
    """

    _params = ("positions", "w", "h", "theta")
    positions = SkyPositions("The centre(s).")
    w = PositiveSkyAngle("An angle.")
    h = PositiveSkyAngle("An angle.")
    theta = SkyAngle("An angle.")

    def __init__(self, positions: Any, w: Any, h: Any, theta: Any = None) -> None:
        self.positions = positions
        self.w = w
        self.h = h
        self.theta = _zero() if theta is None else theta

    def _native(self) -> Native:
        return "rectangle", [*_arcsec(self.w, self.h), radians(self.theta)]


class SkyRectangularAnnulus(SkyAperture):
    """The ring between two rectangles on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The centre(s).
    w_in : Quantity
        The size on the sky.
    w_out : Quantity
        The size on the sky.
    h_out : Quantity
        The size on the sky.
    h_in : Quantity, optional
        The size on the sky.
    theta : Quantity, optional
        The angle of the first axis from the positive longitude axis, counter-clockwise.
    """

    _params = ("positions", "w_in", "w_out", "h_in", "h_out", "theta")
    _ordered_pairs = (("w_in", "w_out"), ("h_in", "h_out"))
    positions = SkyPositions("The centre(s).")
    w_in = PositiveSkyAngle("An angle.")
    w_out = PositiveSkyAngle("An angle.")
    h_out = PositiveSkyAngle("An angle.")
    h_in = PositiveSkyAngle("An angle.")
    theta = SkyAngle("An angle.")

    def __init__(self, positions: Any, w_in: Any, w_out: Any, h_out: Any, h_in: Any = None, theta: Any = None) -> None:
        self.positions = positions
        self.w_in = w_in
        self.w_out = w_out
        self.h_out = h_out
        self.h_in = self.w_in * self.h_out / self.w_out if h_in is None else h_in
        self.theta = _zero() if theta is None else theta

    def _native(self) -> Native:
        return "rectangular_annulus", [*_arcsec(self.w_in, self.w_out, self.h_in, self.h_out), radians(self.theta)]


class SkyPolygonAperture(SkyAperture):
    """A polygon on the sky.

    Parameters
    ----------
    positions : SkyCoord
        The position(s).
    vertex_offsets : Quantity
        The vertices as offsets `(d_lon, d_lat)` from the position, of shape `(n_vertices, 2)`.
    """

    _params = ("positions", "vertex_offsets")
    positions = SkyPositions("The position(s).")

    def __init__(self, positions: Any, vertex_offsets: Any) -> None:
        self.positions = positions
        if not is_quantity(vertex_offsets):
            raise TypeError("'vertex_offsets' must be a Quantity with angular units")
        if vertex_offsets.unit.physical_type != "angle":
            raise ValueError("'vertex_offsets' must have angular units")
        if vertex_offsets.ndim != 2 or vertex_offsets.shape[1] != 2 or len(vertex_offsets) < 3:
            raise ValueError("vertex_offsets must be an array of shape (n_vertices, 2) with at least 3 vertices")
        self.vertex_offsets = vertex_offsets

    def _native(self) -> Native:
        return "polygon", np.ravel(self.vertex_offsets.to_value("arcsec")).tolist()

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""
        return len(self.vertex_offsets)
