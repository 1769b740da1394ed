"""The quality flags of PSF photometry."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags, documented

#: The bits by name, also as attributes in capitals.
PSF_FLAGS = Flags(_core.psf_flags())


@documented("psf")
def decode_psf_flags(flags: Any, return_bit_values: bool = False) -> list[Any]:  # noqa: D103
    return PSF_FLAGS.decode(flags, return_bit_values)
