"""Interpolation of scattered points."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs


class ShepardIDWInterpolator:
    """Inverse distance weighting: the mean of the nearest values, weighted with `1 / (distance**power + regularization)`.

    Parameters
    ----------
    coordinates : array_like
        `(n, 2)` or `(n, 1)` coordinates; one dimension is a list of numbers.
    values : array_like
        A value for each.
    weights : array_like, optional
        A factor of the weight of each, not negative.
    leafsize : int, optional
        Not needed: the tree finds its own.

    Raises
    ------
    ValueError
        If there are no points, not as many values as points, or more than two dimensions.

    Examples
    --------
    >>> from skyphot.utils import ShepardIDWInterpolator
    >>> f = ShepardIDWInterpolator([[0.0, 0.0], [0.0, 3.0]], [1.0, 4.0])
    >>> float(f([0.0, 1.0]))
    2.0
    """

    def __init__(self, coordinates: Any, values: Any, weights: Any = None, leafsize: int = 10) -> None:
        c = np.asarray(coordinates)
        if c.ndim == 0:
            c = np.atleast_2d(c)
        if c.ndim == 1:
            c = np.transpose(np.atleast_2d(c))
        if c.ndim > 2:
            c = np.reshape(c, (-1, c.shape[-1]))
        v = np.asanyarray(values).ravel()
        if len(c) < 1:
            raise ValueError("coordinates must have at least one data point")
        if len(v) != len(c):
            raise ValueError("The number of values must match the number of coordinates.")
        if c.shape[1] > 2:
            raise ValueError("coordinates of more than two dimensions are not supported")
        if weights is not None:
            weights = np.asanyarray(weights).ravel()
            if len(weights) != len(c):
                raise ValueError("The number of weights must match the number of coordinates.")
            if np.any(weights < 0.0):
                raise ValueError("All weight values must be nonnegative numbers.")
        self.coordinates, self.values, self.weights = c, v, weights
        self.n_coords, self.coords_ndim = c.shape

    def __call__(
        self,
        positions: Any,
        n_neighbors: int = 8,
        eps: float = 0.0,
        power: float = 1.0,
        regularization: float = 0.0,
        conf_dist: float | None = 1e-12,
        dtype: Any = float,
    ) -> Any:
        """The values at positions.

        Parameters
        ----------
        positions : array_like
            One position or `(n, 2)`.
        n_neighbors : int, optional
            How many of the nearest points count.
        eps : float, optional
            Not needed: the neighbours are always exact.
        power : float, optional
            The power of the distance.
        regularization : float, optional
            Added to the power of the distance.
        conf_dist : float, optional
            A point as near as this gives its own value; only 1e-12 is supported.
        dtype : type, optional
            The type of the result; None is that of the values.

        Returns
        -------
        values : float or ndarray
            The values.

        Raises
        ------
        ValueError
            If the positions have another number of dimensions than the points, `n_neighbors` is not positive, or
            `conf_dist` is another.
        """
        n_neighbors = int(n_neighbors)
        if n_neighbors < 1:
            raise ValueError("n_neighbors must be a positive integer")
        p = np.asanyarray(positions)
        if p.ndim > 2 or (p.ndim == 0 and self.coords_ndim != 1) or (
            p.ndim == 1 and self.coords_ndim not in (1, p.shape[-1])
        ):
            raise ValueError(
                f"The dimensionality of the input position does not match that of the coordinates ({self.coords_ndim})."
            )
        p = np.reshape(p, (-1, self.coords_ndim))
        weights = None if self.weights is None else _inputs.vector(self.weights)
        if conf_dist != 1e-12:
            raise ValueError("conf_dist must be 1e-12")
        out = _core.shepard(
            _plane(self.coordinates),
            _inputs.vector(self.values),
            weights,
            _plane(p),
            (n_neighbors, float(power), float(regularization)),
        )
        out = np.asarray(out).astype(self.values.dtype if dtype is None else dtype)
        return out[0] if len(out) == 1 else out


def _plane(points: Any) -> np.ndarray:
    """`(n, 2)` points, zeros for a dimension that is not there."""
    p = np.asarray(points, dtype=np.float64)
    if p.shape[1] == 2:
        return np.ascontiguousarray(p)
    return np.ascontiguousarray(np.column_stack([np.zeros(len(p)), p[:, 0]]))
