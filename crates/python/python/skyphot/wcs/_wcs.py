"""The class `WCS`."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY, warn, with_unit
from skyphot.wcs import _frames
from skyphot.wcs._errors import NoConvergence
from skyphot.wcs._header import records

DIVERGED = 4


class WCS:
    """The world coordinate system of an image: pixels to positions on the sky and back.

    It has the shared interface of astropy for such systems (APE 14), low and high level, so it can be given to
    whatever takes an `astropy.wcs.WCS`, a `gwcs.WCS` or an `NDData`'s `wcs`.

    Parameters
    ----------
    header : astropy.io.fits.Header, mapping, str, bytes or path
        A header, its text, or a file: a FITS image (`"a.fits[SCI]"` picks an HDU), an ASDF file with a GWCS, or cards in
        a text file.
    fobj : astropy.io.fits.HDUList or path, optional
        Where the lookup tables are that the header announces.
    key : str, optional
        The letter of an alternate system.

    Raises
    ------
    ValueError
        If there is no celestial system, or one that cannot be used. The message names the keyword.
    TypeError
        If `header` is none of these.

    Examples
    --------
    >>> from skyphot.wcs import WCS
    >>> header = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": -30.0,
    ...           "CRPIX1": 50.0, "CRPIX2": 50.0, "CDELT1": -1e-4, "CDELT2": 1e-4}
    >>> lon, lat = WCS(header).pixel_to_world_values(49.0, 49.0)
    >>> round(float(lon), 9), round(float(lat), 9)
    (10.0, -30.0)
    """

    pixel_n_dim = 2
    world_n_dim = 2
    naxis = 2
    serialized_classes = False
    has_celestial = True
    is_celestial = True

    def __init__(self, header: Any, fobj: Any = None, key: str = " ") -> None:
        letter = key.strip().upper()
        if len(letter) > 1:
            raise ValueError(f"key must be one letter, found {key!r}")
        alt = letter or None
        make: Callable[..., Any]
        args: tuple[Any, ...]
        if _is_file(header):
            make, args = _core.NativeWcs.from_file, (os.fspath(header), alt)
        else:
            make, args = _core.NativeWcs.from_header, (records(header), alt, _extensions(fobj))
        self._set(make(*args), (make.__name__, args), ())
        for text in self._info["warnings"]:
            warn(text)
        _register()

    def _set(self, native: Any, source: Any, edits: Any) -> None:
        self._native, self._source, self._edits = native, source, edits
        self._info: dict[str, Any] = native.info()
        shape = self._info["shape"]
        self._pixel_shape: tuple[int, int] | None = None if shape is None else (shape[1], shape[0])
        self._pixel_bounds = self._info.get("bounds")

    @classmethod
    def _from_native(cls, native: Any, source: Any = None) -> WCS:
        new = cls.__new__(cls)
        new._set(native, source, ())
        _register()
        return new

    def _edited(self, method: str, *args: Any) -> WCS:
        new = type(self).__new__(type(self))
        new._set(getattr(self._native, method)(*args), self._source, (*self._edits, (method, args)))
        return new

    def __reduce__(self) -> Any:
        source = self._source
        if source is None:
            source = ("from_header", (records(self._dict()), None, []))
        return _rebuild, (type(self), source, self._edits, self._pixel_shape, self._pixel_bounds)

    # Low level

    @property
    def low_level_wcs(self) -> WCS:
        """The low-level system: this one."""
        return self

    @property
    def pixel_shape(self) -> tuple[int, int] | None:
        """`(nx, ny)` of the image, None if it is not known; can be set."""
        return self._pixel_shape

    @pixel_shape.setter
    def pixel_shape(self, value: Any) -> None:
        if value is None:
            self._pixel_shape = None
            return
        if len(value) != 2:
            raise ValueError(f"pixel_shape must have 2 numbers, found {len(value)}")
        self._pixel_shape = (int(value[0]), int(value[1]))

    @property
    def array_shape(self) -> tuple[int, int] | None:
        """`(ny, nx)` of the image, None if it is not known; can be set."""
        return None if self._pixel_shape is None else (self._pixel_shape[1], self._pixel_shape[0])

    @array_shape.setter
    def array_shape(self, value: Any) -> None:
        self.pixel_shape = None if value is None else tuple(value)[::-1]

    @property
    def pixel_bounds(self) -> Any:
        """Lowest and highest x and y for which the system is meant, None for no limits; can be set."""
        return self._pixel_bounds

    @pixel_bounds.setter
    def pixel_bounds(self, value: Any) -> None:
        if value is not None and len(value) != 2:
            raise ValueError(f"pixel_bounds must have 2 pairs, found {len(value)}")
        self._pixel_bounds = None if value is None else tuple(value)

    @property
    def _order(self) -> tuple[int, int]:
        return (1, 0) if self._info["latitude_first"] else (0, 1)

    @property
    def world_axis_physical_types(self) -> list[str | None]:
        """The kinds of the world axes in the terms of the Virtual Observatory."""
        types = _frames.physical_types(self._info["frame"])
        return [types[i] for i in self._order]

    @property
    def world_axis_units(self) -> list[str]:
        """Units of the world axes: degrees."""
        return ["deg", "deg"]

    @property
    def pixel_axis_names(self) -> list[str]:
        """Names of the pixel axes; FITS has none."""
        return ["x", "y"] if self._info["kind"] == "gwcs" else ["", ""]

    @property
    def world_axis_names(self) -> list[str]:
        """Names of the world axes; empty for FITS systems."""
        return ["lon", "lat"] if self._info["kind"] == "gwcs" else ["", ""]

    @property
    def axis_correlation_matrix(self) -> np.ndarray:
        """Which pixel axes a world axis depends on: all."""
        return np.ones((2, 2), dtype=bool)

    @property
    def world_axis_object_components(self) -> list[Any]:
        """How the numbers are taken from a `SkyCoord`."""
        parts = _frames.components(self._info["frame"])
        return [parts[i] for i in self._order]

    @property
    def world_axis_object_classes(self) -> dict[str, Any]:
        """How a `SkyCoord` is made of the numbers."""
        return _frames.classes(self._info["frame"])

    def pixel_to_world_values(self, *pixel_arrays: Any, n_threads: int | None = 1) -> Any:
        """Pixels to the numbers of the world axes.

        Parameters
        ----------
        *pixel_arrays : array_like
            x and y; the centre of the first pixel is 0.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        world : tuple of ndarray
            Degrees in the order of the axes; NaN where there is no sky.

        Raises
        ------
        ValueError
            If there are not two arrays of shapes that go together.

        Examples
        --------
        >>> from skyphot.datasets import make_wcs
        >>> lon, lat = make_wcs((100, 100)).pixel_to_world_values([0, 10], 20)
        """
        lon, lat, _ = self._to_sky(_two(pixel_arrays, "pixel"), True, n_threads)
        return self._ordered(lon, lat)

    def world_to_pixel_values(self, *world_arrays: Any, n_threads: int | None = 1) -> Any:
        """Numbers of the world axes to pixels.

        Parameters
        ----------
        *world_arrays : array_like
            Degrees in the order of the axes.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        pixels : tuple of ndarray
            x and y; NaN where there is none.

        Raises
        ------
        ValueError
            If there are not two arrays of shapes that go together.

        Examples
        --------
        >>> from skyphot.datasets import make_wcs
        >>> x, y = make_wcs((100, 100)).world_to_pixel_values(197.89, -1.366)
        """
        x, y, _ = self._to_pixels(self._ordered(*_two(world_arrays, "world")), True, n_threads)
        return x, y

    def array_index_to_world_values(self, *index_arrays: Any) -> Any:
        """As `pixel_to_world_values`, for row and column.

        Parameters
        ----------
        *index_arrays : array_like
            Rows and columns.

        Returns
        -------
        world : tuple of ndarray
            Degrees in the order of the axes.
        """
        return self.pixel_to_world_values(*index_arrays[::-1])

    def world_to_array_index_values(self, *world_arrays: Any) -> Any:
        """As `world_to_pixel_values`, as whole rows and columns.

        Parameters
        ----------
        *world_arrays : array_like
            Degrees in the order of the axes.

        Returns
        -------
        index : tuple of ndarray of int
            Rows and columns; the lowest integer where there is none.
        """
        return tuple(_index(v) for v in self.world_to_pixel_values(*world_arrays)[::-1])

    # High level

    def pixel_to_world(self, *pixel_arrays: Any) -> Any:
        """Pixels to a `SkyCoord` (astropy is needed).

        Parameters
        ----------
        *pixel_arrays : array_like
            x and y; the centre of the first pixel is 0.

        Returns
        -------
        sky : SkyCoord
            The positions in the frame of the system.

        Examples
        --------
        >>> from skyphot.datasets import make_wcs
        >>> sky = make_wcs((100, 100)).pixel_to_world(10, 20)
        """
        return _frames.high_level().pixel_to_world(self, *pixel_arrays)

    def world_to_pixel(self, *world_objects: Any) -> Any:
        """A `SkyCoord` of any frame to pixels (astropy is needed).

        Parameters
        ----------
        *world_objects : SkyCoord
            The positions.

        Returns
        -------
        pixels : tuple of ndarray
            x and y; NaN where there is none.
        """
        return _frames.high_level().world_to_pixel(self, *world_objects)

    def array_index_to_world(self, *index_arrays: Any) -> Any:
        """As `pixel_to_world`, for row and column."""
        return self.pixel_to_world(*index_arrays[::-1])

    def world_to_array_index(self, *world_objects: Any) -> Any:
        """As `world_to_pixel`, as whole rows and columns."""
        return tuple(_index(v) for v in self.world_to_pixel(*world_objects)[::-1])

    # The names of astropy.wcs.WCS

    def all_pix2world(self, *args: Any, n_threads: int | None = 1) -> Any:
        """Pixels to the sky with all distortions.

        Parameters
        ----------
        *args
            `x, y, origin` or `(n, 2) array, origin`; `origin` is 0 or 1, the number of the first pixel.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        world : list of ndarray or ndarray
            Two arrays, or one of `(n, 2)`, degrees; NaN where there is no sky.

        Raises
        ------
        ValueError, TypeError
            If the arguments are others.

        Examples
        --------
        >>> from skyphot.datasets import make_wcs
        >>> lon, lat = make_wcs((100, 100)).all_pix2world([1.0, 2.0], [3.0, 4.0], 0)
        """
        return self._pix2world(args, True, n_threads)

    def wcs_pix2world(self, *args: Any, n_threads: int | None = 1) -> Any:
        """As `all_pix2world`, without SIP and lookup tables (of a GWCS nothing is left out)."""
        return self._pix2world(args, False, n_threads)

    def all_world2pix(self, *args: Any, quiet: bool = False, n_threads: int | None = 1, **_: Any) -> Any:
        """The sky to pixels with all distortions.

        Parameters
        ----------
        *args
            `lon, lat, origin` or `(n, 2) array, origin`, degrees in the order of the axes.
        quiet : bool, optional
            Whether positions without an answer are NaN instead of an error.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        pixels : list of ndarray or ndarray
            Two arrays, or one of `(n, 2)`.

        Raises
        ------
        NoConvergence
            If the inverse of a distortion did not converge for a position.
        ValueError, TypeError
            If the arguments are others.

        Notes
        -----
        Newton's method needs no tolerances: `tolerance`, `maxiter`, `adaptive` and `detect_divergence` of astropy are
        taken and not used.
        """
        return self._world2pix(args, True, n_threads, quiet)

    def wcs_world2pix(self, *args: Any, n_threads: int | None = 1) -> Any:
        """As `all_world2pix`, without SIP and lookup tables (of a GWCS nothing is left out)."""
        return self._world2pix(args, False, n_threads, True)

    @property
    def wcs(self) -> Any:
        """The numbers of a FITS system under their names in `astropy.wcs.Wcsprm`, to read only."""
        i = self._fits_info()
        lon, lat = self._order
        flip = self._order
        return SimpleNamespace(
            naxis=2,
            lng=lon,
            lat=lat,
            crpix=np.array(i["crpix"]),
            crval=np.array(i["crval"])[list(flip)],
            cd=np.array(i["cd"])[list(flip)],
            ctype=[i["ctype"][k] for k in flip],
            cunit=["deg", "deg"],
            radesys=i["radesys"] or "",
            equinox=np.nan if i["equinox"] is None else i["equinox"],
            lonpole=i["poles"][0],
            latpole=i["poles"][1],
            name=i["name"] or "",
        )

    @property
    def celestial(self) -> WCS:
        """The celestial part: all of it."""
        return self

    @property
    def has_distortion(self) -> bool:
        """Whether there are SIP polynomials or lookup tables; True for a GWCS."""
        return bool(self._info.get("has_distortion", True))

    @property
    def pixel_scale_matrix(self) -> np.ndarray:
        """Degrees per pixel at the reference pixel (`CDi_j`)."""
        return np.array(self._fits_info()["cd"])[list(self._order)]

    def proj_plane_pixel_scales(self) -> Any:
        """Lengths of the sides of a pixel at the reference pixel.

        Returns
        -------
        scales : list of Quantity
            Degrees; an array without astropy.
        """
        scales, _ = self._native.plane_scales()
        return [with_unit(v, "deg") for v in scales] if HAS_ASTROPY else np.array(scales)

    def proj_plane_pixel_area(self) -> Any:
        """Area of a pixel at the reference pixel, square degrees."""
        return with_unit(self._native.plane_scales()[1], "deg2")

    def pixel_scale(self, x: float, y: float) -> Any:
        """Side of a square with the area of a pixel.

        Parameters
        ----------
        x, y : float
            The position.

        Returns
        -------
        scale : Quantity or float
            Degrees per pixel; NaN where there is no sky.
        """
        scale, _ = self._native.local(float(x), float(y))
        return with_unit(np.nan if scale is None else scale, "deg")

    def position_angle(self, x: float, y: float) -> Any:
        """Direction of the +y axis at a position, from north through east, degrees; NaN where there is no sky."""
        _, angle = self._native.local(float(x), float(y))
        return with_unit(np.nan if angle is None else angle, "deg")

    def pixel_area_map(self, shape: Any = None, *, n_threads: int | None = 1) -> np.ndarray:
        """Area of every pixel over that at the reference pixel.

        Parameters
        ----------
        shape : (int, int), optional
            `(ny, nx)`; that of the image if not given.
        n_threads : int or None, optional
            Threads; None takes all cores.

        Returns
        -------
        areas : ndarray
            The ratios; NaN where there is no sky.
        """
        return np.asarray(self._native.area_map(self._shape(shape), _inputs.threads(n_threads)))

    def calc_footprint(self, *, axes: Any = None, center: bool = True) -> np.ndarray:
        """The corners on the sky: lower left, upper left, upper right, lower right.

        Parameters
        ----------
        axes : (int, int), optional
            `(nx, ny)`; those of the image if not given.
        center : bool, optional
            Whether the centres of the corner pixels are taken, or their outer corners.

        Returns
        -------
        corners : ndarray
            `(4, 2)` longitudes and latitudes, degrees.
        """
        shape = None if axes is None else (axes[1], axes[0])
        return np.array(self._native.footprint(self._shape(shape), bool(center)))

    def to_header(self, max_pix_error: float = 0.25) -> Any:
        """The keywords of the system; of a GWCS those of a TAN-SIP system in its place.

        Parameters
        ----------
        max_pix_error : float, optional
            The largest error of the stand-in of a GWCS, pixels.

        Returns
        -------
        header : astropy.io.fits.Header or dict
            The keywords; a dictionary without astropy. Lookup tables are no keywords and are left out.

        Raises
        ------
        ValueError
            If no polynomials are that good.
        """
        if not HAS_ASTROPY:
            return self._dict(max_pix_error)
        from astropy.io.fits import Header

        return Header([tuple(card) for card in self._native.to_cards(float(max_pix_error))])

    def _dict(self, max_pix_error: float = 0.25) -> dict[str, Any]:
        return {key: value for key, value, _ in self._native.to_cards(float(max_pix_error))}

    def slice(self, view: Any, numpy_order: bool = True) -> WCS:
        """The system of a part of the image.

        Parameters
        ----------
        view : (slice, slice)
            Rows and columns, without steps.
        numpy_order : bool, optional
            False for columns and rows.

        Returns
        -------
        wcs : WCS
            The system of the part.

        Raises
        ------
        ValueError
            For anything but two slices without steps, or for a GWCS.
        """
        if not isinstance(view, tuple) or len(view) != 2 or not all(isinstance(v, slice) for v in view):
            raise ValueError("a WCS takes two slices, of rows and columns")
        rows, cols = view if numpy_order else view[::-1]
        if any(v.step not in (None, 1) for v in view):
            raise ValueError("Slicing WCS with a step is not supported.")
        starts, sizes = [], []
        for v, n in zip((rows, cols), self.array_shape or (None, None), strict=True):
            if n is None:
                if (v.start or 0) < 0 or (v.stop or 0) < 0:
                    raise ValueError("negative slices need the shape of the image")
                starts.append(v.start or 0)
                sizes.append(None if v.stop is None else max(0, v.stop - (v.start or 0)))
            else:
                start, stop, _ = v.indices(n)
                starts.append(start)
                sizes.append(max(0, stop - start))
        shape = None if None in sizes else tuple(sizes)
        return self._edited("shifted", float(starts[1]), float(starts[0]), shape)

    def __getitem__(self, view: Any) -> WCS:
        return self.slice(view)

    def binned(self, bx: float, by: float | None = None) -> WCS:
        """The system of an image whose pixels are blocks of this one's.

        Parameters
        ----------
        bx, by : float
            Pixels of a block in x and y.

        Returns
        -------
        wcs : WCS
            The system of the binned image.
        """
        return self._edited("binned", float(bx), float(bx if by is None else by))

    def deepcopy(self) -> WCS:
        """A copy."""
        return self._copy()

    copy = deepcopy

    def __copy__(self) -> WCS:
        return self._copy()

    def __deepcopy__(self, memo: Any) -> WCS:
        return self._copy()

    def _copy(self) -> WCS:
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def _as_mpl_axes(self) -> Any:
        from astropy.visualization.wcsaxes import WCSAxes

        return WCSAxes, {"wcs": self}

    def __repr__(self) -> str:
        i = self._info
        frame = "unknown frame" if i["frame"] is None else i["frame"][0]
        if i["kind"] == "gwcs":
            return f"<WCS of a GWCS, {frame}, array_shape={self.array_shape}>"
        return f"<WCS {i['ctype'][0]} {i['ctype'][1]}, {frame}, crval={i['crval']}, crpix={tuple(i['crpix'])}>"

    # Inside

    def _fits_info(self) -> dict[str, Any]:
        if self._info["kind"] != "fits":
            raise AttributeError("this is the system of a GWCS, which has no FITS keywords")
        return self._info

    def _shape(self, shape: Any) -> tuple[int, int]:
        shape = self.array_shape if shape is None else shape
        if shape is None:
            raise ValueError("the shape of the image is not known: give it")
        return _inputs.pair(shape, "shape")

    def _ordered(self, a: Any, b: Any) -> tuple[Any, Any]:
        return (b, a) if self._info["latitude_first"] else (a, b)

    def _to_sky(self, xy: Any, everything: bool, n_threads: Any) -> Any:
        return _mapped(self._native.to_sky, xy, everything, n_threads)

    def _to_pixels(self, sky: Any, everything: bool, n_threads: Any) -> Any:
        return _mapped(self._native.to_pixels, sky, everything, n_threads)

    def _pix2world(self, args: Any, everything: bool, n_threads: Any) -> Any:
        a, b, origin, joined = _arguments(args)
        lon, lat, _ = self._to_sky((a - origin, b - origin), everything, n_threads)
        return _result(*self._ordered(lon, lat), joined)

    def _world2pix(self, args: Any, everything: bool, n_threads: Any, quiet: bool) -> Any:
        a, b, origin, joined = _arguments(args)
        x, y, status = self._to_pixels(self._ordered(a, b), everything, n_threads)
        x, y = x + origin, y + origin
        bad = np.flatnonzero(np.asarray(status) == DIVERGED)
        if bad.size and not quiet:
            best = np.transpose([np.ravel(x), np.ravel(y)])
            raise NoConvergence(f"the inverse of the distortion did not converge for {bad.size} positions", best, bad)
        return _result(x, y, joined)


def _is_file(header: Any) -> bool:
    if isinstance(header, os.PathLike):
        return True
    return isinstance(header, str) and len(header) < 4096 and "\n" not in header and "=" not in header[:80]


def _extensions(fobj: Any) -> list[Any]:
    """The tables of distortions of a file that is open in astropy, or on disk."""
    if fobj is None:
        return []
    if isinstance(fobj, (str, os.PathLike)):
        from astropy.io import fits

        with fits.open(fobj) as hdus:
            return _extensions(hdus)
    return [
        (hdu.name, int(hdu.ver), records(hdu.header), np.array(hdu.data, dtype=float))
        for hdu in fobj
        if hdu.name in ("WCSDVARR", "D2IMARR") and hdu.data is not None
    ]


def _two(arrays: Any, what: str) -> tuple[Any, Any]:
    if len(arrays) != 2:
        raise ValueError(f"Number of {what} inputs ({len(arrays)}) does not match expected (2)")
    return arrays[0], arrays[1]


def _mapped(call: Any, arrays: Any, everything: bool, n_threads: Any) -> Any:
    a, b = np.broadcast_arrays(*(np.asarray(_inputs.bare(v), dtype=float) for v in arrays))
    out = call(_inputs.vector(a), _inputs.vector(b), everything, _inputs.threads(n_threads))
    return tuple(np.reshape(v, a.shape) for v in out)


def _arguments(args: Any) -> tuple[np.ndarray, np.ndarray, int, bool]:
    if len(args) == 2:
        both = np.asarray(args[0], dtype=float)
        if both.ndim != 2 or both.shape[1] != 2:
            raise ValueError("When providing two arguments, the array must be of shape (N, 2)")
        return both[:, 0], both[:, 1], _origin(args[1]), True
    if len(args) == 3:
        try:
            a, b = np.broadcast_arrays(*(np.asarray(_inputs.bare(v), dtype=float) for v in args[:2]))
        except ValueError as e:
            raise ValueError("Coordinate arrays are not broadcastable to each other") from e
        return a, b, _origin(args[2]), False
    raise TypeError(f"WCS projection has 2 dimensions, so expected 2 (an Nx2 array and the origin argument) "
                    f"or 3 arguments (the position in each dimension, and the origin argument). "
                    f"Instead, {len(args)} arguments were given.")  # fmt: skip


def _origin(origin: Any) -> int:
    if origin not in (0, 1):
        raise ValueError(f"origin must be 0 or 1, found {origin!r}")
    return int(origin)


def _result(a: Any, b: Any, joined: bool) -> Any:
    return np.transpose([a, b]) if joined else [a, b]


def _index(value: Any) -> np.ndarray:
    whole = np.floor(np.asarray(value, dtype=float) + 0.5)
    bad = np.isnan(whole)
    return np.where(bad, np.iinfo(int).min, np.where(bad, 0, whole).astype(int))


def _rebuild(cls: type[WCS], source: Any, edits: Any, shape: Any, bounds: Any) -> WCS:
    name, args = source
    make = getattr(_core.NativeWcs, name, None) or getattr(_core, name)
    new = cls._from_native(make(*args), source)
    for method, values in edits:
        new = new._edited(method, *values)
    new._pixel_shape, new._pixel_bounds = shape, bounds
    return new


_registered = False


def _register() -> None:
    """Tells astropy that the class has both interfaces, when the first object is made."""
    global _registered
    if not _registered and HAS_ASTROPY:
        from astropy.wcs.wcsapi import BaseHighLevelWCS, BaseLowLevelWCS

        BaseLowLevelWCS.register(WCS)
        BaseHighLevelWCS.register(WCS)
        _registered = True
