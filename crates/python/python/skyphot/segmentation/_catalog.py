"""The catalogue of the sources of a segmentation image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import strip_units, to_skycoord, with_unit
from skyphot._table import metadata, table_of
from skyphot.aperture import BoundingBox, CircularAperture, EllipticalAperture
from skyphot.segmentation._flags import decode_segmentation_flags
from skyphot.segmentation._image import SegmentationImage

_DATA = frozenset({
    "background_centroid", "background_mean", "background_sum", "kron_flux", "kron_flux_err", "local_background",
    "max_value", "min_value", "segment_flux", "segment_flux_err",
})  # fmt: skip
_UNITS = {
    "area": "pix2", "segment_area": "pix2", "covariance": "pix2", "covariance_eigvals": "pix2", "covariance_xx": "pix2",
    "covariance_xy": "pix2", "covariance_yy": "pix2", "ellipse_cxx": "1 / pix2", "ellipse_cxy": "1 / pix2",
    "ellipse_cyy": "1 / pix2", "eccentricity": "", "ellipticity": "", "elongation": "", "equivalent_radius": "pix",
    "fwhm": "pix", "kron_radius": "pix", "kron_radius_measured": "pix", "perimeter": "pix", "semimajor_axis": "pix",
    "semiminor_axis": "pix", "orientation": "deg", "sky_orientation": "deg",
}  # fmt: skip
_SHAPES = {"covariance": (2, 2), "moments": (4, 4), "moments_central": (4, 4)}
_PLAIN = (
    "background_centroid", "background_mean", "background_sum", "bbox_xmax", "bbox_xmin", "bbox_ymax", "bbox_ymin",
    "centroid", "centroid_err", "centroid_quad", "centroid_quad_err", "centroid_quad_fallback", "centroid_win",
    "centroid_win_err", "centroid_win_fallback", "cutout_centroid", "cutout_centroid_quad", "cutout_centroid_win",
    "cutout_max_value_index", "cutout_min_value_index", "flags", "gini", "kron_flux", "kron_flux_err",
    "local_background", "max_value", "max_value_index", "max_value_xindex", "max_value_yindex", "min_value",
    "min_value_index", "min_value_xindex", "min_value_yindex", "moments", "moments_central", "segment_flux",
    "segment_flux_err", "x_centroid", "x_centroid_err", "x_centroid_quad", "x_centroid_quad_err", "x_centroid_win",
    "x_centroid_win_err", "y_centroid", "y_centroid_err", "y_centroid_quad", "y_centroid_quad_err", "y_centroid_win",
    "y_centroid_win_err",
)
_SKY_ERRORS = tuple(f"sky_centroid{k}{e}_err" for k in ("", "_win", "_quad") for e in ("", "_ra", "_dec"))  # fmt: skip
_CUTOUTS = {
    "data_cutout": "data", "error_cutout": "error", "conv_data_cutout": "convolved", "background_cutout": "background",
}  # fmt: skip
_OTHER = (
    "bbox", "kron_aperture", "label", "labels", "segment_cutout", "segment_cutout_masked", "slices", "sky_bbox_ll",
    "sky_bbox_lr", "sky_bbox_ul", "sky_bbox_ur", "sky_centroid", "sky_centroid_icrs", "sky_centroid_quad",
    "sky_centroid_win",
)  # fmt: skip
_CORNERS = {"sky_bbox_ll": (0, 2), "sky_bbox_ul": (0, 3), "sky_bbox_lr": (1, 2), "sky_bbox_ur": (1, 3)}
_ALL = frozenset([*_PLAIN, *_UNITS, *_SKY_ERRORS, *_CUTOUTS, *(f"{c}_masked" for c in _CUTOUTS), *_OTHER])
_DEFAULT_COLUMNS = (
    "label", "x_centroid", "y_centroid", "sky_centroid", "bbox_xmin", "bbox_xmax", "bbox_ymin", "bbox_ymax", "area",
    "semimajor_axis", "semiminor_axis", "orientation", "eccentricity", "min_value", "max_value", "segment_flux",
    "segment_flux_err", "kron_flux", "kron_flux_err", "flags",
)  # fmt: skip


class SourceCatalog:
    """Positions, shapes and fluxes of the sources of a segmentation image.

    What is asked for is measured when it is first asked for. Attributes are one value for a single source, else arrays;
    `properties` lists their names.

    Parameters
    ----------
    data : array_like or Quantity
        The image, the background subtracted.
    segmentation_image : SegmentationImage
        The sources.
    convolved_data : array_like or Quantity, optional
        The filtered image, for centroids and shapes.
    error : array_like or Quantity, optional
        The 1-sigma total error of each pixel.
    mask : array_like of bool, optional
        True where a pixel is bad.
    background : float, array_like or Quantity, optional
        The background that was subtracted.
    wcs : object, optional
        A WCS with the shared interface of astropy.
    local_bkg_width : int, optional
        Width of the ring in which a local background is measured; 0 for none.
    aperture_mask_method : {'correct', 'mask', 'none'}, optional
        What is done with pixels of neighbours in apertures.
    kron_params : tuple of float, optional
        Scale, least Kron radius and least circular radius.
    detection_catalog : SourceCatalog, optional
        The catalogue of a detection image with the same `segmentation_image`: centroids, shapes and Kron apertures are
        taken from it, fluxes are measured in `data`. Its WCS, `aperture_mask_method` and `kron_params` replace those
        given here.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    progress_bar : bool, optional
        Without effect, as in photutils 3.1, where it is deprecated.
    """

    wcs: Any
    kron_params: tuple[float, ...]
    aperture_mask_method: str
    _segmentation_image: SegmentationImage

    def __init__(
        self,
        data: Any,
        segmentation_image: SegmentationImage,
        *,
        convolved_data: Any = None,
        error: Any = None,
        mask: Any = None,
        background: Any = None,
        wcs: Any = None,
        local_bkg_width: int = 0,
        aperture_mask_method: str = "correct",
        kron_params: tuple[float, ...] = (2.5, 1.4, 0.0),
        detection_catalog: SourceCatalog | None = None,
        n_threads: int | None = 1,
        progress_bar: bool = False,
    ) -> None:
        planes, self._unit = strip_units(
            (data, convolved_data, error, background), ("data", "convolved_data", "error", "background")
        )
        if not isinstance(segmentation_image, SegmentationImage):
            raise TypeError("segmentation_image must be a SegmentationImage")
        if segmentation_image.n_labels == 0:
            raise ValueError("segmentation_image must have at least one nonzero label")
        if local_bkg_width < 0 or int(local_bkg_width) != local_bkg_width:
            raise ValueError("local_bkg_width must be a nonnegative integer")
        if aperture_mask_method not in ("none", "mask", "correct"):
            raise ValueError("Invalid aperture_mask_method value")
        if detection_catalog is not None:
            if not isinstance(detection_catalog, SourceCatalog):
                raise TypeError("detection_catalog must be a SourceCatalog instance")
            if not np.array_equal(detection_catalog._segmentation_image.data, segmentation_image.data):
                raise ValueError(
                    "detection_catalog must have same segmentation_image as the input segmentation_image"
                )
            wcs, kron_params = detection_catalog.wcs, detection_catalog.kron_params
            aperture_mask_method = detection_catalog.aperture_mask_method
        image = _inputs.image(planes[0], planes[2], mask)
        shape = image[0].shape
        if segmentation_image.shape != shape:
            raise ValueError("segmentation_image and data must have the same shape")
        extra = []
        for name, value in (("convolved_data", planes[1]), ("background", planes[3])):
            if value is not None and np.ndim(value) == 0:
                value = np.full(shape, value, dtype=float)
            extra.append(None if value is None else _inputs.plane(value, name, shape))
        if any(p is not None and p.dtype != image[0].dtype for p in extra):
            image = tuple(p if p is None or p.dtype == bool else p.astype(np.float64) for p in image)  # type: ignore[assignment]
            extra = [p if p is None else p.astype(np.float64) for p in extra]
        self._segmentation_image, self.wcs, self.progress_bar = segmentation_image, wcs, progress_bar
        self._data = planes[0]
        self.local_bkg_width, self.aperture_mask_method = int(local_bkg_width), aperture_mask_method
        self.kron_params = _kron(kron_params)
        self.n_threads = _inputs.threads(n_threads)
        bridge = None
        if wcs is not None:
            from skyphot.aperture._sky_bridge import Bridge

            b = Bridge(wcs)
            bridge = (b.to_sky, b.to_pixel)
        self._native: Any = _core.NativeCatalog(
            image, segmentation_image._native, extra[0], extra[1], bridge, self.local_bkg_width, aperture_mask_method,
            self.kron_params, None if detection_catalog is None else detection_catalog._native, self.n_threads,
        )  # fmt: skip
        self._has = {"error": error is not None, "background": background is not None}
        self._isscalar = False
        self._custom: dict[str, Any] = {}
        self._cache: dict[str, Any] = {}
        self.default_columns = list(_DEFAULT_COLUMNS)
        self.meta = metadata()

    def __repr__(self) -> str:
        return f"<SourceCatalog of {self.n_labels} sources>"

    def __len__(self) -> int:
        if self.isscalar:
            raise TypeError("A scalar 'SourceCatalog' object has no len()")
        return self.n_labels

    def __iter__(self) -> Iterator[SourceCatalog]:
        for i in range(len(self)):
            yield self[i]

    def __getitem__(self, index: Any) -> SourceCatalog:
        if self.isscalar:
            raise TypeError("A scalar 'SourceCatalog' object cannot be indexed")
        rows = np.arange(self.n_labels)[index]
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._isscalar = np.ndim(rows) == 0
        kept = np.atleast_1d(rows)
        new._native = self._native.select([int(r) for r in kept])
        new._custom = {k: np.asanyarray(v)[kept] for k, v in self._custom.items()}
        new._cache = {}
        new.default_columns = list(self.default_columns)
        return new

    @property
    def isscalar(self) -> bool:
        """Whether this is one source, not a list."""
        return self._isscalar

    @property
    def n_labels(self) -> int:
        """Number of sources."""
        return len(self._native)

    @property
    def properties(self) -> list[str]:
        """Names of all measured attributes."""
        return sorted(_ALL)

    def copy(self) -> SourceCatalog:
        """A copy that shares what was measured."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._custom = dict(self._custom)
        return new

    def _sky(self, x: Any, y: Any) -> Any:
        return np.array([None] * self.n_labels) if self.wcs is None else to_skycoord(self.wcs, x, y)

    def _values(self, name: str) -> Any:
        """All values of an attribute, never a scalar."""
        if name in self._custom:
            return self._custom[name]
        if name not in self._cache:
            self._cache[name] = self._measure(name)
        return self._cache[name]

    def _measure(self, name: str) -> Any:
        plane, masked = name.removesuffix("_masked"), name.endswith("_masked")
        if plane in _CUTOUTS:
            return self._cutouts(_CUTOUTS[plane], masked)
        match name:
            case "label" | "labels":
                return np.array(self._native.labels(), dtype=np.int32)
            case "bbox":
                return [BoundingBox(*edges) for edges in self._native.bbox()]
            case "slices":
                return [(slice(y0, y1), slice(x0, x1)) for x0, x1, y0, y1 in self._native.bbox()]
            case "segment_cutout" | "segment_cutout_masked":
                parts = [self._segmentation_image.data[cut] for cut in self._values("slices")]
                if name == "segment_cutout":
                    return parts
                cuts = self._native.cutouts("data", None, None)
                return [np.ma.MaskedArray(p, mask=c[1]) for p, c in zip(parts, cuts, strict=True)]
            case "kron_aperture":
                return self._apertures(self._native.make_kron_apertures(self.kron_params))
            case "sky_centroid" | "sky_centroid_win" | "sky_centroid_quad" if self.wcs is not None:
                which = name.removeprefix("sky_")
                return self._sky(*np.transpose(self._values(which)))
            case "sky_centroid_icrs" if self.wcs is not None:
                return self._values("sky_centroid").icrs
            case "sky_bbox_ll" | "sky_bbox_lr" | "sky_bbox_ul" | "sky_bbox_ur":
                edges = np.asarray(self._native.bbox(), dtype=float)
                corners = np.stack([edges[:, 0], edges[:, 1], edges[:, 2], edges[:, 3]]) - 0.5
                x, y = _CORNERS[name]
                return self._sky(corners[x], corners[y])
        if name.startswith("sky_") and self.wcs is None:
            return np.array([None] * self.n_labels)
        columns, _ = self._native.columns([name])
        return self._finished(name, columns[0][1])

    def _finished(self, name: str, column: Any) -> Any:
        """A column of the native catalogue in its shape and unit."""
        values = np.asarray(column)
        if name in _SHAPES:
            values = values.reshape(-1, *_SHAPES[name])
        if name in _DATA:
            return with_unit(values, self._unit)
        if name in _SKY_ERRORS:
            return with_unit(values, "arcsec")
        return with_unit(values, _UNITS[name]) if name in _UNITS else values

    def _cutouts(self, plane: str, masked: bool) -> Any:
        if not self._has.get(plane, True):
            return [None] * self.n_labels
        out = []
        for cut in self._native.cutouts(plane, None, None):
            values = with_unit(cut[0], self._unit)
            out.append(np.ma.MaskedArray(values, mask=cut[1]) if masked else values)
        return out

    def _shown(self, name: str) -> Any:
        values = self._values(name)
        return values[0] if self.isscalar and name != "labels" else values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (name not in _ALL and name not in self.__dict__.get("_custom", {})):
            raise AttributeError(f"'SourceCatalog' object has no attribute {name!r}")
        return self._shown(name)

    def select_label(self, label: int) -> SourceCatalog:
        """The source of one label."""
        return self.select_labels(label)

    def select_labels(self, labels: Any) -> SourceCatalog:
        """The sources of some labels."""
        own = self._values("labels")
        bad = [int(v) for v in np.atleast_1d(labels) if v not in own]
        if bad:
            raise ValueError(f"labels {bad} are not in the catalog")
        order = np.argsort(own)
        return self[order[np.searchsorted(own, labels, sorter=order)]]

    def decode_flags(self, *, return_bit_values: bool = False) -> dict[int, list[Any]]:
        """The flags of each label as names or bit values."""
        return {
            int(label): decode_segmentation_flags(int(f), return_bit_values=return_bit_values)
            for label, f in zip(self._values("labels"), self._values("flags"), strict=True)
        }

    @property
    def custom_properties(self) -> list[str]:
        """Names of what was added by `add_property`."""
        return list(self._custom)

    def add_property(self, name: str, value: Any, overwrite: bool = False) -> None:
        """Adds values of your own, one for each source."""
        if name in _ALL or hasattr(type(self), name) or (name in self._custom and not overwrite):
            raise ValueError(f"{name} already exists as a property of the catalog")
        value = np.atleast_1d(value) if np.ndim(value) == 0 else value
        if len(value) != self.n_labels:
            raise ValueError("value must have the same number of elements as the catalog")
        self._custom[name] = value

    def remove_property(self, name: str) -> None:
        """Removes values of your own."""
        self.remove_properties([name])

    def remove_properties(self, names: Any) -> None:
        """Removes values of your own."""
        for name in [names] if isinstance(names, str) else list(names):
            if name not in self._custom:
                raise ValueError(f"{name} is not a defined custom property")
            del self._custom[name]

    def rename_property(self, name: str, new_name: str) -> None:
        """Renames values of your own."""
        self.add_property(new_name, self._custom[name] if name in self._custom else None)
        self.remove_property(name)

    def to_table(self, columns: str | list[str] | tuple[str, ...] | None = None) -> Any:
        """The catalogue as a table.

        Parameters
        ----------
        columns : str or list of str, optional
            Names of columns in order; by default `default_columns`.
        """
        names = self.default_columns if columns is None else [columns] if isinstance(columns, str) else list(columns)
        native = [n for n in names if n in _PLAIN or n in _UNITS]
        for name in names:
            if name not in _ALL and name not in self._custom:
                raise ValueError(f"invalid column name: {name!r}")
        # All in one call.
        asked = [n for n in native if not n.startswith("sky_") and n not in ("label", "labels", *self._custom, *self._cache)]
        if len(asked) > 1:
            columns_, _ = self._native.columns(asked)
            for name, column in zip(asked, columns_, strict=True):
                self._cache[name] = self._finished(name, column[1])
        return table_of({name: self._values(name) for name in names}, self.meta)

    def _flux(self, pair: tuple[Any, Any], name: str | None, overwrite: bool) -> tuple[Any, Any]:
        flux, err = (with_unit(v, self._unit) for v in pair)
        if name is not None:
            self.add_property(f"{name}_flux", flux, overwrite=overwrite)
            self.add_property(f"{name}_flux_err", err, overwrite=overwrite)
        return (flux[0], err[0]) if self.isscalar else (flux, err)

    def circular_photometry(
        self, radius: float, name: str | None = None, overwrite: bool = False
    ) -> tuple[Any, Any]:
        """Flux and error in a circle around each source; with `name` also kept as properties."""
        if radius <= 0:
            raise ValueError("radius must be > 0")
        return self._flux(self._native.circular_photometry(float(radius)), name, overwrite)

    def kron_photometry(
        self, kron_params: tuple[float, ...], name: str | None = None, overwrite: bool = False
    ) -> tuple[Any, Any]:
        """Flux and error in other Kron apertures; with `name` also kept as properties."""
        return self._flux(self._native.kron_photometry(_kron(kron_params)), name, overwrite)

    def flux_radius(self, fraction: float, name: str | None = None, overwrite: bool = False) -> Any:
        """The radius of the circle that holds a fraction of the Kron flux; with `name` also kept as a property."""
        if fraction <= 0 or fraction > 1:
            raise ValueError("fraction must be > 0 and <= 1")
        out = with_unit(self._native.flux_radius(float(fraction)), "pix")
        if name is not None:
            self.add_property(name, out, overwrite=overwrite)
        return out[0] if self.isscalar else out

    def _apertures(self, described: list[Any]) -> list[Any]:
        out: list[Any] = []
        for item in described:
            if item is None:
                out.append(None)
                continue
            x, y, a, b, theta, circular = item
            out.append(CircularAperture((x, y), a) if circular else EllipticalAperture((x, y), a, b, theta=theta))
        return out

    def make_kron_apertures(self, kron_params: tuple[float, ...] | None = None) -> Any:
        """The Kron aperture of each source, None where there is none."""
        params = None if kron_params is None else _kron(kron_params)
        out = self._apertures(self._native.make_kron_apertures(params))
        return out[0] if self.isscalar else out

    def make_circular_apertures(self, radius: float) -> Any:
        """A circle around each source, None where there is none."""
        out = self._apertures(self._native.make_circular_apertures(float(radius)))
        return out[0] if self.isscalar else out

    @property
    def local_background_aperture(self) -> Any:
        """The rectangular ring around each source in which its local background is measured; None without one."""
        from skyphot.aperture import RectangularAnnulus

        out: list[Any] = [None] * self.n_labels
        if self.local_bkg_width > 0:
            for i, (x0, x1, y0, y1) in enumerate(self._native.bbox()):
                w, h, around = 1.5 * (x1 - x0), 1.5 * (y1 - y0), 2 * self.local_bkg_width
                at = 0.5 * (x0 + x1 - 1), 0.5 * (y0 + y1 - 1)
                out[i] = RectangularAnnulus(at, w, w + around, h + around, h_in=h, theta=0.0)
        return out[0] if self.isscalar else out

    def make_cutouts(self, shape: Any, *, array: Any = None, mode: str = "partial", fill_value: Any = np.nan) -> Any:
        """Cutouts of one shape around the sources.

        Parameters
        ----------
        shape : (int, int)
            Rows and columns.
        array : array_like, optional
            The image that is cut; by default the data.
        mode : {'partial', 'trim'}, optional
            Whether a cutout that hangs over the edge is filled or cut there.
        fill_value : float, optional
            What it is filled with.

        Returns
        -------
        cutouts : list of CutoutImage
            None for a source without a centre.
        """
        from skyphot.utils import CutoutImage

        image = self._data if array is None else array
        if np.shape(image) != np.shape(self._data):
            raise ValueError("array must have the same shape as data")
        if mode not in ("partial", "trim"):
            raise ValueError("mode must be 'partial' or 'trim'")
        out: list[Any] = []
        for x, y in zip(self._values("x_centroid"), self._values("y_centroid"), strict=True):
            whole = np.isfinite(x) and np.isfinite(y)
            out.append(CutoutImage(image, (y, x), shape, mode=mode, fill_value=fill_value) if whole else None)
        return out[0] if self.isscalar else out

    def release_cache(self) -> None:
        """Forgets the values that were measured and kept; they are measured anew when they are asked for."""
        self._cache.clear()

    def _plot(self, apertures: list[Any], ax: Any, origin: Any, kwargs: dict[str, Any]) -> Any:
        out: list[Any] = []
        for a in apertures:
            if a is not None:
                out.extend(a.plot(ax=ax, origin=origin, **kwargs))
        return out[0] if self.isscalar and out else out

    def plot_circular_apertures(self, radius: float, ax: Any = None, origin: Any = (0, 0), **kwargs: Any) -> Any:
        """Draws a circle around each source on matplotlib axes and returns the patches."""
        return self._plot(self._apertures(self._native.make_circular_apertures(float(radius))), ax, origin, kwargs)

    def plot_kron_apertures(
        self, kron_params: tuple[float, ...] | None = None, ax: Any = None, origin: Any = (0, 0), **kwargs: Any
    ) -> Any:
        """Draws the Kron apertures on matplotlib axes and returns the patches."""
        params = None if kron_params is None else _kron(kron_params)
        return self._plot(self._apertures(self._native.make_kron_apertures(params)), ax, origin, kwargs)


def _column(name: str) -> property:
    return property(lambda self: self._shown(name), doc=f"`{name}` of each source, of one source a single value.")


for _name in _ALL:
    setattr(SourceCatalog, _name, _column(_name))


def _kron(params: Any) -> tuple[float, float, float]:
    values = [float(v) for v in params]
    if len(values) not in (2, 3):
        raise ValueError("kron_params must be a tuple of 2 or 3 floats")
    values = [*values, 0.0][:3]
    if values[0] <= 0:
        raise ValueError("kron_params[0] must be > 0")
    if values[1] <= 0:
        raise ValueError("kron_params[1] must be > 0")
    if values[2] < 0:
        raise ValueError("kron_params[2] must be >= 0")
    return values[0], values[1], values[2]
