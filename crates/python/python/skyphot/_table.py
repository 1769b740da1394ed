"""Tables: `QTable` where astropy is installed, else `Columns`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from time import strftime
from typing import Any

import numpy as np

from skyphot._compat import HAS_ASTROPY, with_unit

# Columns `(name, values, unit or None, description or None, mask or None)` and metadata.
NativeTable = tuple[list[Any], dict[str, Any]]


class Columns(Mapping[str, Any]):
    """Named columns of one length: what the package returns where astropy is not installed.

    Parameters
    ----------
    columns : mapping of str to array_like, optional
        The columns in order.
    meta : mapping, optional
        Metadata.
    """

    def __init__(self, columns: Mapping[str, Any] | None = None, meta: Mapping[str, Any] | None = None) -> None:
        self._columns: dict[str, Any] = {}
        self.meta: dict[str, Any] = dict(meta or {})
        for name, values in (columns or {}).items():
            self[name] = values

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._columns[key]
        if isinstance(key, (int, np.integer)):
            return {name: values[key] for name, values in self._columns.items()}
        if isinstance(key, (list, tuple)) and key and all(isinstance(k, str) for k in key):
            return Columns({k: self._columns[k] for k in key}, self.meta)
        return Columns({name: values[key] for name, values in self._columns.items()}, self.meta)

    def __setitem__(self, name: str, values: Any) -> None:
        values = np.asanyarray(values)
        if self._columns and len(values) != self.n_rows:
            raise ValueError(f"column {name!r} has {len(values)} rows, but the table has {self.n_rows}")
        self._columns[name] = values

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return self.n_rows

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    @property
    def colnames(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self._columns.values()))) if self._columns else 0

    def __repr__(self) -> str:
        return f"<Columns of {self.n_rows} rows: {', '.join(self._columns)}>"


def new_table(meta: Mapping[str, Any] | None = None) -> Any:
    """An empty table."""
    if HAS_ASTROPY:
        from astropy.table import QTable

        table = QTable()
        table.meta.update(meta or {})
        return table
    return Columns(meta=meta)


def table_of(
    columns: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    copy: bool = True,
    descriptions: Mapping[str, str] | None = None,
) -> Any:
    """A table of columns of one length, as `table[name] = values` makes it, in a third of the time.

    Parameters
    ----------
    columns : mapping of str to array_like
        The columns in order.
    meta : mapping, optional
        Metadata.
    copy : bool, optional
        False where nobody else holds the arrays.
    descriptions : mapping of str to str, optional
        What the columns mean, by their names.
    """
    table, texts = new_table(meta), descriptions or {}
    if not HAS_ASTROPY:
        for name, values in columns.items():
            table[name] = values.copy() if copy and isinstance(values, np.ndarray) else values
        return table
    from astropy.table import Column
    from astropy.units import Quantity

    n_rows = None
    for name, values in columns.items():
        kind = type(values)
        plain = kind is np.ndarray and values.dtype.kind in "biuf"
        if not (plain or kind is Quantity) or values.ndim == 0 or n_rows not in (None, len(values)):
            table[name] = values  # what remains, errors as well, is left to astropy
            n_rows = len(table)
            if name in texts:
                table.columns[name].info.description = texts[name]
            continue
        n_rows = len(values)
        own = values.copy() if copy else values
        table.columns[name] = column = own.view(Column) if plain else own
        about = column if plain else column.info
        about.name, about.parent_table = name, table
        if name in texts:
            about.description = texts[name]
    return table


@cache
def _versions() -> dict[str, str]:
    from skyphot._core import __version__

    versions = {"Python": sys.version.split()[0], "skyphot": __version__, "numpy": np.__version__}
    if HAS_ASTROPY:
        import astropy

        versions["astropy"] = astropy.__version__
    return versions


def metadata() -> dict[str, Any]:
    """Date and versions, as photutils writes them into tables."""
    return {"date": strftime("%Y-%m-%d %H:%M:%S %Z"), "version": dict(_versions())}


def with_units(native: NativeTable, units: Mapping[str, Any]) -> NativeTable:
    """What the native module returned with other units: those of `units`, by the names of the columns, no others."""
    columns, meta = native
    return [(name, values, units.get(name), text, mask) for name, values, _, text, mask in columns], meta


def from_native(native: NativeTable, unit: Any = None, units: bool = True) -> Any:
    """A table of what the native module returned. Columns in the unit of the data get `unit`."""
    columns, meta = native
    finished: dict[str, Any] = {}
    for name, values, column_unit, _, mask in columns:
        value: Any = np.asarray(values)
        if mask is not None:
            value = np.ma.MaskedArray(value, mask=mask)
        if units and column_unit is not None:
            value = with_unit(value, unit if isinstance(column_unit, str) and column_unit == "data" else column_unit)
        finished[name] = value
    return table_of(finished, {**metadata(), **meta}, copy=False, descriptions={c[0]: c[3] for c in columns if c[3]})
