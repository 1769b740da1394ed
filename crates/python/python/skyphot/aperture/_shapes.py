"""The shapes in pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skyphot import _core, _inputs
from skyphot.aperture._attributes import Angle, PixelPositions, PositiveScalar, VertexOffsets, degrees_of, radians
from skyphot.aperture._base import PixelAperture, native_shape
from skyphot.aperture._sky_bridge import to_sky

Native = tuple[str, list[float]]


class CircularAperture(PixelAperture):
    """A circle.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    r : float
        The radius in pixels.
    """

    _params = ("positions", "r")
    positions = PixelPositions("The centre(s) in pixels.")
    r = PositiveScalar("The radius in pixels.")

    def __init__(self, positions: npt.ArrayLike, r: float) -> None:
        self.positions = positions
        self.r = r

    def _native(self) -> Native:
        return native_shape("circle", self.r)

    def to_polygon(self, *, n_vertices: int = 100) -> PolygonAperture:
        """A polygon with its vertices on the circle."""
        return _to_polygon(self, n_vertices)

    def to_sky(self, wcs: Any, *, as_ellipse: bool = False) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs, as_ellipse=as_ellipse)


class CircularAnnulus(PixelAperture):
    """The ring between two circles.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    r_in, r_out : float
        The radii in pixels.
    """

    _params = ("positions", "r_in", "r_out")
    _ordered_pairs = (("r_in", "r_out"),)
    positions = PixelPositions("The centre(s) in pixels.")
    r_in = PositiveScalar("The inner radius in pixels.")
    r_out = PositiveScalar("The outer radius in pixels.")

    def __init__(self, positions: npt.ArrayLike, r_in: float, r_out: float) -> None:
        self.positions = positions
        self.r_in = r_in
        self.r_out = r_out

    def _native(self) -> Native:
        return native_shape("circular_annulus", self.r_in, self.r_out)

    def to_sky(self, wcs: Any, *, as_ellipse: bool = False) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs, as_ellipse=as_ellipse)


class EllipticalAperture(PixelAperture):
    """An ellipse.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    a, b : float
        The semi-axes in pixels.
    theta : float or Quantity, optional
        The angle of the first axis from +x, counter-clockwise; a number is in radians.
    """

    _params = ("positions", "a", "b", "theta")
    positions = PixelPositions("The centre(s) in pixels.")
    a = PositiveScalar("The semimajor axis in pixels.")
    b = PositiveScalar("The semiminor axis in pixels.")
    theta = Angle("The counter-clockwise angle from +x.")

    def __init__(self, positions: npt.ArrayLike, a: float, b: float, theta: Any = 0.0) -> None:
        self.positions = positions
        self.a = a
        self.b = b
        self.theta = theta

    def _native(self) -> Native:
        return native_shape("ellipse", self.a, self.b, radians(self.theta))

    def to_polygon(self, *, n_vertices: int = 100) -> PolygonAperture:
        """A polygon with its vertices on the ellipse."""
        return _to_polygon(self, n_vertices)

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs)


class EllipticalAnnulus(PixelAperture):
    """The ring between two ellipses.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    a_in, a_out, b_out : float
        The semi-axes in pixels.
    b_in : float, optional
        The inner semiminor axis; by default of the shape of the outer ellipse.
    theta : float or Quantity, optional
        The angle of the first axis from +x, counter-clockwise; a number is in radians.
    """

    _params = ("positions", "a_in", "a_out", "b_in", "b_out", "theta")
    _ordered_pairs = (("a_in", "a_out"), ("b_in", "b_out"))
    positions = PixelPositions("The centre(s) in pixels.")
    a_in = PositiveScalar("The inner semimajor axis in pixels.")
    a_out = PositiveScalar("The outer semimajor axis in pixels.")
    b_in = PositiveScalar("The inner semiminor axis in pixels.")
    b_out = PositiveScalar("The outer semiminor axis in pixels.")
    theta = Angle("The counter-clockwise angle from +x.")

    def __init__(
        self,
        positions: npt.ArrayLike,
        a_in: float,
        a_out: float,
        b_out: float,
        b_in: float | None = None,
        theta: Any = 0.0,
    ) -> None:
        self.positions = positions
        self.a_in = a_in
        self.a_out = a_out
        self.b_out = b_out
        self.b_in = self.b_out * self.a_in / self.a_out if b_in is None else b_in
        self.theta = theta

    def _native(self) -> Native:
        return native_shape("elliptical_annulus", self.a_in, self.a_out, self.b_in, self.b_out, radians(self.theta))

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs)


class RectangularAperture(PixelAperture):
    """A rectangle.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    w, h : float
        The full width and height in pixels.
    theta : float or Quantity, optional
        The angle of the width from +x, counter-clockwise; a number is in radians.
    """

    _params = ("positions", "w", "h", "theta")
    positions = PixelPositions("The centre(s) in pixels.")
    w = PositiveScalar("The full width in pixels.")
    h = PositiveScalar("The full height in pixels.")
    theta = Angle("The counter-clockwise angle from +x.")

    def __init__(self, positions: npt.ArrayLike, w: float, h: float, theta: Any = 0.0) -> None:
        self.positions = positions
        self.w = w
        self.h = h
        self.theta = theta

    def _native(self) -> Native:
        return native_shape("rectangle", self.w, self.h, radians(self.theta))

    def to_polygon(self) -> PolygonAperture:
        """The same shape as a polygon."""
        return _to_polygon(self, 4)

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs)


class RectangularAnnulus(PixelAperture):
    """The ring between two rectangles.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    w_in, w_out, h_out : float
        The full widths and heights in pixels.
    h_in : float, optional
        The inner height; by default of the shape of the outer rectangle.
    theta : float or Quantity, optional
        The angle of the width from +x, counter-clockwise; a number is in radians.
    """

    _params = ("positions", "w_in", "w_out", "h_in", "h_out", "theta")
    _ordered_pairs = (("w_in", "w_out"), ("h_in", "h_out"))
    positions = PixelPositions("The centre(s) in pixels.")
    w_in = PositiveScalar("The inner full width in pixels.")
    w_out = PositiveScalar("The outer full width in pixels.")
    h_in = PositiveScalar("The inner full height in pixels.")
    h_out = PositiveScalar("The outer full height in pixels.")
    theta = Angle("The counter-clockwise angle from +x.")

    def __init__(
        self,
        positions: npt.ArrayLike,
        w_in: float,
        w_out: float,
        h_out: float,
        h_in: float | None = None,
        theta: Any = 0.0,
    ) -> None:
        self.positions = positions
        self.w_in = w_in
        self.w_out = w_out
        self.h_out = h_out
        self.h_in = self.w_in * self.h_out / self.w_out if h_in is None else h_in
        self.theta = theta

    def _native(self) -> Native:
        return native_shape("rectangular_annulus", self.w_in, self.w_out, self.h_in, self.h_out, radians(self.theta))

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs)


class PolygonAperture(PixelAperture):
    """A simple polygon.

    Parameters
    ----------
    positions : array_like
        One `(x, y)` or a list of them, in pixels.
    vertex_offsets : array_like
        The vertices `(dx, dy)` around the position.
    """

    _params = ("positions", "vertex_offsets")
    positions = PixelPositions("The position(s) in pixels.")
    vertex_offsets = VertexOffsets("The vertices around the position, counter-clockwise.")

    def __init__(self, positions: npt.ArrayLike, vertex_offsets: npt.ArrayLike) -> None:
        self.positions = positions
        self.vertex_offsets = vertex_offsets

    def _native(self) -> Native:
        return "polygon", self.vertex_offsets.ravel().tolist()

    @classmethod
    def from_vertices(cls, vertices: npt.ArrayLike) -> PolygonAperture:
        """A polygon given by its vertices; the position is its centroid."""
        xy, offsets = _core.polygon_from_vertices(_inputs.positions(vertices))
        return cls(xy, offsets)

    @classmethod
    def from_regular_polygon(
        cls, positions: npt.ArrayLike, n_vertices: int, radius: float, *, theta: Any = 0.0
    ) -> PolygonAperture:
        """A regular polygon with its vertices on a circle."""
        return cls(positions, _core.regular_polygon(int(n_vertices), float(radius), radians(theta)))

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""
        return len(self.vertex_offsets)

    @property
    def vertices(self) -> np.ndarray:
        """The vertices in pixels, `(n_vertices, 2)` or `(n, n_vertices, 2)`."""
        return np.asarray(np.add(np.expand_dims(self.positions, -2), self.vertex_offsets))

    @property
    def is_regular(self) -> bool:
        """Whether all sides and angles are the same."""
        return "side_length" in self._properties()

    def _properties(self) -> dict[str, float]:
        return _core.polygon_properties(self._native())

    @property
    def perimeter(self) -> float:
        """Length of the outline in pixels."""
        return self._properties()["perimeter"]

    def _of_regular(self, name: str) -> float:
        values = self._properties()
        if name not in values:
            raise ValueError(f"{name!r} is only defined for a regular polygon aperture")
        return values[name]

    @property
    def outer_radius(self) -> float:
        """Radius of the circle through the vertices of a regular polygon."""
        return self._of_regular("outer_radius")

    @property
    def inner_radius(self) -> float:
        """Radius of the largest circle in a regular polygon."""
        return self._of_regular("inner_radius")

    @property
    def side_length(self) -> float:
        """Length of a side of a regular polygon."""
        return self._of_regular("side_length")

    @property
    def interior_angle(self) -> Any:
        """Angle between two sides of a regular polygon."""
        return degrees_of(self._of_regular("interior_angle"))

    @property
    def exterior_angle(self) -> Any:
        """Angle by which the outline of a regular polygon turns at a vertex."""
        return degrees_of(self._of_regular("exterior_angle"))

    @property
    def theta(self) -> Any:
        """Angle of the first vertex of a regular polygon."""
        return degrees_of(self._of_regular("theta"))

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        return to_sky(self, wcs)


def _to_polygon(aperture: PixelAperture, n_vertices: int) -> PolygonAperture:
    n = int(n_vertices)
    if n < 3:
        raise ValueError(f"n_vertices must be at least 3, got {n}")
    return PolygonAperture(aperture.positions, _core.shape_to_polygon(aperture._native(), n))
