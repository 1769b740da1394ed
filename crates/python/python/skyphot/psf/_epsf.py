"""ePSFs from stars."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import warn
from skyphot._progress import Progress
from skyphot._table import from_native
from skyphot.background._estimators import SIGMA_CLIP
from skyphot.centroids import centroid_com, centroid_symmetry
from skyphot.psf._epsf_stars import EPSFStar, EPSFStars, LinkedEPSFStar
from skyphot.psf._models import ImagePSF


@dataclass
class EPSFBuildResults:
    """An ePSF with the account of its making; unpacks as `epsf, fitted_stars`.

    Attributes
    ----------
    epsf : ImagePSF
        The ePSF.
    fitted_stars : EPSFStars
        The stars with the places and fluxes fitted last.
    iterations : int
        Number of building iterations.
    converged : bool
        Whether the places settled in the last iteration.
    final_center_accuracy, final_converged_fraction : float
        Largest movement of a star in the last iteration, and the fraction that moved by less than asked for.
    n_excluded_stars : int
        Number of stars that were left out.
    excluded_star_indices : list of int
        Which.
    smoothing_kernel : ndarray or None
        That of the last iteration.
    fit_shape : tuple or None
        The box of the last fits.
    iteration_epsfs : list of ndarray
        The ePSF after every iteration.
    iteration_info : QTable or Columns
        A row for each.
    initial_epsf : ndarray or None
        What the building began with.
    center_asymmetry : ndarray or None
        Offset `(x, y)` of the centre of mass from the centre of symmetry.
    """

    epsf: Any
    fitted_stars: EPSFStars
    iterations: int
    converged: bool
    final_center_accuracy: float
    n_excluded_stars: int
    excluded_star_indices: list[int]
    smoothing_kernel: np.ndarray | None = None
    fit_shape: tuple[int, int] | None = None
    final_converged_fraction: float | None = None
    iteration_epsfs: list[np.ndarray] | None = None
    iteration_info: Any = None
    initial_epsf: np.ndarray | None = None
    center_asymmetry: np.ndarray | None = None

    def __iter__(self) -> Any:
        return iter((self.epsf, self.fitted_stars))

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return (self.epsf, self.fitted_stars)[index]

    def plot_iterations(
        self,
        *,
        iterations: Any = None,
        show_smoothed: bool | None = None,
        figsize: Any = None,
        cmap: Any = "viridis",
        diff_cmap: Any = "RdBu_r",
    ) -> Any:
        """Draws the ePSF after each iteration and its change, as fractions of the last peak.

        Parameters
        ----------
        iterations : int or array_like of int, optional
            Which iterations are drawn, from 1; by default all.
        show_smoothed : bool, optional
            Whether an ePSF whose wings were smoothed in the end has a row of its own; by default where all iterations
            are drawn.
        figsize : (float, float), optional
            Width and height in inches.
        cmap, diff_cmap : str or matplotlib.colors.Colormap, optional
            The colours of the ePSFs and of the changes.

        Returns
        -------
        figure : matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If there are no iterations, or not those asked for.
        """
        import matplotlib.pyplot as plt
        from astropy.visualization import simple_norm

        if not self.iteration_epsfs or self.iteration_info is None:
            raise ValueError("There is no per-iteration history to plot")
        images: list[Any] = [0.0 if self.initial_epsf is None else self.initial_epsf, *self.iteration_epsfs]
        n = len(self.iteration_epsfs)
        asked = np.arange(1, n + 1) if iterations is None else np.atleast_1d(iterations)
        if asked.ndim != 1 or asked.size == 0 or asked.dtype.kind not in "iu":
            raise ValueError("iterations must be an integer or a nonempty 1D array of integers")
        if np.any(asked < 1) or np.any(asked > n):
            raise ValueError(f"iterations must be between 1 and {n}")
        stage, fraction = (list(self.iteration_info[k]) for k in ("stage", "converged_fraction"))
        rows = [
            (f"Iteration {i} ({stage[i - 1]})", images[i], images[i - 1], f"\nconverged fraction {fraction[i - 1]:.2f}")
            for i in asked.tolist()
        ]
        whole = len(set(asked.tolist())) == n if show_smoothed is None else show_smoothed
        if whole and not np.array_equal(self.epsf.data, images[-1]):
            rows.append(("Final ePSF (wings smoothed)", self.epsf.data, images[-1], ""))
        peak, norm = np.max(images[-1]), simple_norm(images[-1], "log", percent=99.0)
        figure, axes = plt.subplots(len(rows), 2, figsize=figsize or (7.0, 2.6 * len(rows)), squeeze=False)
        for (left, right), (title, image, before, note) in zip(axes, rows, strict=True):
            change = (image - before) / peak
            limit = float(np.max(np.abs(change))) or 1.0
            figure.colorbar(left.imshow(image, norm=norm, origin="lower", cmap=cmap), ax=left)
            left.set_title(title)
            shown = right.imshow(change, origin="lower", cmap=diff_cmap, vmin=-limit, vmax=limit)
            figure.colorbar(shown, ax=right)
            right.set_title(f"change / peak (max {limit:.2g}){note}", fontsize=9)
        figure.tight_layout()
        return figure


class EPSFBuilder:
    """Builds an effective PSF from stars (Anderson & King 2000).

    Parameters
    ----------
    oversampling : int or (int, int), optional
        Samples of the ePSF in a pixel, `(y, x)`.
    shape : int or (int, int), optional
        Samples of the ePSF; by default that of the largest cutout.
    smoothing_kernel : {'auto', 'quartic', 'quadratic'}, array_like or None, optional
        The kernel of every iteration.
    alias_passband : 'auto', float or None, optional
        End of the passband of the low-pass filter in cycles per pixel.
    sigma_clip : SigmaClip or None, optional
        Clipping of the residuals; by default 3 sigma and 10 iterations.
    recentering_func : callable, optional
        What the centre is: a function of an array that gives `(x, y)`.
    recentering_boxsize : int or (int, int), optional
        The box in pixels in which it is measured.
    recentering_maxiters : int, optional
        Largest number of steps of that.
    center_accuracy, converged_fraction : float, optional
        The stars have settled if this fraction of them moves by less than this many pixels.
    fitter : object, optional
        Not used: the fit is a bounded Levenberg-Marquardt of this package. An `EPSFFitter` gives its box.
    fit_shape : 'auto', int, (int, int) or None, optional
        The box that is fitted; None is the whole cutout.
    fitter_maxiters : int, optional
        Largest number of evaluations of a fit.
    constrain_fluxes : bool, optional
        Whether linked stars get one flux.
    maxiters, refinement_iters : int, optional
        Largest number of building iterations, and number of refinements after them.
    wing_smoothing : bool, optional
        Whether the wings of the result are smoothed.
    progress_bar : bool, optional
        Whether the iterations are counted on the terminal.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    def __init__(
        self,
        *,
        oversampling: Any = 4,
        shape: Any = None,
        smoothing_kernel: Any = "auto",
        alias_passband: Any = "auto",
        sigma_clip: Any = SIGMA_CLIP,
        recentering_func: Any = centroid_symmetry,
        recentering_boxsize: Any = (5, 5),
        recentering_maxiters: Any = 20,
        center_accuracy: Any = 1.0e-3,
        converged_fraction: float = 0.95,
        fitter: Any = None,
        fit_shape: Any = "auto",
        fitter_maxiters: int | None = 100,
        constrain_fluxes: bool = True,
        maxiters: Any = 10,
        refinement_iters: Any = 5,
        wing_smoothing: bool = True,
        progress_bar: bool = True,
        n_threads: int | None = 1,
    ) -> None:
        self.oversampling = np.array(_inputs.pair(oversampling, "oversampling"))
        if np.any(self.oversampling < 1):
            raise ValueError("oversampling must be > 0")
        if shape is not None:
            given = _inputs.pair(shape, "shape")
            odd = tuple(n + 1 - n % 2 for n in given)
            if odd != given:
                warn(f"The input shape {given} has even values. Using {odd} instead for proper ePSF centering.")
            shape = np.array(odd)
        self.shape = shape
        self.recentering_func = recentering_func
        if isinstance(recentering_maxiters, bool) or not isinstance(recentering_maxiters, numbers.Integral):
            raise TypeError("recentering_maxiters must be a strictly-positive integer")
        if recentering_maxiters <= 0:
            raise ValueError("recentering_maxiters must be a strictly-positive integer")
        self.recentering_maxiters = int(recentering_maxiters)
        self.recentering_boxsize = np.array(_odd(recentering_boxsize, "recentering_boxsize"))
        if isinstance(smoothing_kernel, str) and smoothing_kernel not in ("auto", "quartic", "quadratic"):
            raise ValueError("smoothing_kernel must be 'auto', 'quartic', 'quadratic', a 2D array, or None")
        self.smoothing_kernel = smoothing_kernel
        if not (alias_passband is None or alias_passband == "auto"):
            if isinstance(alias_passband, bool) or not isinstance(alias_passband, (str, numbers.Real)):
                raise TypeError("alias_passband must be 'auto', a number between 0 and 1 (exclusive), or None")
            if isinstance(alias_passband, str) or not 0.0 < float(alias_passband) < 1.0:
                raise ValueError("alias_passband must be 'auto', a number between 0 and 1 (exclusive), or None")
        self.alias_passband = alias_passband
        if isinstance(fitter, EPSFFitter):
            fit_shape, fitter_maxiters = fitter.fit_boxsize, None
        if isinstance(fit_shape, str):
            if fit_shape != "auto":
                raise ValueError("fit_shape must be 'auto', an integer, a tuple of integers, or None")
        elif fit_shape is not None:
            fit_shape = np.array(_odd(fit_shape, "fit_shape"))
        self.fitter, self.fit_shape, self.fitter_maxiters = fitter, fit_shape, fitter_maxiters
        for name, flag in (("constrain_fluxes", constrain_fluxes), ("wing_smoothing", wing_smoothing)):
            if not isinstance(flag, (bool, np.bool_)):
                raise TypeError(f"{name} must be a bool")
        self.constrain_fluxes, self.wing_smoothing = bool(constrain_fluxes), bool(wing_smoothing)
        if not (isinstance(center_accuracy, numbers.Real) and float(center_accuracy) > 0):
            raise ValueError("center_accuracy must be a positive number")
        if not 0 < converged_fraction <= 1:
            raise ValueError("converged_fraction must be in the range (0, 1]")
        if isinstance(maxiters, bool) or not isinstance(maxiters, numbers.Integral):
            raise TypeError("maxiters must be a strictly-positive integer")
        if maxiters <= 0:
            raise ValueError("maxiters must be a positive number")
        if isinstance(refinement_iters, bool) or not isinstance(refinement_iters, numbers.Integral):
            raise TypeError("refinement_iters must be a nonnegative integer")
        if refinement_iters < 0:
            raise ValueError("refinement_iters must be a nonnegative integer")
        self.center_accuracy, self.converged_fraction = float(center_accuracy), float(converged_fraction)
        self.maxiters, self.refinement_iters = int(maxiters), int(refinement_iters)
        self._sigma_clip = sigma_clip
        self.progress_bar, self.n_threads = progress_bar, _inputs.threads(n_threads)

    def _options(self) -> dict[str, Any]:
        f = self.recentering_func
        method: Any = None
        name = getattr(f, "__name__", "")
        if f in (centroid_symmetry, centroid_com) or getattr(f, "__module__", "").startswith("photutils.centroids"):
            method = {"centroid_symmetry": ("symmetry", []), "centroid_com": ("com", [])}.get(name)
        if method is None:

            def measured(box: np.ndarray) -> tuple[float, float]:
                x, y = f(box, mask=np.zeros(box.shape, bool))
                return float(x), float(y)

            method = measured
        smoothing = self.smoothing_kernel
        if smoothing is not None and not isinstance(smoothing, str):
            smoothing = _inputs.float64_plane(smoothing, "smoothing_kernel")
        passband = self.alias_passband
        return {
            "oversampling": _ints(self.oversampling),
            "shape": None if self.shape is None else _ints(self.shape),
            "smoothing": smoothing,
            "alias_passband": None if passband is None else float("nan" if passband == "auto" else passband),
            "sigma_clip": _inputs.clip_or_none(self._sigma_clip),
            "recentering": method,
            "recentering_box": _ints(self.recentering_boxsize),
            "recentering_max_iters": self.recentering_maxiters,
            "center_accuracy": self.center_accuracy,
            "converged_fraction": self.converged_fraction,
            "fit_shape": None if self.fit_shape is None else _auto(self.fit_shape),
            "max_evaluations": 100 if self.fitter_maxiters is None else int(self.fitter_maxiters),
            "constrain_fluxes": self.constrain_fluxes,
            "max_iters": self.maxiters,
            "refinement_iters": self.refinement_iters,
            "wing_smoothing": self.wing_smoothing,
            "n_threads": self.n_threads,
        }

    def __call__(self, stars: EPSFStars) -> EPSFBuildResults:
        """As `build_epsf`."""
        return self.build_epsf(stars)

    def build_epsf(self, stars: EPSFStars, *, epsf: Any = None) -> EPSFBuildResults:
        """Builds the ePSF.

        Parameters
        ----------
        stars : EPSFStars
            The stars.
        epsf : ImagePSF, optional
            An ePSF to begin with.
        """
        if not isinstance(stars, EPSFStars):
            raise TypeError("stars must be an EPSFStars object")
        if epsf is not None and not np.array_equal(epsf.oversampling, self.oversampling):
            raise ValueError(
                f"The input epsf oversampling {_ints(epsf.oversampling)} does not match the builder oversampling "
                f"{_ints(self.oversampling)}"
            )
        described, kept = stars._native()
        if not described:
            raise ValueError("EPSFStars object must contain at least one star for ePSF building")
        with Progress(self.maxiters + self.refinement_iters, self.progress_bar, "EPSFBuilder") as progress:
            found = _core.build_epsf(
                described, None if epsf is None else epsf._native(), self._options(), progress.to
            )
        fitted = stars._moved(kept, found["stars"])
        excluded = [i for i, s in enumerate(fitted.all_stars) if s._excluded_from_fit]
        asymmetry = found["center_asymmetry"]
        return EPSFBuildResults(
            epsf=ImagePSF(found["epsf"], oversampling=_ints(self.oversampling)),
            fitted_stars=fitted,
            iterations=found["iterations"],
            converged=found["converged"],
            final_center_accuracy=found["final_center_accuracy"],
            n_excluded_stars=len(excluded),
            excluded_star_indices=excluded,
            smoothing_kernel=found["smoothing_kernel"],
            fit_shape=None if found["fit_shape"] is None else tuple(found["fit_shape"]),
            final_converged_fraction=found["final_converged_fraction"],
            iteration_epsfs=found["iteration_epsfs"],
            iteration_info=from_native(found["iteration_info"], units=False),
            initial_epsf=found["initial_epsf"],
            center_asymmetry=None if asymmetry is None else np.array(asymmetry),
        )


