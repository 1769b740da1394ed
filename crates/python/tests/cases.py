"""The calls that are made of photutils and of skyphot: `call(p, s)` with a package and the scene."""

import warnings
from typing import Any

import numpy as np
from astropy.units import Quantity
from case import CASES, Case, case

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
    apart = [p.detection.IRAFStarFinder(20, w).min_separation for w in (0.5, 4.7, 5.0)]
    return [f(s.data), p.detection.IRAFStarFinder(15, 4.0, n_brightest=5, roundness_range=(0, 0.5))(s.data), apart]


@case(1e-7, 1e-7)
def finders_by_position_and_with_old_names(p, s):
    d, out = p.detection, []
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for f in (
            d.DAOStarFinder(15, 4.7, 0.9, 20.0, 1.6, 0.1, 0.9, -0.8, 0.8, True, 12, 150.0, None, 5.0, False),
            d.DAOStarFinder(15, 4.7, sharplo=0.3, roundhi=0.5),
            d.DAOStarFinder(15, 4.7, sharphi=0.9, sharpness_range=(0.4, 0.6), roundness_range=None, roundlo=-0.1),
            d.IRAFStarFinder(15, 4.7, 1.6, 1.5, 0.3, 1.9, 0.01, 0.4, True, 12, 150.0, None),
            d.IRAFStarFinder(15, 4.7, 1.6, 1.5, min_separation=7.0, roundhi=0.5),
            d.IRAFStarFinder(15, 4.7, minsep_fwhm=0.1, sharplo=0.4),
        ):
            out += [f(s.data), f.min_separation, f.sharpness_range, f.roundness_range, f.exclude_border, f.peak_max]
    # That photutils warns of the places of parameters, too, is not for us.
    texts = [(w.category.__name__, str(w.message)) for w in seen if not str(w.message).startswith("Passing")]
    return [out, texts]


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


def _segments(p: Any, s: Any) -> Any:
    g = p.segmentation
    found = g.detect_sources(s.data, 12, 6, mask=s.mask)
    return g.deblend_sources(s.data, found, 6, progress_bar=False)


@case()
def detect_threshold(p, s):
    f = p.segmentation.detect_threshold
    return [f(s.background, 2.0), f(s.background, 3.0, mask=s.mask, sigma_clip=None), f(s.data, 2.0, background=1.0,
            error=s.error), f(Quantity(s.data, "Jy"), 1.5)]  # fmt: skip


@case()
def detect_sources(p, s):
    g = p.segmentation
    a = g.detect_sources(s.data, 12, 6, mask=s.mask)
    b = g.detect_sources(Quantity(s.data, "Jy"), Quantity(s.error * 3, "Jy"), 10, connectivity=4)
    return [a.data, a.labels, a.areas, a.background_area, a.n_labels, a.max_label, a.bbox, a.shape, b.data,
            g.detect_sources(s.data, 1e9, 5), g.detect_sources(s.data, -1e9, 5).n_labels]  # fmt: skip


@case()
def deblend_sources(p, s):
    b = _segments(p, s)
    finder = p.segmentation.SourceFinder(6, n_levels=16, contrast=0.01, mode="linear", progress_bar=False)
    return [b.data, b.labels, b.deblended_labels, b.flags, b.parent_to_deblended_labels, finder(s.data, 12).data]


@case()
def segmentation_image(p, s):
    b = _segments(p, s)
    one = b.get_segment(3)
    c = b.copy()
    c.remove_border_labels(8)
    d = b.copy()
    d.keep_labels([2, 5, 7], relabel=True)
    e = b.copy()
    e.reassign_labels([1, 2], 90)
    missing, consecutive = e.missing_labels, e.is_consecutive
    e.relabel_consecutive(5)
    f = b.copy()
    f.remove_masked_labels(s.mask)
    return [one.data, one.data_masked, one.area, one.label, one.bbox, one.make_cutout(s.data, masked_array=True), c.data,
            d.data, e.data, missing, consecutive, f.labels, b.make_source_mask(size=5), b.get_areas([3, 4]),
            b.get_index(4), b[10:60, 20:90].labels, b.data_masked, b.get_label_mapping(c)]  # fmt: skip


