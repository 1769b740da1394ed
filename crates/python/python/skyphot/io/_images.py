"""Images in files."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skyphot import _core
from skyphot._compat import with_unit
from skyphot.io._header import header_of
from skyphot.io._tables import file_text, native_table
from skyphot.wcs._header import records

Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class ImageInfo:
    """What a file holds in one place.

    Attributes
    ----------
    index : int
        Number of the HDU or array.
    name : str or None
        EXTNAME, or the path in the tree of an ASDF file.
    version : int
        EXTVER.
    kind : str
        `image`, `table`, `array` or `other`.
    shape : tuple of int
        Sizes of the axes, slowest first; empty without data.
    unit : str or None
        Unit of the values.
    compressed : bool
        Whether it is compressed by tiles.
    """

    index: int
    name: str | None
    version: int
    kind: str
    shape: tuple[int, ...]
    unit: str | None
    compressed: bool


@dataclass
class Exposure:
    """An image with the planes that go with it.

    Attributes
    ----------
    data : ndarray
        The pixels, `(ny, nx)`, in native float.
    error : ndarray or None
        1-sigma errors.
    mask : ndarray of bool or None
        True where a pixel is bad.
    unit : str or None
        Unit of the pixels.
    wcs : skyphot.wcs.WCS or None
        The world coordinate system.
    header : astropy.io.fits.Header or dict
        The header.
    notes : list of str
        What is to be known about the file.
    """

    data: np.ndarray
    error: np.ndarray | None = None
    mask: np.ndarray | None = None
    unit: str | None = None
    wcs: Any = None
    header: Any = None
    notes: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(ny, nx)`."""
        return self.data.shape

    def to_nddata(self) -> Any:
        """The same as an astropy `NDData` (astropy is needed).

        Returns
        -------
        data : NDData
            With mask, unit, WCS and errors as `StdDevUncertainty`.
        """
        from astropy.nddata import NDData, StdDevUncertainty

        error = None if self.error is None else StdDevUncertainty(self.error)
        unit = None if self.unit is None else with_unit(1.0, self.unit).unit
        return NDData(self.data, error, self.mask, self.wcs, meta={"header": self.header}, unit=unit)


def info(file: Any) -> list[ImageInfo]:
    """What a file holds.

    Parameters
    ----------
    file : path
        A FITS or ASDF file.

    Returns
    -------
    places : list of ImageInfo
        Its HDUs, or the arrays of its tree.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is neither.

    Examples
    --------
    >>> from skyphot.io import info
    >>> [i.name for i in info("image.fits")]  # doctest: +SKIP
    ['PRIMARY', 'SCI']
    """
    out = []
    for d in _core.file_info(file_text(file)):
        out.append(
            ImageInfo(
                d["index"], d["name"], d.get("version", 1), d["kind"], tuple(d["shape"]), d["unit"],
                d.get("compressed", False),
            )
        )  # fmt: skip
    return out


def read_header(file: Any, hdu: Any = None) -> Any:
    """The header of an HDU.

    Parameters
    ----------
    file : path
        The file; `"a.fits[SCI]"` picks an HDU, too.
    hdu : int, str or (str, int), optional
        The HDU: its number, its name, or name and version. That of the science image if not given.

    Returns
    -------
    header : astropy.io.fits.Header or dict
        The header; a dictionary without astropy.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no such HDU; the message names those there are.

    Examples
    --------
    >>> from skyphot.io import read_header
    >>> read_header("image.fits", "SCI")["BUNIT"]  # doctest: +SKIP
    'MJy/sr'
    """
    return header_of(_core.read_header(file_text(file, hdu)))


def _window(window: Any) -> Window | None:
    """`x0, x1, y0, y1` of a pair of slices (rows, columns) or a bounding box."""
    if window is None:
        return None
    if hasattr(window, "ixmin"):
        return window.ixmin, window.ixmax, window.iymin, window.iymax
    rows, cols = window
    for s in (rows, cols):
        if not isinstance(s, slice) or s.start is None or s.stop is None or s.step not in (None, 1):
            raise ValueError("window must be two slices of rows and columns with begin and end, or a BoundingBox")
    return int(cols.start), int(cols.stop), int(rows.start), int(rows.stop)


