"""The native half of the package. Private: use the modules of `skyphot`."""

from typing import Any, Self, final

import numpy as np

_Image = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]
_Shape = tuple[str, list[float]]
_Clip = tuple[float, float, int | None, str, str, float]

__version__: str
__all__ = ["NativeBackground", "NativeCatalog", "NativePsfPhotometry", "NativeSegmentation", "__version__", "aperture_area", "aperture_area_overlap", "aperture_bboxes", "aperture_flags", "aperture_mask", "array_info", "background_2d", "bbox_from_float", "calc_total_error", "centroid", "centroid_sources", "curve_of_growth", "dao_find", "data_properties", "deblend_sources", "density_kernel", "detect_sources", "detect_threshold", "estimate_rows", "find_peaks", "fit_2dgaussian", "gaussian_kernel", "gini", "group_sources", "image_depth", "iraf_find", "local_background", "matching_kernel", "overlap_grid", "pchip", "photometry", "polygon_from_vertices", "polygon_offsets", "polygon_properties", "psf_extent", "psf_flags", "psf_photometry", "psf_values", "radial_profile", "regular_polygon", "resized_psf", "robust", "segmentation_flags", "shape_to_pixel", "shape_to_polygon", "shape_to_sky", "sigma_clip", "sigma_clipped_stats", "sigma_clipped_stats_rows", "star_find", "statistics", "statistics_cutout", "window_array"]  # noqa


@final
class NativeBackground:
    def __new__(cls) -> Self: ...
    def background(self, /) -> Any: ...
    def background_rms(self, /) -> Any: ...
    def n_pixels_map(self, /) -> Any: ...
    def summary(self, /) -> dict[str, Any]: ...


@final
class NativeCatalog:
    def __new__(
        cls,
        image: _Image,
        segmentation: Any,
        convolved: np.ndarray | None,
        background: np.ndarray | None,
        wcs: Any,
        local_bkg_width: int,
        mask_method: str,
        kron_params: Any,
        n_threads: int | None,
    ) -> Self: ...
    def __len__(self, /) -> int: ...
    def bbox(self, /) -> Any: ...
    def circular_photometry(self, /, radius: float) -> Any: ...
    def column_names(self, /) -> Any: ...
    def columns(self, /, names: Any) -> Any: ...
    def cutouts(self, /, plane: str, shape: Any, fill: float | None) -> Any: ...
    def flux_radius(self, /, fraction: float) -> Any: ...
    def kron_photometry(self, /, params: Any) -> Any: ...
    def labels(self, /) -> Any: ...
    def make_circular_apertures(self, /, radius: float) -> Any: ...
    def make_kron_apertures(self, /, params: Any) -> Any: ...
    def select(self, /, rows: Any) -> Any: ...


@final
class NativePsfModel: ...

@final
class NativePsfPhotometry:
    def columns(self, /) -> Any: ...
    def covariances(self, /) -> list[list[float]]: ...
    def iter_detected(self, /) -> list[int]: ...
    def model_image(self, /, shape: tuple[int, int], psf_shape: Any, include_local_bkg: bool) -> Any: ...
    def residual_image(self, /, image: _Image, psf_shape: Any, include_local_bkg: bool) -> Any: ...


@final
class NativeSegmentation:
    def __new__(cls, data: np.ndarray) -> Self: ...
    def areas(self, /) -> Any: ...
    def background_area(self, /) -> Any: ...
    def bbox(self, /) -> Any: ...
    def children(self, /) -> Any: ...
    def data(self, /) -> Any: ...
    def deblend_info(self, /) -> Any: ...
    def flags(self, /) -> Any: ...
    def is_consecutive(self, /) -> Any: ...
    def keep_labels(self, /, labels: Any, relabel: bool) -> Any: ...
    def label_mapping(self, /, other: Any) -> Any: ...
    def labels(self, /) -> Any: ...
    def make_source_mask(self, /, footprint: np.ndarray | None) -> Any: ...
    def missing_labels(self, /) -> Any: ...
    def polygons(self, /, label: Any) -> Any: ...
    def reassign_labels(self, /, labels: Any, new_label: Any, relabel: bool) -> Any: ...
    def relabel_consecutive(self, /, start_label: Any) -> Any: ...
    def remove_border_labels(self, /, border_width: int, partial_overlap: bool, relabel: bool) -> Any: ...
    def remove_labels(self, /, labels: Any, relabel: bool) -> Any: ...
    def remove_masked_labels(self, /, mask: np.ndarray, partial_overlap: bool, relabel: bool) -> Any: ...

