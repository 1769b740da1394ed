"""`skyphot.wcs` next to astropy: the same numbers, and taken wherever astropy takes a system."""

import copy
import os
import pickle

import numpy as np
import pytest

from skyphot import wcs as ours
from skyphot.wcs import WCS

astropy_wcs = pytest.importorskip("astropy.wcs")
from astropy.coordinates import SkyCoord, match_coordinates_sky, search_around_sky
from astropy.io import fits
from astropy.nddata import NDData
from astropy.wcs.utils import pixel_to_pixel, proj_plane_pixel_area, proj_plane_pixel_scales
from astropy.wcs.wcsapi import BaseHighLevelWCS, BaseLowLevelWCS, HighLevelWCSWrapper, SlicedLowLevelWCS

X, Y = np.random.default_rng(1).uniform(0, 100, (2, 40))


def header(first="RA", **more):
    lon, lat = ("RA---TAN-SIP", "DEC--TAN-SIP") if first in ("RA", "DEC") else ("GLON-CAR", "GLAT-CAR")
    swap = first == "DEC"
    cd = [[-3e-4, 2e-5], [1e-5, 3e-4]]
    h = fits.Header()
    h["NAXIS"], h["NAXIS1"], h["NAXIS2"] = 2, 100, 80
    h["CTYPE1"], h["CTYPE2"] = (lat, lon) if swap else (lon, lat)
    h["CRVAL1"], h["CRVAL2"] = (20.0, 150.0) if swap else (150.0, 20.0)
    h["CRPIX1"], h["CRPIX2"] = 50.5, 40.25
    for i in (1, 2):
        for j in (1, 2):
            h[f"CD{i}_{j}"] = cd[2 - i if swap else i - 1][j - 1]
    if "SIP" in lon:
        h["A_ORDER"], h["B_ORDER"], h["A_2_0"], h["B_1_1"] = 2, 2, 3e-5, -2e-5
    h.update(more)
    return h


HEADERS = [
    header(), header("DEC"), header("GLON"), header(RADESYS="FK5", EQUINOX=1975.0), header(RADESYS="FK4", EQUINOX=1950.0),
]  # fmt: skip


@pytest.mark.parametrize("h", HEADERS, ids=range(len(HEADERS)))
def test_both_interfaces_are_those_of_astropy(h):
    a, b = astropy_wcs.WCS(h), WCS(h)
    assert isinstance(b, BaseLowLevelWCS) and isinstance(b, BaseHighLevelWCS)
    assert (b.pixel_n_dim, b.world_n_dim, b.array_shape, b.pixel_shape) == (2, 2, a.array_shape, a.pixel_shape)
    for name in ("world_axis_physical_types", "world_axis_units", "pixel_axis_names", "world_axis_names"):
        assert list(getattr(a, name)) == list(getattr(b, name)), name
    assert np.array_equal(a.axis_correlation_matrix, b.axis_correlation_matrix)
    assert a.serialized_classes == b.serialized_classes
    world = a.pixel_to_world_values(X, Y)
    np.testing.assert_allclose(b.pixel_to_world_values(X, Y), world, rtol=1e-12)
    np.testing.assert_allclose(b.array_index_to_world_values(Y, X), world, rtol=1e-12)
    np.testing.assert_allclose(b.world_to_pixel_values(*world), (X, Y), atol=1e-7)
    assert np.array_equal(b.world_to_array_index_values(*world), a.world_to_array_index_values(*world))
    s, t = a.pixel_to_world(X, Y), b.pixel_to_world(X, Y)
    assert s.frame.is_equivalent_frame(t.frame) and np.all(s.separation(t).arcsec < 1e-9)
    np.testing.assert_allclose(b.world_to_pixel(s.icrs), a.world_to_pixel(s.icrs), atol=1e-6)
    np.testing.assert_allclose(a.all_pix2world(X, Y, 1), b.all_pix2world(X, Y, 1), rtol=1e-12)
    xy = np.column_stack([X, Y])
    np.testing.assert_allclose(a.wcs_pix2world(xy, 0), b.wcs_pix2world(xy, 0), rtol=1e-12)
    np.testing.assert_allclose(a.all_world2pix(*world, 1), b.all_world2pix(*world, 1), atol=1e-6)
    np.testing.assert_allclose(a.wcs_world2pix(*world, 1), b.wcs_world2pix(*world, 1), atol=1e-7)
    np.testing.assert_allclose(a.pixel_scale_matrix, b.pixel_scale_matrix)
    np.testing.assert_allclose(proj_plane_pixel_scales(b), proj_plane_pixel_scales(a))
    assert np.isclose(proj_plane_pixel_area(b), proj_plane_pixel_area(a))
    np.testing.assert_allclose(b.calc_footprint(), a.calc_footprint()[:, [0, 1] if a.wcs.lng == 0 else [1, 0]])
    np.testing.assert_allclose(a.wcs.crval, b.wcs.crval)
    assert list(a.wcs.ctype) == b.wcs.ctype


