"""What all apertures share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, with_unit
from skyphot.aperture._bbox import BoundingBox
from skyphot.aperture._mask import ApertureMask

METHODS = ("center", "subpixel", "exact")
MASK_METHODS = ("none", "mask", "source_only", "background_only", "correct")


def check_method(method: Any, subpixels: Any, name: str = "mask method") -> int:
    """The number of subpixels, after both were checked."""
    if method not in METHODS:
        raise ValueError(f"Invalid {name}: {method!r}")
    if method != "subpixel":
        return 5
    if isinstance(subpixels, bool) or not isinstance(subpixels, (int, np.integer)) or subpixels <= 0:
        raise ValueError("subpixels must be a strictly positive integer")
    return int(subpixels)


class Aperture:
    """A shape at one position or at many."""

    _params: tuple[str, ...] = ()
    positions: Any = np.array(())

    def __len__(self) -> int:
        if self.isscalar:
            raise TypeError(f"A scalar {type(self).__name__!r} object has no len()")
        return int(self.shape[0])

    def __getitem__(self, index: Any) -> Any:
        if self.isscalar:
            raise TypeError(f"A scalar {type(self).__name__!r} object cannot be indexed")
        new = type(self).__new__(type(self))
        new.positions = self.positions[index]
        for name in self._params:
            if name != "positions":
                new.__dict__[name] = getattr(self, name)
        return new

    def __iter__(self) -> Iterator[Any]:
        for i in range(len(self)):
            yield self[i]

    def _positions_str(self, prefix: str = "") -> str:
        if isinstance(self, PixelAperture):
            return np.array2string(self.positions, separator=", ", prefix=prefix)
        return repr(self.positions)

    def __repr__(self) -> str:
        name = type(self).__name__
        parts = [
            self._positions_str(name) if p == "positions" else f"{p}={getattr(self, p)}" for p in self._params
        ]
        return f"<{name}({', '.join(parts)})>"

    def __str__(self) -> str:
        lines = [f"Aperture: {type(self).__name__}"]
        for p in self._params:
            lines.append(f"{p}: {self._positions_str('positions: ') if p == 'positions' else getattr(self, p)}")
        return "\n".join(lines)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)) or self._params != other._params:
            return False
        try:
            return not any(np.any(getattr(self, p) != getattr(other, p)) for p in self._params)
        except (TypeError, ValueError):
            return False

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> Any:
        """A deep copy."""
        return type(self)(**{p: deepcopy(getattr(self, p)) for p in self._params})

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the positions: `()` or `(n,)`."""
        if isinstance(self, PixelAperture):
            return tuple(self.positions.shape[:-1])
        return tuple(self.positions.shape)

    @property
    def isscalar(self) -> bool:
        """Whether there is one position, not a list."""
        return self.shape == ()


