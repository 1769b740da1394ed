"""Arrays in the form that the native module takes.

Native `float32` and `float64` arrays of any strides pass as they are. Everything else is converted once: what fits
into `float32` (half precision, big-endian FITS data of four bytes) to `float32`, the rest to `float64`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from skyphot._compat import is_quantity

ClipTuple = tuple[float, float, int | None, str, str, float]
ImageTuple = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]


def _small(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and array.dtype.itemsize <= 4


def _as(array: np.ndarray, dtype: type) -> np.ndarray:
    if array.dtype != dtype or not array.dtype.isnative or not array.flags.aligned:
        array = np.array(array, dtype=dtype)
    return array


def bare(array: Any) -> Any:
    """An array without unit; the mask of a masked array is kept."""
    return array.value if is_quantity(array) else array


def plane(array: npt.ArrayLike, name: str = "data", shape: tuple[int, ...] | None = None) -> np.ndarray:
    """One two-dimensional plane of pixels, `float32` or `float64`."""
    a = np.asanyarray(bare(array))
    if a.ndim != 2:
        raise ValueError(f"{name} must be a 2D array")
    if shape is not None and a.shape != shape:
        raise ValueError(f"data and {name} must have the same shape")
    a = np.asarray(a)
    if a.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, found {a.dtype}")
    return _as(a, np.float32 if _small(a) else np.float64)


def bool_plane(mask: npt.ArrayLike | None, shape: tuple[int, ...], name: str = "mask") -> np.ndarray | None:
    """A mask of the shape of the data, or None."""
    if mask is None or mask is np.ma.nomask:
        return None
    m = np.asarray(mask)
    if m.ndim != 2:
        raise ValueError(f"{name} must be a 2D array")
    if m.shape != shape:
        raise ValueError(f"data and {name} must have the same shape")
    return m if m.dtype == bool else m.astype(bool)


def image(data: Any, error: Any = None, mask: Any = None) -> ImageTuple:
    """Data, error and mask for the native module. The mask of a masked array is joined with `mask`."""
    if not isinstance(data, np.ndarray):
        data = np.asanyarray(data)  # what has pixels of its own comes with its mask
    own: Any = np.ma.getmask(data) if isinstance(data, np.ma.MaskedArray) else np.ma.nomask
    pixels = plane(data)
    bad = bool_plane(mask, pixels.shape)
    if own is not np.ma.nomask:
        bad = own if bad is None else np.logical_or(bad, own)
    errors = None
    if error is not None:
        errors = plane(error, "error", pixels.shape)
        if errors.dtype != pixels.dtype:
            pixels, errors = _as(pixels, np.float64), _as(errors, np.float64)
    return pixels, errors, bad


def float64_plane(array: npt.ArrayLike, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """A plane of `float64`."""
    return _as(plane(array, name, shape), np.float64)


def positions(xy: npt.ArrayLike) -> np.ndarray:
    """`(n, 2)` positions in `float64`."""
    return _as(np.atleast_2d(np.asarray(xy)), np.float64)


def vector(values: npt.ArrayLike) -> np.ndarray:
    """One-dimensional `float64` values."""
    return _as(np.atleast_1d(np.asarray(bare(values))).ravel(), np.float64)


def threads(n_threads: Any) -> int | None:
    """A number of threads, or None for all cores."""
    if n_threads is None:
        return None
    if isinstance(n_threads, bool) or not isinstance(n_threads, (int, np.integer)) or n_threads < 1:
        raise ValueError("n_threads must be a positive integer")
    return int(n_threads)


def clip_or_none(clip: Any) -> ClipTuple | None:
    """As `clip_tuple`, None for no clipping."""
    return None if clip is None else clip_tuple(clip)


def clip_tuple(clip: Any) -> ClipTuple:
    """The parameters of a `SigmaClip`, of skyphot or of astropy."""
    names = []
    for key in ("cenfunc", "stdfunc"):
        f = getattr(clip, key)
        if not isinstance(f, str):
            raise ValueError(f"{key} must be a name ('median' or 'mean', 'std' or 'mad_std'), found {f!r}")
        names.append(f)
    maxiters = getattr(clip, "maxiters", 5)
    n = None if maxiters is None or np.isinf(maxiters) else int(maxiters)
    grow = getattr(clip, "grow", False)
    return (
        float(clip.sigma_lower),
        float(clip.sigma_upper),
        n,
        names[0],
        names[1],
        0.0 if grow is False else float(grow),
    )


def pair(value: Any, name: str) -> tuple[int, int]:
    """`(ny, nx)` from one integer or two."""
    a = np.atleast_1d(np.asarray(value))
    if a.size == 1:
        a = np.repeat(a, 2)
    if a.ndim != 1 or a.size != 2:
        raise ValueError(f"{name} must have 1 or 2 elements")
    if not np.all(np.isfinite(a)) or any(int(v) != v for v in a):
        raise ValueError(f"{name} must have integer values")
    if any(v < 0 for v in a):
        raise ValueError(f"{name} must be positive")
    return int(a[0]), int(a[1])


def as_list(values: Iterable[Any]) -> list[Any]:
    """A list of anything that can be gone through."""
    return list(values)
