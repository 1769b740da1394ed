"""The same image in every form that an image comes in, given to every function that takes one.

Forms that photutils refuses are left out: whatever it takes gives the same answer here.
"""

import warnings

import numpy as np
from astropy.nddata import CCDData, NDData, StdDevUncertainty
from astropy.table import Table
from astropy.units import Quantity
from case import CASES, Case

AT = np.array([(20.0, 31.0), (44.0, 12.0), (51.0, 40.0)])


def _image():
    """Three stars in whole numbers from 0 to 250, so that every type holds them."""
    y, x = np.mgrid[0:56, 0:64]
    data = np.random.default_rng(3).integers(4, 9, (56, 64)).astype(float)
    for i, j in AT:
        data += np.rint(150 * np.exp(-((x - i - 0.2) ** 2 + (y - j + 0.1) ** 2) / 9))
    return data


DATA = _image()
MASK = np.zeros(DATA.shape, bool)
MASK[30, 22] = MASK[5, 5] = True

FLOAT32 = {"f4": lambda a: a.astype("f4"), ">f4": lambda a: a.astype(">f4")}
FORMS = {
    **{t: lambda a, t=t: a.astype(t) for t in ("u1", "i2", ">i2", "u2", ">u2", "i4", ">i4", "u4", "i8", ">i8", "f8", ">f8")},
    "bool": lambda a: a > 100,
    "list": lambda a: a.tolist(),
    "fortran": np.asfortranarray,
    "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "every third": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "transposed": lambda a: a.T.copy().T,
    "read-only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
    "masked": lambda a: np.ma.MaskedArray(a, MASK),
    "not masked": lambda a: np.ma.MaskedArray(a),
    "Quantity": lambda a: Quantity(a, "Jy"),
    "Quantity >f8": lambda a: Quantity(a.astype(">f8"), "Jy"),
    "NDData": lambda a: NDData(a, mask=MASK, uncertainty=StdDevUncertainty(np.sqrt(a))),
    "NDData with a unit": lambda a: NDData(a, unit="Jy"),
    "CCDData": lambda a: CCDData(a, unit="adu", mask=MASK),
}


def _same(form, value):
    """A threshold or an error like the data."""
    unit = getattr(form, "unit", None)
    return value if unit is None else Quantity(value, unit)


def _start():
    return Table({"x": AT[:, 0], "y": AT[:, 1], "flux": [900.0] * 3})


def _catalog(p, d, **mask):
    g = p.segmentation
    c = g.SourceCatalog(d, g.detect_sources(DATA, 20, 5), **mask)
    return [c.segment_flux, c.x_centroid, c.kron_flux, c.max_value, c.semimajor_axis]


def _psf(p, d, **mask):
    start = _start()
    start["flux"] = _same(d, start["flux"])
    t = p.psf.PSFPhotometry(p.psf.CircularGaussianPRF(fwhm=5.0), 7)(d, init_params=start, **mask)
    return [t["x_fit"], t["y_fit"], t["flux_fit"] / 1e3]


def _stats(p, d):
    a = p.aperture.ApertureStats(d, p.aperture.CircularAperture(AT, 5))
    return [a.sum, a.median, a.std, a.centroid, a.mad_std, a.max]


def _background(p, d):
    b = p.background.Background2D(d, (14, 16))
    return [b.background, b.background_rms, b.background_median]


def _profile(p, d, **mask):
    f = p.profiles
    r = f.RadialProfile(d, AT[0], np.arange(9), **mask)
    return [r.profile, r.gaussian_fwhm, f.CurveOfGrowth(d, AT[0], np.arange(1, 9), **mask).profile]


def _depth(p, d, mask=None):
    return p.utils.ImageDepth(3, n_apertures=20, n_iters=2, seed=1, progress_bar=False)(d, mask)[0]


def _cut(d, at=0):
    i, j = AT[at].astype(int)
    if isinstance(d, list):
        return [row[i - 5 : i + 6] for row in d[j - 5 : j + 6]]
    return d[j - 5 : j + 6, i - 5 : i + 6]


def _properties(p, d, mask=None):
    return p.morphology.data_properties(_cut(d), mask=None if mask is None else _cut(mask)).x_centroid


def _gain(d):
    unit = getattr(d, "unit", None)
    return 2 if unit is None else Quantity(2, "electron") / Quantity(1, unit)


