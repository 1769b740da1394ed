"""What depends on astropy, which need not be installed."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

HAS_ASTROPY = find_spec("astropy") is not None


def user_warning() -> type[Warning]:
    """`AstropyUserWarning`, or `UserWarning` without astropy."""
    if HAS_ASTROPY:
        from astropy.utils.exceptions import AstropyUserWarning

        warning: type[Warning] = AstropyUserWarning
        return warning
    return UserWarning


def warn(message: str, stacklevel: int = 3) -> None:
    """Warn as photutils does."""
    warnings.warn(message, user_warning(), stacklevel=stacklevel)


def is_quantity(value: Any) -> bool:
    """Whether a value is an astropy `Quantity`."""
    if not HAS_ASTROPY:
        return False
    from astropy.units import Quantity

    return isinstance(value, Quantity)


def is_nddata(value: Any) -> bool:
    """Whether a value is an astropy `NDData` (a `CCDData`, too)."""
    if not HAS_ASTROPY or not hasattr(value, "uncertainty"):
        return False
    from astropy.nddata import NDData

    return isinstance(value, NDData)


def with_unit(value: Any, unit: Any) -> Any:
    """The value in a unit: a `Quantity`, or the bare value where the unit is None or astropy is missing."""
    if unit is None or not HAS_ASTROPY:
        return value
    from astropy.units import Quantity

    return Quantity(value, _unit_of(unit) if isinstance(unit, str) else unit, copy=None)


@cache
def _unit_of(text: str) -> Any:
    """The unit of a text, read once."""
    from astropy.units import Unit

    return Unit(text)


def area(value: Any) -> Any:
    """An area in square pixels."""
    return with_unit(value, "pix2")


def pixels(value: Any) -> Any:
    """A length in pixels."""
    return with_unit(value, "pix")


def degrees(value: Any) -> Any:
    """An angle in degrees."""
    return with_unit(value, "deg")


def strip_units(values: tuple[Any, ...], names: tuple[str, ...]) -> tuple[list[Any], Any]:
    """Values without their common unit, and the unit.

    Raises
    ------
    ValueError
        If only some have units, or the units differ.
    """
    units = [getattr(v, "unit", None) if is_quantity(v) else None for v in values if v is not None]
    if all(u is None for u in units):
        return list(values), None
    if any(u is None for u in units):
        raise ValueError(f"If any of {', '.join(names)} has units, then they all must all have units.")
    if len({str(u) for u in units}) > 1:
        raise ValueError(f"If any of {', '.join(names)} has units, then they all must all have the same units.")
    return [None if v is None else v.value for v in values], units[0]


def unpack_nddata(data: Any, error: Any, mask: Any, wcs: Any) -> tuple[Any, Any, Any, Any]:
    """Data, error, mask and WCS of an `NDData`, with the warnings of photutils for keywords that it overrides."""
    from astropy.nddata import StdDevUncertainty
    from astropy.units import Quantity

    for key, value in (("error", error), ("mask", mask), ("wcs", wcs)):
        if value is not None:
            warn(f"The {key!r} keyword is ignored. Its value is obtained from the input NDData object.", 4)
    error = None
    if isinstance(data.uncertainty, StdDevUncertainty):
        u = data.uncertainty
        error = u.array if u.unit is None else Quantity(u.array, u.unit)
    values = data.data if data.unit is None else Quantity(data.data, unit=data.unit)
    return values, error, data.mask, data.wcs


def opened(data: Any, mask: Any) -> tuple[Any, Any]:
    """The values of an `NDData` and its mask joined with `mask`; other data as they are."""
    if not is_nddata(data):
        return data, mask
    values, _, own, _ = unpack_nddata(data, None, None, None)
    return values, own if mask is None else mask if own is None else np.logical_or(own, mask)


def to_skycoord(wcs: Any, x: Any, y: Any) -> Any:
    """Sky coordinates of pixels through any object with the shared interface for WCS."""
    return wcs.pixel_to_world(np.asarray(x), np.asarray(y))
