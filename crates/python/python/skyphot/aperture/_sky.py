"""The shapes on the sky."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core
from skyphot._compat import is_quantity, with_unit
from skyphot.aperture._attributes import PositiveSkyAngle, SkyAngle, SkyPositions, SkyVertexOffsets, degrees_of, radians
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

    def to_polygon(self, *, n_vertices: int = 100) -> SkyPolygonAperture:
        """A polygon with its vertices on the circle."""
        return _to_polygon(self, n_vertices, self.r.unit)


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

    def to_polygon(self, *, n_vertices: int = 100) -> SkyPolygonAperture:
        """A polygon with its vertices on the ellipse."""
        return _to_polygon(self, n_vertices, self.a.unit)


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

    def to_polygon(self) -> SkyPolygonAperture:
        """The corners as a polygon."""
        return _to_polygon(self, 4, self.w.unit)


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
    vertex_offsets = SkyVertexOffsets("The vertices as offsets from the position.")

    def __init__(self, positions: Any, vertex_offsets: Any) -> None:
        self.positions = positions
        self.vertex_offsets = vertex_offsets

    def _native(self) -> Native:
        return "polygon", np.ravel(self.vertex_offsets.to_value("arcsec")).tolist()

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""
        return len(self.vertex_offsets)

    @classmethod
    def from_vertices(cls, vertices: Any) -> SkyPolygonAperture:
        """A polygon given by its vertices, a `SkyCoord`; the position is the mean of them."""
        from astropy.coordinates import SkyCoord
        from astropy.units import Quantity

        if not isinstance(vertices, SkyCoord) or vertices.ndim != 1:
            raise TypeError("vertices must be a one-dimensional SkyCoord")
        if len(vertices) < 3:
            raise ValueError(f"'vertices' must define a polygon with at least 3 vertices, got {len(vertices)}")
        first = vertices[0]
        d_lon, d_lat = first.spherical_offsets_to(vertices)
        center = first.spherical_offsets_by(d_lon.mean(), d_lat.mean())
        return cls(center, Quantity(center.spherical_offsets_to(vertices)).T)

    @classmethod
    def from_regular_polygon(
        cls, positions: Any, n_vertices: int, radius: Any, *, theta: Any = None
    ) -> SkyPolygonAperture:
        """A regular polygon.

        Parameters
        ----------
        positions : SkyCoord
            The position(s).
        n_vertices : int
            Number of vertices, at least 3.
        radius : Quantity
            Distance of the vertices from the position.
        theta : Quantity, optional
            Angle of the first vertex from north towards east.
        """
        from astropy.units import Quantity

        theta = Quantity(0.0, "deg") if theta is None else theta
        for name, value in (("radius", radius), ("theta", theta)):
            if not is_quantity(value) or value.unit.physical_type != "angle":
                raise TypeError(f"{name} must be an angular Quantity")
        if int(n_vertices) < 3:
            raise ValueError(f"n_vertices must be at least 3, got {n_vertices}")
        size = float(radius.to_value("arcsec"))
        if not np.isfinite(size) or size <= 0:
            raise ValueError(f"radius must be a finite positive Quantity, got {radius}")
        offsets = _core.regular_polygon(int(n_vertices), size, -float(theta.to_value("rad")))
        return cls(positions, Quantity(np.reshape(offsets, (-1, 2)), "arcsec").to(radius.unit))

    @property
    def vertices(self) -> Any:
        """The vertices on the sky."""
        d = self.vertex_offsets
        at = self.positions if self.positions.isscalar else self.positions[:, np.newaxis]
        return at.spherical_offsets_by(d[:, 0], d[:, 1])

    def _regular(self, name: str) -> float:
        found = _core.sky_polygon_properties(self._native())
        if name not in found:
            raise ValueError(f"{name!r} is only defined for a regular polygon aperture")
        return float(found[name])

    @property
    def is_regular(self) -> bool:
        """Whether all sides and angles are the same."""
        return "side_length" in _core.sky_polygon_properties(self._native())

    @property
    def perimeter(self) -> Any:
        """The sum of the sides."""
        return with_unit(float(_core.sky_polygon_properties(self._native())["perimeter"]), "arcsec")

    @property
    def outer_radius(self) -> Any:
        """The distance of the vertices of a regular polygon from its centre."""
        return with_unit(self._regular("outer_radius"), "arcsec")

    @property
    def inner_radius(self) -> Any:
        """The distance of the sides of a regular polygon from its centre."""
        return with_unit(self._regular("inner_radius"), "arcsec")

    @property
    def side_length(self) -> Any:
        """The length of the sides of a regular polygon."""
        return with_unit(self._regular("side_length"), "arcsec")

    @property
    def interior_angle(self) -> Any:
        """Angle between two sides of a regular polygon."""
        return degrees_of(self._regular("interior_angle"))

    @property
    def exterior_angle(self) -> Any:
        """Angle by which the outline of a regular polygon turns at a vertex."""
        return degrees_of(self._regular("exterior_angle"))

    @property
    def theta(self) -> Any:
        """Angle of the first vertex of a regular polygon, from north towards east."""
        return degrees_of(self._regular("theta"))


def _to_polygon(aperture: SkyAperture, n_vertices: int, unit: Any) -> SkyPolygonAperture:
    from astropy.units import Quantity

    n = int(n_vertices)
    if n < 3:
        raise ValueError(f"n_vertices must be at least 3, got {n}")
    offsets = _core.sky_shape_to_polygon(aperture._native(), n)
    return SkyPolygonAperture(aperture.positions, Quantity(offsets, "arcsec").to(unit))
