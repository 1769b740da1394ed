//! `AperturePhotometry` next to photutils'.

use serde_json::Value;
use skyphot_aperture::{AperturePhotometry, PhotometryConfig, area_overlap};
use skyphot_core::FlagSet;

use crate::scene::{assert_close, method, numbers, positions, scene, shape};

#[test]
fn sums_errors_areas_and_flags_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/photometry.json")).unwrap();
    let places = positions(&all["positions"]);
    let mut seen = 0;
    for c in all["cases"].as_array().unwrap() {
        let s = scene(c["dirty"].as_bool().unwrap());
        let has_error = c["error"].as_bool().unwrap();
        let image = s.image(has_error);
        let config = PhotometryConfig { method: method(c), ..PhotometryConfig::default() };
        let a = shape(&c["shape"]);
        let p = AperturePhotometry::measure(&image, &places, &[&*a], &config).unwrap();
        let what = format!("{} {} dirty {}", c["shape"], c["method"], c["dirty"]);
        assert_close(p.flux(0), &numbers(&c["flux"]), 1e-13, &format!("flux {what}"));
        assert_close(p.area(0), &numbers(&c["area"]), 1e-13, &format!("area {what}"));
        if has_error {
            assert_close(p.flux_err(0), &numbers(&c["flux_err"]), 1e-13, &format!("flux_err {what}"));
        } else {
            assert!(p.flux_err(0).iter().all(|e| e.is_nan()));
        }
        for (i, (f, e)) in p.flags(0).iter().zip(numbers(&c["flags"])).enumerate() {
            assert_eq!(f64::from(f.bits()), e, "flags {what}, position {i}: {:?}", f.names());
            seen |= f.bits();
        }
        if s.mask.is_none() {
            let area = area_overlap(&image, &places, &*a, config.method).unwrap();
            let known: Vec<f64> =
                area.iter().zip(p.area(0)).map(|(a, b)| if b.is_nan() { f64::NAN } else { *a }).collect();
            assert_close(&known, p.area(0), 1e-14, &what);
        }
    }
    // no_overlap, partial_overlap, no_pixels, masked, non-finite data and error, all_masked
    assert_eq!(seen, 1 | 2 | 4 | 8 | 16 | 32 | 256);
}
