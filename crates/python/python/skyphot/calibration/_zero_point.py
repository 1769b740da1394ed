"""Zero points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.wcs._matching import _limit, _lon_lat


@dataclass(frozen=True)
class ZeroPoint:
    """A zero point.

    Attributes
    ----------
    value, error, scatter : float
        The zero point, its error, and the scatter of the stars, magnitudes.
    colour_term, colour_term_error : float
        The slope with colour; 0 without colours.
    n_used, n_clipped : int
        Numbers of stars.
    residual : ndarray
        The reference minus the instrumental magnitude of each, less the fit.
    kept : ndarray of bool
        Whether each was used.
    reference : ndarray of int or None
        Of a field: the number of the reference of each source, -1 for none.
    separation : ndarray or None
        Of a field: its distance in arcsec, NaN for none.
    magnitude : ndarray or None
        Of a field: the magnitude of the reference of each source, NaN for none.
    pivot_colour : float
        The colour at which the zero point holds.
    """

    value: float
    error: float
    scatter: float
    colour_term: float
    colour_term_error: float
    n_used: int
    n_clipped: int
    residual: np.ndarray
    kept: np.ndarray
    reference: np.ndarray | None = None
    separation: np.ndarray | None = None
    magnitude: np.ndarray | None = None
    pivot_colour: float = 0.0

    def apply(self, instrumental: Any, colour: Any = None) -> Any:
        """Calibrated magnitudes, `instrumental + value + colour_term * (colour - pivot_colour)`.

        Parameters
        ----------
        instrumental : float or array_like
            The magnitudes measured.
        colour : float or array_like, optional
            Their colours; needed if there is a colour term.

        Returns
        -------
        magnitude : float or ndarray
            Of the shape of the input.

        Raises
        ------
        ValueError
            If there is a colour term but no colour.

        Examples
        --------
        >>> from skyphot.calibration import fit_zero_point
        >>> fit_zero_point([-5.0, -6.0, -7.0], [20.0, 19.0, 18.0]).apply(-5.5)
        19.5
        """
        if colour is None and self.colour_term != 0:
            raise ValueError("the zero point has a colour term: colour is needed")
        m = np.asarray(_inputs.bare(instrumental), dtype=float)
        c = None if colour is None else _inputs.vector(np.broadcast_to(np.asarray(_inputs.bare(colour), dtype=float), m.shape))
        fit = self.value, self.colour_term, self.pivot_colour
        out = np.asarray(_core.zero_point_apply(_inputs.vector(m), c, fit)).reshape(m.shape)
        return out if m.ndim else float(out)


def _config(sigma_clip: Any, statistic: str, pivot_colour: float, min_sources: int) -> Any:
    return _inputs.clip_or_none(sigma_clip), statistic, float(pivot_colour), int(min_sources)


def _column(values: Any) -> Any:
    return None if values is None else _inputs.vector(values)


def _flags(select: Any) -> list[bool] | None:
    return None if select is None else [bool(s) for s in np.asarray(select).ravel()]


def fit_zero_point(
    instrumental: Any,
    reference: Any,
    *,
    error: Any = None,
    colour: Any = None,
    select: Any = None,
    sigma_clip: Any = None,
    statistic: str = "median",
    pivot_colour: float = 0.0,
    min_sources: int = 1,
) -> ZeroPoint:
    """The zero point of stars of known magnitude.

    Parameters
    ----------
    instrumental, reference : array_like
        The magnitudes measured and known.
    error : array_like, optional
        The errors of the differences.
    colour : array_like, optional
        The colours, for a colour term.
    select : array_like of bool, optional
        The stars that may be used.
    sigma_clip : SigmaClip, optional
        How outliers are clipped; by default 2 sigma, 10 iterations.
    statistic : {'median', 'mean', 'weighted_mean'}, optional
        What is made of the differences.
    pivot_colour : float, optional
        The colour at which the zero point holds.
    min_sources : int, optional
        How many stars there must be.

    Returns
    -------
    zero_point : ZeroPoint
        The zero point.

    Raises
    ------
    ValueError
        If the columns differ in length or there are too few stars.

    Examples
    --------
    >>> from skyphot.calibration import fit_zero_point
    >>> fit_zero_point([-5.0, -6.0, -7.0], [20.0, 19.0, 18.0]).value
    25.0
    """
    d = _core.zero_point(
        _inputs.vector(instrumental),
        _inputs.vector(reference),
        _column(error),
        _column(colour),
        _flags(select),
        _config(sigma_clip, statistic, pivot_colour, min_sources),
    )
    return ZeroPoint(**d, pivot_colour=float(pivot_colour))


def zero_point_of_field(
    positions: Any,
    instrumental: Any,
    catalog: Any,
    catalog_magnitude: Any,
    radius: Any,
    *,
    error: Any = None,
    select: Any = None,
    catalog_error: Any = None,
    catalog_colour: Any = None,
    sigma_clip: Any = None,
    statistic: str = "median",
    pivot_colour: float = 0.0,
    min_sources: int = 1,
    n_threads: int | None = 1,
) -> ZeroPoint:
    """The zero point of a field: its stars are found in a catalogue.

    Parameters
    ----------
    positions, catalog : SkyCoord or array_like
        The positions of the sources and of the catalogue; without astropy `(n, 2)` degrees.
    instrumental, catalog_magnitude : array_like
        Their magnitudes.
    radius : Quantity or float
        How near a reference must be; a number is in degrees.
    error, catalog_error : array_like, optional
        Errors of the magnitudes.
    select : array_like of bool, optional
        The sources that may be used.
    catalog_colour : array_like, optional
        Colours of the catalogue, for a colour term.
    sigma_clip, statistic, pivot_colour, min_sources : optional
        As for `fit_zero_point`.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    zero_point : ZeroPoint
        The zero point, with the reference of each source and its magnitude.

    Raises
    ------
    ValueError
        If the columns differ in length or there are too few stars.

    Examples
    --------
    >>> from skyphot.calibration import zero_point_of_field
    >>> z = zero_point_of_field([[10.0, 0.0]], [-5.0], [[10.0, 1e-5]], [20.0], 1e-4)
    >>> z.value, z.reference.tolist()
    (25.0, [0])
    """
    sky, frame = _lon_lat(positions, None, "positions")
    there, _ = _lon_lat(catalog, frame, "catalog")
    d = _core.zero_point_field(
        sky,
        _inputs.vector(instrumental),
        _column(error),
        _flags(select),
        (*there, _inputs.vector(catalog_magnitude)),
        _column(catalog_error),
        _column(catalog_colour),
        _limit(radius),
        _config(sigma_clip, statistic, pivot_colour, min_sources),
        _inputs.threads(n_threads),
    )
    return ZeroPoint(**d, pivot_colour=float(pivot_colour))
