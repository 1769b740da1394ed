"""The same calls of photutils and skyphot, one for each main entry point: the same types, columns, units and values.

Run with the pinned peers; without photutils every test is skipped.
"""

import importlib
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("photutils")
import astropy.stats
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.units import Quantity
from astropy.wcs import WCS
from case import CASES

import cases  # noqa: F401  (it adds the calls)
import cases_catalogs  # noqa: F401
import cases_data  # noqa: F401
import cases_inputs  # noqa: F401
import cases_pictures  # noqa: F401
import cases_psf  # noqa: F401
import cases_shapes  # noqa: F401

MODULES = ("aperture", "background", "centroids", "datasets", "detection", "geometry", "morphology", "profiles", "psf", "psf_matching", "segmentation")


def package(name):
    p = SimpleNamespace(**{m: importlib.import_module(f"{name}.{m}") for m in MODULES}, name=name)
    p.stats = astropy.stats if name == "photutils" else importlib.import_module("skyphot.stats")
    p.utils = importlib.import_module(f"{name}.utils")
    return p


def scene():
    """A star field with noise, a bad pixel, errors, a mask and a WCS."""
    rng = np.random.default_rng(20)
    ny, nx = 140, 160
    y, x = np.mgrid[0:ny, 0:nx]
    xy = rng.uniform(12, 125, (30, 2)) + [8.0, 0.0]
    flux = rng.uniform(500, 5000, 30)
    data = np.zeros((ny, nx))
    for (sx, sy), f in zip(xy, flux, strict=True):
        data += f / (2 * np.pi * 4) * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 8)
    error = np.sqrt(data + 9.0)
    noisy = data + rng.normal(0, 1, data.shape) * error
    mask = np.zeros(data.shape, bool)
    mask[40:44, 60:62] = True
    bad = noisy.copy()
    bad[20, 30] = np.nan
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval, wcs.wcs.crpix = (150.0, 2.0), (80.0, 70.0)
    wcs.wcs.cd = np.array([[-0.3, 0.05], [0.04, 0.31]]) / 3600
    return SimpleNamespace(
        data=noisy, bad=bad, error=error, mask=mask, wcs=wcs, xy=xy, background=noisy + 100 + 0.05 * x + 0.02 * y
    )


SCENE = scene()


def kind(value):
    """The name of a type that users see."""
    for base in (Quantity, SkyCoord, Table, np.ma.MaskedArray, np.ndarray):
        if isinstance(value, base):
            return "Table" if base is Table else base.__name__
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, (int, np.integer)):
        return "int"
    if isinstance(value, (float, np.floating)):
        return "float"
    return type(value).__name__


def compare(ours, theirs, at, rtol, atol):
    assert kind(ours) == kind(theirs), f"{at}: {kind(ours)} != {kind(theirs)}"
    match kind(theirs):
        case "Table":
            assert ours.colnames == theirs.colnames, at
            for name in theirs.colnames:
                a, b = ours[name], theirs[name]
                assert isinstance(a, Quantity) == isinstance(b, Quantity), f"{at}[{name}]: {type(a)} {type(b)}"
                if isinstance(b, SkyCoord):
                    compare(a, b, f"{at}[{name}]", rtol, atol)
                    continue
                assert str(getattr(a, "unit", None)) == str(getattr(b, "unit", None)), f"{at}[{name}]"
                assert np.asarray(a).dtype.kind == np.asarray(b).dtype.kind, f"{at}[{name}]: {a.dtype} {b.dtype}"
                close(a, b, f"{at}[{name}]", rtol, atol)
        case "Quantity":
            assert ours.unit == theirs.unit, f"{at}: {ours.unit} != {theirs.unit}"
            close(ours.value, theirs.value, at, rtol, atol)
        case "SkyCoord":
            assert ours.frame.name == theirs.frame.name, at
            assert np.all(ours.separation(theirs).arcsec < 1e-9), at
        case "list" | "tuple":
            assert len(ours) == len(theirs), at
            for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
                compare(a, b, f"{at}[{i}]", rtol, atol)
        case "dict":
            assert list(ours) == list(theirs), at
            for k in theirs:
                compare(ours[k], theirs[k], f"{at}[{k}]", rtol, atol)
        case "MaskedArray":
            assert np.array_equal(np.ma.getmaskarray(ours), np.ma.getmaskarray(theirs)), at
            close(ours.filled(0), theirs.filled(0), at, rtol, atol)
        case "ndarray":
            assert ours.dtype.kind == theirs.dtype.kind, f"{at}: {ours.dtype} != {theirs.dtype}"
            if theirs.dtype.kind == "f":
                assert ours.dtype == theirs.dtype, f"{at}: {ours.dtype} != {theirs.dtype}"
            close(ours, theirs, at, rtol, atol)
        case "float" | "int" | "bool":
            close(ours, theirs, at, rtol, atol)
        case "slice":
            assert (int(ours.start), int(ours.stop)) == (int(theirs.start), int(theirs.stop)), at
        case "NoneType" | "str":
            assert ours == theirs, at
        case _:
            assert repr(ours) == repr(theirs), at


def close(a, b, at, rtol, atol):
    a, b = np.asarray(a), np.asarray(b)
    if b.dtype.kind in "OU":
        assert a.tolist() == b.tolist(), at
    else:
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=at)


def outcome(call, p):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        value = call(p, SCENE)
    names = sorted(
        {
            w.category.__name__
            for w in seen
            if "Deprec" not in w.category.__name__ and w.category.__name__ != "RuntimeWarning"
        }
    )
    return value, names


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_same_as_photutils(case):
    theirs, their_warnings = outcome(case.call, package("photutils"))
    ours, our_warnings = outcome(case.call, package("skyphot"))
    assert our_warnings == their_warnings
    compare(ours, theirs, case.name, case.rtol, case.atol)


