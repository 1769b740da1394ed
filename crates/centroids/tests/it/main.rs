//! Comparisons with photutils (`tests/reference/gen_centroids.py`), symmetries, flags and thread counts.

#![allow(clippy::unwrap_used)]

mod properties;
mod symmetry;

use std::num::NonZeroUsize;

use ndarray::{Array2, s};
use serde_json::Value;
use skyphot_centroids::{
    CentroidError, CentroidFlags, CentroidMethod, CentroidSourcesConfig, centroid_1dg, centroid_2dg,
    centroid_com, centroid_quadratic, centroid_sources,
};
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point};

const SHAPE: (usize, usize) = (60, 80);
const SOURCES: [(f64, f64); 6] =
    [(20.0, 15.0), (50.0, 20.0), (33.0, 42.0), (64.0, 44.0), (2.0, 56.0), (70.0, 10.0)];
/// How far photutils' fits stop short of the minimum, measured on these sources: at most 2.6e-7 pixels.
const FITTER: f64 = 1e-6;
const MINIMUM: f64 = 1e-8;

struct Scene {
    data: Array2<f64>,
    error: Array2<f64>,
    mask: Array2<bool>,
    data_nan: Array2<f64>,
}

fn scene() -> Scene {
    let at = |seed: u64, y: usize, x: usize| uniform(seed, (y * SHAPE.1 + x) as u64);
    let mut data = Array2::from_shape_fn(SHAPE, |(y, x)| noise(5, (y * SHAPE.1 + x) as u64));
    for (i, (px, py)) in SOURCES.iter().enumerate() {
        let k = 2 * i as u64;
        for ((y, x), v) in data.indexed_iter_mut() {
            let dx = x as f64 - (px + uniform(6, k) - 0.5);
            let dy = y as f64 - (py + uniform(6, k + 1) - 0.5);
            let q = 1.0 + (dx * dx + 0.5 * dx * dy + 1.5 * dy * dy) / (8.0 + 2.0 * i as f64);
            *v += (200.0 + 100.0 * i as f64) / (q * q * q);
        }
    }
    let data_nan =
        Array2::from_shape_fn(SHAPE, |(y, x)| if at(9, y, x) < 0.01 { f64::NAN } else { data[[y, x]] });
    Scene {
        data,
        error: Array2::from_shape_fn(SHAPE, |(y, x)| 1.0 + 0.5 * at(7, y, x)),
        mask: Array2::from_shape_fn(SHAPE, |(y, x)| at(8, y, x) < 0.03),
        data_nan,
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn near(what: &str, found: Point, expected: &Value, tolerance: f64) {
    let e = numbers(expected);
    if e[0].is_nan() && e[1].is_nan() {
        assert!(found.x.is_nan() && found.y.is_nan(), "{what}: {found:?} instead of NaN");
        return;
    }
    let d = found.distance(Point::new(e[0], e[1]));
    assert!(d <= tolerance, "{what}: found {found:?}, expected {e:?}, off by {d:e}");
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/centroids.json")).unwrap()
}

#[test]
fn cutouts_as_photutils() {
    let scene = scene();
    for case in fixture()["cutouts"].as_array().unwrap() {
        let kind = case["kind"].as_str().unwrap();
        let start = |key: &str| case[key].as_u64().unwrap() as usize;
        let (x0, y0) = (start("x0"), start("y0"));
        let area = s![y0..y0 + 19, x0..x0 + 21];
        let data = if kind == "nan" { &scene.data_nan } else { &scene.data };
        let mut image = Image::new(data.slice(area)).unwrap();
        if kind == "error" {
            image = image.with_error(scene.error.slice(area)).unwrap();
        }
        if kind == "mask" {
            image = image.with_mask(scene.mask.slice(area)).unwrap();
        }
        let what = |name: &str| format!("{kind} {x0} {y0} {name}");
        near(&what("com"), centroid_com(&image).position, &case["com"], 1e-10);
        let quadratic = |size| centroid_quadratic(&image, size).unwrap().position;
        near(&what("quadratic"), quadratic((5, 5)), &case["quadratic"], 1e-10);
        near(&what("quadratic 3 x 7"), quadratic((3, 7)), &case["quadratic_3x7"], 1e-10);
        for (name, found) in [("g1", centroid_1dg(&image)), ("g2", centroid_2dg(&image))] {
            near(&what(name), found.position, &case[name], FITTER);
            near(&what(name), found.position, &case[format!("{name}_minimum")], MINIMUM);
            assert!(!found.flags.contains(CentroidFlags::NOT_CONVERGED));
        }
        let bad = kind == "mask" || kind == "nan" && centroid_com(&image).flags != CentroidFlags::empty();
        assert_eq!(centroid_2dg(&image).flags.contains(CentroidFlags::MASKED_PIXELS), bad);
    }
}

#[test]
fn sources_as_photutils() {
    let scene = scene();
    let f = &fixture()["sources"];
    let mut footprint = Array2::from_elem((9, 11), true);
    footprint.slice_mut(s![..2, ..3]).fill(false);
    let plain = Image::new(scene.data.view()).unwrap();
    let methods = [
        ("com", CentroidMethod::Com, 1e-10),
        ("quadratic", CentroidMethod::quadratic(), 1e-10),
        ("symmetry", CentroidMethod::symmetry(), symmetry::SEARCH),
    ];
    for (name, method, tolerance) in methods {
        let config = CentroidSourcesConfig { box_size: (9, 13), method, ..Default::default() };
        let found = centroid_sources(&plain, &SOURCES.map(Point::from), &config).unwrap();
        let config = CentroidSourcesConfig { footprint: Some(footprint.clone()), ..config };
        let masked = plain.with_mask(scene.mask.view()).unwrap();
        let moved = SOURCES.map(|(x, y)| Point::new(x + 0.3, y - 0.4));
        let in_footprint = centroid_sources(&masked, &moved, &config).unwrap();
        for (key, found) in [(name.to_owned(), found), (format!("{name}_footprint"), in_footprint)] {
            let (x, y) = (numbers(&f[&key][0]), numbers(&f[&key][1]));
            for i in 0..x.len() {
                let e = serde_json::json!([x[i], y[i]]);
                near(&format!("{key} {i}"), Point::new(found.x[i], found.y[i]), &e, tolerance);
            }
            // The fifth source lies near the left edge.
            assert!(found.flags[4].contains(CentroidFlags::PARTIAL_OVERLAP));
            assert_eq!(found.to_table().unwrap().names(), ["id", "x_centroid", "y_centroid", "flags"]);
        }
    }
}

fn methods() -> [CentroidMethod; 5] {
    [
        CentroidMethod::Com,
        CentroidMethod::quadratic(),
        CentroidMethod::Gaussian1d,
        CentroidMethod::Gaussian2d,
        CentroidMethod::symmetry(),
    ]
}

#[test]
fn flips_and_shifts_commute() {
    let scene = scene();
    let area = s![6..25, 10..31];
    for method in methods() {
        let measure = |view| method.measure(&Image::new(view).unwrap()).unwrap().position;
        let a = measure(scene.data.slice(area));
        let flipped = measure(scene.data.slice(s![6..25;-1, 10..31;-1]));
        // The search for symmetry ends at 1e-5 pixels.
        let near = if method == CentroidMethod::symmetry() { 1e-5 } else { 1e-8 };
        assert!((a.x + flipped.x - 20.0).abs() < near && (a.y + flipped.y - 18.0).abs() < near, "{method:?}");
        let turned = measure(scene.data.slice(area).reversed_axes());
        assert!((a.x - turned.y).abs() < near && (a.y - turned.x).abs() < near, "{method:?}");
        let single = scene.data.mapv(|v| v as f32);
        let b = method.measure(&Image::new(single.slice(area)).unwrap()).unwrap().position;
        assert!(a.distance(b) < 1e-5, "{method:?}");
    }
}

#[test]
fn an_exact_gaussian_is_recovered() {
    for (theta, sx, sy) in [(0.0_f64, 1.0, 1.0), (0.6, 4.0, 0.7), (-1.2, 0.45, 2.5), (0.3, 9.0, 6.0)] {
        let (sin, cos) = theta.sin_cos();
        let data = Array2::from_shape_fn((31, 27), |(y, x)| {
            let (dx, dy) = (x as f64 - 12.37, y as f64 - 16.81);
            let (u, v) = ((dx * cos + dy * sin) / sx, (dy * cos - dx * sin) / sy);
            37.0 * (-0.5 * (u * u + v * v)).exp()
        });
        let c = centroid_2dg(&Image::new(data.view()).unwrap());
        let off = c.position.distance(Point::new(12.37, 16.81));
        assert!(off < 1e-9 && c.flags.is_empty(), "{theta} {sx} {sy}: {off:e} {:?}", c.flags);
    }
}

#[test]
fn what_cannot_be_centred_is_flagged() {
    let flat = Array2::from_elem((11, 11), 3.0);
    let image = Image::new(flat.view()).unwrap();
    for f in [centroid_1dg(&image), centroid_2dg(&image)] {
        assert!(!f.is_ok() && f.flags == CentroidFlags::NO_SIGNAL);
    }
    let zero = Array2::<f32>::zeros((11, 11));
    assert!(!centroid_com(&Image::new(zero.view()).unwrap()).is_ok());
    let nan = Array2::from_elem((11, 11), f64::NAN);
    for m in methods() {
        let c = m.measure(&Image::new(nan.view()).unwrap()).unwrap();
        assert!(!c.is_ok() && c.flags.contains(CentroidFlags::ALL_MASKED), "{m:?}");
    }
    let mut few = nan.clone();
    few.slice_mut(s![5, 3..8]).fill(1.0);
    few[[5, 5]] = 2.0;
    let image = Image::new(few.view()).unwrap();
    assert!(centroid_2dg(&image).flags.contains(CentroidFlags::TOO_FEW_PIXELS));
    assert!(centroid_quadratic(&image, (5, 5)).unwrap().flags.contains(CentroidFlags::TOO_FEW_PIXELS));
    let ramp = Array2::from_shape_fn((11, 11), |(y, x)| (x * y) as f64);
    let c = centroid_quadratic(&Image::new(ramp.view()).unwrap(), (5, 5)).unwrap();
    assert_eq!((c.position, c.flags), (Point::new(10.0, 10.0), CentroidFlags::PEAK_ON_EDGE));

    let config = CentroidSourcesConfig::default();
    let image = Image::new(ramp.view()).unwrap();
    let outside = [Point::new(-0.1, 5.0), Point::new(5.0, f64::NAN), Point::new(5.0, 10.1)];
    let c = centroid_sources(&image, &outside, &config).unwrap();
    assert!(c.x.iter().all(|x| x.is_nan()) && c.flags.iter().all(|f| *f == CentroidFlags::OUTSIDE));
    assert!(centroid_sources(&image, &[], &config).unwrap().is_empty());
    let even = CentroidSourcesConfig { box_size: (4, 5), ..config };
    assert!(matches!(centroid_sources(&image, &[], &even), Err(CentroidError::EvenBox { .. })));
    let tiny = CentroidMethod::Quadratic { fit_box: (1, 5) };
    assert_eq!(tiny.validate(), Err(CentroidError::FitBoxTooSmall((1, 5))));
}

#[test]
fn threads_do_not_change_a_bit() {
    let scene = scene();
    let image = Image::new(scene.data.view()).unwrap().with_mask(scene.mask.view()).unwrap();
    let positions: Vec<Point> = (0..40_u64)
        .map(|i| Point::new(79.0 * uniform(1, i), 59.0 * uniform(2, i)))
        .chain(SOURCES.map(Point::from))
        .collect();
    for method in methods() {
        let run = |threads| {
            let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
            let config = CentroidSourcesConfig { method, exec, ..Default::default() };
            let c = centroid_sources(&image, &positions, &config).unwrap();
            c.x.iter().chain(&c.y).map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        let one = run(1);
        for threads in [2, 3, 7] {
            assert_eq!(run(threads), one);
        }
    }
}