_COLUMNS = (
    "area", "background_centroid", "background_mean", "background_sum", "bbox", "bbox_xmax", "bbox_xmin", "bbox_ymax",
    "bbox_ymin", "centroid", "centroid_err", "centroid_quad", "centroid_quad_fallback", "centroid_win",
    "centroid_win_fallback", "covariance", "covariance_eigvals", "covariance_xx", "covariance_xy", "covariance_yy",
    "cutout_centroid", "cutout_centroid_quad", "cutout_centroid_win", "cutout_max_value_index",
    "cutout_min_value_index", "eccentricity", "ellipse_cxx", "ellipse_cxy", "ellipse_cyy", "ellipticity", "elongation",
    "equivalent_radius", "flags", "fwhm", "gini", "kron_flux", "kron_flux_err", "kron_radius", "kron_radius_measured",
    "label", "labels", "local_background", "max_value", "max_value_index", "max_value_xindex", "max_value_yindex",
    "min_value", "min_value_index", "min_value_xindex", "min_value_yindex", "moments", "moments_central", "orientation",
    "perimeter", "segment_area", "segment_flux", "segment_flux_err", "semimajor_axis", "semiminor_axis", "slices",
    "sky_bbox_ll", "sky_bbox_lr", "sky_bbox_ul", "sky_bbox_ur", "sky_centroid", "sky_centroid_icrs",
    "sky_centroid_quad", "sky_centroid_win", "sky_orientation", "x_centroid", "x_centroid_err", "x_centroid_quad",
    "x_centroid_win", "y_centroid", "y_centroid_err", "y_centroid_quad", "y_centroid_win",
)  # fmt: skip


def _column(name: str) -> None:
    def call(p: Any, s: Any) -> Any:
        c = p.segmentation.SourceCatalog(
            Quantity(s.data, "Jy"), _segments(p, s), error=Quantity(s.error, "Jy"), wcs=s.wcs, mask=s.mask,
            background=Quantity(s.error, "Jy"), local_bkg_width=12,
        )  # fmt: skip
        return [getattr(c, name), getattr(c[2], name)]

    # The windowed and the quadratic centroid are iterated to 1e-4 pixels and the sky errors follow from differences.
    loose = "_win" in name or "kron" in name or "orientation" in name
    CASES.append(Case(f"source_catalog_{name}", call, 1e-5 if loose else 1e-7, 1e-5 if loose else 1e-7))


for _name in _COLUMNS:
    _column(_name)


@case(1e-6, 1e-6)
def source_catalog(p, s):
    c = p.segmentation.SourceCatalog(s.data, _segments(p, s), error=s.error, convolved_data=s.data * 0.9, mask=s.mask)
    c.circular_photometry(4.0, name="circle")
    c.flux_radius(0.5, name="r50")
    c.add_property("twice", c.area * 2)
    kron = [a.area for a in c.make_kron_apertures() if a is not None]
    return [c.to_table(), c.to_table(columns=["label", "twice", "circle_flux", "r50"]), kron, c.custom_properties,
            c.kron_photometry((2.0, 1.0)), c.select_label(4).area, c[3:6].to_table(), c.decode_flags(), len(c),
            c[1].circular_photometry(3.0), c.data_cutout[3], c.data_cutout_masked[3], c.segment_cutout[2]]  # fmt: skip


@case()
def overlap_grids(p, s):
    g = p.geometry
    edges = (-4.2, 5.8, -3.1, 6.9, 10, 10)
    return [g.circular_overlap_grid(*edges, 3.3, 1, 1), g.circular_overlap_grid(*edges, 3.3, 0, 7),
            g.elliptical_overlap_grid(*edges, 4.0, 2.5, 0.4, 1, 1), g.rectangular_overlap_grid(*edges, 6, 3, 0.3, 0, 5)]  # fmt: skip


@case(1e-7, 1e-7)
def morphology(p, s):
    x, y = np.rint(s.xy[2]).astype(int)
    cut = s.data[y - 5 : y + 6, x - 5 : x + 6]
    c = p.morphology.data_properties(cut, mask=cut > 1e9)
    return [p.morphology.gini(cut), c.semimajor_axis, c.orientation, c.x_centroid, c.segment_flux, c.label]


@case(1e-7, 1e-7)
def radial_profile(p, s):
    r = p.profiles.RadialProfile(s.data, s.xy[2], np.arange(12), error=s.error, mask=s.mask)
    before = [r.radius, r.profile, r.profile_error, r.area, r.data_profile, r.data_radius]
    r.normalize()
    after = r.profile, r.profile_error
    r.unnormalize()
    return [*before, *after, r.profile]