CALLS = {
    "aperture_photometry": lambda p, d: p.aperture.aperture_photometry(d, p.aperture.CircularAperture(AT, 4.2)),
    "AperturePhotometry": lambda p, d, **m: p.aperture.AperturePhotometry(d, p.aperture.CircularAperture(AT, 4.2), **m).to_table(),
    "ApertureStats": _stats,
    "do_photometry": lambda p, d: p.aperture.EllipticalAperture(AT, 5, 3, theta=0.3).do_photometry(d),
    "mask_of_an_aperture": lambda p, d: [m.multiply(d) for m in p.aperture.CircularAperture(AT, 4.2).to_mask()],
    "Background2D": _background,
    "SExtractorBackground": lambda p, d: p.background.SExtractorBackground()(d),
    "MADStdBackgroundRMS": lambda p, d: p.background.MADStdBackgroundRMS()(d),
    "LocalBackground": lambda p, d: p.background.LocalBackground(5, 9)(d, *AT.T),
    "centroid_com": lambda p, d: p.centroids.centroid_com(d),
    "centroid_quadratic": lambda p, d: p.centroids.centroid_quadratic(d),
    "centroid_2dg": lambda p, d: p.centroids.centroid_2dg(_cut(d)),
    "centroid_sources": lambda p, d: p.centroids.centroid_sources(d, *AT.T, box_size=9),
    "DAOStarFinder": lambda p, d: p.detection.DAOStarFinder(_same(d, 30), 5.0)(d),
    "IRAFStarFinder": lambda p, d: p.detection.IRAFStarFinder(_same(d, 30), 5.0)(d),
    "find_peaks": lambda p, d: p.detection.find_peaks(d, _same(d, 60)),
    "detect_threshold": lambda p, d: p.segmentation.detect_threshold(d, 2.0),
    "detect_sources": lambda p, d, **m: p.segmentation.detect_sources(d, _same(d, 20), 5, **m).data,
    "SourceCatalog": _catalog,
    "data_properties": _properties,
    "gini": lambda p, d, **m: p.morphology.gini(d, **m),
    "profiles": _profile,
    "PSFPhotometry": _psf,
    "fit_2dgaussian": lambda p, d, **m: p.psf.fit_2dgaussian(d, xypos=AT, fwhm=5, fit_shape=7, **m).results["x_fit", "flux_fit"],
    "fit_fwhm": lambda p, d, **m: p.psf.fit_fwhm(d, xypos=AT, fwhm=5, fit_shape=7, **m),
    "extract_stars": lambda p, d: [e.data for e in p.psf.extract_stars(d, _start(), size=9).all_stars],
    "ImagePSF": lambda p, d: p.psf.ImagePSF(d, x_0=5)(np.arange(9.0), 3.0),
    "make_epsf_from_psf": lambda p, d: p.psf.make_epsf_from_psf(_cut(d), oversampling=2),
    "make_kernel": lambda p, d: p.psf_matching.make_kernel(_cut(d), _cut(DATA), window=p.psf_matching.TopHatWindow(0.5)),
    "calc_total_error": lambda p, d: p.utils.calc_total_error(d, _same(d, 2 * np.ones(DATA.shape)), _gain(d)),
    "CutoutImage": lambda p, d: p.utils.CutoutImage(d, (30, 20), (9, 8)).data,
    "ImageDepth": _depth,
    "apply_poisson_noise": lambda p, d: p.datasets.apply_poisson_noise(d, seed=1).shape,
    "sigma_clipped_stats": lambda p, d: [float(getattr(v, "value", v)) for v in p.stats.sigma_clipped_stats(d)],
    "mad_std": lambda p, d: float(getattr(v := p.stats.mad_std(d), "value", v)),
    "biweight_location": lambda p, d: float(getattr(v := p.stats.biweight_location(d), "value", v)),
}  # fmt: skip

# Fitters stop at different places, and photutils works in 32 bits on whole numbers where these are backgrounds.
LOOSE = {**dict.fromkeys(("PSFPhotometry", "fit_2dgaussian", "fit_fwhm"), 1e-4), "centroid_2dg": 1e-6, "profiles": 1e-5,
         **dict.fromkeys(("Background2D", "SExtractorBackground", "MADStdBackgroundRMS"), 1e-6)}  # fmt: skip
# What is different on purpose: the mask of an image counts everywhere. Where photutils passes over it, its answer is that
# to the pixels with the mask given as such.
MASKED = {
    **dict.fromkeys(("AperturePhotometry", "SourceCatalog", "profiles", "PSFPhotometry", "fit_2dgaussian", "fit_fwhm"),
                    {"masked": DATA}),
    **dict.fromkeys(("gini", "data_properties"), {"CCDData": DATA}),
    **dict.fromkeys(("detect_sources", "ImageDepth"), {"masked": DATA, "CCDData": Quantity(DATA, "adu")}),
}  # fmt: skip
REFUSED: dict[str, set[str]] = {}


def _add(name, suffix, call, forms, rtol):
    def every_form(p, s):
        refused = REFUSED.setdefault(every_form.__name__, set())
        out = {}
        for form, make in forms.items():
            if p.name != "photutils" and form in refused:
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    if p.name == "photutils" and form in MASKED.get(name, {}):
                        out[form] = call(p, MASKED[name][form], mask=MASK)
                    else:
                        out[form] = call(p, make(DATA))
            except Exception as e:
                if p.name != "photutils":
                    raise AssertionError(f"{name} refuses {form}, photutils takes it") from e
                refused.add(form)
        return out

    every_form.__name__ = f"{name}_of_{suffix}"
    CASES.append(Case(every_form.__name__, every_form, rtol, rtol))


for _name, _call in CALLS.items():
    _add(_name, "every_form", _call, FORMS, LOOSE.get(_name, 1e-9))
    _add(_name, "float32", _call, FLOAT32, max(3e-5, LOOSE.get(_name, 0.0)))
