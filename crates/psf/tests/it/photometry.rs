//! PSF photometry against photutils on a scene by formula.

use std::num::NonZeroUsize;

use ndarray::Array2;
use serde_json::Value;
use skyphot_background::{Estimator, LocalBackground};
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point};
use skyphot_detection::DaoStarFinder;
use skyphot_psf::{
    CircularGaussianPrf, GaussianPrf, InitialParameters, IterationMode, IterativeConfig, PsfConfig, PsfFlags,
    PsfModel, PsfPhotometry, Source, SourceGrouper, Window, fit, fit_iteratively,
};

const NY: usize = 90;
const NX: usize = 110;
const STARS: u64 = 45;
const FWHM: f64 = 2.4;

struct Scene {
    data: Array2<f64>,
    error: Array2<f64>,
    mask: Array2<bool>,
    start: Vec<Point>,
    flux: Vec<f64>,
}

fn scene() -> Scene {
    let mut truth: Vec<(f64, f64, f64)> = (0..STARS)
        .map(|k| {
            (
                uniform(90, 3 * k) * (NX as f64 + 2.0) - 1.5,
                uniform(90, 3 * k + 1) * (NY as f64 + 2.0) - 1.5,
                300.0 + 3000.0 * uniform(90, 3 * k + 2),
            )
        })
        .collect();
    (truth[1].0, truth[1].1) = (truth[0].0 + 2.5, truth[0].1 + 1.0);
    (truth[2].0, truth[2].1) = (0.2, 40.3);
    (truth[3].0, truth[3].1) = (-30.0, 10.0);
    (truth[4].0, truth[4].1) = (55.0, NY as f64 - 1.1);
    let model = CircularGaussianPrf::new(FWHM).unwrap();
    let mut data = Array2::from_shape_fn((NY, NX), |(y, x)| noise(91, (y * NX + x) as u64));
    let mut star = vec![0.0; NY * NX];
    for (x, y, flux) in &truth {
        model.evaluate(&Source { x: *x, y: *y, shape: &[FWHM] }, Window::of_shape((NY, NX)), &mut star);
        for (d, s) in data.iter_mut().zip(&star) {
            *d += flux * s;
        }
    }
    let index = |y: usize, x: usize| (y * NX + x) as u64;
    let mut mask = Array2::from_shape_fn((NY, NX), |(y, x)| uniform(94, index(y, x)) < 0.02);
    for (x, y, _) in &truth[5..7] {
        for j in *y as usize - 4..=*y as usize + 4 {
            for i in *x as usize - 4..=*x as usize + 4 {
                mask[[j, i]] = true;
            }
        }
    }
    mask[[truth[6].1.round() as usize, truth[6].0.round() as usize]] = false;
    Scene {
        data,
        error: Array2::from_shape_fn((NY, NX), |(y, x)| 0.5 + uniform(93, index(y, x))),
        mask,
        start: truth
            .iter()
            .zip(0..)
            .map(|((x, y, _), k)| {
                Point::new(x + 0.6 * (uniform(92, 2 * k) - 0.5), y + 0.6 * (uniform(92, 2 * k + 1) - 0.5))
            })
            .collect(),
        flux: truth.iter().map(|t| t.2).collect(),
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    let number =
        |v: &Value| v.as_f64().unwrap_or(if v.as_str() == Some("inf") { f64::INFINITY } else { f64::NAN });
    v.as_array().unwrap().iter().map(number).collect()
}

/// `sizes` are what differences are measured in (1 for pixels); NaN must be in the same places.
fn compare(what: &str, found: &[f64], expected: &Value, tolerance: f64, sizes: &dyn Fn(usize, f64) -> f64) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!(
            f.is_nan() && e.is_nan()
                || (f - e).abs() <= tolerance * sizes(i, *e)
                || sizes(i, *e).is_infinite(),
            "{what}[{i}]: {f} instead of {e}"
        );
    }
}