def test_scalars_shapes_and_places_without_sky():
    w = WCS(header())
    lon, lat = w.pixel_to_world_values(1.0, 2.0)
    assert np.shape(lon) == () and np.shape(w.pixel_to_world_values(np.ones((2, 3)), 1.0)[1]) == (2, 3)
    assert w.pixel_to_world(1, 2).isscalar
    x, y = w.world_to_pixel_values([lon, lon + 180], [lat, -lat])
    assert np.isfinite(x[0]) and np.isnan(x[1])
    assert w.world_to_array_index_values(lon + 180, -lat)[0] == np.iinfo(int).min
    assert np.all(np.isnan(w.pixel_to_world_values(np.nan, 1.0)))
    assert w.pixel_to_world_values([], [])[0].size == 0
    with pytest.raises(ValueError, match="does not match expected"):
        w.pixel_to_world_values(1.0)
    with pytest.raises(TypeError):
        w.all_pix2world(1.0)
    for n in (1, 2, 3, None):
        assert np.array_equal(w.pixel_to_world_values(X, Y, n_threads=n), w.pixel_to_world_values(X, Y))


def test_headers_of_all_kinds_and_bad_ones(tmp_path):
    h = header()
    want = WCS(h).pixel_to_world_values(X, Y)
    fits.writeto(tmp_path / "a.fits", np.zeros((80, 100)), h)
    lines = "\n".join(str(c).rstrip() for c in h.cards)
    for source in (dict(h), h.tostring(), h.tostring().encode(), lines, tmp_path / "a.fits", f"{tmp_path}/a.fits[0]"):
        np.testing.assert_allclose(WCS(source).pixel_to_world_values(X, Y), want, rtol=1e-14)
    np.testing.assert_allclose(WCS(WCS(h).to_header()).pixel_to_world_values(X, Y), want, rtol=1e-13)
    np.testing.assert_allclose(astropy_wcs.WCS(WCS(h).to_header()).pixel_to_world_values(X, Y), want, rtol=1e-12)
    with pytest.raises(ValueError, match="axes"):
        WCS({"NAXIS": 2})
    with pytest.raises(ValueError):
        WCS({**dict(h), "CD1_1": 0.0, "CD1_2": 0.0})
    with pytest.raises(TypeError):
        WCS(3)


def test_slices_bins_copies_and_pickles():
    a, b = astropy_wcs.WCS(header()), WCS(header())
    for view in (np.s_[3:40, 5:], np.s_[:, -50:]):
        c, d = a[view], b[view]
        assert c.array_shape == d.array_shape
        for w in (d, copy.copy(d), copy.deepcopy(d), pickle.loads(pickle.dumps(d))):
            np.testing.assert_allclose(w.pixel_to_world_values(X, Y), c.pixel_to_world_values(X, Y), rtol=1e-12)
            assert w.array_shape == d.array_shape
    with pytest.raises(ValueError, match="step"):
        b[::2, :]
    np.testing.assert_allclose(b.binned(2).pixel_to_world_values(0, 0), b.pixel_to_world_values(0.5, 0.5), rtol=1e-12)
    b.array_shape = (7, 8)
    assert b.pixel_shape == (8, 7)


