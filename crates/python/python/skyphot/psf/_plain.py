"""What astropy's models are replaced by where astropy is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np


class Parameter:
    """A parameter with its default."""

    def __init__(self, *, default: float = 0.0, fixed: bool = False, description: str = "", **kwargs: Any) -> None:
        self.default, self.fixed, self.__doc__ = default, fixed, description


class PlainModel:
    """A function of two coordinates with named parameters."""

    param_names: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        names = [n for c in reversed(cls.__mro__) for n, v in vars(c).items() if isinstance(v, Parameter)]
        cls.param_names = tuple(dict.fromkeys(names))

    def __init__(self, **kwargs: Any) -> None:
        self.fixed: dict[str, bool] = {}
        for name in self.param_names:
            parameter = next(vars(c)[name] for c in type(self).__mro__ if name in vars(c))
            setattr(self, name, float(kwargs.pop(name, parameter.default)))
            self.fixed[name] = parameter.fixed
        if kwargs:
            raise TypeError(f"unexpected parameters: {', '.join(kwargs)}")

    @property
    def parameters(self) -> np.ndarray:
        """The values in order."""
        return np.array([getattr(self, n) for n in self.param_names])

    def copy(self) -> Any:
        """A deep copy."""
        from copy import deepcopy

        return deepcopy(self)

    def __call__(self, x: Any, y: Any) -> Any:
        return self.evaluate(x, y, *self.parameters)

    def evaluate(self, x: Any, y: Any, *parameters: Any) -> Any:
        """The values at coordinates."""
        raise NotImplementedError
