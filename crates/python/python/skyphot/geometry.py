"""Overlap of shapes with pixels."""

from __future__ import annotations

import numpy as np

from skyphot import _core

__all__ = ["circular_overlap_grid", "elliptical_overlap_grid", "rectangular_overlap_grid"]


def _method(use_exact: int, subpixels: int) -> tuple[str, int]:
    return ("exact", 5) if use_exact else ("subpixel", int(subpixels))


def circular_overlap_grid(
    xmin: float, xmax: float, ymin: float, ymax: float, nx: int, ny: int, r: float, use_exact: int, subpixels: int
) -> np.ndarray:
    """The fraction of each pixel that a circle around the origin covers.

    Parameters
    ----------
    xmin, xmax, ymin, ymax : float
        The edges of the grid.
    nx, ny : int
        Its number of pixels.
    r : float
        The radius.
    use_exact : int
        1 for the exact overlap, 0 for samples.
    subpixels : int
        The number of samples along each axis of a pixel.

    Returns
    -------
    frac : ndarray
        Fractions, `(ny, nx)`.
    """
    how, n = _method(use_exact, subpixels)
    return np.asarray(
        _core.overlap_grid("circle", (xmin, xmax), (ymin, ymax), (int(ny), int(nx)), (float(r), float(r)), 0.0, how, n)
    )


def elliptical_overlap_grid(
    xmin: float,
    xmax: float,
    ymin: float,
    ymax: float,
    nx: int,
    ny: int,
    rx: float,
    ry: float,
    theta: float,
    use_exact: int,
    subpixels: int,
) -> np.ndarray:
    """The fraction of each pixel that an ellipse covers; `theta` in radians, see `circular_overlap_grid`."""
    how, n = _method(use_exact, subpixels)
    size = (float(rx), float(ry))
    return np.asarray(
        _core.overlap_grid("ellipse", (xmin, xmax), (ymin, ymax), (int(ny), int(nx)), size, float(theta), how, n)
    )


def rectangular_overlap_grid(
    xmin: float,
    xmax: float,
    ymin: float,
    ymax: float,
    nx: int,
    ny: int,
    width: float,
    height: float,
    theta: float,
    use_exact: int,
    subpixels: int,
) -> np.ndarray:
    """The fraction of each pixel that a rectangle covers; `theta` in radians, see `circular_overlap_grid`."""
    how, n = _method(use_exact, subpixels)
    size = (float(width), float(height))
    return np.asarray(
        _core.overlap_grid("rectangle", (xmin, xmax), (ymin, ymax), (int(ny), int(nx)), size, float(theta), how, n)
    )
