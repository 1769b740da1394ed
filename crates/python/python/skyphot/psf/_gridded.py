"""PSFs that vary over the detector, and their files."""

from __future__ import annotations

import copy
import io
import os
import re
import tempfile
import warnings
from typing import Any

import numpy as np

from skyphot import _core, _inputs
from skyphot._compat import HAS_ASTROPY, is_nddata
from skyphot.psf._models import ImagePSF, PSFModel

_DETECTORS = {
    "WFPC2": ("HST/WFPC2", "WFPC2"), "ACSHRC": ("HST/ACS", "HRC"), "ACSWFC": ("HST/ACS", "WFC"),
    "WFC3UV": ("HST/WFC3", "UVIS"), "WFC3IR": ("HST/WFC3", "IR"), "NRCSW": ("JWST/NIRCam", "NRCSW"),
    "NRCA1": ("JWST/NIRCam", "A1"), "NRCA2": ("JWST/NIRCam", "A2"), "NRCA3": ("JWST/NIRCam", "A3"),
    "NRCA4": ("JWST/NIRCam", "A4"), "NRCB1": ("JWST/NIRCam", "B1"), "NRCB2": ("JWST/NIRCam", "B2"),
    "NRCB3": ("JWST/NIRCam", "B3"), "NRCB4": ("JWST/NIRCam", "B4"), "NRCAL": ("JWST/NIRCam", "A5"),
    "NRCBL": ("JWST/NIRCam", "B5"), "NIRISS": ("JWST/NIRISS", "NIRISS"), "MIRI": ("JWST/MIRI", "MIRIM"),
}  # fmt: skip
_OF_SEVERAL = {
    "WFPC2": ("PC", "WF2", "WF3", "WF4"),
    "WFC": ("WFC2", "WFC1"),
    "UVIS": ("UVIS2", "UVIS1"),
    "NRCSW": ("A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4"),
}


class _Cube:
    """Data with metadata, where astropy's `NDData` is not installed."""

    def __init__(self, data: np.ndarray, meta: dict[str, Any]) -> None:
        self.data, self.meta = data, meta


def _cube(data: np.ndarray, meta: dict[str, Any]) -> Any:
    if not HAS_ASTROPY:
        return _Cube(data, meta)
    from astropy.nddata import NDData

    return NDData(data, meta=meta)


class _Drawn:
    """A grid of ePSFs that can be drawn."""

    def plot_grid(
        self: Any,
        *,
        ax: Any = None,
        vmax_scale: float | None = None,
        peak_norm: bool = False,
        deltas: bool = False,
        cmap: str = "viridis",
        dividers: bool = True,
        divider_color: str = "darkgray",
        divider_ls: str = "-",
        figsize: Any = None,
    ) -> Any:
        """Draws the ePSFs side by side.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Where to draw.
        vmax_scale : float, optional
            The top of the colours as a fraction of the highest value.
        peak_norm, deltas : bool, optional
            Whether each is divided by its peak; whether the mean of all is subtracted.
        cmap, figsize : optional
            Colours, and the size of a new figure.
        dividers : bool, optional
            Whether lines are drawn between them, in `divider_color` and in the style `divider_ls`.

        Returns
        -------
        figure : matplotlib.figure.Figure
            The figure of `ax`.
        """
        import matplotlib.pyplot as plt

        image = np.asarray(_core.psf_grid_mosaic(
            np.ascontiguousarray(self.data, dtype=np.float64), self.grid_shape, bool(peak_norm), bool(deltas)
        ))  # fmt: skip
        if ax is None:
            _, ax = plt.subplots(figsize=figsize)
        top = float(np.max(np.abs(image))) * (vmax_scale if vmax_scale is not None else 1.0)
        ax.imshow(image, origin="lower", cmap=cmap, vmax=top, vmin=-top if deltas else 0.0)
        if dividers:
            ny, nx = self.data.shape[1:]
            for i in range(1, self.grid_shape[1]):
                ax.axvline(i * nx - 0.5, color=divider_color, ls=divider_ls)
            for j in range(1, self.grid_shape[0]):
                ax.axhline(j * ny - 0.5, color=divider_color, ls=divider_ls)
        return ax.figure


