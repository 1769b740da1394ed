"""Radial profiles and curves of growth."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, strip_units, user_warning, with_unit
from skyphot.aperture._attributes import radians
from skyphot.aperture._base import check_method

__all__ = ["CurveOfGrowth", "EllipticalCurveOfGrowth", "EnsquaredCurveOfGrowth", "ProfileBase", "RadialProfile"]


class ProfileBase:
    """Base of the profiles.

    Parameters
    ----------
    data : array_like or Quantity
        The image, the background subtracted.
    xycen : tuple of float
        The centre `x, y` in pixels.
    radii : array_like
        Ascending radii in pixels.
    error : array_like or Quantity, optional
        The 1-sigma total error of each pixel.
    mask : array_like of bool, optional
        True where a pixel is bad.
    method : {'exact', 'center', 'subpixel'}, optional
        How the overlap of an aperture with a pixel is found.
    subpixels : int, optional
        For 'subpixel', the number of samples along each axis of a pixel.
    """

    _least = 0.0
    _shape: tuple[str, float, float] = ("circle", 1.0, 0.0)

    def __init__(
        self,
        data: Any,
        xycen: Any,
        radii: Any,
        *,
        error: Any = None,
        mask: Any = None,
        method: str = "exact",
        subpixels: int = 5,
    ) -> None:
        (data, error), self._unit = strip_units((data, error), ("data", "error"))
        self._n = check_method(method, subpixels, "method")
        self.method, self.subpixels = method, subpixels
        if np.size(xycen) != 2:
            raise ValueError("xycen must be a (x, y) position")
        self.xycen = (float(xycen[0]), float(xycen[1]))
        self.radii = np.array(radii)
        if self.radii.ndim != 1 or self.radii.size < 2:
            raise ValueError("radii must be a 1D array and have at least two values")
        if self.radii.min() < self._least:
            raise ValueError("radii must be >= 0")
        if not np.all(self.radii[1:] > self.radii[:-1]):
            raise ValueError("radii must be strictly increasing")
        self._image = _inputs.image(data, error, mask)
        self._measured: dict[str, Any] = self._measure()
        self.normalization_value: Any = 1.0

    def _measure(self) -> dict[str, Any]:
        radii = _inputs.vector(self.radii)
        return _core.curve_of_growth(self._image, self.xycen, radii, self._shape, self.method, self._n)

    def _scaled(self, name: str) -> Any:
        values = self._measured[name]
        if values is None:
            return np.array([])
        scaled = with_unit(values, self._unit)
        return scaled if np.all(self.normalization_value == 1.0) else scaled / self.normalization_value

    @property
    def radius(self) -> np.ndarray:
        """The radii of the values in pixels."""
        return np.asarray(self._measured["radius"])

    @property
    def profile(self) -> Any:
        """The values, as normalised."""
        return self._scaled("profile")

    @property
    def profile_error(self) -> Any:
        """The 1-sigma errors, as normalised; empty without errors."""
        return self._scaled("profile_error")

    @property
    def area(self) -> np.ndarray:
        """The unmasked area behind each value in square pixels."""
        return np.asarray(self._measured["area"])

    def normalize(self, method: str = "max") -> None:
        """Divides the profile by its largest value ('max') or its sum ('sum')."""
        if method not in ("max", "sum"):
            raise ValueError('invalid method, must be "max" or "sum"')
        with np.errstate(all="ignore"):
            profile = self.profile
            value = np.nanmax(profile) if method == "max" else np.nansum(profile)
        bare = value.value if is_quantity(value) else value
        if bare == 0 or not np.isfinite(bare):
            warnings.warn(
                "The profile cannot be normalized because the max or sum is zero.", user_warning(), stacklevel=2
            )
            return
        self.normalization_value = self.normalization_value * value

    def unnormalize(self) -> None:
        """Undoes all normalisations."""
        self.normalization_value = 1.0

    def plot(self, ax: Any = None, **kwargs: Any) -> Any:
        """Draws the profile on matplotlib axes."""
        import matplotlib.pyplot as plt

        axes = plt.gca() if ax is None else ax
        axes.set_xlabel("Radius (pixels)")
        axes.set_ylabel("Profile")
        return axes.plot(self.radius, getattr(self.profile, "value", self.profile), **kwargs)

    def plot_error(self, ax: Any = None, **kwargs: Any) -> Any:
        """Draws the errors on matplotlib axes."""
        import matplotlib.pyplot as plt

        axes = plt.gca() if ax is None else ax
        kwargs.setdefault("facecolor", (0.5, 0.5, 0.5, 0.3))
        y, e = (getattr(v, "value", v) for v in (self.profile, self.profile_error))
        return axes.fill_between(self.radius, y - e, y + e, **kwargs) if np.size(e) else None


class RadialProfile(ProfileBase):
    """The mean value in rings around a position; `radii` are the edges of the rings. See `ProfileBase`."""

    def _measure(self) -> dict[str, Any]:
        return _core.radial_profile(self._image, self.xycen, _inputs.vector(self.radii), self.method, self._n)

    @property
    def data_radius(self) -> np.ndarray:
        """The distance of every pixel within the largest radius."""
        return np.asarray(self._measured["data_radius"])

    @property
    def data_profile(self) -> Any:
        """The value of every pixel within the largest radius."""
        return self._scaled("data_profile")

    @property
    def gaussian_fwhm(self) -> float | None:
        """FWHM of a Gaussian fitted to the profile, None if the fit failed."""
        fit = self._measured["gaussian"]
        return None if fit is None else 2.3548200450309493 * float(fit[1])

    @property
    def gaussian_fit(self) -> Any:
        """The fitted Gaussian as an astropy `Gaussian1D`, None if the fit failed."""
        fit = self._measured["gaussian"]
        if fit is None:
            return None
        from astropy.modeling.models import Gaussian1D

        return Gaussian1D(amplitude=fit[0] / self.normalization_value, mean=0.0, stddev=fit[1])

    @property
    def gaussian_profile(self) -> Any:
        """The fitted Gaussian at the radii."""
        fit = self.gaussian_fit
        return None if fit is None else fit(self.radius)

    @property
    def moffat_fit(self) -> Any:
        """The fitted Moffat function as an astropy `Moffat1D`, None if the fit failed."""
        fit = self._measured["moffat"]
        if fit is None:
            return None
        from astropy.modeling.models import Moffat1D

        return Moffat1D(amplitude=fit[0] / self.normalization_value, x_0=0.0, gamma=fit[1], alpha=fit[2])

    @property
    def moffat_profile(self) -> Any:
        """The fitted Moffat function at the radii."""
        fit = self.moffat_fit
        return None if fit is None else fit(self.radius)

    @property
    def apertures(self) -> list[Any]:
        """The rings of the profile; the innermost is a circle if the first edge is 0."""
        from skyphot.aperture import CircularAnnulus, CircularAperture

        edges = zip(self.radii[:-1], self.radii[1:], strict=True)
        return [CircularAnnulus(self.xycen, a, b) if a > 0 else CircularAperture(self.xycen, b) for a, b in edges]

    @property
    def moffat_fwhm(self) -> float | None:
        """FWHM of a Moffat function fitted to the profile, None if the fit failed."""
        fit = self.moffat_fit
        return None if fit is None else float(fit.fwhm)


class CurveOfGrowth(ProfileBase):
    """The sum within circles around a position. See `ProfileBase`."""

    _least = 1e-300

    @property
    def radius(self) -> np.ndarray:
        """The radii of the values in pixels."""
        return self.radii

    @property
    def apertures(self) -> list[Any]:
        """The apertures of the values."""
        from skyphot.aperture import CircularAperture

        return [CircularAperture(self.xycen, r) for r in self.radii]

    def _curve(self) -> tuple[np.ndarray, np.ndarray]:
        y = self.profile
        y = y.value if is_quantity(y) else y
        good = np.isfinite(y)
        return _inputs.vector(self.radius)[good], _inputs.vector(y)[good]

    def _at_radius(self, radius: Any) -> Any:
        x, y = self._curve()
        out = _core.pchip(x, y, _inputs.vector(radius))
        outside = (_inputs.vector(radius) < x[0]) | (_inputs.vector(radius) > x[-1])
        out[outside] = np.nan
        return out.reshape(np.shape(radius))[()]

    def _radius_at(self, ee: Any) -> Any:
        x, y = self._curve()
        rising = y[1:] > y[:-1]
        end = len(y) if rising.all() else int(np.argmin(rising)) + 1
        if end < 2:
            raise ValueError("The curve-of-growth profile is not monotonically increasing even at the smallest radii")
        at = _inputs.vector(ee)
        out = _core.pchip(y[:end], x[:end], at)
        out[(at < y[0]) | (at > y[end - 1])] = np.nan
        return out.reshape(np.shape(ee))[()]

    def calc_ee_at_radius(self, radius: Any) -> Any:
        """The profile at radii, NaN outside of the measured ones."""
        return self._at_radius(radius)

    def calc_radius_at_ee(self, ee: Any) -> Any:
        """The radii at which the profile has these values, NaN outside of the measured ones."""
        return self._radius_at(ee)


class EllipticalCurveOfGrowth(CurveOfGrowth):
    """The sum within ellipses; `radii` are the semimajor axes, `theta` the angle from +x (a number in radians)."""

    def __init__(
        self,
        data: Any,
        xycen: Any,
        radii: Any,
        axis_ratio: float,
        *,
        theta: Any = 0.0,
        error: Any = None,
        mask: Any = None,
        method: str = "exact",
        subpixels: int = 5,
    ) -> None:
        if axis_ratio <= 0 or axis_ratio > 1:
            raise ValueError("axis_ratio must be > 0 and <= 1")
        self.axis_ratio, self.theta = axis_ratio, theta
        self._shape = ("ellipse", float(axis_ratio), radians(theta))
        super().__init__(data, xycen, radii, error=error, mask=mask, method=method, subpixels=subpixels)

    @property
    def apertures(self) -> list[Any]:
        """The apertures of the values."""
        from skyphot.aperture import EllipticalAperture

        return [EllipticalAperture(self.xycen, a, a * self.axis_ratio, theta=self.theta) for a in self.radii]


class EnsquaredCurveOfGrowth(CurveOfGrowth):
    """The sum within squares; `half_sizes` are half their sides."""

    _shape = ("square", 1.0, 0.0)

    def __init__(
        self,
        data: Any,
        xycen: Any,
        half_sizes: Any,
        *,
        error: Any = None,
        mask: Any = None,
        method: str = "exact",
        subpixels: int = 5,
    ) -> None:
        super().__init__(data, xycen, half_sizes, error=error, mask=mask, method=method, subpixels=subpixels)
        self.half_sizes = self.radii

    @property
    def apertures(self) -> list[Any]:
        """The apertures of the values."""
        from skyphot.aperture import RectangularAperture

        return [RectangularAperture(self.xycen, 2 * h, 2 * h) for h in self.half_sizes]

    @property
    def half_size(self) -> np.ndarray:
        """Half the sides of the squares in pixels."""
        return self.radius

    def calc_ee_at_half_size(self, half_size: Any) -> Any:
        """The profile at half sizes, NaN outside of the measured ones."""
        return self._at_radius(half_size)

    def calc_half_size_at_ee(self, ee: Any) -> Any:
        """The half sizes at which the profile has these values."""
        return self._radius_at(ee)
