//! Spline zoom against `scipy.ndimage.zoom`.

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot_core::{Exec, testing::noise};
use skyphot_filter::{EdgeMode, SplineOrder, SplineZoom};

use crate::reference::{compare, pair};

#[test]
fn every_order_mode_and_shape() {
    let mesh = Array2::from_shape_fn((5, 7), |(y, x)| noise(21, (7 * y + x) as u64));
    let fixture: Value = serde_json::from_str(include_str!("fixtures/zoom.json")).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let (ny, nx) = pair(&case["shape"]);
        let order = SplineOrder::from_degree(case["order"].as_u64().unwrap() as usize).unwrap();
        let mode = match case["mode"].as_str().unwrap() {
            "reflect" => EdgeMode::Reflect,
            "mirror" => EdgeMode::Mirror,
            _ => EdgeMode::Wrap,
        };
        let zoom = SplineZoom::new(mesh.slice(s![..ny, ..nx]), pair(&case["factor"]), order, mode);
        let image = zoom.to_array::<f64>(zoom.shape(), &Exec::serial());
        let label = format!("{order:?} {mode:?} {ny} x {nx}, factor {}", case["factor"]);
        compare(&label, image.as_slice().unwrap(), &case["image"], 1e-12);
    }
}
