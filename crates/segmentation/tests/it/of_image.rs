//! A cutout measured as a whole, against `data_properties` of photutils (`tests/reference/gen_properties.py`).

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Image, SkyTransform};
use skyphot_segmentation::{CatalogConfig, SegmentationImage, SourceCatalog};

use crate::columns::Tan;
use crate::support::fixture;

const NY: usize = 60;
const NX: usize = 80;
const SOURCES: [(f64, f64); 6] =
    [(20.0, 15.0), (50.0, 20.0), (33.0, 42.0), (64.0, 44.0), (2.0, 56.0), (70.0, 10.0)];

/// The image of the generator with its missing pixels, and the mask.
fn scene() -> (Array2<f64>, Array2<bool>) {
    let index = |(y, x): (usize, usize)| (y * NX + x) as u64;
    let data = Array2::from_shape_fn((NY, NX), |p| {
        if uniform(9, index(p)) < 0.01 {
            return f64::NAN;
        }
        SOURCES.iter().enumerate().fold(noise(5, index(p)), |v, (i, at)| {
            let dx = p.1 as f64 - (at.0 + uniform(6, 2 * i as u64) - 0.5);
            let dy = p.0 as f64 - (at.1 + uniform(6, 2 * i as u64 + 1) - 0.5);
            let q = 1.0 + (dx * dx + 0.5 * dx * dy + 1.5 * dy * dy) / (8.0 + 2.0 * i as f64);
            v + (200.0 + 100.0 * i as f64) / (q * q * q)
        })
    });
    (data, Array2::from_shape_fn((NY, NX), |p| uniform(8, index(p)) < 0.03))
}

#[test]
fn properties_of_a_cutout_with_background_and_coordinates() {
    let (data, mask) = scene();
    let sky = Array2::from_shape_fn((15, 15), |(y, x)| 50.0 + 0.1 * (y * 15 + x) as f64);
    let wcs = Tan { pixel: (49.5, 39.5), pole: (150.1, 32.2), cd: [[-3.0e-5, 1.0e-5], [1.2e-5, 2.8e-5]] };
    let expected = fixture(include_str!("fixtures/of_image.json"));
    let cases = expected["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let at = |k: &str| case[k].as_f64().unwrap() as usize;
        let window = s![at("y") - 7..at("y") + 8, at("x") - 7..at("x") + 8];
        let image = Image::new(data.slice(window)).unwrap();
        let whole = SegmentationImage::of_image(&image.with_mask(mask.slice(window)).unwrap());
        let catalog = SourceCatalog::new(&image, &whole, CatalogConfig::default()).unwrap();
        let catalog = catalog.with_background(sky.view()).unwrap().with_wcs(&wcs as &dyn SkyTransform);
        let close = |name: &str, found: f64, expected: &Value| {
            let e = expected.as_f64().unwrap();
            assert!((found - e).abs() <= 1e-10 * e.abs().max(1.0), "{name}: {found} for {e}");
        };
        for (name, value) in case.as_object().unwrap() {
            match name.as_str() {
                "x" | "y" => {}
                "sky" => {
                    let c = catalog.sky_centroid().unwrap()[0];
                    close("lon", c.lon, &value[0]);
                    close("lat", c.lat, &value[1]);
                }
                name => close(name, catalog.to_table(&[name]).unwrap().f64(name).unwrap()[0], value),
            }
        }
    }
}
