"""Areas of pixels on the sky."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.wcs import WCS


def _sky(wcs: Any) -> Any:
    """A system for the native module."""
    if isinstance(wcs, WCS):
        return wcs._native

    low = getattr(wcs, "low_level_wcs", wcs)
    order = _order(low)

    def to_sky(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if order is not None:
            world = low.pixel_to_world_values(x, y)
            return _inputs.vector(world[order[0]]), _inputs.vector(world[order[1]])
        s = wcs.pixel_to_world(x, y).spherical
        return _inputs.vector(s.lon.to_value("deg")), _inputs.vector(s.lat.to_value("deg"))

    return to_sky


def _order(low: Any) -> tuple[int, int] | None:
    """Which world axes are longitude and latitude in degrees, None if that is not plain."""
    try:
        units = [str(u) for u in low.world_axis_units]
        parts = [(c[0], c[1]) for c in low.world_axis_object_components]
    except (AttributeError, NotImplementedError, ValueError):
        return None
    if units != ["deg", "deg"] or sorted(p[1] for p in parts if p[1] in (0, 1)) != [0, 1] or parts[0][0] != parts[1][0]:
        return None
    return (0, 1) if parts[0][1] == 0 else (1, 0)


def compute_pixel_areas(wcs: Any, x: Any, y: Any) -> Any:
    """Areas of pixels on the sky: the determinants of the derivatives of the system.

    Parameters
    ----------
    wcs : object
        A WCS with the shared interface of astropy.
    x, y : float or array_like
        The positions in pixels.

    Returns
    -------
    areas : float or ndarray
        Square arcseconds; NaN where there is no sky.

    Raises
    ------
    ValueError
        If x and y have not the same shape.

    Examples
    --------
    >>> from skyphot.datasets import make_wcs
    >>> from skyphot.utils import compute_pixel_areas
    >>> round(compute_pixel_areas(make_wcs((100, 100)), 10.0, 20.0), 6)
    0.01
    """
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if a.shape != b.shape:
        raise ValueError("x and y must have the same shape")
    areas = np.asarray(_core.pixel_areas(_sky(wcs), _inputs.vector(a), _inputs.vector(b))).reshape(a.shape)
    return float(areas) if areas.ndim == 0 else areas


def compute_pixel_area_map(
    wcs: Any, shape: Any, *, interpolate: bool = True, step: int | None = None, n_threads: int | None = 1
) -> np.ndarray:
    """The area of every pixel of an image on the sky.

    Parameters
    ----------
    wcs : object
        A WCS with the shared interface of astropy.
    shape : (int, int)
        `(ny, nx)` of the image.
    interpolate, step : optional
        Not needed: every pixel is computed. They are checked as in photutils.
    n_threads : int or None, optional
        Threads; None takes all cores. The answer does not depend on it.

    Returns
    -------
    areas : ndarray
        Square arcseconds; NaN where there is no sky.

    Raises
    ------
    ValueError, TypeError
        For a shape or a step that is none.

    Examples
    --------
    >>> from skyphot.datasets import make_wcs
    >>> from skyphot.utils import compute_pixel_area_map
    >>> compute_pixel_area_map(make_wcs((10, 20)), (10, 20)).shape
    (10, 20)
    """
    sides = np.atleast_1d(np.asarray(shape))
    if sides.shape != (2,) or any(not _positive(v) for v in sides):
        raise ValueError("shape must be two positive integers")
    if not isinstance(interpolate, (bool, np.bool_)):
        raise TypeError(f"interpolate must be a boolean, got {interpolate!r}")
    if step is not None:
        if not interpolate:
            raise ValueError("step must be None when interpolate=False")
        if not _positive(step):
            raise ValueError("step must be a positive integer or None")
    native = isinstance(wcs, WCS)
    threads = _inputs.threads(n_threads) if native else 1
    return np.asarray(_core.pixel_areas_of_image(_sky(wcs), (int(sides[0]), int(sides[1])), threads))


def _positive(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_)) and bool(value > 0)