class GriddedPSFModel(PSFModel, _Drawn):
    """ePSFs at the points of a rectangular grid of detector positions, interpolated between them.

    Parameters
    ----------
    nddata : NDData
        The ePSFs as `(n, ny, nx)`; its `meta` has `grid_xypos`, the detector position `(x, y)` of each, and
        `oversampling`, samples per pixel.
    flux, x_0, y_0 : float, optional
        Total flux and position.
    fill_value : float or None, optional
        The value beyond the images: 0, or None for the value at their edge.
    """

    def __init__(
        self, nddata: Any, *, flux: float = 1.0, x_0: float = 0.0, y_0: float = 0.0, fill_value: float | None = 0.0
    ) -> None:
        if not isinstance(nddata, _Cube) and not is_nddata(nddata):
            raise TypeError("data must be an NDData instance")
        data, meta = np.asarray(nddata.data), nddata.meta
        if data.ndim != 3:
            raise ValueError("The NDData data attribute must be a 3D numpy ndarray")
        if not np.all(np.isfinite(data)):
            raise ValueError("All elements of input data must be finite")
        if data.shape[0] in (2, 3):
            raise ValueError("The number of ePSFs must not be 2 or 3")
        if min(data.shape[1:]) < 4:
            raise ValueError("The length of the PSF x- and y-axes must both be at least 4")
        for key in ("oversampling", "grid_xypos"):
            if key not in meta:
                raise ValueError(f"{key!r} must be in the nddata meta dictionary")
        if fill_value is not None and fill_value != 0.0:
            raise ValueError("fill_value must be 0 or None")
        xy = np.asarray(meta["grid_xypos"], dtype=float)
        if len(xy) != data.shape[0]:
            raise ValueError("The length of grid_xypos must match the number of input ePSFs")
        order = np.lexsort((xy[:, 0], xy[:, 1]))
        self._data, self._grid_xypos = data[order], np.asarray(meta["grid_xypos"])[order]
        self.fill_value = fill_value
        self._oversampling = np.array(_inputs.pair(meta["oversampling"], "oversampling"))
        self._made = _core.gridded_psf(
            np.ascontiguousarray(self._data, dtype=np.float64),
            np.ascontiguousarray(self._grid_xypos, dtype=np.float64),
            (int(self._oversampling[0]), int(self._oversampling[1])),
            fill_value is None,
        )
        super().__init__(flux=flux, x_0=x_0, y_0=y_0)
        own = {k: v for k, v in dict(meta).items() if k != "grid_shape"}
        own["oversampling"] = tuple(int(v) for v in self._oversampling)
        own["grid_xypos"] = self._grid_xypos
        self.meta = own

    # The fitters' own differences, which see how the PSF changes with position.
    fit_deriv: Any = None  # type: ignore[assignment]

    def _native(self, shape: tuple[Any, ...] | None = None) -> Any:
        return self._made

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_made"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._made = _core.gridded_psf(
            np.ascontiguousarray(self._data, dtype=np.float64),
            np.ascontiguousarray(self._grid_xypos, dtype=np.float64),
            (int(self._oversampling[0]), int(self._oversampling[1])),
            self.fill_value is None,
        )

    def copy(self) -> Any:
        """A copy that shares the images."""
        shared = {id(self._data): self._data, id(self._made): self._made}
        new = object.__new__(type(self))
        shared[id(self)] = new
        new.__dict__.update({k: copy.deepcopy(v, shared) for k, v in self.__dict__.items()})
        return new

    def deepcopy(self) -> Any:
        """A copy that shares nothing."""
        return copy.deepcopy(self)

    @property
    def data(self) -> np.ndarray:
        """The ePSFs by rows of the grid, `(n, ny, nx)`."""
        return self._data

    @property
    def grid_xypos(self) -> np.ndarray:
        """The detector position `(x, y)` of each ePSF."""
        return self._grid_xypos

    @property
    def grid_shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return len(np.unique(self._grid_xypos[:, 1])), len(np.unique(self._grid_xypos[:, 0]))

    @property
    def oversampling(self) -> np.ndarray:
        """Samples per pixel, `(y, x)`."""
        return self._oversampling

    @property
    def origin(self) -> np.ndarray:
        """The sample `(x, y)` that lies on the position of a source."""
        ny, nx = self._data.shape[1:]
        return np.array([(nx - 1) / 2, (ny - 1) / 2])

    @classmethod
    def read(cls, filename: Any, *, format: str | None = None, **kwargs: Any) -> Any:
        """Reads a STDPSF or a STPSF (WebbPSF) FITS file.

        Parameters
        ----------
        filename : str, path-like, file-like or HDUList
            The file.
        format : {'stdpsf', 'webbpsf'}, optional
            Its layout; by default the file is looked at.
        **kwargs
            `detector_id`, see `stdpsf_reader`.
        """
        if format is not None and format not in ("stdpsf", "webbpsf"):
            raise ValueError(f"format must be 'stdpsf' or 'webbpsf', found {format!r}")
        with _path(filename) as path:
            stdpsf = format == "stdpsf" or (format is None and _core.psf_file_layout(path) == "stdpsf")
        return stdpsf_reader(filename, **kwargs) if stdpsf else webbpsf_reader(filename, **kwargs)


