"""PSF models: astropy models where astropy is installed, so that its fitters take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY

if HAS_ASTROPY:
    from astropy.modeling import Fittable2DModel as _Base
    from astropy.modeling import Parameter
else:
    from skyphot.psf._plain import Parameter  # type: ignore[assignment]
    from skyphot.psf._plain import PlainModel as _Base  # type: ignore[assignment]


def _number(value: Any) -> float:
    value = getattr(value, "value", value)
    return float(np.asarray(value).ravel()[0])


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
        dx, dy = np.broadcast_arrays(np.subtract(x, _number(x_0)), np.subtract(y, _number(y_0)))
        unit = _core.psf_values(self._native(shape), _inputs.vector(dx), _inputs.vector(dy))
        return _number(flux) * unit.reshape(dx.shape)

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
    fill_value : float, optional
        Only 0 is supported.
    """

    def __init__(
        self, data: Any, *, origin: Any = None, oversampling: Any = 1, fill_value: float = 0.0, **kwargs: Any
    ) -> None:
        if fill_value != 0.0:
            raise ValueError("fill_value must be 0")
        self.data = _inputs.float64_plane(data, "data")
        self.oversampling = np.array(_inputs.pair(oversampling, "oversampling"))
        ny, nx = self.data.shape
        self.origin = np.array([(nx - 1) / 2.0, (ny - 1) / 2.0]) if origin is None else np.array(origin, dtype=float)
        self.fill_value = fill_value
        super().__init__(**kwargs)

    def _native(self, shape: tuple[Any, ...] | None = None) -> Any:
        x, y = self.origin
        return self.data, (int(self.oversampling[0]), int(self.oversampling[1])), (float(x), float(y))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the image."""
        return self.data.shape


def native_model(model: Any) -> Any:
    """A model for the native module: one of this module, or any astropy model as a function."""
    if isinstance(model, PSFModel):
        return model._native()
    if not callable(model):
        raise TypeError("psf_model must be a PSF model")
    names = set(getattr(model, "param_names", ()))
    if not {"x_0", "y_0", "flux"} <= names:
        raise ValueError("Invalid PSF model: it needs the parameters x_0, y_0 and flux")
    unit = model.copy()
    fixed = [n for n in unit.param_names if n not in ("x_0", "y_0", "flux")]
    values = {n: getattr(unit, n).value for n in fixed}

    def evaluate(x: np.ndarray, y: np.ndarray, x_0: float, y_0: float) -> np.ndarray:
        given = {**values, "flux": 1.0, "x_0": x_0, "y_0": y_0}
        out = unit.evaluate(x, y, *(given[n] for n in unit.param_names))
        return np.ascontiguousarray(out, dtype=np.float64)

    try:
        (y0, y1), (x0, x1) = model.bounding_box.bounding_box()
        half = (x1 - x0) / 2, (y1 - y0) / 2
    except NotImplementedError:
        half = 10.0, 10.0
    return evaluate, float(half[0]), float(half[1])
