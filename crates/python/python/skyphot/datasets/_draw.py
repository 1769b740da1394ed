"""Drawing models that only Python knows, one source after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from skyphot import _inputs
from skyphot._compat import is_quantity


def draw(
    shape: tuple[int, int],
    model: Any,
    table: Any,
    columns: dict[str, str],
    place: tuple[str, str],
    size: tuple[int, int] | None,
    bbox_factor: float | None,
    how: tuple[str, int],
    progress_bar: bool,
) -> Any:
    """The image of `make_model_image` for any model."""
    model = model.copy()
    sizes = None
    if "model_shape" in table.colnames:
        sizes = [_inputs.pair(s, "model_shape") for s in table["model_shape"]]
    elif size is None:
        _box(model, None)
    n = len(table)
    local = table["local_bkg"] if "local_bkg" in table.colnames else np.zeros(n)
    image: Any = np.zeros(shape)
    for parameter, column in columns.items():
        unit = getattr(table[column], "unit", None)
        setattr(model, parameter, 1 if unit is None else 1 * unit)
    result = model(0, 0)
    if is_quantity(result):
        image = image << result.unit
    rows: Any = range(n)
    if progress_bar:
        from tqdm.auto import tqdm  # type: ignore[import-untyped,import-not-found,unused-ignore]

        rows = tqdm(rows, desc="Add model sources")
    for i in rows:
        values = {p: table[c][i] for p, c in columns.items()}
        if not all(np.isfinite(v) for v in values.values()) or not np.isfinite(local[i]):
            continue
        for parameter, value in values.items():
            try:
                setattr(model, parameter, value)
            except ValueError as e:
                raise ValueError("params_table must be a QTable when its columns have units") from e
        x, y = (_number(getattr(model, name)) for name in place)
        ny, nx = sizes[i] if sizes is not None else (size or _box(model, bbox_factor))
        yr, xr = _span(y, ny, shape[0]), _span(x, nx, shape[1])
        if yr is None or xr is None:
            continue
        part = _pixels(model, xr, yr, how)
        try:
            image[yr[0] : yr[1], xr[0] : xr[1]] += part + local[i]
        except ValueError as e:
            raise ValueError("The local_bkg column must have the same flux units as the output image") from e
    return image


def _number(parameter: Any) -> float:
    return float(getattr(parameter, "value", parameter))


def _box(model: Any, factor: float | None) -> tuple[int, int]:
    """Size of the bounding box."""
    try:
        box = model.bounding_box
    except NotImplementedError as e:
        raise ValueError(
            "model_shape must be specified if the model does not have a bounding_box attribute"
        ) from e
    if factor is not None and callable(box):
        try:
            box = box(factor=factor)
        except (TypeError, NotImplementedError):
            box = model.bounding_box
    limits = box.bounding_box() if hasattr(box, "bounding_box") else box
    (y0, y1), (x0, x1) = (tuple(_number(v) for v in pair) for pair in limits)
    return math.ceil(y1 - y0), math.ceil(x1 - x0)


def _span(center: float, size: int, n: int) -> tuple[int, int] | None:
    """First and last pixel of a region, cut at the image; None outside."""
    low = math.ceil(center - size / 2.0)
    a, b = max(low, 0), min(low + size, n)
    return (a, b) if b > a and low < n else None


def _pixels(model: Any, x: tuple[int, int], y: tuple[int, int], how: tuple[str, int]) -> Any:
    """The model in the pixels of a region."""
    method, k = how
    if method == "center":
        yy, xx = np.mgrid[y[0] : y[1], x[0] : x[1]]
        return model(xx, yy)
    from astropy.convolution import discretize_model

    mode = "linear_interp" if method == "interp" else method
    return discretize_model(model, x_range=x, y_range=y, mode=mode, factor=k)