def read_data(file: Any, hdu: Any = None, *, window: Any = None, kind: str = "data") -> np.ndarray:
    """The pixels of one image; of a FITS file only the window is read.

    Parameters
    ----------
    file : path
        A FITS or ASDF file; `"a.fits[SCI]"` or `"a.asdf[roman.data]"` picks an image, too.
    hdu : int, str or (str, int), optional
        The HDU: its number, its name, or name and version; or the path of an array. The science image if not given.
    window : (slice, slice) or BoundingBox, optional
        Rows and columns.
    kind : {'data', 'error', 'variance', 'weight', 'mask', 'dq'}, optional
        What the plane holds: errors come back as 1-sigma errors of any of the three kinds, masks as bool, data quality as
        `uint32`.

    Returns
    -------
    data : ndarray
        The pixels, `(ny, nx)`: `float32` for BITPIX 8, 16 and -32, else `float64`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no such image, the window is not within it, or the file is broken.

    Examples
    --------
    >>> from skyphot.io import read_data
    >>> read_data("image.fits", "SCI", window=(slice(0, 100), slice(50, 80))).shape  # doctest: +SKIP
    (100, 30)
    """
    return np.asarray(_core.read_plane(file_text(file, hdu), kind, _window(window)))


def read_cube(file: Any, hdu: Any = None, *, plane: Any = None) -> np.ndarray:
    """The pixels of an image of more than two dimensions, or one plane of it.

    Parameters
    ----------
    file : path
        A FITS file; `"a.fits[SCI]"` picks an image, too.
    hdu : int, str or (str, int), optional
        The HDU: its number, its name, or name and version. The first image of more than two dimensions if not given.
    plane : int or tuple of int, optional
        Read only this plane: its number in the order of the file, from 0, or its place along all axes but the last two.

    Returns
    -------
    data : ndarray
        The pixels in the order of numpy (the last axis is NAXIS1), all of them or those of the plane, `(ny, nx)`:
        `float32` for BITPIX 8, 16 and -32, else `float64`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is no such image or plane, or the file is not FITS or broken.

    Examples
    --------
    >>> from skyphot.io import read_cube
    >>> read_cube("cube.fits").shape, read_cube("cube.fits", plane=3).shape  # doctest: +SKIP
    ((20, 100, 120), (100, 120))
    """
    index = None
    if plane is not None:
        index = [int(i) for i in np.atleast_1d(plane)]
        if any(i != j for i, j in zip(index, np.atleast_1d(plane), strict=True)) or min(index, default=-1) < 0:
            raise ValueError(f"plane must be a whole number from 0, or a tuple of them, found {plane!r}")
    return np.asarray(_core.read_cube(file_text(file, hdu), index))


def read_image(
    file: Any,
    hdu: Any = None,
    *,
    error: Any = None,
    mask: Any = None,
    dq: Any = None,
    weight: Any = None,
    weight_type: str = "weight",
    dq_bad_bits: Any = None,
    gain: float | None = None,
    area: Any = None,
    wcs: Any = None,
    ignore_planes: bool = False,
) -> Exposure:
    """An image with its errors, mask, unit and WCS. Exposures of JWST and Roman bring their own planes.

    Parameters
    ----------
    file : path
        A FITS or ASDF file.
    hdu : int, str or (str, int), optional
        The image; the science image if not given.
    error, mask, dq, weight : path, optional
        Files of planes, such as `"a.fits[ERR]"`.
    weight_type : {'weight', 'variance', 'rms'}, optional
        What `weight` holds.
    dq_bad_bits : list of str or int, optional
        The bits, or their names at JWST and Roman, that make a pixel bad.
    gain : float, optional
        Electrons in a unit of the data: adds the noise of the sources to the errors.
    area : path or 'auto', optional
        A map of pixel areas by which pixels and errors are multiplied.
    wcs : path, optional
        Where the system is read from instead.
    ignore_planes : bool, optional
        Whether planes in the file itself are left alone.

    Returns
    -------
    exposure : Exposure
        The image and its planes.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a plane is not there or has another shape; the message says which.

    Examples
    --------
    >>> from skyphot.io import read_image
    >>> image = read_image("jw_cal.fits")  # doctest: +SKIP
    >>> image.data.shape, image.unit  # doctest: +SKIP
    ((256, 256), 'MJy/sr')
    """
    from skyphot.wcs import WCS

    given = {"error": error, "mask": mask, "dq": dq, "weight": weight, "wcs": wcs, "area": area}
    planes = [(name, file_text(value)) for name, value in given.items() if value is not None]
    if weight is not None:
        planes.append(("weight_type", weight_type))
    bits = None if dq_bad_bits is None else [str(b) for b in dq_bad_bits]
    text = file_text(file, hdu)
    d = _core.read_exposure(text, planes, bits, None if gain is None else float(gain), bool(ignore_planes))
    system = None
    if d["has_wcs"]:
        system = WCS._from_native(*_from_file(text if wcs is None else file_text(wcs)))
    return Exposure(d["data"], d["error"], d["mask"], d["unit"], system, header_of(d["header"]), list(d["notes"]))