class EPSFFitter:
    """Fits an ePSF to stars.

    Parameters
    ----------
    fitter : object, optional
        Not used: the fit is a bounded Levenberg-Marquardt of this package.
    fit_boxsize : int, (int, int) or None, optional
        The box that is fitted; None is the whole cutout.
    **fitter_kwargs
        `maxiter`, the largest number of evaluations.
    """

    def __init__(self, *, fitter: Any = None, fit_boxsize: Any = 5, **fitter_kwargs: Any) -> None:
        self.fitter = fitter
        self.fit_boxsize = None if fit_boxsize is None else np.array(_odd(fit_boxsize, "fit_boxsize"))
        self.fitter_kwargs = {k: v for k, v in fitter_kwargs.items() if k not in ("x", "y", "z", "weights")}

    def __call__(self, epsf: Any, stars: EPSFStars) -> EPSFStars:
        """The stars with their fitted places and fluxes."""
        if len(stars) == 0:
            return stars
        if not isinstance(epsf, ImagePSF):
            raise TypeError("The input epsf must be an ImagePSF")
        if not all(isinstance(s, (EPSFStar, LinkedEPSFStar)) for s in stars):
            raise TypeError("stars must contain only EPSFStar and/or LinkedEPSFStar objects")
        described, kept = stars._native()
        box = None if self.fit_boxsize is None else _ints(self.fit_boxsize)
        return stars._moved(
            kept, _core.fit_epsf_stars(described, epsf._native(), box, int(self.fitter_kwargs.get("maxiter", 100)))
        )


def _ints(pair: Any) -> tuple[int, int]:
    return int(pair[0]), int(pair[1])


def _auto(shape: Any) -> tuple[int, int]:
    return (0, 0) if isinstance(shape, str) else _ints(shape)


def _odd(value: Any, name: str) -> tuple[int, int]:
    pair = _inputs.pair(value, name)
    if any(n % 2 == 0 for n in pair):
        raise ValueError(f"{name} must have an odd value for both axes")
    if min(pair) < 3:
        raise ValueError(f"{name} must be >= 3")
    return pair
