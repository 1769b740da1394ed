"""PSF models: astropy models where astropy is installed, so that its fitters take them."""

from __future__ import annotations

import copy
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


_TINY = float(np.finfo(np.float32).tiny)
_FWHM_TO_SIGMA = 1.0 / (2.0 * np.sqrt(2.0 * np.log(2.0)))
_AIRY_FWHM = 2.0 * 1.616339948310703 / 3.8317059702075123


def _number(value: Any) -> float:
    value = getattr(value, "value", value)
    return float(np.asarray(value).ravel()[0])


def _unit_of(value: Any) -> Any:
    return value.unit if is_quantity(value) else 1.0


def _value(value: Any, unit: Any) -> Any:
    """Numbers without unit, those with one in the unit of the position or, for an angle, in degrees."""
    quantity = getattr(value, "quantity", None)
    value = value if quantity is None else quantity
    if not is_quantity(value):
        return getattr(value, "value", value)
    if value.unit.physical_type == "angle" and (unit is None or unit.physical_type != "angle"):
        return value.to_value("deg")
    return value.value if unit is None else value.to_value(unit)


class PSFModel(_Base):  # type: ignore[misc]
    """Base of the models: `flux` and the position `x_0`, `y_0`; other parameters are fixed unless freed."""

    flux = Parameter(default=1, description="Total flux.")
    x_0 = Parameter(default=0, description="Position of the centre along x.")
    y_0 = Parameter(default=0, description="Position of the centre along y.")

    _shape: tuple[str, ...] = ()
    _bbox_factor = 5.5

    def __init__(self, *, bbox_factor: float | None = None, **kwargs: Any) -> None:
        self.bbox_factor = self._bbox_factor if bbox_factor is None else bbox_factor
        super().__init__(**kwargs)

    def _numbers(self) -> tuple[float, ...]:
        """What the native model is made of beside its parameters."""
        return ()

    def _native(self, shape: tuple[Any, ...] | None = None) -> Any:
        values = [_number(_value(getattr(self, n), None)) for n in self._shape] if shape is None else [_number(v) for v in shape]
        return type(self).__name__, [*values, *self._numbers()]

    def _at_points(self, call: Any, x: Any, y: Any, x_0: Any, y_0: Any, shape: tuple[Any, ...]) -> Any:
        """`call(native, x, y, x_0, y_0)` at coordinates, for each set of parameters if there are several."""
        unit = x_0.unit if is_quantity(x_0) else None
        x, y, *given = (np.asarray(_value(v, unit), dtype=float) for v in (x, y, x_0, y_0))
        given += [np.asarray(_value(v, None if n == "theta" else unit)) for n, v in zip(self._shape, shape, strict=False)]
        if all(v.size == 1 for v in given):
            x, y = np.broadcast_arrays(x, y)
            at = [_number(v) for v in given]
            out = call(self._native(tuple(at[2:])), _inputs.vector(x), _inputs.vector(y), at[0], at[1])
            return np.asarray(out).reshape(np.shape(out)[:-1] + x.shape)
        x, y, *given = np.broadcast_arrays(x, y, *given)
        sets, own = np.unique(np.stack([v.ravel() for v in given], axis=1), axis=0, return_inverse=True)
        parts = [
            np.asarray(call(self._native(tuple(at[2:])), x.ravel()[own == i], y.ravel()[own == i], at[0], at[1]))
            for i, at in enumerate(sets.tolist())
        ]
        out = np.empty(parts[0].shape[:-1] + (x.size,))
        for i, part in enumerate(parts):
            out[..., own == i] = part
        return out.reshape(out.shape[:-1] + x.shape)

    # Without types: astropy takes annotations of `evaluate` for units of the inputs.
    def evaluate(self, x, y, flux, x_0, y_0, *shape):  # type: ignore[no-untyped-def]
        """The values at pixels."""
        unit = self._at_points(_core.psf_values, x, y, x_0, y_0, shape)
        return getattr(flux, "value", flux) * unit * _unit_of(flux)

    def fit_deriv(self, x, y, flux, x_0, y_0, *shape):  # type: ignore[no-untyped-def]
        """The derivatives by each parameter, for fitters."""
        by = self._at_points(_core.psf_derivatives, x, y, x_0, y_0, shape)
        return [by[0], *(getattr(flux, "value", flux) * d for d in by[1:])]

    @property
    def input_units(self) -> Any:
        """The units of the coordinates: those of the position."""
        units = self.x_0.input_unit, self.y_0.input_unit
        return None if units == (None, None) else dict(zip(self.inputs, units, strict=True))

    def _parameter_units_for_data_units(self, inputs_unit: Any, outputs_unit: Any) -> dict[str, Any]:
        from astropy.units import UnitsError, deg

        x, y = (inputs_unit[n] for n in self.inputs)
        if x != y:
            raise UnitsError("Units of 'x' and 'y' inputs should match")
        lengths = ("x_0", "y_0", *(n for n in self._shape if n not in ("theta", "beta")))
        angle = {"theta": deg} if "theta" in self._shape else {}
        return {**dict.fromkeys(lengths, x), **angle, "flux": outputs_unit[self.outputs[0]]}

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
        *limits, _ = _core.psf_extent(self._native())
        factor = self.bbox_factor / self._bbox_factor
        x, y = _number(self.x_0), _number(self.y_0)
        x0, x1, y0, y1 = (factor * v for v in limits)
        box = ((y + y0, y + y1), (x + x0, x + x1))
        if not HAS_ASTROPY:
            return box
        from astropy.modeling.bounding_box import ModelBoundingBox

        return ModelBoundingBox.validate(self, box)