class _path:
    """A file by its path; what is open is written to a temporary file."""

    def __init__(self, source: Any) -> None:
        self.source, self.folder = source, None

    def __enter__(self) -> str:
        if isinstance(self.source, (str, os.PathLike)):
            return os.fspath(self.source)
        self.folder = tempfile.TemporaryDirectory()  # type: ignore[assignment]
        name = os.path.join(self.folder.name, "psf.fits")  # type: ignore[attr-defined]
        if hasattr(self.source, "writeto"):
            self.source.writeto(name, output_verify="ignore")
        else:
            self.source.seek(0)
            with open(name, "wb") as f:
                f.write(self.source.read())
        return name

    def __exit__(self, *exc: object) -> None:
        if self.folder is not None:
            self.folder.cleanup()


def _name(source: Any) -> str | None:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, io.IOBase):
        name = getattr(source, "name", None)
        return name if isinstance(name, str) else None
    return source.filename() if hasattr(source, "filename") else None


def _is_fits(source: Any) -> None:
    name = _name(source)
    fits = name is not None and re.search(r"\.(fits|fit|fts)(\.gz)?$", name.lower()) is not None
    if not hasattr(source, "writeto") and not fits:
        raise TypeError("This interface supports only FITS files.")


def _meta_of_name(source: Any, detector_id: int | None) -> dict[str, Any]:
    name = _name(source)
    parts = [] if name is None else os.path.basename(name).split(".")[0].split("_")
    if len(parts) not in (3, 4):
        return {}
    meta = {"STDPSF": name, "detector": parts[1], "filter": parts[2]}
    known = _DETECTORS.get(parts[1])
    if known is None:
        if detector_id is not None:
            raise ValueError(f"Unknown detector {parts[1]}")
        return meta
    instrument, detector = known
    if detector_id is not None and detector in _OF_SEVERAL:
        detector = _OF_SEVERAL[detector][detector_id - 1]
    return {**meta, "instrument": instrument, "detector": detector}