@case(1e-4, 1e-4)
def radial_profile_fits(p, s):
    r = p.profiles.RadialProfile(s.data, s.xy[2], np.arange(12), error=s.error)
    return [float(r.gaussian_fwhm), r.gaussian_profile, float(r.gaussian_fit.amplitude.value)]


@case(1e-7, 1e-7)
def curves_of_growth(p, s):
    f = p.profiles
    a = f.CurveOfGrowth(s.data, s.xy[2], np.arange(1, 12), error=s.error, mask=s.mask)
    b = f.EllipticalCurveOfGrowth(Quantity(s.data, "Jy"), s.xy[2], np.arange(1, 9), 0.6, theta=0.4)
    c = f.EnsquaredCurveOfGrowth(s.data, s.xy[2], np.arange(1, 9))
    first = [a.radius, a.profile, a.profile_error, a.area, b.profile, c.profile]
    a.normalize()
    return [*first, a.profile, a.calc_ee_at_radius(np.array([1.5, 3.2, 30.0])), c.half_size]


@case(1e-7, 1e-9)
def psf_matching(p, s):
    m = p.psf_matching
    y, x = np.mgrid[-12:13, -12:13]
    a, b = (np.exp(-(x**2 + y**2) / (2 * w**2)) / (2 * np.pi * w**2) for w in (2.0, 3.0))
    return [m.make_kernel(a, b, window=m.TukeyWindow(0.4)), m.make_wiener_kernel(a, b), m.resize_psf(a, 0.1, 0.07),
            m.HanningWindow()((9, 11)), m.SplitCosineBellWindow(0.3, 0.4)((9, 9)), m.TopHatWindow(0.5)((7, 7)),
            m.CosineBellWindow(0.6)((8, 9))]  # fmt: skip


@case(1e-9, 1e-12)
def psf_models(p, s):
    f = p.psf
    y, x = np.mgrid[0:15, 0:15]
    at = dict(flux=3.0, x_0=7.2, y_0=6.6)
    models = [f.CircularGaussianPRF(fwhm=2.7, **at), f.CircularGaussianPSF(fwhm=2.7, **at),
              f.CircularGaussianSigmaPRF(sigma=1.3, **at), f.GaussianPSF(x_fwhm=3, y_fwhm=2, theta=20, **at),
              f.GaussianPRF(x_fwhm=3, y_fwhm=2, theta=0, **at), f.MoffatPSF(alpha=2, beta=2.5, **at)]  # fmt: skip
    return [m(x, y) for m in models]


@case(1e-5, 1e-6)
def image_psf(p, s):
    y, x = np.mgrid[-20:21, -20:21]
    m = p.psf.ImagePSF(np.exp(-(x**2 + y**2) / 50.0), oversampling=4, flux=2.0, x_0=6.2, y_0=7.7)
    yy, xx = np.mgrid[0:15, 0:15]
    return [m(xx, yy), m.oversampling, m.origin]


def _init(s: Any) -> Any:
    from astropy.table import QTable

    t = QTable()
    t["x"], t["y"] = s.xy[:, 0] + 0.2, s.xy[:, 1] - 0.1
    return t


@case(1e-4, 1e-4)
def psf_photometry(p, s):
    f = p.psf
    ph = f.PSFPhotometry(f.CircularGaussianPRF(fwhm=4.7), (7, 7), aperture_radius=4, grouper=f.SourceGrouper(8))
    t = ph(s.data, error=s.error, init_params=_init(s), mask=s.mask)
    # The two fitters stop within 5e-6 of the brightest pixel of each other.
    atol = s.data.max() * 5e-6 / 1e-4
    return [t, ph.init_params, ph.make_model_image(s.data.shape) / atol, ph.make_residual_image(s.data) / atol]


@case(1e-4, 1e-4)
def psf_photometry_with_a_finder(p, s):
    f = p.psf
    finder = p.detection.DAOStarFinder(25, 4.7)
    local = p.background.LocalBackground(10, 18)
    model = f.CircularGaussianPRF(fwhm=4.0)
    model.fwhm.fixed = False
    ph = f.PSFPhotometry(model, 9, finder=finder, aperture_radius=5, local_bkg_estimator=local)
    return ph(s.data, error=s.error)


