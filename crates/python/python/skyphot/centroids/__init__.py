"""Centroids of sources."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import strip_units, warn

__all__ = [
    "CentroidQuadratic",
    "centroid_1dg",
    "centroid_2dg",
    "centroid_com",
    "centroid_quadratic",
    "centroid_sources",
    "centroid_symmetry",
]

Native = tuple[str, list[float]]

_WARNINGS = {
    "peak_on_edge": "maximum value is at the edge of the data and its position was returned. No quadratic fit was "
    "performed",
    "no_maximum": "quadratic fit does not have a maximum",
    "not_converged": "The fit may be unsuccessful; check: the fit did not converge",
}


def _measure(data: Any, error: Any, mask: Any, how: Native) -> np.ndarray:
    (data, error), _ = strip_units((data, error), ("data", "error"))
    x, y, flags = _core.centroid(_inputs.image(data, error, mask), how)
    for name in flags:
        if name == "too_few_pixels" and how[0] == "quadratic":
            warn("at least 6 unmasked data points are required to perform a 2D quadratic fit", 4)
        elif name in _WARNINGS and (how[0] == "quadratic" or name == "not_converged"):
            warn(_WARNINGS[name], 4)
    if "all_masked" in flags and how[0] == "quadratic":
        raise ValueError("All data values are masked or nonfinite")
    if "too_few_pixels" in flags and how[0] == "2dg":
        raise ValueError("Input data must have at least 6 unmasked values to fit a 2D Gaussian.")
    if "no_signal" in flags and how[0] == "2dg":
        raise ValueError("Input data must have nonconstant values to fit a 2D Gaussian.")
    if "no_signal" in flags and how[0] == "1dg":
        raise ValueError("Input data must have a nonzero sum and nonconstant values to fit 1D Gaussians.")
    return np.array([x, y])


def centroid_com(data: Any, mask: Any = None) -> np.ndarray:
    """The centre of mass.

    Parameters
    ----------
    data : array_like
        The cutout, the background subtracted.
    mask : array_like of bool, optional
        True where a pixel is bad.

    Returns
    -------
    centroid : ndarray
        `x, y` in pixels; NaN where it is undefined.
    """
    return _measure(data, None, mask, ("com", []))


def centroid_1dg(data: Any, error: Any = None, mask: Any = None) -> np.ndarray:
    """Gaussians fitted to the marginal sums; see `centroid_com` for the parameters.

    `error` is the 1-sigma error of each pixel.
    """
    return _measure(data, error, mask, ("1dg", []))


def centroid_2dg(data: Any, error: Any = None, mask: Any = None) -> np.ndarray:
    """A two-dimensional Gaussian fitted to the pixels; see `centroid_com` for the parameters.

    `error` is the 1-sigma error of each pixel.
    """
    return _measure(data, error, mask, ("2dg", []))


def centroid_symmetry(data: Any, *, mask: Any = None, radius: float | None = None) -> np.ndarray:
    """The point around which the image is most symmetric; see `centroid_com` for the parameters.

    `radius` is that of the circle in which symmetry is judged.
    """
    if isinstance(radius, bool) or (radius is not None and not np.isreal(radius)):
        raise TypeError("radius must be a real number or None")
    return _measure(data, None, mask, ("symmetry", [] if radius is None else [float(radius)]))


def _quadratic(fit_boxsize: Any, shape: tuple[int, ...] | None = None) -> Native:
    ny, nx = _inputs.pair(fit_boxsize, "fit_boxsize")
    if ny <= 0 or nx <= 0:
        raise ValueError("fit_boxsize must be > 0")
    if shape is not None:
        ny, nx = min(ny, shape[0]), min(nx, shape[1])
    if ny % 2 == 0 or nx % 2 == 0:
        raise ValueError("fit_boxsize must have an odd value for both axes")
    if ny * nx < 6:
        raise ValueError("fit_boxsize is too small. 6 values are required to fit a 2D quadratic polynomial.")
    return "quadratic", [float(ny), float(nx)]


def centroid_quadratic(data: Any, mask: Any = None, fit_boxsize: Any = 5) -> np.ndarray:
    """The maximum of a quadratic polynomial fitted around the brightest pixel.

    Parameters
    ----------
    data : array_like
        The cutout.
    mask : array_like of bool, optional
        True where a pixel is bad.
    fit_boxsize : int or (int, int), optional
        The box that is fitted, `(ny, nx)`.
    """
    return _measure(data, None, mask, _quadratic(fit_boxsize, np.shape(data)))


class CentroidQuadratic:
    """`centroid_quadratic` with its box.

    Parameters
    ----------
    fit_boxsize : int or (int, int), optional
        The box that is fitted, `(ny, nx)`.
    """

    def __init__(self, *, fit_boxsize: Any = 5) -> None:
        self.fit_boxsize = fit_boxsize

    def __repr__(self) -> str:
        return f"<CentroidQuadratic(fit_boxsize={self.fit_boxsize})>"

    def __call__(self, data: Any, *, mask: Any = None) -> np.ndarray:
        return centroid_quadratic(data, mask=mask, fit_boxsize=self.fit_boxsize)


def native_method(function: Any, kwargs: dict[str, Any]) -> Native | None:
    """The native counterpart of a centroid function with its keywords, None for one of your own."""
    names = set(kwargs)
    if isinstance(function, CentroidQuadratic) and not names:
        return _quadratic(function.fit_boxsize)
    if function is centroid_quadratic and names <= {"fit_boxsize"}:
        return _quadratic(kwargs.get("fit_boxsize", 5))
    if function is centroid_symmetry and names <= {"radius"}:
        return "symmetry", [] if kwargs.get("radius") is None else [float(kwargs["radius"])]
    plain = {centroid_com: "com", centroid_1dg: "1dg", centroid_2dg: "2dg"}
    try:
        name = plain.get(function)
    except TypeError:
        return None
    return None if name is None or names else (name, [])


def centroid_sources(
    data: Any,
    xpos: Any,
    ypos: Any,
    box_size: Any = 11,
    footprint: Any = None,
    mask: Any = None,
    centroid_func: Callable[..., Any] = centroid_com,
    *,
    n_threads: int | None = 1,
    **kwargs: Any,
) -> tuple[np.ndarray, np.ndarray]:
    """Centroids of many sources of an image, each in a box around its position.

    Parameters
    ----------
    data : array_like
        The image, the background subtracted.
    xpos, ypos : float or array_like
        The positions in pixels.
    box_size : int or (int, int), optional
        The box `(ny, nx)`.
    footprint : array_like of bool, optional
        The pixels that are used, in place of a box.
    mask : array_like of bool, optional
        True where a pixel is bad.
    centroid_func : callable, optional
        One of this module, or a function `f(data, mask=..., **kwargs)` that returns `x, y`.
    n_threads : int or None, optional
        Number of threads for the functions of this module; None takes all cores.
    **kwargs : dict, optional
        Keywords of `centroid_func`; an `error` image is cut out like the data.

    Returns
    -------
    xcentroid, ycentroid : ndarray
        The centroids, NaN where there is none.
    """
    values = np.asanyarray(_inputs.bare(data))
    if values.ndim != 2:
        raise ValueError("data must be a 2D array")
    x, y = np.atleast_1d(xpos), np.atleast_1d(ypos)
    for name, v in (("xpos", x), ("ypos", y)):
        if v.ndim != 1:
            raise ValueError(f"{name} must be a 1D array")
    if len(x) != len(y):
        raise ValueError("xpos and ypos must have the same length")
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise ValueError("xpos and ypos must contain only finite values")
    ny, nx = values.shape
    if x.size and (x.min() < 0 or y.min() < 0 or x.max() > nx - 1 or y.max() > ny - 1):
        raise ValueError("xpos, ypos values contain points outside the input data")
    if footprint is None:
        if box_size is None:
            raise ValueError("box_size or footprint must be defined")
        size = _inputs.pair(box_size, "box_size")
        if size[0] % 2 == 0 or size[1] % 2 == 0:
            raise ValueError("box_size must have an odd value for both axes")
        foot = None
    else:
        foot = np.asarray(footprint, dtype=bool)
        if foot.ndim != 2:
            raise ValueError("footprint must be a 2D array")
        if not foot.any():
            raise ValueError("footprint must contain at least one True value")
        size = (foot.shape[0], foot.shape[1])
    if mask is not None and np.shape(mask) != values.shape:
        raise ValueError("mask and data must have the same shape")
    if kwargs.get("error") is None:
        kwargs.pop("error", None)
    _check_keywords(centroid_func, kwargs)
    error = kwargs.get("error")
    if error is not None and np.shape(error) != values.shape:
        raise ValueError("error and data must have the same shape")
    rest = {k: v for k, v in kwargs.items() if k != "error"}
    how = native_method(centroid_func, rest)
    odd = size[0] % 2 == 1 and size[1] % 2 == 1
    if how is None or not odd:
        return _by_callable(values, x, y, size, foot, mask, centroid_func, error, rest)
    image = _inputs.image(values, error, mask)
    cx, cy, flags = _core.centroid_sources(
        image, _inputs.positions(np.column_stack((x, y))), size, foot, how, _inputs.threads(n_threads)
    )
    for i, names in enumerate(flags):
        if "all_masked" in names:
            raise ValueError(
                f"The cutout for the source at ({x[i]}, {y[i]}) is completely masked. Please check your input mask "
                "and footprint. Also note that footprint must be a small, local footprint."
            )
        if not math.isfinite(cx[i]) and how[0] != "com":
            warn(f"Centroid failed for source at ({x[i]}, {y[i]}): {', '.join(names)}")
        elif "peak_on_edge" in names:
            warn(_WARNINGS["peak_on_edge"])
    return cx, cy


def _check_keywords(function: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    parameters = inspect.signature(function).parameters
    if any(p.kind == inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return
    if "mask" not in parameters:
        raise ValueError("The input 'centroid_func' must have a 'mask' keyword.")
    unknown = sorted(set(kwargs) - set(parameters))
    if unknown:
        raise TypeError(f"Unrecognized keyword argument(s) for the input 'centroid_func': {unknown}")


def _by_callable(
    data: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    size: tuple[int, int],
    footprint: np.ndarray | None,
    mask: Any,
    function: Callable[..., Any],
    error: Any,
    kwargs: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray]:
    """Cutouts for a function of the user."""
    from skyphot.aperture import BoundingBox

    foot = np.ones(size, dtype=bool) if footprint is None else footprint
    out = np.full((2, len(x)), np.nan)
    for i, (xp, yp) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        x0, y0 = math.ceil(xp - size[1] / 2), math.ceil(yp - size[0] / 2)
        large, small = BoundingBox(x0, x0 + size[1], y0, y0 + size[0]).get_overlap_slices(data.shape)
        if large is None or small is None:
            continue
        bad = ~foot[small]
        if mask is not None:
            bad = bad | np.asarray(mask)[large]
        if bad.all():
            raise ValueError(
                f"The cutout for the source at ({xp}, {yp}) is completely masked. Please check your input mask and "
                "footprint. Also note that footprint must be a small, local footprint."
            )
        extra = dict(kwargs, mask=bad)
        if error is not None:
            extra["error"] = np.asanyarray(error)[large]
        try:
            xc, yc = function(data[large], **extra)
        except (ValueError, TypeError) as e:
            warn(f"Centroid failed for source at ({xp}, {yp}): {e}", 4)
            continue
        out[:, i] = xc + large[1].start, yc + large[0].start
    return out[0], out[1]
