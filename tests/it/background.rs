//! Backgrounds of real images against the answers of photutils (tests/reference/gen_background.py).

#![allow(clippy::unwrap_used)]

use serde_json::Value;
use skyphot::background::{Background2D, Background2DConfig, Estimator, Interpolator, RmsEstimator};
use skyphot::core::Image;
use skyphot::core::testing::{test_data, uniform};
use skyphot::filter::SplineOrder;

fn config(case: &Value, size: (usize, usize)) -> Background2DConfig {
    let text = |key: &str| case[key].as_str().unwrap();
    Background2DConfig {
        estimator: match text("level") {
            "sextractor" => Estimator::SExtractor,
            "biweight" => Estimator::biweight_location(),
            "mmm" => Estimator::Mmm,
            other => panic!("unknown estimator {other}"),
        },
        rms_estimator: match text("rms") {
            "std" => RmsEstimator::Std,
            "biweight" => RmsEstimator::biweight_scale(),
            "mad_std" => RmsEstimator::MadStd,
            other => panic!("unknown noise estimator {other}"),
        },
        interpolator: match text("interp") {
            "zoom3" => Interpolator::default(),
            "zoom1" => Interpolator::zoom(SplineOrder::Linear),
            other => panic!("unknown interpolator {other}"),
        },
        ..Background2DConfig::new(size)
    }
}

/// Some values of the map, and two sums that see every pixel.
fn compare(what: &str, found: &[f64], digest: &Value, tolerance: f64) {
    assert_eq!(found.len() as u64, digest["size"].as_u64().unwrap(), "{what}");
    let step = digest["step"].as_u64().unwrap() as usize;
    for (k, (a, b)) in found.iter().step_by(step).zip(digest["values"].as_array().unwrap()).enumerate() {
        let b = b.as_f64().unwrap();
        assert!((a - b).abs() <= tolerance, "{what}: value {}: found {a}, expected {b}", k * step);
    }
    let n = found.len() as f64;
    let sums = [
        ("sum", found.iter().sum::<f64>()),
        ("weighted", found.iter().enumerate().map(|(i, v)| v * uniform(17, i as u64)).sum()),
    ];
    for (name, sum) in sums {
        let expected = digest[name].as_f64().unwrap();
        let scale = expected.abs().max(n * tolerance);
        assert!(
            (sum - expected).abs() <= n * 1e-2 * tolerance + 1e-11 * scale,
            "{what}: {name}: {sum} {expected}"
        );
    }
}

#[test]
fn real_images_have_the_background_of_photutils() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/background.json")).unwrap();
    for (name, answers) in fixture["images"].as_object().unwrap() {
        let Some(path) = test_data(name) else { continue };
        let data = skyphot::io::read_image::<f64>(path.as_path()).unwrap().data;
        let image = Image::new(data.view()).unwrap();
        let size = |k: usize| answers["box"][k].as_u64().unwrap() as usize;
        for case in answers["cases"].as_array().unwrap() {
            let b = Background2D::estimate(&image, &config(case, (size(0), size(1)))).unwrap();
            let expected = &case["expected"];
            // Relative to the noise; 1e-6 is what is promised.
            let tolerance = 1e-9 * expected["rms_median"].as_f64().unwrap();
            let check = |key: &str, values: Vec<f64>| {
                compare(&format!("{name} {} {key}", case["level"]), &values, &expected[key], tolerance);
            };
            check("n_pixels", b.n_pixels_mesh().iter().map(|&n| n as f64).collect());
            check("mesh", b.background_mesh().iter().copied().collect());
            check("rms_mesh", b.rms_mesh().iter().copied().collect());
            check("background", b.background().into_iter().collect());
            check("rms", b.background_rms().into_iter().collect());
        }
    }
}