@case(1e-4, 1e-4)
def psf_photometry_by_an_astropy_model(p, s):
    from photutils.psf import CircularGaussianPRF

    ph = p.psf.PSFPhotometry(CircularGaussianPRF(fwhm=4.7), 7, aperture_radius=4)
    return ph(s.data, error=s.error, init_params=_init(s)[:6])


@case(1e-6, 1e-6)
def a_model_in_an_astropy_fitter(p, s):
    from astropy.modeling.fitting import TRFLSQFitter

    x, y = np.rint(s.xy[2]).astype(int)
    yy, xx = np.mgrid[y - 4 : y + 5, x - 4 : x + 5]
    m = TRFLSQFitter()(p.psf.CircularGaussianPRF(fwhm=4.7, flux=900, x_0=x, y_0=y), xx, yy, s.data[yy, xx])
    return [round(float(v), 3) for v in m.parameters]


@case()
def source_grouper(p, s):
    g = p.psf.SourceGrouper(15)(*s.xy.T)
    return [g, p.psf.SourceGrouper(15)([1.0, 50.0], [1.0, 60.0])]


@case(1e-4, 1e-4)
def fit_fwhm(p, s):
    return p.psf.fit_fwhm(s.data, xypos=s.xy[:5], fwhm=4.5, fit_shape=9, error=s.error)


@case(1e-4, 1e-4)
def iterative_psf_photometry(p, s):
    f = p.psf
    finder = p.detection.DAOStarFinder(32, 4.7)
    atol = s.data.max() * 5e-6 / 1e-4
    out = []
    for mode in ("new", "all"):
        ph = f.IterativePSFPhotometry(f.CircularGaussianPRF(fwhm=4.7), 7, finder, aperture_radius=4, mode=mode,
                                      grouper=f.SourceGrouper(8), maxiters=2, sub_shape=17)  # fmt: skip
        t = ph(s.data, error=s.error, mask=s.mask)
        out += [t, len(ph.fit_results), ph.make_residual_image(s.data, psf_shape=17) / atol, ph.decode_flags(),
                ph.results_to_init_params(), ph.results_to_model_params(remove_invalid=False)]  # fmt: skip
    return out


@case(1e-4, 1e-4)
def psf_results_as_parameters(p, s):
    f = p.psf
    model = f.CircularGaussianPRF(fwhm=4.0)
    model.fwhm.fixed = False
    model.fwhm.bounds = (2.0, 8.0)
    ph = f.PSFPhotometry(model, 9, aperture_radius=5)
    init = _init(s)
    init["fwhm"] = 4.4
    ph(s.data, error=s.error, init_params=init)
    return [ph.results_to_init_params(), ph.results_to_init_params(remove_invalid=False), ph.results_to_model_params(),
            ph.fit_params, ph.decode_flags(), [i["param_cov"].shape for i in ph.fit_info]]  # fmt: skip


@case(1e-4, 1e-4)
def psf_photometry_by_a_free_astropy_model(p, s):
    from photutils.psf import CircularGaussianPRF

    model = CircularGaussianPRF(fwhm=4.0)
    model.fwhm.fixed = False
    ph = p.psf.PSFPhotometry(model, 9, aperture_radius=4)
    return ph(s.data, error=s.error, init_params=_init(s)[:4])


def _grid(p: Any) -> Any:
    from astropy.nddata import NDData

    y, x = np.mgrid[-20:21, -20:21]
    psfs = [np.exp(-(x**2 + y**2) / (2 * s**2)) / (2 * np.pi * s**2) * 16 for s in (6.0, 7.0, 8.0, 9.0)]
    meta = {"grid_xypos": [(0, 0), (160, 0), (0, 140), (160, 140)], "oversampling": 4}
    return p.psf.GriddedPSFModel(NDData(np.array(psfs), meta=meta), flux=3.0, x_0=51.3, y_0=40.2)


@case(1e-6, 1e-9)
def gridded_psf(p, s):
    m = _grid(p)
    y, x = np.mgrid[34:47, 45:58]
    c = m.copy()
    c.x_0 = 100.7
    return [m(x, y), m(x + 0.25, y - 0.1), m.data.shape, m.grid_xypos, m.grid_shape, m.oversampling, m.origin, c(x + 50, y),
            m.deepcopy()(x, y), m.meta["oversampling"], list(m.parameters)]  # fmt: skip


@case(1e-4, 1e-4)
def psf_photometry_by_a_gridded_psf(p, s):
    ph = p.psf.PSFPhotometry(_grid(p), 7, aperture_radius=4)
    t = ph(s.data, error=s.error, init_params=_init(s)[:8])
    return t[["id", "x_fit", "y_fit", "flux_fit", "x_err", "y_err", "flux_err"]]


