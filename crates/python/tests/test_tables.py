"""What astropy users expect of tables, and what must hold without it is in test_without_astropy.py."""

import copy
import pickle

import numpy as np
import pytest

from skyphot.aperture import ApertureStats, CircularAperture
from skyphot.psf import CircularGaussianPRF, PSFPhotometry
from skyphot.segmentation import SegmentationImage, SourceCatalog, detect_sources


def star(x=20.3, y=18.8, flux=1000.0):
    yy, xx = np.mgrid[0:40, 0:40]
    return CircularGaussianPRF(flux=flux, x_0=x, y_0=y, fwhm=3.0)(xx, yy)


def test_a_noiseless_star_is_fitted_exactly():
    table = PSFPhotometry(CircularGaussianPRF(fwhm=3.0), 9, aperture_radius=5)(
        star(), init_params={"x": np.array([20.0]), "y": np.array([19.0])}
    )
    assert np.allclose([table["x_fit"][0], table["y_fit"][0]], [20.3, 18.8], atol=1e-7)
    assert np.isclose(table["flux_fit"][0], 1000.0, rtol=1e-7)


def test_an_empty_start_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        PSFPhotometry(CircularGaussianPRF(fwhm=3.0), 9, aperture_radius=5)(
            star(), init_params={"x": np.array([]), "y": np.array([])}
        )


def test_a_catalogue_outlives_its_image():
    def make():
        data = star()
        return SourceCatalog(data, detect_sources(data, 5.0, 4))

    catalog = make()
    junk = [np.zeros((40, 40)) for _ in range(50)]
    assert np.isclose(catalog.segment_flux[0], star()[star() > 5].sum()) and len(junk) == 50
    assert np.isclose(catalog[0].x_centroid, 20.3, atol=0.05)


def test_labels_are_checked():
    with pytest.raises(ValueError, match="negative"):
        SegmentationImage(np.array([[0, -1]]))
    with pytest.raises(TypeError, match="integer"):
        SegmentationImage(np.array([[0.0, 1.0]]))
    image = SegmentationImage(np.array([[0, 1], [2, 2]]))
    with pytest.raises(ValueError, match="invalid"):
        image.remove_label(7)
    image.remove_label(1, relabel=True)
    assert image.data.tolist() == [[0, 0], [1, 1]]


def test_tables_are_astropy_tables_in_full():
    """Whatever is done to a table goes on as with one that was made column by column."""
    astropy_table = pytest.importorskip("astropy.table")
    from astropy import units as u

    from skyphot._table import table_of

    sky = pytest.importorskip("astropy.coordinates").SkyCoord([1, 2, 3] * u.deg, [4, 5, 6] * u.deg)
    columns = {
        "id": np.arange(3), "flux": np.array([3.0, 1.0, 2.0]) * u.Jy, "x": np.arange(6.0)[::2], "none": np.array([None] * 3),
        "sky": sky, "name": ["a", "b", "c"], "moments": np.ones((3, 4, 4)), "ratio": np.ones(3) * u.dimensionless_unscaled,
        "missing": np.ma.MaskedArray([1.0, 2.0, 3.0], mask=[False, True, False]), "good": np.array([True, False, True]),
    }  # fmt: skip
    expected = astropy_table.QTable()
    for name, values in columns.items():
        expected[name] = values
    texts = {"id": "number", "flux": "light", "missing": "some", "sky": "where"}
    table = table_of(columns, {"date": "today"}, descriptions=texts)
    assert {name: table[name].info.description for name in texts} == texts and table["x"].description is None
    assert type(table) is astropy_table.QTable and table.colnames == expected.colnames and table.meta == {"date": "today"}
    for name in columns:
        mine, theirs = table[name], expected[name]
        assert type(mine) is type(theirs) and mine.shape == theirs.shape and mine.info.name == name
        assert mine.info.parent_table is table and mine.info.unit == theirs.info.unit
        assert getattr(mine, "dtype", None) == getattr(theirs, "dtype", None)
    assert table.pformat() == expected.pformat()
    table["x"][0], table["flux"][0] = 9, 9 * u.Jy
    assert columns["x"][0] == 0 and columns["flux"][0].value == 3
    for t in (table, expected):
        t["x"][0], t["flux"][0] = 0, 3 * u.Jy
        del t["sky"], t["none"]
        t.add_row(t[0])
        t.add_row([7, 0 * u.Jy, 1, "d", np.zeros((4, 4)), 2, 5, False])
        t.rename_column("x", "x0")
        t["x0"].description = "place"
        t.replace_column("good", np.arange(5))
        t["double"] = 2 * t["flux"]
        t.add_index("id")
        t.sort("flux")
    assert table.pformat() == expected.pformat() and table.loc[7]["flux"] == 0 * u.Jy
    assert str(table.group_by("name").groups.aggregate(len)["id"]) == str(expected.group_by("name").groups.aggregate(len)["id"])
    joined = astropy_table.vstack([table, expected])
    assert len(joined) == 10 and joined["flux"].unit == u.Jy and joined["x0"].description == "place"
    assert pickle.loads(pickle.dumps(table)).pformat() == copy.deepcopy(table).pformat() == table.pformat()
    with pytest.raises(ValueError, match="Inconsistent|length"):
        table_of({"a": np.arange(3), "b": np.arange(4)})
    assert len(table_of({}, {})) == 0


def test_tables_share_nothing_with_what_they_were_made_of():
    data = star()
    catalog = SourceCatalog(data, detect_sources(data, 5.0, 4))
    table = catalog.to_table()
    table["x_centroid"][0] = table["kron_flux"][0] = -1
    table["area"][0] *= 0
    assert catalog.x_centroid[0] > 0 and catalog.kron_flux[0] > 0 and np.asarray(catalog.area)[0] > 0
    stats = ApertureStats(data, CircularAperture([(20.0, 19.0), (10.0, 10.0)], 4.0))
    table = stats.to_table()
    table["mean"][0] = -1
    assert stats.mean[0] > 0


def test_statistics_can_be_pickled_before_and_after_they_are_measured():
    stats = ApertureStats(star(), CircularAperture([(20.0, 19.0), (10.0, 10.0)], 4.0))
    for _ in range(2):
        again = pickle.loads(pickle.dumps(stats))
        for name in ("mean", "moments", "flags", "bbox_xmin", "inertia_tensor"):
            np.testing.assert_array_equal(getattr(again, name), getattr(stats, name))
        assert copy.deepcopy(again)[1].sum == stats[1].sum
