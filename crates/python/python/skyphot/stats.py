"""Robust statistics with the names of `astropy.stats`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, with_unit

__all__ = [
    "SigmaClip",
    "biweight_location",
    "biweight_midvariance",
    "biweight_scale",
    "gaussian_fwhm_to_sigma",
    "gaussian_sigma_to_fwhm",
    "mad_std",
    "median_absolute_deviation",
    "sigma_clip",
    "sigma_clipped_stats",
]

gaussian_sigma_to_fwhm = 2.3548200450309493
gaussian_fwhm_to_sigma = 0.42466090014400953


class SigmaClip:
    """Parameters of iterative sigma clipping.

    Parameters
    ----------
    sigma : float, optional
        The limit on both sides, in standard deviations.
    sigma_lower, sigma_upper : float, optional
        Limits on one side; by default `sigma`.
    maxiters : int or None, optional
        The largest number of iterations; None clips until nothing is rejected.
    cenfunc : {'median', 'mean'}, optional
        The centre.
    stdfunc : {'std', 'mad_std'}, optional
        The spread.
    grow : float or False, optional
        Radius in pixels within which neighbours of rejected pixels are rejected.
    """

    def __init__(
        self,
        sigma: float = 3.0,
        sigma_lower: float | None = None,
        sigma_upper: float | None = None,
        maxiters: float | None = 5,
        cenfunc: str = "median",
        stdfunc: str = "std",
        grow: float | bool = False,
    ) -> None:
        self.sigma = sigma
        self.sigma_lower = sigma if sigma_lower is None else sigma_lower
        self.sigma_upper = sigma if sigma_upper is None else sigma_upper
        self.maxiters = np.inf if maxiters is None else maxiters
        self.cenfunc = cenfunc
        self.stdfunc = stdfunc
        self.grow = grow

    def __repr__(self) -> str:
        return (
            f"SigmaClip(sigma={self.sigma}, sigma_lower={self.sigma_lower}, sigma_upper={self.sigma_upper}, "
            f"maxiters={self.maxiters}, cenfunc={self.cenfunc!r}, stdfunc={self.stdfunc!r}, grow={self.grow})"
        )

    def __call__(
        self,
        data: npt.ArrayLike,
        axis: int | tuple[int, ...] | None = None,
        masked: bool = True,
        return_bounds: bool = False,
        copy: bool = True,
    ) -> Any:
        """Clips values: see `sigma_clip`."""
        return _clip(data, self, axis, masked, return_bounds)


def _rows(data: Any, mask: Any, axis: Any) -> tuple[np.ndarray, np.ndarray | None, tuple[int, ...], tuple[int, ...]]:
    """Values that are clipped together as rows, the mask, the remaining shape, and the order of the axes."""
    values = np.asanyarray(_inputs.bare(data))
    own = np.ma.getmask(values)
    if own is not np.ma.nomask:
        mask = own if mask is None else np.logical_or(mask, own)
    values = np.asarray(values)
    if mask is not None:
        mask = np.asarray(mask, dtype=bool)
        if mask.shape != values.shape:
            raise ValueError("data and mask must have the same shape")
    if axis is None:
        order = tuple(range(values.ndim))
        rest: tuple[int, ...] = ()
    else:
        axes = tuple(a % values.ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))
        kept = tuple(a for a in range(values.ndim) if a not in axes)
        order = kept + axes
        rest = tuple(values.shape[a] for a in kept)

    def flat(a: np.ndarray) -> np.ndarray:
        n = int(np.prod(rest, dtype=int))
        return a.transpose(order).reshape(n, -1) if axis is not None else a.reshape(1, -1)

    return flat(values), None if mask is None else flat(mask), rest, order


def sigma_clipped_stats(
    data: npt.ArrayLike,
    mask: npt.ArrayLike | None = None,
    mask_value: float | None = None,
    sigma: float = 3.0,
    sigma_lower: float | None = None,
    sigma_upper: float | None = None,
    maxiters: float | None = 5,
    cenfunc: str = "median",
    stdfunc: str = "std",
    std_ddof: int = 0,
    axis: int | tuple[int, ...] | None = None,
    grow: float | bool = False,
    *,
    n_threads: int | None = 1,
) -> tuple[Any, Any, Any]:
    """Mean, median and standard deviation of what is left after sigma clipping.

    Parameters
    ----------
    data : array_like
        The values; those that are not finite are left out.
    mask : array_like of bool, optional
        True where a value is bad.
    mask_value : float, optional
        A value that marks bad pixels.
    sigma, sigma_lower, sigma_upper, maxiters, cenfunc, stdfunc, grow : optional
        See `SigmaClip`.
    std_ddof : int, optional
        Delta degrees of freedom of the standard deviation.
    axis : int or tuple of int, optional
        Axes along which values are clipped together; by default all.
    n_threads : int or None, optional
        Number of threads; None takes all cores.

    Returns
    -------
    mean, median, stddev : float or ndarray
        The statistics, NaN where nothing is left.
    """
    clip = SigmaClip(sigma, sigma_lower, sigma_upper, maxiters, cenfunc, stdfunc, grow)
    unit = getattr(data, "unit", None) if is_quantity(data) else None
    threads = _inputs.threads(n_threads)
    plane = np.asanyarray(_inputs.bare(data))
    native = _inputs.clip_tuple(clip)
    if axis is None and plane.ndim == 2:
        out: Any = _core.sigma_clipped_stats(_inputs.image(plane, mask=mask), native, mask_value, std_ddof, threads)
    elif axis is None:
        rows, bad, _, _ = _rows(plane, mask, None)
        out = _core.sigma_clipped_stats(_inputs.image(rows, mask=bad), native, mask_value, std_ddof, threads)
    else:
        rows, bad, rest, _ = _rows(plane, mask, axis)
        image = _inputs.image(rows, mask=bad)
        three = _core.sigma_clipped_stats_rows(image, native, mask_value, std_ddof, threads)
        out = tuple(v.reshape(rest)[()] for v in three)
    return tuple(with_unit(v, unit) for v in out)  # type: ignore[return-value]


def sigma_clip(
    data: npt.ArrayLike,
    sigma: float = 3,
    sigma_lower: float | None = None,
    sigma_upper: float | None = None,
    maxiters: float | None = 5,
    cenfunc: str = "median",
    stdfunc: str = "std",
    axis: int | tuple[int, ...] | None = None,
    masked: bool = True,
    return_bounds: bool = False,
    copy: bool = True,
    grow: float | bool = False,
) -> Any:
    """Rejects values far from the centre.

    Parameters
    ----------
    data : array_like
        The values.
    sigma, sigma_lower, sigma_upper, maxiters, cenfunc, stdfunc, grow : optional
        See `SigmaClip`.
    axis : int or tuple of int, optional
        Axes along which values are clipped together; by default all.
    masked : bool, optional
        Whether a masked array is returned; else rejected values are NaN (without `axis`: left out).
    return_bounds : bool, optional
        Whether the lower and upper bounds are returned, too.

    Returns
    -------
    clipped : masked array or ndarray
        The values, with `return_bounds` followed by the bounds.
    """
    clip = SigmaClip(sigma, sigma_lower, sigma_upper, maxiters, cenfunc, stdfunc, grow)
    return _clip(data, clip, axis, masked, return_bounds)


def _clip(data: Any, clip: SigmaClip, axis: Any, masked: bool, return_bounds: bool) -> Any:
    values = np.asanyarray(_inputs.bare(data))
    plain = np.asarray(values)
    native = _inputs.clip_tuple(clip)
    if axis is None and plain.ndim == 2:
        image = _inputs.image(values)
        bad, lower, upper = _core.sigma_clip(image, native, None, 1)
    else:
        rows, own, rest, order = _rows(values, None, axis)
        image = _inputs.image(rows, mask=own)
        bad, lower, upper = _core.sigma_clip(image, native, None if axis is None else 1, 1)
        if axis is None:
            bad = bad.reshape(plain.shape)
        else:
            bad = bad.reshape([plain.shape[a] for a in order]).transpose(np.argsort(order))
            lower, upper = lower.reshape(rest), upper.reshape(rest)
    if axis is None:
        lower, upper = lower[0], upper[0]
    if masked:
        out: Any = np.ma.MaskedArray(plain, mask=bad, copy=True)
    elif axis is None:
        out = plain[~bad]
    else:
        out = np.where(bad, np.nan, plain.astype(float))
    return (out, lower, upper) if return_bounds else out


def _values(data: Any, ignore_nan: bool = False) -> np.ndarray:
    a = np.asanyarray(_inputs.bare(data))
    if isinstance(a, np.ma.MaskedArray):
        a = a.compressed()
    v = _inputs.vector(a)
    return v[~np.isnan(v)] if ignore_nan else v


def _robust(name: str, data: Any, axis: Any, ignore_nan: bool, **kwargs: Any) -> Any:
    if axis is None:
        return _core.robust(name, _values(data, ignore_nan), **kwargs)
    rows, bad, rest, _ = _rows(data, None, axis)
    out = [
        _core.robust(name, _values(r if bad is None else r[~bad[i]], ignore_nan), **kwargs)
        for i, r in enumerate(rows)
    ]
    return np.array(out).reshape(rest)[()]


def median_absolute_deviation(data: npt.ArrayLike, axis: Any = None, *, ignore_nan: bool = False) -> Any:
    """The median of the distances from the median."""
    return _robust("median_absolute_deviation", data, axis, ignore_nan)


def mad_std(data: npt.ArrayLike, axis: Any = None, *, ignore_nan: bool = False) -> Any:
    """A standard deviation from the median absolute deviation."""
    return _robust("mad_std", data, axis, ignore_nan)


def biweight_location(
    data: npt.ArrayLike, c: float = 6.0, M: float | None = None, axis: Any = None, *, ignore_nan: bool = False
) -> Any:
    """The biweight location.

    Parameters
    ----------
    data : array_like
        The values.
    c : float, optional
        Tuning constant.
    M : float, optional
        First guess of the location; by default the median.
    axis : int or tuple of int, optional
        Axes along which values are taken together.
    ignore_nan : bool, optional
        Whether NaN are left out.
    """
    return _robust("biweight_location", data, axis, ignore_nan, c=float(c), center=M)


def biweight_midvariance(
    data: npt.ArrayLike,
    c: float = 9.0,
    M: float | None = None,
    axis: Any = None,
    modify_sample_size: bool = False,
    *,
    ignore_nan: bool = False,
) -> Any:
    """The biweight midvariance; see `biweight_location` for the parameters."""
    return _robust(
        "biweight_midvariance", data, axis, ignore_nan, c=float(c), center=M, modify_sample_size=modify_sample_size
    )


def biweight_scale(
    data: npt.ArrayLike,
    c: float = 9.0,
    M: float | None = None,
    axis: Any = None,
    modify_sample_size: bool = False,
    *,
    ignore_nan: bool = False,
) -> Any:
    """The square root of the biweight midvariance."""
    return _robust(
        "biweight_scale", data, axis, ignore_nan, c=float(c), center=M, modify_sample_size=modify_sample_size
    )
