"""The stars that ePSFs are built from."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, is_quantity, warn

_OUTSIDE, _POSITION, _FLUX, _NO_PIXELS = 256, 512, 1024, 2048


class EPSFStar:
    """A cutout of a star.

    Parameters
    ----------
    data : array_like
        The cutout, the background subtracted.
    weights : array_like, optional
        Weights of the pixels, the inverse of their errors; what is not above 0 is masked.
    cutout_center : (float, float), optional
        The position `(x, y)` in the cutout; by default its middle.
    flux : float, optional
        The flux; by default the sum of the pixels, masked ones filled in.
    origin : (int, int), optional
        The pixel `(x, y)` of the image that the cutout begins with.
    wcs_large : WCS, optional
        The WCS of the image; linked stars need it.
    id_label : int or str, optional
        A name.
    """

    def __init__(
        self,
        data: Any,
        *,
        weights: Any = None,
        cutout_center: Any = None,
        flux: float | None = None,
        origin: Any = (0, 0),
        wcs_large: Any = None,
        id_label: Any = None,
    ) -> None:
        if is_quantity(data):
            raise TypeError("data must be a plain ndarray. Quantity inputs are not supported")
        if isinstance(data, np.ma.MaskedArray):
            raise TypeError(
                "data must be a plain ndarray. MaskedArray inputs are not supported. Use the weights keyword to mask pixels"
            )
        self._data = np.asanyarray(data)
        if self._data.ndim != 2:
            raise ValueError(f"Input data must be 2-dimensional, got {self._data.ndim}D")
        if self._data.size == 0:
            raise ValueError("Input data cannot be empty")
        self.shape = self._data.shape
        if weights is None:
            self.weights = np.ones(self.shape)
        else:
            weights = np.asanyarray(weights)
            if weights.shape != self.shape:
                raise ValueError(f"Weights shape {weights.shape} must match data shape {self.shape}")
            if not np.all(np.isfinite(weights)):
                warn("Nonfinite weight values detected. These will be set to zero.")
                weights = np.where(np.isfinite(weights), weights, 0.0)
            self.weights = np.array(weights, dtype=float)
        self.mask = self.weights <= 0.0
        bad = ~np.isfinite(self._data)
        if np.any(bad):
            self.weights[bad] = 0.0
            self.mask[bad] = True
            warn("Input data array contains invalid data that will be masked.")
        origin = np.asarray(origin)
        if origin.shape != (2,):
            raise ValueError(f"Origin must have exactly 2 elements, got {origin.size}")
        if not np.all(np.isfinite(origin)):
            raise ValueError("Origin coordinates must be finite")
        if any(int(v) != v for v in origin):
            raise ValueError("origin must have integer values")
        self.origin = origin.astype(int)
        self.wcs_large, self.id_label = wcs_large, id_label
        ny, nx = self.shape
        self.cutout_center = ((nx - 1) / 2.0, (ny - 1) / 2.0) if cutout_center is None else cutout_center
        self._center_original = self.center
        self._has_all_zero_data = False
        if flux is None:
            if np.all(self.mask):
                raise ValueError("Star cutout is completely masked. No valid data available")
            self._has_all_zero_data = not np.any(self._data[~self.mask])
            if self._has_all_zero_data:
                warn("All unmasked data values in star cutout are zero")
            flux = self.estimate_flux()
        self.flux = flux
        self._excluded_from_fit = False
        self._fit_error_status = 0

    def _native(self, linked: bool = False) -> dict[str, Any]:
        wcs = None
        if linked:
            from skyphot.aperture._sky_bridge import Bridge

            bridge = Bridge(self.wcs_large)
            wcs = (bridge.to_sky, bridge.to_pixel)
        return {
            "data": _inputs.float64_plane(self._data, "data"),
            "weights": self.weights,
            "center": (float(self._cutout_center[0]), float(self._cutout_center[1])),
            "flux": self._flux,
            "origin": (int(self.origin[0]), int(self.origin[1])),
            "wcs": wcs,
        }

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self._data, dtype=dtype, copy=copy is not False)

    @property
    def data(self) -> np.ndarray:
        """The pixels."""
        return np.asanyarray(self._data)

    @property
    def flux(self) -> float:
        """The flux."""
        return self._flux

    @flux.setter
    def flux(self, value: float) -> None:
        value = float(value)
        if not np.isfinite(value):
            raise ValueError("flux must be a finite value")
        self._flux = value

    @property
    def cutout_center(self) -> np.ndarray:
        """The position `(x, y)` in the cutout."""
        return self._cutout_center

    @cutout_center.setter
    def cutout_center(self, value: Any) -> None:
        value = np.asarray(value)
        if value.shape != (2,):
            raise ValueError(f"cutout_center must have exactly two elements in (x, y) form, got shape {value.shape}")
        if not np.all(np.isfinite(value)):
            raise ValueError("All cutout_center coordinates must be finite")
        for name, v, n in zip("xy", value, self.shape[::-1], strict=True):
            if not 0 <= v < n:
                warn(f"cutout_center {name}-coordinate {v} is outside the cutout bounds [0, {n})")
        self._cutout_center = np.array(value, dtype=float)

    @property
    def center(self) -> np.ndarray:
        """The position `(x, y)` in the image."""
        return np.asarray(self._cutout_center + self.origin)

    @property
    def slices(self) -> tuple[slice, slice]:
        """The cutout in the image."""
        (x, y), (ny, nx) = self.origin, self.shape
        return slice(y, y + ny), slice(x, x + nx)

    @property
    def bbox(self) -> Any:
        """The cutout in the image as a `BoundingBox`."""
        from skyphot.aperture import BoundingBox

        y, x = self.slices
        return BoundingBox(int(x.start), int(x.stop), int(y.start), int(y.stop))

    def estimate_flux(self) -> float:
        """The sum of the pixels, masked ones filled in."""
        return float(_core.epsf_star_flux(_inputs.float64_plane(self._data, "data"), self.weights))

    def register_epsf(self, epsf: Any) -> np.ndarray:
        """An ePSF at the place of the star, with its flux."""
        yy, xx = np.indices(self.shape, dtype=float)
        x, y = self._cutout_center
        return np.asarray(epsf.evaluate(xx, yy, self._flux, x, y))

    def compute_residual_image(self, epsf: Any) -> np.ndarray:
        """The cutout less the ePSF."""
        return np.asarray(_core.epsf_star_residual(self._native(), epsf._native()))

    def _moved(self, fitted: tuple[float, float, float, int]) -> EPSFStar:
        x, y, flux, flags = fitted
        new = copy.copy(self)
        new._cutout_center, new._flux = np.array([x, y]), flux
        new._fit_error_status = next((k for k, bit in ((1, 1), (2, 2), (3, 4), (4, 8)) if flags & bit), 0)
        new._excluded_from_fit = bool(flags & 16)
        return new


class LinkedEPSFStar:
    """Cutouts of one star in several images.

    Parameters
    ----------
    stars_list : list of EPSFStar
        The cutouts, each with its WCS.
    """

    def __init__(self, stars_list: Any) -> None:
        for star in stars_list:
            if not isinstance(star, EPSFStar):
                raise TypeError("stars_list must contain only EPSFStar objects")
            if star.wcs_large is None:
                raise ValueError("Each EPSFStar object must have a valid wcs_large attribute")
        self._data = list(stars_list)

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: Any) -> Any:
        return self._data[index]

    def __iter__(self) -> Iterator[EPSFStar]:
        yield from self._data

    def __getattr__(self, name: str) -> Any:
        return _of_all(self, name)

    @property
    def all_stars(self) -> list[EPSFStar]:
        """The cutouts."""
        return self._data

    @property
    def all_good_stars(self) -> list[EPSFStar]:
        """The cutouts that are not left out."""
        return [s for s in self._data if not s._excluded_from_fit]

    @property
    def all_excluded(self) -> bool:
        """Whether all are left out."""
        return not self.all_good_stars

    @property
    def n_stars(self) -> int:
        """Number of cutouts."""
        return len(self._data)

    @property
    def n_all_stars(self) -> int:
        """Number of cutouts."""
        return len(self._data)

    @property
    def n_good_stars(self) -> int:
        """Number of cutouts that are not left out."""
        return len(self.all_good_stars)

    @property
    def center_flat(self) -> np.ndarray:
        """The positions in the images."""
        return np.array([s.center for s in self._data])

    @property
    def cutout_center_flat(self) -> np.ndarray:
        """The positions in the cutouts."""
        return np.array([s.cutout_center for s in self._data])

    def _constrained(self, centers: bool, fluxes: bool, what: str) -> None:
        if len(self._data) < 2:
            return
        if self.all_excluded:
            warn(
                f"Cannot constrain {what} of linked stars because they have all been excluded during the ePSF "
                "build process.", 4
            )  # fmt: skip
            return
        good = self.all_good_stars
        for star, (x, y, flux, _) in zip(
            good, _core.constrain_epsf_stars([s._native(True) for s in good], centers, fluxes), strict=True
        ):
            star._cutout_center, star._flux = np.array([x, y]), flux

    def constrain_centers(self) -> None:
        """Moves the cutouts to their mean position on the sky."""
        self._constrained(True, False, "centers")

    def constrain_fluxes(self) -> None:
        """Gives the cutouts their mean flux."""
        self._constrained(False, True, "fluxes")


class EPSFStars:
    """A list of stars.

    Parameters
    ----------
    stars_list : list of EPSFStar or LinkedEPSFStar
        The stars.
    """

    def __init__(self, stars_list: Any) -> None:
        if isinstance(stars_list, (EPSFStar, LinkedEPSFStar)):
            stars_list = [stars_list]
        if not isinstance(stars_list, list) or not all(isinstance(s, (EPSFStar, LinkedEPSFStar)) for s in stars_list):
            raise TypeError("stars_list must be a list of EPSFStar and/or LinkedEPSFStar objects")
        self._data = stars_list

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, index: Any) -> EPSFStars:
        return type(self)(self._data[index])

    def __delitem__(self, index: Any) -> None:
        del self._data[index]

    def __iter__(self) -> Iterator[Any]:
        yield from self._data

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        data = self._data[0] if len(self._data) == 1 else self._data
        return np.array(data, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        return _of_all(self, name)

    @property
    def all_stars(self) -> list[EPSFStar]:
        """All cutouts, those of linked stars one after the other."""
        return [s for entry in self._data for s in (entry if isinstance(entry, LinkedEPSFStar) else [entry])]

    @property
    def all_good_stars(self) -> list[EPSFStar]:
        """All cutouts that are not left out."""
        return [s for s in self.all_stars if not s._excluded_from_fit]

    @property
    def n_stars(self) -> int:
        """Number of stars; a linked one counts once."""
        return len(self._data)

    @property
    def n_all_stars(self) -> int:
        """Number of cutouts."""
        return len(self.all_stars)

    @property
    def n_good_stars(self) -> int:
        """Number of cutouts that are not left out."""
        return len(self.all_good_stars)

    @property
    def center_flat(self) -> np.ndarray:
        """The positions in the images."""
        return np.array([s.center for s in self.all_stars])

    @property
    def cutout_center_flat(self) -> np.ndarray:
        """The positions in the cutouts."""
        return np.array([s.cutout_center for s in self.all_stars])

    def _native(self) -> tuple[list[list[dict[str, Any]]], list[list[EPSFStar]]]:
        """Those that take part for the native module, and the objects in the same order."""
        described, kept = [], []
        for entry in self._data:
            linked = isinstance(entry, LinkedEPSFStar)
            good = [s for s in (entry if linked else [entry]) if not s._excluded_from_fit]
            if good:
                described.append([s._native(len(good) > 1) for s in good])
                kept.append(good)
        return described, kept

    def _moved(self, kept: list[list[EPSFStar]], fitted: list[tuple[float, float, float, int]]) -> EPSFStars:
        new: dict[int, EPSFStar] = {}
        for star, row in zip([s for group in kept for s in group], fitted, strict=True):
            new[id(star)] = star._moved(row)
        entries: list[Any] = []
        for entry in self._data:
            if isinstance(entry, LinkedEPSFStar):
                entries.append(LinkedEPSFStar([new.get(id(s), s) for s in entry]))
            else:
                entries.append(new.get(id(entry), entry))
        return EPSFStars(entries)


def _of_all(stars: Any, name: str) -> Any:
    if name.startswith("_") and name != "_excluded_from_fit":
        raise AttributeError(f"'{type(stars).__name__}' object has no attribute '{name}'")
    if not stars._data:
        raise AttributeError(f"'{type(stars).__name__}' object is empty and has no attribute '{name}'")
    values: Any = [getattr(s, name) for s in stars._data]
    if name in ("cutout_center", "center", "flux", "_excluded_from_fit"):
        try:
            values = np.array(values)
        except ValueError:
            ragged = np.empty(len(values), dtype=object)
            ragged[:] = values
            values = ragged
    return values[0] if len(stars._data) == 1 else values


def extract_stars(data: Any, catalogs: Any, *, size: Any = (11, 11)) -> EPSFStars:
    """Cuts stars out of images.

    Parameters
    ----------
    data : array_like, NDData or list of them
        The images, the background subtracted. The uncertainty of an `NDData` gives the weights.
    catalogs : table or list of tables
        One for each image, with the columns `x` and `y` or `skycoord` and, if known, `id` and `flux`; or one with
        `skycoord` for all images, whose stars are linked.
    size : int or (int, int), optional
        Rows and columns of the cutouts, odd numbers of at least 3.

    Returns
    -------
    stars : EPSFStars
        Those whose cutouts are wholly inside their images.
    """
    images = list(data) if isinstance(data, list) else [data]
    for i, image in enumerate(images):
        if not is_nddata(image) and not isinstance(image, np.ndarray):
            raise TypeError(f"All data elements must be 2D arrays or NDData objects. Element {i} is {type(image)}")
        if np.ndim(getattr(image, "data", image)) != 2:
            raise ValueError(f"All input images must be 2D. The image at index {i} is not")
    tables = list(catalogs) if isinstance(catalogs, list) else [catalogs]
    for i, table in enumerate(tables):
        if not hasattr(table, "colnames"):
            raise TypeError(f"All catalog elements must be Table objects. Element {i} is {type(table)}")
        if len(table) == 0:
            warn(f"Catalog at index {i} is empty. No stars will be extracted from this catalog.")
    linked = len(tables) == 1 and len(images) > 1
    if linked and "skycoord" not in tables[0].colnames:
        raise ValueError(
            "When inputting a single catalog with multiple images, the catalog must have a 'skycoord' column."
        )
    if linked and any(getattr(image, "wcs", None) is None for image in images):
        raise ValueError(
            "When inputting a single catalog with multiple images, each image must be an NDData object with a wcs "
            "attribute."
        )
    if not linked and len(images) != len(tables):
        raise ValueError(
            "When inputting multiple catalogs, the number of catalogs must match the number of input images."
        )
    shape = _inputs.pair(size, "size")
    if any(n % 2 == 0 for n in shape) or min(shape) < 3:
        raise ValueError("size must have an odd value of at least 3 for both axes")
    by_image, n_outside = [], 0
    for i, image in enumerate(images):
        stars, outside = _cut(image, tables[0 if linked else i], shape, linked, i)
        by_image.append(stars)
        n_outside += outside
    entries: list[Any] = []
    if linked:
        for group in zip(*by_image, strict=True):
            good = [s for s in group if s is not None]
            if good:
                entries.append(good[0] if len(good) == 1 else LinkedEPSFStar(good))
    else:
        entries = [s for stars in by_image for s in stars if s is not None]
    if n_outside:
        warn(
            f"{n_outside} star cutout(s) were not extracted because their cutout region extended beyond the input image."
        )
    return EPSFStars(entries)


def _weights(image: Any) -> np.ndarray | None:
    uncertainty = getattr(image, "uncertainty", None)
    if uncertainty is None:
        return None
    if uncertainty.uncertainty_type == "weights":
        return np.asarray(uncertainty.array, dtype=float)
    from astropy.nddata import StdDevUncertainty

    try:
        error = uncertainty.represent_as(StdDevUncertainty).array
    except (AttributeError, TypeError):
        error = uncertainty.array
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1.0 / np.asarray(error, dtype=float)


def _cut(
    image: Any, table: Any, size: tuple[int, int], linked: bool, number: int
) -> tuple[list[EPSFStar | None], int]:
    names = table.colnames
    pixels = np.asarray(image.data if is_nddata(image) else image)
    wcs = getattr(image, "wcs", None)
    if linked or "x" not in names or "y" not in names:
        if "skycoord" not in names:
            raise ValueError(
                f"Catalog at index {number} must have either 'x' and 'y' columns or a 'skycoord' column."
            )
        if wcs is None:
            raise ValueError(
                f"When catalog at index {number} contains only skycoord positions, the corresponding image must be an "
                "NDData object with a wcs attribute."
            )
        x, y = wcs.world_to_pixel(table["skycoord"])
    else:
        x, y = _inputs.bare(table["x"]), _inputs.bare(table["y"])
    xy = _inputs.positions(np.column_stack((np.atleast_1d(x), np.atleast_1d(y))))
    if len(table) == 0:
        return [], 0
    ids = table["id"] if "id" in names else np.arange(1, len(table) + 1)
    flux = _inputs.vector(table["flux"]).tolist() if "flux" in names else None
    weights = _weights(image)
    mask = getattr(image, "mask", None) if is_nddata(image) else None
    cuts = _core.extract_epsf_stars(
        _inputs.float64_plane(pixels, "data"), weights, _inputs.bool_plane(mask, pixels.shape), xy, flux, size
    )
    stars: list[EPSFStar | None] = []
    bad_weights = 0
    count = {_POSITION: 0, _FLUX: 0, _OUTSIDE: 0}
    failed = []
    for i, (flags, cut) in enumerate(cuts):
        for bit in count:
            count[bit] += bool(flags & bit)
        if flags & _NO_PIXELS:
            failed.append(i)
        if cut is None:
            stars.append(None)
            continue
        (x0, y0), center, w, f = cut
        bad_weights += bool(flags & 64)
        ny, nx = size
        star = EPSFStar(
            pixels[y0 : y0 + ny, x0 : x0 + nx], weights=np.asarray(w), cutout_center=center, flux=f, origin=(x0, y0),
            wcs_large=wcs, id_label=ids[i],
        )  # fmt: skip
        if flags & 128 and flux is None:
            warn(f"Star at ({xy[i, 0]:.1f}, {xy[i, 1]:.1f}) has all unmasked data values equal to zero", 4)
        stars.append(star)
    if count[_POSITION]:
        warn(f"{count[_POSITION]} star(s) were not extracted because their (x, y) positions were not finite.", 4)
    if count[_FLUX]:
        warn(f"{count[_FLUX]} star(s) were not extracted because their catalog flux values were not finite.", 4)
    if bad_weights:
        warn(
            f"{bad_weights} star cutout(s) had nonfinite weight values which were set to zero. Please check the input "
            "uncertainty values in the NDData object.", 4
        )  # fmt: skip
    for i in failed:
        warn(
            f"Failed to create EPSFStar for object at ({xy[i, 0]:.2f}, {xy[i, 1]:.2f}): Star cutout is completely "
            "masked. No valid data available", 4
        )  # fmt: skip
    return stars, count[_OUTSIDE]
