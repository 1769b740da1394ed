"""`skyphot.calibration`: closed forms, and astropy where it has the same."""

import numpy as np
import pytest

from skyphot import calibration as c
from skyphot.stats import SigmaClip

u = pytest.importorskip("astropy.units")
from astropy.coordinates import SkyCoord
from astropy.nddata import CCDData, StdDevUncertainty


def test_magnitudes_are_those_of_astropy():
    flux = np.array([1.0, 2.5, 100.0, 1e-7])
    np.testing.assert_allclose(c.magnitude(flux, 25), 25 + (flux * u.dimensionless_unscaled).to_value(u.mag()), rtol=1e-14)
    np.testing.assert_allclose(c.flux(c.magnitude(flux, 25), 25), flux, rtol=1e-14)
    assert np.isnan(c.magnitude(-1.0)) and isinstance(c.magnitude(1.0), float)
    assert c.magnitude(np.ones((2, 3))).shape == (2, 3)
    np.testing.assert_allclose(c.magnitude_error(flux, flux / 100), 2.5 / np.log(10) / 100)
    for a, b in (("Jy", "mag(AB)"), ("mJy", "nJy"), ("Jy", "erg/s/cm2/Hz")):
        theirs = (flux * u.Unit({"erg/s/cm2/Hz": "erg/(s cm2 Hz)"}.get(a, a))).to(u.ABmag if b == "mag(AB)" else u.Unit(b.replace("erg/s/cm2/Hz", "erg/(s cm2 Hz)")))
        np.testing.assert_allclose(c.convert_flux(flux, a, b), theirs.value, rtol=1e-9)
    with pytest.raises(ValueError, match="parsec"):
        c.convert_flux(1.0, "parsec", "Jy")


def test_asinh_magnitudes():
    m = c.AsinhMagnitude(0.5, 25.0)
    flux = np.linspace(-3, 50, 11)
    expected = 25 - 2.5 / np.log(10) * (np.arcsinh(flux / 1.0) + np.log(0.5))
    np.testing.assert_allclose(m.magnitude(flux), expected, rtol=1e-14)
    np.testing.assert_allclose(m.flux(m.magnitude(flux)), flux, atol=1e-12)
    with pytest.raises(ValueError):
        c.AsinhMagnitude(0.0)


def test_flux_scales():
    s = c.FluxScale.from_zero_point(25.0)
    assert np.isclose(s.zero_point(), 25.0) and np.isclose(s.magnitude(100.0), 20.0)
    assert np.isclose((s.jansky(1.0) * u.Jy).to_value(u.ABmag), 25.0, atol=1e-6)
    area = 2.8e-13
    b = c.FluxScale.from_header({"BUNIT": "MJy/sr", "PIXAR_SR": area})
    assert np.isclose(b.jansky_per_unit, 1e6 * area) and np.isclose(c.FluxScale.from_surface_brightness(1.0, area).jansky_per_unit, 1e6 * area)
    f = c.FluxScale.from_photflam(1e-19, 6000.0)
    assert np.isclose((1e-19 * u.Unit("erg/(s cm2 AA)")).to_value("Jy", u.spectral_density(6000 * u.AA)), f.jansky_per_unit)
    assert np.isclose(f.zero_point(("st", 6000.0)), -2.5 * np.log10(1e-19) - 21.1)
    assert np.isclose(s.zero_point(("vega", 0.5)), 24.5)
    assert np.isclose(s.per_exposure_time(10.0).zero_point(), 27.5)
    for call in (lambda: c.FluxScale.from_header({"OBJECT": "x"}), lambda: c.FluxScale(-1.0), lambda: s.zero_point("st")):
        with pytest.raises(ValueError):
            call()