def _amplitude(flux: Any, x_sigma: Any, y_sigma: Any) -> Any:
    return flux / (2.0 * np.pi * getattr(x_sigma, "value", x_sigma) * getattr(y_sigma, "value", y_sigma))


class _Circular(PSFModel):
    """A circular Gaussian of given FWHM."""

    fwhm = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="FWHM of the Gaussian.")
    _shape = ("fwhm",)

    @property
    def sigma(self) -> Any:
        """The standard deviation."""
        return self.fwhm * _FWHM_TO_SIGMA

    @property
    def amplitude(self) -> Any:
        """The value at the centre, before any integration over pixels."""
        return _amplitude(self.flux, self.sigma, self.sigma)


class _Elliptical(PSFModel):
    """An elliptical Gaussian."""

    x_fwhm = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="FWHM along the first axis.")
    y_fwhm = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="FWHM along the second axis.")
    theta = Parameter(default=0.0, fixed=True, description="Angle of the first axis in degrees.")
    _shape = ("x_fwhm", "y_fwhm", "theta")

    @property
    def x_sigma(self) -> Any:
        """The standard deviation along the first axis."""
        return self.x_fwhm * _FWHM_TO_SIGMA

    @property
    def y_sigma(self) -> Any:
        """The standard deviation along the second axis."""
        return self.y_fwhm * _FWHM_TO_SIGMA

    @property
    def amplitude(self) -> Any:
        """The value at the centre, before any integration over pixels."""
        return _amplitude(self.flux, self.x_sigma, self.y_sigma)


class _Moffat(PSFModel):
    """A Moffat function."""

    alpha = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="Characteristic radius.")
    beta = Parameter(default=2, bounds=(float(np.nextafter(1.0, np.inf)), None), fixed=True, description="Power.")
    _shape = ("alpha", "beta")
    _bbox_factor = 10.0

    @property
    def fwhm(self) -> Any:
        """The full width at half maximum."""
        return 2.0 * self.alpha * np.sqrt(2 ** (1.0 / self.beta) - 1)


class _Airy(PSFModel):
    """An Airy disk."""

    radius = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="Radius of the first zero.")
    _shape = ("radius",)
    _bbox_factor = 10.0

    @property
    def fwhm(self) -> Any:
        """The full width at half maximum."""
        return self.radius * _AIRY_FWHM


