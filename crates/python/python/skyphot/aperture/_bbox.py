"""The box of whole pixels around an aperture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skyphot import _core

if TYPE_CHECKING:
    from skyphot.aperture._shapes import RectangularAperture

Slices = tuple[slice, slice]


class BoundingBox:
    """A box of pixels; the upper edges are exclusive, as in Python slices.

    Parameters
    ----------
    ixmin, ixmax, iymin, iymax : int
        The edges in pixel indices.
    """

    def __init__(self, ixmin: int, ixmax: int, iymin: int, iymax: int) -> None:
        for value in (ixmin, ixmax, iymin, iymax):
            if not isinstance(value, (int, np.integer)):
                raise TypeError("ixmin, ixmax, iymin, and iymax must all be integers")
        if ixmin > ixmax:
            raise ValueError("ixmin must be <= ixmax")
        if iymin > iymax:
            raise ValueError("iymin must be <= iymax")
        self.ixmin, self.ixmax, self.iymin, self.iymax = int(ixmin), int(ixmax), int(iymin), int(iymax)

    @classmethod
    def from_float(cls, xmin: float, xmax: float, ymin: float, ymax: float) -> BoundingBox:
        """The smallest box of whole pixels that holds a box with these edges."""
        return cls(*_core.bbox_from_float(float(xmin), float(xmax), float(ymin), float(ymax)))

    def _edges(self) -> tuple[int, int, int, int]:
        return self.ixmin, self.ixmax, self.iymin, self.iymax

    def __eq__(self, other: object) -> bool:
        return self._edges() == other._edges() if isinstance(other, BoundingBox) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._edges())

    def __or__(self, other: BoundingBox) -> BoundingBox:
        return self.union(other) if isinstance(other, BoundingBox) else NotImplemented

    def __and__(self, other: BoundingBox) -> BoundingBox | None:
        return self.intersection(other) if isinstance(other, BoundingBox) else NotImplemented

    def __repr__(self) -> str:
        return f"BoundingBox(ixmin={self.ixmin}, ixmax={self.ixmax}, iymin={self.iymin}, iymax={self.iymax})"

    @property
    def center(self) -> tuple[float, float]:
        """The `(y, x)` centre."""
        return 0.5 * (self.iymax - 1 + self.iymin), 0.5 * (self.ixmax - 1 + self.ixmin)

    @property
    def shape(self) -> tuple[int, int]:
        """The `(ny, nx)` shape."""
        return self.iymax - self.iymin, self.ixmax - self.ixmin

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The outer edges `(xmin, xmax, ymin, ymax)` of the pixels."""
        return self.ixmin - 0.5, self.ixmax - 0.5, self.iymin - 0.5, self.iymax - 0.5

    def get_overlap_slices(self, shape: tuple[int, int]) -> tuple[Slices, Slices] | tuple[None, None]:
        """The slices of an array of the given shape, and those of the box, where both overlap."""
        if len(shape) != 2:
            raise ValueError("input shape must have 2 elements")
        ny, nx = int(shape[0]), int(shape[1])
        if self.ixmin >= nx or self.iymin >= ny or self.ixmax <= 0 or self.iymax <= 0:
            return None, None
        x0, x1, y0, y1 = max(self.ixmin, 0), min(self.ixmax, nx), max(self.iymin, 0), min(self.iymax, ny)
        return (
            (slice(y0, y1), slice(x0, x1)),
            (slice(y0 - self.iymin, y1 - self.iymin), slice(x0 - self.ixmin, x1 - self.ixmin)),
        )

    def to_aperture(self) -> RectangularAperture:
        """A rectangular aperture that covers the box."""
        from skyphot.aperture._shapes import RectangularAperture

        y, x = self.center
        h, w = self.shape
        return RectangularAperture((x, y), w=w, h=h, theta=0.0)

    def as_artist(self, **kwargs: Any) -> Any:
        """A matplotlib rectangle."""
        from matplotlib.patches import Rectangle

        h, w = self.shape
        return Rectangle(xy=(self.extent[0], self.extent[2]), width=w, height=h, **kwargs)

    def plot(self, ax: Any = None, origin: tuple[float, float] = (0, 0), **kwargs: Any) -> Any:
        """Draws the box on matplotlib axes."""
        return self.to_aperture().plot(ax=ax, origin=origin, **kwargs)[0]

    def union(self, other: BoundingBox) -> BoundingBox:
        """The smallest box that holds both."""
        if not isinstance(other, BoundingBox):
            raise TypeError("BoundingBox can be joined only with another BoundingBox")
        return BoundingBox(
            min(self.ixmin, other.ixmin),
            max(self.ixmax, other.ixmax),
            min(self.iymin, other.iymin),
            max(self.iymax, other.iymax),
        )

    def intersection(self, other: BoundingBox) -> BoundingBox | None:
        """What both share, or None."""
        if not isinstance(other, BoundingBox):
            raise TypeError("BoundingBox can be intersected only with another BoundingBox")
        x0, x1 = max(self.ixmin, other.ixmin), min(self.ixmax, other.ixmax)
        y0, y1 = max(self.iymin, other.iymin), min(self.iymax, other.iymax)
        return None if x1 < x0 or y1 < y0 else BoundingBox(x0, x1, y0, y1)