def test_where_astropy_takes_a_system():
    a, b = astropy_wcs.WCS(header()), WCS(header())
    world = HighLevelWCSWrapper(b).pixel_to_world(X, Y)
    assert np.all(world.separation(a.pixel_to_world(X, Y)).arcsec < 1e-9)
    np.testing.assert_allclose(pixel_to_pixel(a, b, X, Y), (X, Y), atol=1e-6)
    np.testing.assert_allclose(pixel_to_pixel(b, a, X, Y), (X, Y), atol=1e-6)
    part = SlicedLowLevelWCS(b, np.s_[4:, 3:])
    np.testing.assert_allclose(part.pixel_to_world_values(X, Y), a[4:, 3:].pixel_to_world_values(X, Y), rtol=1e-12)
    data = NDData(np.ones((80, 100)), wcs=b)  # CCDData insists on a class of astropy
    assert np.all(data.wcs.pixel_to_world(X, Y).separation(world).arcsec < 1e-9)


def test_apertures_of_photutils_and_ours():
    a, b = astropy_wcs.WCS(header()), WCS(header())
    packages = [pytest.importorskip("skyphot.aperture")]
    try:
        packages.append(__import__("photutils.aperture").aperture)
    except ImportError:
        pass
    for p in packages:
        pixel = p.EllipticalAperture([(30.0, 40.0), (60.0, 20.0)], 6, 4, theta=0.4)
        sky, expected = pixel.to_sky(b), pixel.to_sky(a)
        assert np.isclose(sky.a.to_value("arcsec"), expected.a.to_value("arcsec"), rtol=1e-7)
        assert np.all(sky.positions.separation(expected.positions).arcsec < 1e-9)
        np.testing.assert_allclose(sky.to_pixel(b).positions, pixel.positions, atol=1e-6)
        r = p.SkyCircularAperture(expected.positions, r=expected.a)
        assert np.isclose(r.to_pixel(b).r, r.to_pixel(a).r, rtol=1e-7)


def test_axes_of_a_figure():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure = pyplot.figure()
    axes = figure.add_subplot(projection=WCS(header()))
    axes.imshow(np.ones((80, 100)))
    figure.canvas.draw()
    assert axes.coords[0].default_label in ("pos.eq.ra", "pos.eq.ra", "")
    pyplot.close(figure)


def test_lookup_tables_of_an_open_file():
    h = header("GLON")
    for i in (1, 2):
        h[f"CPDIS{i}"] = "LOOKUP"
        h[f"DP{i}"] = f"EXTVER: {i}"
        h.append((f"DP{i}", "NAXES: 2"))
        h.append((f"DP{i}", "AXIS.1: 1"))
        h.append((f"DP{i}", "AXIS.2: 2"))
    tables = [fits.ImageHDU(np.random.default_rng(i).normal(0, 0.2, (5, 6)).astype("f4"), name="WCSDVARR", ver=i) for i in (1, 2)]
    for t in tables:
        t.header.update(CRPIX1=1.0, CRPIX2=1.0, CRVAL1=1.0, CRVAL2=1.0, CDELT1=20.0, CDELT2=20.0)
    f = fits.HDUList([fits.PrimaryHDU(np.zeros((80, 100)), h), *tables])
    a, b = astropy_wcs.WCS(h, f), WCS(h, f)
    assert b.has_distortion
    np.testing.assert_allclose(b.pixel_to_world_values(X, Y), a.pixel_to_world_values(X, Y), rtol=1e-12)
    np.testing.assert_allclose(pickle.loads(pickle.dumps(b)).world_to_pixel_values(*b.pixel_to_world_values(X, Y)), (X, Y), atol=1e-6)