class PixelAperture(Aperture):
    """A shape in pixels."""

    def _native(self) -> tuple[str, list[float]]:
        raise NotImplementedError

    def to_sky(self, wcs: Any) -> Any:
        """The aperture on the sky, as seen at the first position."""
        raise NotImplementedError

    def _xy(self) -> np.ndarray:
        return _inputs.positions(self.positions)

    @property
    def area(self) -> float:
        """The exact area of the shape in square pixels."""
        return _core.aperture_area(self._native())

    @property
    def bbox(self) -> BoundingBox | list[BoundingBox]:
        """The smallest box of pixels around the aperture, one for each position."""
        boxes = [BoundingBox(*edges) for edges in _core.aperture_bboxes(self._xy(), self._native()).tolist()]
        return boxes[0] if self.isscalar else boxes

    def to_mask(self, method: str = "exact", subpixels: int = 5) -> ApertureMask | list[ApertureMask]:
        """The weights of the pixels, one mask for each position.

        Parameters
        ----------
        method : {'exact', 'center', 'subpixel'}, optional
            How the overlap of the aperture with a pixel is found.
        subpixels : int, optional
            For 'subpixel', the number of samples along each axis of a pixel.
        """
        n = check_method(method, subpixels)
        masks = []
        for x, y in self._xy().tolist():
            data, edges = _core.aperture_mask((x, y), self._native(), method, n)
            masks.append(ApertureMask(data, BoundingBox(*edges)))
        return masks[0] if self.isscalar else masks

    def area_overlap(
        self, data: Any, *, mask: Any = None, method: str = "exact", subpixels: int = 5
    ) -> float | np.ndarray:
        """The area of overlap with the unmasked pixels of `data`, in square pixels."""
        n = check_method(method, subpixels)
        data = np.asanyarray(_inputs.bare(data))
        if data.ndim != 2:
            raise ValueError("data must be a 2D array")
        flat = np.broadcast_to(np.float64(1.0), data.shape)
        area = _core.aperture_area_overlap(_inputs.image(flat, mask=mask), self._xy(), self._native(), method, n)
        return float(area[0]) if self.isscalar else np.asarray(area)

    def do_photometry(
        self, data: Any, error: Any = None, mask: Any = None, method: str = "exact", subpixels: int = 5
    ) -> tuple[Any, Any]:
        """The sums in the aperture and their errors.

        Returns
        -------
        aperture_sums, aperture_sum_errs : ndarray or Quantity
            One value for each position; the errors are NaN where no error was given.
        """
        n = check_method(method, subpixels)
        data_unit = data.unit if is_quantity(data) else None
        if error is not None and (is_quantity(error) != is_quantity(data)):
            raise ValueError("If data or error has units, then they both must have the same units.")
        values = _core.photometry(
            _inputs.image(data, error, mask), self._xy(), [self._native()], method, n, None, 1
        )[0]
        flux, err = _unmasked(values)
        return with_unit(flux, data_unit), with_unit(err, data_unit)

    def _patches(self, origin: tuple[float, float], kwargs: dict[str, Any]) -> list[Any]:
        """Outlines as matplotlib patches."""
        import matplotlib.path as mpath
        from matplotlib.patches import PathPatch

        kwargs.setdefault("fill", False)
        out = []
        for x, y in (self._xy() - np.asarray(origin)).tolist():
            vertices: list[Any] = []
            codes: list[Any] = []
            for i, ring in enumerate(self._outlines()):
                ring = ring[:: -1 if i else 1] + (x, y)
                vertices.extend([*ring, ring[0]])
                codes.extend([mpath.Path.MOVETO, *[mpath.Path.LINETO] * (len(ring) - 1), mpath.Path.CLOSEPOLY])
            out.append(PathPatch(mpath.Path(np.array(vertices), codes), **kwargs))
        return out

    def _outlines(self) -> list[np.ndarray]:
        """Vertices of the outer and, of a ring, the inner edge around the position."""
        kind, p = self._native()
        if kind == "polygon":
            return [np.reshape(p, (-1, 2))]
        simple: dict[str, list[tuple[str, list[float]]]] = {
            "circular_annulus": [("circle", [p[-1]]), ("circle", [p[0]])],
        }
        if kind in ("elliptical_annulus", "rectangular_annulus"):
            inner, outer = [p[0], p[2], p[4]], [p[1], p[3], p[4]]
            name = "ellipse" if kind == "elliptical_annulus" else "rectangle"
            simple[kind] = [(name, outer), (name, inner)]
        return [_core.shape_to_polygon(s, 200) for s in simple.get(kind, [(kind, p)])]

    def plot(self, ax: Any = None, origin: tuple[float, float] = (0, 0), **kwargs: Any) -> list[Any]:
        """Draws the aperture(s) on matplotlib axes and returns the patches."""
        import matplotlib.pyplot as plt

        if ax is None:
            ax = plt.gca()
        patches = self._patches(origin, dict(kwargs))
        for patch in patches:
            ax.add_patch(patch)
        return patches


def _unmasked(values: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Sums and errors of the functions that do not mask values that are not finite: such a sum is NaN."""
    flux, err, flags = values["flux"], values["flux_err"], values["flags"]
    flux[(flags & 16) != 0] = math.nan
    err[(flags & 32) != 0] = math.nan
    return flux, err


def native_shape(kind: str, *numbers: Any) -> tuple[str, list[float]]:
    """A shape as the native module takes it."""
    return kind, [float(n) for n in numbers]
