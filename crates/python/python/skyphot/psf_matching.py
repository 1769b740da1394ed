"""Kernels that turn one PSF into another."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs

__all__ = [
    "CosineBellWindow",
    "HanningWindow",
    "SplitCosineBellWindow",
    "TopHatWindow",
    "TukeyWindow",
    "create_matching_kernel",
    "make_kernel",
    "make_wiener_kernel",
    "resize_psf",
]

Native = tuple[str, list[float]]


class SplitCosineBellWindow:
    """A window that is 1 within `beta`, 0 beyond `alpha + beta` and a cosine between.

    Parameters
    ----------
    alpha, beta : float
        Fractions of half the size.
    """

    _name = "split_cosine_bell"

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = alpha, beta
        self._check()

    def _numbers(self) -> list[float]:
        return [float(self.alpha), float(self.beta)]

    def _native(self) -> Native:
        return self._name, self._numbers()

    def _check(self) -> None:
        _core.window_array(self._native(), (1, 1))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({', '.join(map(str, self._numbers()))})>"

    def __call__(self, shape: tuple[int, int]) -> np.ndarray:
        """The window of a shape."""
        if len(shape) != 2:
            raise ValueError("shape must have only 2 elements")
        return np.asarray(_core.window_array(self._native(), (int(shape[0]), int(shape[1]))))


class HanningWindow(SplitCosineBellWindow):
    """A cosine from the centre to the edge."""

    _name = "hanning"

    def __init__(self) -> None:
        super().__init__(1.0, 0.0)


class TukeyWindow(SplitCosineBellWindow):
    """A window whose outer fraction `alpha` is a cosine."""

    _name = "tukey"

    def __init__(self, alpha: float) -> None:
        super().__init__(alpha, 1.0 - alpha)

    def _numbers(self) -> list[float]:
        return [float(self.alpha)]


class CosineBellWindow(SplitCosineBellWindow):
    """A cosine from the centre to `alpha`."""

    _name = "cosine_bell"

    def __init__(self, alpha: float) -> None:
        super().__init__(alpha, 0.0)

    def _numbers(self) -> list[float]:
        return [float(self.alpha)]


class TopHatWindow(SplitCosineBellWindow):
    """A window that is 1 within `beta`, else 0."""

    _name = "top_hat"

    def __init__(self, beta: float) -> None:
        super().__init__(0.0, beta)

    def _numbers(self) -> list[float]:
        return [float(self.beta)]


def _window(window: Any, shape: tuple[int, int]) -> Any:
    """A window as the native module takes it: its name and numbers, or the array that a function makes."""
    if window is None:
        return None
    if isinstance(window, SplitCosineBellWindow):
        return window._native()
    if not callable(window):
        raise TypeError("window must be a callable")
    values = np.asarray(window(shape))
    if values.ndim != 2:
        raise ValueError(f"window function must return a 2D array, got {values.ndim}D.")
    if values.shape != shape:
        raise ValueError(f"window function must return an array with shape {shape}, got {values.shape}.")
    if not np.all((values >= 0) & (values <= 1)):
        raise ValueError("window function values must be in the range [0, 1].")
    return _inputs.float64_plane(values, "window")


def _penalty(penalty: Any) -> Any:
    """A penalty as the native module takes it."""
    if penalty is None:
        return None
    if isinstance(penalty, str):
        if penalty not in ("laplacian", "biharmonic"):
            raise ValueError(f"penalty must be None, 'laplacian', 'biharmonic' or a 2D array, found {penalty!r}")
        return penalty, []
    return _inputs.float64_plane(penalty, "penalty")


def _kernel(
    source_psf: Any, target_psf: Any, regularization: float, window: Any, penalty: Any, wiener: bool
) -> np.ndarray:
    source, target = (_inputs.float64_plane(p, n) for p, n in ((source_psf, "source_psf"), (target_psf, "target_psf")))
    if source.shape != target.shape:
        raise ValueError(
            "source_psf and target_psf must have the same shape (i.e., registered with the same pixel scale)."
        )
    native = _window(window, (source.shape[0], source.shape[1]))
    return np.asarray(_core.matching_kernel(source, target, float(regularization), native, _penalty(penalty), wiener))


def make_kernel(source_psf: Any, target_psf: Any, *, regularization: float = 1e-4, window: Any = None) -> np.ndarray:
    """The kernel that turns `source_psf` into `target_psf`, by a ratio of Fourier transforms.

    Parameters
    ----------
    source_psf, target_psf : array_like
        The PSFs on the same pixels.
    regularization : float, optional
        Frequencies with less than this fraction of the peak power are left out.
    window : callable, optional
        A window of this module, or any function of the shape that returns an array of it with values from 0 to 1, over
        the frequencies with 0 in the middle.
    """
    return _kernel(source_psf, target_psf, regularization, window, None, False)


create_matching_kernel = make_kernel


def make_wiener_kernel(
    source_psf: Any, target_psf: Any, *, regularization: float = 1e-4, penalty: Any = None, window: Any = None
) -> np.ndarray:
    """As `make_kernel`, by a regularised Wiener filter.

    Parameters
    ----------
    source_psf, target_psf : array_like
        The PSFs on the same pixels.
    regularization : float, optional
        The weight of the penalty; without one, a fraction of the peak power of the source.
    penalty : {'laplacian', 'biharmonic'} or array_like, optional
        The operator whose power is kept small; by default the kernel itself.
    window : callable, optional
        As that of `make_kernel`.

    References
    ----------
    Boucaud et al. 2016, A&A 596, A63
    """
    return _kernel(source_psf, target_psf, regularization, window, penalty, True)


def resize_psf(psf: Any, input_pixel_scale: float, output_pixel_scale: float, *, order: int = 3) -> np.ndarray:
    """A PSF on pixels of another scale, by splines.

    Parameters
    ----------
    psf : array_like
        The PSF.
    input_pixel_scale, output_pixel_scale : float
        The scales, in the same unit.
    order : int, optional
        Order of the spline, 0 to 5.
    """
    plane = _inputs.float64_plane(psf, "psf")
    return np.asarray(_core.resized_psf(plane, float(input_pixel_scale), float(output_pixel_scale), int(order)))
