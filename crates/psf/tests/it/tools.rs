//! Matching kernels, functions as PSFs, Gaussian fits and DAOPHOT's functions (`tests/reference/gen_psf_tools.py`).

use ndarray::{Array2, Array3};
use serde_json::Value;
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Image, Point};
use skyphot_filter::SplineOrder;
use skyphot_psf::{
    CircularGaussianPrf, DaophotCore, DaophotFunction, DaophotPsf, Derivatives, FunctionPsf,
    GaussianFitConfig, MakePsfModelConfig, MatchingConfig, Penalty, PolynomialPsf, PolynomialPsfConfig,
    PsfFlags, PsfModel, PsfPhotometry, ShapeParameter, Source, Taper, Window, create_matching_kernel,
    fit_2dgaussian, fit_fwhm, make_epsf_from_psf, make_psf_model, make_wiener_kernel, resize_psf,
};

fn fixture(part: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("fixtures/tools.json")).unwrap();
    all[part].clone()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Differences in units of the largest expected value.
fn close<'a>(what: &str, found: impl IntoIterator<Item = &'a f64>, expected: &Value, tolerance: f64) {
    let (found, expected): (Vec<f64>, _) = (found.into_iter().copied().collect(), numbers(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!(
            f.is_nan() && e.is_nan() || (f - e).abs() <= tolerance * size,
            "{what}[{i}]: {f} instead of {e} (largest {size})"
        );
    }
}

fn star(ny: usize, nx: usize, seed: u64, wide: f64) -> Array2<f64> {
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (dx, dy) = (x as f64 - (nx as f64 - 1.0) / 2.0, y as f64 - (ny as f64 - 1.0) / 2.0);
        let q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / wide;
        (1.0 + 0.05 * uniform(seed, (y * nx + x) as u64)) / (q * q * q)
    })
}

