"""Checked attributes of apertures."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core
from skyphot._compat import HAS_ASTROPY, is_quantity, with_unit


class Attribute:
    """A checked attribute."""

    def __init__(self, doc: str = "") -> None:
        self.__doc__ = doc
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.__dict__[self.name]

    def __set__(self, instance: Any, value: Any) -> None:
        value = self.checked(value)
        for inner, outer in getattr(instance, "_ordered_pairs", ()):
            other = instance.__dict__.get(outer if self.name == inner else inner)
            if self.name not in (inner, outer) or other is None:
                continue
            if not (other > value if self.name == inner else value > other):
                raise ValueError(f"{outer!r} must be greater than {inner!r}")
        instance.__dict__[self.name] = value

    def checked(self, value: Any) -> Any:
        """The value as it is stored."""
        return value


class PixelPositions(Attribute):
    """One `(x, y)` or a list of them."""

    def checked(self, value: Any) -> Any:
        if isinstance(value, zip):
            value = tuple(value)
        if is_quantity(value):
            raise TypeError(f"{self.name!r} must not be a Quantity")
        try:
            value = np.asanyarray(value).astype(float)
        except TypeError as e:
            raise TypeError(f"{self.name!r} must not be a Quantity") from e
        if is_quantity(value):
            raise TypeError(f"{self.name!r} must not be a Quantity")
        if not np.all(np.isfinite(value)):
            raise ValueError(f"{self.name!r} must not contain any nonfinite (e.g., NaN or inf) positions")
        two = np.atleast_2d(value)
        if two.ndim > 2 or two.shape[1] != 2:
            raise ValueError(
                f"{self.name!r} must be a (x, y) pixel position or a list or array of (x, y) pixel positions, "
                "e.g., [(x1, y1), (x2, y2), (x3, y3)]"
            )
        return value


class PositiveScalar(Attribute):
    """A number above zero."""

    def checked(self, value: Any) -> Any:
        message = f"{self.name!r} must be a positive scalar"
        if not np.isscalar(value):
            raise ValueError(message)
        try:
            positive = value > 0  # type: ignore[operator]
        except TypeError:
            raise TypeError(message) from None
        if not positive:
            raise ValueError(message)
        return float(value)  # type: ignore[arg-type]


class Angle(Attribute):
    """An angle: a `Quantity`, or a number in radians."""

    def checked(self, value: Any) -> Any:
        if is_quantity(value):
            if not value.isscalar:
                raise ValueError(f"{self.name!r} must be a scalar")
            if value.unit.physical_type != "angle":
                raise ValueError(f"{self.name!r} must have angular units")
            return value
        if not np.isscalar(value):
            raise ValueError(f"If not an angle Quantity, {self.name!r} must be a scalar float in radians")
        return with_unit(value, "rad") if HAS_ASTROPY else float(value)  # type: ignore[arg-type]


class SkyPositions(Attribute):
    """A `SkyCoord`."""

    def checked(self, value: Any) -> Any:
        from astropy.coordinates import SkyCoord

        if not isinstance(value, SkyCoord):
            raise TypeError(f"{self.name!r} must be a SkyCoord instance")
        return value


class SkyAngle(Attribute):
    """An angle with a unit."""

    def checked(self, value: Any) -> Any:
        if not is_quantity(value):
            raise TypeError(f"{self.name!r} must be a scalar angle")
        if not value.isscalar:
            raise ValueError(f"{self.name!r} must be a scalar")
        if value.unit.physical_type != "angle":
            raise ValueError(f"{self.name!r} must have angular units")
        return value


class PositiveSkyAngle(SkyAngle):
    """An angle above zero with a unit."""

    def checked(self, value: Any) -> Any:
        value = super().checked(value)
        if not value > 0:
            raise ValueError(f"{self.name!r} must be greater than zero")
        return value


class VertexOffsets(Attribute):
    """The vertices of a polygon around its position; they are kept counter-clockwise."""

    def checked(self, value: Any) -> Any:
        offsets = np.array(value, dtype=float)
        return _core.polygon_offsets(("polygon", _of_vertices(offsets).ravel().tolist()))


class SkyVertexOffsets(Attribute):
    """The vertices of a polygon on the sky around its position; they are kept counter-clockwise."""

    def checked(self, value: Any) -> Any:
        if not is_quantity(value):
            raise TypeError(f"{self.name!r} must be a Quantity with angular units")
        if value.unit.physical_type != "angle":
            raise ValueError(f"{self.name!r} must have angular units")
        kept = _core.polygon_offsets(("polygon", _of_vertices(value).value.ravel().tolist()))
        return with_unit(kept, value.unit)


def _of_vertices(offsets: Any) -> Any:
    if offsets.ndim != 2 or offsets.shape[1] != 2 or len(offsets) < 3:
        raise ValueError("vertex_offsets must be an array of shape (n_vertices, 2) with at least 3 vertices")
    return offsets


def radians(angle: Any) -> float:
    """The number of radians of an angle."""
    return float(angle.to_value("rad")) if is_quantity(angle) else float(angle)


def degrees_of(angle: float) -> Any:
    """An angle given in radians: in degrees, or without astropy a plain number of radians."""
    return with_unit(angle, "rad").to("deg") if HAS_ASTROPY else angle
