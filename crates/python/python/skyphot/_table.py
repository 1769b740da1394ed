"""Tables: `QTable` where astropy is installed, else `Columns`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np

from skyphot._compat import HAS_ASTROPY


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


def metadata() -> dict[str, Any]:
    """Date and versions, as photutils writes them into tables."""
    from skyphot._core import __version__

    versions = {"Python": sys.version.split()[0], "skyphot": __version__, "numpy": np.__version__}
    if HAS_ASTROPY:
        import astropy

        versions["astropy"] = astropy.__version__
    date = datetime.now(timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return {"date": date, "version": versions}


def from_native(native: tuple[list[Any], dict[str, Any]], unit: Any = None, units: bool = True) -> Any:
    """A table of what the native module returned. Columns in the unit of the data get `unit`."""
    columns, meta = native
    finished: dict[str, Any] = {}
    for name, values, column_unit, description, mask in columns:
        value: Any = np.asarray(values)
        if mask is not None:
            value = np.ma.MaskedArray(value, mask=mask)
        if units and HAS_ASTROPY and column_unit is not None:
            target = unit if column_unit == "data" else column_unit
            if target is not None:
                from astropy.units import Quantity

                value = Quantity(value, target, copy=None)
        finished[name] = value
    if not HAS_ASTROPY:
        return Columns(finished, {**metadata(), **meta})
    from astropy.table import QTable

    table = QTable(finished, copy=False)  # all at once: half the time of one after the other
    table.meta.update({**metadata(), **meta})
    for name, _, _, description, _ in columns:
        if description:
            table[name].info.description = description
    return table
