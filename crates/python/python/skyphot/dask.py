"""Photometry of many images, or of many tiles of one, on a `dask.distributed` cluster.

A task carries the address of an image and a window, never pixels: the workers read the files and write their rows to the
folder of the result, and only a few numbers go back. The result is a HATS catalogue: Parquet files by HEALPix cells,
`dataset/Norder=k/Dir=n/Npix=p.parquet`, that `hats`, `lsdb`, pyarrow or any reader of partitioned Parquet opens. Its
bytes do not depend on the cluster, on the order in which tasks end, or on workers that were lost on the way.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from skyphot import _core, _inputs

__all__ = ["Address", "Photometry", "Run", "measure_images", "tiles"]

Measure = Callable[["Address"], Any]

_HASH_ORDER = 29


@dataclass(frozen=True)
class Address:
    """Where pixels are.

    Attributes
    ----------
    path : str
        A FITS file that all workers can read.
    hdu : int or str, optional
        The extension; by default the first with an image.
    window : (int, int, int, int), optional
        Rows and columns `(y0, y1, x0, x1)` that are read; by default all.
    core : (int, int, int, int), optional
        The part of the window whose sources count; by default all of it.
    """

    path: str
    hdu: int | str | None = None
    window: tuple[int, int, int, int] | None = None
    core: tuple[int, int, int, int] | None = None

    def __str__(self) -> str:
        name = self.path if self.hdu is None else f"{self.path}[{self.hdu}]"
        return name if self.window is None else f"{name}[{self.window[0]}:{self.window[1]},{self.window[2]}:{self.window[3]}]"

    def read(self) -> tuple[np.ndarray, Any]:
        """The pixels of the window, and its WCS or None."""
        from astropy.io import fits
        from astropy.wcs import WCS

        with fits.open(self.path) as hdus:
            hdu = hdus[_first_image(hdus) if self.hdu is None else self.hdu]
            wcs = WCS(hdu.header, hdus) if "CTYPE1" in hdu.header else None
            if self.window is None:
                return np.array(hdu.data), wcs
            y0, y1, x0, x1 = self.window
            data = np.array(hdu.section[y0:y1, x0:x1])
        return data, None if wcs is None else wcs[y0:y1, x0:x1]


def _first_image(hdus: Any) -> int:
    for i, hdu in enumerate(hdus):
        if hdu.is_image and len(hdu.shape) >= 2:
            return i
    raise ValueError("no image in the file")


def tiles(path: str | os.PathLike[str], *, tile: Any = 2048, overlap: int = 64, hdu: int | str | None = None) -> list[Address]:
    """The tiles of one large image.

    Parameters
    ----------
    path : str or path-like
        The FITS file.
    tile : int or (int, int), optional
        Rows and columns of a tile.
    overlap : int, optional
        Pixels beyond each side of a tile that are read, too, so that sources at its edges are measured whole. A source
        belongs to the tile that its centre lies in.
    hdu : int or str, optional
        The extension; by default the first with an image.
    """
    from astropy.io import fits

    rows, columns = _inputs.pair(tile, "tile")
    if min(rows, columns) < 1 or overlap < 0:
        raise ValueError("tile must be at least 1 and overlap at least 0")
    with fits.open(path) as hdus:
        ny, nx = hdus[_first_image(hdus) if hdu is None else hdu].shape[-2:]
    out = []
    for y in range(0, ny, rows):
        for x in range(0, nx, columns):
            core = (y, min(y + rows, ny), x, min(x + columns, nx))
            window = (max(core[0] - overlap, 0), min(core[1] + overlap, ny), max(core[2] - overlap, 0), min(core[3] + overlap, nx))
            out.append(Address(os.fspath(path), hdu, window, core))
    return out


@dataclass(frozen=True)
class Photometry:
    """Finds the stars of an image and measures them in apertures.

    Attributes
    ----------
    fwhm : float
        Width of the stars in pixels.
    threshold : float
        How many standard deviations of the background a star rises above it.
    radii : tuple of float
        Radii of the apertures in pixels.
    """

    fwhm: float = 3.0
    threshold: float = 5.0
    radii: tuple[float, ...] = (3.0, 5.0)

    def __call__(self, address: Address) -> dict[str, np.ndarray]:
        """The columns of an image: x, y, ra, dec (degrees), peak and the flux in each aperture."""
        from skyphot.aperture import AperturePhotometry, CircularAperture
        from skyphot.detection import DAOStarFinder
        from skyphot.stats import sigma_clipped_stats

        data, wcs = address.read()
        if wcs is None:
            raise ValueError(f"{address} has no WCS")
        # Native bytes once, in place of once in every call.
        data = np.asarray(data, dtype=np.float32 if data.dtype.itemsize <= 4 and data.dtype.kind == "f" else np.float64)
        _, level, noise = sigma_clipped_stats(data)
        found = DAOStarFinder(self.threshold * noise, self.fwhm)(data - level)
        if found is None:
            return {}
        x, y = np.asarray(found["x_centroid"]), np.asarray(found["y_centroid"])
        xy = np.column_stack((x, y))
        fluxes = AperturePhotometry(data - level, [CircularAperture(xy, r) for r in self.radii]).to_table()
        sky = wcs.pixel_to_world(x, y).icrs
        left, below = (0, 0) if address.window is None else (address.window[2], address.window[0])
        out = {"x": x + left, "y": y + below, "ra": sky.ra.deg, "dec": sky.dec.deg, "peak": np.asarray(found["peak"])}
        for i, r in enumerate(self.radii):
            name = "flux" if len(self.radii) == 1 else f"flux_{i}"
            out[f"flux_{r:g}"] = np.asarray(fluxes[name])
        if address.core is not None:
            y0, y1, x0, x1 = address.core
            own = (out["y"] >= y0 - 0.5) & (out["y"] < y1 - 0.5) & (out["x"] >= x0 - 0.5) & (out["x"] < x1 - 0.5)
            out = {name: column[own] for name, column in out.items()}
        return out


@dataclass
class Run:
    """What `measure_images` did.

    Attributes
    ----------
    path : Path
        The folder of the catalogue.
    n_rows : int
        Number of sources.
    partitions : list of (int, int)
        Order and number of each HEALPix cell that has a file.
    failures : list of (str, str)
        Images that were left out, and why.
    """

    path: Path
    n_rows: int
    partitions: list[tuple[int, int]]
    failures: list[tuple[str, str]] = field(default_factory=list)

    def to_table(self) -> Any:
        """All rows as a pyarrow table, partition after partition."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = [pq.read_table(self.path / _place(*cell)) for cell in self.partitions]
        return pa.concat_tables(parts) if parts else None


