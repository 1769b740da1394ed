//! The star/galaxy number next to SExtractor's SPREAD_MODEL (fixture made by tests/reference/gen_spread.py).

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::testing::noise;
use skyphot_core::{FWHM_TO_SIGMA, Image};
use skyphot_detection::Threshold;
use skyphot_segmentation::{CatalogConfig, DetectConfig, SourceCatalog, detect_sources};

const PSF_SIZE: usize = 31;

fn gaussian(x: f64, y: f64, sigma: f64) -> f64 {
    (-0.5 * (x * x + y * y) / (sigma * sigma)).exp() / (2.0 * std::f64::consts::PI * sigma * sigma)
}

#[test]
fn stars_and_wider_sources_have_the_spread_of_sextractor() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/spread.json")).unwrap();
    let (fwhm, seed) = (fixture["fwhm"].as_f64().unwrap(), fixture["seed"].as_u64().unwrap());
    let size = fixture["size"].as_u64().unwrap() as usize;
    let sigma = fwhm * FWHM_TO_SIGMA;
    let sources = fixture["sources"].as_array().unwrap();
    let get = |s: &Value, key: &str| s[key].as_f64().unwrap();
    let mut data = Array2::from_shape_fn((size, size), |(y, x)| 5.0 * noise(seed, (y * size + x) as u64));
    for s in sources {
        let (x0, y0, width) = (get(s, "x"), get(s, "y"), get(s, "wider") * sigma);
        for ((y, x), v) in data.indexed_iter_mut() {
            *v += get(s, "flux") * gaussian(x as f64 - x0, y as f64 - y0, width);
        }
    }
    let error = Array2::from_elem(data.dim(), 5.0);
    let image = Image::new(data.view()).unwrap().with_error(error.view()).unwrap();
    let segm = detect_sources(&image, &Threshold::Scalar(10.0), 5, &DetectConfig::default()).unwrap();
    let catalog = SourceCatalog::new(&image, &segm, CatalogConfig::default()).unwrap();
    let half = (PSF_SIZE / 2) as f64;
    let psf = Array2::from_shape_fn((PSF_SIZE, PSF_SIZE), |(y, x)| {
        gaussian(x as f64 - half, y as f64 - half, sigma) as f32
    });
    let spread = catalog.spread_model(psf.view(), fwhm).unwrap();
    let (x, y) = (catalog.x_centroid(), catalog.y_centroid());
    for s in sources {
        let i = (0..x.len()).find(|i| (x[*i] - get(s, "x")).hypot(y[*i] - get(s, "y")) < 1.0).unwrap();
        let (expected, noise, wider) = (get(s, "spread"), get(s, "error"), get(s, "wider"));
        // SExtractor draws its disc on finer pixels: other sources are a few per cent further from 0 there.
        let allowed = if wider == 1.0 { 0.5 * noise } else { 0.07 * expected.abs() };
        assert!((spread[i] - expected).abs() < allowed, "{wider}: {} {expected} {allowed:e}", spread[i]);
    }
}
