//! Weights of photutils 3.1.1 (`tests/reference/gen_aperture.py`).

use serde_json::Value;
use skyphot_core::testing::uniform;
use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, annulus_coverage, circle_coverage};

#[test]
fn weights_are_those_of_photutils() {
    let cases: Value = serde_json::from_str(include_str!("fixtures/weights.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert!(cases.len() > 400);
    for c in cases {
        let f = |name: &str| c[name].as_f64().unwrap();
        let b: Vec<i64> = c["bbox"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
        let bbox = BoundingBox::new(b[0], b[1], b[2], b[3]).unwrap();
        let center = Point::new(f("x"), f("y"));
        let shape: Vec<f64> = c["shape"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let method = match c["method"].as_str().unwrap() {
            "exact" => OverlapMethod::Exact,
            "center" => OverlapMethod::Center,
            _ => OverlapMethod::Subpixel(c["subpixels"].as_u64().unwrap() as usize),
        };
        let r = shape[shape.len() - 1];
        let expected = BoundingBox::from_float(center.x - r, center.x + r, center.y - r, center.y + r);
        assert_eq!(bbox, expected);
        let mut cover = Coverage::new();
        match shape[..] {
            [r] => circle_coverage(center, r, method, &bbox, &mut cover),
            [r_in, r_out] => annulus_coverage(center, r_in, r_out, method, &bbox, &mut cover),
            _ => unreachable!(),
        }
        let w = cover.to_array(bbox.shape());
        let (mut sum, mut mixed, mut squares) = (0.0, 0.0, 0.0);
        for (i, &v) in w.iter().enumerate() {
            sum += v;
            mixed += v * uniform(5, i as u64);
            squares += v * v;
        }
        // A pixel that the circle only touches has a weight of rounding errors, or none.
        let count = w.iter().filter(|&&v| v > 1e-13).count() as u64;
        let close = |name: &str, found: f64| {
            let (expected, tolerance) = (f(name), if method == OverlapMethod::Exact { 1e-12 } else { 1e-13 });
            assert!((found - expected).abs() <= tolerance * expected.abs(), "{name} {found} {expected}: {c}");
        };
        close("sum", sum);
        close("mixed", mixed);
        close("squares", squares);
        assert_eq!(count, c["count"].as_u64().unwrap(), "{c}");
    }
}