def measure_images(
    images: Iterable[str | os.PathLike[str] | Address],
    path: str | os.PathLike[str],
    *,
    measure: Measure | None = None,
    client: Any = None,
    name: str = "skyphot",
    max_rows: int = 1_000_000,
    max_order: int = 10,
    retries: int = 2,
    overwrite: bool = False,
) -> Run:
    """Measures images and writes their sources as a HATS catalogue.

    Parameters
    ----------
    images : iterable of str, path-like or Address
        The images, or the tiles of one (see `tiles`).
    path : str or path-like
        The folder of the catalogue, which all workers can write to.
    measure : callable, optional
        `measure(address)` gives a mapping of columns, `ra` and `dec` in degrees among them; an empty one if there is no
        source. By default `Photometry()`. Its answer must depend on nothing but the address.
    client : distributed.Client, optional
        The cluster; without one all is done in this process, with the same bytes.
    name : str, optional
        Name of the catalogue.
    max_rows, max_order : int, optional
        A HEALPix cell with more rows is divided into four, down to this order.
    retries : int, optional
        How often an image is tried again before it is recorded as failed and left out.
    overwrite : bool, optional
        Whether a folder that exists is replaced.

    Returns
    -------
    run : Run
        Also in the folder: `failures.json`.
    """
    addresses = [a if isinstance(a, Address) else Address(os.fspath(a)) for a in images]
    out = Path(path)
    if max_rows < 1 or not 0 <= max_order <= _HASH_ORDER or retries < 0:
        raise ValueError("max_rows must be at least 1, max_order between 0 and 29, retries at least 0")
    if out.exists():
        if not overwrite:
            raise FileExistsError(f"{out} exists; overwrite=True replaces it")
        shutil.rmtree(out)
    parts = out / "_parts"
    parts.mkdir(parents=True)
    measure = Photometry() if measure is None else measure
    jobs = [(measure, a, i, str(parts)) for i, a in enumerate(addresses)]
    done = _all(client, _measure_one, jobs, retries, "skyphot-measure")
    failures = [(str(a), why) for a, (_, why) in zip(addresses, done, strict=True) if why is not None]
    measured = [i for i, (_, why) in enumerate(done) if why is None]
    cells = _cells(parts, measured, max_rows, max_order)
    tasks = [(cell, members, str(parts), str(out)) for cell, members in cells.items()]
    written = _all(client, _write_partition, tasks, retries, "skyphot-partition")
    for _, why in written:
        if why is not None:
            raise RuntimeError(f"a partition could not be written: {why}")
    partitions = list(cells)
    n_rows = sum(int(n) for n, _ in written)
    _finish(out, name, partitions, n_rows, max_rows, failures)
    shutil.rmtree(parts)
    return Run(out, n_rows, partitions, failures)


