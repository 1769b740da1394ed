//! Finders on real images against photutils 3.1.1 (fixture made by tests/reference/gen_detection.py): the same sources,
//! every column within 1e-8.

#![allow(clippy::unwrap_used)]

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot::centroids::CentroidMethod;
use skyphot::core::testing::test_data;
use skyphot::core::{Image, Table};
use skyphot::detection::{DaoStarFinder, IrafStarFinder, PeakConfig, StarFinder, find_peaks};

fn float(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

fn run(case: &Value, image: &Image<'_, f64>) -> Table {
    let p = &case["parameters"];
    let threshold = float(&p["threshold"]);
    let stars = match case["finder"].as_str().unwrap() {
        "dao" => DaoStarFinder::new(threshold, float(&p["fwhm"])).unwrap().find(image),
        "iraf" => IrafStarFinder::new(threshold, float(&p["fwhm"])).unwrap().find(image),
        "star" => {
            let kernel = Array2::from_shape_fn((9, 9), |(y, x)| {
                let (dx, dy) = (x as f64 - 4.0, y as f64 - 4.0);
                let q = 1.0 + (dx * dx + dy * dy) / 5.4;
                1.0 / (q * q)
            });
            StarFinder::new(threshold, kernel.view()).unwrap().find(image)
        }
        _ => {
            let config = PeakConfig {
                box_size: p["box_size"].as_u64().map_or((3, 3), |n| (n as usize, n as usize)),
                min_separation: p["min_separation"].as_f64(),
                centroid: p.get("centroid").map(|_| CentroidMethod::Com),
                ..Default::default()
            };
            return find_peaks(image, threshold, &config).unwrap().to_table().unwrap();
        }
    };
    stars.unwrap().to_table().unwrap()
}

#[test]
fn real_images_give_the_sources_of_photutils() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/detection.json")).unwrap();
    for case in fixture["cases"].as_array().unwrap() {
        let file = case["file"].as_str().unwrap();
        let Some(path) = test_data(file) else { return };
        let full = skyphot_tests::read_image(&path, case["hdu"].as_u64().unwrap() as usize).unwrap();
        let corner = |i: usize| case["corner"][i].as_u64().unwrap() as usize;
        let (y, x) = (corner(0), corner(1));
        let (ny, nx) = full.dim();
        let data =
            full.slice(s![y..(y + 400).min(ny), x..(x + 400).min(nx)]).to_owned() - float(&case["median"]);
        let what = format!("{file}, {}", case["finder"]);
        let ours = run(case, &Image::new(data.view()).unwrap());
        assert_eq!(ours.n_rows() as u64, case["n"].as_u64().unwrap(), "{what}: number of sources");
        for (name, expected) in case["table"].as_object().unwrap() {
            let values = ours.f64(name).unwrap();
            for (row, (e, v)) in expected.as_array().unwrap().iter().zip(values).enumerate() {
                let e = float(e);
                // Angles of an axis repeat after 180 degrees.
                let v = if name == "orientation" && (v - e).abs() > 90.0 {
                    v - 180.0 * (v - e).signum()
                } else {
                    v
                };
                let same = (e.is_nan() && v.is_nan()) || e == v || (e - v).abs() <= 1e-8 * e.abs() + 1e-11;
                assert!(same, "{what}: {name}[{row}] is {v}, photutils has {e}");
            }
        }
    }
}
