"""Magnitudes and flux scales."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from skyphot import _core, _inputs

System = str | tuple[str, float]


def shaped(call: Any, *values: Any) -> Any:
    """The answer of a native function of columns, in the shape of its arguments."""
    arrays = np.broadcast_arrays(*(np.asarray(_inputs.bare(v), dtype=float) for v in values))
    out = np.asarray(call(*(_inputs.vector(a) for a in arrays))).reshape(arrays[0].shape)
    return float(out) if out.ndim == 0 else out


def system_of(system: System) -> tuple[str, float]:
    """A magnitude system for the native module.

    Raises
    ------
    ValueError
        For `st` and `vega` without their number.
    """
    name, number = (system, None) if isinstance(system, str) else system
    if name.lower() in ("st", "vega") and number is None:
        what = "the pivot wavelength in Angstrom" if name.lower() == "st" else "AB minus Vega in magnitudes"
        raise ValueError(f"the system {name!r} needs a number: ({name!r}, {what})")
    return name.lower(), 0.0 if number is None else float(number)


def magnitude(flux: Any, zero_point: float = 0.0) -> Any:
    """`zero_point - 2.5 log10(flux)`; NaN for fluxes that are not positive.

    Parameters
    ----------
    flux : float or array_like
        The fluxes.
    zero_point : float, optional
        The magnitude of a flux of 1.

    Returns
    -------
    magnitude : float or ndarray
        The magnitudes.

    Examples
    --------
    >>> from skyphot.calibration import magnitude
    >>> magnitude(100.0, 25.0)
    20.0
    """
    return shaped(lambda f: _core.photometric("magnitude", f, None, (float(zero_point), 0.0)), flux)


def magnitude_error(flux: Any, error: Any) -> Any:
    """`2.5 / ln 10 * error / flux`; NaN for fluxes that are not positive.

    Parameters
    ----------
    flux, error : float or array_like
        The fluxes and their 1-sigma errors.

    Returns
    -------
    error : float or ndarray
        The errors of the magnitudes.

    Examples
    --------
    >>> from skyphot.calibration import magnitude_error
    >>> round(magnitude_error(100.0, 1.0), 6)
    0.010857
    """
    return shaped(lambda f, e: _core.photometric("magnitude_error", f, e, (0.0, 0.0)), flux, error)


def flux(magnitude: Any, zero_point: float = 0.0) -> Any:
    """`10**(-0.4 (magnitude - zero_point))`.

    Parameters
    ----------
    magnitude : float or array_like
        The magnitudes.
    zero_point : float, optional
        The magnitude of a flux of 1.

    Returns
    -------
    flux : float or ndarray
        The fluxes.

    Examples
    --------
    >>> from skyphot.calibration import flux
    >>> round(flux(20.0, 25.0), 9)
    100.0
    """
    return shaped(lambda m: _core.photometric("flux", m, None, (float(zero_point), 0.0)), magnitude)


class AsinhMagnitude:
    """Magnitudes that go on below zero flux (Lupton, Gunn & Szalay 1999, AJ 118, 1406).

    Parameters
    ----------
    softening : float
        The softening: the flux at which they leave the logarithm, in the unit of the flux.
    zero_point : float, optional
        The magnitude of a flux of 1.

    Raises
    ------
    ValueError
        If the softening is not positive.

    Examples
    --------
    >>> from skyphot.calibration import AsinhMagnitude
    >>> m = AsinhMagnitude(1.0, 25.0)
    >>> round(m.flux(m.magnitude(-3.0)), 9)
    -3.0
    """

    def __init__(self, softening: float, zero_point: float = 0.0) -> None:
        self.softening, self.zero_point = float(softening), float(zero_point)
        self.magnitude(1.0)

    @property
    def _p(self) -> tuple[float, float]:
        return self.softening, self.zero_point

    def magnitude(self, flux: Any) -> Any:
        """The magnitudes of fluxes."""
        return shaped(lambda f: _core.photometric("asinh_magnitude", f, None, self._p), flux)

    def error(self, flux: Any, error: Any) -> Any:
        """The errors of the magnitudes of fluxes with errors."""
        return shaped(lambda f, e: _core.photometric("asinh_error", f, e, self._p), flux, error)

    def flux(self, magnitude: Any) -> Any:
        """The fluxes of magnitudes."""
        return shaped(lambda m: _core.photometric("asinh_flux", m, None, self._p), magnitude)

    def __repr__(self) -> str:
        return f"AsinhMagnitude({self.softening}, {self.zero_point})"


def convert_flux(values: Any, from_unit: str, to_unit: str) -> Any:
    """Fluxes in another unit of flux density.

    Parameters
    ----------
    values : float or array_like
        The fluxes (or AB magnitudes).
    from_unit, to_unit : str
        `Jy`, `MJy`, `mJy`, `uJy`, `nJy`, `erg/s/cm2/Hz`, `mgy`, `nmgy`, `mag(AB)`.

    Returns
    -------
    values : float or ndarray
        The fluxes in the other unit.

    Raises
    ------
    ValueError
        If a unit is none of these.

    Examples
    --------
    >>> from skyphot.calibration import convert_flux
    >>> round(convert_flux(1.0, "Jy", "mag(AB)"), 6)
    8.9
    """
    return shaped(lambda v: _core.convert_flux(v, str(from_unit), str(to_unit)), values)


class FluxScale:
    """What a unit of the image is in Jy.

    Parameters
    ----------
    jansky_per_unit : float
        Jy in one unit of the image.

    Attributes
    ----------
    jansky_per_unit : float
        Jy in one unit of the image.
    source : str
        Where it is from.
    assumed : list of str
        What had to be assumed.

    Raises
    ------
    ValueError
        If it is not positive.

    Examples
    --------
    >>> from skyphot.calibration import FluxScale
    >>> scale = FluxScale.from_zero_point(25.0)
    >>> round(scale.magnitude(100.0), 9), round(scale.zero_point(), 9)
    (20.0, 25.0)
    """

    def __init__(self, jansky_per_unit: float) -> None:
        self._set(_core.flux_scale("jansky", [float(jansky_per_unit)], "", ("ab", 0.0)))

    def _set(self, native: Any) -> None:
        self.jansky_per_unit, self.source, self.assumed = native

    @classmethod
    def _of(cls, how: str, numbers: list[float], text: str = "", system: System = "ab") -> FluxScale:
        new = cls.__new__(cls)
        new._set(_core.flux_scale(how, numbers, text, system_of(system)))
        return new

    @classmethod
    def from_surface_brightness(cls, mjy_per_sr: float, pixel_area: float) -> FluxScale:
        """From MJy/sr in a unit of the image and the area of a pixel in steradians."""
        return cls._of("surface_brightness", [float(mjy_per_sr), float(pixel_area)])

    @classmethod
    def from_zero_point(cls, zero_point: float, system: System = "ab") -> FluxScale:
        """From the magnitude of one unit in a system: `'ab'`, `('st', pivot)`, `('vega', ab_minus_vega)`."""
        return cls._of("zero_point", [float(zero_point)], "", system)

    @classmethod
    def from_photflam(cls, photflam: float, pivot: float) -> FluxScale:
        """From PHOTFLAM (erg/s/cm2/A in a unit) and the pivot wavelength in Angstrom."""
        return cls._of("photflam", [float(photflam), float(pivot)])

    @classmethod
    def from_header(cls, header: Any, pixel_area: float | None = None) -> FluxScale:
        """From what a header says: BUNIT and PIXAR_SR, PHOTFNU, PHOTFLAM, MAGZERO ...

        Parameters
        ----------
        header : Header or mapping
            The header.
        pixel_area : float, optional
            The area of a pixel in steradians where the header does not say it.

        Raises
        ------
        ValueError
            If the header says nothing of it.
        """
        from skyphot.wcs._header import records

        return cls._of("header", [] if pixel_area is None else [float(pixel_area)], records(header))

    @classmethod
    def from_file(cls, file: Any) -> FluxScale:
        """From the science header of a FITS file or the tree of a Roman exposure."""
        return cls._of("file", [], os.fspath(file))

    def per_exposure_time(self, time: float) -> FluxScale:
        """The scale of an image in counts if this one is that of counts per second."""
        return self._of("exposure_time", [self.jansky_per_unit, float(time)])

    def jansky(self, flux: Any) -> Any:
        """Fluxes in Jy.

        Parameters
        ----------
        flux : float or array_like
            Fluxes in units of the image.
        """
        return shaped(lambda f: np.multiply(f, self.jansky_per_unit), flux)

    def magnitude(self, flux: Any, system: System = "ab") -> Any:
        """Magnitudes of fluxes in units of the image.

        Parameters
        ----------
        flux : float or array_like
            Fluxes in units of the image.
        system : str or tuple, optional
            `'ab'`, `('st', pivot)` or `('vega', ab_minus_vega)`.
        """
        to = system_of(system)
        return shaped(lambda f: _core.system_magnitude(f, to, False), self.jansky(flux))

    def zero_point(self, system: System = "ab") -> float:
        """The magnitude of one unit of the image."""
        return float(_core.scale_zero_point(self.jansky_per_unit, system_of(system)))

    def __repr__(self) -> str:
        return f"<FluxScale {self.jansky_per_unit:g} Jy per unit, {self.source}>"
