"""Seeds."""

from __future__ import annotations

import os
from typing import Any


def seed_number(seed: Any) -> int:
    """A seed as a number; None gives another one each time.

    Raises
    ------
    ValueError
        If it is negative or above 64 bits.
    """
    if seed is None:
        return int.from_bytes(os.urandom(8), "little")
    number = int(seed)
    if not 0 <= number < 2**64:
        raise ValueError(f"seed must be an integer from 0 to 2**64 - 1, found {seed!r}")
    return number
