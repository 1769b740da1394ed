//! Meshes and full maps against photutils.

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot_background::{Background2D, Background2DConfig, BackgroundError};
use skyphot_core::Image;

use crate::inputs::{clip, input, interpolator, level, rms};
use crate::reference::{compare, number, pair};

fn config(case: &Value) -> Background2DConfig {
    let text = |key, default| case[key].as_str().unwrap_or(default).to_owned();
    let d = Background2DConfig::new(pair(&case["box"]));
    Background2DConfig {
        filter_size: pair(&case["filter_size"]),
        filter_threshold: case["filter_threshold"].as_f64(),
        exclude_percentile: case["exclude_percentile"].as_f64().unwrap_or(10.0),
        fill_value: case["fill_value"].as_f64().unwrap_or(0.0),
        estimator: level(&text("level", "sextractor")),
        rms_estimator: rms(&text("rms", "std")),
        interpolator: interpolator(&text("interp", "zoom3")),
        sigma_clip: clip(&text("clip", "default")),
        ..d
    }
}

fn check(fixture: &str) {
    let fixture: Value = serde_json::from_str(fixture).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let mut label = case.clone();
        label.as_object_mut().unwrap().remove("expected");
        let label = label.to_string();
        let expected = &case["expected"];
        let i = input(case["input"].as_str().unwrap());
        let mut image = Image::new(i.data.view()).unwrap();
        if let Some(m) = &i.mask {
            image = image.with_mask(m.view()).unwrap();
        }
        let coverage = i.coverage.as_ref().map(|c| c.view());
        let found = Background2D::estimate_with_coverage(&image, coverage, &config(case));
        if let Some(e) = expected["error"].as_str() {
            assert!(e.starts_with("All boxes contain fewer than"));
            let text = found.map(|_| ()).unwrap_err().to_string();
            assert!(text.contains("raise exclude_percentile"), "{label}: {text}");
            continue;
        }
        let found = found.unwrap_or_else(|e| panic!("{label}: {e}"));
        let tolerance = 1e-10 * number(&expected["rms_median"]).max(1e-3);
        let n: Vec<f64> = found.n_pixels_mesh().iter().map(|&n| n as f64).collect();
        let flat = |a: &ndarray::Array2<f64>| a.iter().copied().collect::<Vec<_>>();
        let compare = |key: &str, values: &[f64]| {
            compare(&format!("{label}: {key}"), values, &expected[key], tolerance);
        };
        compare("n_pixels", &n);
        compare("mesh", &flat(found.background_mesh()));
        compare("rms_mesh", &flat(found.rms_mesh()));
        compare("background", &flat(&found.background()));
        compare("rms", &flat(&found.background_rms()));
        assert!((found.background_median() - number(&expected["median"])).abs() <= tolerance);
        assert!((found.background_rms_median() - number(&expected["rms_median"])).abs() <= tolerance);
    }
}

#[test]
fn every_estimator_and_clipping() {
    check(include_str!("fixtures/estimators.json"));
}

#[test]
fn every_interpolator() {
    check(include_str!("fixtures/interpolators.json"));
}

#[test]
fn every_shape_of_mesh_and_exclusion() {
    check(include_str!("fixtures/shapes.json"));
}

#[test]
fn every_median_filter() {
    check(include_str!("fixtures/filters.json"));
}

/// The estimate by rows and parts of the maps have the bits of the whole.
#[test]
fn rows_and_parts_are_those_of_the_whole() {
    let mut sky = skyphot_core::testing::field(230, 310, 5, 20, 3.0).mapv(|v| v as f32);
    sky[[17, 40]] = f32::NAN;
    let mask = Array2::from_shape_fn(sky.dim(), |(y, x)| (y / 7 + x / 9) % 13 == 0);
    let image = Image::new(sky.view()).unwrap().with_mask(mask.view()).unwrap();
    let idw = skyphot_background::Interpolator::idw();
    for interpolator in [skyphot_background::Interpolator::default(), idw] {
        let config = Background2DConfig {
            interpolator,
            exclude_percentile: 60.0,
            ..Background2DConfig::new((32, 40))
        };
        let whole = Background2D::estimate(&image, &config).unwrap();
        let (background, rms) = (whole.background(), whole.background_rms());
        for max_rows in [1, 32, 100, 1000] {
            let by_rows = Background2D::estimate_by_rows((230, 310), &config, max_rows, |rows| {
                Ok::<_, BackgroundError>((
                    sky.slice(s![rows.clone(), ..]).to_owned(),
                    Some(mask.slice(s![rows, ..]).to_owned()),
                ))
            })
            .unwrap();
            assert_eq!(by_rows.background_mesh(), whole.background_mesh());
            assert_eq!(by_rows.rms_mesh(), whole.rms_mesh());
            assert_eq!(by_rows.n_pixels_mesh(), whole.n_pixels_mesh());
        }
        for (rows, columns) in [(0..230, 0..310), (31..97, 39..41), (229..230, 300..310), (64..64, 3..9)] {
            assert_eq!(
                whole.background_part(rows.clone(), columns.clone()),
                background.slice(s![rows.clone(), columns.clone()])
            );
            assert_eq!(whole.rms_part(rows.clone(), columns.clone()), rms.slice(s![rows, columns]));
        }
    }
}
