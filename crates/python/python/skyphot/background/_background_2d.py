"""A background that varies over the image."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, is_quantity, with_unit
from skyphot.background._estimators import (
    SIGMA_CLIP,
    SExtractorBackground,
    StdBackgroundRMS,
    check_clip,
    native_estimator,
)

_MODES = {"reflect": 0, "grid-mirror": 0, "mirror": 1, "grid-wrap": 2, "wrap": 2}


class BkgZoomInterpolator:
    """Spline interpolation between the boxes.

    Parameters
    ----------
    order : int, optional
        Order of the spline, 0 to 5.
    mode : str, optional
        How the mesh goes on beyond its edges: 'reflect', 'mirror' or 'wrap'.
    cval : float, optional
        Unused; kept for its name.
    clip : bool, optional
        Whether the map is kept within the range of the mesh.
    """

    def __init__(self, *, order: int = 3, mode: str = "reflect", cval: float = 0.0, clip: bool = True) -> None:
        self.order, self.mode, self.cval, self.clip = order, mode, cval, clip

    def __repr__(self) -> str:
        return f"<BkgZoomInterpolator(order={self.order}, mode={self.mode!r}, cval={self.cval}, clip={self.clip})>"

    def _native(self) -> tuple[str, list[float]]:
        if self.mode not in _MODES:
            raise ValueError(f"mode must be one of {', '.join(_MODES)}, found {self.mode!r}")
        return "zoom", [float(self.order), float(_MODES[self.mode]), float(self.clip)]


class BkgIDWInterpolator:
    """Inverse-distance weighting of the nearest boxes.

    Parameters
    ----------
    leafsize : int, optional
        Unused; kept for its name.
    n_neighbors : int, optional
        Number of boxes that are taken.
    power : float, optional
        Power of the distance.
    regularization : float, optional
        Added to the distance.
    """

    def __init__(
        self, *, leafsize: int = 10, n_neighbors: int = 10, power: float = 1.0, regularization: float = 0.0
    ) -> None:
        self.leafsize, self.n_neighbors = leafsize, n_neighbors
        self.power, self.regularization = power, regularization

    def _native(self) -> tuple[str, list[float]]:
        return "idw", [float(self.n_neighbors), float(self.power), float(self.regularization)]


class Background2D:
    """Background and its RMS in boxes, filtered and interpolated to every pixel.

    Parameters
    ----------
    data : array_like, Quantity or NDData
        The image.
    box_size : int or (int, int)
        The box size `(ny, nx)`.
    mask : array_like of bool, optional
        True where a pixel is bad, as where there is a source.
    coverage_mask : array_like of bool, optional
        True where there are no data; the maps are `fill_value` there.
    fill_value : float, optional
        Value of the maps under `coverage_mask`.
    exclude_percentile : float, optional
        A box is left out if more than this percentage of its pixels is bad or clipped.
    filter_size : int or (int, int), optional
        Size of the median filter over the boxes.
    filter_threshold : float, optional
        Only boxes above this level are filtered.
    sigma_clip : SigmaClip or None, optional
        Clipping in each box; by default at 3 sigma with at most 10 iterations.
    bkg_estimator : callable, optional
        Estimator of the level; by default `SExtractorBackground`.
    bkg_rms_estimator : callable, optional
        Estimator of the RMS; by default `StdBackgroundRMS`.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    interpolator : callable, optional
        `BkgZoomInterpolator` or `BkgIDWInterpolator`.
    """

    def __init__(
        self,
        data: Any,
        box_size: Any,
        *,
        mask: Any = None,
        coverage_mask: Any = None,
        fill_value: float = 0.0,
        exclude_percentile: float = 10.0,
        filter_size: Any = (3, 3),
        filter_threshold: float | None = None,
        sigma_clip: Any = SIGMA_CLIP,
        bkg_estimator: Any = None,
        bkg_rms_estimator: Any = None,
        n_threads: int | None = 1,
        interpolator: Any = None,
    ) -> None:
        self._unit = None
        if is_quantity(data) or is_nddata(data):
            self._unit = data.unit
            data = data.value if is_quantity(data) else data.data
        values = np.asanyarray(data)
        if values.ndim != 2:
            raise ValueError("data must be a 2D array")
        if exclude_percentile < 0 or exclude_percentile > 100:
            raise ValueError("exclude_percentile must be between 0 and 100 (inclusive)")
        self.box_size = _box("box_size", box_size, values.shape)
        self.filter_size = _box("filter_size", filter_size, None)
        if any(n % 2 == 0 for n in self.filter_size):
            raise ValueError("filter_size must have an odd value for both axes")
        self.fill_value, self.exclude_percentile = fill_value, exclude_percentile
        self.filter_threshold = filter_threshold
        self.n_threads = _inputs.threads(n_threads)
        self.sigma_clip = check_clip(sigma_clip)
        self.interpolator = BkgZoomInterpolator() if interpolator is None else interpolator
        self.bkg_estimator = SExtractorBackground(sigma_clip=None) if bkg_estimator is None else bkg_estimator
        self.bkg_rms_estimator = StdBackgroundRMS(sigma_clip=None) if bkg_rms_estimator is None else bkg_rms_estimator
        image = _inputs.image(values, mask=mask)
        # One look mostly does: all pixels take as long as a tenth of the work.
        if not np.isfinite(image[0].flat[image[0].size // 2]) and not np.any(np.isfinite(image[0])):
            raise ValueError(
                "Input data contains all nonfinite (NaN or infinity) values. Cannot compute a background."
            )
        self._dtype = values.dtype if values.dtype.kind == "f" and values.dtype.isnative else image[0].dtype
        if values.dtype.kind != "f":
            self._dtype = np.dtype(np.float32)
        self.coverage_mask = _inputs.bool_plane(coverage_mask, values.shape, "coverage_mask")
        self._native = _core.background_2d(
            image,
            self.coverage_mask,
            self.box_size,
            self.filter_size,
            None if filter_threshold is None else float(filter_threshold),
            float(exclude_percentile),
            _inputs.clip_or_none(self.sigma_clip),
            native_estimator(self.bkg_estimator),
            native_estimator(self.bkg_rms_estimator),
            self.interpolator._native(),
            float(fill_value),
            self.n_threads,
        )
        self._summary: dict[str, Any] = self._native.summary()

    def _map(self, values: np.ndarray) -> Any:
        return with_unit(values.astype(self._dtype, copy=False), self._unit)

    @property
    def background(self) -> Any:
        """The background of every pixel; made anew each time it is asked for."""
        return self._map(self._native.background())

    @property
    def background_rms(self) -> Any:
        """The background RMS of every pixel; made anew each time it is asked for."""
        return self._map(self._native.background_rms())

    @property
    def background_mesh(self) -> Any:
        """The level of each box, filtered."""
        return with_unit(self._summary["background_mesh"], self._unit)

    @property
    def background_rms_mesh(self) -> Any:
        """The RMS of each box, filtered."""
        return with_unit(self._summary["background_rms_mesh"], self._unit)

    @property
    def background_median(self) -> Any:
        """The median level of the boxes."""
        return with_unit(self._summary["background_median"], self._unit)

    @property
    def background_rms_median(self) -> Any:
        """The median RMS of the boxes."""
        return with_unit(self._summary["background_rms_median"], self._unit)

    @property
    def n_pixels_mesh(self) -> np.ndarray:
        """Number of pixels that were used in each box."""
        return np.asarray(self._summary["n_pixels_mesh"])

    @cached_property
    def n_pixels_map(self) -> np.ndarray:
        """`n_pixels_mesh` for every pixel."""
        return np.asarray(self._native.n_pixels_map())

    def plot_meshes(
        self,
        *,
        ax: Any = None,
        marker: str = "+",
        markersize: float | None = None,
        color: str = "blue",
        alpha: float | None = None,
        outlines: bool = False,
        **kwargs: Any,
    ) -> None:
        """Marks the centres of the boxes on matplotlib axes."""
        import matplotlib.pyplot as plt

        axes = plt.gca() if ax is None else ax
        x, y = np.transpose(self._summary["mesh_centers"])
        axes.scatter(x, y, s=markersize, marker=marker, color=color, alpha=alpha)
        if outlines:
            from skyphot.aperture import RectangularAperture

            ny, nx = self.box_size
            RectangularAperture(np.transpose((x, y)), w=nx, h=ny).plot(ax=axes, **kwargs)


def _box(name: str, value: Any, shape: tuple[int, ...] | None) -> tuple[int, int]:
    ny, nx = _inputs.pair(value, name)
    if ny <= 0 or nx <= 0:
        raise ValueError(f"{name} must be > 0")
    return (ny, nx) if shape is None else (min(ny, shape[0]), min(nx, shape[1]))