fn tapers() -> [(&'static str, Taper); 5] {
    [
        ("hanning", Taper::hanning()),
        ("tukey", Taper::tukey(0.4).unwrap()),
        ("cosine_bell", Taper::cosine_bell(0.3).unwrap()),
        ("split_cosine_bell", Taper::split_cosine_bell(0.4, 0.3).unwrap()),
        ("top_hat", Taper::top_hat(0.35).unwrap()),
    ]
}

#[test]
fn windows_and_kernels_are_those_of_photutils() {
    let all = fixture("matching");
    let (source, target) = (star(17, 21, 301, 4.0), star(17, 21, 302, 12.0));
    let (s, t) = (source.view(), target.view());
    let kernel = |name: &str, config: &MatchingConfig| {
        let found = if name.starts_with("wiener") {
            make_wiener_kernel(s, t, config)
        } else {
            create_matching_kernel(s, t, config)
        };
        close(name, found.unwrap().iter(), &all["kernels"][name], 1e-10);
    };
    let config = |regularization: f64| MatchingConfig { regularization, ..Default::default() };
    for (name, taper) in tapers() {
        for (k, shape) in [(9, 13), (5, 1)].into_iter().enumerate() {
            close(name, taper.array(shape).iter(), &all["tapers"][name][k], 1e-14);
        }
        kernel(
            &format!("window_{name}"),
            &MatchingConfig { window: Some(taper.into()), ..Default::default() },
        );
    }
    kernel("plain", &config(1e-4));
    kernel("hard", &config(0.05));
    kernel("none", &config(0.0));
    let lopsided = Array2::from_shape_fn((17, 21), |(y, x)| uniform(303, (y * 21 + x) as u64));
    let custom = skyphot_psf::FrequencyWindow::Custom(lopsided);
    kernel("custom_window", &MatchingConfig { window: Some(custom), ..Default::default() });
    kernel("wiener", &config(1e-4));
    kernel("wiener_laplacian", &MatchingConfig { penalty: Penalty::Laplacian, ..config(1e-3) });
    kernel("wiener_biharmonic", &MatchingConfig { penalty: Penalty::Biharmonic, ..config(1e-3) });
    let operator = Array2::from_shape_fn((5, 3), |(y, x)| uniform(304, (y * 3 + x) as u64) - 0.3);
    kernel("wiener_custom", &MatchingConfig { penalty: Penalty::Custom(operator), ..config(0.01) });
    let tukey = Some(Taper::tukey(0.4).unwrap().into());
    kernel("wiener_tukey", &MatchingConfig { window: tukey, ..Default::default() });
}

#[test]
fn resized_psfs_are_those_of_photutils() {
    let source = star(17, 21, 301, 4.0);
    for case in fixture("matching")["resized"].as_array().unwrap() {
        let order = SplineOrder::from_degree(case["order"].as_u64().unwrap() as usize).unwrap();
        let scales = numbers(&case["scales"]);
        let r = resize_psf(source.view(), scales[0], scales[1], order).unwrap();
        let what = format!("{order:?} {scales:?}");
        let shape = numbers(&case["shape"]);
        assert_eq!(r.dim(), (shape[0] as usize, shape[1] as usize), "{what}");
        assert!((r.sum() - case["sum"].as_f64().unwrap()).abs() < 1e-10 * r.sum(), "{what}");
        close(&what, r.row(r.nrows() / 2 - 1), &case["row"], 1e-10);
        close(&what, r.column(1), &case["column"], 1e-10);
    }
}

#[test]
fn wrong_psfs_are_refused() {
    let ok = star(5, 7, 1, 4.0);
    let config = MatchingConfig::default();
    let make = |s: &Array2<f64>, t: &Array2<f64>| create_matching_kernel(s.view(), t.view(), &config);
    assert!(make(&ok, &star(7, 5, 1, 4.0)).is_err());
    assert!(make(&star(4, 7, 1, 4.0), &ok).is_err());
    assert!(make(&Array2::zeros((5, 7)), &ok).is_err());
    assert!(make(&Array2::from_elem((5, 7), f64::NAN), &ok).is_err());
    assert!(make(&Array2::zeros((0, 0)), &Array2::zeros((0, 0))).is_err());
    for regularization in [-1.0, 1.0, f64::NAN] {
        let config = MatchingConfig { regularization, ..Default::default() };
        assert!(create_matching_kernel(ok.view(), ok.view(), &config).is_err());
    }
    let config = MatchingConfig { regularization: 0.0, ..Default::default() };
    assert!(make_wiener_kernel(ok.view(), ok.view(), &config).is_err());
    let large = Penalty::Custom(Array2::ones((9, 9)));
    let config = MatchingConfig { penalty: large, ..Default::default() };
    assert!(make_wiener_kernel(ok.view(), ok.view(), &config).is_err());
    assert!(Taper::tukey(1.5).is_err() && Taper::top_hat(f64::NAN).is_err());
    assert!(resize_psf(ok.view(), 0.0, 1.0, SplineOrder::Cubic).is_err());
    assert!(resize_psf(ok.view(), 1e9, 1.0, SplineOrder::Cubic).is_err());
}

#[test]
fn functions_become_the_psfs_of_photutils() {
    let w = Window::new(3, 5, 10, 9);
    let rotated = |dx: f64, dy: f64, sx: f64, sy: f64, t: f64| {
        let (u, v) = (dx * t.cos() + dy * t.sin(), dy * t.cos() - dx * t.sin());
        (-0.5 * (u * u / (sx * sx) + v * v / (sy * sy))).exp()
    };
    let gauss = [("amplitude", 1.0), ("x_mean", 0.0), ("y_mean", 0.0), ("sx", 1.4), ("sy", 2.1), ("t", 0.3)];
    let name = |s: &str| Some(s.to_owned());
    let moffat = [("amplitude", 1.0), ("x_0", 0.0), ("y_0", 0.0), ("gamma", 1.7), ("alpha", 2.2)];
    let f = move |x: f64, y: f64, p: &[f64]| p[0] * rotated(x - p[1], y - p[2], p[3], p[4], p[5]);
    let models = [
        make_psf_model(
            "gaussian",
            &gauss,
            &MakePsfModelConfig { x_name: name("x_mean"), y_name: name("y_mean"), ..Default::default() },
            f,
        ),
        make_psf_model(
            "moffat",
            &moffat,
            &MakePsfModelConfig {
                x_name: name("x_0"),
                y_name: name("y_0"),
                flux_name: name("amplitude"),
                dx: 31,
                dy: 25,
                subsample: 8,
                ..Default::default()
            },
            |x, y, p| p[0] * (1.0 + ((x - p[1]).powi(2) + (y - p[2]).powi(2)) / (p[3] * p[3])).powf(-p[4]),
        ),
        make_psf_model(
            "centred",
            &[("amplitude", 3.0), ("sx", 1.4), ("sy", 2.1), ("t", 0.3)],
            &MakePsfModelConfig { normalize: false, ..Default::default() },
            move |x, y, p| p[0] * rotated(x, y, p[1], p[2], p[3]),
        ),
    ];
    for (model, case) in models.into_iter().zip(fixture("functions").as_array().unwrap()) {
        let model = model.unwrap();
        assert_eq!(model.name(), case["name"].as_str().unwrap());
        let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
        let mut out = vec![0.0; w.len()];
        let source = Source { x: 8.3, y: 9.1, shape: &shape };
        model.evaluate(&source, w, &mut out);
        out.iter_mut().for_each(|v| *v *= 5.0);
        close(model.name(), &out, &case["value"], 1e-10);
    }
    let wrong = MakePsfModelConfig { x_name: name("x_0"), ..Default::default() };
    let e = make_psf_model("gaussian", &gauss, &wrong, |_, _, _| 0.0).unwrap_err().to_string();
    assert!(e.contains("\"x_0\"") && e.contains("x_mean"), "{e}");
    assert!(make_psf_model("zero", &gauss, &MakePsfModelConfig::default(), |_, _, _| 0.0).is_err());
}

#[test]
fn given_and_numerical_derivatives_agree() {
    let sigma = ShapeParameter { name: "sigma", value: 1.7, bounds: (0.1, 10.0) };
    let value = |dx: f64, dy: f64, p: &[f64]| {
        (-(dx * dx + dy * dy) / (2.0 * p[0] * p[0])).exp() / (2.0 * std::f64::consts::PI * p[0] * p[0])
    };
    let plain = FunctionPsf::new("gauss", &[sigma], 10.0, value).unwrap();
    let exact = plain.clone().with_gradient(move |dx, dy, p, by| {
        let (v, s2) = (value(dx, dy, p), p[0] * p[0]);
        by.copy_from_slice(&[-v * dx / s2, -v * dy / s2, v * ((dx * dx + dy * dy) / s2 - 2.0) / p[0]]);
        v
    });
    let (w, s) = (Window::new(0, 0, 9, 8), Source { x: 4.2, y: 3.7, shape: &[1.7] });
    let (mut a, mut b) = (Derivatives::default(), Derivatives::default());
    plain.derivatives(&s, w, true, &mut a);
    exact.derivatives(&s, w, true, &mut b);
    for (a, b) in [(&a.value, &b.value), (&a.dx, &b.dx), (&a.dy, &b.dy), (&a.shape[0], &b.shape[0])] {
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-11, "{a} {b}");
        }
    }
}

