"""Noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.datasets._seed import seed_number


def make_noise_image(
    shape: Any, distribution: str = "gaussian", mean: float | None = None, stddev: float | None = None, seed: Any = None
) -> np.ndarray:
    """An image of independent random pixels.

    Parameters
    ----------
    shape : (int, int)
        `(ny, nx)` of the image.
    distribution : {'gaussian', 'poisson'}, optional
        The distribution.
    mean : float
        Its mean.
    stddev : float, optional
        The standard deviation of a Gaussian.
    seed : int, optional
        The seed; None gives another image each time.

    Returns
    -------
    image : ndarray
        The noise; whole numbers for Poisson noise.

    Raises
    ------
    ValueError
        If the mean or the standard deviation is missing or cannot be, or there is no such distribution.

    Examples
    --------
    >>> from skyphot.datasets import make_noise_image
    >>> make_noise_image((3, 4), mean=5.0, stddev=2.0, seed=1).shape
    (3, 4)
    """
    if mean is None:
        raise ValueError("'mean' must be input")
    shape = _inputs.pair(shape, "shape")
    if distribution == "gaussian":
        if stddev is None:
            raise ValueError("'stddev' must be input for Gaussian noise")
        return np.asarray(_core.noise_image(shape, float(mean), float(stddev), seed_number(seed)))
    if distribution == "poisson":
        return np.asarray(_core.noise_image(shape, float(mean), None, seed_number(seed))).astype(np.int64)
    raise ValueError(f"Invalid distribution: {distribution}. Use either 'gaussian' or 'poisson'.")


def apply_poisson_noise(data: Any, seed: Any = None) -> np.ndarray:
    """Replaces each value by a draw of the Poisson distribution of that mean.

    Parameters
    ----------
    data : array_like
        The expected counts: finite, not negative.
    seed : int, optional
        The seed; None gives other numbers each time.

    Returns
    -------
    result : ndarray
        The counts, of the type of `data`.

    Raises
    ------
    ValueError
        If a value is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.datasets import apply_poisson_noise
    >>> apply_poisson_noise(np.zeros((2, 2)), seed=1).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    a = np.asanyarray(data)
    if not np.all(np.isfinite(a)):
        raise ValueError("data must not contain any nonfinite values")
    if np.any(a < 0):
        raise ValueError("data must not contain any negative values")
    plane = _inputs.float64_plane(np.asarray(a).reshape(1, -1), "data")
    return np.asarray(_core.apply_poisson_noise(plane, seed_number(seed))).reshape(a.shape).astype(a.dtype)