def _from_file(text: str) -> Any:
    args = (text, None)
    return _core.NativeWcs.from_file(*args), ("from_file", args)


def write_image(file: Any, data: Any, header: Any = None, *, wcs: Any = None, overwrite: bool = False) -> None:
    """Writes one image into a FITS file: see `write_fits`.

    Parameters
    ----------
    file : path
        The file: `.fits`, or `.fits.gz`, `.fits.bz2`, `.fits.xz`, `.fits.fz`.
    data : array_like or Quantity
        The pixels; a unit becomes BUNIT.
    header : Header or mapping, optional
        Cards to write, too.
    wcs : skyphot.wcs.WCS or astropy.wcs.WCS, optional
        A system whose keywords are written.
    overwrite : bool, optional
        Whether a file that is there is replaced.

    Raises
    ------
    FileExistsError
        If the file is there and `overwrite` is False.
    TypeError
        If the pixels are of a type that FITS has not.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from skyphot.io import read_data, write_image
    >>> path = os.path.join(tempfile.mkdtemp(), "a.fits")
    >>> write_image(path, np.ones((3, 4), dtype=np.float32), {"OBJECT": "M 31"})
    >>> read_data(path).shape
    (3, 4)
    """
    write_fits(file, [(None, data, header, wcs)], overwrite=overwrite)


def write_fits(file: Any, hdus: Any, *, overwrite: bool = False) -> None:
    """Writes a FITS file of images and tables. It appears under its name only when it is complete.

    Parameters
    ----------
    file : path
        The file; `.gz`, `.bz2` and `.xz` compress it, `.fz` compresses every image by tiles.
    hdus : list or dict
        An HDU each: `(name, data)`, `(name, data, header)` or `(name, data, header, wcs)`, where data is an image, a
        table or None; or a dictionary from names to data. The first one is the primary HDU; before a table there
        is an empty one.
    overwrite : bool, optional
        Whether a file that is there is replaced.

    Raises
    ------
    FileExistsError
        If the file is there and `overwrite` is False.
    TypeError, ValueError
        If the data are of a type or shape that FITS has not.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from skyphot.io import info, write_fits
    >>> path = os.path.join(tempfile.mkdtemp(), "a.fits")
    >>> write_fits(path, {"SCI": np.ones((3, 4)), "CAT": {"id": [1, 2]}})
    >>> [i.kind for i in info(path)]
    ['image', 'table']
    """
    items = list(hdus.items()) if isinstance(hdus, dict) else list(hdus)
    native: list[Any] = []
    for item in items:
        name, data, header, wcs = (*item, None, None)[:4]
        if hasattr(data, "colnames") or isinstance(data, dict):
            native.append((native_table(data), name))
            continue
        cards = "" if header is None else records(header)
        if wcs is not None:
            cards = _without_end(records(wcs.to_header())) + cards
        unit = getattr(data, "unit", None)
        if unit is not None:
            cards = records({"BUNIT": str(unit)}) + cards
        native.append((name, None, None if data is None else _pixels(data), cards))
    _core.write_fits(file_text(file), native, bool(overwrite))


def _without_end(cards: str) -> str:
    lines = [cards[i : i + 80] for i in range(0, len(cards), 80)]
    return "".join(line for line in lines if line.strip() != "END")


def _pixels(data: Any) -> np.ndarray:
    a = np.asarray(getattr(data, "value", data))
    if a.ndim != 2:
        raise ValueError(f"an image must have 2 axes, found {a.ndim}")
    kind = {"bool": "uint8", "int8": "int16", "float16": "float32", "uint64": "int64"}.get(a.dtype.name)
    if a.dtype.kind not in "biuf" or a.dtype.itemsize > 8:
        raise TypeError(f"FITS has no pixels of type {a.dtype}")
    if a.dtype.name == "uint64" and a.size and int(a.max()) >= 2**63:
        raise ValueError("FITS has no integers above 2**63 - 1")
    return np.asarray(a, dtype=kind or a.dtype.newbyteorder("="))
