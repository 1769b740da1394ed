"""Calls of `datasets`, of `utils` and of systems, made of photutils and of skyphot."""

import numpy as np
from astropy.modeling.models import Gaussian2D, Moffat2D, Sersic2D
from astropy.table import QTable
from astropy.units import Quantity
from case import case

GAUSSIANS = {
    "amplitude": (1, 2), "x_mean": (0, 50), "y_mean": (0, 60), "x_stddev": (1, 3), "y_stddev": (1, 3), "theta": (0, 3)
}  # fmt: skip


@case()
def example_images(p, s):
    d = p.datasets
    return [f(n) for f in (d.make_4gaussians_image, d.make_100gaussians_image) for n in (True, False)]


@case()
def noise(p, s):
    d = p.datasets
    counts = np.abs(s.data[:40])
    return [d.make_noise_image((30, 40), mean=2.0, stddev=3.0, seed=3), d.make_noise_image((30, 40), "poisson", 4.5, seed=3),
            d.apply_poisson_noise(counts, seed=4), d.apply_poisson_noise(counts.astype("f4"), seed=4),
            d.apply_poisson_noise(np.ones((2, 3, 4)), seed=1)]  # fmt: skip


@case()
def model_params(p, s):
    d = p.datasets
    a = d.make_model_params((90, 80), 40, flux=(1, 5), sigma=(1, 2), min_separation=5, border_size=(3, 4), seed=5)
    b = d.make_model_params((90, 80), 400, min_separation=20, x_name="x", y_name="y", seed=5)
    t = d.make_random_models_table(6, GAUSSIANS, seed=1)
    models = d.params_table_to_models(t, Gaussian2D())
    return [a, b, t, [m.parameters for m in models], [type(m).__name__ for m in models]]


@case()
def model_images_of_astropy_models(p, s):
    d = p.datasets
    t = d.make_random_models_table(10, GAUSSIANS, seed=1)
    t["amplitude"][3] = np.nan
    t["local_bkg"] = np.linspace(0, 1, 10)
    names = {"x_name": "x_mean", "y_name": "y_mean"}
    hows = ({}, {"bbox_factor": 3.0}, {"model_shape": (9, 12)}, {"discretize_method": "interp"},
            {"discretize_method": "oversample", "discretize_oversample": 4})  # fmt: skip
    out = [d.make_model_image((60, 50), Gaussian2D(), t, **names, **how) for how in hows]
    m = d.make_model_params((60, 50), 8, amplitude=(1, 9), gamma=(1, 3), seed=2)
    out.append(d.make_model_image((60, 50), Moffat2D(alpha=2.5), m, model_shape=21))
    out.append(d.make_model_image((60, 50), Sersic2D(r_eff=3, n=1), m, model_shape=21))
    with_units = QTable({"x_0": [10.0, 30.0], "y_0": [20.0, 25.0], "peak": Quantity([1.0, 2.0], "Jy")})
    out.append(d.make_model_image((60, 50), Moffat2D(), with_units, model_shape=9, params_map={"amplitude": "peak"}))
    return out


@case()
def model_images_of_psf_models(p, s):
    d, psf = p.datasets, p.psf
    t = d.make_model_params((60, 50), 10, flux=(100, 500), seed=3)
    t["model_shape"] = np.arange(3, 13)
    u = t["id", "x_0", "y_0", "flux"]
    models = [psf.CircularGaussianPRF(fwhm=3), psf.MoffatPSF(), psf.GaussianPSF(x_fwhm=3, y_fwhm=4, theta=20)]
    return [d.make_model_image((60, 50), m, table) for m in models for table in (t, u)]


@case(1e-9, 1e-7)
def example_systems(p, s):
    out = []
    x, y = np.mgrid[0:90:7, 0:60:9].astype(float)
    for make in (p.datasets.make_wcs, p.datasets.make_gwcs):
        for galactic in (False, True):
            w = make((70, 90), galactic)
            sky = w.pixel_to_world(x, y)
            out += [list(w.pixel_to_world_values(x, y)), sky, list(w.world_to_pixel(sky.transform_to("fk5"))),
                    w.array_shape, w.pixel_shape, w.pixel_n_dim, list(w.world_axis_physical_types)]  # fmt: skip
    return out


@case(1e-7)
def pixel_areas(p, s):
    u = p.utils
    return [u.compute_pixel_areas(s.wcs, s.xy[:, 0], s.xy[:, 1]), u.compute_pixel_areas(s.wcs, 3.0, 4.0),
            u.compute_pixel_areas(s.wcs, [np.nan, 1.0], [2.0, np.inf]), u.compute_pixel_area_map(s.wcs, (40, 50)),
            u.compute_pixel_area_map(s.wcs, (20, 30), interpolate=False)]  # fmt: skip


@case()
def interpolation(p, s):
    rng = np.random.default_rng(0)
    at, values, weights, where = rng.random((200, 2)), rng.random(200), rng.random(200), rng.random((30, 2))
    out = []
    for w in (None, weights):
        f = p.utils.ShepardIDWInterpolator(at, values, w)
        out += [f(where), f(at[:3]), f(where[0]), *(f(where, n_neighbors=k, power=2, regularization=0.1) for k in (1, 3))]
    out.append(p.utils.ShepardIDWInterpolator([1, 2, 3.0], [1, 2, 4.0])(1.5))
    return out


@case()
def image_depths(p, s):
    out = []
    for overlap in (True, False):
        for mask in (s.mask, None):
            depth = p.utils.ImageDepth(
                3, n_apertures=90, n_iters=3, overlap=overlap, seed=4, zeropoint=25.0, progress_bar=False
            )
            flux, mag = depth(Quantity(s.data, "Jy"), mask)
            out += [flux, mag, depth.flux_limits, depth.mag_limits, depth.n_apertures_used, depth.fluxes,
                    [a.positions for a in depth.apertures]]  # fmt: skip
    return out


@case()
def cutouts(p, s):
    out = []
    for mode in ("trim", "partial", "strict"):
        for position in ((2, 3), (40.3, 40.5), (-10, 5), (138, 159)):
            try:
                c = p.utils.CutoutImage(s.data, position, (9, 8), mode=mode)
            except ValueError as e:
                out.append(type(e).__name__)
                continue
            out += [c.data, c.xyorigin, c.bbox_original, c.bbox_cutout, *c.slices_cutout, *c.slices_original, c.shape]
    return out


@case()
def footprints_and_colours(p, s):
    u = p.utils
    return [u.circular_footprint(1), u.circular_footprint(7), u.circular_footprint(3, dtype=bool)]

