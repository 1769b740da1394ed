//! The example coordinate systems, read by the readers of headers and graphs, next to those of photutils.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use skyphot::core::{Exec, HeaderView, MetaValue, Point, SkyTransform};
use skyphot::simulation::{Card, make_gwcs, make_wcs};
use skyphot::wcs::{Gwcs, Wcs};

struct Cards(Vec<Card>);

impl HeaderView for Cards {
    fn get_str(&self, key: &str) -> Option<String> {
        self.0.iter().find(|c| c.key == key).and_then(|c| match &c.value {
            MetaValue::Str(s) => Some(s.clone()),
            MetaValue::Int(i) => Some(i.to_string()),
            MetaValue::Float(f) => Some(format!("{f:e}")),
            _ => None,
        })
    }

    fn keys(&self) -> Vec<String> {
        self.0.iter().map(|c| c.key.clone()).collect()
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn example_systems_are_those_of_photutils() {
    let text = include_str!("../../crates/simulation/tests/it/fixtures/datasets.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let cases = all["systems"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for case in cases {
        let galactic = case["galactic"].as_bool().unwrap();
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let points: Vec<Point> = x.iter().zip(&y).map(|(x, y)| Point::new(*x, *y)).collect();
        let graph = Gwcs::from_tree(&make_gwcs((300, 500), galactic)).unwrap();
        assert_eq!(graph.frames().last().unwrap().name(), case["frame"].as_str().unwrap());
        let header = Wcs::from_header(&Cards(make_wcs((300, 500), galactic))).unwrap();
        // Both in their own frame.
        let from_graph = graph.evaluate(&points, false, &Exec::serial());
        for (name, sky) in
            [("wcs", header.all_pix2world(&points, &Exec::serial()).sky), ("gwcs", from_graph.sky)]
        {
            let (lon, lat) = (numbers(&case[name][0]), numbers(&case[name][1]));
            for (i, s) in sky.iter().enumerate() {
                assert!((s.lon - lon[i]).abs() < 1e-10 && (s.lat - lat[i]).abs() < 1e-10, "{name} {s:?}");
            }
        }
        for p in &points {
            let s = header.pixel_to_sky(*p).unwrap();
            assert!(header.sky_to_pixel(s).unwrap().distance(*p) < 1e-8);
        }
    }
}