class _Nodes(PSFModel):
    """Integrated over the pixels by a quadrature."""

    def __init__(self, *, n_nodes: int = 9, **kwargs: Any) -> None:
        self.n_nodes = n_nodes
        super().__init__(**kwargs)

    @property
    def n_nodes(self) -> int:
        """Nodes of the Gauss-Legendre quadrature along each axis of a pixel, at most 64."""
        return self._n_nodes

    @n_nodes.setter
    def n_nodes(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= 64:
            raise ValueError("n_nodes must be a positive integer, at most 64")
        self._n_nodes = int(value)

    def _numbers(self) -> tuple[float, ...]:
        return (float(self._n_nodes),)


class CircularGaussianPRF(_Circular):
    """A circular Gaussian integrated over the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    fwhm : float, optional
        Full width at half maximum in pixels.
    bbox_factor : float, optional
        Half the size of the bounding box in standard deviations.
    """


class CircularGaussianPSF(_Circular):
    """A circular Gaussian at the centres of the pixels; see `CircularGaussianPRF`."""


class CircularGaussianSigmaPRF(PSFModel):
    """`CircularGaussianPRF` with its standard deviation `sigma`."""

    sigma = Parameter(default=1, bounds=(_TINY, None), fixed=True, description="Standard deviation of the Gaussian.")
    _shape = ("sigma",)

    @property
    def fwhm(self) -> Any:
        """The full width at half maximum."""
        return self.sigma / _FWHM_TO_SIGMA

    @property
    def amplitude(self) -> Any:
        """The value at the centre, before any integration over pixels."""
        return _amplitude(self.flux, self.sigma, self.sigma)


class GaussianPRF(_Elliptical):
    """An elliptical Gaussian integrated over the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    x_fwhm, y_fwhm : float, optional
        Full widths at half maximum in pixels.
    theta : float or Quantity, optional
        Angle of the first axis from +x, counter-clockwise; a number is in degrees.
    bbox_factor : float, optional
        Half the size of the bounding box in standard deviations.
    """


class GaussianPSF(_Elliptical):
    """An elliptical Gaussian at the centres of the pixels; see `GaussianPRF`."""


class MoffatPSF(_Moffat):
    """A Moffat function at the centres of the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    alpha, beta : float, optional
        The characteristic radius in pixels and the power.
    bbox_factor : float, optional
        Half the size of the bounding box in FWHM.
    """


class MoffatPRF(_Nodes, _Moffat):
    """A Moffat function integrated over the pixels with `n_nodes` nodes along each axis; see `MoffatPSF`."""


class AiryDiskPSF(_Airy):
    """An Airy disk at the centres of the pixels.

    Parameters
    ----------
    flux, x_0, y_0 : float, optional
        Total flux and position.
    radius : float, optional
        Radius of the first zero in pixels.
    bbox_factor : float, optional
        Half the size of the bounding box in FWHM.
    """


class AiryDiskPRF(_Nodes, _Airy):
    """An Airy disk integrated over the pixels with `n_nodes` nodes along each axis; see `AiryDiskPSF`."""


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
        ny, nx = self.data.shape
        if min(ny, nx) < 4:
            raise ValueError("The length of the x- and y-axes must both be at least 4")
        if not np.all(np.isfinite(self.data)):
            raise ValueError("All elements of input data must be finite")
        self.oversampling = np.array(_inputs.pair(oversampling, "oversampling"))
        self.origin = np.array([(nx - 1) / 2.0, (ny - 1) / 2.0]) if origin is None else np.array(origin, dtype=float)
        if self.origin.shape != (2,):
            raise ValueError("origin must be 1D and have 2-elements")
        if not np.all(np.isfinite(self.origin)):
            raise ValueError("All elements of origin must be finite")
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

    def __repr__(self) -> str:
        values = {"origin": self.origin.tolist(), "oversampling": self.oversampling.tolist(), "fill_value": self.fill_value}
        return self._format_repr(kwargs=values) if HAS_ASTROPY else object.__repr__(self)

    def copy(self) -> Any:
        """A copy that shares the image."""
        shared: dict[int, Any] = {id(self.data): self.data, id(self._made): self._made}
        new = object.__new__(type(self))
        shared[id(self)] = new
        new.__dict__.update({k: copy.deepcopy(v, shared) for k, v in self.__dict__.items()})
        return new

    def deepcopy(self) -> Any:
        """A copy that shares nothing."""
        return copy.deepcopy(self)

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
