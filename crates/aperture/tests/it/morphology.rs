//! Morphology next to statmorph's and closed forms (`tests/reference/gen_morphology.py`).
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use serde_json::Value;
use skyphot_aperture::{ApertureFlags, Morphology, MorphologyConfig};
use skyphot_core::testing::noise;
use skyphot_core::{Exec, Image, Point};

use crate::scene::number;

const N: usize = 161;

/// A disc with a lump, by formula; the same in the script.
fn galaxy(k: u64) -> Array2<f64> {
    let t = k as f64;
    Array2::from_shape_fn((N, N), |(y, x)| {
        let (dx, dy) = (x as f64 - 80.3 - 0.1 * t, y as f64 - 79.6);
        let q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.4 * dy * dy) / (60.0 + 15.0 * t);
        let (lx, ly) = (dx - 7.0, dy - 3.0 * t);
        let l = 1.0 + (lx * lx + ly * ly) / 6.0;
        1000.0 / (q * q * q) + 20.0 * t / (l * l * l) + 0.5 * t * noise(90 + k, (y * N + x) as u64)
    })
}

#[test]
fn cas_is_that_of_statmorph() {
    let all: Value = serde_json::from_str(include_str!("fixtures/morphology.json")).unwrap();
    for c in all["galaxies"].as_array().unwrap() {
        let data = galaxy(c["k"].as_u64().unwrap());
        let image = Image::new(data.view()).unwrap();
        let config = MorphologyConfig {
            sky_asymmetry: number(&c["sky_asymmetry"]),
            sky_smoothness: number(&c["sky_smoothness"]),
            ..MorphologyConfig::default()
        };
        let start = Point::new(number(&c["start"][0]), number(&c["start"][1]));
        let m = Morphology::measure(&image, &[start], &config).unwrap();
        let check = |name: &str, found: f64, tolerance: f64| {
            let expected = number(&c[name]);
            assert!((found - expected).abs() <= tolerance, "{name} of {}: {found} {expected}", c["k"]);
        };
        // Both search for the centre by simplices that stop within about 1e-4 of the least asymmetry.
        check("xc_asymmetry", m.x_asymmetry[0], 1e-3);
        check("yc_asymmetry", m.y_asymmetry[0], 1e-3);
        check("asymmetry", m.asymmetry[0], 1e-4);
        check("rpetro_circ", m.petrosian_radius[0], 1e-3);
        check("r20", m.r20[0], 2e-3);
        check("r50", m.r50[0], 2e-3);
        check("r80", m.r80[0], 2e-3);
        check("concentration", m.concentration[0], 1e-3);
        check("smoothness", m.smoothness[0], 1e-4);
        check("gini", m.gini[0], 1e-3);
        check("m20", m.m20[0], 1e-3);
        assert!(m.flags[0].is_empty());
    }
}

#[test]
fn a_gaussian_has_closed_forms() {
    let sigma = 12.0_f64;
    let data = Array2::from_shape_fn((N, N), |(y, x)| {
        let (dx, dy) = (x as f64 - 80.0, y as f64 - 80.0);
        (-0.5 * (dx * dx + dy * dy) / (sigma * sigma)).exp()
    });
    let image = Image::new(data.view()).unwrap();
    let places = [Point::new(80.0, 80.0), Point::new(-3.0, 80.0), Point::new(f64::NAN, 80.0)];
    let m = Morphology::measure(&image, &places, &MorphologyConfig::default()).unwrap();
    // u exp(-u) / (1 - exp(-u)) = 0.2 with u = r^2 / (2 sigma^2).
    let mut u: f64 = 2.0;
    for _ in 0..200 {
        u = (1.0 + u / 0.2).ln();
    }
    let radius = sigma * (2.0 * u).sqrt();
    assert!((m.petrosian_radius[0] / radius - 1.0).abs() < 2e-3, "{} {radius}", m.petrosian_radius[0]);
    let total = 1.0 - (-2.25 * u).exp();
    let r = |f: f64| sigma * (-2.0 * (1.0 - f * total).ln()).sqrt();
    assert!((m.r20[0] / r(0.2) - 1.0).abs() < 5e-3 && (m.r80[0] / r(0.8) - 1.0).abs() < 5e-3);
    assert!((m.concentration[0] - 5.0 * (r(0.8) / r(0.2)).log10()).abs() < 0.01);
    assert!(m.asymmetry[0] < 1e-3 && (m.x_asymmetry[0] - 80.0).abs() < 0.05);
    for k in [1, 2] {
        assert!(m.petrosian_radius[k].is_nan() && m.flags[k].contains(ApertureFlags::UNDEFINED_SHAPE));
    }
    assert_eq!(m.to_table().n_rows(), 3);
}

#[test]
fn bad_images_and_threads() {
    let mut data = galaxy(2);
    for v in &mut data.slice_mut(ndarray::s![70..76, 60..90]) {
        *v = f64::NAN;
    }
    let image = Image::new(data.view()).unwrap();
    let places = [Point::new(80.0, 80.0), Point::new(2.0, 2.0), Point::new(75.0, 73.0)];
    let run = |n: usize| {
        let exec = Exec::with_threads(n.try_into().unwrap()).unwrap();
        let config = MorphologyConfig { exec, ..MorphologyConfig::default() };
        format!("{:?}", Morphology::measure(&image, &places, &config).unwrap())
    };
    let one = run(1);
    for n in [2, 3, 7] {
        assert_eq!(run(n), one);
    }
    for value in [0.0, -1.0, f64::NAN] {
        let flat = Array2::from_elem((30, 30), value);
        let m = Morphology::measure(
            &Image::new(flat.view()).unwrap(),
            &places[1..2],
            &MorphologyConfig::default(),
        );
        assert!(m.unwrap().concentration[0].is_nan());
    }
    let bad = MorphologyConfig { petrosian_ratio: 0.0, ..MorphologyConfig::default() };
    assert!(Morphology::measure(&image, &places, &bad).is_err());
}