const NY: usize = 60;
const NX: usize = 70;
const STARS: u64 = 8;

struct Scene {
    data: Array2<f64>,
    error: Array2<f64>,
    mask: Array2<bool>,
    at: Vec<Point>,
}

fn scene() -> Scene {
    let index = |y: usize, x: usize| (y * NX + x) as u64;
    let mut data = Array2::from_shape_fn((NY, NX), |(y, x)| 0.3 * noise(311, index(y, x)));
    let mut at = Vec::new();
    let mut star_image = vec![0.0; NY * NX];
    for k in 0..STARS {
        let u: Vec<f64> = (5 * k..5 * k + 5).map(|i| uniform(310, i)).collect();
        let (x, y) = (8.0 + (18 * (k % 4)) as f64 + 3.0 * u[0], 12.0 + (30 * (k / 4)) as f64 + 3.0 * u[1]);
        let fwhm = 1.5 + 3.0 * u[3];
        let model = CircularGaussianPrf::new(fwhm).unwrap();
        model.evaluate(&Source { x, y, shape: &[fwhm] }, Window::of_shape((NY, NX)), &mut star_image);
        for (d, s) in data.iter_mut().zip(&star_image) {
            *d += (200.0 + 300.0 * u[2]) * s;
        }
        at.push(Point::new(x + 0.5 * (u[4] - 0.5), y - 0.5 * (u[4] - 0.5)));
    }
    at.push(Point::new(-40.0, 5.0));
    Scene {
        data,
        error: Array2::from_shape_fn((NY, NX), |(y, x)| 0.2 + 0.2 * uniform(312, index(y, x))),
        mask: Array2::from_shape_fn((NY, NX), |(y, x)| {
            uniform(313, index(y, x)) < 0.03 || (x as f64 - at[2].x).hypot(y as f64 - at[2].y) < 12.0
        }),
        at,
    }
}

