"""The background in a ring around a position."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, is_quantity, with_unit
from skyphot.aperture import CircularAnnulus
from skyphot.background._estimators import MedianBackground, native_estimator


class LocalBackground:
    """The background in a circular ring.

    Parameters
    ----------
    inner_radius, outer_radius : float
        The radii in pixels.
    bkg_estimator : callable, optional
        Estimator of the level; by default `MedianBackground`.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    def __init__(
        self, inner_radius: float, outer_radius: float, bkg_estimator: Any = None, *, n_threads: int | None = 1
    ) -> None:
        if inner_radius <= 0:
            raise ValueError("inner_radius must be positive.")
        if outer_radius <= 0:
            raise ValueError("outer_radius must be positive.")
        if outer_radius <= inner_radius:
            raise ValueError("outer_radius must be greater than inner_radius.")
        self.inner_radius, self.outer_radius = inner_radius, outer_radius
        self.bkg_estimator = MedianBackground() if bkg_estimator is None else bkg_estimator
        self.n_threads = _inputs.threads(n_threads)

    def __repr__(self) -> str:
        return (
            f"<LocalBackground(inner_radius={self.inner_radius}, outer_radius={self.outer_radius}, "
            f"bkg_estimator={self.bkg_estimator!r}, n_threads={self.n_threads})>"
        )

    def to_aperture(self, x: Any, y: Any) -> CircularAnnulus:
        """The rings at the positions."""
        x, y = np.atleast_1d(x), np.atleast_1d(y)
        if x.shape != y.shape:
            raise ValueError("x and y must have the same shape")
        return CircularAnnulus(np.column_stack((x, y)), self.inner_radius, self.outer_radius)

    def __call__(self, data: Any, x: Any, y: Any, mask: Any = None) -> Any:
        """The background at each position, a scalar for one position.

        Parameters
        ----------
        data : array_like or Quantity
            The image.
        x, y : float or array_like
            The positions in pixels.
        mask : array_like of bool, optional
            True where a pixel is bad.
        """
        if is_nddata(data):
            data = data.data
        unit = data.unit if is_quantity(data) else None
        rings = self.to_aperture(x, y)
        estimator = self.bkg_estimator
        native = native_estimator(estimator, keep_clip=True)
        clip = None if callable(native) else _inputs.clip_or_none(estimator.sigma_clip)
        if not callable(native) and estimator._rms:
            native = lambda values: float(estimator(values))  # noqa: E731
            clip = None
        out = _core.local_background(
            _inputs.image(data, mask=mask),
            _inputs.positions(rings.positions),
            float(self.inner_radius),
            float(self.outer_radius),
            native,
            clip,
            self.n_threads,
        )
        return with_unit(out[0] if out.size == 1 else out, unit)