def _all(client: Any, f: Any, jobs: list[Any], retries: int, what: str) -> list[tuple[Any, str | None]]:
    """`f(*job)` for every job in order: its answer, or why there is none."""
    if client is None:
        return [_try(f, job, retries) for job in jobs]
    futures = client.map(_call, [f] * len(jobs), jobs, key=[f"{what}-{i}" for i in range(len(jobs))], retries=retries, pure=False)
    out: list[tuple[Any, str | None]] = []
    for future in futures:
        error = future.exception()
        out.append((future.result(), None) if error is None else (None, _why(error)))
    client.cancel(futures)
    return out


def _call(f: Any, job: tuple[Any, ...]) -> Any:
    return f(*job)


def _try(f: Any, job: tuple[Any, ...], retries: int) -> tuple[Any, str | None]:
    for attempt in range(retries + 1):
        try:
            return f(*job), None
        except Exception as e:
            if attempt == retries:
                return None, _why(e)
    raise AssertionError


def _why(e: BaseException) -> str:
    return f"{type(e).__name__}: {e}"


def _measure_one(measure: Measure, address: Address, index: int, parts: str) -> int:
    """Measures one image and writes its rows, by HEALPix cell; only their number goes back."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = measure(address)
    names: Any = getattr(found, "colnames", found)
    columns = {n: np.asarray(_inputs.bare(found[n])) for n in names}
    n = len(next(iter(columns.values()))) if columns else 0
    if n == 0:
        return 0
    for need in ("ra", "dec"):
        if need not in columns:
            raise ValueError(f"the measurement gave no column {need!r}")
    cell = np.asarray(_core.healpix(_HASH_ORDER, _inputs.vector(columns["ra"]), _inputs.vector(columns["dec"])))
    order = np.argsort(cell, kind="stable")
    order = order[cell[order] >= 0]
    table = pa.table({
        "_healpix_29": cell[order],
        "image": np.full(len(order), index, dtype=np.int64),
        "row": order.astype(np.int64),
        **{name: column[order] for name, column in columns.items()},
    })  # fmt: skip
    _whole(Path(parts) / f"{index:08d}.parquet", lambda p: pq.write_table(table, p, compression="zstd"))
    return len(order)


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Writes a file that is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    write(partial)
    os.replace(partial, path)


def _cells(parts: Path, measured: Sequence[int], max_rows: int, max_order: int) -> dict[tuple[int, int], list[int]]:
    """The HEALPix cells of the result with the images that have rows in them."""
    import pyarrow.parquet as pq

    counts: dict[int, dict[int, int]] = {}
    shift = 2 * (_HASH_ORDER - max_order)
    for i in measured:
        file = parts / f"{i:08d}.parquet"
        if file.exists():
            fine = pq.read_table(file, columns=["_healpix_29"])["_healpix_29"].to_numpy() >> shift
            for cell, n in zip(*np.unique(fine, return_counts=True), strict=True):
                counts.setdefault(int(cell), {})[i] = int(n)
    cells: dict[tuple[int, int], list[int]] = {}

    def divide(order: int, pixel: int, fine: list[int]) -> None:
        total = sum(n for c in fine for n in counts[c].values())
        if total > max_rows and order < max_order:
            down = 2 * (max_order - order - 1)
            for child in range(4 * pixel, 4 * pixel + 4):
                own = [c for c in fine if c >> down == child]
                if own:
                    divide(order + 1, child, own)
        else:
            cells[order, pixel] = sorted({i for c in fine for i in counts[c]})

    everything = sorted(counts)
    for base in range(12):
        own = [c for c in everything if c >> (2 * max_order) == base]
        if own:
            divide(0, base, own)
    return cells


def _place(order: int, pixel: int) -> Path:
    return Path("dataset") / f"Norder={order}" / f"Dir={pixel // 10000 * 10000}" / f"Npix={pixel}.parquet"


def _write_partition(cell: tuple[int, int], members: Sequence[int], parts: str, out: str) -> int:
    """Writes the rows of one HEALPix cell, by cell of the finest order, then image and row."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    order, pixel = cell
    shift = 2 * (_HASH_ORDER - order)
    low, high = pixel << shift, (pixel + 1) << shift
    rows = []
    for i in members:
        table = pq.read_table(Path(parts) / f"{i:08d}.parquet")
        key = table["_healpix_29"]
        rows.append(table.filter(pc.and_(pc.greater_equal(key, low), pc.less(key, high))))
    table = pa.concat_tables(rows, promote_options="default")
    table = table.sort_by([("_healpix_29", "ascending"), ("image", "ascending"), ("row", "ascending")]).combine_chunks()
    _whole(Path(out) / _place(order, pixel), lambda p: pq.write_table(table, p, compression="zstd"))
    return int(table.num_rows)


