//! Galaxies through a PSF (fixture of tests/reference/gen_scene.py: astropy's Sersic2D folded by scipy on a fine grid).

use serde_json::Value;
use skyphot_core::Exec;
use skyphot_pipeline::scene::{SceneSpec, simulate_scene};

/// The image of one galaxy; without a PSF if `psf` is empty.
fn drawn(case: &Value, psf: &str) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap();
    let p: Vec<f64> = case["parameters"].as_array().unwrap().iter().map(number).collect();
    let dir = tempfile::tempdir().unwrap();
    let header = "x,y,flux,r_eff,n,axis_ratio,theta\n";
    let row: Vec<String> = p.iter().map(f64::to_string).collect();
    std::fs::write(dir.path().join("galaxy.csv"), format!("{header}{}\n", row.join(","))).unwrap();
    let psf = if psf.is_empty() {
        String::new()
    } else {
        format!("psf = \"{psf}\"\nbox-shape = [{0}, {0}]\n", case["box"])
    };
    let text = format!(
        "shape = {}\n[[sources]]\nmodel = \"sersic\"\ncatalogue = \"galaxy.csv\"\n{psf}",
        case["shape"]
    );
    let scene = SceneSpec::from_toml(&text).unwrap();
    let made = simulate_scene(&scene, dir.path(), &Exec::serial()).unwrap();
    made.model.iter().copied().collect()
}

#[test]
fn galaxies_are_folded_with_the_psf() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/scene.json")).unwrap();
    for case in fixture["galaxies"].as_array().unwrap() {
        let psf = case["psf"].as_str().unwrap();
        let expected: Vec<f64> =
            case["image"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let found = drawn(case, psf);
        assert_eq!(found.len(), expected.len());
        let peak = expected.iter().fold(0.0_f64, |m, v| m.max(*v));
        let apart = |image: &[f64]| {
            image.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / peak
        };
        assert!(apart(&found) < 3e-4, "{psf}: {} of the peak", apart(&found));
        let (sum, wanted): (f64, f64) = (found.iter().sum(), expected.iter().sum());
        assert!((sum - wanted).abs() < 3e-4 * wanted, "{psf}: {sum}, expected {wanted}");
        // Without the PSF it looks different.
        assert!(apart(&drawn(case, "")) > 0.1, "{psf}");
    }
}
