"""Label images."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core
from skyphot.aperture import BoundingBox

Slices = tuple[slice, slice]


class Segment:
    """One label of a segmentation image.

    Parameters
    ----------
    segment_data : ndarray
        The whole label image.
    label : int
        The label.
    slices : tuple of slice
        The box of the label.
    bbox : BoundingBox
        The box of the label.
    area : float
        Its number of pixels.
    """

    def __init__(self, segment_data: np.ndarray, label: int, slices: Slices, bbox: BoundingBox, area: Any) -> None:
        self._segment_data = segment_data
        self.label, self.slices, self.bbox, self.area = label, slices, bbox, area

    def __repr__(self) -> str:
        return f"<Segment(label={self.label}, slices={self.slices}, area={self.area})>"

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    @property
    def data(self) -> np.ndarray:
        """The box with other labels set to 0."""
        part = np.copy(self._segment_data[self.slices])
        part[part != self.label] = 0
        return part

    @property
    def data_masked(self) -> np.ma.MaskedArray:
        """The box with everything but the label masked."""
        part = self._segment_data[self.slices]
        return np.ma.MaskedArray(part, mask=part != self.label)

    def make_cutout(self, data: Any, masked_array: bool = False) -> Any:
        """The box of another image of the same shape."""
        if np.shape(data) != self._segment_data.shape:
            raise ValueError("data must have the same shape as the segmentation array")
        part = data[self.slices]
        if not masked_array:
            return part
        return np.ma.MaskedArray(part, mask=self._segment_data[self.slices] != self.label)


class SegmentationImage:
    """An image in which every source has its label and 0 is the background.

    Parameters
    ----------
    data : ndarray of int
        The labels.
    """

    def __init__(self, data: Any) -> None:
        self.data = data

    @classmethod
    def _of(cls, native: Any) -> SegmentationImage:
        new = cls.__new__(cls)
        new._set(native)
        return new

    def _set(self, native: Any) -> None:
        self._native = native
        self._data: np.ndarray | None = None
        self._dtype = np.dtype(np.int32)

    @property
    def data(self) -> np.ndarray:
        """The labels, `(ny, nx)`; assign a new array to change them."""
        if self._data is None:
            self._data = self._native.data()
            self._data.flags.writeable = False
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, np.ndarray):
            raise TypeError("Input data must be a numpy array")
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError("Input data must not be a numpy masked array")
        if value.dtype.kind not in "iu":
            raise TypeError("data must have integer type")
        if value.ndim != 2:
            raise ValueError("data must be a 2D array")
        if value.size and value.min() < 0:
            raise ValueError("The segmentation image cannot contain negative integers.")
        if value.size and value.max() > np.iinfo(np.int32).max:
            raise ValueError("labels must be less than 2**31")
        self._set(_core.NativeSegmentation(np.ascontiguousarray(value, dtype=np.int32)))

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"<SegmentationImage(shape={self.shape}, n_labels={self.n_labels})>"

    def __getitem__(self, key: Any) -> SegmentationImage:
        if not (isinstance(key, tuple) and len(key) == 2 and all(isinstance(k, slice) for k in key)):
            raise TypeError(f"{key!r} is not a valid 2D slice object")
        part = self.data[key]
        if part.size == 0:
            raise ValueError("The sliced result is empty. Cannot create a SegmentationImage")
        return SegmentationImage(np.array(part))

    @property
    def data_masked(self) -> np.ma.MaskedArray:
        """The labels with the background masked."""
        return np.ma.MaskedArray(self.data, mask=self.data == 0)

    @property
    def shape(self) -> tuple[int, ...]:
        """The `(ny, nx)` shape."""
        return self.data.shape

    @property
    def labels(self) -> np.ndarray:
        """The labels in ascending order, without 0."""
        return np.asarray(self._native.labels())

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.labels)

    @property
    def max_label(self) -> int:
        """The largest label, 0 without labels."""
        return int(self.labels[-1]) if self.n_labels else 0

    @property
    def areas(self) -> Any:
        """Number of pixels of each label."""
        return np.asarray(self._native.areas())

    @property
    def background_area(self) -> Any:
        """Number of pixels of the background."""
        return int(self._native.background_area())

    @property
    def bbox(self) -> list[BoundingBox]:
        """The box of each label."""
        return [BoundingBox(*edges) for edges in self._native.bbox()]

    @property
    def slices(self) -> list[Slices | None]:
        """The boxes as slices, None for labels that are missing."""
        out: list[Slices | None] = [None] * self.max_label
        for label, (x0, x1, y0, y1) in zip(self.labels.tolist(), self._native.bbox(), strict=True):
            out[label - 1] = slice(y0, y1), slice(x0, x1)
        return out

    @property
    def flags(self) -> np.ndarray:
        """Flags of each label; see `decode_segmentation_flags`."""
        return np.asarray(self._native.flags())

    @property
    def segments(self) -> list[Segment]:
        """All labels with their cutouts."""
        return self.get_segments(self.labels)

    @property
    def is_consecutive(self) -> bool:
        """Whether the labels are 1, 2, 3, ..."""
        return bool(self._native.is_consecutive())

    @property
    def missing_labels(self) -> np.ndarray:
        """Numbers below the largest label that are not labels."""
        return np.asarray(self._native.missing_labels())

    @property
    def parent_to_deblended_labels(self) -> dict[int, np.ndarray]:
        """The labels that each deblended label was cut into."""
        return {p: np.array(c, dtype=np.int32) for p, c in self._native.children()}

    @property
    def deblended_label_to_parent(self) -> dict[int, int]:
        """The label that each deblended one was cut from."""
        return {c: p for p, children in self._native.children() for c in children}

    @property
    def deblended_labels(self) -> np.ndarray:
        """Labels that came of deblending."""
        return np.array(sorted(self.deblended_label_to_parent), dtype=np.int32)

    def copy(self) -> SegmentationImage:
        """A deep copy."""
        return SegmentationImage._of(self._native)

    def __deepcopy__(self, memo: Any) -> SegmentationImage:
        return self.copy()

    def check_label(self, label: int) -> None:
        """Raises ValueError if this is not a label."""
        self.check_labels(label)

    def check_labels(self, labels: Any) -> None:
        """Raises ValueError if some of these are not labels."""
        labels = np.atleast_1d(labels)
        bad = sorted({int(v) for v in labels[(labels <= 0) | ~np.isin(labels, self.labels)]})
        if bad:
            what, are = ("label", "is") if len(bad) == 1 else ("labels", "are")
            raise ValueError(f"{what} {bad} {are} invalid")

    def get_index(self, label: int) -> int:
        """The place of a label among `labels`."""
        return int(self.get_indices(label)[0])

    def get_indices(self, labels: Any) -> np.ndarray:
        """The places of labels among `labels`."""
        self.check_labels(labels)
        return np.searchsorted(self.labels, np.atleast_1d(labels))

    def get_area(self, label: int) -> Any:
        """Number of pixels of a label."""
        return self.get_areas(label)[0]

    def get_areas(self, labels: Any) -> Any:
        """Number of pixels of labels."""
        return self.areas[self.get_indices(labels)]

    def get_segment(self, label: int) -> Segment:
        """One label with its cutouts."""
        if np.ndim(label):
            raise TypeError("label must be a scalar value")
        return self.get_segments(label)[0]

    def get_segments(self, labels: Any) -> list[Segment]:
        """Labels with their cutouts."""
        boxes, areas, all_labels = self.bbox, self.areas, self.labels
        out = []
        for i in self.get_indices(labels):
            b = boxes[i]
            cut = slice(b.iymin, b.iymax), slice(b.ixmin, b.ixmax)
            out.append(Segment(self.data, int(all_labels[i]), cut, b, areas[i]))
        return out

    def _labels_of(self, labels: Any) -> list[int]:
        self.check_labels(labels)
        return [int(v) for v in np.atleast_1d(labels)]

    def reassign_label(self, label: int, new_label: int, relabel: bool = False) -> None:
        """Gives a label another number."""
        self.reassign_labels(label, new_label, relabel)

    def reassign_labels(self, labels: Any, new_label: int, relabel: bool = False) -> None:
        """Gives labels another number."""
        if new_label < 0 or int(new_label) != new_label:
            raise ValueError("new_label must be a nonnegative integer")
        self._set(self._native.reassign_labels(self._labels_of(labels), int(new_label), bool(relabel)))

    def relabel_consecutive(self, start_label: int = 1) -> None:
        """Numbers the labels without gaps."""
        if start_label <= 0:
            raise ValueError("start_label must be > 0")
        self._set(self._native.relabel_consecutive(int(start_label)))

    def keep_label(self, label: int, relabel: bool = False) -> None:
        """Removes all labels but one."""
        self.keep_labels(label, relabel)

    def keep_labels(self, labels: Any, relabel: bool = False) -> None:
        """Removes all labels but these."""
        self._set(self._native.keep_labels(self._labels_of(labels), bool(relabel)))

    def remove_label(self, label: int, relabel: bool = False) -> None:
        """Removes a label."""
        self.remove_labels(label, relabel)

    def remove_labels(self, labels: Any, relabel: bool = False) -> None:
        """Removes labels."""
        self._set(self._native.remove_labels(self._labels_of(labels), bool(relabel)))

    def remove_border_labels(self, border_width: int, partial_overlap: bool = True, relabel: bool = False) -> None:
        """Removes labels near the border."""
        if border_width <= 0 or int(border_width) != border_width:
            raise ValueError("border_width must be a positive integer")
        if border_width >= min(self.shape) / 2:
            raise ValueError("border_width must be smaller than half the array size in any dimension")
        self._set(self._native.remove_border_labels(int(border_width), bool(partial_overlap), bool(relabel)))

    def remove_masked_labels(self, mask: Any, partial_overlap: bool = True, relabel: bool = False) -> None:
        """Removes labels with masked pixels."""
        if np.shape(mask) != self.shape:
            raise ValueError("mask must have the same shape as the segmentation array")
        self._set(self._native.remove_masked_labels(np.asarray(mask, bool), bool(partial_overlap), bool(relabel)))

    def make_source_mask(self, *, size: Any = None, footprint: Any = None) -> np.ndarray:
        """True where there is a label, grown by a box of `size` or by a footprint."""
        if footprint is None and size is not None:
            from skyphot._inputs import pair

            footprint = np.ones(pair(size, "size"), dtype=bool)
        foot = None if footprint is None else np.asarray(footprint, dtype=bool)
        return np.asarray(self._native.make_source_mask(foot))

    def get_label_mapping(self, other: SegmentationImage, *, labels: Any = None) -> dict[int, np.ndarray]:
        """For each label, the labels of another image that share pixels with it."""
        if not isinstance(other, SegmentationImage):
            raise TypeError("The other segmentation image must be a SegmentationImage")
        if other.shape != self.shape:
            raise ValueError("The other segmentation image must have the same shape")
        found = {k: np.array(v, dtype=np.int32) for k, v in self._native.label_mapping(other._native)}
        return found if labels is None else {k: found[k] for k in self._labels_of(labels)}

    def make_cmap(self, background_color: Any = "#000000ff", seed: int | None = None) -> Any:
        """A matplotlib colour map of random colours."""
        from matplotlib.colors import ListedColormap, to_rgba

        rng = np.random.default_rng(seed)
        colors = rng.uniform(0.25, 1.0, (self.max_label + 1, 4))
        colors[:, 3] = 1.0
        colors[0] = to_rgba(background_color)
        return ListedColormap(colors)

    @property
    def cmap(self) -> Any:
        """A matplotlib colour map."""
        return self.make_cmap(seed=0)

    def imshow(self, ax: Any = None, **kwargs: Any) -> Any:
        """Shows the labels on matplotlib axes."""
        import matplotlib.pyplot as plt

        axes = plt.gca() if ax is None else ax
        kwargs.setdefault("cmap", self.cmap)
        return axes.imshow(self.data, origin="lower", interpolation="none", **kwargs)


