"""`skyphot.io` next to astropy: files it writes are read by astropy with the same content, and the other way round."""

import os

import numpy as np
import pytest

from skyphot import io
from skyphot.utils import Columns

fits = pytest.importorskip("astropy.io.fits")
from astropy.coordinates import SkyCoord
from astropy.nddata import NDData
from astropy.table import QTable, Table
from astropy.units import Quantity

from skyphot.datasets import make_wcs

TYPES = ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8", ">f4", ">i2", "bool", "f2"]


@pytest.mark.parametrize("dtype", TYPES)
def test_images_of_all_types(dtype, tmp_path):
    a = (np.arange(35).reshape(5, 7) % 2 if dtype == "bool" else np.arange(35).reshape(5, 7)).astype(dtype)
    path = tmp_path / "a.fits"
    io.write_image(path, a, {"OBJECT": "M 31"})
    with fits.open(path) as f:
        assert np.array_equal(f[0].data, a) and f[0].header["OBJECT"] == "M 31"
    assert np.array_equal(io.read_data(path), a)
    other = tmp_path / "b.fits"
    fits.writeto(other, a.astype("u1") if dtype == "bool" else a.astype("f4") if dtype == "f2" else a)
    b = io.read_data(other)
    assert np.array_equal(b, a) and b.dtype in (np.float32, np.float64)
    assert np.array_equal(io.read_data(other, window=(slice(1, 4), slice(2, 7))), a[1:4, 2:7])


def test_several_hdus_headers_units_and_systems(tmp_path):
    path = tmp_path / "a.fits"
    wcs = make_wcs((5, 7))
    data = Quantity(np.arange(35.0).reshape(5, 7), "mJy")
    table = QTable({"id": [1, 2], "flux": Quantity([1.5, 2.5], "mJy")})
    io.write_fits(path, [("PRIMARY", None, {"TELESCOP": "none"}), ("SCI", data, None, wcs), ("CAT", table)])
    with fits.open(path) as f:
        assert [h.name for h in f] == ["PRIMARY", "SCI", "CAT"]
        assert f["SCI"].header["BUNIT"] == "mJy" and f["SCI"].header["CTYPE1"] == "RA---TAN"
        assert f["CAT"].data["flux"].tolist() == [1.5, 2.5]
    assert [(i.name, i.kind, i.shape, i.unit) for i in io.info(path)[1:]] == [
        ("SCI", "image", (5, 7), "mJy"), ("CAT", "table", (2, 16), None),
    ]  # fmt: skip
    assert io.read_header(path, "SCI")["BUNIT"] == "mJy" and io.read_header(path, 0)["TELESCOP"] == "none"
    e = io.read_image(path)
    assert e.unit == "mJy" and np.array_equal(e.data, data.value) and e.error is None and e.mask is None
    np.testing.assert_allclose(e.wcs.pixel_to_world_values(1, 2), wcs.pixel_to_world_values(1, 2))
    assert isinstance(e.to_nddata(), NDData) and e.to_nddata().unit == data.unit
    for hdu in ("SCI", 1, ("SCI", 1)):
        assert np.array_equal(io.read_data(path, hdu), data.value)
    back = io.read_table(path, "CAT")
    assert isinstance(back, QTable) and back["flux"].unit == "mJy" and back["id"].tolist() == [1, 2]


def test_planes_beside_an_image(tmp_path):
    path = tmp_path / "a.fits"
    data, dq = np.ones((5, 7), "f4"), np.zeros((5, 7), "i4")
    dq[1, 2] = 4
    io.write_fits(path, {"SCI": data, "ERR": data * 2, "DQ": dq, "WHT": data * 4})
    e = io.read_image(path, "SCI", error=f"{path}[ERR]", dq=f"{path}[DQ]")
    assert np.all(e.error == 2) and e.mask[1, 2] and e.mask.sum() == 1
    w = io.read_image(path, "SCI", weight=f"{path}[WHT]")
    assert np.all(w.error == 0.5)
    assert np.all(io.read_data(path, "WHT", kind="weight") == 0.5)
    assert np.all(io.read_data(path, "WHT", kind="variance") == 2)
    assert io.read_data(path, "DQ", kind="dq").dtype == np.uint32
    assert io.read_data(path, "DQ", kind="mask").sum() == 1
    assert io.read_data(path, "DQ", kind="mask", window=(slice(0, 3), slice(0, 3))).sum() == 1


@pytest.mark.parametrize("suffix", ["ecsv", "fits", "csv", "parquet", "vot"])
def test_tables_of_all_formats(suffix, tmp_path):
    path = tmp_path / f"a.{suffix}"
    t = QTable({"id": [1, 2, 3], "flux": Quantity([1.5, np.nan, 2.5], "Jy"), "name": ["a", "bc", "d"], "ok": [True, False, True]})
    t["flux"].info.description = "total flux"
    io.write_table(path, t)
    back = io.read_table(path)
    assert back.colnames == t.colnames
    assert np.array_equal(np.asarray(back["id"]), [1, 2, 3]) and list(back["name"]) == ["a", "bc", "d"]
    flux = np.ma.filled(np.ma.asarray(getattr(back["flux"], "value", back["flux"])), np.nan)
    assert np.array_equal(np.asarray(flux, float), [1.5, np.nan, 2.5], equal_nan=True)
    if suffix in ("ecsv", "fits", "vot"):
        theirs = Table.read(path, format={"ecsv": "ascii.ecsv", "vot": "votable"}.get(suffix, suffix))
        assert theirs.colnames == t.colnames and str(theirs["flux"].unit) == "Jy" and back["flux"].unit == "Jy"
    with pytest.raises(FileExistsError):
        io.write_table(path, t)
    io.write_table(path, t[:2], overwrite=True)
    assert len(io.read_table(path)) == 2


