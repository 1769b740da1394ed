"""Cutouts of arrays."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from skyphot._compat import HAS_ASTROPY

if HAS_ASTROPY:
    from astropy.nddata import NoOverlapError as NoOverlapError
    from astropy.nddata import PartialOverlapError as PartialOverlapError
else:

    class NoOverlapError(ValueError):  # type: ignore[no-redef]
        """The cutout and the array have no pixel in common."""

    class PartialOverlapError(ValueError):  # type: ignore[no-redef]
        """The cutout is not wholly within the array."""


Slices = tuple[slice, slice]


def overlap(shape: tuple[int, ...], size: tuple[int, ...], position: Any, mode: str = "trim") -> tuple[Slices, Slices]:
    """Slices of the array and of the cutout that hold the same pixels.

    Parameters
    ----------
    shape, size : (int, int)
        The shapes of the array and of the cutout.
    position : (float, float)
        The middle of the cutout, `(y, x)`.
    mode : {'trim', 'partial', 'strict'}, optional
        What is done where the cutout hangs over the edge.

    Returns
    -------
    slices_large, slices_small : tuple of slice
        Where the pixels are in the array and in the cutout.

    Raises
    ------
    NoOverlapError
        If there is no pixel in common.
    PartialOverlapError
        If the cutout hangs over the edge with `mode='strict'`.
    ValueError
        For another mode, or positions that are not finite.
    """
    if mode not in ("partial", "trim", "strict"):
        raise ValueError('Mode can be only "partial", "trim", or "strict".')
    if len(size) != len(shape) or len(position) != len(shape):
        raise ValueError('"position" must have the same number of dimensions as "small_array_shape".')
    if not np.all(np.isfinite(np.asarray(position, dtype=float))):
        raise ValueError("Input position contains invalid values (NaNs or infs).")
    large, small = [], []
    for n, k, p in zip(shape, size, position, strict=True):
        low = math.ceil(p - k / 2.0)
        high = low + k
        if high < 0 or (k > 0 and high == 0) or low >= n:
            raise NoOverlapError("Arrays do not overlap.")
        if mode == "strict" and (low < 0 or high > n):
            raise PartialOverlapError("Arrays overlap only partially.")
        a, b = max(0, low), min(n, high)
        large.append(slice(a, b))
        start = 0 if mode == "trim" else a - low
        small.append(slice(start, start + b - a))
    return (large[0], large[1]), (small[0], small[1])


class CutoutImage:
    """A rectangle of an image.

    Parameters
    ----------
    data : array_like
        The image.
    position : (float, float)
        The middle of the cutout, `(y, x)`.
    shape : (int, int)
        Its shape, `(ny, nx)`.
    mode : {'trim', 'partial', 'strict'}, optional
        Whether a cutout that hangs over the edge is cut there, is filled with `fill_value`, or is an error.
    fill_value : float, optional
        What fills pixels outside with `mode='partial'`.
    copy : bool, optional
        Whether `data` is a copy and not a view of the image.

    Raises
    ------
    ValueError
        If the cutout has no pixel of the image, or for `mode='strict'` not all (`NoOverlapError` and
        `PartialOverlapError` of astropy where it is installed).

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.utils import CutoutImage
    >>> cutout = CutoutImage(np.arange(20.0).reshape(5, 4), (2, 2), (3, 3))
    >>> cutout.data.tolist()
    [[5.0, 6.0, 7.0], [9.0, 10.0, 11.0], [13.0, 14.0, 15.0]]
    """

    def __init__(
        self,
        data: Any,
        position: Any,
        shape: Any,
        mode: str = "trim",
        fill_value: Any = np.nan,
        copy: bool = False,
    ) -> None:
        self.position = position
        self.input_shape = tuple(shape)
        self.mode, self.fill_value, self.copy = mode, fill_value, copy
        image = np.asanyarray(data)
        self._overlap_slices = overlap(image.shape, self.input_shape, position, mode)
        self.data = self._cut(image)
        self.shape = self.data.shape

    def _cut(self, image: Any) -> Any:
        large, small = self._overlap_slices
        part = image[large]
        if self.mode == "partial" and part.shape != self.input_shape:
            whole = np.zeros(self.input_shape, dtype=image.dtype)
            try:
                whole[:] = self.fill_value
            except ValueError as e:
                raise TypeError("fill_value is inconsistent with the data type of the input array") from e
            whole[small] = np.asarray(part)
            if hasattr(image, "unit"):
                whole = whole << image.unit
            return whole
        return np.array(part, subok=True) if self.copy else part

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(position={self.position}, shape={self.shape})"

    @property
    def slices_original(self) -> Slices:
        """Where the pixels are in the image."""
        return self._overlap_slices[0]

    @property
    def slices_cutout(self) -> Slices:
        """Where the pixels are in the cutout."""
        return self._overlap_slices[1]

    def _bbox(self, slices: Slices) -> Any:
        from skyphot.aperture import BoundingBox

        rows, cols = slices
        return BoundingBox(cols.start, cols.stop, rows.start, rows.stop)

    @cached_property
    def bbox_original(self) -> Any:
        """The box of the pixels in the image."""
        return self._bbox(self.slices_original)

    @cached_property
    def bbox_cutout(self) -> Any:
        """The box of the pixels in the cutout."""
        return self._bbox(self.slices_cutout)

    @cached_property
    def xyorigin(self) -> np.ndarray:
        """The pixel `(x, y)` of the image at the cutout's first pixel; negative where it hangs over the edge."""
        rows, cols = self.slices_original
        inside = self.slices_cutout
        return np.array((cols.start - inside[1].start, rows.start - inside[0].start))
