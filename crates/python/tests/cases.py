"""The calls that are made of photutils and of skyphot: `call(p, s)` with a package and the scene."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.units import Quantity


@dataclass
class Case:
    name: str
    call: Callable[[Any, Any], Any]
    rtol: float = 1e-9
    atol: float = 1e-9


CASES: list[Case] = []


def case(rtol: float = 1e-9, atol: float = 1e-9) -> Callable[[Any], Any]:
    """Adds a call."""

    def add(call: Any) -> Any:
        CASES.append(Case(call.__name__, call, rtol, atol))
        return call

    return add


SHAPES = {
    "circle": lambda a, xy: a.CircularAperture(xy, 4.3),
    "circular_annulus": lambda a, xy: a.CircularAnnulus(xy, 4, 7.5),
    "ellipse": lambda a, xy: a.EllipticalAperture(xy, 6, 3.5, theta=0.7),
    "elliptical_annulus": lambda a, xy: a.EllipticalAnnulus(xy, 4, 7, 5, theta=Quantity(20, "deg")),
    "rectangle": lambda a, xy: a.RectangularAperture(xy, 7, 4.5, theta=0.3),
    "rectangular_annulus": lambda a, xy: a.RectangularAnnulus(xy, 4, 9, 7, theta=-0.4),
    "polygon": lambda a, xy: a.PolygonAperture.from_regular_polygon(xy, 6, 5.5, theta=0.2),
}


def _shape(name: str, make: Any) -> None:
    def photometry(p: Any, s: Any) -> Any:
        a = make(p.aperture, s.xy)
        out = [p.aperture.aperture_photometry(s.bad, a, error=s.error, mask=s.mask, method=m) for m in ("exact", "center")]
        out.append(p.aperture.aperture_photometry(s.data.astype(">f4"), a, method="subpixel", subpixels=7, wcs=s.wcs))
        one = make(p.aperture, s.xy[0])
        box = one.bbox
        return [*out, one.area, one.area_overlap(s.data, mask=s.mask), one.isscalar, a.shape, box.extent, box.center,
                a.do_photometry(s.data, error=s.error), one.do_photometry(s.data)]  # fmt: skip

    def masks(p: Any, s: Any) -> Any:
        mask = make(p.aperture, (4.2, 100.7)).to_mask(method="exact")
        whole = make(p.aperture, (4.2, 100.7)).to_mask(method="center")
        image = mask.to_image(s.data.shape)
        return [mask.data, mask.shape, image, mask.cutout(s.data, fill_value=-1.0), mask.multiply(s.data),
                whole.get_values(s.data, mask=s.mask), mask.get_overlap_slices(s.data.shape)]  # fmt: skip

    def sky(p: Any, s: Any) -> Any:
        a = make(p.aperture, s.xy[:3]).to_sky(s.wcs)
        back = a.to_pixel(s.wcs)
        t = p.aperture.aperture_photometry(s.data, a, wcs=s.wcs)
        shape = [getattr(a, n).to("arcsec") for n in a._params if n not in ("positions", "theta")]
        return [type(a).__name__, a.positions, *shape, back.positions, back.area, t]

    for what, call, tolerance in (("photometry", photometry, 1e-9), ("mask", masks, 1e-9), ("sky", sky, 1e-6)):
        CASES.append(Case(f"{name}_{what}", call, tolerance, tolerance))


for _name, _make in SHAPES.items():
    _shape(_name, _make)


@case()
def aperture_photometry_of_a_list(p, s):
    shapes = [p.aperture.CircularAperture(s.xy, r) for r in (2, 4, 6)]
    return p.aperture.aperture_photometry(Quantity(s.data, "Jy"), shapes, error=Quantity(s.error, "Jy"))


@case()
def aperture_photometry_class(p, s):
    shapes = [p.aperture.CircularAperture(s.xy, r) for r in (2, 4)]
    many = p.aperture.AperturePhotometry(s.bad, shapes, error=s.error, mask=s.mask, wcs=s.wcs)
    one = p.aperture.AperturePhotometry(s.bad, p.aperture.CircularAperture((30, 20), 3))
    return [many.to_table(), many.flux, many.flux_err, many.area, many.flags, many.decode_flags(), one.flux, one.flux_err,
            one.area, one.flags, one.x_center, one.sky_center, one.to_table(columns=["flux", "id"])]  # fmt: skip


@case(1e-7, 1e-8)
def aperture_stats(p, s):
    a = p.aperture.CircularAperture(s.xy, 5)
    st = p.aperture.ApertureStats(s.bad, a, error=s.error, mask=s.mask, wcs=s.wcs, local_bkg=np.arange(30.0))
    names = ["centroid", "cutout_centroid", "covariance", "inertia_tensor", "moments", "moments_central", "elongation",
             "ellipse_cxx", "ellipse_cxy", "ellipse_cyy", "gini", "bbox_xmin", "bbox_xmax", "bbox_ymin", "bbox_ymax",
             "mean_err", "median_err", "covariance_eigvals", "sky_centroid_icrs"]  # fmt: skip
    return [st.to_table(), *(getattr(st, n) for n in names), st[3].mean, st[2:5].to_table(), st.select_id(4).median,
            st.data_cutout[2], st.error_sum_cutout[1]]  # fmt: skip


@case(1e-7, 1e-8)
def aperture_stats_clipped(p, s):
    clip = p.stats.SigmaClip(sigma=2.5, maxiters=5)
    a = p.aperture.EllipticalAnnulus(s.xy, 4, 9, 7, theta=0.2)
    st = p.aperture.ApertureStats(Quantity(s.data, "adu"), a, sigma_clip=clip, ddof=1, sum_method="center")
    return [st.to_table(), st[0].sum, st.var.unit == Quantity(1, "adu2").unit]


@case()
def decode_flags(p, s):
    f = p.aperture.decode_aperture_flags
    return [f(3), f(8 + 16, return_bit_values=True), f([0, 1, 12])]


@case()
def bounding_box(p, s):
    a, b = p.aperture.BoundingBox.from_float(1.2, 10.8, -3.4, 5.5), p.aperture.BoundingBox(3, 30, 2, 40)
    return [a, a | b, a & b, a.shape, a.get_overlap_slices((20, 8)), b.to_aperture().area]


BOX = dict(box_size=(20, 16))


@case(1e-9, 1e-8)
def background_2d(p, s):
    b = p.background.Background2D(s.background, mask=s.mask, **BOX)
    return [b.background, b.background_rms, b.background_mesh, b.background_rms_mesh, b.background_median,
            b.background_rms_median, b.n_pixels_mesh, b.n_pixels_map]  # fmt: skip


@case(1e-6, 1e-4)
def background_2d_of_float32(p, s):
    b = p.background.Background2D(s.background.astype("f4"), 25, filter_size=5, filter_threshold=104.0)
    return [b.background, b.background_rms]


@case(1e-9, 1e-8)
def background_2d_with_units_and_coverage(p, s):
    cover = np.zeros(s.data.shape, bool)
    cover[:, :30] = True
    b = p.background.Background2D(
        Quantity(s.background, "adu"), 20, coverage_mask=cover, fill_value=-1.0, exclude_percentile=50.0
    )
    return [b.background, b.background_median]


def _estimator(name: str) -> None:
    def call(p: Any, s: Any) -> Any:
        e = getattr(p.background, name)()
        rms = name.endswith("RMS")
        b = p.background.Background2D(s.background, 30, **{"bkg_rms_estimator" if rms else "bkg_estimator": e})
        local = [] if rms else [p.background.LocalBackground(5, 12, e)(s.data, *s.xy.T)]
        cube = np.stack([s.background, s.background + 5])
        return [b.background_mesh, b.background_rms_mesh, *local, float(e(s.background)), e(s.background, axis=0),
                e(cube, axis=(1, 2))]  # fmt: skip

    CASES.append(Case(name, call, 1e-8, 1e-8))


for _name in ("MeanBackground", "MedianBackground", "ModeEstimatorBackground", "MMMBackground", "SExtractorBackground",
              "BiweightLocationBackground", "StdBackgroundRMS", "MADStdBackgroundRMS",
              "BiweightScaleBackgroundRMS"):  # fmt: skip
    _estimator(_name)


@case()
def background_by_a_class_of_mine(p, s):
    class Low(p.background.BackgroundBase):
        def calc_background(self, data, axis=None, masked=False):
            return np.nanpercentile(data, 20, axis=axis)

    b = p.background.Background2D(s.background, 35, bkg_estimator=Low(), sigma_clip=None)
    return b.background_mesh


@case()
def local_background(p, s):
    local = p.background.LocalBackground(6, 11)
    return [local(s.data, *s.xy.T, mask=s.mask), local(s.data, 30.0, 40.0), local(Quantity(s.data, "Jy"), 30.0, 40.0)]


@case(1e-7, 1e-7)
def centroids(p, s):
    x, y = np.rint(s.xy[2]).astype(int)
    cut, err = s.data[y - 5 : y + 6, x - 5 : x + 6], s.error[y - 5 : y + 6, x - 5 : x + 6]
    c = p.centroids
    return [c.centroid_com(cut), c.centroid_quadratic(cut), c.centroid_quadratic(cut, fit_boxsize=(3, 5)),
            c.CentroidQuadratic(fit_boxsize=3)(cut), c.centroid_com(cut, mask=cut > 200)]  # fmt: skip


@case(1e-5, 1e-5)
def centroids_by_fits(p, s):
    x, y = np.rint(s.xy[2]).astype(int)
    cut, err = s.data[y - 5 : y + 6, x - 5 : x + 6], s.error[y - 5 : y + 6, x - 5 : x + 6]
    c = p.centroids
    return [c.centroid_1dg(cut), c.centroid_2dg(cut), c.centroid_1dg(cut, error=err), c.centroid_2dg(cut, error=err)]


@case(1e-4, 1e-4)
def centroid_symmetry(p, s):
    x, y = np.rint(s.xy[2]).astype(int)
    return p.centroids.centroid_symmetry(s.data[y - 6 : y + 7, x - 6 : x + 7])


@case(1e-7, 1e-7)
def centroid_sources(p, s):
    c = p.centroids
    return [c.centroid_sources(s.data, *s.xy.T, box_size=9), c.centroid_sources(s.data, *s.xy.T, mask=s.mask),
            c.centroid_sources(s.data, *s.xy.T, box_size=7, centroid_func=c.centroid_quadratic)]  # fmt: skip


@case()
def centroid_sources_by_a_function_of_mine(p, s):
    def peak(data, mask=None):
        y, x = np.unravel_index(np.argmax(np.where(mask, -np.inf, data)), data.shape)
        return x, y

    return p.centroids.centroid_sources(s.data, [20.0, 1.0], [30.0, 2.0], box_size=7, centroid_func=peak)


@case(1e-7, 1e-7)
def dao_star_finder(p, s):
    f = p.detection.DAOStarFinder(20, 4.7)
    tuned = p.detection.DAOStarFinder(15, 4.7, 0.8, 30.0, n_brightest=7, peak_max=150, sharpness_range=None)
    return [f(s.data), f.find_stars(s.data, mask=s.mask), tuned(s.data), f.threshold_eff, f.min_separation]


@case(1e-7, 1e-7)
def dao_star_finder_at_positions_and_with_units(p, s):
    f = p.detection.DAOStarFinder(Quantity(5, "adu"), 4.7, xycoords=np.rint(s.xy))
    return f(Quantity(s.data, "adu"))


@case(1e-7, 1e-7)
def iraf_star_finder(p, s):
    f = p.detection.IRAFStarFinder(20, 4.7)
    return [f(s.data), p.detection.IRAFStarFinder(15, 4.0, n_brightest=5, roundness_range=(0, 0.5))(s.data)]


@case(1e-7, 1e-7)
def star_finder(p, s):
    y, x = np.mgrid[-6:7, -6:7]
    return p.detection.StarFinder(20, np.exp(-(x**2 + y**2) / 8.0))(s.data)


@case()
def finders_that_find_nothing(p, s):
    d = p.detection
    return [d.DAOStarFinder(1e6, 4)(s.data), d.IRAFStarFinder(1e6, 4)(s.data), d.find_peaks(s.data, 1e6)]


@case()
def find_peaks(p, s):
    d = p.detection
    return [d.find_peaks(s.data, 30), d.find_peaks(s.data, 30, box_size=9, mask=s.mask, n_peaks=5, wcs=s.wcs),
            d.find_peaks(Quantity(s.data, "Jy"), Quantity(30, "Jy"), footprint=np.ones((5, 5), bool)),
            d.find_peaks(s.data, s.error * 8, border_width=(10, 5)), d.find_peaks(s.data, 30, min_separation=4.0)]  # fmt: skip


@case(1e-7, 1e-7)
def find_peaks_with_centroids(p, s):
    return p.detection.find_peaks(s.data, 60, box_size=11, centroid_func=p.centroids.centroid_com)


@case()
def sigma_clipped_stats(p, s):
    f = p.stats.sigma_clipped_stats
    out = [f(s.background), f(s.data, mask=s.mask, sigma=2.5, maxiters=None), f(s.background, axis=0),
           f(s.background, cenfunc="mean", stdfunc="mad_std", std_ddof=1), f(s.background, grow=2.0)]  # fmt: skip
    return [[np.asarray(v, float) for v in o] for o in out]


@case()
def sigma_clip(p, s):
    f = p.stats.sigma_clip
    return [np.ma.getmaskarray(f(s.background)), np.ma.getmaskarray(f(s.background, axis=1, sigma=2.0)),
            f(s.background, masked=False)]  # fmt: skip


@case()
def robust_statistics(p, s):
    t = p.stats
    v = s.background
    return [float(x) for x in (t.mad_std(v), t.biweight_location(v), t.biweight_scale(v), t.biweight_midvariance(v),
                               t.median_absolute_deviation(v))]  # fmt: skip


@case()
def total_error(p, s):
    f = p.utils.calc_total_error
    return [f(s.data, s.error, 2.0), f(Quantity(s.data, "ct"), Quantity(s.error, "ct"), Quantity(3, "electron/ct"))]
