"""Checks of the inputs that say which pixels belong to neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot.aperture._base import MASK_METHODS

NeighborArg = tuple[np.ndarray, list[int], str]


def neighbors(
    segmentation_image: Any, labels: Any, mask_method: str, n_positions: int, shape: tuple[int, ...]
) -> NeighborArg | None:
    """The inputs for the native module, or None where no pixels are masked."""
    if mask_method not in MASK_METHODS:
        raise ValueError(f"mask_method must be one of {MASK_METHODS}")
    if labels is not None:
        labels = np.atleast_1d(labels)
        if labels.ndim != 1:
            raise ValueError("labels must be a 1D array")
        if len(labels) != n_positions:
            raise ValueError("labels must have the same length as the number of aperture positions")
    if mask_method == "none":
        return None
    if segmentation_image is None:
        raise ValueError("segmentation_image must be input when mask_method is not 'none'")
    data = np.asarray(getattr(segmentation_image, "data", segmentation_image))
    if data.dtype.kind not in "iu":
        raise TypeError("segmentation_image must be a SegmentationImage")
    if data.shape != tuple(shape):
        raise ValueError("segmentation_image must have the same shape as the data")
    if mask_method == "background_only":
        labels = np.zeros(n_positions, dtype=int)
    elif labels is None:
        raise ValueError("labels must be input when segmentation_image is input and mask_method is not 'none'")
    else:
        present = getattr(segmentation_image, "labels", None)
        present = np.unique(data) if present is None else present
        bad = np.unique(labels[(labels != 0) & ~np.isin(labels, present)])
        if bad.size:
            raise ValueError(f"labels {bad.tolist()} are not present in the segmentation_image")
    return np.ascontiguousarray(data, dtype=np.int32), [int(v) for v in labels], mask_method
