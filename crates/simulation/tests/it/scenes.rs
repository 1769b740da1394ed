//! Whole scenes.

use std::num::NonZeroUsize;

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::{Exec, MetaValue};
use skyphot_simulation::{Cluster, Scene, SceneConfig, SceneFlags, StarProfile, simulate};

fn small() -> SceneConfig {
    SceneConfig {
        shape: (240, 300),
        n_stars: 60,
        n_galaxies: 8,
        cluster: Some(Cluster { n_stars: 20, center: (0.7, 0.3), radius: 10.0 }),
        ..Default::default()
    }
}

/// Nothing but sky and sources.
fn clean() -> SceneConfig {
    SceneConfig {
        noise: false,
        n_bad_columns: 0,
        n_hot_pixels: 0,
        n_cosmic_rays: 0,
        full_well: 1e30,
        ..small()
    }
}

fn bits(v: &Array2<f32>) -> Vec<u32> {
    v.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn threads_do_not_change_a_bit_and_seeds_do() {
    let make = |threads: usize, seed| {
        let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
        simulate(&SceneConfig { exec, seed, ..small() }).unwrap()
    };
    let one = make(1, 5);
    for threads in [2, 3, 7] {
        let other = make(threads, 5);
        assert_eq!(bits(&one.data), bits(&other.data));
        assert_eq!(one.dq, other.dq);
        assert_eq!(one.truth.f64("flux").unwrap(), other.truth.f64("flux").unwrap());
    }
    assert_ne!(bits(&one.data), bits(&make(1, 6).data));
}

#[test]
fn the_light_is_that_of_the_truth_table() {
    // A margin without sources keeps all light on the image: measure the sources of a small scene on a large one.
    let star_only = SceneConfig { n_galaxies: 0, sky_gradient: (0.0, 0.0), sky: 0.0, ..clean() };
    for profile in [StarProfile::Gaussian { fwhm: 3.0 }, StarProfile::Moffat { fwhm: 3.0, beta: 3.5 }] {
        let config = SceneConfig { n_stars: 0, profile, ..star_only.clone() };
        let scene = simulate(&config).unwrap();
        let flux: f64 = scene.truth.f64("flux").unwrap().iter().sum();
        let light: f64 = scene.data.iter().map(|v| f64::from(*v)).sum();
        assert!((light / flux - 1.0).abs() < 3e-4, "{profile:?}: {light} of {flux}");
    }
}

#[test]
fn every_star_is_where_the_truth_says() {
    let config = SceneConfig { n_galaxies: 0, cluster: None, n_stars: 12, saturated_star: None, ..clean() };
    let scene = simulate(&config).unwrap();
    let (x, y) = (scene.truth.f64("x").unwrap(), scene.truth.f64("y").unwrap());
    let flux = scene.truth.f64("flux").unwrap();
    let mut isolated = 0;
    for i in 0..x.len() {
        let alone = (0..x.len()).all(|j| j == i || (x[i] - x[j]).hypot(y[i] - y[j]) > 40.0);
        let inside = x[i] > 12.0 && y[i] > 12.0 && x[i] < 287.0 && y[i] < 227.0;
        if !(alone && inside) {
            continue;
        }
        isolated += 1;
        let (mut sum, mut sx, mut sy) = (0.0, 0.0, 0.0);
        for ((row, col), v) in scene.data.indexed_iter() {
            let (dx, dy) = (col as f64 - x[i], row as f64 - y[i]);
            if dx.hypot(dy) < 10.0 {
                let v = f64::from(*v) - f64::from(scene.sky[[row, col]]);
                sum += v;
                sx += v * dx;
                sy += v * dy;
            }
        }
        let expected = flux[i] * config.profile.encircled_energy(10.0);
        assert!((sum / expected - 1.0).abs() < 5e-3, "{sum} {expected}");
        assert!((sx / sum).abs() < 0.02 && (sy / sum).abs() < 0.02);
    }
    assert!(isolated >= 2, "{isolated}");
}

#[test]
fn noise_has_the_width_of_the_error_map() {
    let quiet = simulate(&SceneConfig { saturated_star: None, ..clean() }).unwrap();
    let noisy = simulate(&SceneConfig { noise: true, saturated_star: None, ..clean() }).unwrap();
    let pulls: Vec<f64> = noisy
        .data
        .iter()
        .zip(&quiet.data)
        .zip(&noisy.error)
        .map(|((a, b), e)| f64::from(a - b) / f64::from(*e))
        .collect();
    let n = pulls.len() as f64;
    let mean = pulls.iter().sum::<f64>() / n;
    let variance = pulls.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / n;
    assert!(mean.abs() < 4.0 / n.sqrt(), "{mean}");
    assert!((variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{variance}");
}

#[test]
fn defects_are_flagged() {
    let scene = simulate(&small()).unwrap();
    let count = |f: SceneFlags| scene.mask(f).iter().filter(|b| **b).count();
    assert_eq!(count(SceneFlags::BAD_COLUMN), 240);
    assert!((75..=80).contains(&count(SceneFlags::HOT)));
    assert!(count(SceneFlags::COSMIC_RAY) > 60);
    assert!(count(SceneFlags::SATURATED) > 50);
    let max = scene.data.iter().copied().fold(f32::MIN, f32::max);
    assert_eq!(max, 60_000.0);
    let saturated = scene.truth.f64("saturated").unwrap();
    let flux = scene.truth.f64("flux").unwrap();
    let brightest = (0..flux.len()).max_by(|a, b| flux[*a].total_cmp(&flux[*b])).unwrap();
    assert_eq!(saturated[brightest], 1.0);
    assert_eq!(SceneFlags::data_quality().decode(5), ["BAD_COLUMN", "SATURATED"]);
}

fn card(scene: &Scene, key: &str) -> MetaValue {
    scene.header.iter().find(|c| c.key == key).unwrap().value.clone()
}

#[test]
fn truth_and_header_have_the_coordinates_of_astropy() {
    let f: Value = serde_json::from_str(include_str!("fixtures/models.json")).unwrap();
    for w in f["wcs"].as_array().unwrap() {
        let number = |v: &Value| v.as_f64().unwrap();
        let shape = (w["shape"][0].as_u64().unwrap() as usize, w["shape"][1].as_u64().unwrap() as usize);
        let config = SceneConfig {
            shape,
            n_stars: 5,
            n_galaxies: 0,
            saturated_star: None,
            cluster: None,
            pixel_scale: number(&w["scale"]),
            position_angle_deg: number(&w["angle"]),
            pointing: (number(&w["pointing"][0]), number(&w["pointing"][1])),
            ..clean()
        };
        let scene = simulate(&config).unwrap();
        assert_eq!(card(&scene, "CRPIX1"), MetaValue::Float(shape.1 as f64 / 2.0 + 0.5));
        assert_eq!(card(&scene, "CTYPE2"), MetaValue::Str("DEC--TAN".into()));
        for (p, s) in w["pixels"].as_array().unwrap().iter().zip(w["sky"].as_array().unwrap()) {
            let found = config.pixel_to_sky((number(&p[0]), number(&p[1])).into());
            assert!((found.lon - number(&s[0])).abs() < 1e-10, "{} {}", found.lon, s[0]);
            assert!((found.lat - number(&s[1])).abs() < 1e-10, "{} {}", found.lat, s[1]);
        }
        let (x, y, ra) =
            (scene.truth.f64("x").unwrap(), scene.truth.f64("y").unwrap(), scene.truth.f64("ra").unwrap());
        for i in 0..x.len() {
            assert_eq!(config.pixel_to_sky((x[i], y[i]).into()).lon, ra[i]);
        }
    }
}

#[test]
fn the_demo_field_has_what_it_promises() {
    let scene = simulate(&SceneConfig::default()).unwrap();
    let kinds = scene.truth.column("kind").unwrap();
    let stars = kinds.as_str().unwrap().iter().filter(|k| *k == "star").count();
    assert!(stars >= 300 && scene.truth.n_rows() - stars >= 40);
    assert!(scene.data.iter().all(|v| v.is_finite()));
    assert!(scene.error.iter().all(|v| *v > 0.0));
}

#[test]
fn bad_configurations_are_errors() {
    let bad = |c: SceneConfig| simulate(&c).unwrap_err().to_string();
    assert!(bad(SceneConfig { shape: (0, 5), ..small() }).contains("height"));
    assert!(bad(SceneConfig { gain: 0.0, ..small() }).contains("gain must be positive"));
    assert!(bad(SceneConfig { star_flux: (10.0, 1.0), ..small() }).contains("star fluxes"));
    assert!(bad(SceneConfig { pointing: (0.0, 95.0), ..small() }).contains("declination"));
}
