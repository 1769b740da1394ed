"""One call that is made of photutils and of skyphot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Case:
    name: str
    call: Callable[[Any, Any], Any]
    rtol: float = 1e-9
    atol: float = 1e-9


CASES: list[Case] = []


def case(rtol: float = 1e-9, atol: float = 1e-9) -> Callable[[Any], Any]:
    """Adds a call."""

    def add(call: Any) -> Any:
        CASES.append(Case(call.__name__, call, rtol, atol))
        return call

    return add
