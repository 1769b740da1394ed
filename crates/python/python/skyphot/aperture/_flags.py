"""The quality flags of aperture photometry and statistics."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags, documented

#: The bits by name, also as attributes in capitals.
APERTURE_FLAGS = Flags(_core.aperture_flags())


@documented("aperture")
def decode_aperture_flags(flags: Any, *, return_bit_values: bool = False) -> list[Any]:  # noqa: D103
    return APERTURE_FLAGS.decode(flags, return_bit_values)
