"""Photometry on a cluster: the same bytes as in one process, though a worker is killed; small messages.

`SKYPHOT_DASK_IMAGES` sets the number of images (64).
"""

import hashlib
import json
import os
import signal
import threading
import time

import numpy as np
import pytest

distributed = pytest.importorskip("distributed")
pytest.importorskip("astropy")
pq = pytest.importorskip("pyarrow.parquet")

from astropy.io import fits
from astropy.wcs import WCS

from skyphot.dask import Address, Photometry, measure_images, tiles

N_IMAGES = int(os.environ.get("SKYPHOT_DASK_IMAGES", "64"))


def write_image(path, number, shape=(400, 380), n_stars=60):
    rng = np.random.default_rng(number)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = 30.0 + 0.35 * (number % 8), -5.0 + 0.3 * (number // 8)
    wcs.wcs.crpix = shape[1] / 2, shape[0] / 2
    wcs.wcs.cdelt = -2e-4, 2e-4
    data = rng.normal(100, 3, shape)
    y, x = np.mgrid[-9:10, -9:10]
    for _ in range(n_stars):
        sx, sy = rng.uniform(15, shape[1] - 15), rng.uniform(15, shape[0] - 15)
        i, j = int(sx), int(sy)
        stamp = np.exp(-((x - (sx - i)) ** 2 + (y - (sy - j)) ** 2) / 4.5)
        data[j - 9 : j + 10, i - 9 : i + 10] += rng.uniform(100, 2000) * stamp
    fits.PrimaryHDU(data.astype(np.float32), header=wcs.to_header()).writeto(path)
    return os.fspath(path)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    paths = [write_image(folder / f"{i:03d}.fits", i) for i in range(N_IMAGES)]
    fits.PrimaryHDU(np.ones((50, 50), np.float32)).writeto(folder / "nowhere.fits")
    return [*paths[:5], os.fspath(folder / "missing.fits"), *paths[5:], os.fspath(folder / "nowhere.fits")]


def digest(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


class Slow(Photometry):
    """Takes its time, so that a worker can be killed in between."""

    def __call__(self, address):
        time.sleep(0.05)
        return super().__call__(address)


@pytest.fixture(scope="module")
def alone(images, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "catalogue"
    return measure_images(images, out, measure=Slow(), max_rows=300, retries=0), out


def test_one_process(images, alone):
    run, out = alone
    table = run.to_table()
    assert run.n_rows == table.num_rows > 40 * N_IMAGES
    assert [os.path.basename(a) for a, _ in run.failures] == ["missing.fits", "nowhere.fits"]
    assert "has no WCS" in run.failures[1][1]
    assert len(run.partitions) > 1
    assert len(json.loads((out / "failures.json").read_text())) == 2
    assert not (out / "_parts").exists()


def test_the_layout_is_that_of_hats(alone):
    astropy_healpix = pytest.importorskip("astropy_healpix")
    run, out = alone
    rows = 0
    for order, pixel in run.partitions:
        file = out / f"dataset/Norder={order}/Dir={pixel // 10000 * 10000}/Npix={pixel}.parquet"
        t = pq.read_table(file)
        rows += t.num_rows
        assert t.num_rows <= 300 or order == 10
        cells = astropy_healpix.HEALPix(2**order, order="nested").lonlat_to_healpix(
            t["ra"].to_numpy() * np.pi / 180 * astropy_units().rad, t["dec"].to_numpy() * np.pi / 180 * astropy_units().rad
        )
        assert set(np.asarray(cells)) == {pixel}
        assert np.all(np.diff(t["_healpix_29"].to_numpy()) >= 0)
    assert rows == run.n_rows
    meta = pq.read_metadata(out / "dataset/_metadata")
    assert meta.num_rows == run.n_rows
    properties = dict(line.split("=", 1) for line in (out / "hats.properties").read_text().splitlines()[1:])
    assert int(properties["hats_nrows"]) == run.n_rows and properties["hats_col_ra"] == "ra"
    listed = (out / "partition_info.csv").read_text().split()[1:]
    assert listed == [f"{k},{p}" for k, p in run.partitions]
    import pyarrow.dataset as ds

    assert ds.dataset(out / "dataset", format="parquet", partitioning="hive").count_rows() == run.n_rows


def package(name):
    """A package, or a skip that says what is missing."""
    return pytest.importorskip(name, reason=f"{name} is not installed: the catalogue is not opened with it")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_hats_opens_the_catalogue(alone):
    hats = package("hats")
    from hats.io.validation import is_valid_catalog

    run, out = alone
    catalog = hats.read_hats(out)
    assert sorted((p.order, p.pixel) for p in catalog.get_healpix_pixels()) == sorted(run.partitions)
    info = catalog.catalog_info
    assert (info.total_rows, info.ra_column, info.dec_column, info.healpix_order) == (run.n_rows, "ra", "dec", 29)
    assert catalog.schema.names == run.to_table().schema.names
    assert is_valid_catalog(out, strict=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_lsdb_opens_the_catalogue(alone):
    lsdb = package("lsdb")
    run, out = alone
    table = run.to_table().to_pandas()
    catalog = lsdb.open_catalog(out)
    assert len(catalog) == run.n_rows
    keys = ["_healpix_29", "image", "row"]
    frame = catalog.compute(progress_bar=False).reset_index().sort_values(keys)
    table = table.sort_values(keys)
    for name in table.columns:
        assert np.array_equal(frame[name].to_numpy(), table[name].to_numpy(), equal_nan=True), name
    # Stars of one image, by a cone and by the angles themselves.
    at = table.iloc[len(table) // 2]
    found = catalog.cone_search(ra=at.ra, dec=at.dec, radius_arcsec=60.0).compute(progress_bar=False)
    near = np.hypot((table.ra - at.ra) * np.cos(np.radians(at.dec)), table.dec - at.dec) * 3600 < 60.0
    assert 0 < near.sum() < len(table)
    assert sorted(found["ra"]) == sorted(table.ra[near])


def astropy_units():
    from astropy import units

    return units


@pytest.fixture
def bytes_seen(monkeypatch):
    """Counts what passes through the connections of this process: those of the scheduler and of the client."""
    from distributed.comm import tcp

    seen = {"written": 0, "read": 0}
    write, decode = tcp.TCP.write, tcp.from_frames

    async def counted(self, *args, **kwargs):
        n = await write(self, *args, **kwargs)
        seen["written"] += n
        return n

    def measured(frames, *args, **kwargs):
        seen["read"] += sum(len(memoryview(f).cast("B")) if len(f) else 0 for f in frames)
        return decode(frames, *args, **kwargs)

    monkeypatch.setattr(tcp.TCP, "write", counted)
    monkeypatch.setattr(tcp, "from_frames", measured)
    return seen


def test_a_killed_worker_changes_no_byte(images, alone, tmp_path, bytes_seen):
    run, out = alone
    there = tmp_path / "catalogue"
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        victim = sorted(pids.values())[0]
        killed = []

        def kill():
            parts = there / "_parts"
            for _ in range(2000):
                done = len(list(parts.glob("[0-9]*.parquet"))) if parts.exists() else 0
                if done >= max(2, N_IMAGES // 4):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(done)
                    return
                time.sleep(0.01)

        killer = threading.Thread(target=kill)
        killer.start()
        again = measure_images(images, there, measure=Slow(), client=client, max_rows=300, retries=2)
        killer.join()
        assert killed and killed[0] < N_IMAGES
    assert again.n_rows == run.n_rows and again.partitions == run.partitions
    assert [a for a, _ in again.failures] == [a for a, _ in run.failures]
    assert digest(there) == digest(out)
    total = sum(bytes_seen.values())
    print(f"{N_IMAGES} images, killed after {killed[0]}: {bytes_seen} bytes")
    assert bytes_seen["written"] > 10_000
    assert total < 1_000_000


def test_an_image_in_tiles(tmp_path):
    path = write_image(tmp_path / "big.fits", 99, shape=(700, 650), n_stars=150)
    parts = tiles(path, tile=300, overlap=40)
    assert len(parts) == 9 and parts[0].window == (0, 340, 0, 340) and parts[4].core == (300, 600, 300, 600)
    # The same background everywhere: the sources of the tiles are those of the image.
    whole = measure_images([path], tmp_path / "whole", measure=Photometry(threshold=15.0)).to_table()
    tiled = measure_images(parts, tmp_path / "tiled", measure=Photometry(threshold=15.0)).to_table()
    a, b = (np.column_stack((t["x"].to_numpy(), t["y"].to_numpy())) for t in (whole, tiled))
    assert abs(len(a) - len(b)) <= 3
    near = np.hypot(*(a[:, None, :] - b[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    assert np.mean(near < 0.02) > 0.97
    assert len(np.unique(np.round(b, 1), axis=0)) == len(b)


def test_wrong_calls(tmp_path):
    path = write_image(tmp_path / "one.fits", 1)
    with pytest.raises(ValueError, match="max_rows"):
        measure_images([path], tmp_path / "out", max_rows=0)
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError):
        measure_images([path], tmp_path / "there")
    none = measure_images([], tmp_path / "none")
    assert none.n_rows == 0 and none.partitions == []
    assert str(Address("a.fits", 1, (0, 2, 3, 4))) == "a.fits[1][0:2,3:4]"
