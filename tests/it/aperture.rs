//! Sums and statistics in apertures on real images against photutils (`tests/reference/gen_aperture.py`).

use ndarray::Array2;
use serde_json::Value;
use skyphot::aperture::{
    Aperture, ApertureFlags, AperturePhotometry, ApertureStats, CircularAnnulus, CircularAperture,
    OverlapMethod, PhotometryConfig, StatsConfig,
};
use skyphot::core::testing::{test_data, uniform};
use skyphot::core::{Image, Point};
use skyphot::io::{FitsFile, HduSelector};
use skyphot::stats::SigmaClip;

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

fn shape(v: &Value) -> Box<dyn Aperture> {
    match numbers(v)[..] {
        [r] => Box::new(CircularAperture::new(r).unwrap()),
        [r_in, r_out] => Box::new(CircularAnnulus::new(r_in, r_out).unwrap()),
        _ => unreachable!(),
    }
}

fn method(case: &Value) -> OverlapMethod {
    match case["method"].as_str().unwrap() {
        "exact" => OverlapMethod::Exact,
        "center" => OverlapMethod::Center,
        _ => OverlapMethod::Subpixel(case["subpixels"].as_u64().unwrap() as usize),
    }
}

/// Largest difference allowed: relative, or absolute where `size` says how large the cancelled terms are.
fn compare(found: &[f64], case: &Value, name: &str, tolerance: f64, size: f64, file: &str) {
    let expected = numbers(&case[name]);
    assert_eq!(found.len(), expected.len());
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        let same = f == e || (f.is_nan() && e.is_nan());
        assert!(
            same || (f - e).abs() <= tolerance * e.abs().max(size),
            "{file} {name} {} position {i}: found {f}, expected {e}",
            case["shape"]
        );
    }
}

fn compare_flags(found: &[ApertureFlags], case: &Value, file: &str) {
    let found: Vec<f64> = found.iter().map(|f| f64::from(f.bits())).collect();
    compare(&found, case, "flags", 0.0, 0.0, file);
}

#[test]
fn photometry_and_statistics_of_real_images() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/aperture.json")).unwrap();
    for image in fixture["images"].as_array().unwrap() {
        let file = image["file"].as_str().unwrap();
        let Some(path) = test_data(file) else { continue };
        let data = FitsFile::open(path).unwrap().read_image::<f64>(&HduSelector::Index(0)).unwrap();
        let (ny, nx) = data.dim();
        assert_eq!(numbers(&image["shape"]), [ny as f64, nx as f64]);
        let error = data.mapv(|v| 1.0 + 0.01 * v.abs());
        let mask = Array2::from_shape_fn((ny, nx), |(y, x)| uniform(71, (y * nx + x) as u64) < 0.001);
        let view = Image::new(data.view()).unwrap().with_error(error.view()).unwrap();
        let view = view.with_mask(mask.view()).unwrap();
        let positions: Vec<Point> = image["positions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| Point::new(number(&p[0]), number(&p[1])))
            .collect();
        for case in image["photometry"].as_array().unwrap() {
            let config = PhotometryConfig { method: method(case), ..PhotometryConfig::default() };
            let p =
                AperturePhotometry::measure(&view, &positions, &[&*shape(&case["shape"])], &config).unwrap();
            compare(p.flux(0), case, "flux", 1e-10, 0.0, file);
            compare(p.flux_err(0), case, "flux_err", 1e-10, 0.0, file);
            compare(p.area(0), case, "area", 1e-10, 0.0, file);
            compare_flags(p.flags(0), case, file);
        }
        for case in image["statistics"].as_array().unwrap() {
            let config = StatsConfig {
                sigma_clip: (!case["clip"].is_null())
                    .then(|| SigmaClip { max_iters: Some(10), ..SigmaClip::new(3.0) }),
                sum_method: method(case),
                ..StatsConfig::default()
            };
            let s = ApertureStats::measure(&view, &positions, &*shape(&case["shape"]), &config).unwrap();
            for name in ApertureStats::COLUMNS.iter().filter(|n| !case[**n].is_null()) {
                let size = if *name == "orientation" { 1.0 } else { 0.0 };
                compare(s.column(name).unwrap(), case, name, 1e-10, size, file);
            }
            compare_flags(&s.flags, case, file);
        }
    }
}
