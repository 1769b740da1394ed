"""Calls about the attributes of PSF models, their derivatives, fitters of astropy and models of astropy."""

import numpy as np
from astropy.units import Quantity
from case import CASES, Case, case

AT = dict(flux=3.0, x_0=7.2, y_0=6.6)
MODELS = {
    "CircularGaussianPRF": dict(fwhm=2.7),
    "CircularGaussianPSF": dict(fwhm=2.7),
    "CircularGaussianSigmaPRF": dict(sigma=1.3),
    "GaussianPRF": dict(x_fwhm=3.0, y_fwhm=2.1, theta=20.0),
    "GaussianPSF": dict(x_fwhm=3.0, y_fwhm=2.1, theta=20.0),
    "MoffatPRF": dict(alpha=2.0, beta=2.5),
    "MoffatPSF": dict(alpha=2.0, beta=2.5),
    "AiryDiskPRF": dict(radius=3.1),
    "AiryDiskPSF": dict(radius=3.1),
}
DERIVED = ("amplitude", "sigma", "x_sigma", "y_sigma", "fwhm", "n_nodes", "bbox_factor")


def _box(model):
    return [float(v) for pair in model.bounding_box.bounding_box() for v in pair]


def _model(name, shape):
    def attributes(p, s):
        cls = getattr(p.psf, name)
        m, plain = cls(**AT, **shape), cls()
        out = [m.param_names, list(m.parameters), list(plain.parameters), dict(m.fixed), dict(m.bounds), _box(m),
               _box(cls(bbox_factor=3.2, **AT, **shape))]  # fmt: skip
        derived = [getattr(m, n, None) if n not in shape else None for n in DERIVED]
        if name.endswith("PRF") and name[:4] in ("Moff", "Airy"):
            y, x = np.mgrid[2:9, 3:10]
            out += [cls(n_nodes=3, **AT, **shape)(x, y)]
        changed = m.copy()
        changed.flux, changed.bbox_factor = 7.0, 4.0
        return [*out, *derived, getattr(changed, "amplitude", None), _box(changed), _box(m)]

    def several(p, s):
        # One model with several sets of parameters, and coordinates between pixels.
        cls = getattr(p.psf, name)
        y, x = np.mgrid[0:9, 0:8]
        many = cls(flux=[1.0, 2.0], x_0=[3.1, 4.0], y_0=[4.4, 2.0], n_models=2, **{k: [v, v + 0.5] for k, v in shape.items()})
        points = cls(flux=np.arange(1.0, 4.0), x_0=np.array([3.0, 4.5, 5.0]), y_0=np.array([1.0, 2.0, 3.3]), **shape)
        return [many(x, y, model_set_axis=False), points(np.array([3.2, 4.0, 5.0]), np.array([1.0, 2.5, 3.0])),
                cls(**AT, **shape)(x + 0.3, y - 0.2), cls(**AT, **shape)(7, 6)]  # fmt: skip

    def derivatives(p, s):
        y, x = np.mgrid[0:14, 0:15]
        m = getattr(p.psf, name)(**AT, **shape)
        return [np.asarray(d) for at in ((x, y), (x + 0.25, y - 0.4)) for d in m.fit_deriv(*at, *m.parameters)]

    def fitted(p, s):
        from astropy.modeling.fitting import LMLSQFitter, TRFLSQFitter

        y, x = np.mgrid[0:15, 0:16]
        truth = getattr(p.psf, name)(flux=812.0, x_0=7.4, y_0=6.3, **{k: 1.1 * v for k, v in shape.items()})
        noise = np.random.default_rng(5).normal(0, 0.5, x.shape)
        out = []
        for fitter in (TRFLSQFitter(), LMLSQFitter(calc_uncertainties=True)):
            m = getattr(p.psf, name)(flux=700.0, x_0=7.0, y_0=7.0, **shape)
            for n in shape:
                getattr(m, n).fixed = n == "beta"
            r = fitter(m, x, y, truth(x, y) + noise)
            out += [list(r.parameters), fitter.fit_info["param_cov"] if isinstance(fitter, LMLSQFitter) else None]
        return out

    for call, tolerance in ((attributes, 1e-12), (several, 1e-11), (derivatives, 1e-9), (fitted, 1e-6)):
        CASES.append(Case(f"{name}_{call.__name__}", call, tolerance, 1e-3 * tolerance))


for _name, _shape in MODELS.items():
    _model(_name, _shape)


