"""The quality flags of segmentation images and their catalogues."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._flags import Flags, documented

#: The bits by name, also as attributes in capitals.
SEGMENTATION_FLAGS = Flags(_core.segmentation_flags())


@documented("segmentation")
def decode_segmentation_flags(flags: Any, *, return_bit_values: bool = False) -> list[Any]:  # noqa: D103
    return SEGMENTATION_FLAGS.decode(flags, return_bit_values)