def stdpsf_reader(filename: Any, detector_id: int | None = None) -> GriddedPSFModel:
    """Reads a file of STScI's library of ePSFs (STDPSF).

    Parameters
    ----------
    filename : str, path-like, file-like or HDUList
        The file.
    detector_id : int, optional
        Which detector of a file of several: WFPC2 1 = PC, 2 to 4 = WF2 to WF4; ACS/WFC and WFC3/UVIS 1 = chip 2
        (sci, 1), 2 = chip 1; NRCSW 1 to 4 = A1 to A4, 5 to 8 = B1 to B4.
    """
    _is_fits(filename)
    with _path(filename) as path:
        data, xy, oversampling, _ = _core.read_psf_grid(path, detector_id)
    meta = {"grid_xypos": np.asarray(xy), "oversampling": oversampling, **_meta_of_name(filename, detector_id)}
    return GriddedPSFModel(_cube(np.asarray(data), meta))


def webbpsf_reader(filename: Any) -> GriddedPSFModel:
    """Reads a PSF grid of STPSF (formerly WebbPSF).

    Parameters
    ----------
    filename : str, path-like or file-like
        The file.
    """
    with _path(filename) as path:
        if _core.psf_file_layout(path) != "stpsf":
            raise ValueError('Invalid WebbPSF FITS file. Missing "DET_YX{}" header keys')
        data, xy, oversampling, found = _core.read_psf_grid(path, None)
        meta: dict[str, Any] = {k: v for k, v in found.items() if v is not None}
        if HAS_ASTROPY:
            from astropy.io import fits

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                header = fits.getheader(path).copy(strip=True)
            meta = {k.lower(): v for k, v in header.items() if k not in ("HISTORY", "COMMENT", "")}
    meta["grid_xypos"] = [tuple(p) for p in np.asarray(xy).tolist()]
    meta["oversampling"] = meta.get("oversamp", oversampling)
    return GriddedPSFModel(_cube(np.asarray(data), meta))


class STDPSFGrid(_Drawn):
    """The ePSFs of a STDPSF file with their positions, those of all detectors.

    Parameters
    ----------
    filename : str, path-like, file-like or HDUList
        The file.
    """

    def __init__(self, filename: Any) -> None:
        _is_fits(filename)
        with _path(filename) as path:
            data, xy, shape = _core.read_stdpsf_grid(path)
        self.data, self.grid_xypos, self.grid_shape = np.asarray(data), np.asarray(xy), tuple(shape)
        self.oversampling = np.array([4, 4])
        self.meta = _meta_of_name(filename, None)

    def __repr__(self) -> str:
        return f"<STDPSFGrid of {len(self.data)} ePSFs {self.data.shape[1:]}, grid {self.grid_shape}>"


def grid_from_epsfs(epsfs: Any, grid_xypos: Any = None, meta: Any = None) -> GriddedPSFModel:
    """A gridded model of single ePSFs.

    Parameters
    ----------
    epsfs : list of ImagePSF
        The ePSFs, all of one oversampling.
    grid_xypos : list of (x, y), optional
        Their detector positions; by default their `x_0` and `y_0`.
    meta : dict, optional
        Metadata of the model.
    """
    epsfs = list(epsfs)
    if grid_xypos is not None and len(grid_xypos) != len(epsfs):
        raise ValueError("grid_xypos must be the same length as epsfs")
    for e in epsfs:
        if not isinstance(e, ImagePSF):
            raise TypeError("All input epsfs must be of type ImagePSF")
        for name in ("oversampling", "fill_value", "flux"):
            if np.any(np.asarray(getattr(e, name)) != np.asarray(getattr(epsfs[0], name))):
                raise ValueError(f"All input ImagePSF models must have the same value for {name}")
        if grid_xypos is None and np.any(e.origin != epsfs[0].origin):
            raise ValueError("If using (x_0, y_0) as fiducial point, origin must match for each input EPSF")
    if grid_xypos is None:
        grid_xypos = [(float(np.ravel(e.x_0)[0]), float(np.ravel(e.y_0)[0])) for e in epsfs]
    meta = {**(meta or {}), "grid_xypos": grid_xypos, "oversampling": epsfs[0].oversampling}
    meta["fill_value"] = epsfs[0].fill_value
    return GriddedPSFModel(_cube(np.stack([e.data for e in epsfs]), meta), fill_value=epsfs[0].fill_value)
