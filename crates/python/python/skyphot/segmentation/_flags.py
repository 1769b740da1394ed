"""The quality flags of segmentation images and their catalogues."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags


class SegmentationFlags(Flags):
    """The bits by name, such as `SEGMENTATION_FLAGS[name]`, also as attributes in capitals."""

    def __init__(self) -> None:
        super().__init__(_core.segmentation_flags())


SEGMENTATION_FLAGS = SegmentationFlags()


def decode_segmentation_flags(flags: Any, *, return_bit_values: bool = False) -> list[Any]:
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
    >>> from skyphot.segmentation import decode_segmentation_flags
    >>> decode_segmentation_flags(0)
    []
    """
    return SEGMENTATION_FLAGS.decode(flags, return_bit_values)
