"""The quality flags of PSF photometry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skyphot import _core
from skyphot.aperture._flags import FlagDefinition


class PSFFlags(Mapping[str, int]):
    """The bits by name."""

    def __init__(self) -> None:
        self.definitions = tuple(FlagDefinition(*row) for row in _core.psf_flags())
        self._bits = {d.name: d.bit_value for d in self.definitions}

    def __getitem__(self, name: str) -> int:
        return self._bits[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bits)

    def __len__(self) -> int:
        return len(self._bits)


PSF_FLAGS = PSFFlags()


def decode_psf_flags(flags: Any, return_bit_values: bool = False) -> list[Any]:
    """The names (or values) of the bits that are set.

    Parameters
    ----------
    flags : int or array_like of int
        One flag value, or an array of them.
    return_bit_values : bool, optional
        Whether bit values are returned in place of names.
    """
    if np.ndim(flags):
        return [decode_psf_flags(f, return_bit_values=return_bit_values) for f in np.asarray(flags)]
    if isinstance(flags, (bool, np.bool_)) or not isinstance(flags, (int, np.integer)):
        raise TypeError(f"flags must be integers, found {type(flags).__name__}")
    if flags < 0:
        raise ValueError("flags must not be negative")
    found = [d for d in PSF_FLAGS.definitions if int(flags) & d.bit_value]
    return [d.bit_value if return_bit_values else d.name for d in found]
