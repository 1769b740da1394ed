"""PSF models: astropy models where astropy is installed, so that its fitters take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY, is_quantity

if HAS_ASTROPY:
    from astropy.modeling import Fittable2DModel as _Base
    from astropy.modeling import Parameter
else:
    from skyphot.psf._plain import Parameter  # type: ignore[assignment]
    from skyphot.psf._plain import PlainModel as _Base  # type: ignore[assignment]


def _number(value: Any) -> float:
    value = getattr(value, "value", value)
    return float(np.asarray(value).ravel()[0])


def _unit_of(value: Any) -> Any:
    return value.unit if is_quantity(value) else 1.0


class PSFModel(_Base):  # type: ignore[misc]
    """Base of the models: `flux` and the position `x_0`, `y_0`; other parameters are fixed unless freed."""

    flux = Parameter(default=1, description="Total flux.")
    x_0 = Parameter(default=0, description="Position of the centre along x.")
    y_0 = Parameter(default=0, description="Position of the centre along y.")

    _shape: tuple[str, ...] = ()

    def __init__(self, *, bbox_factor: float | None = None, **kwargs: Any) -> None:
        self.bbox_factor = bbox_factor
        super().__init__(**kwargs)

    def _native(self, shape: tuple[Any, ...] | None = None) -> Any:
        values = [getattr(self, n) for n in self._shape] if shape is None else shape
        return type(self).__name__, [_number(v) for v in values]

    # Without types: astropy takes annotations of `evaluate` for units of the inputs.
    def evaluate(self, x, y, flux, x_0, y_0, *shape):  # type: ignore[no-untyped-def]
        """The values at pixels."""
        x, y = np.broadcast_arrays(np.asarray(_inputs.bare(x)), np.asarray(_inputs.bare(y)))
        at = _number(x_0), _number(y_0)
        unit = _core.psf_values(self._native(shape), _inputs.vector(x), _inputs.vector(y), *at)
        return getattr(flux, "value", flux) * unit.reshape(x.shape) * _unit_of(flux)

    def render(self, out: Any = None, coords: Any = None) -> Any:
        """The model on an image, as `astropy.modeling.Model.render`; without arguments on its bounding box."""
        if HAS_ASTROPY:
            return super().render(out=out, coords=coords)
        (y0, y1), (x0, x1) = self.bounding_box
        if coords is None:
            rows = range(out.shape[0]) if out is not None else range(int(np.ceil(y0)), int(np.floor(y1)) + 1)
            columns = range(out.shape[1]) if out is not None else range(int(np.ceil(x0)), int(np.floor(x1)) + 1)
            coords = np.meshgrid(list(rows), list(columns), indexing="ij")
        image = self(np.asarray(coords[1]), np.asarray(coords[0]))
        if out is None:
            return image
        inside = (coords[0] >= y0) & (coords[0] <= y1) & (coords[1] >= x0) & (coords[1] <= x1)
        out[inside] += image[inside]
        return out

    @property
    def bounding_box(self) -> Any:
        """Where an image of the model is drawn: `((y0, y1), (x0, x1))`."""
        hx, hy, _ = _core.psf_extent(self._native())
        x, y = _number(self.x_0), _number(self.y_0)
        box = ((y - hy, y + hy), (x - hx, x + hx))
        if not HAS_ASTROPY:
            return box
        from astropy.modeling.bounding_box import ModelBoundingBox

        return ModelBoundingBox.validate(self, box)


class CircularGaussianPRF(PSFModel):
    """A circular Gaussian integrated over the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    fwhm : float, optional
        Full width at half maximum in pixels.
    """

    fwhm = Parameter(default=1, fixed=True, description="FWHM of the Gaussian.")
    _shape = ("fwhm",)


class CircularGaussianPSF(PSFModel):
    """A circular Gaussian at the centres of the pixels; see `CircularGaussianPRF`."""

    fwhm = Parameter(default=1, fixed=True, description="FWHM of the Gaussian.")
    _shape = ("fwhm",)


class CircularGaussianSigmaPRF(PSFModel):
    """`CircularGaussianPRF` with its standard deviation `sigma`."""

    sigma = Parameter(default=1, fixed=True, description="Standard deviation of the Gaussian.")
    _shape = ("sigma",)


class GaussianPRF(PSFModel):
    """An elliptical Gaussian integrated over the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    x_fwhm, y_fwhm : float, optional
        Full widths at half maximum in pixels.
    theta : float, optional
        Angle of the first axis from +x, counter-clockwise, in degrees.
    """

    x_fwhm = Parameter(default=1, fixed=True, description="FWHM along the first axis.")
    y_fwhm = Parameter(default=1, fixed=True, description="FWHM along the second axis.")
    theta = Parameter(default=0.0, fixed=True, description="Angle of the first axis in degrees.")
    _shape = ("x_fwhm", "y_fwhm", "theta")


class GaussianPSF(PSFModel):
    """An elliptical Gaussian at the centres of the pixels; see `GaussianPRF`."""

    x_fwhm = Parameter(default=1, fixed=True, description="FWHM along the first axis.")
    y_fwhm = Parameter(default=1, fixed=True, description="FWHM along the second axis.")
    theta = Parameter(default=0.0, fixed=True, description="Angle of the first axis in degrees.")
    _shape = ("x_fwhm", "y_fwhm", "theta")


class MoffatPSF(PSFModel):
    """A Moffat function at the centres of the pixels; `alpha` is its width, `beta` its power."""

    alpha = Parameter(default=1, fixed=True, description="Characteristic radius.")
    beta = Parameter(default=2, fixed=True, description="Power.")
    _shape = ("alpha", "beta")


class MoffatPRF(PSFModel):
    """A Moffat function integrated over the pixels; see `MoffatPSF`."""

    alpha = Parameter(default=1, fixed=True, description="Characteristic radius.")
    beta = Parameter(default=2, fixed=True, description="Power.")
    _shape = ("alpha", "beta")


class AiryDiskPSF(PSFModel):
    """An Airy disk at the centres of the pixels; `radius` is that of the first zero."""

    radius = Parameter(default=1, fixed=True, description="Radius of the first zero.")
    _shape = ("radius",)


class AiryDiskPRF(PSFModel):
    """An Airy disk integrated over the pixels; see `AiryDiskPSF`."""

    radius = Parameter(default=1, fixed=True, description="Radius of the first zero.")
    _shape = ("radius",)


class ImagePSF(PSFModel):
    """A PSF given as an oversampled image.

    Parameters
    ----------
    data : array_like
        The image, with the sum `oversampling_y * oversampling_x` for unit flux.
    flux, x_0, y_0 : float, optional
        Total flux and position.
    origin : tuple of float, optional
        The place `(x, y)` of the centre in the image; by default its middle.
    oversampling : int or (int, int), optional
        Samples in a pixel, `(y, x)`.
    fill_value : float or None, optional
        The value beyond the image: 0, or None for the value at its edge.
    """

    def __init__(
        self,
        data: Any,
        *,
        origin: Any = None,
        oversampling: Any = 1,
        fill_value: float | None = 0.0,
        **kwargs: Any,
    ) -> None:
        if fill_value is not None and fill_value != 0.0:
            raise ValueError("fill_value must be 0 or None")
        self.data = _inputs.float64_plane(data, "data")
        self.oversampling = np.array(_inputs.pair(oversampling, "oversampling"))
        ny, nx = self.data.shape
        self.origin = np.array([(nx - 1) / 2.0, (ny - 1) / 2.0]) if origin is None else np.array(origin, dtype=float)
        self.fill_value = fill_value
        self._made: Any = None
        super().__init__(**kwargs)

    def _native(self, shape: tuple[Any, ...] | None = None) -> Any:
        x, y = self.origin
        key = ((int(self.oversampling[0]), int(self.oversampling[1])), (float(x), float(y)), self.fill_value is None)
        made = self.__dict__.get("_made")
        if made is None or made[0] is not self.data or made[1] != key:
            made = self._made = (self.data, key, _core.image_psf(self.data, *key))
        return made[2]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the image."""
        return self.data.shape


