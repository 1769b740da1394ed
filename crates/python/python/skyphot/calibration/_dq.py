"""Data quality."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs


class DataQuality:
    """The bits of the data-quality planes of a mission.

    Parameters
    ----------
    mission : {'jwst', 'roman'}
        The mission.

    Raises
    ------
    ValueError
        If there is no such legend.

    Examples
    --------
    >>> from skyphot.calibration import DataQuality
    >>> dq = DataQuality("jwst")
    >>> dq.decode(5), dq.bits("SATURATED")
    (['DO_NOT_USE', 'JUMP_DET'], 2)
    """

    def __init__(self, mission: str) -> None:
        self.mission = mission.lower()
        self.definitions: dict[str, int] = {name: 1 << bit for bit, name in _core.dq_definitions(self.mission)}

    def decode(self, value: int) -> list[str]:
        """The names of the bits of a value."""
        return list(_core.dq_decode(self.mission, int(value)))

    def bits(self, *names: str) -> int:
        """The bits of names, together.

        Raises
        ------
        ValueError
            If there is no such name.
        """
        value = 0
        for name in names:
            value |= int(_core.dq_bits(self.mission, name))
        return value

    def mask(self, plane: Any, bad: Any = None, good: Any = None) -> np.ndarray:
        """The bad pixels of a plane.

        Parameters
        ----------
        plane : array_like of int
            The data quality.
        bad : str, int or list, optional
            The bits that make a pixel bad; any bit if not given.
        good : str, int or list, optional
            The bits that do not.

        Returns
        -------
        mask : ndarray of bool
            True where a pixel is bad.
        """
        every = 0xFFFFFFFF
        wanted = every if bad is None else self._value(bad)
        if good is not None:
            wanted &= ~self._value(good)
        return np.asarray(_core.dq_mask(words(plane), ~wanted & every))

    def _value(self, bits: Any) -> int:
        if isinstance(bits, (str, int, np.integer)):
            bits = [bits]
        value = 0
        for b in bits:
            value |= self.bits(b) if isinstance(b, str) else int(b)
        return value & 0xFFFFFFFF

    def in_apertures(self, plane: Any, positions: Any, radius: float, *, n_threads: int | None = 1) -> Any:
        """The data quality within circles.

        Parameters
        ----------
        plane : array_like of int
            The data quality.
        positions : array_like
            `(n, 2)` positions `(x, y)`.
        radius : float
            The radius in pixels.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        bits, n_flagged, n_pixels : ndarray of int
            The bits of any pixel of each circle, the number of pixels with any, and of all.
        """
        xy = [(float(x), float(y)) for x, y in _inputs.positions(positions)]
        return tuple(_core.dq_apertures(words(plane), xy, float(radius), _inputs.threads(n_threads)))


def words(plane: Any) -> np.ndarray:
    """A plane of bits as `uint32`.

    Raises
    ------
    TypeError
        If it does not hold whole numbers.
    ValueError
        If it is not a plane.
    """
    a = np.asarray(plane)
    if a.dtype.kind not in "iub":
        raise TypeError(f"data quality must hold whole numbers, found {a.dtype}")
    if a.ndim != 2:
        raise ValueError("data quality must be a 2D array")
    return a.astype(np.uint32, copy=False) if a.dtype.isnative else a.astype(np.uint32)
