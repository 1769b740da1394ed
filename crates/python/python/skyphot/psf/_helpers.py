"""PSF models from other models, ePSFs from PSFs, and images of models."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot.psf._models import main_names


def make_epsf_from_psf(data: Any, *, oversampling: Any, midpoints: bool = False) -> np.ndarray:
    """An effective PSF from a PSF sampled at points: each sample becomes the flux in a pixel around it.

    Parameters
    ----------
    data : array_like
        The PSF `(ny, nx)`, or several `(n, ny, nx)`.
    oversampling : int or (int, int)
        Samples in a pixel, `(y, x)`.
    midpoints : bool, optional
        Whether the pixels are centred between the points.
    """
    if np.ma.is_masked(data):
        raise ValueError("data must not have masked values")
    cube = np.asarray(_inputs.bare(data), dtype=np.float64)
    if cube.ndim not in (2, 3):
        raise ValueError("data must be a 2D or 3D array")
    if min(cube.shape[-2:]) < 4:
        raise ValueError("The x and y dimensions of data must both be at least 4")
    if not np.all(np.isfinite(cube)):
        raise ValueError("All elements of data must be finite")
    planes = np.ascontiguousarray(cube if cube.ndim == 3 else cube[np.newaxis])
    pair = _inputs.pair(oversampling, "oversampling")
    out = np.asarray(_core.make_epsf_from_psf(planes, pair, bool(midpoints)))
    return out if cube.ndim == 3 else out[0]


def make_psf_model(
    model: Any,
    *,
    x_name: str | None = None,
    y_name: str | None = None,
    flux_name: str | None = None,
    normalize: bool = True,
    dx: int = 50,
    dy: int = 50,
    subsample: int = 100,
    use_dblquad: bool = False,
) -> Any:
    """A model for photometry of any astropy model of two dimensions.

    Parameters
    ----------
    model : Fittable2DModel
        The model.
    x_name, y_name, flux_name : str, optional
        Its parameters that are the position and the flux; what is None is added.
    normalize : bool, optional
        Whether the model is divided by its integral.
    dx, dy, subsample : int, optional
        The pixels of the integral and its points in a pixel along each axis.
    use_dblquad : bool, optional
        Whether `scipy.integrate.dblquad` takes the integral.

    Returns
    -------
    model : CompoundModel
        With the attributes `x_name`, `y_name` and `flux_name`; its other parameters are fixed.
    """
    from astropy.modeling.models import Const2D, Identity, Shift

    class _Offset(Shift):  # type: ignore[misc]
        @staticmethod
        def evaluate(x, offset):  # type: ignore[no-untyped-def]
            return x - offset

        @staticmethod
        def fit_deriv(x, offset):  # type: ignore[no-untyped-def]
            return [-np.ones_like(x)]

    given = model.copy()

    def place(name: str) -> str:
        if name not in given.param_names:
            raise ValueError(f"{name!r} parameter name not found in the input model")
        if not hasattr(given, "submodel_names"):
            return f"{name}_2"
        numbered = re.fullmatch(r"(.*)_(\d+)", name)
        assert numbered is not None
        return f"{numbered[1]}_{int(numbered[2]) + 2}"

    parts = []
    names = []
    for i, name in enumerate((x_name, y_name)):
        part = _Offset(0, name="xy"[i] + "_position") if name is None else Identity(1)
        part.fittable = True
        parts.append(part)
        names.append(f"offset_{i}" if name is None else place(name))
    psf = (parts[0] & parts[1]) | given
    if flux_name is None:
        psf *= Const2D(1.0, name="flux")
        names.append(psf.param_names[-1])
    else:
        names.append(place(flux_name))
    if normalize:
        if use_dblquad:
            from scipy.integrate import dblquad

            total = dblquad(psf, -np.inf, np.inf, -np.inf, np.inf)[0]
        else:
            total = _integral(psf, names, dx, dy, subsample)
        if total == 0:
            raise ValueError("Cannot normalize the model because the integrated flux is zero")
        psf *= Const2D(1.0 / total, name="normalization_scaling")
    for name in psf.param_names:
        psf.fixed[name] = name not in names
    psf.x_name, psf.y_name, psf.flux_name = names
    psf.x_0, psf.y_0, psf.flux = (getattr(psf, n) for n in names)
    return psf


def _integral(psf: Any, names: list[str], dx: int, dy: int, subsample: int) -> float:
    if dx <= 0 or dy <= 0:
        raise ValueError("dx and dy must be > 0")
    if subsample < 1:
        raise ValueError("subsample must be >= 1")
    x_0, y_0 = (float(getattr(psf, n).value) for n in names[:2])
    if not np.all(np.isfinite((x_0, y_0))):
        raise ValueError("model x and y positions must be finite")
    hx, hy = (dx - 1) / 2, (dy - 1) / 2
    x = np.linspace(x_0 - hx, x_0 + hx, int(dx * subsample))
    y = np.linspace(y_0 - hy, y_0 + hy, int(dy * subsample))
    total = 0.0
    # In strips of 500 columns: all points at once are 200 MB.
    for first in range(0, len(x) - 1, 500):
        part = x[first : first + 501]
        values = _inputs.bare(psf(part.reshape(-1, 1), y.reshape(1, -1)))
        total += _core.integral(np.ascontiguousarray(values, dtype=np.float64), part.tolist(), y.tolist())
    return total


def make_psf_model_image(
    shape: tuple[int, int],
    psf_model: Any,
    n_sources: int,
    *,
    model_shape: Any = None,
    min_separation: float = 1,
    border_size: Any = None,
    seed: int | None = 0,
    progress_bar: bool = False,
    **kwargs: Any,
) -> tuple[np.ndarray, Any]:
    """An image of PSFs at random places.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    psf_model : model
        The PSF.
    n_sources : int
        Number of sources; fewer if they do not fit.
    model_shape : int or (int, int), optional
        The box on which each is drawn; by default the bounding box of the model.
    min_separation : float, optional
        Smallest distance of two sources.
    border_size : int or (int, int), optional
        Rows and columns at the edges without sources; by default half the box.
    seed : int, optional
        Of the random numbers; None for others each time.
    progress_bar : bool, optional
        Whether progress is shown.
    **kwargs
        Ranges `(low, high)` of parameters of the model.

    Returns
    -------
    image : ndarray
        The image.
    table : QTable or Columns
        The parameters of each source.
    """
    from skyphot.datasets import (  # type: ignore[import-not-found, unused-ignore]
        make_model_image,
        make_model_params,
    )

    x_name, y_name, flux_name = main_names(psf_model)
    if model_shape is not None:
        model_shape = _inputs.pair(model_shape, "model_shape")
    else:
        try:
            box = psf_model.bounding_box
        except NotImplementedError as exc:
            message = "model_shape must be specified if the model does not have a bounding_box attribute"
            raise ValueError(message) from exc
        (y0, y1), (x0, x1) = box.bounding_box() if hasattr(box, "bounding_box") else box
        model_shape = int(np.round(y1 - y0)), int(np.round(x1 - x0))
    if border_size is None:
        border_size = tuple((n - 1) // 2 for n in model_shape)
    ranges = {}
    for key, value in kwargs.items():
        name = flux_name if key == "flux" and "flux" not in psf_model.param_names else key
        if name in psf_model.param_names and name not in (x_name, y_name):
            ranges[name] = value
    table = make_model_params(
        shape, n_sources, x_name=x_name, y_name=y_name, min_separation=min_separation, border_size=border_size,
        seed=seed, **ranges,
    )  # fmt: skip
    image = make_model_image(
        shape, psf_model, table, model_shape=model_shape, x_name=x_name, y_name=y_name, progress_bar=progress_bar
    )
    return image, table
