"""Headers of files."""

from __future__ import annotations

from typing import Any

from skyphot import _core
from skyphot._compat import HAS_ASTROPY


def header_of(records: str) -> Any:
    """A header as astropy has it, or a dictionary of values without astropy.

    Parameters
    ----------
    records : str
        The 80-character records one after the other.
    """
    if not HAS_ASTROPY:
        return {key: value for key, value, _ in _core.header_cards(records) if key}
    from astropy.io.fits import Header

    return Header.fromstring(records)
