//! Aperture statistics of 300 sources on each of two real images against photutils
//! (`tests/reference/gen_aperture_stats.py`).

use ndarray::Array2;
use serde_json::Value;
use skyphot::aperture::{
    Aperture, ApertureStats, CircularAnnulus, CircularAperture, EllipticalAperture, OverlapMethod,
    RectangularAperture, StatsConfig,
};
use skyphot::core::testing::{test_data, uniform};
use skyphot::core::{Image, Point};
use skyphot::io::{FitsFile, HduSelector};
use skyphot::stats::SigmaClip;

fn numbers(v: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
    v.as_array().unwrap().iter().map(number).collect()
}

fn shape(name: &str) -> Box<dyn Aperture> {
    match name {
        "circle" => Box::new(CircularAperture::new(5.0).unwrap()),
        "ellipse" => Box::new(EllipticalAperture::new(7.0, 3.0, 0.5).unwrap()),
        "annulus" => Box::new(CircularAnnulus::new(6.0, 11.0).unwrap()),
        _ => Box::new(RectangularAperture::new(9.0, 6.0, 1.1).unwrap()),
    }
}

#[test]
fn every_statistic_of_real_sources() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/aperture_stats.json")).unwrap();
    for image in fixture["images"].as_array().unwrap() {
        assert_eq!(image["n"], 300);
        let file = image["file"].as_str().unwrap();
        let Some(path) = test_data(file) else { continue };
        let data = FitsFile::open(path).unwrap().read_image::<f64>(&HduSelector::Index(0)).unwrap();
        let (ny, nx) = data.dim();
        let at = |seed: u64, y: usize, x: usize| uniform(seed, (y * nx + x) as u64);
        let mask = Array2::from_shape_fn((ny, nx), |(y, x)| at(81, y, x) < 0.01);
        let with_nan =
            Array2::from_shape_fn(
                (ny, nx),
                |(y, x)| if at(82, y, x) < 0.005 { f64::NAN } else { data[[y, x]] },
            );
        let error = Array2::from_shape_fn((ny, nx), |(y, x)| 1.0 + 0.5 * at(83, y, x));
        for c in image["cases"].as_array().unwrap() {
            let yes = |name: &str| c[name].as_bool().unwrap();
            let mut view = Image::new(if yes("nan") { with_nan.view() } else { data.view() }).unwrap();
            if yes("mask") {
                view = view.with_mask(mask.view()).unwrap();
            }
            if yes("error") {
                view = view.with_error(error.view()).unwrap();
            }
            let config = StatsConfig {
                sigma_clip: c["sigma"].as_f64().map(|s| SigmaClip::new(s).with_max_iters(Some(10))),
                local_background: c["bkg"].as_f64().map(|b| vec![b]),
                ddof: c["ddof"].as_u64().unwrap() as usize,
                sum_method: match c["method"].as_str().unwrap() {
                    "exact" => OverlapMethod::Exact,
                    "center" => OverlapMethod::Center,
                    _ => OverlapMethod::Subpixel(5),
                },
                ..StatsConfig::default()
            };
            let positions: Vec<Point> = c["positions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| Point::new(p[0].as_f64().unwrap(), p[1].as_f64().unwrap()))
                .collect();
            let aperture = shape(c["shape"].as_str().unwrap());
            let s = ApertureStats::measure(&view, &positions, &*aperture, &config).unwrap();
            for name in ApertureStats::COLUMNS.iter().filter(|n| !c[**n].is_null()) {
                // Angles and off-diagonal elements come from numbers of size 1 that cancel.
                let size = match *name {
                    "orientation" | "covariance_xy" | "ellipse_cxy" => 1.0,
                    _ => 0.0,
                };
                let (found, expected) = (s.column(name).unwrap(), numbers(&c[*name]));
                assert_eq!(found.len(), 50);
                for (i, (f, e)) in found.iter().zip(expected).enumerate() {
                    let same = f.is_nan() && e.is_nan();
                    let what = format!("{file} {name} of {} at {:?}", c["shape"], positions[i]);
                    assert!(
                        same || (f - e).abs() <= 1e-8 * e.abs().max(size),
                        "{what}: found {f}, expected {e}"
                    );
                }
            }
            let bits: Vec<f64> = s.flags.iter().map(|f| f64::from(f.bits())).collect();
            assert_eq!(bits, numbers(&c["flags"]), "{file} {}", c["shape"]);
        }
    }
}
