"""Label images."""

from __future__ import annotations

from typing import Any

import numpy as np

from skyphot import _core
from skyphot._compat import warn
from skyphot.aperture import BoundingBox
from skyphot.segmentation._outlines import HAS_SHAPELY, Part, need, patch, polygon, region

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
    polygon : shapely.Polygon, optional
        Its outline.
    """

    def __init__(
        self,
        segment_data: np.ndarray,
        label: int,
        slices: Slices,
        bbox: BoundingBox,
        area: Any,
        *,
        polygon: Any = None,
    ) -> None:
        self._segment_data = segment_data
        self.label, self.slices, self.bbox, self.area, self.polygon = label, slices, bbox, area, polygon

    def __repr__(self) -> str:
        return f"<Segment(label={self.label}, slices={self.slices}, area={self.area})>"

    def __array__(self, dtype: Any = None, *, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def _repr_svg_(self) -> Any:
        return None if self.polygon is None else self.polygon._repr_svg_()

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
        self._cmap: Any = None
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
            label = int(all_labels[i])
            outline = polygon(self._parts(label)) if HAS_SHAPELY else None
            out.append(Segment(self.data, label, cut, b, areas[i], polygon=outline))
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

    def _parts(self, label: int) -> list[Part]:
        parts: list[Part] = self._native.polygons(int(label))
        return parts

    @property
    def polygons(self) -> list[Any]:
        """The outline of each label: a `shapely.Polygon` with its holes, a `shapely.MultiPolygon` if it has several parts.

        Vertices are where the outline turns; pixels that touch at a corner belong to one part.
        """
        need("shapely", "polygons")
        return [polygon(self._parts(label)) for label in self.labels]

    def get_polygon(self, label: int) -> Any:
        """The outline of a label, None without the package shapely; see `polygons`."""
        return self.get_polygons(_one(label))[0]

    def get_polygons(self, labels: Any) -> list[Any]:
        """The outlines of labels, None without the package shapely; see `polygons`."""
        return [polygon(self._parts(v)) if HAS_SHAPELY else None for v in self._labels_of(labels)]

    def to_patches(self, *, origin: Any = (0, 0), scale: float = 1.0, **kwargs: Any) -> list[Any]:
        """The outline of each label as a `matplotlib.patches.PathPatch`, white and not filled by default.

        Parameters
        ----------
        origin : (float, float), optional
            The `(x, y)` that is the origin of the picture.
        scale : float, optional
            Picture pixels for each pixel of the image.
        **kwargs : dict, optional
            Whatever `matplotlib.patches.PathPatch` takes.
        """
        return self.get_patches(self.labels, origin=origin, scale=scale, **kwargs)

    def get_patch(self, label: int, *, origin: Any = (0, 0), scale: float = 1.0, **kwargs: Any) -> Any:
        """The outline of a label as a patch; see `to_patches`."""
        return self.get_patches(_one(label), origin=origin, scale=scale, **kwargs)[0]

    def get_patches(self, labels: Any, *, origin: Any = (0, 0), scale: float = 1.0, **kwargs: Any) -> list[Any]:
        """The outlines of labels as patches; see `to_patches`."""
        need("matplotlib", "patches")
        return [patch(self._parts(v), origin, scale, kwargs) for v in self._labels_of(labels)]

    def plot_patches(
        self, *, ax: Any = None, origin: Any = (0, 0), scale: float = 1.0, labels: Any = None, **kwargs: Any
    ) -> list[Any]:
        """Draws outlines on matplotlib axes and returns the patches; see `to_patches`.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default the current axes.
        origin, scale, **kwargs
            As for `to_patches`.
        labels : int or array_like of int, optional
            The labels that are drawn; by default all.
        """
        need("matplotlib", "patches")
        import matplotlib.pyplot as plt

        axes = plt.gca() if ax is None else ax
        drawn = self.get_patches(self.labels if labels is None else labels, origin=origin, scale=scale, **kwargs)
        for one in drawn:
            axes.add_patch(one)
        return drawn

    def to_regions(self, *, group: bool = False, **kwargs: Any) -> Any:
        """The outlines without their holes as `regions.PolygonPixelRegion`; `meta["label"]` is the label.

        Parameters
        ----------
        group : bool, optional
            Whether a list with one item for each label is returned, `regions.Regions` for one in several parts, in place
            of all parts in one `regions.Regions`.
        **kwargs : dict, optional
            Whatever `regions.RegionVisual` takes.
        """
        grouped = self.get_regions(self.labels, **kwargs)
        if group:
            return grouped
        from regions import Regions

        flat: list[Any] = []
        for one in grouped:
            flat += one.regions if isinstance(one, Regions) else [one]
        return Regions(flat)

    def get_region(self, label: int, **kwargs: Any) -> Any:
        """The outline of a label as a region; see `to_regions`."""
        return self.get_regions(_one(label), **kwargs)[0]

    def get_regions(self, labels: Any, **kwargs: Any) -> list[Any]:
        """The outlines of labels as regions; see `to_regions`."""
        need("regions", "regions")
        return [region(self._parts(v), v, kwargs) for v in self._labels_of(labels)]

    def make_cmap(self, background_color: Any = "#000000ff", seed: int | None = None) -> Any:
        """A matplotlib colour map of random muted colours, None without labels.

        Parameters
        ----------
        background_color : color, optional
            The colour of the background; None for a random one.
        seed : int, optional
            The seed; None gives other colours each time.
        """
        if self.n_labels == 0:
            return None
        from matplotlib.colors import to_rgba

        from skyphot.utils import make_random_cmap

        cmap = make_random_cmap(self.max_label + 1, seed=seed)
        if background_color is not None:
            cmap.colors[0] = to_rgba(background_color)
        return cmap

    def reset_cmap(self, seed: int | None = None) -> None:
        """Gives the labels other random colours."""
        self._cmap = self.make_cmap(seed=seed)

    @property
    def cmap(self) -> Any:
        """The matplotlib colour map of the labels, None without labels."""
        if self._cmap is None:
            self._cmap = self.make_cmap(seed=0)
        return self._cmap

    def imshow(self, ax: Any = None, figsize: Any = None, dpi: Any = None, cmap: Any = None, alpha: Any = None) -> Any:
        """Shows the labels on matplotlib axes.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default new axes of `figsize` inches and `dpi`.
        figsize, dpi : optional
            See `ax`.
        cmap : matplotlib.colors.Colormap or str, optional
            The colours; by default `cmap`.
        alpha : float or array_like, optional
            How opaque the picture is.

        Returns
        -------
        image : matplotlib.image.AxesImage
        """
        axes = _axes(ax, figsize, dpi)
        colors = self.cmap if cmap is None else cmap
        return axes.imshow(
            self.data, cmap=colors, interpolation="nearest", origin="lower", alpha=alpha, vmin=-0.5,
            vmax=self.max_label + 0.5,
        )  # fmt: skip

    def imshow_map(
        self,
        ax: Any = None,
        figsize: Any = None,
        dpi: Any = None,
        cmap: Any = None,
        alpha: Any = None,
        max_labels: int = 25,
        cbar_labelsize: float | None = None,
    ) -> tuple[Any, Any]:
        """Shows the labels with a bar that names them; the values of the picture are 0, 1, 2, ...

        Parameters
        ----------
        ax, figsize, dpi, cmap, alpha : optional
            As for `imshow`.
        max_labels : int, optional
            With more labels there is no bar and a warning.
        cbar_labelsize : float, optional
            The font size of the names.

        Returns
        -------
        image : matplotlib.image.AxesImage
        bar : tuple or None
            The bar, its ticks and their names.
        """
        axes = _axes(ax, figsize, dpi)
        if self.n_labels == 0:
            return self.imshow(ax=axes, cmap=cmap, alpha=alpha), None
        names, numbers = np.unique(self.data, return_inverse=True)
        if cmap is None:
            from matplotlib.colors import ListedColormap

            cmap = ListedColormap(np.asarray(self.cmap.colors)[names])
        image = axes.imshow(
            numbers.reshape(self.shape), cmap=cmap, interpolation="nearest", origin="lower", alpha=alpha, vmin=-0.5,
            vmax=len(names) - 0.5,
        )  # fmt: skip
        if self.n_labels > max_labels:
            warn(f"The colorbar was not plotted because the number of labels is greater than {max_labels=}.")
            return image, None
        ticks = np.arange(len(names))
        bar = axes.figure.colorbar(image, ax=axes, ticks=ticks)
        bar.ax.set_yticklabels(names)
        if cbar_labelsize is not None:
            bar.ax.yaxis.set_tick_params(labelsize=cbar_labelsize)
        return image, (bar, ticks, names)


def _one(label: Any) -> Any:
    if np.ndim(label):
        raise TypeError("label must be a scalar value")
    return label


def _axes(ax: Any, figsize: Any, dpi: Any) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, dpi=dpi)[1]
