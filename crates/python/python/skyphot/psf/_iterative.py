"""Finding and fitting again in what the last fit left."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, strip_units, unpack_nddata, with_unit
from skyphot._progress import Progress
from skyphot._table import new_table
from skyphot.psf._models import native_model
from skyphot.psf._photometry import PSFPhotometry, SourceGrouper, _found_positions


class IterativePSFPhotometry:
    """Photometry in passes: sources are found and fitted, subtracted, and what they hid is found and fitted.

    Parameters
    ----------
    psf_model : model
        See `PSFPhotometry`.
    fit_shape : int or (int, int)
        The odd box `(ny, nx)` that is fitted.
    finder : callable
        A star finder, `finder(data, mask=mask)`.
    grouper : SourceGrouper, optional
        Which sources are fitted together; needed for `mode="all"`.
    fitter, fitter_maxiters, xy_bounds : optional
        See `PSFPhotometry`.
    maxiters : int, optional
        Largest number of passes.
    mode : {'new', 'all'}, optional
        Whether later passes fit the new sources on what is left, or all sources on the image.
    aperture_radius : float
        Radius of the aperture for initial fluxes.
    local_bkg_estimator : LocalBackground, optional
        The background around each source.
    group_warning_threshold : int, optional
        Size of a group above which there is a flag.
    sub_shape : int or (int, int), optional
        The box on which sources are subtracted; by default the bounding box of the model.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    progress_bar : bool, optional
        Whether the fits are counted on the terminal.
    """

    def __init__(
        self,
        psf_model: Any,
        fit_shape: Any,
        finder: Any,
        *,
        grouper: Any = None,
        fitter: Any = None,
        fitter_maxiters: Any = 100,
        xy_bounds: Any = None,
        maxiters: int = 3,
        mode: str = "new",
        aperture_radius: Any = None,
        local_bkg_estimator: Any = None,
        group_warning_threshold: int = 25,
        sub_shape: Any = None,
        n_threads: int | None = 1,
        progress_bar: bool = False,
    ) -> None:
        if finder is None:
            raise ValueError("finder cannot be None for IterativePSFPhotometry.")
        if aperture_radius is None:
            raise ValueError("aperture_radius cannot be None for IterativePSFPhotometry.")
        self._one = PSFPhotometry(
            psf_model,
            fit_shape,
            finder=finder,
            grouper=grouper,
            fitter=fitter,
            fitter_maxiters=fitter_maxiters,
            xy_bounds=xy_bounds,
            aperture_radius=aperture_radius,
            local_bkg_estimator=local_bkg_estimator,
            group_warning_threshold=group_warning_threshold,
            n_threads=n_threads,
            progress_bar=progress_bar,
        )
        if np.ndim(maxiters) != 0 or isinstance(maxiters, bool) or maxiters <= 0 or int(maxiters) != maxiters:
            raise ValueError("maxiters must be a strictly-positive scalar")
        if mode not in ("new", "all"):
            raise ValueError('mode must be "new" or "all".')
        if mode == "all" and grouper is None:
            raise ValueError("grouper must be input for the 'all' mode")
        if grouper is not None and not isinstance(grouper, SourceGrouper):
            raise TypeError("grouper must be a SourceGrouper of this package")
        self.maxiters, self.mode = int(maxiters), mode
        self.sub_shape = None if sub_shape is None else _inputs.pair(sub_shape, "sub_shape")
        self.finder, self.grouper, self.psf_model = finder, grouper, psf_model
        self.fit_results: list[Any] = []
        self.results: Any = None

    def __call__(self, data: Any, *, mask: Any = None, error: Any = None, init_params: Any = None) -> Any:
        """Finds and fits the sources of an image; parameters as for `PSFPhotometry`.

        Returns
        -------
        table : QTable, Columns or None
            One row for each source; `iter_detected` is the pass that found it. None if the first pass finds none.
        """
        if is_nddata(data):
            data, error, mask, _ = unpack_nddata(data, error, mask, None)
        one = self._one
        (values, errors), unit = strip_units((data, error), ("data", "error"))
        given = None if init_params is None else one._start(init_params, unit)
        tables: list[Any] = []

        def find(pixels: np.ndarray) -> tuple[list[float], list[float]]:
            found = self.finder(with_unit(pixels, unit), mask=mask)
            tables.append(found)
            if found is None or len(found) == 0:
                return [], []
            xy = _found_positions(found)
            return xy["x_init"].tolist(), xy["y_init"].tolist()

        separation = None if self.grouper is None else float(self.grouper.min_separation)
        with Progress(None, one.progress_bar, "Fit source/group") as progress:
            whole, passes = _core.psf_photometry_iterative(
                _inputs.image(values, errors, mask),
                native_model(self.psf_model),
                _Quiet(find),
                given,
                one._options(separation, progress),
                self.mode == "all",
                self.maxiters,
                self.sub_shape,
            )
        self.fit_results, self.results = [], None
        if given is not None:
            tables.insert(0, None)
        for fitted, found in zip(passes, tables, strict=False):
            result = copy(one)
            result._warns = False
            result._finish(fitted, unit)
            result.finder_results = found
            self.fit_results.append(result)
        if not passes:
            return None
        one._finish(whole, unit)
        table = new_table(one.results.meta)
        for name in one.results.colnames:
            table[name] = one.results[name]
            if name == "group_size":
                table["iter_detected"] = np.array(whole.iter_detected(), dtype=np.int64)
        table.meta.update(
            psf_class=type(self).__name__, maxiters=self.maxiters, mode=self.mode, sub_shape=self.sub_shape
        )
        self.results = one.results = table
        return table

    def make_model_image(
        self, shape: tuple[int, int], *, psf_shape: Any = None, include_local_bkg: bool = False
    ) -> Any:
        """An image of the fitted sources."""
        return self._one.make_model_image(shape, psf_shape=psf_shape, include_local_bkg=include_local_bkg)

    def make_residual_image(self, data: Any, *, psf_shape: Any = None, include_local_bkg: bool = False) -> Any:
        """The image less the fitted sources."""
        return self._one.make_residual_image(data, psf_shape=psf_shape, include_local_bkg=include_local_bkg)

    def decode_flags(self, return_bit_values: bool = False) -> Any:
        """The flags of each source as names or bit values: a dictionary by the numbers of the sources."""
        return self._one.decode_flags(return_bit_values=return_bit_values)

    def results_to_init_params(self, *, remove_invalid: bool = True, reset_ids: bool = True) -> Any:
        """See `PSFPhotometry.results_to_init_params`."""
        return self._one.results_to_init_params(remove_invalid=remove_invalid, reset_ids=reset_ids)

    def results_to_model_params(self, *, remove_invalid: bool = True, reset_ids: bool = True) -> Any:
        """See `PSFPhotometry.results_to_model_params`."""
        return self._one.results_to_model_params(remove_invalid=remove_invalid, reset_ids=reset_ids)


class _Quiet:
    """A finder that does not warn when later passes find nothing."""

    def __init__(self, find: Any) -> None:
        self.find, self.calls = find, 0

    def __call__(self, pixels: np.ndarray) -> Any:
        import warnings

        from skyphot.utils import NoDetectionsWarning

        self.calls += 1
        if self.calls == 1:
            return self.find(pixels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoDetectionsWarning)
            return self.find(pixels)