def test_columns_masks_and_sky(tmp_path):
    path = tmp_path / "a.ecsv"
    masked = np.ma.MaskedArray([1.0, 2.0], mask=[True, False])
    t = QTable({"m": masked, "sky": SkyCoord([1, 2], [3, 4], unit="deg"), "pair": [[1.0, 2.0], [3.0, 4.0]]})
    io.write_table(path, t)
    back = io.read_table(path)
    assert back.colnames == ["m", "sky.ra", "sky.dec", "pair"]
    assert np.ma.getmaskarray(np.ma.asarray(back["m"])).tolist() == [True, False]
    assert np.asarray(back["pair"]).shape == (2, 2) and back["sky.dec"].unit == "deg"
    io.write_table(tmp_path / "b.ecsv", Columns({"x": [1.5]}))
    assert io.read_table(tmp_path / "b.ecsv")["x"].tolist() == [1.5]
    with pytest.raises(TypeError, match="complex"):
        io.write_table(tmp_path / "c.ecsv", {"z": np.array([1j])})


def test_errors_are_clear(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.fits"):
        io.read_data(tmp_path / "none.fits")
    with pytest.raises(FileNotFoundError, match="none.fits"):
        io.read_image(tmp_path / "none.fits")
    text = tmp_path / "a.txt"
    text.write_text("no image\n")
    with pytest.raises(ValueError, match="neither FITS nor ASDF"):
        io.info(text)
    path = tmp_path / "a.fits"
    io.write_image(path, np.ones((3, 4)))
    with pytest.raises(FileExistsError):
        io.write_image(path, np.ones((3, 4)))
    with pytest.raises(ValueError, match="no HDU"):
        io.read_data(path, "SCI")
    with pytest.raises(ValueError, match="cutout"):
        io.read_data(path, window=(slice(0, 9), slice(0, 2)))
    with pytest.raises(ValueError, match="window"):
        io.read_data(path, window=(slice(None), 3))
    with pytest.raises(ValueError, match="2 axes"):
        io.write_image(tmp_path / "b.fits", np.ones(3))
    with pytest.raises(TypeError, match="complex"):
        io.write_image(tmp_path / "b.fits", np.ones((2, 2), complex))
    with pytest.raises(ValueError, match="table"):
        io.read_table(path)
    path.write_bytes(path.read_bytes()[:2900])
    with pytest.raises(ValueError):
        io.read_data(path)
    assert not (tmp_path / "b.fits").exists()


@pytest.mark.skipif("SKYPHOT_TEST_DATA" not in os.environ, reason="SKYPHOT_TEST_DATA is not set")
def test_real_exposures():
    root = os.environ["SKYPHOT_TEST_DATA"]
    e = io.read_image(f"{root}/jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits")
    with fits.open(f"{root}/jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits") as f:
        assert np.array_equal(e.data, f["SCI"].data, equal_nan=True) and e.unit == f["SCI"].header["BUNIT"]
        error, good = f["ERR"].data, np.isfinite(f["ERR"].data)
        assert np.array_equal(e.error[good], error[good]) and np.all(e.error[~good] == np.inf)
        assert np.array_equal(e.mask, (f["DQ"].data & 1 == 1) | ~good)
    assert "GWCS" in repr(e.wcs) and e.wcs.pixel_to_world(100, 100).isscalar
    r = io.read_image(f"{root}/roman/r0003201001001001004_0001_wfi01_f106_cal.asdf")
    assert r.data.shape == r.error.shape == r.mask.shape and r.data.dtype == np.float32
    x, y = r.wcs.world_to_pixel(r.wcs.pixel_to_world([10.0, 20.0], [30.0, 40.0]))
    # The inverse is a polynomial of the file itself; gwcs gives the same 0.0004 pixels.
    np.testing.assert_allclose((x, y), ([10.0, 20.0], [30.0, 40.0]), atol=1e-3)


@pytest.mark.parametrize("dtype", [">i2", ">i4", ">f4", ">f8", "u2"])
def test_images_of_more_than_two_dimensions(dtype, tmp_path):
    path = tmp_path / "cube.fits"
    cube = np.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7).astype(dtype)
    line = fits.ImageHDU(cube[0, 0, 0], name="LINE")
    packed = fits.CompImageHDU(cube[0], name="PACKED", compression_type="RICE_1" if cube.dtype.kind != "f" else "GZIP_1")
    flat = fits.ImageHDU(cube[0, 0], name="FLAT")
    fits.HDUList([fits.PrimaryHDU(), flat, fits.ImageHDU(cube, name="CUBE"), packed, line]).writeto(path)
    whole = io.read_cube(path)
    assert whole.shape == cube.shape and whole.dtype in (np.float32, np.float64) and whole.dtype.isnative
    assert np.array_equal(whole, cube)
    for plane, place in ((4, (1, 1)), ((1, 2), (1, 2)), (np.int64(0), (0, 0))):
        assert np.array_equal(io.read_cube(path, "CUBE", plane=plane), cube[place])
    assert np.array_equal(io.read_cube(path, "PACKED"), cube[0])
    assert np.array_equal(io.read_cube(path, "PACKED", plane=2), cube[0, 2])
    assert np.array_equal(io.read_cube(path, "FLAT"), cube[0, 0]) and np.array_equal(io.read_data(path), cube[0, 0])
    for hdu, plane in (("CUBE", 6), ("CUBE", (2, 0)), ("CUBE", (0, 0, 0)), ("LINE", None), ("CUBE", -1), ("CUBE", 0.5), (9, None)):
        with pytest.raises(ValueError):
            io.read_cube(path, hdu, plane=plane)
    with pytest.raises(FileNotFoundError):
        io.read_cube(tmp_path / "none.fits")
