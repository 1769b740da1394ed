"""PSF photometry."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, is_quantity, strip_units, unpack_nddata, warn, with_unit
from skyphot._progress import Progress
from skyphot._table import from_native, new_table, with_units
from skyphot.background import LocalBackground
from skyphot.background._estimators import native_estimator
from skyphot.psf._flags import PSF_FLAGS, decode_psf_flags
from skyphot.psf._models import PSFModel, main_names, native_model, shape_names

_ALIASES = {
    "x": ("x_init", "xinit", "x", "x_0", "x0", "xcentroid", "x_centroid", "x_peak", "xcen", "x_cen", "xpos", "x_pos",
          "x_fit", "xfit"),
    "y": ("y_init", "yinit", "y", "y_0", "y0", "ycentroid", "y_centroid", "y_peak", "ycen", "y_cen", "ypos", "y_pos",
          "y_fit", "yfit"),
    "flux": ("flux_init", "fluxinit", "flux", "flux_0", "flux0", "flux_fit", "fluxfit", "source_sum", "segment_flux",
             "kron_flux"),
}  # fmt: skip


class SourceGroups:
    """Groups of sources that are close to each other.

    Parameters
    ----------
    x, y : array_like
        The positions.
    groups : array_like of int
        The group of each position.
    """

    def __init__(self, x: Any, y: Any, groups: Any) -> None:
        self.x, self.y, self.groups = np.atleast_1d(x), np.atleast_1d(y), np.atleast_1d(groups)

    @property
    def n_sources(self) -> int:
        """Number of positions."""
        return len(self.groups)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(np.unique(self.groups))

    @property
    def sizes(self) -> np.ndarray:
        """The size of the group of each position."""
        _, inverse, counts = np.unique(self.groups, return_inverse=True, return_counts=True)
        return counts[inverse]

    @property
    def size_map(self) -> dict[int, int]:
        """The size of each group."""
        return {int(g): int(n) for g, n in zip(*np.unique(self.groups, return_counts=True), strict=True)}

    def get_group_sources(self, group_id: int) -> tuple[np.ndarray, np.ndarray]:
        """The positions of a group."""
        if group_id not in self.groups:
            raise ValueError(f"Group ID {group_id} not found in groups")
        own = self.groups == group_id
        return self.x[own], self.y[own]

    @property
    def group_centers(self) -> dict[int, tuple[float, float]]:
        """The mean `(x, y)` of each group."""
        out = {}
        for group in self.size_map:
            x, y = self.get_group_sources(group)
            out[group] = (float(np.mean(x)), float(np.mean(y)))
        return out

    def plot(
        self,
        radius: float,
        *,
        ax: Any = None,
        cmap: Any = None,
        seed: int = 0,
        label_groups: bool = False,
        label_kwargs: dict[str, Any] | None = None,
        label_offset: tuple[float, float] = (0, 0),
        **kwargs: Any,
    ) -> Any:
        """Draws a circle around each source, of one colour for each group, and returns the axes.

        Parameters
        ----------
        radius : float
            The radius of the circles in pixels.
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default the current axes.
        cmap : matplotlib.colors.Colormap or str, optional
            The colours; by default random ones.
        seed : int, optional
            The seed of random colours.
        label_groups : bool, optional
            Whether the number of each group is written at its centre.
        label_kwargs : dict, optional
            Whatever `Axes.text` takes.
        label_offset : (float, float), optional
            Where the numbers are, from the centre.
        **kwargs : dict, optional
            Whatever `CircularAperture.plot` takes.
        """
        import matplotlib.pyplot as plt
        from matplotlib import colormaps

        from skyphot.aperture import CircularAperture
        from skyphot.utils import make_random_cmap

        axes = plt.gca() if ax is None else ax
        centers = self.group_centers
        n = len(centers)
        if cmap is None:
            cmap = make_random_cmap(n, seed=seed)
        elif isinstance(cmap, str):
            cmap = colormaps[cmap]
        own_color = kwargs.pop("color", None)
        text = {"ha": "center", "va": "center", "zorder": 10, **(label_kwargs or {})}
        for i, (group, (x, y)) in enumerate(centers.items()):
            color = cmap(i / max(n - 1, 1)) if own_color is None else own_color
            at = np.transpose(self.get_group_sources(group))
            CircularAperture(at, r=radius).plot(ax=axes, color=color, **kwargs)
            if label_groups:
                axes.text(x + label_offset[0], y + label_offset[1], f"{group}", color=color, **text)
        return axes


class SourceGrouper:
    """Groups sources that are closer than a distance to another of the group.

    Parameters
    ----------
    min_separation : float
        The distance in pixels.
    """

    def __init__(self, min_separation: float) -> None:
        if min_separation <= 0:
            raise ValueError("min_separation must be > 0")
        self.min_separation = min_separation

    def __repr__(self) -> str:
        return f"<SourceGrouper(min_separation={self.min_separation})>"

    def __call__(self, x: Any, y: Any, *, return_groups_object: bool = False) -> Any:
        """The group of each position, from 1."""
        xy = _inputs.positions(np.column_stack((np.atleast_1d(x), np.atleast_1d(y))))
        if len(xy) == 0:
            raise ValueError("x and y must not be empty")
        groups = np.asarray(_core.group_sources(xy, float(self.min_separation)))
        return SourceGroups(x, y, groups) if return_groups_object else groups


class PSFPhotometry:
    """Fluxes and positions by fits of a PSF.

    Parameters
    ----------
    psf_model : model
        One of `skyphot.psf`, or an astropy model with the parameters `flux`, `x_0` and `y_0` (or of other names, see
        `make_psf_model`). Positions or fluxes that are fixed stay fixed; other parameters that are not fixed are fitted,
        too, within their bounds.
    fit_shape : int or (int, int)
        The odd box `(ny, nx)` that is fitted.
    finder : callable, optional
        A star finder, for calls without initial parameters.
    grouper : callable, optional
        `SourceGrouper`.
    fitter : object, optional
        Not used: the fit is a bounded Levenberg-Marquardt of this package.
    fitter_maxiters : int, optional
        Largest number of evaluations of a fit.
    xy_bounds : float or (float, float), optional
        How far from its initial position a source may move.
    aperture_radius : float, optional
        Radius of the aperture for initial fluxes.
    local_bkg_estimator : LocalBackground, optional
        The background around each source.
    group_warning_threshold : int, optional
        Size of a group above which there is a flag.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    progress_bar : bool, optional
        Whether the fits are counted on the terminal.
    """

    def __init__(
        self,
        psf_model: Any,
        fit_shape: Any,
        *,
        finder: Any = None,
        grouper: Any = None,
        fitter: Any = None,
        fitter_maxiters: Any = 100,
        xy_bounds: Any = None,
        aperture_radius: Any = None,
        local_bkg_estimator: Any = None,
        group_warning_threshold: int = 25,
        n_threads: int | None = 1,
        progress_bar: bool = False,
    ) -> None:
        native_model(psf_model)
        self.psf_model = psf_model
        self.fit_shape = _inputs.pair(fit_shape, "fit_shape")
        if any(n % 2 == 0 for n in self.fit_shape):
            raise ValueError("fit_shape must have an odd value for both axes")
        for name, value in (("finder", finder), ("grouper", grouper)):
            if value is not None and not callable(value):
                raise TypeError(f"{name!r} must be a callable object")
        if aperture_radius is not None and not (np.ndim(aperture_radius) == 0 and 0 < aperture_radius < np.inf):
            raise ValueError("aperture_radius must be a strictly-positive scalar")
        if local_bkg_estimator is not None and not isinstance(local_bkg_estimator, LocalBackground):
            raise ValueError("local_bkg_estimator must be a LocalBackground instance")
        if np.ndim(fitter_maxiters) != 0 or fitter_maxiters <= 0 or int(fitter_maxiters) != fitter_maxiters:
            raise ValueError("fitter_maxiters must be a strictly-positive integer")
        self.finder, self.grouper, self.fitter, self.fitter_maxiters = finder, grouper, fitter, fitter_maxiters
        self.xy_bounds = _bounds(xy_bounds)
        self.aperture_radius, self.local_bkg_estimator = aperture_radius, local_bkg_estimator
        self.group_warning_threshold = group_warning_threshold
        self.n_threads = _inputs.threads(n_threads)
        self.progress_bar = progress_bar
        self.results: Any = None
        self._init_params: Any = None
        self.finder_results: Any = None
        self._fitted: Any = None
        self._warns = True

    def _start(self, init_params: Any, unit: Any) -> dict[str, Any]:
        names = list(getattr(init_params, "colnames", init_params))
        x_name, y_name, flux_name = main_names(self.psf_model)

        def find(aliases: tuple[str, ...]) -> Any:
            return next((init_params[n] for n in aliases if n in names), None)

        def named(name: str) -> tuple[str, ...]:
            return f"{name}_init", name, f"{name}_fit"

        x, y = find((*_ALIASES["x"], *named(x_name))), find((*_ALIASES["y"], *named(y_name)))
        flux = find((*_ALIASES["flux"], *named(flux_name)))
        if x is None or y is None:
            raise ValueError("init_params must contain valid column names for the x and y source positions")
        if len(x) == 0:
            raise ValueError("init_params must contain at least one row")
        given: dict[str, Any] = {"flux": None, "local_bkg": None, "id": None, "group_id": None, "shape": []}
        for key, value in (("flux", flux), ("local_bkg", init_params["local_bkg"] if "local_bkg" in names else None)):
            if value is None:
                continue
            if not is_quantity(value) and getattr(value, "unit", None) is not None:
                value = with_unit(np.asarray(value), value.unit)  # a column of a table with a unit
            if is_quantity(value) != (unit is not None):
                raise ValueError(f"init_params {key} column must have the same units as the data")
            given[key] = _inputs.vector(value.to(unit) if unit is not None else value).tolist()
        for key in ("id", "group_id"):
            if key in names:
                given[key] = [int(v) for v in init_params[key]]
        if given["id"] is not None and len(set(given["id"])) != len(given["id"]):
            raise ValueError("init_params id column must contain unique values")
        for name in shape_names(self.psf_model):
            value = find(named(name))
            if value is not None:
                given["shape"].append((name, _inputs.vector(value).tolist()))
        given["positions"] = _inputs.positions(np.column_stack((_inputs.vector(x), _inputs.vector(y))))
        return given

    def _options(self, separation: float | None, progress: Progress) -> dict[str, Any]:
        model = self.psf_model
        x_name, y_name, flux_name = main_names(model)
        others = shape_names(model)
        fixed = getattr(model, "fixed", {})
        limits = []
        for name, (low, high) in getattr(model, "bounds", {}).items():
            if isinstance(model, PSFModel) and (low, high) == getattr(type(model), name).bounds:
                continue
            if (name in others or name == flux_name) and (low is not None or high is not None):
                own = "flux" if name == flux_name else name
                limits.append((own, (-np.inf if low is None else float(low), np.inf if high is None else float(high))))
        local = None
        if self.local_bkg_estimator is not None:
            ring = self.local_bkg_estimator
            estimator = native_estimator(ring.bkg_estimator, keep_clip=True)
            clip = None if callable(estimator) else _inputs.clip_or_none(ring.bkg_estimator.sigma_clip)
            local = (float(ring.inner_radius), float(ring.outer_radius), estimator, clip)
        return {
            "fit_shape": self.fit_shape,
            "fixed": (
                bool(fixed.get(x_name, False) and fixed.get(y_name, False)),
                bool(fixed.get(flux_name, False)),
            ),
            "free_shape": [n for n in others if not fixed.get(n, isinstance(model, PSFModel))],
            "bounds": limits,
            "max_evaluations": int(self.fitter_maxiters),
            "xy_bounds": self.xy_bounds,
            "aperture_radius": None if self.aperture_radius is None else float(self.aperture_radius),
            "min_separation": separation,
            "local": local,
            "group_warning_threshold": int(self.group_warning_threshold),
            "n_threads": self.n_threads,
            "progress": progress.to if self.progress_bar else None,
        }

    def __call__(self, data: Any, *, mask: Any = None, error: Any = None, init_params: Any = None) -> Any:
        """Fits the sources of an image.

        Parameters
        ----------
        data : array_like, Quantity or NDData
            The image, the background subtracted.
        mask : array_like of bool, optional
            True where a pixel is bad.
        error : array_like or Quantity, optional
            The 1-sigma total error of each pixel.
        init_params : table, optional
            Initial positions (`x`, `y`) and, if known, `flux`, `local_bkg`, `id` and `group_id`.

        Returns
        -------
        table : QTable, Columns or None
            One row for each source; None if the finder found none.
        """
        if is_nddata(data):
            data, error, mask, _ = unpack_nddata(data, error, mask, None)
        if init_params is None:
            if self.finder is None:
                raise ValueError("finder must be defined if init_params is not input")
            init_params = self.finder_results = self.finder(data, mask=mask)
            if init_params is None:
                return None
            init_params = _found_positions(init_params)
        (values, errors), unit = strip_units((data, error), ("data", "error"))
        given = self._start(init_params, unit)
        if given["flux"] is None and self.aperture_radius is None:
            raise ValueError("aperture_radius must be defined if a flux column is not in init_params")
        separation = None
        if self.grouper is not None and given["group_id"] is None:
            if isinstance(self.grouper, SourceGrouper):
                separation = float(self.grouper.min_separation)
            else:
                xy = given["positions"]
                given["group_id"] = [int(g) for g in self.grouper(xy[:, 0], xy[:, 1])]
        with Progress(None, self.progress_bar, "Fit source/group") as progress:
            options = self._options(separation, progress)
            fitted = _core.psf_photometry(
                _inputs.image(values, errors, mask), native_model(self.psf_model), given, options
            )
        return self._finish(fitted, unit)

    def _finish(self, fitted: Any, unit: Any) -> Any:
        self._fitted, self._unit = fitted, unit
        table = _table(fitted, unit)
        self.results = table
        if self._warns and np.any(np.asarray(table["flags"]) & PSF_FLAGS["no_convergence"]):
            warn(
                'One or more fit(s) may not have converged. Please check the "flags" column in the output table.', 4
            )
        self._init_params = None
        return table

    @property
    def init_params(self) -> Any:
        """The parameters that the last fit began with; None before."""
        if self._init_params is None and self.results is not None and self._fitted is not None:
            self._init_params = new_table()
            for name in self.results.colnames:
                if name in ("id", "group_id", "local_bkg") or name.endswith("_init"):
                    self._init_params[name] = self.results[name]
        return self._init_params

    @property
    def fit_info(self) -> list[dict[str, Any]]:
        """What the fit knows of each source: `param_cov`, the covariance of its free parameters."""
        if self._fitted is None:
            return []
        out = []
        for values in self._fitted.covariances():
            n = int(np.sqrt(len(values)))
            out.append({"param_cov": np.reshape(values, (n, n))} if n else {})
        return out

    def _subset(self, rename: Any, remove_invalid: bool, reset_ids: bool) -> Any:
        if self.results is None:
            return None
        table, keep = new_table(), np.ones(len(self.results["id"]), bool)
        names = [n for n in self.results.colnames if n == "id" or (n.endswith("_fit") and n != "n_pixels_fit")]
        if remove_invalid:
            for name in names:
                keep &= np.isfinite(np.asarray(self.results[name]))
        for name in names:
            table[rename(name)] = self.results[name][keep]
        if remove_invalid and reset_ids:
            table["id"] = np.arange(1, int(keep.sum()) + 1)
        return table

    def results_to_init_params(self, *, remove_invalid: bool = True, reset_ids: bool = True) -> Any:
        """The fitted values as initial parameters of another fit.

        Parameters
        ----------
        remove_invalid : bool, optional
            Whether sources without finite values are left out.
        reset_ids : bool, optional
            Whether sources are numbered anew from 1 then.

        Returns
        -------
        table : QTable, Columns or None
            The columns `id`, `x_init`, `y_init`, `flux_init` and those of free shape parameters; None before a fit.
        """
        return self._subset(lambda n: n.replace("_fit", "_init"), remove_invalid, reset_ids)

    def results_to_model_params(self, *, remove_invalid: bool = True, reset_ids: bool = True) -> Any:
        """The fitted values under the names of the model's parameters; see `results_to_init_params`."""
        names = dict(zip(("x", "y", "flux"), main_names(self.psf_model), strict=True))
        return self._subset(lambda n: names.get(n.replace("_fit", ""), n.replace("_fit", "")), remove_invalid, reset_ids)

    @property
    def fit_params(self) -> Any:
        """The fitted values and their errors; None before a fit."""
        if self.results is None:
            return None
        table = new_table()
        for name in self.results.colnames:
            if name == "id" or name.endswith("_err") or (name.endswith("_fit") and name != "n_pixels_fit"):
                table[name] = self.results[name]
        return table

    def _done(self) -> Any:
        if self._fitted is None:
            raise ValueError("No results available. Please run the PSFPhotometry instance first.")
        return self._fitted

    def make_model_image(
        self, shape: tuple[int, int], *, psf_shape: Any = None, include_local_bkg: bool = False
    ) -> Any:
        """An image of the fitted sources."""
        box = None if psf_shape is None else _inputs.pair(psf_shape, "psf_shape")
        out = self._done().model_image((int(shape[0]), int(shape[1])), box, bool(include_local_bkg))
        return with_unit(np.asarray(out), self._unit)

    def make_residual_image(self, data: Any, *, psf_shape: Any = None, include_local_bkg: bool = False) -> Any:
        """The image less the fitted sources."""
        if is_nddata(data):
            data = unpack_nddata(data, None, None, None)[0]
        box = None if psf_shape is None else _inputs.pair(psf_shape, "psf_shape")
        out = self._done().residual_image(_inputs.image(data), box, bool(include_local_bkg))
        return with_unit(np.asarray(out), data.unit if is_quantity(data) else None)

    def decode_flags(self, return_bit_values: bool = False) -> Any:
        """The flags of each source as names or bit values: a dictionary by the numbers of the sources."""
        self._done()
        decoded = decode_psf_flags(np.asarray(self.results["flags"]), return_bit_values=return_bit_values)
        return {int(i): flags for i, flags in zip(self.results["id"], decoded, strict=True)}


