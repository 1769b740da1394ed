"""Shapes of sources in cutouts."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core, _inputs

__all__ = ["data_properties", "gini"]


def gini(data: Any, mask: Any = None) -> float:
    """The Gini coefficient: 0 where all pixels have the same value, 1 where one has all.

    Parameters
    ----------
    data : array_like
        The cutout.
    mask : array_like of bool, optional
        True where a pixel is bad.
    """
    values = np.asanyarray(_inputs.bare(data))
    if mask is not None and np.shape(mask) != values.shape:
        raise ValueError("mask must have the same shape as data")
    if values.ndim != 2:
        values = values.reshape(1, -1)
        mask = None if mask is None else np.reshape(mask, (1, -1))
    return float(_core.gini(_inputs.image(values, mask=mask)))


def data_properties(data: Any, mask: Any = None, background: Any = None, wcs: Any = None) -> Any:
    """The catalogue of a cutout that is one source: a `SourceCatalog` of one label.

    Parameters
    ----------
    data : array_like or Quantity
        The cutout, the background subtracted.
    mask : array_like of bool, optional
        True where a pixel is bad.
    background : float or array_like, optional
        The background that was subtracted.
    wcs : object, optional
        A WCS with the shared interface of astropy.
    """
    from skyphot.segmentation import SegmentationImage, SourceCatalog

    shape = np.shape(data)
    if len(shape) != 2:
        raise ValueError("data must be a 2D array")
    labels = SegmentationImage(np.ones(shape, dtype=np.int32))
    return SourceCatalog(data, labels, mask=mask, background=background, wcs=wcs)[0]
