"""Matching positions on the sky."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY, degrees, is_quantity

Columns = tuple[np.ndarray, np.ndarray]


def _lon_lat(coord: Any, frame: Any, name: str) -> tuple[Columns, Any]:
    """Degrees of positions in a frame (None: their own), and the frame."""
    if hasattr(coord, "spherical"):
        if frame is not None:
            coord = coord.transform_to(frame)
        s = coord.spherical
        return (_inputs.vector(s.lon.to_value("deg")), _inputs.vector(s.lat.to_value("deg"))), coord.frame
    a = np.asarray(coord, dtype=float)
    if a.ndim == 1 and a.size == 2:
        a = a.reshape(1, 2)
    if a.ndim != 2 or a.shape[1] != 2:
        raise ValueError(f"{name} must be a SkyCoord or (n, 2) longitudes and latitudes in degrees")
    return (_inputs.vector(a[:, 0]), _inputs.vector(a[:, 1])), frame


def _limit(radius: Any) -> float:
    return float(radius.to_value("deg")) if is_quantity(radius) else float(radius)


def _angle(values: np.ndarray) -> Any:
    if not HAS_ASTROPY:
        return values
    from astropy.coordinates import Angle

    return Angle(values, "deg")


def match_to_catalog_sky(positions: Any, catalog: Any, nthneighbor: int = 1, *, n_threads: int | None = 1) -> Any:
    """The nearest entry of a catalogue for each position.

    Parameters
    ----------
    positions : SkyCoord or array_like
        The positions; `(n, 2)` longitudes and latitudes in degrees without astropy.
    catalog : SkyCoord or array_like
        The catalogue; it is taken into the frame of the positions.
    nthneighbor : int, optional
        Which neighbour: 1 is the nearest.
    n_threads : int or None, optional
        Threads; None takes all cores. The answer does not depend on it.

    Returns
    -------
    index : ndarray of int
        The numbers of the entries.
    separation : Angle
        The distances on the sky; degrees without astropy.

    Raises
    ------
    ValueError
        If the catalogue has too few entries or a position is not finite.

    Examples
    --------
    >>> from skyphot.wcs import match_to_catalog_sky
    >>> index, separation = match_to_catalog_sky([[0.0, 0.0]], [[359.9, 0.0], [5.0, 0.0]])
    >>> index.tolist()
    [0]
    """
    mine, frame = _lon_lat(positions, None, "positions")
    theirs, _ = _lon_lat(catalog, frame, "catalog")
    if not all(np.all(np.isfinite(v)) for v in (*mine, *theirs)):
        raise ValueError("Matching coordinates cannot contain NaN entries.")
    index, separation, _ = _core.match_to_catalog_sky(mine, theirs, int(nthneighbor), _inputs.threads(n_threads))
    if np.ndim(positions) == 0 and getattr(positions, "isscalar", False):
        return index.reshape(()), _angle(separation.reshape(()))
    return index, _angle(separation)


def match_coordinates_sky(
    matchcoord: Any, catalogcoord: Any, nthneighbor: int = 1, *, n_threads: int | None = 1
) -> Any:
    """As `match_to_catalog_sky`, with the name and the three results of astropy.

    Parameters
    ----------
    matchcoord, catalogcoord : SkyCoord or array_like
        The positions and the catalogue.
    nthneighbor : int, optional
        Which neighbour: 1 is the nearest.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    index : ndarray of int
        The numbers of the entries.
    sep2d : Angle
        The distances on the sky.
    dist3d : Quantity
        The chords on the unit sphere, dimensionless (positions have no distances here).

    Raises
    ------
    ValueError
        If the catalogue has too few entries or a position is not finite.

    Examples
    --------
    >>> from skyphot.wcs import match_coordinates_sky
    >>> match_coordinates_sky([[0.0, 0.0]], [[1.0, 0.0]])[0].tolist()
    [0]
    """
    index, sep2d = match_to_catalog_sky(matchcoord, catalogcoord, nthneighbor, n_threads=n_threads)
    half = (sep2d.to_value("rad") if is_quantity(sep2d) else np.radians(sep2d)) / 2
    chord = 2 * np.sin(half)
    if HAS_ASTROPY:
        from astropy.units import Quantity

        chord = Quantity(chord)
    return index, sep2d, chord


def search_around_sky(coords1: Any, coords2: Any, seplimit: Any, *, n_threads: int | None = 1) -> Any:
    """All pairs within a distance of each other.

    Parameters
    ----------
    coords1, coords2 : SkyCoord or array_like
        The two lists; without astropy `(n, 2)` degrees.
    seplimit : Quantity or float
        The largest distance; a number is in degrees.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    idx1, idx2 : ndarray of int
        The numbers of the entries of either list, sorted by `idx1`.
    separation : Angle
        The distances; degrees without astropy.

    Raises
    ------
    ValueError
        For a limit that is negative or not finite.

    Examples
    --------
    >>> from skyphot.wcs import search_around_sky
    >>> search_around_sky([[0.0, 0.0]], [[0.1, 0.0], [1.0, 0.0]], 0.5)[1].tolist()
    [0]
    """
    first, frame = _lon_lat(coords1, None, "coords1")
    second, _ = _lon_lat(coords2, frame, "coords2")
    i, j, separation = _core.search_around_sky(first, second, _limit(seplimit), _inputs.threads(n_threads))
    return i, j, _angle(separation)


def cross_match_sky(
    positions: Any, catalog: Any, radius: Any, *, mutual: bool = True, n_threads: int | None = 1
) -> Any:
    """The counterpart within a radius of each position.

    Parameters
    ----------
    positions, catalog : SkyCoord or array_like
        The positions and the catalogue; without astropy `(n, 2)` degrees.
    radius : Quantity or float
        The largest distance; a number is in degrees.
    mutual : bool, optional
        Whether the position must be the nearest to its counterpart, too.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    index : ndarray of int
        The number of the counterpart, -1 where there is none.
    separation : Quantity
        The distances, NaN where there is none; degrees without astropy.
    ambiguous : ndarray of bool
        Whether more than one entry was within the radius.

    Raises
    ------
    ValueError
        For a radius that is negative or not finite.

    Examples
    --------
    >>> from skyphot.wcs import cross_match_sky
    >>> cross_match_sky([[0.0, 0.0], [3.0, 0.0]], [[0.1, 0.0]], 0.5)[0].tolist()
    [0, -1]
    """
    first, frame = _lon_lat(positions, None, "positions")
    second, _ = _lon_lat(catalog, frame, "catalog")
    index, separation, ambiguous = _core.cross_match_sky(
        first, second, _limit(radius), bool(mutual), _inputs.threads(n_threads)
    )
    return index, degrees(separation), ambiguous
