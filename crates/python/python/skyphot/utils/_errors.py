"""Errors of an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_quantity, with_unit


def calc_total_error(data: Any, bkg_error: Any, effective_gain: Any) -> Any:
    """The total error of each pixel: that of the background and the Poisson noise of the sources.

    Parameters
    ----------
    data : array_like or Quantity
        The image, the background subtracted.
    bkg_error : array_like or Quantity
        The 1-sigma error of all but the sources.
    effective_gain : float, array_like or Quantity
        Counts of electrons or photons in one unit of the data.

    Returns
    -------
    total_error : ndarray or Quantity
        The 1-sigma total error.
    """
    quantities = [is_quantity(v) for v in (data, bkg_error, effective_gain)]
    if any(quantities) and not all(quantities):
        raise ValueError(
            "If any of data, bkg_error, or effective_gain has units, then they all must all have units."
        )
    unit = data.unit if is_quantity(data) else None
    if unit is not None and bkg_error.unit != unit:
        raise ValueError("data and bkg_error must have the same units.")
    pixels = _inputs.float64_plane(data, "data")
    errors = _inputs.float64_plane(bkg_error, "bkg_error", pixels.shape)
    gain = np.asarray(_inputs.bare(effective_gain))
    if gain.ndim == 0:
        out = _core.calc_total_error(pixels, errors, None, float(gain))
    else:
        out = _core.calc_total_error(
            pixels, errors, _inputs.float64_plane(gain, "effective_gain", pixels.shape), 1.0
        )
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.MaskedArray(out, np.ma.getmask(data))
    return with_unit(out, unit)