fn check(name: &str, p: &PsfPhotometry, expected: &Value) {
    let column = |c: &str, found: &[f64], tolerance: f64| {
        if !expected[c].is_null() {
            close(&format!("{name} {c}"), found, &expected[c], tolerance);
        }
    };
    column("flux_init", &p.flux_init, 1e-10);
    column("x_init", &p.x_init, 1e-10);
    column("y_init", &p.y_init, 1e-10);
    // The reference's fitter stops 1e-6 or so from the minimum.
    column("x_fit", &p.x_fit, 1e-6);
    column("y_fit", &p.y_fit, 1e-6);
    column("flux_fit", &p.flux_fit, 1e-5);
    column("fwhm_fit", &p.shape_parameters[0].fit, 1e-5);
    column("x_err", &p.x_err, 1e-4);
    column("flux_err", &p.flux_err, 1e-4);
    column("n_pixels_fit", &p.n_pixels_fit.iter().map(|n| *n as f64).collect::<Vec<_>>(), 0.0);
    let flags: Vec<f64> = p.flags.iter().map(|f| f64::from(f.bits())).collect();
    column("flags", &flags, 0.0);
}

#[test]
fn gaussian_fits_are_those_of_photutils() {
    let all = fixture("gaussians");
    let s = scene();
    let image = Image::new(s.data.view()).unwrap();
    let with_error = image.with_error(s.error.view()).unwrap();
    let masked = with_error.with_mask(s.mask.view()).unwrap();
    let config = GaussianFitConfig::default();
    let run = |name: &str, image: &Image<'_, f64>, config: &GaussianFitConfig| {
        check(name, &fit_2dgaussian(image, Some(&s.at), config).unwrap(), &all[name]);
    };
    run("fixed", &image, &GaussianFitConfig { fit_shape: Some((9, 7)), ..config.clone() });
    let free = GaussianFitConfig { fit_shape: Some((11, 11)), fix_fwhm: false, ..config.clone() };
    run("free", &image, &free);
    let small = GaussianFitConfig { fit_shape: Some((9, 9)), fwhm: Some(2.5), ..free.clone() };
    run("error", &with_error, &small);
    run("mask", &masked, &small);

    let mut cut = s.data.slice(ndarray::s![3..24, 1..20]).to_owned();
    cut[[5, 6]] = f64::NAN;
    let one = Image::new(cut.view()).unwrap();
    let phot = fit_2dgaussian(&one, None, &GaussianFitConfig { fix_fwhm: false, ..config.clone() }).unwrap();
    check("one", &phot, &all["one"]);

    let at = &s.at[..STARS as usize];
    let fwhm = fit_fwhm(&image, Some(at), &GaussianFitConfig { fwhm: Some(3.0), ..small }).unwrap();
    close("fwhm", &fwhm, &all["fwhm"], 1e-5);
    assert!(fit_fwhm(&image, Some(at), &config).unwrap_err().to_string().contains("fit_shape"));
    let blank = Array2::<f64>::zeros((9, 9));
    let phot = fit_2dgaussian(&Image::new(blank.view()).unwrap(), None, &config).unwrap();
    assert!(phot.flags[0].contains(PsfFlags::NON_FINITE_POSITION));
}

#[test]
fn daophot_functions_are_integrals_over_pixels() {
    let all = fixture("daophot");
    let p = numbers(&all["parameters"]);
    let functions = [
        ("Gaussian", DaophotFunction::Gaussian),
        ("Moffat15", DaophotFunction::Moffat15),
        ("Moffat25", DaophotFunction::Moffat25),
        ("Lorentz", DaophotFunction::Lorentz),
        ("Penny1", DaophotFunction::Penny1),
        ("Penny2", DaophotFunction::Penny2),
    ];
    for (name, function) in functions {
        let core = DaophotCore {
            function,
            x_hwhm: p[0],
            y_hwhm: p[1],
            tilt: p[2],
            gaussian_tilt: p[3],
            fraction: p[4],
        };
        let psf = DaophotPsf::with_height(core, 1.0, None, 9.0).unwrap();
        for (offset, expected) in all["offsets"].as_array().unwrap().iter().zip(numbers(&all["values"][name]))
        {
            let d = numbers(offset);
            let mut out = [0.0];
            psf.evaluate(
                &Source { x: 10.0 - d[0], y: 20.0 - d[1], shape: &[] },
                Window::new(10, 20, 1, 1),
                &mut out,
            );
            assert!((out[0] - expected).abs() < 1e-9, "{name} {d:?}: {} {expected}", out[0]);
        }
        same_as_differences(&psf);
    }
    let bad = DaophotCore { tilt: 5.0, ..Default::default() };
    assert!(DaophotPsf::new(bad, None, 5.0).is_err());
    assert!(DaophotPsf::new(DaophotCore::default(), None, f64::NAN).is_err());
}

