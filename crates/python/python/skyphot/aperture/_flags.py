"""The quality flags of aperture photometry and statistics."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags


class ApertureFlags(Flags):
    """The bits by name, such as `APERTURE_FLAGS[name]`, also as attributes in capitals."""

    def __init__(self) -> None:
        super().__init__(_core.aperture_flags())


APERTURE_FLAGS = ApertureFlags()


def decode_aperture_flags(flags: Any, *, return_bit_values: bool = False) -> list[Any]:
    """The names (or values) of the bits that are set.

    Parameters
    ----------
    flags : int or array_like of int
        One flag value, or an array of them.
    return_bit_values : bool, optional
        Whether bit values are returned in place of names.

    Returns
    -------
    decoded : list
        The bits of one value, or a list of such lists.

    Raises
    ------
    TypeError, ValueError
        For what is no whole number, or negative.

    Examples
    --------
    >>> from skyphot.aperture import decode_aperture_flags
    >>> decode_aperture_flags(0)
    []
    """
    return APERTURE_FLAGS.decode(flags, return_bit_values)
