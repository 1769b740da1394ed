"""Local peaks."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import strip_units, to_skycoord, with_unit
from skyphot._table import metadata, table_of
from skyphot.detection._finders import level
from skyphot.utils.exceptions import NoDetectionsWarning


def find_peaks(
    data: Any,
    threshold: Any,
    *,
    box_size: Any = 3,
    footprint: Any = None,
    mask: Any = None,
    border_width: Any = None,
    n_peaks: float = np.inf,
    min_separation: float | None = None,
    centroid_func: Callable[..., Any] | None = None,
    error: Any = None,
    wcs: Any = None,
    n_threads: int | None = 1,
) -> Any:
    """Pixels that are the brightest of their surroundings and brighter than a threshold.

    Parameters
    ----------
    data : array_like or Quantity
        The image.
    threshold : float, array_like or Quantity
        The level above which a peak is looked for.
    box_size : int or (int, int), optional
        The surroundings, a box `(ny, nx)`.
    footprint : array_like of bool, optional
        The surroundings, in place of a box.
    mask : array_like of bool, optional
        True where a pixel is bad.
    border_width : int or (int, int), optional
        Width `(ny, nx)` of the border in which peaks are left out.
    n_peaks : int, optional
        How many of the brightest peaks are kept.
    min_separation : float, optional
        Least distance of two peaks, in place of a box.
    centroid_func : callable, optional
        Measures a centroid around each peak; see `skyphot.centroids`.
    error : array_like, optional
        Errors for `centroid_func`.
    wcs : object, optional
        A WCS with the shared interface of astropy.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.

    Returns
    -------
    table : QTable, Columns or None
        `id`, `x_peak`, `y_peak`, `skycoord_peak` with a WCS, `peak_value`, `x_centroid`, `y_centroid` with a centroid
        function; None with a `NoDetectionsWarning` if there is no peak.
    """
    (data, threshold, error), unit = strip_units((data, threshold, error), ("data", "threshold", "error"))
    values = np.asanyarray(data)
    if values.size == 0:
        raise ValueError("data must not be empty")
    if centroid_func is not None and not callable(centroid_func):
        raise TypeError("centroid_func must be a callable object")
    if min_separation is not None and min_separation < 0:
        raise ValueError("min_separation must be >= 0")
    n: int | None = None
    if n_peaks != np.inf:
        if isinstance(n_peaks, bool):
            raise TypeError("n_peaks must be an integer")
        if n_peaks <= 0:
            raise ValueError("n_peaks must be > 0")
        if int(n_peaks) != n_peaks:
            raise ValueError("n_peaks must be an integer")
        n = int(n_peaks)
    # Two pixels mostly tell.
    if values.flat[-1] == values.flat[0] and np.all(values == values.flat[0]):
        warnings.warn("Input data is constant. No local peaks can be found.", NoDetectionsWarning, stacklevel=2)
        return None
    image = _inputs.image(values, mask=mask)
    shape = image[0].shape
    if np.ndim(threshold) and np.shape(threshold) != shape:
        raise ValueError("threshold array must have the same shape as the input data")
    size = _inputs.pair(box_size, "box_size")
    foot = None if footprint is None else np.asarray(footprint, dtype=bool)
    border = (0, 0) if border_width is None else _inputs.pair(border_width, "border_width")
    columns, _, outcome = _core.find_peaks(
        image,
        level(threshold, shape),
        size,
        foot,
        border,
        n,
        None if min_separation is None else float(min_separation),
        None,
        _inputs.threads(n_threads),
    )
    if outcome != "found":
        warnings.warn("No local peaks were found.", NoDetectionsWarning, stacklevel=2)
        return None
    found = {column[0]: np.asarray(column[1]) for column in columns}
    x, y = found["x_peak"], found["y_peak"]
    out = {"id": found["id"], "x_peak": x, "y_peak": y}
    if wcs is not None:
        out["skycoord_peak"] = to_skycoord(wcs, x, y)
    out["peak_value"] = with_unit(np.asarray(values)[y, x], unit)
    if centroid_func is not None:
        from skyphot.centroids import centroid_sources

        box = size if foot is None else (foot.shape[0] | 1, foot.shape[1] | 1)
        kwargs: dict[str, Any] = {}
        if error is not None:
            parameters = inspect.signature(centroid_func).parameters
            if "error" in parameters or any(p.kind == p.VAR_KEYWORD for p in parameters.values()):
                kwargs["error"] = error
        bad = image[2]
        out["x_centroid"], out["y_centroid"] = centroid_sources(
            values, x, y, box_size=box, footprint=foot, mask=bad, centroid_func=centroid_func, **kwargs
        )
    return table_of(out, metadata())