@case(1e-11, 1e-13)
def psf_models_with_units(p, s):
    y, x = np.mgrid[0:9, 0:9]
    f = p.psf
    angle = [f.GaussianPSF(x_fwhm=3, y_fwhm=2, theta=Quantity(v, u), x_0=4, y_0=4) for v, u in ((20, "deg"), (0.4, "rad"))]
    m = f.CircularGaussianPSF(flux=Quantity(5, "Jy"), x_0=Quantity(4, "pix"), y_0=Quantity(3, "pix"), fwhm=Quantity(2, "pix"))
    return [*(np.asarray(g(x, y)) for g in angle), m(Quantity(x, "pix"), Quantity(y, "pix")), m.amplitude, m.sigma]


@case(1e-6, 1e-9)
def fits_with_units(p, s):
    from astropy.modeling.fitting import TRFLSQFitter

    y, x = (Quantity(v, "pix") for v in np.mgrid[0:15, 0:16])
    cls = p.psf.CircularGaussianPRF
    pix = {k: Quantity(v, "pix") for k, v in dict(x_0=7.3, y_0=6.9, fwhm=3.0).items()}
    data = cls(flux=Quantity(90, "Jy"), **pix)(x, y)
    start = cls(flux=Quantity(80, "Jy"), **{**pix, "x_0": Quantity(7, "pix")})
    r = TRFLSQFitter()(start, x, y, data)
    return [r.flux.quantity, r.x_0.quantity, r.y_0.quantity, data]


@case(1e-8, 1e-9)
def image_psf_attributes(p, s):
    f = p.psf
    y, x = np.mgrid[-20:21, -18:19]
    data = np.exp(-(x**2 + y**2) / 50.0)
    m = f.ImagePSF(data, oversampling=(4, 3), flux=2.0, x_0=6.2, y_0=7.7, origin=(17.0, 21.5))
    yy, xx = np.mgrid[2:13, 3:11]
    c = m.copy()
    c.flux = 9.0
    out = [m(xx, yy), _box(m), m.shape, m.oversampling, m.origin, m.flux.value, c(xx, yy), m.deepcopy()(xx, yy), c.data is m.data,
           repr(m), [np.asarray(d) for d in m.fit_deriv(xx, yy, *m.parameters)]]  # fmt: skip
    for bad in (dict(data=data[:3]), dict(data=data * np.nan), dict(data=data, origin=(1.0,)), dict(data=data, origin=(1.0, np.nan))):
        try:
            f.ImagePSF(**bad)
        except ValueError as e:
            out.append(str(e))
    return out


@case(1e-6, 1e-6)
def an_image_psf_in_an_astropy_fitter(p, s):
    from astropy.modeling.fitting import TRFLSQFitter

    y, x = np.mgrid[-24:25, -24:25]
    m = p.psf.ImagePSF(np.exp(-(x**2 + y**2) / 128.0) / (2 * np.pi * 4), oversampling=4, flux=900)
    at = np.rint(s.xy[2]).astype(int)
    yy, xx = np.mgrid[at[1] - 4 : at[1] + 5, at[0] - 4 : at[0] + 5]
    m.x_0, m.y_0 = at
    r = TRFLSQFitter()(m, xx, yy, s.data[yy, xx])
    g = p.psf.GriddedPSFModel(_grid(), flux=900, x_0=at[0], y_0=at[1])
    t = TRFLSQFitter()(g, xx, yy, s.data[yy, xx])
    return [list(r.parameters), [round(float(v), 3) for v in t.parameters]]


def _grid():
    from astropy.nddata import NDData

    y, x = np.mgrid[-24:25, -24:25]
    psfs = [np.exp(-(x**2 + y**2) / (2 * w**2)) / (2 * np.pi * w**2) * 16 for w in (7.5, 8.0, 8.2, 8.4)]
    return NDData(np.array(psfs), meta={"grid_xypos": [(0, 0), (160, 0), (0, 140), (160, 140)], "oversampling": 4})


@case(1e-4, 1e-4)
def psf_photometry_by_models_of_astropy(p, s):
    from astropy.modeling.models import Gaussian2D, Moffat2D
    from astropy.table import QTable

    start = QTable({"x": s.xy[:8, 0] + 0.2, "y": s.xy[:8, 1] - 0.1})
    f = p.psf
    # A sum of two Gaussians, too.
    models = [
        f.make_psf_model(Moffat2D(gamma=4.0, alpha=4.5), x_name="x_0", y_name="y_0", flux_name="amplitude", subsample=10),
        f.make_psf_model(Gaussian2D(0.9, x_stddev=2, y_stddev=2) + Gaussian2D(0.1, x_stddev=4, y_stddev=4), subsample=10),
    ]
    return [f.PSFPhotometry(m, 7, aperture_radius=4)(s.data, error=s.error, init_params=start) for m in models]
