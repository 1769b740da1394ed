"""Statistics of the pixels in apertures."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, strip_units, to_skycoord, unpack_nddata, with_unit
from skyphot._table import metadata, table_of
from skyphot.aperture._base import Aperture, check_method
from skyphot.aperture._bbox import BoundingBox
from skyphot.aperture._flags import decode_aperture_flags
from skyphot.aperture._photometry import aperture_metadata
from skyphot.aperture._segmentation import neighbors
from skyphot.aperture._sky import SkyAperture
from skyphot.aperture._sky_bridge import Bridge

_DATA = (
    "sum", "sum_err", "min", "max", "mean", "mean_err", "median", "median_err", "mode", "std", "mad_std",
    "biweight_location",
)  # fmt: skip
_UNITS = {
    "var": 2, "biweight_midvariance": 2,
    "sum_aper_area": "pix2", "center_aper_area": "pix2", "fwhm": "pix", "semimajor_axis": "pix",
    "semiminor_axis": "pix", "orientation": "deg", "covariance_xx": "pix2", "covariance_xy": "pix2",
    "covariance_yy": "pix2", "covariance_eigvals": "pix2", "ellipse_cxx": "1 / pix2", "ellipse_cxy": "1 / pix2", "ellipse_cyy": "1 / pix2",
    "eccentricity": "", "elongation": "", "ellipticity": "",
}  # fmt: skip
_DEFAULT_COLUMNS = (
    "id", "x_centroid", "y_centroid", "sky_centroid", "sum", "sum_err", "sum_aper_area", "center_aper_area", "min",
    "max", "mean", "median", "mode", "std", "mad_std", "var", "biweight_location", "biweight_midvariance", "fwhm",
    "semimajor_axis", "semiminor_axis", "orientation", "eccentricity", "flags",
)  # fmt: skip
_NATIVE = (
    "x_centroid", "y_centroid", "sum", "sum_err", "sum_aper_area", "center_aper_area", "min", "max", "mean", "mean_err",
    "median", "median_err", "mode", "std", "mad_std", "var", "biweight_location", "biweight_midvariance", "fwhm",
    "semimajor_axis", "semiminor_axis", "orientation", "eccentricity", "elongation", "ellipticity", "covariance_xx",
    "covariance_xy", "covariance_yy", "ellipse_cxx", "ellipse_cxy", "ellipse_cyy", "gini", "moments", "moments_central",
    "covariance_eigvals", "flags",
)  # fmt: skip
_OTHER = (
    "bbox", "bbox_xmax", "bbox_xmin", "bbox_ymax", "bbox_ymin", "centroid", "covariance", "cutout_centroid",
    "data_cutout", "data_sum_cutout", "error_sum_cutout", "inertia_tensor", "sky_centroid", "sky_centroid_icrs",
    "sky_orientation",
)  # fmt: skip


class _Measured(dict[str, np.ndarray]):
    """Statistics by their names, taken from the native object when they are first asked for."""

    def __init__(self, native: _core.NativeStatistics) -> None:
        super().__init__()
        self._native = native

    def __missing__(self, name: str) -> np.ndarray:
        values: np.ndarray = self._native.values(name)
        self[name] = values
        return values

    def __reduce__(self) -> Any:
        return dict, ({name: self[name] for name in (*_NATIVE, "bbox", "inertia_tensor")},)


class ApertureStats:
    """Statistics, shapes and sums of the pixels in an aperture.

    All statistics but `sum` and its kin use whole pixels: those with their centres in the aperture. Attributes
    are one value for a single position, else arrays; `properties` lists their names.

    Parameters
    ----------
    data : array_like, Quantity or NDData
        The image, the background subtracted.
    aperture : Aperture
        The aperture.
    error : array_like or Quantity, optional
        The 1-sigma total error of each pixel.
    mask : array_like of bool, optional
        True where a pixel is bad.
    wcs : object, optional
        A WCS with the shared interface of astropy.
    sigma_clip : SigmaClip, optional
        Clipping of the pixels in each aperture.
    sum_method : {'exact', 'center', 'subpixel'}, optional
        How the overlap of the aperture with a pixel is found for the sums.
    subpixels : int, optional
        For 'subpixel', the number of samples along each axis of a pixel.
    ddof : int, optional
        Delta degrees of freedom of standard deviation and variance.
    local_bkg : float, array_like or Quantity, optional
        Background to subtract, one value or one for each position.
    segmentation_image : SegmentationImage, optional
        Which pixels belong to which source.
    labels : array_like of int, optional
        The source of each position.
    mask_method : {'none', 'mask', 'source_only', 'background_only', 'correct'}, optional
        What is done with pixels of other sources.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    SUM_FOOTPRINT_PROPERTIES = ("sum", "sum_err", "sum_aper_area", "data_sum_cutout", "error_sum_cutout")

    def __init__(
        self,
        data: Any,
        aperture: Any,
        *,
        error: Any = None,
        mask: Any = None,
        wcs: Any = None,
        sigma_clip: Any = None,
        sum_method: str = "exact",
        subpixels: int = 5,
        ddof: int = 0,
        local_bkg: Any = None,
        segmentation_image: Any = None,
        labels: Any = None,
        mask_method: str = "none",
        n_threads: int | None = 1,
    ) -> None:
        if is_nddata(data):
            data, error, mask, wcs = unpack_nddata(data, error, mask, wcs)
        (data, error, local_bkg), self._unit = strip_units(
            (data, error, local_bkg), ("data", "error", "local_bkg")
        )
        if not isinstance(aperture, Aperture):
            raise TypeError("aperture must be an Aperture or Region object")
        if isinstance(aperture, SkyAperture) and wcs is None:
            raise ValueError("A wcs is required when using a SkyAperture")
        if sigma_clip is not None and not hasattr(sigma_clip, "sigma_lower"):
            raise TypeError("sigma_clip must be a SigmaClip instance")
        if isinstance(ddof, bool) or not isinstance(ddof, (int, np.integer)) or ddof < 0:
            raise ValueError("ddof must be a nonnegative integer")
        self.aperture, self.sigma_clip = aperture, sigma_clip
        self._image = _inputs.image(data, error, mask)
        self._wcs = wcs
        self._n = check_method(sum_method, subpixels, "sum_method")
        self.sum_method, self.subpixels, self.ddof = sum_method, subpixels, ddof
        self.n_threads = _inputs.threads(n_threads)
        self._pixel_aperture: Any = aperture.to_pixel(wcs) if isinstance(aperture, SkyAperture) else aperture
        self._isscalar = self._pixel_aperture.isscalar
        self._xy = _inputs.positions(self._pixel_aperture.positions)
        n = len(self._xy)
        self._local_bkg: np.ndarray | None = None
        if local_bkg is not None:
            bkg = np.atleast_1d(local_bkg)
            if bkg.ndim != 1:
                raise ValueError("local_bkg must be a 1D array")
            if len(bkg) not in (1, n):
                raise ValueError("local_bkg must be scalar or have the same length as the input aperture")
            if not np.all(np.isfinite(bkg)):
                raise ValueError("local_bkg must not contain any nonfinite (e.g., inf or NaN) values")
            self._local_bkg = np.array(np.broadcast_to(bkg, n), dtype=float)
        self.segmentation_image, self.labels, self.mask_method = segmentation_image, labels, mask_method
        self._neighbors = neighbors(segmentation_image, labels, mask_method, n, self._image[0].shape)
        self._ids = np.arange(1, n + 1)
        self._rows: np.ndarray = np.arange(n)
        self._whole = self
        self.default_columns = list(_DEFAULT_COLUMNS)
        self.meta = {**metadata(), **aperture_metadata(aperture)}

    def __repr__(self) -> str:
        return f"<ApertureStats of {self.n_positions} positions>"

    def __len__(self) -> int:
        if self.isscalar:
            raise TypeError("A scalar 'ApertureStats' object has no len()")
        return self.n_positions

    def __getitem__(self, index: Any) -> ApertureStats:
        if self.isscalar:
            raise TypeError("A scalar 'ApertureStats' object cannot be indexed")
        new = object.__new__(type(self))
        new.__dict__.update({k: v for k, v in self.__dict__.items() if k != "_all"})
        rows = self._rows[index]
        new._isscalar = np.ndim(rows) == 0
        new._rows = np.atleast_1d(rows)
        new._ids = np.atleast_1d(self._ids[index])
        new.aperture = self.aperture[index]
        return new

    def __iter__(self) -> Any:
        for i in range(len(self)):
            yield self[i]

    @property
    def isscalar(self) -> bool:
        """Whether there is one position, not a list."""
        return self._isscalar

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return len(self._rows)

    n_apertures = n_positions

    @property
    def properties(self) -> list[str]:
        """Names of all measured attributes."""
        return sorted(["id", *_NATIVE, *_OTHER])

    @cached_property
    def _all(self) -> _Measured:
        """What was measured at all positions, once for an object and its slices."""
        if self._whole is not self:
            return self._whole._all
        native = _core.statistics(
            self._image,
            self._xy,
            self._pixel_aperture._native(),
            _inputs.clip_or_none(self.sigma_clip),
            self.sum_method,
            self._n,
            self.ddof,
            self._local_bkg,
            self._neighbors,
            self.n_threads,
        )
        return _Measured(native)

    def _bboxes(self) -> list[BoundingBox]:
        return [BoundingBox(*edges) for edges in self._all["bbox"][self._rows].tolist()]

    def _cutout(self, row: int, name: str) -> Any:
        if self._neighbors is None:
            around = None
        else:
            segm, labels, method = self._neighbors
            around = (segm, [labels[row]], method)
        cut = _core.statistics_cutout(
            self._image,
            tuple(self._xy[row]),
            self._pixel_aperture._native(),
            _inputs.clip_or_none(self.sigma_clip),
            self.sum_method,
            self._n,
            None if self._local_bkg is None else float(self._local_bkg[row]),
            around,
        )
        if cut is None or cut[name] is None:
            return None
        values = cut[name]
        bad = ~np.isfinite(values)
        return np.ma.MaskedArray(with_unit(values, self._unit), mask=bad)

    def _values(self, name: str) -> Any:
        """All values of an attribute, never a scalar."""
        rows, all_ = self._rows, self._all
        match name:
            case "id":
                return self._ids
            case "bbox":
                return self._bboxes()
            case "bbox_xmin" | "bbox_xmax" | "bbox_ymin" | "bbox_ymax":
                k = ("bbox_xmin", "bbox_xmax", "bbox_ymin", "bbox_ymax").index(name)
                edges = all_["bbox"][rows, k]
                return edges - 1 if name.endswith("max") else edges
            case "centroid":
                return np.transpose([all_["x_centroid"][rows], all_["y_centroid"][rows]])
            case "cutout_centroid":
                low = all_["bbox"][rows][:, [0, 2]]
                return self._values("centroid") - np.where(low < 0, 0, low)
            case "covariance":
                xx, xy, yy = (all_[f"covariance_{k}"][rows] for k in ("xx", "xy", "yy"))
                return with_unit(np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2), "pix2")
            case "inertia_tensor":
                return with_unit(all_["inertia_tensor"][rows], "pix2")
            case "sky_centroid" | "sky_centroid_icrs":
                if self._wcs is None:
                    return np.array([None] * len(rows))
                sky = to_skycoord(self._wcs, *self._values("centroid").T)
                return sky.icrs if name.endswith("icrs") else sky
            case "sky_orientation":
                if self._wcs is None:
                    return np.array([None] * len(rows))
                bridge = Bridge(self._wcs)
                keys = "x_centroid", "y_centroid", "covariance_xx", "covariance_xy", "covariance_yy"
                sources = np.stack([all_[k][rows] for k in keys], -1)
                return with_unit(_core.sky_orientations(sources, bridge.to_sky, bridge.to_pixel), "deg")
            case "data_cutout" | "data_sum_cutout" | "error_sum_cutout":
                key = {"data_cutout": "data", "data_sum_cutout": "data_sum", "error_sum_cutout": "error_sum"}[name]
                return [self._cutout(int(r), key) for r in rows]
        values = all_[name][rows]
        if name in _DATA:
            return with_unit(values, self._unit)
        power = _UNITS.get(name)
        if power == 2:
            return values if self._unit is None else with_unit(values, self._unit**2)
        return values if power is None else with_unit(values, power)

    def __getattr__(self, name: str) -> Any:
        if name not in _NATIVE and name not in _OTHER:
            raise AttributeError(f"'ApertureStats' object has no attribute {name!r}")
        return self._shown(name)

    def _shown(self, name: str) -> Any:
        values = self._values(name)
        return values[0] if self.isscalar else values

    @property
    def id(self) -> Any:
        """Number of each position, from 1."""
        return self._ids[0] if self.isscalar else self._ids

    @property
    def ids(self) -> np.ndarray:
        """Numbers of the positions, always an array."""
        return self._ids

    def select_id(self, id_num: int) -> ApertureStats:
        """The statistics of one `id`."""
        return self.select_ids(id_num)

    def select_ids(self, id_nums: Any) -> ApertureStats:
        """The statistics of some `id`s."""
        for i in np.atleast_1d(id_nums):
            if i not in self._ids:
                raise ValueError(f"{i} is not a valid source ID number")
        order = np.argsort(self._ids)
        return self[order[np.searchsorted(self._ids, id_nums, sorter=order)]]

    def copy(self) -> ApertureStats:
        """A copy that shares the measured values."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def decode_flags(self, *, return_bit_values: bool = False) -> dict[int, list[Any]]:
        """The flags of each `id` as names or bit values."""
        flags = self._values("flags")
        return {
            int(i): decode_aperture_flags(int(f), return_bit_values=return_bit_values)
            for i, f in zip(self._ids, flags, strict=True)
        }

    def to_table(self, *, columns: str | list[str] | tuple[str, ...] | None = None) -> Any:
        """The statistics as a table.

        Parameters
        ----------
        columns : str or list of str, optional
            Names of columns in order; by default `default_columns`.
        """
        names = self.default_columns if columns is None else [columns] if isinstance(columns, str) else list(columns)
        allowed = self.properties
        for name in names:
            if name not in allowed:
                raise ValueError(f"invalid column name: {name!r}; the valid names are {', '.join(allowed)}")
        return table_of({name: self._values(name) for name in names}, self.meta)


def _column(name: str) -> property:
    return property(lambda self: self._shown(name), doc=f"`{name}` of each position, of one position a single value.")


for _name in (*_NATIVE, *_OTHER):
    setattr(ApertureStats, _name, _column(_name))
