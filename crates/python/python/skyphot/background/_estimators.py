"""Estimators of the background level and its RMS."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, with_unit
from skyphot.stats import SigmaClip, _rows

Native = tuple[str, list[float]]


class _Default(SigmaClip):
    """The default clipping, shown as what it is."""

    def __repr__(self) -> str:
        return "<default: SigmaClip(sigma=3.0, maxiters=10)>"


SIGMA_CLIP = _Default(sigma=3.0, maxiters=10)


def check_clip(sigma_clip: Any) -> Any:
    """A clipping of skyphot or astropy, or None."""
    if sigma_clip is not None and not hasattr(sigma_clip, "sigma_lower"):
        raise TypeError("sigma_clip must be an astropy SigmaClip instance or None")
    return sigma_clip


class _Base:
    _rms = False

    def __init__(self, sigma_clip: Any = SIGMA_CLIP) -> None:
        self.sigma_clip = check_clip(sigma_clip)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(sigma_clip={self.sigma_clip!r})>"

    def _native(self) -> Native:
        raise NotImplementedError

    def _estimate(self, data: Any, axis: Any, masked: bool) -> Any:
        rows, bad, rest, _ = _rows(data, None, axis)
        clip = _inputs.clip_or_none(self.sigma_clip)
        out = _core.estimate_rows(_inputs.image(rows, mask=bad), clip, self._native(), self._rms).reshape(rest)[()]
        if is_quantity(data):
            return with_unit(out, data.unit)
        if masked and isinstance(out, np.ndarray):
            return np.ma.masked_where(np.isnan(out), out)
        return out


class BackgroundBase(_Base):
    """Base of the estimators of the level; a class of your own defines `calc_background`.

    Parameters
    ----------
    sigma_clip : SigmaClip or None, optional
        Clipping of the values; by default at 3 sigma with at most 10 iterations.
    """

    def __call__(self, data: Any, axis: Any = None, masked: bool = False) -> Any:
        return self.calc_background(data, axis=axis, masked=masked)

    def calc_background(self, data: Any, axis: Any = None, masked: bool = False) -> Any:
        """The background level.

        Parameters
        ----------
        data : array_like
            The values; those that are not finite or masked are left out.
        axis : int or tuple of int, optional
            Axes along which values are taken together; by default all.
        masked : bool, optional
            Whether an array is returned as a masked one.
        """
        return self._estimate(data, axis, masked)


class BackgroundRMSBase(_Base):
    """Base of the estimators of the RMS; a class of your own defines `calc_background_rms`.

    Parameters
    ----------
    sigma_clip : SigmaClip or None, optional
        Clipping of the values; by default at 3 sigma with at most 10 iterations.
    """

    _rms = True

    def __call__(self, data: Any, axis: Any = None, masked: bool = False) -> Any:
        return self.calc_background_rms(data, axis=axis, masked=masked)

    def calc_background_rms(self, data: Any, axis: Any = None, masked: bool = False) -> Any:
        """The RMS of the background; see `BackgroundBase.calc_background` for the parameters."""
        return self._estimate(data, axis, masked)


class MeanBackground(BackgroundBase):
    """The mean of the clipped values."""

    def _native(self) -> Native:
        return "mean", []


class MedianBackground(BackgroundBase):
    """The median of the clipped values."""

    def _native(self) -> Native:
        return "median", []


class ModeEstimatorBackground(BackgroundBase):
    """`median_factor * median - mean_factor * mean` of the clipped values.

    Parameters
    ----------
    median_factor, mean_factor : float, optional
        The factors.
    sigma_clip : SigmaClip or None, optional
        Clipping of the values.
    """

    def __init__(self, median_factor: float = 3.0, mean_factor: float = 2.0, sigma_clip: Any = SIGMA_CLIP) -> None:
        super().__init__(sigma_clip)
        self.median_factor = median_factor
        self.mean_factor = mean_factor

    def _native(self) -> Native:
        return "mode", [float(self.median_factor), float(self.mean_factor)]


class MMMBackground(ModeEstimatorBackground):
    """The mode estimate of DAOPHOT: 3 median - 2 mean of the clipped values."""

    def __init__(self, sigma_clip: Any = SIGMA_CLIP) -> None:
        super().__init__(3.0, 2.0, sigma_clip)


class SExtractorBackground(BackgroundBase):
    """The mode estimate of SExtractor: 2.5 median - 1.5 mean, or the median of skewed values."""

    def _native(self) -> Native:
        return "sextractor", []


class BiweightLocationBackground(BackgroundBase):
    """The biweight location of the clipped values.

    Parameters
    ----------
    c : float, optional
        Tuning constant.
    M : float, optional
        First guess of the location; by default the median.
    sigma_clip : SigmaClip or None, optional
        Clipping of the values.
    """

    def __init__(self, c: float = 6.0, M: float | None = None, sigma_clip: Any = SIGMA_CLIP) -> None:
        super().__init__(sigma_clip)
        self.c = c
        self.M = M

    def _native(self) -> Native:
        return "biweight_location", [float(self.c)] if self.M is None else [float(self.c), float(self.M)]


class StdBackgroundRMS(BackgroundRMSBase):
    """The standard deviation of the clipped values."""

    def _native(self) -> Native:
        return "std", []


class MADStdBackgroundRMS(BackgroundRMSBase):
    """A standard deviation from the median absolute deviation of the clipped values."""

    def _native(self) -> Native:
        return "mad_std", []


class BiweightScaleBackgroundRMS(BackgroundRMSBase):
    """The biweight scale of the clipped values.

    Parameters
    ----------
    c : float, optional
        Tuning constant.
    M : float, optional
        First guess of the location; by default the median.
    sigma_clip : SigmaClip or None, optional
        Clipping of the values.
    """

    def __init__(self, c: float = 9.0, M: float | None = None, sigma_clip: Any = SIGMA_CLIP) -> None:
        super().__init__(sigma_clip)
        self.c = c
        self.M = M

    def _native(self) -> Native:
        return "biweight_scale", [float(self.c)] if self.M is None else [float(self.c), float(self.M)]


def native_estimator(estimator: Any, keep_clip: bool = False) -> Any:
    """A named estimator, or a function of the good values for one of your own.

    The values are clipped before; so that nothing is clipped twice, an estimator of your own is copied without its
    clipping unless `keep_clip`.
    """
    kind = type(estimator)
    named = kind.__module__ == __name__
    if named:
        return estimator._native()
    if not callable(estimator):
        raise TypeError(f"an estimator must be callable, found {kind.__name__}")
    if not keep_clip and hasattr(estimator, "sigma_clip"):
        from copy import copy

        estimator = copy(estimator)
        estimator.sigma_clip = None
    return lambda values: float(estimator(values))
