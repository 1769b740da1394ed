//! Cutouts next to photutils (`tests/reference/gen_cutouts.py`).
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use serde_json::{Value, json};
use skyphot_aperture::{CutoutMode, ImageCutout};
use skyphot_core::{BoundingBox, Point};

#[test]
fn cutouts_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/cutouts.json")).unwrap();
    let image = Array2::from_shape_fn((12, 15), |(y, x)| (15 * y + x) as f64);
    let (mut some, mut none) = (0, 0);
    for c in all["cases"].as_array().unwrap() {
        let side = |k: usize| c["shape"][k].as_u64().unwrap() as usize;
        let mode = match c["mode"].as_str().unwrap() {
            "trim" => CutoutMode::Trim,
            "partial" => CutoutMode::Partial(-1.0),
            _ => CutoutMode::Strict,
        };
        let at = Point::new(c["x"].as_f64().unwrap(), c["y"].as_f64().unwrap());
        let Some(found) = ImageCutout::new(image.view(), at, (side(0), side(1)), mode) else {
            assert!(c["found"].is_null(), "{c}");
            none += 1;
            continue;
        };
        let e = &c["found"];
        let corners = |b: BoundingBox| json!([b.x_min, b.x_max, b.y_min, b.y_max]);
        assert_eq!(json!([found.data().dim().0, found.data().dim().1]), e["shape"], "{c}");
        assert_eq!(json!([corners(found.bbox_original()), corners(found.bbox_cutout())]), e["boxes"], "{c}");
        assert_eq!(json!([found.origin().0, found.origin().1]), e["origin"], "{c}");
        let sum: f64 = found.data().iter().zip(1..).map(|(v, k)| v * f64::from(k)).sum();
        assert_eq!(sum, e["sum"].as_f64().unwrap(), "{c}");
        assert_eq!(found.clone().into_data().dim(), found.data().dim());
        some += 1;
    }
    assert!(some > 60 && none > 10, "{some} {none}");
    for far in [f64::NAN, f64::INFINITY, -1e300, 1e19] {
        assert!(ImageCutout::new(image.view(), Point::new(far, 3.0), (3, 3), CutoutMode::Trim).is_none());
    }
    assert!(ImageCutout::new(image.view(), Point::new(3.0, 3.0), (0, 3), CutoutMode::Trim).is_none());
}
