"""Images of model sources."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity
from skyphot.datasets._draw import draw

_NATIVE = ("Gaussian2D", "Moffat2D", "Sersic2D")
_METHODS = ("center", "interp", "oversample", "integrate")


def make_4gaussians_image(noise: bool = True) -> np.ndarray:
    """Four Gaussians on a background of 5.

    Parameters
    ----------
    noise : bool, optional
        Whether Gaussian noise of standard deviation 5 is added; it is the same each time.

    Returns
    -------
    image : ndarray
        The image, `(100, 200)`.

    Examples
    --------
    >>> from skyphot.datasets import make_4gaussians_image
    >>> make_4gaussians_image().shape
    (100, 200)
    """
    return np.asarray(_core.gaussians_image(False, bool(noise)))


def make_100gaussians_image(noise: bool = True) -> np.ndarray:
    """100 Gaussians on a background of 5.

    Parameters
    ----------
    noise : bool, optional
        Whether Gaussian noise of standard deviation 2 is added; it is the same each time.

    Returns
    -------
    image : ndarray
        The image, `(300, 500)`.

    Examples
    --------
    >>> from skyphot.datasets import make_100gaussians_image
    >>> make_100gaussians_image().shape
    (300, 500)
    """
    return np.asarray(_core.gaussians_image(True, bool(noise)))


def make_model_image(
    shape: Any,
    model: Any,
    params_table: Any,
    *,
    model_shape: Any = None,
    bbox_factor: float | None = None,
    x_name: str = "x_0",
    y_name: str = "y_0",
    params_map: dict[str, str] | None = None,
    discretize_method: str = "center",
    discretize_oversample: int = 10,
    progress_bar: bool = False,
    n_threads: int | None = 1,
) -> Any:
    """An image with a source for each row of a table.

    Parameters
    ----------
    shape : (int, int)
        `(ny, nx)` of the image.
    model : astropy.modeling.Model or model of skyphot.psf
        The model. astropy's `Gaussian2D`, `Moffat2D` and `Sersic2D` without units are drawn by the native module, others
        are called for each source.
    params_table : Table or Columns
        A row for each source: columns named like parameters set these, `local_bkg` is added over the region of the source,
        `model_shape` is the size of the region. Rows with a value that is not finite are left out.
    model_shape : int or (int, int), optional
        The region drawn about each source; by default the bounding box of the model.
    bbox_factor : float, optional
        The factor of the bounding box, for models that have one.
    x_name, y_name : str, optional
        The names of the parameters of the position.
    params_map : dict, optional
        Columns for parameters of other names.
    discretize_method : {'center', 'interp', 'oversample', 'integrate'}, optional
        Whether a pixel is the value at its centre, the mean of its corners, the mean of `discretize_oversample` squared
        values within it, or the integral over it.
    discretize_oversample : int, optional
        The number of values along each side.
    progress_bar : bool, optional
        Whether a bar is shown for models that are called for each source (tqdm is needed).
    n_threads : int or None, optional
        Threads of the native module; None takes all cores.

    Returns
    -------
    image : ndarray or Quantity
        The image.

    Raises
    ------
    TypeError
        If the model is no model or the table no table.
    ValueError
        If a name is not a parameter or a column, the method is not one of these, or the model has no bounding box and no
        shape is given.

    Examples
    --------
    >>> from skyphot.datasets import make_model_image, make_model_params
    >>> from skyphot.psf import CircularGaussianPRF
    >>> params = make_model_params((50, 50), 5, flux=(100, 500), min_separation=3, border_size=10, seed=0)
    >>> make_model_image((50, 50), CircularGaussianPRF(fwhm=3.0), params, model_shape=(11, 11)).shape
    (50, 50)
    """
    shape = _inputs.pair(shape, "shape")
    names = getattr(model, "param_names", None)
    if names is None or not callable(model):
        raise TypeError("model must be a Model instance")
    if getattr(model, "n_inputs", 2) != 2 or getattr(model, "n_outputs", 1) != 1:
        raise ValueError("model must be a 2D model")
    if not hasattr(params_table, "colnames"):
        raise TypeError("params_table must be an astropy Table")
    if discretize_method not in _METHODS:
        raise ValueError(
            f"Invalid discretize_method: {discretize_method!r}. discretize_method must be one of {_METHODS}"
        )
    columns = {x_name: x_name, y_name: y_name}
    columns.update({n: n for n in params_table.colnames if n in names})
    columns.update(params_map or {})
    for parameter, column in columns.items():
        if parameter not in names:
            raise ValueError(f'key "{parameter}" not in model parameter names')
        if column not in params_table.colnames:
            raise ValueError(f'value "{column}" not in params_table column names')
    size = None if model_shape is None else _inputs.pair(model_shape, "model_shape")
    if _is_native(model, params_table, columns):
        n = len(params_table)
        given = [
            (p, _inputs.vector(np.asarray(params_table[columns[p]]))
             if p in columns else np.full(n, float(getattr(model, p).value)))
            for p in names
        ]  # fmt: skip
        if "local_bkg" in params_table.colnames:
            given.append(("local_bkg", _inputs.vector(np.asarray(params_table["local_bkg"]))))
        if size is None and type(model).__name__ != "Gaussian2D":
            raise ValueError("model_shape must be specified if the model does not have a bounding_box attribute")
        factor = None if bbox_factor is None else float(bbox_factor)
        how = (discretize_method, int(discretize_oversample))
        threads = _inputs.threads(n_threads)
        return np.asarray(_core.model_image(shape, type(model).__name__, given, size, factor, how, threads))
    return draw(shape, model, params_table, columns, (x_name, y_name), size, bbox_factor,
                (discretize_method, int(discretize_oversample)), progress_bar)  # fmt: skip


def _is_native(model: Any, table: Any, columns: dict[str, str]) -> bool:
    """The native module has the model, nothing has a unit, and all regions are of one size."""
    cls = type(model)
    if cls.__name__ not in _NATIVE or not cls.__module__.startswith("astropy.modeling"):
        return False
    if "model_shape" in table.colnames or len(model) != 1:
        return False
    if any(getattr(model, p).unit is not None for p in model.param_names):
        return False
    used = [*columns.values(), *(c for c in ("local_bkg",) if c in table.colnames)]
    return not any(is_quantity(table[c]) or getattr(table[c], "unit", None) is not None for c in used)
