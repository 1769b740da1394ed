"""Headers in any of the forms in which people have them, as the 80-character records of FITS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECORD = 80


def _records_of_lines(text: str) -> str:
    return "".join(line[:RECORD].ljust(RECORD) for line in text.splitlines())


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return f"{'T' if value else 'F':>20}"
    if isinstance(value, str):
        return f"'{value.replace(chr(39), chr(39) * 2):<8}'"
    number = repr(value.item() if hasattr(value, "item") else value)
    return f"{number.upper():>20}"


def _records_of_mapping(header: Mapping[str, Any]) -> str:
    out = []
    for key, value in header.items():
        if isinstance(value, tuple):
            value = value[0] if value else None
        name = str(key).upper()
        if len(name) > 8:
            record = f"HIERARCH {name} = {_value(value).strip()}"
        else:
            record = f"{name:<8}= {_value(value)}"
        if len(record) > RECORD:
            raise ValueError(f"the value of {name} is longer than a FITS card: {value!r}")
        out.append(record.ljust(RECORD))
    return "".join(out)


def records(header: Any) -> str:
    """The 80-character records of a header.

    Parameters
    ----------
    header : astropy.io.fits.Header, mapping, str or bytes
        The header; text may be records one after the other, or lines.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(header, bytes):
        header = header.decode("ascii", errors="replace")
    if isinstance(header, str):
        return _records_of_lines(header) if "\n" in header else header
    if hasattr(header, "tostring") and hasattr(header, "cards"):
        return str(header.tostring(sep="", endcard=True, padding=False))
    if isinstance(header, Mapping):
        return _records_of_mapping(header)
    raise TypeError(f"a header must be a Header, a mapping of keywords or text, found {type(header).__name__}")
