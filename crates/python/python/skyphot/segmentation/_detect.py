"""Detection and deblending of sources of any shape."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY, opened, strip_units, warn, with_unit
from skyphot.background._estimators import SIGMA_CLIP, check_clip
from skyphot.detection._finders import level
from skyphot.segmentation._image import SegmentationImage
from skyphot.utils.exceptions import DeblendWarning, NoDetectionsWarning


def detect_threshold(
    data: Any,
    n_sigma: float,
    *,
    background: Any = None,
    error: Any = None,
    mask: Any = None,
    sigma_clip: Any = SIGMA_CLIP,
    n_threads: int | None = 1,
) -> Any:
    """The level that is `n_sigma` errors above the background, for every pixel.

    Parameters
    ----------
    data : array_like or Quantity
        The image.
    n_sigma : float
        How many errors.
    background, error : float, array_like or Quantity, optional
        The background and its error; by default mean and standard deviation of the clipped image.
    mask : array_like of bool, optional
        True where a pixel is bad.
    sigma_clip : SigmaClip or None, optional
        Clipping of the image; by default at 3 sigma with at most 10 iterations.
    n_threads : int or None, optional
        Number of threads; None takes all cores.

    Returns
    -------
    threshold : ndarray or Quantity
        An image of the shape of the data.
    """
    (data, background, error), unit = strip_units((data, background, error), ("data", "background", "error"))
    image = _inputs.image(data, mask=mask)
    for name, v in (("background", background), ("error", error)):
        if v is not None and np.ndim(v) and np.shape(v) != image[0].shape:
            raise ValueError(f"If input {name} is 2D, then it must have the same shape as the input data.")
    out = _core.detect_threshold(
        image,
        float(n_sigma),
        None if background is None else level(background),
        None if error is None else level(error),
        _inputs.clip_or_none(check_clip(sigma_clip)),
        _inputs.threads(n_threads),
    )
    single = image[0].dtype == np.float32
    if single and all(v is None or getattr(v, "dtype", None) == np.float32 for v in (background, error)):
        out = out.astype(np.float32)
    return with_unit(out, unit)


def detect_sources(
    data: Any, threshold: Any, n_pixels: int, *, connectivity: int = 8, mask: Any = None, n_threads: int | None = 1
) -> SegmentationImage | None:
    """Groups of connected pixels above a threshold.

    Parameters
    ----------
    data : array_like or Quantity
        The image.
    threshold : float, array_like or Quantity
        The level above which a pixel belongs to a source.
    n_pixels : int
        Least number of pixels of a source.
    connectivity : {4, 8}, optional
        Whether pixels that touch at a corner are connected.
    mask : array_like of bool, optional
        True where a pixel is bad.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.

    Returns
    -------
    segmentation_image : SegmentationImage or None
        None with a `NoDetectionsWarning` if there is no source.
    """
    data, mask = opened(data, mask)
    (data, threshold), _ = strip_units((data, threshold), ("data", "threshold"))
    negative = np.count_nonzero(np.asarray(threshold) < 0)
    if negative:
        what = f"is negative ({threshold})" if np.ndim(threshold) == 0 else f"has {negative} negative value(s)"
        warn(
            f"threshold {what}. Pixels with zero or negative values can be included in the detected sources. "
            "SourceCatalog sets negative data values to zero when computing the source moments."
        )
    if n_pixels <= 0 or int(n_pixels) != n_pixels:
        raise ValueError(f"n_pixels must be a positive integer, got {n_pixels!r}")
    if mask is not None:
        if np.shape(mask) != np.shape(data):
            raise ValueError("mask must have the same shape as the input image")
        if np.all(mask):
            raise ValueError(
                "mask must not be True for every pixel. There are no unmasked pixels in the image to detect sources."
            )
    image = _inputs.image(data, mask=mask)
    found = _core.detect_sources(
        image, level(threshold, image[0].shape), int(n_pixels), int(connectivity), _inputs.threads(n_threads)
    )
    if found is None:
        text = "No sources were found. Try lowering the threshold or n_pixels parameters."
        warnings.warn(text, NoDetectionsWarning, stacklevel=2)
        return None
    return SegmentationImage._of(found)


def deblend_sources(
    data: Any,
    segmentation_image: SegmentationImage,
    n_pixels: int,
    *,
    labels: Any = None,
    n_levels: int = 32,
    contrast: float = 0.001,
    contrast_method: str | None = None,
    mode: str = "exponential",
    connectivity: int = 8,
    relabel: bool = True,
    n_threads: int | None = 1,
    progress_bar: bool = False,
) -> SegmentationImage:
    """Cuts sources that overlap, by thresholds and a watershed.

    Parameters
    ----------
    data : array_like or Quantity
        The image.
    segmentation_image : SegmentationImage
        The sources.
    n_pixels : int
        Least number of pixels of a source.
    labels : int or array_like of int, optional
        The labels that are deblended; by default all.
    n_levels : int, optional
        Number of thresholds.
    contrast : float, optional
        Least fraction of the flux of a source that a part must have.
    contrast_method : {'basin', 'saddle'}, optional
        What the flux of a part is.
    mode : {'exponential', 'linear', 'sinh'}, optional
        How the thresholds are spaced.
    connectivity : {4, 8}, optional
        As for the detection.
    relabel : bool, optional
        Whether the labels are numbered without gaps.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    progress_bar : bool, optional
        Accepted for its name.

    Returns
    -------
    segmentation_image : SegmentationImage
        The parts; `parent_to_deblended_labels` says what was cut.
    """
    if not isinstance(segmentation_image, SegmentationImage):
        raise TypeError("segmentation_image must be a SegmentationImage")
    data = _inputs.bare(data)
    if np.shape(data) != segmentation_image.shape:
        raise ValueError("segmentation_image must have the same shape as data")
    if n_levels < 1:
        raise ValueError("n_levels must be >= 1")
    if contrast < 0 or contrast > 1:
        raise ValueError("contrast must be >= 0 and <= 1")
    if mode not in ("exponential", "linear", "sinh"):
        raise ValueError("mode must be 'exponential', 'linear', or 'sinh'")
    if labels is not None:
        segmentation_image.check_labels(labels)
        labels = [int(v) for v in np.atleast_1d(labels)]
    out = SegmentationImage._of(
        _core.deblend_sources(
            _inputs.image(data),
            segmentation_image._native,
            int(n_pixels),
            labels,
            int(n_levels),
            float(contrast),
            contrast_method or "basin",
            mode,
            int(connectivity),
            bool(relabel),
            _inputs.threads(n_threads),
        )
    )
    negative, many = out._native.deblend_info()
    if negative or many:
        warnings.warn(
            'The deblending mode of one or more source labels from the input segmentation image was changed from '
            f'{mode!r} to "linear". See the "mode" documentation for the fallback rules.',
            DeblendWarning,
            stacklevel=2,
        )
    return out


class SourceFinder:
    """`detect_sources` and `deblend_sources` with their parameters.

    Parameters
    ----------
    n_pixels : int or (int, int)
        Least number of pixels of a source, for the detection and the deblending.
    connectivity, deblend, n_levels, contrast, contrast_method, mode, relabel, n_threads : optional
        See `deblend_sources`.
    progress_bar : bool, optional
        Accepted for its name.
    """

    def __init__(
        self,
        n_pixels: Any,
        *,
        connectivity: int = 8,
        deblend: bool = True,
        n_levels: int = 32,
        contrast: float = 0.001,
        contrast_method: str | None = None,
        mode: str = "exponential",
        relabel: bool = True,
        n_threads: int | None = 1,
        progress_bar: bool = False,
    ) -> None:
        self.n_pixels = _inputs.pair(n_pixels, "n_pixels")
        for name, value in (("deblend", deblend), ("relabel", relabel)):
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError(f"{name} must be a boolean, got {value!r}")
        self.connectivity, self.deblend, self.n_levels, self.contrast = connectivity, deblend, n_levels, contrast
        self.contrast_method, self.mode, self.relabel = contrast_method, mode, relabel
        self.n_threads = _inputs.threads(n_threads)
        self.progress_bar = progress_bar

    def __call__(self, data: Any, threshold: Any, mask: Any = None) -> SegmentationImage | None:
        """The sources of an image, None if there is none."""
        found = detect_sources(
            data, threshold, self.n_pixels[0], connectivity=self.connectivity, mask=mask, n_threads=self.n_threads
        )
        if found is None or not self.deblend:
            return found
        return deblend_sources(
            data,
            found,
            self.n_pixels[1],
            n_levels=self.n_levels,
            contrast=self.contrast,
            contrast_method=self.contrast_method,
            mode=self.mode,
            connectivity=self.connectivity,
            relabel=self.relabel,
            n_threads=self.n_threads,
        )


def make_2dgaussian_kernel(fwhm: float, size: Any, mode: str = "oversample", oversampling: int = 10) -> Any:
    """A Gaussian kernel with the sum 1.

    Parameters
    ----------
    fwhm : float
        The full width at half maximum in pixels.
    size : int or (int, int)
        The odd size `(ny, nx)`.
    mode : {'oversample', 'center', 'linear_interp', 'integrate'}, optional
        The value of a pixel: the mean of many within it, that at its centre, the mean of those at its corners, or the
        integral over it.
    oversampling : int, optional
        For 'oversample', the number of values along each axis.

    Returns
    -------
    kernel : astropy.convolution.Kernel2D or ndarray
        An array where astropy is not installed.
    """
    shape = _inputs.pair(size, "size")
    if shape[0] % 2 == 0 or shape[1] % 2 == 0:
        raise ValueError("size must have an odd value for both axes")
    if mode not in ("oversample", "center", "linear_interp", "integrate"):
        raise ValueError("mode must be 'oversample', 'center', 'linear_interp' or 'integrate'")
    array = _core.gaussian_kernel(float(fwhm), shape, mode, int(oversampling))
    if not HAS_ASTROPY:
        return array
    from astropy.convolution import Kernel2D

    kernel = Kernel2D(array=array)
    kernel.normalize(mode="integral")
    return kernel