def test_encircled_energy_and_corrections():
    r = np.array([1.0, 2.0, 4.0])
    e = c.EncircledEnergy(r, [0.4, 0.8, 1.0])
    at = np.array([1.0, 1.5, 3.0, 4.0])
    np.testing.assert_allclose(e.at(at), np.interp(at, r, [0.4, 0.8, 1.0]))
    np.testing.assert_allclose(e.correction(at), 1 / np.interp(at, r, [0.4, 0.8, 1.0]))
    assert np.isclose(e.radius(0.6), 1.5)
    g = c.EncircledEnergy.from_curve_of_growth(r, [4.0, 8.0, 10.0], 10.0, "pchip")
    np.testing.assert_allclose(g.at(r), [0.4, 0.8, 1.0])
    with pytest.raises(ValueError):
        c.EncircledEnergy([1.0, 1.0], [0.5, 0.6])
    with pytest.raises(ValueError, match="interpolation"):
        c.EncircledEnergy(r, r, "cubic")
    t = {"filter": ["a", "b", "b"], "eefraction": [0.5, 0.5, 0.7], "radius": [2.0, 3.0, 4.0], "apcorr": [2.1, 2.2, 1.4],
         "skyin": [5.0, 6.0, 6.0], "skyout": [8.0, 9.0, 9.0]}  # fmt: skip
    a = c.ApertureCorrections(t, filter="b")
    assert [x.correction for x in a.rows] == [2.2, 1.4] and a.at_fraction(0.7).radius == 4.0 and a.at_fraction(0.1) is None
    assert np.isclose(a.at_radius(3.0), 2.2)
    with pytest.raises(ValueError, match="eefraction"):
        c.ApertureCorrections({"radius": [1.0]})