/// Derivatives by position next to differences, away from the edge of the model.
fn same_as_differences(psf: &dyn PsfModel) {
    let (w, h) = (Window::new(6, 17, 8, 7), 1e-4);
    let at = |x: f64, y: f64| {
        let mut out = vec![0.0; w.len()];
        psf.evaluate(&Source { x, y, shape: &[] }, w, &mut out);
        out
    };
    let (x, y) = (9.7, 20.2);
    let mut d = Derivatives::default();
    psf.derivatives(&Source { x, y, shape: &[] }, w, false, &mut d);
    let pairs = [(&d.dx, at(x + h, y), at(x - h, y)), (&d.dy, at(x, y + h), at(x, y - h))];
    for (found, a, b) in pairs {
        for ((f, a), b) in found.iter().zip(a).zip(b) {
            assert!((f - (a - b) / (2.0 * h)).abs() < 1e-7, "{}: {f} {}", psf.name(), (a - b) / (2.0 * h));
        }
    }
}

#[test]
fn tables_vary_with_the_position() {
    let planes = Array3::from_shape_fn((6, 41, 41), |(k, y, x)| {
        let (dx, dy) = ((x as f64 - 20.0) / 2.0, (y as f64 - 20.0) / 2.0);
        1e-3 * (k as f64 + 1.0)
            * (0.2 * dx * (k as f64 + 1.0) + 0.1 * dy).sin()
            * (-(dx * dx + dy * dy) / 20.0).exp()
    });
    let terms = PolynomialPsf::terms_of_degree(2);
    assert_eq!(terms, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2)]);
    let config = PolynomialPsfConfig {
        zero: (12.0, 15.0),
        scale: (6.0, 9.0),
        oversampling: 2.0,
        ..Default::default()
    };
    let table = PolynomialPsf::new(planes.view(), &terms, config).unwrap();
    same_as_differences(&table);
    let core =
        DaophotCore { function: DaophotFunction::Moffat25, x_hwhm: 1.1, y_hwhm: 1.4, ..Default::default() };
    let psf = DaophotPsf::new(core, Some(table.clone()), 9.0).unwrap();
    same_as_differences(&psf);
    // At a node of the table, at (u, v) = (1, -1): the terms are 1, 1, 1, -1, -1, 1.
    let mut out = [0.0];
    table.evaluate(&Source { x: 18.0, y: 6.0, shape: &[] }, Window::new(20, 6, 1, 1), &mut out);
    let sum: f64 =
        [1.0, 1.0, 1.0, -1.0, -1.0, 1.0].iter().zip(planes.outer_iter()).map(|(t, p)| t * p[[20, 24]]).sum();
    assert!((out[0] - sum).abs() < 1e-15);
    assert!(PolynomialPsf::new(planes.view(), &terms[..3], config).is_err());
    let config = PolynomialPsfConfig { oversampling: 0.0, ..config };
    assert!(PolynomialPsf::new(planes.view(), &terms, config).is_err());
}

#[test]
fn psfs_at_points_are_integrated_as_by_photutils() {
    let psf = star(11, 8, 305, 6.0);
    for case in fixture("integrated").as_array().unwrap() {
        let os = numbers(&case["oversampling"]);
        let midpoints = case["midpoints"].as_bool().unwrap();
        let found = make_epsf_from_psf(psf.view(), (os[0] as usize, os[1] as usize), midpoints).unwrap();
        let shape = numbers(&case["shape"]);
        assert_eq!(found.dim(), (shape[0] as usize, shape[1] as usize));
        close(&format!("{os:?} {midpoints}"), found.iter(), &case["value"], 1e-10);
    }
    assert!(make_epsf_from_psf(psf.view(), (0, 1), false).is_err());
    assert!(make_epsf_from_psf(psf.slice(ndarray::s![..3, ..]), (1, 1), false).is_err());
}