def test_matching_is_that_of_astropy():
    pytest.importorskip("scipy")
    rng = np.random.default_rng(2)
    a, b = (SkyCoord(rng.uniform(0, 360, n), np.degrees(np.arcsin(rng.uniform(-1, 1, n))), unit="deg") for n in (300, 500))
    for n in (1, 2):
        for other in (b, b.galactic):
            i, sep, chord = match_coordinates_sky(a, other, n)
            j, mine, ours_3d = ours.match_coordinates_sky(a, other, n)
            assert np.array_equal(i, j)
            np.testing.assert_allclose(mine.deg, sep.deg, rtol=1e-9)
            np.testing.assert_allclose(ours_3d, chord, rtol=1e-9)
    i, j, sep, _ = search_around_sky(a, b, 5 * sep.unit)
    k, m, mine = ours.search_around_sky(a, b, 5.0)
    order = np.lexsort((j, i))
    assert np.array_equal(i[order], k) and np.array_equal(j[order], m)
    np.testing.assert_allclose(np.sort(mine.deg), np.sort(sep.deg), rtol=1e-9)
    index, separation, ambiguous = ours.cross_match_sky(a, b, 3.0)
    nearest, distance, _ = match_coordinates_sky(a, b)
    back = match_coordinates_sky(b, a)[0]
    expected = np.where((distance.deg <= 3) & (back[nearest] == np.arange(len(a))), nearest, -1)
    assert np.array_equal(index, expected) and ambiguous.dtype == bool
    assert np.all(np.isnan(separation.value) == (expected < 0))
    with pytest.raises(ValueError, match="NaN"):
        ours.match_to_catalog_sky([[np.nan, 0.0]], b)
    with pytest.raises(ValueError):
        ours.search_around_sky(a, b, -1.0)
    with pytest.raises(ValueError):
        ours.match_to_catalog_sky(a, np.zeros((0, 2)))


@pytest.mark.skipif("SKYPHOT_TEST_DATA" not in os.environ, reason="SKYPHOT_TEST_DATA is not set")
@pytest.mark.parametrize("name", ["miriwcs", "nircamwcs"])
def test_systems_of_asdf_files_are_those_of_gwcs(name):
    asdf = pytest.importorskip("asdf")
    pytest.importorskip("gwcs")
    path = f"{os.environ['SKYPHOT_TEST_DATA']}/jwst/{name}.asdf"
    with asdf.open(path) as tree:
        a, b = next(v for v in tree.tree.values() if hasattr(v, "pixel_to_world_values")), WCS(path)
        for key in ("world_axis_physical_types", "world_axis_units", "pixel_axis_names", "world_axis_names"):
            assert list(getattr(a, key)) == list(getattr(b, key)), key
        assert np.allclose(a.pixel_bounds, b.pixel_bounds)
        x, y = X * 6 + 100, Y * 6 + 100
        sky = a.pixel_to_world(x, y)
        assert np.all(sky.separation(b.pixel_to_world(x, y)).arcsec < 1e-8)
        np.testing.assert_allclose(b.world_to_pixel(sky), a.world_to_pixel(sky), atol=1e-6)
        copied = pickle.loads(pickle.dumps(b))
        assert np.array_equal(copied.pixel_to_world_values(x, y), b.pixel_to_world_values(x, y))
        standin = astropy_wcs.WCS(b.to_header())
        assert np.all(standin.pixel_to_world(x, y).separation(sky).arcsec < 0.1)
    with pytest.raises(AttributeError, match="GWCS"):
        b.pixel_scale_matrix


def test_catalogues_and_statistics_take_a_system():
    from skyphot.aperture import ApertureStats, CircularAperture
    from skyphot.datasets import make_100gaussians_image, make_gwcs, make_wcs
    from skyphot.segmentation import SourceCatalog, detect_sources

    data = make_100gaussians_image() - 5
    segments = detect_sources(data, 20, n_pixels=5)
    theirs = astropy_wcs.WCS(make_wcs(data.shape).to_header())
    for w in (make_wcs(data.shape), make_gwcs(data.shape)):
        for find in (
            lambda wcs: SourceCatalog(data, segments, wcs=wcs).sky_centroid,
            lambda wcs: ApertureStats(data, CircularAperture([(50.0, 60.0)], 5), wcs=wcs).sky_centroid,
        ):
            assert np.all(find(w).separation(find(theirs)).arcsec < 1e-8)
