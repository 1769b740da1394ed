"""DAOFIND, IRAF starfind and a finder with a kernel of your own."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, strip_units
from skyphot._table import from_native, with_units
from skyphot.utils.exceptions import NoDetectionsWarning, PhotutilsDeprecationWarning

Range = tuple[float, float] | None


class _NotGiven:
    """The default of a parameter with an old name."""

    def __repr__(self) -> str:
        return "<deprecated>"


_NOT_GIVEN: Any = _NotGiven()


def _old_range(low: Any, high: Any, new: Any, default: tuple[float, float], old_name: str, new_name: str) -> Any:
    """The range of which one or both ends are given under their old names."""
    if low is _NOT_GIVEN and high is _NOT_GIVEN:
        return new
    warnings.warn(
        f"The '{old_name}lo' and '{old_name}hi' parameters are deprecated and will be removed in version 4.0. Use "
        f"'{new_name}=(lower, upper)' instead.",
        PhotutilsDeprecationWarning,
        stacklevel=4,
    )
    ends = default if new is None else new
    return ends[0] if low is _NOT_GIVEN else low, ends[1] if high is _NOT_GIVEN else high


def level(value: Any, shape: tuple[int, ...] | None = None) -> Any:
    """A threshold: a number, or a plane."""
    value = _inputs.bare(value)
    if np.ndim(value) == 0:
        return float(value)
    return _inputs.float64_plane(value, "threshold", shape)


def _range(name: str, value: Any) -> Range:
    if value is None:
        return None
    if np.ndim(value) != 1 or np.size(value) != 2:
        raise ValueError(f"{name} must be a 2-element (lower, upper) tuple or None")
    return float(value[0]), float(value[1])


def _brightest(n: Any) -> int | None:
    if n is None:
        return None
    if isinstance(n, bool) or int(n) != n:
        raise ValueError("n_brightest must be an integer")
    if n <= 0:
        raise ValueError("n_brightest must be > 0")
    return int(n)


def _coordinates(xycoords: Any) -> np.ndarray | None:
    if xycoords is None:
        return None
    xy = np.asarray(xycoords)
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise ValueError("xycoords must be shaped as an Nx2 array")
    return xy


class StarFinderBase:
    """Base of the finders: a call is `find_stars`."""

    def __call__(self, data: Any, mask: Any = None) -> Any:
        return self.find_stars(data, mask=mask)

    def find_stars(self, data: Any, mask: Any = None) -> Any:
        """Finds stars in an image."""
        raise NotImplementedError

    def _options(
        self, exclude_border: bool, n_brightest: Any, peak_max: Any, min_separation: Any, n_threads: Any
    ) -> None:
        """What every finder has."""
        if min_separation is not None and min_separation < 0:
            raise ValueError("min_separation must be >= 0")
        self.exclude_border, self.n_brightest, self.peak_max = exclude_border, _brightest(n_brightest), peak_max
        self.min_separation = min_separation
        self.n_threads = _inputs.threads(n_threads)

    _RANGES: tuple[tuple[float, float], tuple[float, float]]

    def _star(
        self, fwhm: Any, sigma_radius: float, sharpness: tuple[Any, Any, Any], roundness: tuple[Any, Any, Any], xycoords: Any
    ) -> None:
        """What the finders of stars of a known width have. Ranges: both ends under their old names, and the range."""
        if np.ndim(_inputs.bare(fwhm)) != 0:
            raise TypeError("fwhm must be a scalar value")
        sharpness = _old_range(*sharpness, self._RANGES[0], "sharp", "sharpness_range")
        roundness = _old_range(*roundness, self._RANGES[1], "round", "roundness_range")
        self.fwhm, self.sigma_radius = fwhm, sigma_radius
        self.sharpness_range = _range("sharpness_range", sharpness)
        self.roundness_range = _range("roundness_range", roundness)
        self.xycoords = _coordinates(xycoords)

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={v!r}" for k, v in self.__dict__.items() if not k.startswith("_") and np.ndim(v) < 2)
        return f"<{type(self).__name__}({shown})>"

    def _inputs_of(self, data: Any, mask: Any) -> tuple[Any, Any, Any, Any]:
        """The image, threshold and largest peak without units, and the unit."""
        threshold: Any = self.threshold  # type: ignore[attr-defined]
        peak: Any = self.peak_max  # type: ignore[attr-defined]
        (data, threshold, peak), unit = strip_units((data, threshold, peak), ("data", "threshold", "peak_max"))
        image = _inputs.image(data, mask=mask)
        return image, level(threshold, image[0].shape), None if peak is None else float(peak), unit


def _finish(found: tuple[Any, dict[str, Any], str], unit: Any) -> Any:
    columns, meta, outcome = found
    if outcome != "found":
        text = "No sources were found." if outcome == "nothing" else (
            "Sources were found, but none pass the filtering criteria"
        )  # fmt: skip
        warnings.warn(text, NoDetectionsWarning, stacklevel=3)
        return None
    names = [c[0] for c in columns]
    units = {name: column_unit for name, _, column_unit, _, _ in columns if column_unit == "deg"}
    if unit is not None:
        units.update(dict.fromkeys(("peak", "flux", "max_value"), unit))
        if "daofind_mag" in names:
            units.update(dict.fromkeys(("sharpness", "roundness1", "daofind_mag"), ""))
    return from_native(with_units((columns, {}), units))


class DAOStarFinder(StarFinderBase):
    """DAOFIND (Stetson 1987): stars are peaks of the image convolved with a lowered Gaussian.

    Parameters
    ----------
    threshold : float, array_like or Quantity
        The level above which a star is looked for.
    fwhm : float
        The full width at half maximum of a star along the major axis, in pixels.
    ratio : float, optional
        Minor over major axis of a star.
    theta : float, optional
        The angle of the major axis from +x, counter-clockwise, in degrees.
    sigma_radius : float, optional
        Radius of the kernel in units of its sigma.
    sharplo, sharphi, roundlo, roundhi : float, optional
        Old names of the ends of `sharpness_range` and `roundness_range`, taken with a warning.
    exclude_border : bool, optional
        Whether stars within half a kernel from the border are left out.
    n_brightest : int, optional
        How many of the brightest stars are kept.
    peak_max : float, optional
        Stars with a brighter pixel are left out.
    xycoords : array_like, optional
        `(n, 2)` positions that are measured in place of a search.
    min_separation : float, optional
        Least distance of two stars; by default 2.5 FWHM.
    scale_threshold : bool, optional
        Whether the threshold is scaled by the relative error of the kernel.
    sharpness_range, roundness_range : (float, float) or None, optional
        Stars outside of these are left out.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    _RANGES = (0.2, 1.0), (-1.0, 1.0)

    def __init__(
        self,
        threshold: Any,
        fwhm: float,
        ratio: float = 1.0,
        theta: float = 0.0,
        sigma_radius: float = 1.5,
        sharplo: Any = _NOT_GIVEN,
        sharphi: Any = _NOT_GIVEN,
        roundlo: Any = _NOT_GIVEN,
        roundhi: Any = _NOT_GIVEN,
        exclude_border: bool = False,
        n_brightest: int | None = None,
        peak_max: Any = None,
        xycoords: Any = None,
        min_separation: float | None = None,
        scale_threshold: bool = True,
        *,
        sharpness_range: Range = (0.2, 1.0),
        roundness_range: Range = (-1.0, 1.0),
        n_threads: int | None = 1,
    ) -> None:
        self.threshold = threshold
        self._star(
            fwhm, sigma_radius, (sharplo, sharphi, sharpness_range), (roundlo, roundhi, roundness_range), xycoords
        )
        self.ratio, self.theta, self.scale_threshold = ratio, theta % 360.0, scale_threshold
        self._options(exclude_border, n_brightest, peak_max, min_separation, n_threads)
        if min_separation is None:
            self.min_separation = 2.5 * fwhm
        self._rel_err = _core.density_kernel(float(fwhm), float(ratio), float(self.theta), float(sigma_radius))[1]

    @property
    def threshold_eff(self) -> Any:
        """The threshold on the convolved image."""
        return self.threshold * self._rel_err if self.scale_threshold else self.threshold

    def find_stars(self, data: Any, mask: Any = None) -> Any:
        """Finds stars in an image.

        Parameters
        ----------
        data : array_like or Quantity
            The image, the background subtracted.
        mask : array_like of bool, optional
            True where a pixel is bad.

        Returns
        -------
        table : QTable, Columns or None
            `id`, `x_centroid`, `y_centroid`, `sharpness`, `roundness1`, `roundness2`, `n_pixels`, `peak`, `flux`,
            `mag`, `daofind_mag`; None with a `NoDetectionsWarning` if there is no star.
        """
        image, threshold, peak, unit = self._inputs_of(data, mask)
        xy = None if self.xycoords is None else _inputs.positions(self.xycoords)
        found = _core.dao_find(
            image, threshold, float(self.fwhm), float(self.ratio), float(self.theta), float(self.sigma_radius),
            self.sharpness_range, self.roundness_range, bool(self.exclude_border), self.n_brightest, peak, xy,
            float(self.min_separation), bool(self.scale_threshold), self.n_threads,
        )  # fmt: skip
        return _finish(found, unit)


