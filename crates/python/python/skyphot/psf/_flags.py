"""The quality flags of PSF photometry."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags


class PSFFlags(Flags):
    """The bits by name, such as `PSF_FLAGS[name]`, also as attributes in capitals."""

    def __init__(self) -> None:
        super().__init__(_core.psf_flags())


PSF_FLAGS = PSFFlags()


def decode_psf_flags(flags: Any, return_bit_values: bool = False) -> list[Any]:
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
    >>> from skyphot.psf import decode_psf_flags
    >>> decode_psf_flags(0)
    []
    """
    return PSF_FLAGS.decode(flags, return_bit_values)