@case(1e-7, 1e-9)
def epsf_from_a_psf(p, s):
    y, x = np.mgrid[-15:16, -15:16]
    psf = np.exp(-(x**2 + y**2) / 18.0)
    f = p.psf.make_epsf_from_psf
    return [f(psf, oversampling=3), f(np.stack((psf, psf * 2)), oversampling=(2, 3), midpoints=True)]


@case(1e-9, 1e-9)
def epsf_stars(p, s):
    from astropy.nddata import NDData, StdDevUncertainty
    from astropy.table import Table

    t = Table({"x": s.xy[:, 0], "y": s.xy[:, 1]})
    sky = Table({"skycoord": s.wcs.pixel_to_world(*s.xy.T)})
    image = NDData(s.data, uncertainty=StdDevUncertainty(s.error), mask=s.mask, wcs=s.wcs)
    a = p.psf.extract_stars(image, t, size=11)
    linked = p.psf.extract_stars([image, NDData(s.data[:, 5:], wcs=s.wcs[:, 5:])], sky, size=(9, 7))
    one = a[2]
    return [len(a), a.n_good_stars, a.flux, a.center_flat, a.cutout_center_flat, [z.weights for z in a.all_stars][:4],
            [z.id_label for z in a][:3], linked.n_stars, linked.n_all_stars, linked.center_flat, one.slices, one.bbox.extent,
            a.all_stars[1].bbox.shape, a.all_stars[1].estimate_flux()]  # fmt: skip


def _stars(p: Any, s: Any) -> Any:
    from astropy.table import Table

    y, x = np.mgrid[0:300, 0:300]
    at = np.array([(22 + 28 * i + 0.37 * ((3 * i + j) % 5), 22 + 28 * j + 0.21 * ((i + 2 * j) % 7)) for j in range(9) for i in range(9)])
    data = np.zeros(x.shape)
    for k, (sx, sy) in enumerate(at):
        data += (500 + 10 * k) * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 6.0)
    return p.psf.extract_stars(data, Table({"x": np.rint(at[:, 0]), "y": np.rint(at[:, 1])}), size=15)


@case(2e-5, 2e-5)
def epsf_builder(p, s):
    # A place that photutils' own fitter leaves at 1e-5 pixels of ours.
    builder = p.psf.EPSFBuilder(oversampling=2, maxiters=4, progress_bar=False)
    r = builder(_stars(p, s))
    epsf, stars = r
    fit = p.psf.EPSFFitter(fit_boxsize=7)(p.psf.ImagePSF(epsf.data, oversampling=2), _stars(p, s)[:5])
    return [epsf.data, epsf.oversampling, stars.center_flat, stars.flux / 1e3, r.iterations, r.converged, r.n_excluded_stars,
            r.smoothing_kernel, len(r.iteration_epsfs), r.iteration_info["iteration", "stage", "n_fit_failed"],
            fit.center_flat, stars.all_stars[3].compute_residual_image(epsf) / 1e3]  # fmt: skip


@case(1e-7, 1e-9)
def psf_model_of_an_astropy_model(p, s):
    from astropy.modeling.models import Gaussian2D, Moffat2D

    g = p.psf.make_psf_model(Gaussian2D(x_stddev=2, y_stddev=2), x_name="x_mean", y_name="y_mean", subsample=20)
    m = p.psf.make_psf_model(Moffat2D(gamma=2, alpha=3), x_name="x_0", y_name="y_0", flux_name="amplitude", subsample=20)
    y, x = np.mgrid[-5:6, -5:6]
    return [list(g.param_names), g.x_name, g.flux_name, g(x, y), list(m.param_names), m.flux_name, m(x, y), dict(g.fixed)]


@case(1e-4, 1e-4)
def psf_photometry_by_a_made_model(p, s):
    from astropy.modeling.models import Gaussian2D

    model = p.psf.make_psf_model(Gaussian2D(x_stddev=2, y_stddev=2), x_name="x_mean", y_name="y_mean", subsample=20)
    ph = p.psf.PSFPhotometry(model, 7, aperture_radius=4)
    t = ph(s.data, error=s.error, init_params=_init(s)[:3])
    return [t, [n.split("_")[0] for n in ph.results_to_model_params().colnames]]
