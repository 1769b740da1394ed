"""Flags: bits with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, TypeVar

import numpy as np

Decode = TypeVar("Decode", bound=Callable[..., list[Any]])


@dataclass(frozen=True)
class FlagDefinition:
    """One bit of the flags."""

    bit_value: int
    name: str
    description: str
    detailed_description: str


class Flags(Mapping[str, int]):
    """The bits by name, also as attributes in capitals.

    Parameters
    ----------
    rows : list of tuple
        Value, name, description and long description of each bit.
    """

    def __init__(self, rows: Any) -> None:
        self.definitions = tuple(FlagDefinition(*row) for row in rows)
        self._bits = {d.name: d.bit_value for d in self.definitions}

    def __getitem__(self, name: str) -> int:
        return self._bits[name]

    def __getattr__(self, name: str) -> int:
        bits: dict[str, int] = self.__dict__.get("_bits", {})
        if name.isupper() and name.lower() in bits:
            return bits[name.lower()]
        raise AttributeError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bits)

    def __len__(self) -> int:
        return len(self._bits)

    def decode(self, flags: Any, return_bit_values: bool = False) -> list[Any]:
        """The names (or values) of the bits that are set.

        Parameters
        ----------
        flags : int or array_like of int
            One flag value, or an array of them.
        return_bit_values : bool, optional
            Whether bit values are returned in place of names.

        Returns
        -------
        decoded : list
            The bits of one value, or a list of such lists.

        Raises
        ------
        TypeError
            For what is no whole number.
        ValueError
            For a negative number.
        """
        if np.ndim(flags):
            return [self.decode(f, return_bit_values) for f in np.asarray(flags)]
        if isinstance(flags, (bool, np.bool_)) or not isinstance(flags, (int, np.integer)):
            raise TypeError(f"flags must be integers, found {type(flags).__name__}")
        if flags < 0:
            raise ValueError("flags must not be negative")
        found = [d for d in self.definitions if int(flags) & d.bit_value]
        return [d.bit_value if return_bit_values else d.name for d in found]


def documented(module: str) -> Callable[[Decode], Decode]:
    """Gives the function that decodes the flags of a module the text of `Flags.decode` and an example."""

    def with_doc(f: Decode) -> Decode:
        example = f">>> from skyphot.{module} import {f.__name__}\n>>> {f.__name__}(0)\n[]"
        f.__doc__ = f"{getdoc(Flags.decode)}\n\nExamples\n--------\n{example}\n"
        return f

    return with_doc
