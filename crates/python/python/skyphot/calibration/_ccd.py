"""Frames of a CCD: arithmetic with errors, masks and units, reduction, combination, cosmic rays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import is_nddata, is_quantity, with_unit

NAN = float("nan")


class CCDImage:
    """An image with errors, mask and unit; `+`, `-`, `*` and `/` carry all of them.

    Parameters
    ----------
    data : array_like, Quantity or NDData
        The pixels.
    error : array_like, optional
        1-sigma errors in the unit of the data.
    mask : array_like of bool, optional
        True where a pixel is bad.
    unit : str, optional
        The unit, such as `adu`, `electron` or `electron / s`; that of a Quantity or NDData if not given.

    Raises
    ------
    ValueError
        If the shapes differ or the unit cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import CCDImage
    >>> a = CCDImage(np.full((2, 2), 110.0), error=np.full((2, 2), 3.0), unit="adu")
    >>> b = a - CCDImage(np.full((2, 2), 10.0), error=np.full((2, 2), 4.0), unit="adu")
    >>> b.data[0, 0].item(), b.error[0, 0].item(), b.unit
    (100.0, 5.0, 'adu')
    """

    # So that numpy and astropy leave `array * image` to this class.
    __array_ufunc__ = None
    __array_priority__ = 2000

    def __init__(self, data: Any, error: Any = None, mask: Any = None, unit: str | None = None) -> None:
        if is_nddata(data):
            unit = unit or (None if data.unit is None else str(data.unit))
            if error is None and data.uncertainty is not None:
                from astropy.nddata import StdDevUncertainty

                error = data.uncertainty.represent_as(StdDevUncertainty).array
            mask = data.mask if mask is None else mask
            data = data.data
        if is_quantity(data):
            unit, data = unit or str(data.unit), data.value
        self.data, self.error, self.mask = _inputs.image(data, _inputs.bare(error), mask)
        self.unit = "" if unit is None else str(unit)
        self._set(_core.ccd_change(self._planes(), self.unit, "", [], ""))

    def _planes(self) -> Any:
        return self.data, self.error, self.mask

    def _set(self, native: Any) -> None:
        self.data, self.error, self.mask, self.unit = native

    @property
    def shape(self) -> tuple[int, ...]:
        """`(ny, nx)`."""
        return self.data.shape

    def to_nddata(self) -> Any:
        """The same as an astropy `NDData` (astropy is needed).

        Returns
        -------
        data : NDData
            With `StdDevUncertainty`, mask and unit.
        """
        from astropy.nddata import NDData, StdDevUncertainty

        error = None if self.error is None else StdDevUncertainty(self.error)
        unit = with_unit(1.0, self.unit).unit if self.unit else None
        return NDData(self.data, error, self.mask, unit=unit)

    def _change(self, what: str, numbers: list[float], text: str = "") -> CCDImage:
        return _image(_core.ccd_change(self._planes(), self.unit, what, numbers, text))

    def _join(self, other: CCDImage, what: str, numbers: list[float]) -> CCDImage:
        a, b = self._planes(), other._planes()
        if a[0].dtype != b[0].dtype:
            a, b = (tuple(_wide(p) for p in planes) for planes in (a, b))
        return _image(_core.ccd_join((a, self.unit), (b, other.unit), what, numbers))

    def arithmetic(self, what: str, other: Any, correlation: float = 0.0) -> CCDImage:
        """`add`, `subtract`, `multiply` or `divide`.

        Parameters
        ----------
        what : str
            The operation.
        other : CCDImage, NDData, array_like, Quantity or float
            The other operand.
        correlation : float, optional
            The correlation of the errors, -1 to 1.

        Returns
        -------
        result : CCDImage
            The result.

        Raises
        ------
        ValueError
            If the shapes differ, or the units of a sum or difference.
        """
        if what not in ("add", "subtract", "multiply", "divide"):
            raise ValueError(f"no operation {what!r}: expected add, subtract, multiply or divide")
        if np.ndim(other) == 0 and not isinstance(other, CCDImage) and not is_nddata(other):
            unit = str(other.unit) if is_quantity(other) else ("" if what in ("multiply", "divide") else self.unit)
            return self._change(what, [float(_inputs.bare(other))], unit)
        return self._join(as_ccd(other), what, [float(correlation)])

    def __add__(self, other: Any) -> CCDImage:
        return self.arithmetic("add", other)

    def __sub__(self, other: Any) -> CCDImage:
        return self.arithmetic("subtract", other)

    def __mul__(self, other: Any) -> CCDImage:
        return self.arithmetic("multiply", other)

    def __truediv__(self, other: Any) -> CCDImage:
        return self.arithmetic("divide", other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __repr__(self) -> str:
        planes = [n for n in ("error", "mask") if getattr(self, n) is not None]
        return f"<CCDImage {self.shape} {self.unit or 'dimensionless'}{''.join(f', {p}' for p in planes)}>"


def _wide(plane: Any) -> Any:
    return plane if plane is None or plane.dtype == bool else plane.astype(np.float64)


def _image(native: Any) -> CCDImage:
    new = CCDImage.__new__(CCDImage)
    new._set(native)
    return new


def as_ccd(image: Any) -> CCDImage:
    """A `CCDImage` of one, an NDData, a Quantity or an array."""
    return image if isinstance(image, CCDImage) else CCDImage(image)


def create_deviation(ccd: Any, gain: float = 1.0, readnoise: float = 0.0, *, disregard_nan: bool = False) -> CCDImage:
    """Errors of raw pixels: `sqrt(data / gain + (readnoise / gain)**2)`.

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The frame.
    gain : float, optional
        Electrons in a unit of the data.
    readnoise : float, optional
        Read noise in electrons.
    disregard_nan : bool, optional
        Whether pixels below zero get the read noise instead of NaN.

    Returns
    -------
    ccd : CCDImage
        The frame with errors.

    Raises
    ------
    ValueError
        If the gain is not positive or the read noise is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import create_deviation
    >>> create_deviation(np.full((2, 2), 100.0)).error[0, 0].item()
    10.0
    """
    return as_ccd(ccd)._change("deviation", [float(gain), float(readnoise), float(disregard_nan)])


def trim_image(ccd: Any, fits_section: str) -> CCDImage:
    """A part of a frame.

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The frame.
    fits_section : str
        The part as FITS writes it: `[x1:x2, y1:y2]`, from 1, both ends included.

    Returns
    -------
    ccd : CCDImage
        The part.

    Raises
    ------
    ValueError
        If it is not within the frame.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import trim_image
    >>> trim_image(np.zeros((10, 20)), "[3:6, 1:5]").shape
    (5, 4)
    """
    return as_ccd(ccd)._change("trim", [], fits_section)


def subtract_overscan(
    ccd: Any, fits_section: str, *, median: bool = False, degree: int | None = None, along_x: bool | None = None
) -> CCDImage:
    """Subtracts the mean or the median of the overscan of each row (or column).

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The frame.
    fits_section : str
        The overscan, `[x1:x2, y1:y2]`.
    median : bool, optional
        Whether the median is taken.
    degree : int, optional
        The degree of a polynomial that is fitted to the values of the rows.
    along_x : bool, optional
        Whether the values of a row are put together; by default if the overscan is not wider than high.

    Returns
    -------
    ccd : CCDImage
        The frame without the overscan's level.

    Raises
    ------
    ValueError
        If the overscan is not within the frame, or there are too few rows for the polynomial.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import subtract_overscan
    >>> subtract_overscan(np.full((10, 20), 7.0), "[1:4, 1:10]").data.max().item()
    0.0
    """
    numbers = [float(median), -1.0 if degree is None else float(degree), -1.0 if along_x is None else float(along_x)]
    return as_ccd(ccd)._change("overscan", numbers, fits_section)


def gain_correct(ccd: Any, gain: Any, unit: str = "electron / adu") -> CCDImage:
    """Counts to electrons.

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The frame.
    gain : float or Quantity
        The gain.
    unit : str, optional
        Its unit, where it is a number.

    Returns
    -------
    ccd : CCDImage
        The frame times the gain.

    Raises
    ------
    ValueError
        If the gain is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import CCDImage, gain_correct
    >>> gain_correct(CCDImage(np.ones((2, 2)), unit="adu"), 1.5).unit
    'electron'
    """
    unit = str(gain.unit) if is_quantity(gain) else unit
    return as_ccd(ccd)._change("gain", [float(_inputs.bare(gain))], unit)


def subtract_bias(ccd: Any, master: Any) -> CCDImage:
    """Subtracts a bias frame.

    Parameters
    ----------
    ccd, master : CCDImage, NDData or array_like
        The frame and the bias.

    Returns
    -------
    ccd : CCDImage
        The difference, with the errors of both.

    Raises
    ------
    ValueError
        If the shapes or units differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import subtract_bias
    >>> subtract_bias(np.full((2, 2), 5.0), np.ones((2, 2))).data[0, 0].item()
    4.0
    """
    return as_ccd(ccd)._join(as_ccd(master), "bias", [])


def subtract_dark(
    ccd: Any, master: Any, *, data_exposure: float | None = None, dark_exposure: float | None = None
) -> CCDImage:
    """Subtracts a dark frame, scaled by the exposure times if both are given.

    Parameters
    ----------
    ccd, master : CCDImage, NDData or array_like
        The frame and the dark.
    data_exposure, dark_exposure : float, optional
        Their exposure times.

    Returns
    -------
    ccd : CCDImage
        The difference, with the errors of both.

    Raises
    ------
    ValueError
        If the shapes or units differ, a time is not positive, or only one is given.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import subtract_dark
    >>> subtract_dark(np.full((2, 2), 5.0), np.ones((2, 2)), data_exposure=30, dark_exposure=10).data[0, 0].item()
    2.0
    """
    if (data_exposure is None) != (dark_exposure is None):
        raise ValueError("give both exposure times or none")
    times = [NAN if t is None else float(t) for t in (data_exposure, dark_exposure)]
    return as_ccd(ccd)._join(as_ccd(master), "dark", times)


def flat_correct(
    ccd: Any, flat: Any, *, min_value: float | None = None, norm_value: float | None = None
) -> CCDImage:
    """Divides by a flat field.

    Parameters
    ----------
    ccd, flat : CCDImage, NDData or array_like
        The frame and the flat.
    min_value : float, optional
        Lower values of the flat are raised to it.
    norm_value : float, optional
        What the flat is divided by; the mean of its good pixels if not given.

    Returns
    -------
    ccd : CCDImage
        The quotient, with the errors of both.

    Raises
    ------
    ValueError
        If the shapes differ, or the norm is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import flat_correct
    >>> flat_correct(np.full((1, 2), 6.0), [[1.0, 3.0]]).data.tolist()
    [[12.0, 4.0]]
    """
    numbers = [NAN if v is None else float(v) for v in (min_value, norm_value)]
    return as_ccd(ccd)._join(as_ccd(flat), "flat", numbers)


def ccd_process(
    ccd: Any,
    *,
    oscan: str | None = None,
    trim: str | None = None,
    error: bool = False,
    master_bias: Any = None,
    dark_frame: Any = None,
    master_flat: Any = None,
    gain: Any = None,
    readnoise: float = 0.0,
    data_exposure: float | None = None,
    dark_exposure: float | None = None,
) -> CCDImage:
    """The usual steps in the order of ccdproc: overscan, trim, errors, gain, bias, dark, flat.

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The raw frame.
    oscan, trim : str, optional
        The overscan and the part that is kept, `[x1:x2, y1:y2]`.
    error : bool, optional
        Whether errors are made of the gain and the read noise.
    master_bias, dark_frame, master_flat : CCDImage, NDData or array_like, optional
        The calibration frames.
    gain : float or Quantity, optional
        Electrons in a count.
    readnoise : float, optional
        Read noise in electrons.
    data_exposure, dark_exposure : float, optional
        Exposure times for the dark.

    Returns
    -------
    ccd : CCDImage
        The reduced frame.

    Raises
    ------
    ValueError
        As the steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import ccd_process
    >>> ccd_process(np.full((4, 8), 9.0), oscan="[1:2, 1:4]", trim="[3:8, 1:4]").shape
    (4, 6)
    """
    out = as_ccd(ccd)
    if oscan is not None:
        out = subtract_overscan(out, oscan)
    if trim is not None:
        out = trim_image(out, trim)
    if error:
        out = create_deviation(out, 1.0 if gain is None else float(_inputs.bare(gain)), readnoise)
    if gain is not None:
        out = gain_correct(out, gain)
    if master_bias is not None:
        out = subtract_bias(out, master_bias)
    if dark_frame is not None:
        out = subtract_dark(out, dark_frame, data_exposure=data_exposure, dark_exposure=dark_exposure)
    return out if master_flat is None else flat_correct(out, master_flat)


@dataclass(frozen=True)
class Combined:
    """Frames combined into one.

    Attributes
    ----------
    data, error : ndarray
        Pixels and the errors from their scatter; NaN where nothing is left.
    mask : ndarray of bool
        True where nothing is left.
    n_used : ndarray of int
        The number of values of each pixel.
    unit : str
        The unit.
    """

    data: np.ndarray
    error: np.ndarray
    mask: np.ndarray
    n_used: np.ndarray
    unit: str

    def to_ccd(self) -> CCDImage:
        """The frame as a `CCDImage`."""
        return CCDImage(self.data, self.error, self.mask, self.unit)


def combine(
    images: Any,
    method: str = "average",
    *,
    weights: Any = None,
    scale: Any = None,
    clip_extrema: tuple[int, int] | None = None,
    min_value: float | None = None,
    max_value: float | None = None,
    sigma_clip: Any = None,
    n_threads: int | None = 1,
) -> Combined:
    """Combines frames pixel by pixel. Masked pixels and those that are not finite take no part.

    Parameters
    ----------
    images : list of CCDImage, NDData or array_like
        Frames of one shape and unit.
    method : {'average', 'median', 'sum'}, optional
        What is made of the values.
    weights, scale : list of float, optional
        A weight and a factor for each frame.
    clip_extrema : (int, int), optional
        How many of the lowest and of the highest values are left out.
    min_value, max_value : float, optional
        Values below and above are left out.
    sigma_clip : SigmaClip, optional
        How outliers are clipped.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    combined : Combined
        The frame.

    Raises
    ------
    ValueError
        If there are no frames, or their shapes or units differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import combine
    >>> combine([np.full((2, 2), v) for v in (1.0, 2.0, 90.0)], "median").data[0, 0].item()
    2.0
    """
    frames = [as_ccd(i) for i in images]
    units = {f.unit for f in frames}
    if len(units) > 1:
        raise ValueError(f"frames of different units: {', '.join(sorted(u or 'dimensionless' for u in units))}")
    planes = [f._planes() for f in frames]
    if len({p[0].dtype for p in planes}) > 1:
        planes = [tuple(_wide(q) for q in p) for p in planes]
    low, high = (-np.inf if min_value is None else min_value), (np.inf if max_value is None else max_value)
    how = (method, (0, 0) if clip_extrema is None else tuple(int(n) for n in clip_extrema), float(low), float(high))
    scales, factors = (None if v is None else [float(x) for x in v] for v in (scale, weights))
    clip = _inputs.clip_or_none(sigma_clip)
    d = _core.ccd_combine(planes, how, clip, scales, factors, _inputs.threads(n_threads))
    return Combined(d["data"], d["error"], d["mask"], d["n_used"], next(iter(units)))


@dataclass(frozen=True)
class CosmicRays:
    """What `cosmicray_lacosmic` found.

    Attributes
    ----------
    mask : ndarray of bool
        True where a cosmic ray hit.
    clean : ndarray
        The image without them, in the unit of the data.
    n_found : list of int
        The number of pixels found in each iteration.
    """

    mask: np.ndarray
    clean: np.ndarray
    n_found: list[int]


def cosmicray_lacosmic(
    ccd: Any,
    *,
    sigclip: float = 4.5,
    sigfrac: float = 0.3,
    objlim: float = 5.0,
    gain: float = 1.0,
    readnoise: float = 6.5,
    satlevel: float = 65536.0,
    niter: int = 4,
    sepmed: bool = True,
    cleantype: str = "meanmask",
    fsmode: str = "median",
    psfk: Any = None,
    inbkg: Any = None,
    invar: Any = None,
    n_threads: int | None = 1,
) -> CosmicRays:
    """Finds and removes cosmic rays (van Dokkum 2001, PASP 113, 1420), with the keywords of ccdproc and astroscrappy.

    Parameters
    ----------
    ccd : CCDImage, NDData or array_like
        The image with its sky.
    sigclip, sigfrac, objlim : float, optional
        The limits: of the Laplacian to noise, of it beside found pixels, and of the contrast to the fine structure.
    gain, readnoise : float, optional
        Electrons in a unit of the data, read noise in electrons.
    satlevel : float, optional
        Electrons at which a star is saturated and left alone.
    niter : int, optional
        Iterations.
    sepmed : bool, optional
        Whether medians are taken along rows, then columns.
    cleantype : {'meanmask', 'medmask', 'median', 'idw'}, optional
        How hit pixels are filled.
    fsmode : {'median', 'convolve'}, optional
        How the fine structure is found.
    psfk : array_like, optional
        The kernel for `convolve`.
    inbkg, invar : array_like, optional
        A background that was subtracted, and the variances of the pixels.
    n_threads : int or None, optional
        Threads; None takes all cores.

    Returns
    -------
    result : CosmicRays
        The mask and the clean image.

    Raises
    ------
    ValueError
        For a parameter that cannot be, or a plane of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from skyphot.calibration import cosmicray_lacosmic
    >>> image = np.random.default_rng(1).normal(100.0, 10.0, (60, 60))
    >>> image[30, 20] = 5000.0
    >>> bool(cosmicray_lacosmic(image, readnoise=0.0).mask[30, 20])
    True
    """
    if fsmode not in ("median", "convolve"):
        raise ValueError(f"fsmode must be 'median' or 'convolve', found {fsmode!r}")
    if (fsmode == "convolve") != (psfk is not None):
        raise ValueError("psfk is for fsmode='convolve', which needs it")
    c = as_ccd(ccd)
    background, variance = (
        None if p is None else _inputs.float64_plane(p, n, c.shape) for p, n in ((inbkg, "inbkg"), (invar, "invar"))
    )
    kernel = None if psfk is None else _inputs.float64_plane(psfk, "psfk")
    numbers = [float(v) for v in (sigclip, sigfrac, objlim, gain, readnoise, satlevel)]
    d = _core.cosmic_rays(
        c._planes(),
        background,
        variance,
        numbers,
        int(niter),
        bool(sepmed),
        cleantype,
        kernel,
        _inputs.threads(n_threads),
    )
    return CosmicRays(d["mask"], d["clean"].astype(c.data.dtype, copy=False), list(d["n_found"]))
