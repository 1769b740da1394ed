"""Tables of model parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import warn
from skyphot._table import from_native
from skyphot.datasets._seed import seed_number


def _range(name: str, values: Any) -> tuple[float, float]:
    if np.shape(values) != (2,):
        raise ValueError(f"{name} must be a 2-tuple")
    return float(values[0]), float(values[1])


def make_model_params(
    shape: Any,
    n_sources: int,
    *,
    x_name: str = "x_0",
    y_name: str = "y_0",
    min_separation: float = 1,
    border_size: Any = (0, 0),
    seed: Any = 0,
    **kwargs: Any,
) -> Any:
    """A table of random positions and of parameters drawn uniformly.

    Parameters
    ----------
    shape : (int, int)
        `(ny, nx)` of the image.
    n_sources : int
        The number of sources; fewer, with a warning, if they find no room.
    x_name, y_name : str, optional
        The names of the columns of the positions.
    min_separation : float, optional
        The smallest distance between two sources in pixels.
    border_size : int or (int, int), optional
        Pixels at the borders, `(ny, nx)`, without sources.
    seed : int, optional
        The seed; None gives another table each time.
    **kwargs
        `name=(low, high)` for each parameter.

    Returns
    -------
    table : QTable or Columns
        `id`, the positions, and the parameters.

    Raises
    ------
    ValueError
        If the borders leave no room, or for a range that is none or has the name of another column.

    Examples
    --------
    >>> from skyphot.datasets import make_model_params
    >>> params = make_model_params((100, 100), 5, flux=(100, 500), min_separation=3, border_size=10, seed=0)
    >>> round(float(params["x_0"][0]), 6)
    60.956935
    """
    shape = _inputs.pair(shape, "shape")
    border = _inputs.pair(border_size, "border_size")
    if n_sources < 0:
        raise ValueError("n_sources must be >= 0")
    if any(2 * b >= n for b, n in zip(border, shape, strict=True)):
        raise ValueError("border_size is too large for the given shape")
    ranges = []
    for name, values in kwargs.items():
        if name in ("id", x_name, y_name):
            raise ValueError(
                f"{name} cannot be used as a keyword argument because it is the name of the ID or a position column"
            )
        ranges.append((name, _range(name, values)))
    native = _core.model_params(
        shape, int(n_sources), (x_name, y_name), float(min_separation), border, ranges, seed_number(seed)
    )
    table = from_native(native, units=False)
    if len(table) < n_sources:
        warn(
            f"Unable to produce {n_sources!r} coordinates within the given shape and minimum separation. "
            f"Only {len(table)!r} coordinates were generated."
        )
    return table


def make_random_models_table(n_sources: int, param_ranges: Any, seed: Any = None) -> Any:
    """A table of parameters drawn uniformly.

    Parameters
    ----------
    n_sources : int
        The number of sources.
    param_ranges : dict
        `(low, high)` for the name of each parameter.
    seed : int, optional
        The seed; None gives another table each time.

    Returns
    -------
    table : QTable or Columns
        `id` and the parameters.

    Raises
    ------
    ValueError
        For a range that is none, or is called `id`.

    Examples
    --------
    >>> from skyphot.datasets import make_random_models_table
    >>> round(float(make_random_models_table(5, {"amplitude": [500, 1000]}, seed=0)["amplitude"][0]), 5)
    818.48084
    """
    if n_sources < 0:
        raise ValueError("n_sources must be >= 0")
    if "id" in param_ranges:
        raise ValueError(
            "param_ranges cannot contain an 'id' key because it is the name of the source ID column"
        )
    ranges = [(name, _range(name, values)) for name, values in param_ranges.items()]
    return from_native(_core.random_models_table(int(n_sources), ranges, seed_number(seed)), units=False)


def params_table_to_models(params_table: Any, model: Any) -> list[Any]:
    """A model for each row of a table.

    Parameters
    ----------
    params_table : Table or Columns
        A row for each source; columns named like parameters set these, `name` names the model.
    model : astropy.modeling.Model
        The model that is copied.

    Returns
    -------
    models : list
        The models.

    Raises
    ------
    TypeError
        If `model` is no model.
    ValueError
        If no column is called like a parameter.

    Examples
    --------
    >>> from skyphot.datasets import make_random_models_table, params_table_to_models
    >>> from skyphot.psf import CircularGaussianPRF
    >>> len(params_table_to_models(make_random_models_table(3, {"flux": (1, 2)}), CircularGaussianPRF()))
    3
    """
    names = getattr(model, "param_names", None)
    if names is None:
        raise TypeError("model must be a Model instance")
    columns = set(params_table.colnames)
    if set(names).isdisjoint(columns):
        raise ValueError("No matching model parameter names found in params_table")
    models = []
    for i in range(len(params_table)):
        one = model.copy()
        for name in (*sorted(names), "name"):
            if name in columns:
                setattr(one, name, params_table[name][i])
        models.append(one)
    return models