class IRAFStarFinder(StarFinderBase):
    """IRAF's starfind: stars are peaks of the image convolved with a Gaussian, measured by moments.

    Parameters
    ----------
    threshold : float, array_like or Quantity
        The level above which a star is looked for.
    fwhm : float
        The full width at half maximum of a star in pixels.
    sigma_radius : float, optional
        Radius of the kernel in units of its sigma.
    minsep_fwhm : float, optional
        An old parameter, taken with a warning: the least distance in units of the FWHM.
    sharplo, sharphi, roundlo, roundhi : float, optional
        Old names of the ends of `sharpness_range` and `roundness_range`, taken with a warning.
    exclude_border : bool, optional
        Whether stars within half a kernel from the border are left out.
    n_brightest : int, optional
        How many of the brightest stars are kept.
    peak_max : float, optional
        Stars with a brighter pixel are left out.
    xycoords : array_like, optional
        `(n, 2)` positions that are measured in place of a search.
    min_separation : float, optional
        Least distance of two stars; by default 2.5 FWHM.
    sharpness_range, roundness_range : (float, float) or None, optional
        Stars outside of these are left out.
    min_n_pixels : int, optional
        Least number of pixels above the local sky.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    _RANGES = (0.5, 2.0), (0.0, 0.2)

    def __init__(
        self,
        threshold: Any,
        fwhm: float,
        sigma_radius: float = 1.5,
        minsep_fwhm: Any = _NOT_GIVEN,
        sharplo: Any = _NOT_GIVEN,
        sharphi: Any = _NOT_GIVEN,
        roundlo: Any = _NOT_GIVEN,
        roundhi: Any = _NOT_GIVEN,
        exclude_border: bool = False,
        n_brightest: int | None = None,
        peak_max: Any = None,
        xycoords: Any = None,
        min_separation: float | None = None,
        *,
        sharpness_range: Range = (0.5, 2.0),
        roundness_range: Range = (0.0, 0.2),
        min_n_pixels: int = 5,
        n_threads: int | None = 1,
    ) -> None:
        self.threshold, self.min_n_pixels = threshold, min_n_pixels
        self._star(
            fwhm, sigma_radius, (sharplo, sharphi, sharpness_range), (roundlo, roundhi, roundness_range), xycoords
        )
        separation = 2.5 * fwhm
        if minsep_fwhm is not _NOT_GIVEN:
            warnings.warn(
                "The 'minsep_fwhm' parameter is deprecated and will be removed in version 4.0. Use 'min_separation' "
                "instead.",
                PhotutilsDeprecationWarning,
                stacklevel=2,
            )
            if minsep_fwhm < 0:
                raise ValueError("minsep_fwhm must be >= 0")
            separation = max(2, int(fwhm * minsep_fwhm + 0.5))
        if min_separation is None:
            min_separation = separation
        self._options(exclude_border, n_brightest, peak_max, min_separation, n_threads)

    def find_stars(self, data: Any, mask: Any = None) -> Any:
        """Finds stars in an image.

        Parameters
        ----------
        data : array_like or Quantity
            The image, the background subtracted.
        mask : array_like of bool, optional
            True where a pixel is bad.

        Returns
        -------
        table : QTable, Columns or None
            `id`, `x_centroid`, `y_centroid`, `fwhm`, `sharpness`, `roundness`, `orientation`, `n_pixels`, `peak`,
            `flux`, `mag`; None with a `NoDetectionsWarning` if there is no star.
        """
        image, threshold, peak, unit = self._inputs_of(data, mask)
        xy = None if self.xycoords is None else _inputs.positions(self.xycoords)
        found = _core.iraf_find(
            image, threshold, float(self.fwhm), float(self.sigma_radius), self.sharpness_range, self.roundness_range,
            bool(self.exclude_border), self.n_brightest, peak, xy, float(self.min_separation), int(self.min_n_pixels),
            self.n_threads,
        )  # fmt: skip
        return _finish(found, unit)


class StarFinder(StarFinderBase):
    """Stars are peaks of the image convolved with a kernel of your own.

    Parameters
    ----------
    threshold : float, array_like or Quantity
        The level above which a star is looked for.
    kernel : array_like
        The image of a star.
    min_separation : float, optional
        Least distance of two stars; by default 2.5 times the FWHM of the kernel.
    exclude_border : bool, optional
        Whether stars within half a kernel from the border are left out.
    n_brightest : int, optional
        How many of the brightest stars are kept.
    peak_max : float, optional
        Stars with a brighter pixel are left out.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    def __init__(
        self,
        threshold: Any,
        kernel: Any,
        min_separation: float | None = None,
        exclude_border: bool = False,
        n_brightest: int | None = None,
        peak_max: Any = None,
        *,
        n_threads: int | None = 1,
    ) -> None:
        if is_quantity(kernel):
            raise TypeError("kernel must not be a Quantity")
        self.threshold, self.kernel = threshold, np.asarray(kernel)
        self._options(exclude_border, n_brightest, peak_max, min_separation, n_threads)

    def find_stars(self, data: Any, mask: Any = None) -> Any:
        """Finds stars in an image.

        Parameters
        ----------
        data : array_like or Quantity
            The image, the background subtracted.
        mask : array_like of bool, optional
            True where a pixel is bad.

        Returns
        -------
        table : QTable, Columns or None
            `id`, `x_centroid`, `y_centroid`, `fwhm`, `roundness`, `orientation`, `max_value`, `flux`, `mag`; None with
            a `NoDetectionsWarning` if there is no star.
        """
        image, threshold, peak, unit = self._inputs_of(data, mask)
        separation = None if self.min_separation is None else float(self.min_separation)
        found = _core.star_find(
            image, threshold, _inputs.float64_plane(self.kernel, "kernel"), separation, bool(self.exclude_border),
            self.n_brightest, peak, self.n_threads,
        )  # fmt: skip
        return _finish(found, unit)