/// photutils' fitter stops when a step, the gradient or the change of the sum of squares is relatively smaller than 1e-8:
/// positions are 1e-5 pixels and widths and fluxes 1e-6 from the minimum then.
///
/// Where it gives up (flag 8: it stays far from any minimum), there is nothing to compare; `gave_up` is how often.
fn check(name: &str, p: &PsfPhotometry, expected: &Value, gave_up: usize) {
    let theirs: Vec<u32> = numbers(&expected["flags"]).iter().map(|f| *f as u32).collect();
    let lost = |i: usize| theirs[i] & PsfFlags::NO_CONVERGENCE.bits() != 0;
    assert_eq!((0..p.len()).filter(|i| lost(*i)).count(), gave_up, "{name}");
    let compare = |what: &str, found: &[f64], e: &Value, tolerance: f64, size: &dyn Fn(usize, f64) -> f64| {
        compare(what, found, e, tolerance, &|i, v| if lost(i) { f64::INFINITY } else { size(i, v) });
    };
    let integers = |v: Vec<f64>, column: &str| {
        compare(&format!("{name} {column}"), &v, &expected[column], 0.0, &|_, _| 1.0)
    };
    integers(p.group_id.iter().map(|v| *v as f64).collect(), "group_id");
    integers(p.group_size.iter().map(|v| *v as f64).collect(), "group_size");
    integers(p.n_pixels_fit.iter().map(|v| *v as f64).collect(), "n_pixels_fit");
    if !p.iter_detected.is_empty() {
        integers(p.iter_detected.iter().map(|v| f64::from(*v)).collect(), "iter_detected");
    }
    let pixels = |v: &[f64], column: &str| {
        compare(&format!("{name} {column}"), v, &expected[column], 1e-5, &|_, _| 1.0);
    };
    pixels(&p.x_fit, "x_fit");
    pixels(&p.y_fit, "y_fit");
    let relative = |v: &[f64], column: &str, tolerance: f64| {
        compare(&format!("{name} {column}"), v, &expected[column], tolerance, &|_, e| e.abs());
    };
    // Later passes measure what earlier fits, which agree to the fitter's tolerance, left.
    relative(&p.flux_init, "flux_init", if p.iter_detected.is_empty() { 1e-10 } else { 1e-6 });
    relative(&p.local_bkg, "local_bkg", 1e-10);
    relative(&p.flux_fit, "flux_fit", 1e-5);
    relative(&p.x_err, "x_err", 1e-4);
    relative(&p.y_err, "y_err", 1e-4);
    relative(&p.flux_err, "flux_err", 1e-4);
    relative(&p.qfit, "qfit", 1e-4);
    relative(&p.reduced_chi2, "reduced_chi2", 1e-6);
    compare(&format!("{name} cfit"), &p.cfit, &expected["cfit"], 1e-4, &|i, e| {
        e.abs().max(p.qfit[i].abs() / 25.0)
    });
    for s in p.shape_parameters.iter().filter(|s| s.free) {
        relative(&s.fit, &format!("{}_fit", s.name), 1e-5);
        relative(&s.err, &format!("{}_err", s.name), 1e-4);
    }
    let known = PsfFlags::from_bits_truncate(8191);
    let flags: Vec<f64> = p.flags.iter().map(|f| f64::from((*f & known).bits())).collect();
    compare(&format!("{name} flags"), &flags, &expected["flags"], 0.0, &|_, _| 1.0);
}

