"""The weights of an aperture on the pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skyphot._compat import is_quantity, with_unit
from skyphot.aperture._bbox import BoundingBox, Slices


class ApertureMask:
    """The fraction of each pixel of a box that an aperture covers.

    Parameters
    ----------
    data : array_like
        The weights.
    bbox : BoundingBox
        The box, of the shape of `data`.
    """

    def __init__(self, data: npt.ArrayLike, bbox: BoundingBox) -> None:
        self.data = np.asanyarray(data)
        if self.data.shape != bbox.shape:
            raise ValueError("mask data and bounding box must have the same shape")
        self.bbox = bbox

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    @property
    def shape(self) -> tuple[int, ...]:
        """The `(ny, nx)` shape."""
        return self.data.shape

    def get_overlap_slices(self, shape: tuple[int, int]) -> tuple[Slices, Slices] | tuple[None, None]:
        """See `BoundingBox.get_overlap_slices`."""
        return self.bbox.get_overlap_slices(shape)

    def to_image(self, shape: tuple[int, int], dtype: npt.DTypeLike = float) -> np.ndarray | None:
        """The weights in an image of the given shape, or None where there is no overlap."""
        large, small = self.get_overlap_slices(shape)
        if large is None or small is None:
            return None
        image = np.zeros(shape, dtype=dtype)
        image[large] = self.data[small]
        return image

    def cutout(self, data: Any, fill_value: float = 0.0, copy: bool = False) -> Any:
        """The part of `data` in the box; pixels outside of `data` are `fill_value`."""
        data = np.asanyarray(data)
        if data.ndim != 2:
            raise ValueError("data must be a 2D array")
        large, small = self.get_overlap_slices(data.shape)
        if large is None or small is None:
            return None
        part = data[large]
        if part.shape == self.shape:
            return np.copy(part) if copy and not is_quantity(part) else part.copy() if copy else part
        out = np.zeros(self.shape, dtype=float if not np.isfinite(fill_value) else data.dtype)
        out[:] = fill_value
        out[small] = getattr(part, "value", part)
        return with_unit(out, data.unit) if is_quantity(data) else out

    def multiply(self, data: Any, fill_value: float = 0.0) -> Any:
        """The weighted cutout."""
        part = self.cutout(data, fill_value=fill_value)
        if part is None:
            return None
        with np.errstate(all="ignore"):
            out = part * self.data
        out[self.data == 0] = fill_value if not is_quantity(out) else with_unit(fill_value, out.unit)
        return out

    def get_values(self, data: Any, mask: np.ndarray | None = None) -> Any:
        """The weighted values of the pixels with a weight, in one dimension."""
        data = np.asanyarray(data)
        if mask is not None and mask.shape != data.shape:
            raise ValueError("mask and data must have the same shape")
        large, small = self.get_overlap_slices(data.shape)
        if large is None or small is None:
            return with_unit(np.array([]), data.unit) if is_quantity(data) else np.array([])
        weights = self.data[small]
        good = weights > 0
        if mask is not None:
            good = good & ~mask[large]
        with np.errstate(all="ignore"):
            return (data[large] * weights)[good]