def _finish(
    out: Path, name: str, partitions: list[tuple[int, int]], n_rows: int, max_rows: int, failures: list[tuple[str, str]]
) -> None:
    import pyarrow.parquet as pq

    dataset = out / "dataset"
    dataset.mkdir(exist_ok=True)
    described = []
    schema = None
    size = 0
    for cell in partitions:
        file = out / _place(*cell)
        size += file.stat().st_size
        meta = pq.read_metadata(file)
        meta.set_file_path(_place(*cell).relative_to("dataset").as_posix())
        described.append(meta)
        schema = pq.read_schema(file) if schema is None else schema
    if schema is not None:
        pq.write_metadata(schema, dataset / "_common_metadata")
        pq.write_metadata(schema, dataset / "_metadata", metadata_collector=described)
    lines = ["Norder,Npix", *(f"{k},{p}" for k, p in partitions)]
    (out / "partition_info.csv").write_text("\n".join(lines) + "\n")
    properties = {
        "obs_collection": name,
        "dataproduct_type": "object",
        "hats_nrows": n_rows,
        "hats_col_ra": "ra",
        "hats_col_dec": "dec",
        "hats_col_healpix": "_healpix_29",
        "hats_col_healpix_order": _HASH_ORDER,
        "hats_max_rows": max_rows,
        "hats_order": max((k for k, _ in partitions), default=0),
        "hats_npix_suffix": ".parquet",
        "hats_builder": f"skyphot {_core.__version__}",
        "hats_estsize": size // 1024,
        "hats_version": "v0.1",
    }
    text = "".join(f"{k}={v}\n" for k, v in properties.items())
    for where in ("hats.properties", "properties"):
        (out / where).write_text("#HATS catalog\n" + text)
    (out / "failures.json").write_text(json.dumps([{"image": a, "reason": why} for a, why in failures], indent=1) + "\n")
