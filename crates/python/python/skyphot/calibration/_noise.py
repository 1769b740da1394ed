"""Limits and shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.calibration._flux import shaped


@dataclass(frozen=True)
class ApertureNoise:
    """The noise of a flux in an aperture with a sky that is measured, too (the CCD equation).

    Parameters
    ----------
    sky : float
        Electrons of the sky in a pixel.
    read_noise : float
        Electrons of read noise in a pixel.
    dark : float
        Electrons of dark current in a pixel.
    n_pixels : float
        Pixels of the aperture.
    n_sky : float
        Pixels of which the sky was measured.

    Examples
    --------
    >>> from skyphot.calibration import ApertureNoise
    >>> noise = ApertureNoise(sky=100.0, read_noise=5.0, dark=0.0, n_pixels=50.0, n_sky=500.0)
    >>> round(noise.background_variance, 6)
    6875.0
    """

    sky: float
    read_noise: float = 0.0
    dark: float = 0.0
    n_pixels: float = 1.0
    n_sky: float = float("inf")

    def _ask(self, signal: Any, k: float) -> Any:
        numbers = [float(v) for v in (self.sky, self.read_noise, self.dark, self.n_pixels, self.n_sky)]
        return _core.aperture_noise(numbers, _inputs.vector(signal), float(k))

    @property
    def background_variance(self) -> float:
        """The variance without that of the source, electrons squared."""
        return float(self._ask(0.0, 1.0)[0])

    def signal_to_noise(self, signal: Any) -> Any:
        """The signal to noise of signals in electrons."""
        return shaped(lambda s: self._ask(s, 1.0)[1], signal)

    def limiting_signal(self, signal_to_noise: float = 5.0) -> float:
        """The signal in electrons that has a signal to noise."""
        return float(self._ask(0.0, signal_to_noise)[2])


def limiting_magnitude(error: float, n_sigma: float = 5.0, zero_point: float = 0.0) -> float:
    """The magnitude of a flux of `n_sigma` errors.

    Parameters
    ----------
    error : float
        The 1-sigma error of the flux.
    n_sigma : float, optional
        How many.
    zero_point : float, optional
        The magnitude of a flux of 1.

    Returns
    -------
    magnitude : float
        The limit.

    Raises
    ------
    ValueError
        If the error or `n_sigma` is not positive.

    Examples
    --------
    >>> from skyphot.calibration import limiting_magnitude
    >>> limiting_magnitude(2.0, 5.0, 25.0)
    22.5
    """
    return float(_core.limiting_magnitude(float(error), float(n_sigma), float(zero_point)))


def concentration_index(small: Any, large: Any) -> Any:
    """The concentration of sources: the difference of their magnitudes in two apertures.

    Parameters
    ----------
    small, large : float or array_like
        The fluxes in the small and the large aperture.

    Returns
    -------
    index : float or ndarray
        The magnitude in the small aperture minus that in the large one.

    Examples
    --------
    >>> from skyphot.calibration import concentration_index
    >>> concentration_index(10.0, 100.0)
    2.5
    """
    return shaped(_core.concentration, small, large)


def is_extended(index: Any, other: Any, corners: Any) -> np.ndarray:
    """Whether sources are above a broken line in a plane of two indices.

    Parameters
    ----------
    index, other : array_like
        The abscissa of the line and the value that is compared with it.
    corners : (array_like, array_like)
        The corners of the line, x and y.

    Returns
    -------
    extended : ndarray of bool
        Whether each is.

    Raises
    ------
    ValueError
        If the corners do not increase.

    Examples
    --------
    >>> from skyphot.calibration import is_extended
    >>> is_extended([1.0], [0.7], ([0.0, 2.0], [0.5, 0.5])).tolist()
    [True]
    """
    x, y = (_inputs.vector(c).tolist() for c in corners)
    a, b = np.broadcast_arrays(np.asarray(index, float), np.asarray(other, float))
    out = _core.is_extended((x, y), a.ravel().tolist(), b.ravel().tolist())
    return np.array(out, dtype=bool).reshape(a.shape)
