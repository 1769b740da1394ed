//! Local backgrounds against photutils.

use serde_json::Value;
use skyphot_background::{Estimator, LocalBackground};
use skyphot_core::{Exec, Image, Point, testing::field};
use std::sync::Arc;

use crate::inputs::{input, level, rms};
use crate::reference::{number, numbers};

fn compare(label: &str, found: &[f64], expected: &Value) {
    for (i, (a, b)) in found.iter().zip(numbers(expected)).enumerate() {
        if label.starts_with("biweight_4_99") && a.is_nan() && b == 99.0 {
            // No pixels: see docs/known-differences.md.
            continue;
        }
        assert!((a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-10, "{label}: position {i}: {a} {b}");
    }
}

#[test]
fn every_estimator_and_radius() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/local.json")).unwrap();
    let positions: Vec<Point> = fixture["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| Point::new(number(&p[0]), number(&p[1])))
        .collect();
    let clean = field(100, 120, 16, 40, 2.0);
    let masked = input("borders");
    let clean = Image::new(clean.view()).unwrap();
    let mask = masked.mask.unwrap();
    let masked = Image::new(masked.data.view()).unwrap().with_mask(mask.view()).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let name = case["estimator"].as_str().unwrap();
        let estimator = match name.strip_prefix("rms_") {
            Some(n) => Estimator::Custom(Arc::new(rms(n))),
            None => level(name),
        };
        let radii = numbers(&case["radii"]);
        let local = LocalBackground::new(radii[0], radii[1], estimator).unwrap();
        for (key, image) in [("clean", &clean), ("masked", &masked)] {
            let found = local.measure(image, &positions, &Exec::default());
            compare(&format!("{name} {radii:?} {key}"), &found.value, &case[key]);
        }
    }
    let local = LocalBackground::new(5.0, 10.0, Estimator::Mean).unwrap().with_sigma_clip(None).unwrap();
    let found = local.measure(&clean, &positions, &Exec::serial());
    compare("unclipped mean", &found.value, &fixture["unclipped_mean"]);
}