def aperture_area(shape: _Shape) -> float: ...
def aperture_area_overlap(
    image: _Image,
    positions: np.ndarray,
    shape: _Shape,
    method: str,
    subpixels: int,
) -> Any: ...
def aperture_bboxes(positions: np.ndarray, shape: _Shape) -> Any: ...
def aperture_flags() -> Any: ...
def aperture_mask(position: tuple[float, float], shape: _Shape, method: str, subpixels: int) -> Any: ...
def array_info(plane: np.ndarray) -> dict[str, Any]: ...
def background_2d(
    image: _Image,
    coverage: np.ndarray | None,
    box_size: tuple[int, int],
    filter_size: tuple[int, int],
    filter_threshold: float | None,
    exclude_percentile: float,
    sigma_clip: _Clip | None,
    estimator: Any,
    rms_estimator: Any,
    interpolate: _Shape,
    fill_value: float,
    n_threads: int | None,
) -> NativeBackground: ...
def bbox_from_float(xmin: float, xmax: float, ymin: float, ymax: float) -> Any: ...
def calc_total_error(
    data: np.ndarray,
    bkg_error: np.ndarray,
    gain: np.ndarray | None,
    gain_value: float,
) -> Any: ...
def centroid(image: _Image, how: _Shape) -> Any: ...
def centroid_sources(
    image: _Image,
    positions: np.ndarray,
    box_size: tuple[int, int],
    footprint: np.ndarray | None,
    how: _Shape,
    n_threads: int | None,
) -> Any: ...
def curve_of_growth(
    image: _Image,
    position: tuple[float, float],
    radii: np.ndarray,
    shape: Any,
    method: str,
    subpixels: int,
) -> dict[str, Any]: ...
def dao_find(
    image: _Image,
    threshold: float | np.ndarray,
    fwhm: float,
    ratio: float,
    theta: float,
    sigma_radius: float,
    sharpness_range: tuple[float, float] | None,
    roundness_range: tuple[float, float] | None,
    exclude_border: bool,
    n_brightest: int | None,
    peak_max: float | None,
    xycoords: np.ndarray | None,
    min_separation: float | None,
    scale_threshold: bool,
    n_threads: int | None,
) -> Any: ...
def data_properties(image: _Image) -> dict[str, Any]: ...
def deblend_sources(
    image: _Image,
    segmentation: Any,
    n_pixels: int,
    labels: Any,
    n_levels: int,
    contrast: float,
    contrast_method: str,
    mode: str,
    connect: int,
    relabel: bool,
    n_threads: int | None,
) -> Any: ...
def density_kernel(fwhm: float, ratio: float, theta: float, sigma_radius: float) -> Any: ...
def detect_sources(
    image: _Image,
    threshold: float | np.ndarray,
    n_pixels: int,
    connect: int,
    n_threads: int | None,
) -> Any: ...
def detect_threshold(
    image: _Image,
    n_sigma: float,
    background: float | np.ndarray | None,
    error: float | np.ndarray | None,
    sigma_clip: _Clip | None,
    n_threads: int | None,
) -> Any: ...
def estimate_rows(image: _Image, clip: _Clip | None, estimator: Any, rms: bool) -> Any: ...
def find_peaks(
    image: _Image,
    threshold: float | np.ndarray,
    box_size: tuple[int, int],
    footprint: np.ndarray | None,
    border_width: tuple[int, int],
    n_peaks: int | None,
    min_separation: float | None,
    centroid: _Shape | None,
    n_threads: int | None,
) -> Any: ...
def fit_2dgaussian(
    image: _Image,
    positions: np.ndarray | None,
    fwhm: float | None,
    fix_fwhm: bool,
    fit_shape: Any,
    n_threads: int | None,
) -> Any: ...
def gaussian_kernel(fwhm: float, shape: tuple[int, int]) -> Any: ...
def gini(image: _Image) -> float: ...
def group_sources(positions: np.ndarray, min_separation: float) -> Any: ...
def image_depth(
    image: _Image,
    aper_radius: float,
    n_sigma: float,
    mask_pad: float,
    n_apertures: int,
    n_iters: int,
    overlapping: bool,
    seed: Any,
    zeropoint: float,
    sigma_clip: _Clip | None,
) -> dict[str, Any]: ...
def iraf_find(
    image: _Image,
    threshold: float | np.ndarray,
    fwhm: float,
    sigma_radius: float,
    sharpness_range: tuple[float, float] | None,
    roundness_range: tuple[float, float] | None,
    exclude_border: bool,
    n_brightest: int | None,
    peak_max: float | None,
    xycoords: np.ndarray | None,
    min_separation: float | None,
    min_n_pixels: int,
    n_threads: int | None,
) -> Any: ...
def local_background(
    image: _Image,
    positions: np.ndarray,
    inner_radius: float,
    outer_radius: float,
    estimator: Any,
    sigma_clip: _Clip | None,
    n_threads: int | None,
) -> Any: ...
def matching_kernel(
    source: np.ndarray,
    target: np.ndarray,
    regularization: float,
    window: _Shape | None,
    wiener: bool,
) -> Any: ...
def overlap_grid(
    kind: str,
    x: tuple[float, float],
    y: tuple[float, float],
    shape: tuple[int, int],
    size: tuple[float, float],
    theta: float,
    method: str,
    subpixels: int,
) -> Any: ...
def pchip(x: np.ndarray, y: np.ndarray, at: np.ndarray) -> Any: ...
def photometry(
    image: _Image,
    positions: np.ndarray,
    shapes: list[_Shape],
    method: str,
    subpixels: int,
    neighbors: Any,
    n_threads: int | None,
) -> Any: ...
def polygon_from_vertices(vertices: np.ndarray) -> Any: ...
def polygon_offsets(shape: _Shape) -> Any: ...
def polygon_properties(shape: _Shape) -> dict[str, Any]: ...
def psf_extent(model: Any) -> Any: ...
def psf_flags() -> Any: ...
def psf_photometry(image: _Image, model: Any, initial: dict[str, Any], options: dict[str, Any]) -> Any: ...
def psf_photometry_iterative(
    image: _Image,
    model: Any,
    finder: Any,
    initial: dict[str, Any] | None,
    options: dict[str, Any],
    all: bool,
    max_iterations: int,
    sub_shape: tuple[int, int] | None,
) -> Any: ...
def psf_values(model: Any, x: np.ndarray, y: np.ndarray, x_0: float, y_0: float) -> Any: ...
def image_psf(data: np.ndarray, oversampling: tuple[int, int], origin: Any, extrapolate: bool) -> NativePsfModel: ...
def gridded_psf(
    data: np.ndarray,
    positions: np.ndarray,
    oversampling: tuple[int, int],
    extrapolate: bool,
) -> NativePsfModel: ...
def make_epsf_from_psf(data: np.ndarray, oversampling: tuple[int, int], midpoints: bool) -> Any: ...
def integral(values: np.ndarray, x: list[float], y: list[float]) -> float: ...
def radial_profile(
    image: _Image,
    position: tuple[float, float],
    radii: np.ndarray,
    method: str,
    subpixels: int,
) -> dict[str, Any]: ...
def regular_polygon(n: int, radius: float, theta: float) -> Any: ...
def resized_psf(psf: np.ndarray, input_pixel_scale: float, output_pixel_scale: float, order: Any) -> Any: ...
def robust(
    what: str,
    values: np.ndarray,
    c: float | None = None,
    center: float | None = None,
    modify_sample_size: bool = False,
) -> float: ...
def segmentation_flags() -> Any: ...
def shape_to_pixel(
    shape: _Shape,
    at: tuple[float, float],
    to_sky: Any,
    to_pixel: Any,
    as_ellipse: bool,
) -> Any: ...
def shape_to_polygon(shape: _Shape, n: int) -> Any: ...
def shape_to_sky(shape: _Shape, at: tuple[float, float], to_sky: Any, to_pixel: Any, as_ellipse: bool) -> Any: ...
def sigma_clip(image: _Image, clip: _Clip, axis: int | None, n_threads: int | None) -> Any: ...
def sigma_clipped_stats(
    image: _Image,
    clip: _Clip,
    mask_value: float | None,
    std_ddof: int,
    n_threads: int | None,
) -> Any: ...
def sigma_clipped_stats_rows(
    image: _Image,
    clip: _Clip,
    mask_value: float | None,
    std_ddof: int,
    n_threads: int | None,
) -> Any: ...
def star_find(
    image: _Image,
    threshold: float | np.ndarray,
    kernel: np.ndarray,
    min_separation: float | None,
    exclude_border: bool,
    n_brightest: int | None,
    peak_max: float | None,
    n_threads: int | None,
) -> Any: ...
def statistics(
    image: _Image,
    positions: np.ndarray,
    shape: _Shape,
    sigma_clip: _Clip | None,
    method: str,
    subpixels: int,
    ddof: int,
    local_bkg: np.ndarray | None,
    neighbors: Any,
    n_threads: int | None,
) -> dict[str, Any]: ...
def statistics_cutout(
    image: _Image,
    position: tuple[float, float],
    shape: _Shape,
    sigma_clip: _Clip | None,
    method: str,
    subpixels: int,
    local_bkg: float | None,
    neighbors: Any,
) -> Any: ...
def window_array(window: _Shape, shape: tuple[int, int]) -> Any: ...
