"""Magnitudes of the same sources in several bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skyphot import _core, _inputs
from skyphot._table import from_native
from skyphot.wcs._matching import _limit, _lon_lat


@dataclass(frozen=True)
class Band:
    """The catalogue of one band.

    Attributes
    ----------
    name : str
        Name of the band, part of the column names.
    positions : SkyCoord or array_like
        The positions; without astropy `(n, 2)` degrees, ICRS.
    magnitude : array_like
        The magnitudes.
    error : array_like or None
        Their 1-sigma errors.
    """

    name: str
    positions: Any
    magnitude: Any
    error: Any = None


def colour_magnitude(bands: Any, radius: Any, *, n_threads: int | None = 1) -> Any:
    """The magnitudes of the sources of the first band in all bands, and their colours.

    Counterparts lie within the radius and are each other's nearest; what has none is NaN.

    Parameters
    ----------
    bands : list of Band
        The catalogues, at least two; colours are those of neighbours in the list.
    radius : Quantity or float
        How near a counterpart must be; a number is in degrees.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    table : QTable or Columns
        A row for every source of the first band: `id`, `ra` and `dec` (ICRS), `mag_NAME` and `mag_NAME_err`, the distance
        `sep_NAME` and row `row_NAME` of its counterpart in each other band (-1 without one), and the colours `A-B`.

    Raises
    ------
    ValueError
        For fewer than two bands, two of one name, or columns that differ in length.

    Examples
    --------
    >>> from skyphot.calibration import Band, colour_magnitude
    >>> blue = Band("B", [[10.0, 0.0], [11.0, 0.0]], [20.5, 21.0])
    >>> visual = Band("V", [[10.00001, 0.0]], [20.0])
    >>> t = colour_magnitude([blue, visual], 1e-4)
    >>> t.colnames
    ['id', 'ra', 'dec', 'mag_B', 'mag_V', 'sep_V', 'row_V', 'B-V']
    >>> t["row_V"].tolist()
    [0, -1]
    """
    native = []
    for b in bands:
        sky, _ = _lon_lat(b.positions, "icrs", f"positions of {b.name}")
        error = None if b.error is None else _inputs.vector(b.error)
        native.append((str(b.name), sky, _inputs.vector(b.magnitude), error))
    return from_native(_core.colour_magnitude(native, _limit(radius), _inputs.threads(n_threads)))