fn run(name: &str, s: &Scene, exec: &Exec) -> PsfPhotometry {
    let gauss = CircularGaussianPrf::new(FWHM).unwrap();
    let grouper = |r| Some(SourceGrouper::new(r).unwrap());
    let base = PsfConfig { aperture_radius: Some(4.0), exec: exec.clone(), ..Default::default() };
    let start = InitialParameters::from_positions(&s.start);
    let given = InitialParameters {
        flux: Some(s.flux.clone()),
        local_bkg: Some((0..s.flux.len()).map(|i| if i % 7 == 3 { f64::NAN } else { 2.0 }).collect()),
        ..start.clone()
    };
    let nan = Array2::from_shape_fn((NY, NX), |(y, x)| {
        if uniform(95, (y * NX + x) as u64) < 0.02 { f64::NAN } else { s.data[[y, x]] }
    });
    let plain = Image::new(s.data.view()).unwrap();
    let error = plain.with_error(s.error.view()).unwrap();
    match name {
        "plain" => fit(&plain, &gauss, &start, &base),
        "error" => fit(&error, &gauss, &start, &base),
        "mask" => fit(&error.with_mask(s.mask.view()).unwrap(), &gauss, &start, &base),
        "nan" => {
            let image = Image::new(nan.view()).unwrap().with_error(s.error.view()).unwrap();
            fit(&image, &gauss, &start, &base)
        }
        "grouped" => fit(&error, &gauss, &start, &PsfConfig { grouper: grouper(9.0), ..base }),
        "grouped_mask" => {
            let config = PsfConfig { grouper: grouper(9.0), ..base };
            fit(&plain.with_mask(s.mask.view()).unwrap(), &gauss, &start, &config)
        }
        "local_bkg" => {
            let local = LocalBackground::new(6.0, 10.0, Estimator::Median).unwrap();
            fit(&error, &gauss, &start, &PsfConfig { local_background: Some(local), ..base })
        }
        "given" => fit(&error, &gauss, &given, &PsfConfig { aperture_radius: None, ..base }),
        "bad_start" => {
            let mut bad = given;
            bad.positions[9].x = f64::NAN;
            if let Some(f) = &mut bad.flux {
                f[10] = f64::INFINITY;
            }
            fit(&error, &gauss, &bad, &base)
        }
        "forced" => {
            let config = PsfConfig { fixed_position: true, grouper: grouper(9.0), ..base };
            fit(&error, &gauss, &start, &config)
        }
        "bounds" => fit(&error, &gauss, &start, &PsfConfig { xy_bounds: (Some(0.2), None), ..base }),
        "fwhm" => {
            let model = CircularGaussianPrf::new(2.0).unwrap();
            let config = PsfConfig { fit_shape: (9, 7), free_shape: vec!["fwhm".into()], ..base };
            fit(&error, &model, &start, &config)
        }
        "ellipse" => {
            let model = GaussianPrf::new(2.2, 2.6, 0.0).unwrap();
            let free_shape = vec!["x_fwhm".into(), "y_fwhm".into()];
            let config = PsfConfig { fit_shape: (7, 9), free_shape, grouper: grouper(5.0), ..base };
            fit(&error, &model, &start, &config)
        }
        "iterative_new" | "iterative_all" => {
            let all = name == "iterative_all";
            let psf = PsfConfig {
                aperture_radius: Some(3.0),
                grouper: if all { grouper(6.0) } else { None },
                ..base
            };
            let mode = if all { IterationMode::All } else { IterationMode::New };
            let config = IterativeConfig { psf, mode, sub_shape: Some((15, 15)), ..Default::default() };
            fit_iteratively(&error, &gauss, &DaoStarFinder::new(6.0, 2.4).unwrap(), None, &config)
        }
        _ => panic!("{name}"),
    }
    .unwrap()
}

const RUNS: [&str; 15] = [
    "plain",
    "error",
    "mask",
    "nan",
    "grouped",
    "grouped_mask",
    "local_bkg",
    "given",
    "bad_start",
    "forced",
    "bounds",
    "fwhm",
    "ellipse",
    "iterative_new",
    "iterative_all",
];

#[test]
fn fits_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/photometry.json")).unwrap();
    let s = scene();
    for name in RUNS {
        let gave_up = match name {
            "mask" | "fwhm" | "iterative_new" => 1,
            "iterative_all" => 2,
            _ => 0,
        };
        check(name, &run(name, &s, &Exec::serial()), &all[name], gave_up);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let s = scene();
    for name in ["mask", "grouped", "ellipse"] {
        let one = format!("{:?}", run(name, &s, &Exec::serial()).to_table().unwrap());
        for n in [2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
            assert!(format!("{:?}", run(name, &s, &exec).to_table().unwrap()) == one, "{name} {n}");
        }
    }
}
