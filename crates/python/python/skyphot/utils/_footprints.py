"""Footprints."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core


def circular_footprint(radius: float, dtype: Any = int) -> np.ndarray:
    """A circle of ones in a square of zeros.

    Parameters
    ----------
    radius : int
        The radius in pixels; the square has sides of `2 * radius + 1`.
    dtype : type, optional
        The type of the array.

    Returns
    -------
    footprint : ndarray
        The footprint.

    Raises
    ------
    ValueError
        If the radius is not a positive whole number.

    Examples
    --------
    >>> from skyphot.utils import circular_footprint
    >>> circular_footprint(1).tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    """
    if not np.isfinite(radius) or radius <= 0 or int(radius) != radius:
        raise ValueError("radius must be a positive, finite integer greater than 0")
    return np.asarray(_core.circular_footprint(float(radius))).astype(dtype)
