"""Tables in files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from skyphot import _core
from skyphot._compat import HAS_ASTROPY, is_quantity
from skyphot._table import new_table


def file_text(file: Any, hdu: Any = None) -> str:
    """`FILE` or `FILE[HDU]` of a path and a choice of an HDU."""
    text: str = os.fsdecode(file)
    if hdu is None:
        return text
    if isinstance(hdu, tuple):
        name, version = hdu
        return f"{text}[{name},{int(version)}]"
    return f"{text}[{hdu}]"


def read_table(file: Any, hdu: Any = None) -> Any:
    """A table from a file: FITS, ECSV, CSV, VOTable, Parquet, told by its content or its name.

    Parameters
    ----------
    file : path
        The file; `"a.fits[CAT]"` picks an HDU, too.
    hdu : int, str or (str, int), optional
        The HDU of a FITS file: its number, its name, or name and version. The first table if not given.

    Returns
    -------
    table : QTable or Columns
        The table with units, descriptions and metadata.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no table in it or it cannot be read; the message says why.

    Examples
    --------
    >>> import tempfile, os
    >>> from skyphot.io import read_table, write_table
    >>> from skyphot.utils import Columns
    >>> path = os.path.join(tempfile.mkdtemp(), "a.ecsv")
    >>> write_table(path, Columns({"id": [1, 2], "flux": [1.5, 2.5]}))
    >>> read_table(path)["flux"].tolist()
    [1.5, 2.5]
    """
    columns, meta = _core.read_table(file_text(file, hdu))
    table = new_table(meta)
    for name, values, unit, description, mask in columns:
        value: Any = np.asarray(values)
        if mask is not None:
            value = np.ma.MaskedArray(value, mask=mask)
        if HAS_ASTROPY and unit is not None:
            value = _with_unit(value, unit)
        table[name] = value
        if HAS_ASTROPY and description:
            table[name].info.description = description
    return table


def _with_unit(value: Any, unit: str) -> Any:
    from astropy.table import Column, MaskedColumn
    from astropy.units import Quantity, Unit
    from astropy.utils.masked import Masked

    parsed = Unit(unit, parse_strict="silent")
    masked = isinstance(value, np.ma.MaskedArray)
    if value.dtype.kind not in "fiu" or type(parsed).__name__ == "UnrecognizedUnit":
        return (MaskedColumn if masked else Column)(value, unit=parsed)
    if masked:
        return Masked(Quantity(value.data, parsed), mask=value.mask)
    return Quantity(value, parsed, copy=None)


def native_table(table: Any) -> tuple[list[Any], dict[str, Any]]:
    """The columns and the metadata of a table for the native module."""
    names = table.colnames if hasattr(table, "colnames") else list(table)
    columns: list[Any] = []
    for name in names:
        column = table[name]
        if hasattr(column, "spherical"):
            for suffix, angle in (("ra", column.icrs.ra), ("dec", column.icrs.dec)):
                columns.append((f"{name}.{suffix}", np.atleast_1d(angle.deg), "deg", None, None))
            continue
        unit = getattr(column, "unit", None)
        info = getattr(column, "info", None)
        description = getattr(info, "description", None)
        mask = getattr(column, "mask", None)
        bare = column.value if is_quantity(column) else column
        if hasattr(bare, "unmasked"):
            bare = bare.unmasked
        bare = np.ma.getdata(bare) if isinstance(bare, np.ma.MaskedArray) else np.asarray(bare)
        flags: Any = None if mask is None or not np.any(mask) else np.broadcast_to(mask, bare.shape)
        if flags is not None and flags.ndim > 1:
            flags = flags.reshape(len(flags), -1).any(axis=1)
        columns.append((
            name,
            _values(bare, name),
            None if unit is None or str(unit) == "" else str(unit),
            description or None,
            None if flags is None else [bool(f) for f in flags],
        ))  # fmt: skip
    return columns, dict(getattr(table, "meta", {}) or {})


def _values(a: np.ndarray, name: str) -> Any:
    if a.dtype.kind in "SUO":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in a.ravel().tolist()]
    if a.dtype.kind not in "biuf":
        raise TypeError(f"column {name} holds {a.dtype}, which no table format can")
    kind = {"float16": "float32", "int8": "int16", "uint16": "int32", "longdouble": "float64"}.get(a.dtype.name)
    if a.dtype.itemsize > 8:
        kind = "float64"
    return np.ascontiguousarray(a, dtype=kind or a.dtype.newbyteorder("="))


def write_table(file: Any, table: Any, *, format: str | None = None, overwrite: bool = False) -> None:
    """Writes a table. The file appears under its name only when it is complete.

    Parameters
    ----------
    file : path
        The file; its suffix says the format: `.ecsv`, `.csv`, `.fits`, `.parquet`, `.vot`, `.xml`.
    table : Table, Columns or mapping
        The table. Columns of sky coordinates become two columns, `.ra` and `.dec`.
    format : str, optional
        The format where the suffix does not say it.
    overwrite : bool, optional
        Whether a file that is there is replaced.

    Raises
    ------
    FileExistsError
        If the file is there and `overwrite` is False.
    ValueError, TypeError
        If the format is not known or cannot hold a column.

    Examples
    --------
    >>> import tempfile, os
    >>> from skyphot.io import write_table
    >>> write_table(os.path.join(tempfile.mkdtemp(), "a.csv"), {"id": [1, 2]})
    """
    _core.write_table(file_text(file), native_table(table), format, bool(overwrite))
