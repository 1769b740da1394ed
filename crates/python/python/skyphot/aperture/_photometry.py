"""Sums in apertures."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import area as in_pix2
from skyphot._compat import is_nddata, strip_units, to_skycoord, unpack_nddata, with_unit
from skyphot._table import metadata, table_of
from skyphot.aperture._base import Aperture, _unmasked, check_method
from skyphot.aperture._flags import decode_aperture_flags
from skyphot.aperture._segmentation import neighbors
from skyphot.aperture._sky import SkyAperture


def aperture_metadata(aperture: Any, index: Any = "") -> dict[str, Any]:
    """Class and parameters of an aperture for the metadata of a table."""
    meta: dict[str, Any] = {f"aperture{index}": type(aperture).__name__}
    for name in getattr(aperture, "_params", ()):
        if name != "positions":
            meta[f"aperture{index}_{name}"] = getattr(aperture, name)
    return meta


class _Inputs:
    """Apertures in pixels and where they came from."""

    def __init__(self, apertures: Any, wcs: Any) -> None:
        self.single = not isinstance(apertures, (list, tuple, np.ndarray))
        items = [apertures] if self.single else list(apertures)
        if not items:
            raise ValueError("apertures must not be empty")
        self.meta: dict[str, Any] = {}
        for i, a in enumerate(items):
            if not isinstance(a, Aperture):
                raise TypeError(f"apertures must be Aperture objects, found {type(a).__name__}")
            self.meta.update(aperture_metadata(a, "" if self.single else i))
        self.sky_positions = None
        if isinstance(items[0], SkyAperture):
            if wcs is None:
                raise ValueError(
                    "A WCS transform must be defined by the input data or the wcs keyword when using a SkyAperture "
                    "object."
                )
            self.sky_positions = items[0].positions
            items = [a.to_pixel(wcs) for a in items]
        for a in items[1:]:
            if not np.array_equal(a.positions, items[0].positions):
                raise ValueError("Input apertures must all have identical positions")
        self.items: list[Any] = items

    @property
    def xy(self) -> np.ndarray:
        return _inputs.positions(self.items[0].positions)

    def sky_center(self, wcs: Any) -> Any:
        """Sky positions as given, or of the pixels."""
        if self.sky_positions is not None:
            return self.sky_positions.reshape((-1,)) if self.sky_positions.isscalar else self.sky_positions
        return None if wcs is None else to_skycoord(wcs, *self.xy.T)


def aperture_photometry(
    data: Any,
    apertures: Any,
    error: Any = None,
    mask: Any = None,
    method: str = "exact",
    subpixels: int = 5,
    wcs: Any = None,
    *,
    n_threads: int | None = 1,
) -> Any:
    """Sums the values in apertures.

    Parameters
    ----------
    data : array_like, Quantity or NDData
        The image, the background subtracted. Values that are not finite make the sum NaN.
    apertures : Aperture or list of Aperture
        One aperture, or several of the same positions.
    error : array_like or Quantity, optional
        The 1-sigma total error of each pixel.
    mask : array_like of bool, optional
        True where a pixel is bad.
    method : {'exact', 'center', 'subpixel'}, optional
        How the overlap of the aperture with a pixel is found.
    subpixels : int, optional
        For 'subpixel', the number of samples along each axis of a pixel.
    wcs : object, optional
        A WCS with the shared interface of astropy; needed for apertures on the sky.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.

    Returns
    -------
    table : QTable or Columns
        `id`, `x_center`, `y_center`, `sky_center` with a WCS, `aperture_sum`, and `aperture_sum_err` with errors; of a
        list of apertures the sums have suffixes `_0`, `_1`, ...
    """
    if is_nddata(data):
        data, error, mask, wcs = unpack_nddata(data, error, mask, wcs)
    n = check_method(method, subpixels)
    (data, error), unit = strip_units((data, error), ("data", "error"))
    given = _Inputs(apertures, wcs)
    arguments = {"aperture_photometry_args": f"method='{method}', subpixels={subpixels}"}
    xy = given.xy
    columns = {"id": np.arange(1, len(xy) + 1), "x_center": xy[:, 0], "y_center": xy[:, 1]}
    if wcs is not None:
        columns["sky_center"] = given.sky_center(wcs)
    sums = _core.photometry(
        _inputs.image(data, error, mask),
        xy,
        [a._native() for a in given.items],
        method,
        n,
        None,
        _inputs.threads(n_threads),
    )
    for i, values in enumerate(sums):
        suffix = "" if given.single else f"_{i}"
        flux, err = _unmasked(values)
        columns[f"aperture_sum{suffix}"] = with_unit(flux, unit)
        if error is not None:
            columns[f"aperture_sum_err{suffix}"] = with_unit(err, unit)
    return table_of(columns, {**metadata(), **arguments, **given.meta})


class AperturePhotometry:
    """Sums, errors, areas and flags in apertures.

    Values that are not finite are masked. Attributes are one value for a single position, else arrays.

    Parameters
    ----------
    data : array_like, Quantity or NDData
        The image, the background subtracted.
    apertures : Aperture or list of Aperture
        One aperture, or several of the same positions.
    error : array_like or Quantity, optional
        The 1-sigma total error of each pixel.
    mask : array_like of bool, optional
        True where a pixel is bad.
    wcs : object, optional
        A WCS with the shared interface of astropy; needed for apertures on the sky.
    method : {'exact', 'center', 'subpixel'}, optional
        How the overlap of the aperture with a pixel is found.
    subpixels : int, optional
        For 'subpixel', the number of samples along each axis of a pixel.
    segmentation_image : SegmentationImage, optional
        Which pixels belong to which source.
    labels : array_like of int, optional
        The source of each position.
    mask_method : {'none', 'mask', 'source_only', 'background_only', 'correct'}, optional
        What is done with pixels of other sources.
    n_threads : int or None, optional
        Number of threads; None takes all cores. The answer does not depend on it.
    """

    def __init__(
        self,
        data: Any,
        apertures: Any,
        *,
        error: Any = None,
        mask: Any = None,
        wcs: Any = None,
        method: str = "exact",
        subpixels: int = 5,
        segmentation_image: Any = None,
        labels: Any = None,
        mask_method: str = "none",
        n_threads: int | None = 1,
    ) -> None:
        if is_nddata(data):
            data, error, mask, wcs = unpack_nddata(data, error, mask, wcs)
        (data, error), self._unit = strip_units((data, error), ("data", "error"))
        self._image = _inputs.image(data, error, mask)
        self._wcs = wcs
        self._n = check_method(method, subpixels, "method")
        self.method, self.subpixels, self.mask_method = method, subpixels, mask_method
        self.n_threads = _inputs.threads(n_threads)
        self._given = _Inputs(apertures, wcs)
        self.segmentation_image, self.labels = segmentation_image, labels
        self._neighbors = neighbors(
            segmentation_image, labels, mask_method, len(self._given.xy), self._image[0].shape
        )
        self.meta = metadata()
        self.meta["aperture_photometry_args"] = (
            f"method='{method}', subpixels={subpixels}, mask_method='{mask_method}', n_threads={self.n_threads}"
        )
        self.meta.update(self._given.meta)
        sky = ["sky_center"] if wcs is not None else []
        self.default_columns = ["id", "x_center", "y_center", *sky, "flux", "flux_err", "area", "flags"]

    def __repr__(self) -> str:
        return (
            f"<AperturePhotometry(method={self.method!r}, subpixels={self.subpixels}, "
            f"mask_method={self.mask_method!r}, n_threads={self.n_threads})>"
        )

    @property
    def isscalar(self) -> bool:
        """Whether there is one position, not a list."""
        return bool(self._given.items[0].isscalar)

    @property
    def n_positions(self) -> int:
        """Number of positions."""
        return len(self._given.xy)

    @cached_property
    def _sums(self) -> list[dict[str, np.ndarray]]:
        sums: list[dict[str, np.ndarray]] = _core.photometry(
            self._image,
            self._given.xy,
            [a._native() for a in self._given.items],
            self.method,
            self._n,
            self._neighbors,
            self.n_threads,
        )
        return sums

    def _values(self, name: str) -> Any:
        """All values of a column, never a scalar."""
        match name:
            case "id":
                return np.arange(1, self.n_positions + 1)
            case "x_center" | "y_center":
                return self._given.xy[:, 0 if name == "x_center" else 1]
            case "sky_center":
                return self._given.sky_center(self._wcs)
        values = [s[name] for s in self._sums]
        out = values[0] if self._given.single else np.stack(values, axis=1)
        if name == "area":
            return in_pix2(out)
        return out if name == "flags" else with_unit(out, self._unit)

    def _shown(self, name: str) -> Any:
        values = self._values(name)
        return values[0] if self.isscalar and values is not None else values

    @property
    def id(self) -> Any:
        """Number of each position, from 1."""
        return self._shown("id")

    @property
    def x_center(self) -> Any:
        """Column of each position in pixels."""
        return self._shown("x_center")

    @property
    def y_center(self) -> Any:
        """Row of each position in pixels."""
        return self._shown("y_center")

    @property
    def sky_center(self) -> Any:
        """Sky coordinates of each position, None without a WCS."""
        return self._shown("sky_center")

    @property
    def flux(self) -> Any:
        """The sums; NaN where there is no overlap."""
        return self._shown("flux")

    @property
    def flux_err(self) -> Any:
        """1-sigma errors of the sums; NaN without errors."""
        return self._shown("flux_err")

    @property
    def area(self) -> Any:
        """Area of the overlap with unmasked pixels."""
        return self._shown("area")

    @property
    def flags(self) -> Any:
        """Quality flags; see `decode_aperture_flags`."""
        return self._shown("flags")

    def decode_flags(self, *, return_bit_values: bool = False) -> dict[int, Any]:
        """The flags of each `id` as names or bit values."""
        flags = self._values("flags")
        return {
            i: decode_aperture_flags(f, return_bit_values=return_bit_values) for i, f in enumerate(flags, start=1)
        }

    def to_table(self, *, columns: str | list[str] | tuple[str, ...] | None = None) -> Any:
        """The results as a table.

        Parameters
        ----------
        columns : str or list of str, optional
            Names of columns in order; by default all.
        """
        allowed = ("id", "x_center", "y_center", "sky_center", "flux", "flux_err", "area", "flags")
        names = self.default_columns if columns is None else [columns] if isinstance(columns, str) else list(columns)
        for name in names:
            if name not in allowed:
                raise ValueError(f"invalid column name: {name!r}; the valid names are {', '.join(allowed)}")
        shown: dict[str, Any] = {}
        for name in names:
            values = self._values(name)
            if values is None:
                raise ValueError(
                    "the 'sky_center' column requires a WCS, which must be defined by the input data or the wcs keyword"
                )
            if self._given.single or name not in allowed[4:]:
                shown[name] = values
            else:
                shown.update((f"{name}_{i}", values[:, i]) for i in range(len(self._given.items)))
        return table_of(shown, self.meta)
