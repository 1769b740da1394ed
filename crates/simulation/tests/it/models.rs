//! Pixel integrals by scipy (fixture of tests/reference/gen_simulation.py) and sums.

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::Point;
use skyphot_simulation::{
    SersicGalaxy, SimulationError, StarProfile, add_gaussian_star, add_moffat_star, add_sersic_galaxy,
};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/models.json")).unwrap()
}

fn f(v: &Value, key: &str) -> f64 {
    v[key].as_f64().unwrap()
}

fn center(v: &Value) -> Point {
    Point::new(v["center"][0].as_f64().unwrap(), v["center"][1].as_f64().unwrap())
}

fn pixel(v: &Value, image: &Array2<f64>) -> f64 {
    image[[v["pixel"][1].as_u64().unwrap() as usize, v["pixel"][0].as_u64().unwrap() as usize]]
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found / expected - 1.0).abs() < tolerance, "{found} is not {expected}");
}

#[test]
fn gaussian_pixels() {
    for e in fixture()["gaussian"].as_array().unwrap() {
        let mut image = Array2::zeros((25, 25));
        add_gaussian_star(&mut image, center(e), 1.0, f(e, "fwhm")).unwrap();
        // The documented end of the profile, 8.5 sigma: beyond, less than 1e-16 of the light.
        if f(e, "value") > 1e-16 {
            close(pixel(e, &image), f(e, "value"), 1e-9);
        }
    }
}

#[test]
fn moffat_pixels() {
    for e in fixture()["moffat"].as_array().unwrap() {
        let mut image = Array2::zeros((41, 41));
        add_moffat_star(&mut image, center(e), 1.0, f(e, "fwhm"), f(e, "beta"), 60.0).unwrap();
        close(pixel(e, &image), f(e, "value"), 2e-5);
    }
}

#[test]
fn sersic_pixels_and_light() {
    for e in fixture()["sersic"].as_array().unwrap() {
        let (r_eff, n) = (f(e, "r_eff"), f(e, "n"));
        let mut g = SersicGalaxy {
            center: center(e),
            flux: 1.0,
            r_eff,
            n,
            axis_ratio: f(e, "axis_ratio"),
            theta: f(e, "theta"),
        };
        let mut image = Array2::zeros((61, 61));
        add_sersic_galaxy(&mut image, &g, 80.0).unwrap();
        close(pixel(e, &image), f(e, "value"), 1e-4);
        if let Some(fraction) = e["fraction"].as_f64() {
            close(SersicGalaxy::b(n), f(e, "b"), 1e-12);
            close(g.encircled_energy(8.0 * r_eff), fraction, 1e-12);
            g.center = Point::new(60.3, 59.6);
            let mut image = Array2::zeros((121, 121));
            add_sersic_galaxy(&mut image, &g, 8.0 * r_eff).unwrap();
            close(image.sum(), fraction, 1e-3);
        }
    }
}

#[test]
fn stars_keep_their_flux() {
    for fwhm in [0.5, 1.0, 3.3, 8.0] {
        for (x, y) in [(100.0, 100.0), (99.5, 100.25), (100.4, 99.9)] {
            let mut image = Array2::zeros((201, 201));
            add_gaussian_star(&mut image, Point::new(x, y), 1234.5, fwhm).unwrap();
            close(image.sum(), 1234.5, 1e-9);
        }
    }
    for (fwhm, beta) in [(2.5, 4.765), (4.0, 3.5)] {
        let mut image = Array2::zeros((401, 401));
        add_moffat_star(&mut image, Point::new(200.2, 199.7), 10.0, fwhm, beta, 190.0).unwrap();
        let inside = StarProfile::Moffat { fwhm, beta }.encircled_energy(190.0);
        close(image.sum(), 10.0 * inside, 1e-6);
    }
}

#[test]
fn half_a_star_on_the_edge_and_none_outside() {
    let mut image = Array2::zeros((50, 50));
    add_gaussian_star(&mut image, Point::new(-0.5, 25.0), 100.0, 3.0).unwrap();
    close(image.sum(), 50.0, 1e-9);
    let before = image.clone();
    add_gaussian_star(&mut image, Point::new(-80.0, 25.0), 100.0, 3.0).unwrap();
    add_moffat_star(&mut image, Point::new(25.0, 1e6), 100.0, 3.0, 3.0, 20.0).unwrap();
    assert_eq!(image, before);
}

#[test]
fn bad_parameters_are_errors() {
    let mut image = Array2::zeros((5, 5));
    let p = Point::new(2.0, 2.0);
    assert!(add_gaussian_star(&mut image, p, 1.0, 0.0).is_err());
    assert!(add_gaussian_star(&mut image, Point::new(f64::NAN, 2.0), 1.0, 2.0).is_err());
    assert!(add_moffat_star(&mut image, p, 1.0, 2.0, 1.0, 5.0).is_err());
    let g = SersicGalaxy { center: p, flux: 1.0, r_eff: 2.0, n: 20.0, axis_ratio: 0.5, theta: 0.0 };
    let e = add_sersic_galaxy(&mut image, &g, 10.0).unwrap_err();
    assert!(matches!(e, SimulationError::InvalidParameter { .. }));
    assert_eq!(e.to_string(), "the Sérsic index must be between 0.4 and 10, found 20");
    assert_eq!(image.sum(), 0.0);
}