def test_zero_points():
    rng = np.random.default_rng(1)
    colour = rng.uniform(0, 2, 200)
    reference = rng.uniform(15, 20, 200)
    instrumental = reference - 25.3 - 0.1 * colour
    z = c.fit_zero_point(instrumental, reference, colour=colour)
    assert np.isclose(z.value, 25.3) and np.isclose(z.colour_term, 0.1) and z.n_used == 200
    noisy = reference - 25.3 + rng.normal(0, 0.02, 200)
    noisy[:5] += 3
    m = c.fit_zero_point(noisy, reference, sigma_clip=SigmaClip(3.0, maxiters=None), statistic="mean")
    d = reference - noisy
    assert np.isclose(m.value, d[m.kept].mean()) and m.kept[:5].sum() == 0 and m.n_clipped >= 5
    xy = np.column_stack([rng.uniform(10, 11, 200), rng.uniform(0, 1, 200)])
    order = rng.permutation(200)
    sky = SkyCoord(xy, unit="deg")
    f = c.zero_point_of_field(sky, noisy, sky[order].galactic, reference[order], 1 * u.arcsec)
    assert np.array_equal(order[f.reference], np.arange(200)) and np.isclose(f.value, 25.3, atol=0.01)
    np.testing.assert_allclose(f.magnitude, reference)
    with pytest.raises(ValueError):
        c.fit_zero_point([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="statistic"):
        c.fit_zero_point([1.0], [1.0], statistic="mode")


def test_noise_limits_and_concentration():
    n = c.ApertureNoise(sky=100.0, read_noise=5.0, dark=2.0, n_pixels=50.0, n_sky=500.0)
    variance = 50 * 1.1 * 127
    assert np.isclose(n.background_variance, variance)
    s = np.array([10.0, 1e4])
    np.testing.assert_allclose(n.signal_to_noise(s), s / np.sqrt(s + variance))
    assert np.isclose(n.signal_to_noise(n.limiting_signal(7.0)), 7.0)
    assert np.isclose(c.limiting_magnitude(2.0, 5.0, 25.0), 22.5)
    assert np.isclose(c.concentration_index(10.0, 100.0), 2.5)
    assert c.is_extended([0.8, 0.8], [0.9, 0.7], ([0.6, 1.0], [0.0, 1.5])).tolist() == [True, False]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arithmetic_is_that_of_ccddata(dtype):
    rng = np.random.default_rng(3)
    planes = [(rng.uniform(50, 60, (6, 7)).astype(dtype), rng.uniform(1, 2, (6, 7)).astype(dtype), rng.random((6, 7)) > 0.8) for _ in range(2)]
    theirs = [CCDData(d, uncertainty=StdDevUncertainty(e), mask=m, unit="adu") for d, e, m in planes]
    ours = [c.CCDImage(t) for t in theirs]
    assert ours[0].data.dtype == dtype and ours[0].unit == "adu"
    for what in ("add", "subtract", "multiply", "divide"):
        a, b = getattr(theirs[0], what)(theirs[1]), ours[0].arithmetic(what, ours[1])
        np.testing.assert_allclose(b.data, a.data, rtol=1e-6)
        np.testing.assert_allclose(b.error, a.uncertainty.array, rtol=1e-5)
        assert np.array_equal(b.mask, a.mask)
        assert u.Unit(b.unit) == a.unit
    assert np.array_equal((ours[0] + ours[1]).data, ours[0].arithmetic("add", ours[1]).data)
    np.testing.assert_allclose((ours[0] * 2.0).error, 2 * ours[0].error)
    assert (2.0 * ours[0]).unit == "adu" and (ours[0] / 2.0).data.dtype == dtype
    assert ours[0].to_nddata().unit == u.adu
    with pytest.raises(ValueError, match="electron"):
        ours[0] + c.CCDImage(planes[0][0], unit="electron")
    with pytest.raises(ValueError):
        ours[0] + c.CCDImage(np.ones((2, 2)), unit="adu")


def test_reduction_step_by_step():
    rng = np.random.default_rng(4)
    raw = rng.uniform(100, 110, (20, 30))
    ccd = c.CCDImage(raw, unit="adu")
    o = c.subtract_overscan(ccd, "[1:5, 1:20]")
    np.testing.assert_allclose(o.data, raw - raw[:, :5].mean(axis=1)[:, None])
    np.testing.assert_allclose(c.subtract_overscan(ccd, "[1:5, 1:20]", median=True).data, raw - np.median(raw[:, :5], axis=1)[:, None])
    assert np.array_equal(c.trim_image(ccd, "[6:30, 2:19]").data, raw[1:19, 5:])
    d = c.create_deviation(ccd, 2.0, 5.0)
    np.testing.assert_allclose(d.error, np.sqrt(raw / 2 + (5 / 2) ** 2))
    g = c.gain_correct(d, 2.0)
    np.testing.assert_allclose(g.data, 2 * raw)
    assert g.unit == "electron" and np.allclose(g.error, 2 * d.error)
    flat = rng.uniform(0.9, 1.1, raw.shape)
    np.testing.assert_allclose(c.flat_correct(g, flat).data, 2 * raw / (flat / flat.mean()))
    dark = c.CCDImage(np.full(raw.shape, 3.0), unit="electron")
    np.testing.assert_allclose(c.subtract_dark(g, dark, data_exposure=30, dark_exposure=10).data, 2 * raw - 9)
    whole = c.ccd_process(ccd, oscan="[1:5, 1:20]", trim="[6:30, 1:20]", gain=2.0, error=True, readnoise=3.0, master_flat=flat[:, 5:])
    assert whole.shape == (20, 25) and whole.unit == "electron" and whole.error is not None
    with pytest.raises(ValueError):
        c.trim_image(ccd, "[6:31, 2:19]")
    with pytest.raises(ValueError, match="both"):
        c.subtract_dark(g, dark, data_exposure=3)


def test_combining():
    rng = np.random.default_rng(5)
    stack = rng.normal(100, 3, (9, 8, 6))
    stack[2, 3, 4] = np.nan
    for method, f in (("average", np.nanmean), ("median", np.nanmedian), ("sum", np.nansum)):
        out = c.combine(list(stack), method)
        np.testing.assert_allclose(out.data, f(stack, axis=0), rtol=1e-12)
        assert out.n_used[3, 4] == 8 and not out.mask.any()
    bad = stack.copy()
    bad[0, 1, 1] = 1e5
    clipped = c.combine(list(bad), sigma_clip=SigmaClip(2.0, cenfunc="median", stdfunc="mad_std"))
    assert clipped.data[1, 1] < 110
    assert np.all(c.combine(list(stack), min_value=1e9).mask)
    for n in (1, 2, 3, None):
        assert np.array_equal(c.combine(list(stack), n_threads=n).error, c.combine(list(stack)).error)
    for wrong in ([], [np.ones((2, 2)), np.ones((3, 3))], [c.CCDImage(np.ones((2, 2)), unit="adu"), np.ones((2, 2))]):
        with pytest.raises(ValueError):
            c.combine(wrong)


def test_cosmic_rays_are_found():
    rng = np.random.default_rng(6)
    image = rng.poisson(100, (80, 90)).astype(np.float32)
    hits = np.zeros(image.shape, bool)
    hits[rng.integers(5, 75, 20), rng.integers(5, 85, 20)] = True
    image[hits] += 3000
    r = c.cosmicray_lacosmic(image, readnoise=0.0)
    assert np.all(r.mask[hits]) and r.mask.sum() < 60 and r.clean.dtype == np.float32
    assert r.clean[hits].max() < 200 and np.array_equal(r.clean[~r.mask], image[~r.mask])
    k = np.ones((3, 3)) / 9
    assert np.all(c.cosmicray_lacosmic(image, readnoise=0.0, fsmode="convolve", psfk=k, cleantype="medmask").mask[hits])
    for wrong in ({"cleantype": "none"}, {"fsmode": "convolve"}, {"sigclip": -1.0}):
        with pytest.raises(ValueError):
            c.cosmicray_lacosmic(image, **wrong)


def test_data_quality():
    dq = c.DataQuality("jwst")
    assert dq.definitions["SATURATED"] == 2 and dq.decode(5) == ["DO_NOT_USE", "JUMP_DET"]
    plane = np.zeros((10, 12), dtype=">i4")
    plane[2, 3], plane[5, 6] = 1, 6
    assert dq.mask(plane).sum() == 2 and dq.mask(plane, "DO_NOT_USE").sum() == 1
    assert dq.mask(plane, good=["SATURATED", 4]).sum() == 1
    bits, flagged, pixels = dq.in_apertures(plane, [(3, 2), (9, 9)], 1.5)
    assert bits.tolist() == [1, 0] and flagged.tolist() == [1, 0] and pixels[0] > 1
    assert "DO_NOT_USE" in c.DataQuality("roman").definitions
    for wrong in (lambda: c.DataQuality("hst"), lambda: dq.bits("NO_SUCH"), lambda: dq.mask(plane[0])):
        with pytest.raises(ValueError):
            wrong()
    with pytest.raises(TypeError):
        dq.mask(plane * 1.5)


def test_colour_terms():
    rng = np.random.default_rng(4)
    m, colour = rng.uniform(-9, -4, 200), rng.uniform(-0.3, 2.1, 200)
    # Even noise reaches no further than 1.8 standard deviations: only the first nine are clipped.
    known = m + 25.3 + 0.07 * (colour - 0.8) + rng.uniform(-0.01, 0.01, 200)
    slope, value = np.polyfit(colour[9:] - 0.8, (known - m)[9:], 1)
    known[:9] += 1.5
    z = c.fit_zero_point(m, known, colour=colour, pivot_colour=0.8, statistic="mean")
    np.testing.assert_allclose([z.value, z.colour_term], [value, slope], rtol=1e-9)
    assert z.pivot_colour == 0.8 and z.n_clipped == 9
    np.testing.assert_allclose(z.apply(m, colour), m + value + slope * (colour - 0.8), rtol=1e-9)
    assert np.isclose(z.apply(-5.0, 0.8), value - 5) and isinstance(z.apply(-5.0, 0.8), float)
    assert z.apply(np.zeros((2, 3)), 0.8).shape == (2, 3)
    with pytest.raises(ValueError, match="colour"):
        z.apply(m)
    plain = c.fit_zero_point(m, m + 25.0)
    np.testing.assert_allclose(plain.apply(m), m + 25.0, rtol=1e-14)


def test_tables_of_several_bands():
    rng = np.random.default_rng(6)
    n = 60
    sky = SkyCoord(150 + rng.uniform(0, 0.2, n), 2 + rng.uniform(0, 0.2, n), unit="deg")
    order, near = rng.permutation(n)[:45], np.full(45, 0.1)
    other = sky[order].directional_offset_by(rng.uniform(0, 6, 45) * u.rad, near * u.arcsec).galactic
    b, v = rng.uniform(18, 22, n), rng.uniform(18, 22, 45)
    t = c.colour_magnitude([c.Band("B", sky, b, np.full(n, 0.01)), c.Band("V", other, v)], 0.5 * u.arcsec)
    assert t.colnames == ["id", "ra", "dec", "mag_B", "mag_B_err", "mag_V", "sep_V", "row_V", "B-V"] and len(t) == n
    apart = sky[:, None].separation(other[None, :])
    index, separation = np.argmin(apart, axis=1), np.min(apart, axis=1)
    there = separation < 0.5 * u.arcsec
    assert there.sum() == 45 and np.array_equal(t["row_V"], np.where(there, index, -1))
    np.testing.assert_allclose(t["sep_V"][there].to_value("arcsec"), 0.1, rtol=1e-6)
    np.testing.assert_allclose(t["B-V"][there].value, (b - v[index])[there], rtol=1e-12)
    assert np.all(np.isnan(t["mag_V"][~there])) and t["B-V"].unit == u.mag and t["ra"].unit == u.deg
    np.testing.assert_allclose(t["ra"].value, sky.ra.deg, rtol=1e-14)
    for bands in ([], [c.Band("B", sky, b)], [c.Band("B", sky, b)] * 2, [c.Band("B", sky, b[1:]), c.Band("V", other, v)]):
        with pytest.raises(ValueError):
            c.colour_magnitude(bands, 1e-4)