def main_names(model: Any) -> tuple[str, str, str]:
    """The names of the parameters that are the position and the flux."""
    names = tuple(getattr(model, "param_names", ()))
    if {"x_0", "y_0", "flux"} <= set(names):
        return "x_0", "y_0", "flux"
    mapped = tuple(getattr(model, key, None) for key in ("x_name", "y_name", "flux_name"))
    if not all(mapped):
        raise ValueError("Invalid PSF model - could not find PSF parameter names")
    return mapped  # type: ignore[return-value]


def shape_names(model: Any) -> list[str]:
    """The other parameters."""
    return [n for n in model.param_names if n not in main_names(model)]


def native_model(model: Any) -> Any:
    """A model for the native module: one of this module, or any astropy model as a function."""
    if isinstance(model, PSFModel):
        return model._native()
    if not callable(model) or not hasattr(model, "param_names"):
        raise TypeError("psf_model must be an Astropy Model subclass")
    if getattr(model, "n_inputs", 2) != 2 or getattr(model, "n_outputs", 1) != 1:
        raise ValueError("psf_model must be two-dimensional with n_inputs=2 and n_outputs=1")
    x_name, y_name, flux_name = main_names(model)
    unit = model.copy()
    others = shape_names(model)
    values = [float(getattr(getattr(unit, n), "value", getattr(unit, n))) for n in others]

    def evaluate(x: np.ndarray, y: np.ndarray, x_0: float, y_0: float, *shape: float) -> np.ndarray:
        given = dict(zip(others, shape, strict=True), **{flux_name: 1.0, x_name: x_0, y_name: y_0})
        parameters = [given[n] for n in unit.param_names]
        if hasattr(unit, "submodel_names"):
            own = unit.copy()
            own.parameters = parameters
            out = own(x, y)
        else:
            out = unit.evaluate(x, y, *parameters)
        return np.array(np.broadcast_to(out, x.shape), dtype=np.float64).ravel()

    try:
        (y0, y1), (x0, x1) = model.bounding_box.bounding_box()
        half = (x1 - x0) / 2, (y1 - y0) / 2
    except NotImplementedError:
        half = 10.0, 10.0
    return evaluate, float(half[0]), float(half[1]), others, values