WRONG = [
    (ValueError, lambda p, s: p.aperture.CircularAperture((1, 2), -3)),
    (ValueError, lambda p, s: p.aperture.CircularAperture((1, np.nan), 3)),
    (ValueError, lambda p, s: p.aperture.CircularAnnulus((1, 2), 5, 3)),
    (TypeError, lambda p, s: p.aperture.CircularAperture(Quantity([1, 2], "pix"), 3)),
    (TypeError, lambda p, s: len(p.aperture.CircularAperture((1, 2), 3))),
    (ValueError, lambda p, s: p.aperture.EllipticalAperture((1, 2), 3, 2, theta=Quantity(3, "m"))),
    (ValueError, lambda p, s: p.aperture.aperture_photometry(s.data[0], p.aperture.CircularAperture((1, 2), 3))),
    (ValueError, lambda p, s: p.aperture.AperturePhotometry(s.data, [])),
    (ValueError, lambda p, s: p.aperture.AperturePhotometry(s.data, p.aperture.CircularAperture((1, 2), 3), n_threads=0)),
    (TypeError, lambda p, s: p.aperture.ApertureStats(s.data, "circle")),
    (ValueError, lambda p, s: p.aperture.ApertureStats(s.data, p.aperture.CircularAperture((1, 2), 3), ddof=-1)),
    (TypeError, lambda p, s: p.aperture.BoundingBox(1.5, 2, 3, 4)),
    (ValueError, lambda p, s: p.aperture.BoundingBox(3, 2, 3, 4)),
    (ValueError, lambda p, s: p.background.Background2D(s.data, 20, exclude_percentile=101)),
    (ValueError, lambda p, s: p.background.Background2D(s.data * np.nan, 20)),
    (ValueError, lambda p, s: p.background.LocalBackground(5, 3)),
    (ValueError, lambda p, s: p.centroids.centroid_sources(s.data, [500], [3])),
    (ValueError, lambda p, s: p.centroids.centroid_quadratic(s.data, fit_boxsize=1)),
    (ValueError, lambda p, s: p.detection.DAOStarFinder(5, 3, n_brightest=0)),
    (ValueError, lambda p, s: p.detection.DAOStarFinder(5, 3, xycoords=[1, 2])),
    (ValueError, lambda p, s: p.detection.IRAFStarFinder(5, 3, minsep_fwhm=-1)),
    (ValueError, lambda p, s: p.detection.IRAFStarFinder(5, 3, min_separation=-1)),
    (ValueError, lambda p, s: p.detection.find_peaks(s.data, 5, n_peaks=-1)),
    (TypeError, lambda p, s: p.detection.find_peaks(s.data, 5, centroid_func=3)),
    (ValueError, lambda p, s: p.datasets.make_noise_image((3, 4))),
    (ValueError, lambda p, s: p.datasets.make_noise_image((3, 4), "gaussian", 5.0)),
    (ValueError, lambda p, s: p.datasets.make_noise_image((3, 4), "uniform", 5.0)),
    (ValueError, lambda p, s: p.datasets.apply_poisson_noise(np.array([[1.0, -1.0]]))),
    (ValueError, lambda p, s: p.datasets.make_model_params((10, 10), 3, border_size=5)),
    (ValueError, lambda p, s: p.datasets.make_model_params((10, 10), 3, flux=(1, 2, 3))),
    (ValueError, lambda p, s: p.datasets.make_model_params((10, 10), 3, id=(1, 2))),
    (ValueError, lambda p, s: p.datasets.make_random_models_table(-1, {})),
    (TypeError, lambda p, s: p.datasets.make_model_image((10, 10), 3, Table())),
    (ValueError, lambda p, s: p.datasets.make_model_image((10, 10), p.psf.GaussianPSF(), Table({"x_0": [1.0]}))),
    (ValueError, lambda p, s: p.utils.ImageDepth(-1)),
    (ValueError, lambda p, s: p.utils.ImageDepth(3, n_apertures=0)),
    (ValueError, lambda p, s: p.utils.ImageDepth(3, progress_bar=False)(s.data, np.ones(s.data.shape, bool))),
    (ValueError, lambda p, s: p.utils.ShepardIDWInterpolator([], [])),
    (ValueError, lambda p, s: p.utils.ShepardIDWInterpolator([1, 2], [1])),
    (ValueError, lambda p, s: p.utils.ShepardIDWInterpolator([1, 2], [1, 2], [1, -1])),
    (ValueError, lambda p, s: p.utils.ShepardIDWInterpolator([1, 2], [1, 2])(1.5, n_neighbors=0)),
    (ValueError, lambda p, s: p.utils.circular_footprint(1.5)),
    (ValueError, lambda p, s: p.utils.make_random_cmap(0)),
    (ValueError, lambda p, s: p.utils.compute_pixel_areas(s.wcs, [1.0], [1.0, 2.0])),
    (ValueError, lambda p, s: p.utils.compute_pixel_area_map(s.wcs, (3, 0))),
    (TypeError, lambda p, s: p.utils.compute_pixel_area_map(s.wcs, (3, 4), interpolate=3)),
    (ValueError, lambda p, s: p.utils.CutoutImage(s.data, (5, 5), (3, 3), mode="none")),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_calls_raise_the_same(number):
    error, call = WRONG[number]
    for name in ("photutils", "skyphot"):
        with pytest.raises(error):
            call(package(name), SCENE)
