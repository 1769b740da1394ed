"""Flux outside of apertures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.calibration._flux import shaped
from skyphot.io._tables import native_table


class EncircledEnergy:
    """The fraction of the flux within a radius.

    Parameters
    ----------
    radius : array_like
        Radii, increasing.
    fraction : array_like
        The fraction within each.
    interpolation : {'linear', 'pchip'}, optional
        How it goes on between them.

    Raises
    ------
    ValueError
        If the radii do not increase or a value is not finite.

    Examples
    --------
    >>> from skyphot.calibration import EncircledEnergy
    >>> ee = EncircledEnergy([1.0, 2.0, 4.0], [0.4, 0.8, 1.0])
    >>> ee.at(3.0), ee.correction(2.0), ee.radius(0.8)
    (0.9, 1.25, 2.0)
    """

    def __init__(self, radius: Any, fraction: Any, interpolation: str = "linear") -> None:
        self._make(radius, fraction, None, interpolation)

    def _make(self, radius: Any, values: Any, total: float | None, interpolation: str) -> None:
        if interpolation not in ("linear", "pchip"):
            raise ValueError(f"interpolation must be 'linear' or 'pchip', found {interpolation!r}")
        self._native = _core.NativeEncircledEnergy(
            _inputs.vector(radius), _inputs.vector(values), total, interpolation == "pchip"
        )

    @classmethod
    def from_curve_of_growth(cls, radius: Any, flux: Any, total: float, interpolation: str = "linear") -> EncircledEnergy:
        """From the sums of a curve of growth.

        Parameters
        ----------
        radius, flux : array_like
            Radii and sums.
        total : float
            The whole flux.
        interpolation : {'linear', 'pchip'}, optional
            How it goes on between them.
        """
        new = cls.__new__(cls)
        new._make(radius, flux, float(total), interpolation)
        return new

    def at(self, radius: Any) -> Any:
        """The fraction within radii; NaN outside of those given."""
        return shaped(lambda r: self._native.evaluate("at", r), radius)

    def correction(self, radius: Any) -> Any:
        """The factor that makes a sum within radii the whole flux."""
        return shaped(lambda r: self._native.evaluate("correction", r), radius)

    def radius(self, fraction: Any) -> Any:
        """The radii that hold fractions; NaN outside of those given."""
        return shaped(lambda f: self._native.evaluate("radius", f), fraction)


@dataclass(frozen=True)
class ApertureCorrection:
    """A row of a table of aperture corrections.

    Attributes
    ----------
    ee_fraction, radius, correction, sky_in, sky_out : float
        Fraction of the flux, radius in pixels, factor, and the radii of the sky annulus.
    """

    ee_fraction: float
    radius: float
    correction: float
    sky_in: float
    sky_out: float


class ApertureCorrections:
    """A table of aperture corrections, as the reference files of JWST and Roman hold them.

    Parameters
    ----------
    table : Table or mapping
        With the columns `eefraction`, `radius`, `apcorr`, `skyin`, `skyout`.
    **select : str
        Values of other columns, such as `filter="F770W", subarray="FULL"`.

    Raises
    ------
    ValueError
        If a column is missing or no row fits.

    Examples
    --------
    >>> from skyphot.calibration import ApertureCorrections
    >>> t = {"filter": ["a", "b"], "eefraction": [0.5, 0.5], "radius": [2.0, 3.0], "apcorr": [2.1, 2.2],
    ...      "skyin": [5.0, 6.0], "skyout": [8.0, 9.0]}
    >>> ApertureCorrections(t, filter="b").rows[0].correction
    2.2
    """

    def __init__(self, table: Any, **select: str) -> None:
        self._args = (native_table(table), [(k, str(v)) for k, v in select.items()])
        self.rows = [ApertureCorrection(*r) for r in _core.aperture_corrections(*self._args)]

    def at_fraction(self, fraction: float) -> ApertureCorrection | None:
        """The row of an encircled energy; None if there is none."""
        return next((r for r in self.rows if np.isclose(r.ee_fraction, fraction, atol=1e-6)), None)

    def at_radius(self, radius: Any) -> Any:
        """The corrections of any radii, interpolated; NaN outside of those given."""
        return shaped(lambda r: _core.aperture_correction_at(*self._args, r.tolist()), radius)