def _found_positions(found: Any) -> Any:
    """What a finder found, as initial positions."""
    names = list(getattr(found, "colnames", found))
    table = new_table()
    for key in ("x", "y"):
        column = next((n for n in _ALIASES[key] if n in names), None)
        if column is None:
            raise ValueError("The finder must return a table with columns for the x and y source positions")
        table[f"{key}_init"] = np.asarray(found[column])
    return table


def _bounds(xy_bounds: Any) -> tuple[float | None, float | None]:
    if xy_bounds is None:
        return None, None
    pair = [xy_bounds] if np.ndim(xy_bounds) == 0 else list(xy_bounds)
    if len(pair) not in (1, 2):
        raise ValueError("xy_bounds must have 1 or 2 elements")
    pair = pair * 2 if len(pair) == 1 else pair
    for v in pair:
        if v is not None and not v > 0:
            raise ValueError("xy_bounds must be strictly positive")
        if v is not None and not np.isfinite(v):
            raise ValueError("xy_bounds must be finite")
    return pair[0], pair[1]


def fit_2dgaussian(
    data: Any,
    *,
    xypos: Any = None,
    fwhm: float | None = None,
    fix_fwhm: bool = True,
    fit_shape: Any = None,
    mask: Any = None,
    error: Any = None,
    n_threads: int | None = 1,
) -> Any:
    """Fits circular Gaussians, integrated over the pixels.

    Parameters
    ----------
    data : array_like or Quantity
        The image, the background subtracted.
    xypos : array_like, optional
        Positions; by default the centre of mass of the image.
    fwhm : float, optional
        Initial full width at half maximum.
    fix_fwhm : bool, optional
        Whether it stays as it is.
    fit_shape : int or (int, int), optional
        The odd box that is fitted; by default the image.
    mask : array_like of bool, optional
        True where a pixel is bad.
    error : array_like, optional
        The 1-sigma total error of each pixel.
    n_threads : int or None, optional
        Number of threads; None takes all cores.

    Returns
    -------
    result : PSFPhotometry
        With `results` and `make_model_image`.
    """
    (values, errors), unit = strip_units((data, error), ("data", "error"))
    shape = None if fit_shape is None else _inputs.pair(fit_shape, "fit_shape")
    from skyphot.psf._models import CircularGaussianPRF

    out = PSFPhotometry(CircularGaussianPRF(fwhm=fwhm or 1.0), shape or (3, 3))
    out._fitted = _core.fit_2dgaussian(
        _inputs.image(values, errors, mask),
        None if xypos is None else _inputs.positions(xypos),
        None if fwhm is None else float(fwhm),
        bool(fix_fwhm),
        shape,
        _inputs.threads(n_threads),
    )
    out.results = _table(out._fitted, unit)
    out._unit = unit
    return out


def _table(fitted: Any, unit: Any) -> Any:
    """What was fitted, the fluxes in the unit of the data."""
    names = "local_bkg", "flux_init", "flux_fit", "flux_err"
    return from_native(with_units(fitted.columns(), dict.fromkeys(names, unit)))


def fit_fwhm(
    data: Any,
    *,
    xypos: Any = None,
    fwhm: float | None = None,
    fit_shape: Any = None,
    mask: Any = None,
    error: Any = None,
    n_threads: int | None = 1,
) -> np.ndarray:
    """The FWHM of stars by fits of circular Gaussians; see `fit_2dgaussian`."""
    found = fit_2dgaussian(
        data, xypos=xypos, fwhm=fwhm, fix_fwhm=False, fit_shape=fit_shape, mask=mask, error=error, n_threads=n_threads
    )
    return np.asarray(found.results["fwhm_fit"])
