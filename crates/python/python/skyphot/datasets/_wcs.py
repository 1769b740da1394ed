"""Example systems."""

from __future__ import annotations

from typing import Any

from skyphot import _core, _inputs
from skyphot.wcs import WCS


def make_wcs(shape: Any, galactic: bool = False) -> WCS:
    """A simple celestial system: gnomonic, 0.1 arcsec pixels, turned by 60 degrees.

    Parameters
    ----------
    shape : (int, int)
        `(ny, nx)` of the image.
    galactic : bool, optional
        Whether the frame is Galactic instead of ICRS.

    Returns
    -------
    wcs : skyphot.wcs.WCS
        The system.

    Raises
    ------
    ValueError
        If the shape is not two numbers.

    Examples
    --------
    >>> from skyphot.datasets import make_wcs
    >>> wcs = make_wcs((100, 100))
    >>> wcs.array_shape
    (100, 100)
    """
    shape = _inputs.pair(shape, "shape")
    wcs = WCS(dict(_core.example_wcs(shape, bool(galactic))))
    wcs.array_shape = shape
    return wcs


def make_gwcs(shape: Any, galactic: bool = False) -> WCS:
    """The system of `make_wcs` as a graph of transforms.

    Parameters
    ----------
    shape : (int, int)
        `(ny, nx)` of the image.
    galactic : bool, optional
        Whether the frame is Galactic instead of ICRS.

    Returns
    -------
    wcs : skyphot.wcs.WCS
        The system.

    Raises
    ------
    ValueError
        If the shape is not two numbers.

    Examples
    --------
    >>> from skyphot.datasets import make_gwcs
    >>> lon, lat = make_gwcs((100, 100)).pixel_to_world_values(49.0, 49.0)
    """
    shape = _inputs.pair(shape, "shape")
    return WCS._from_native(_core.example_gwcs(shape, bool(galactic)), ("example_gwcs", (shape, bool(galactic))))
