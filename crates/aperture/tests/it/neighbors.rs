//! Pixels of neighbours, next to photutils.
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use serde_json::Value;
use skyphot_aperture::{
    Aperture, ApertureError, AperturePhotometry, ApertureStats, CircularAperture, EllipticalAperture,
    NeighborMethod, Neighbors, OverlapMethod, PhotometryConfig, PixelShape, PolygonAperture, StatsConfig,
    aperture_cutout,
};
use skyphot_core::{FlagSet, Point};
use skyphot_stats::SigmaClip;

use crate::scene::{NX, NY, assert_close, assert_near, numbers, positions, scene};

fn how(name: &Value) -> NeighborMethod {
    [
        NeighborMethod::Mask,
        NeighborMethod::Correct,
        NeighborMethod::SourceOnly,
        NeighborMethod::BackgroundOnly,
    ]
    .into_iter()
    .find(|h| h.name() == name)
    .unwrap()
}

fn shapes() -> [PixelShape; 3] {
    let triangle = [(-2.0, -3.0), (9.0, 1.0), (1.0, 6.0)].map(|(x, y)| Point::new(x, y));
    [
        CircularAperture::new(4.2).unwrap().into(),
        EllipticalAperture::new(9.0, 4.0, 0.7).unwrap().into(),
        PolygonAperture::new(triangle.to_vec()).unwrap().into(),
    ]
}

#[test]
fn neighbours_are_treated_as_in_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/neighbors.json")).unwrap();
    let labels: Vec<i32> = numbers(&all["labels"]).iter().map(|v| *v as i32).collect();
    let own: Vec<i32> = numbers(&all["own"]).iter().map(|v| *v as i32).collect();
    let labels = Array2::from_shape_vec((NY, NX), labels).unwrap();
    let places = positions(&all["positions"]);
    let s = scene(true);
    let image = s.image(true);
    let shapes = shapes();
    let mut seen = 0;
    for c in all["cases"].as_array().unwrap() {
        let how = how(&c["how"]);
        let method = if c["method"] == "exact" { OverlapMethod::Exact } else { OverlapMethod::Center };
        let config = PhotometryConfig { method, ..PhotometryConfig::default() };
        let shape = &shapes[c["shape"].as_u64().unwrap() as usize];
        let neighbors = Neighbors::new(labels.view(), &own, how);
        let p = AperturePhotometry::measure_with_neighbors(&image, &places, &[shape], &neighbors, &config)
            .unwrap();
        let what = format!("{} {} {}", c["shape"], c["how"], c["method"]);
        for (i, (f, e)) in p.flags(0).iter().zip(numbers(&c["flags"])).enumerate() {
            assert_eq!(f64::from(f.bits()), e, "flags {what}, position {i}");
            seen |= f.bits();
        }
        assert_close(p.flux(0), &numbers(&c["flux"]), 1e-11, &format!("flux {what}"));
        assert_close(p.flux_err(0), &numbers(&c["flux_err"]), 1e-11, &format!("flux_err {what}"));
        assert_close(p.area(0), &numbers(&c["area"]), 1e-11, &format!("area {what}"));
        // The same shape at every position, given one by one.
        let each = vec![shape.clone(); places.len()];
        let q =
            AperturePhotometry::measure_each(&image, &places, &[&each], Some(&neighbors), &config).unwrap();
        assert!(p.flux(0).iter().zip(q.flux(0)).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    assert_eq!(seen & (64 | 128), 64 | 128);
}

#[test]
fn statistics_without_neighbours_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/neighbors.json")).unwrap();
    let whole = |v: &Value| numbers(v).iter().map(|v| *v as i32).collect::<Vec<_>>();
    let labels = Array2::from_shape_vec((NY, NX), whole(&all["labels"])).unwrap();
    let (own, places, shapes) = (whole(&all["own"]), positions(&all["positions"]), shapes());
    let s = scene(true);
    let image = s.image(true);
    let cases: Value = serde_json::from_str(include_str!("fixtures/neighbor_stats.json")).unwrap();
    let mut seen = 0;
    for c in cases["cases"].as_array().unwrap() {
        let k = c["shape"].as_u64().unwrap() as usize;
        let places: Vec<Point> = places.iter().skip(k).step_by(4).copied().collect();
        let own: Vec<i32> = own.iter().skip(k).step_by(4).copied().collect();
        let how = how(&c["how"]);
        let clipped = c["clip"].as_bool().unwrap();
        let config = StatsConfig {
            sigma_clip: clipped.then(|| SigmaClip::new(2.0).with_max_iters(Some(5))),
            sum_method: if k == 0 { OverlapMethod::Subpixel(5) } else { OverlapMethod::Exact },
            ..StatsConfig::default()
        };
        let neighbors = Neighbors::new(labels.view(), &own, how);
        let found =
            ApertureStats::measure_with_neighbors(&image, &places, &shapes[k], &neighbors, &config).unwrap();
        let what = format!("shape {k} {} clip {clipped}", how.name());
        for name in ApertureStats::COLUMNS.iter().filter(|n| !c[**n].is_null()) {
            let (f, e) = (found.column(name).unwrap(), numbers(&c[*name]));
            let size = if *name == "orientation" { 1.0 } else { 0.0 };
            assert_near(f, &e, 1e-10, size, &format!("{name} {what}"));
        }
        for (i, (f, e)) in found.flags.iter().zip(numbers(&c["flags"])).enumerate() {
            assert_eq!(f64::from(f.bits()), e, "flags {what}, position {i}: {:?}", f.names());
            seen |= f.bits();
        }
        for (k3, cut) in c["cutouts"].as_array().unwrap().iter().enumerate() {
            let i = 3 * k3;
            let one = Neighbors::new(labels.view(), &own[i..=i], how);
            let found = aperture_cutout(&image, places[i], &shapes[k], Some(&one), &config).unwrap();
            let fold = |a: &Array2<f64>| {
                let n = a.iter().filter(|v| v.is_finite()).count();
                let sum: f64 =
                    a.iter().zip(1..).filter(|(v, _)| v.is_finite()).map(|(v, k)| v * f64::from(k)).sum();
                (n as f64, sum)
            };
            let Some(found) = found else {
                assert_eq!(cut[0][0], 0, "{what}, cutout {i}");
                continue;
            };
            for (a, e) in [&found.data, &found.data_sum, &found.error_sum.unwrap()]
                .into_iter()
                .zip([&cut[0], &cut[1], &cut[2]])
            {
                let (f, e) = (fold(a), numbers(e));
                assert!(
                    f.0 == e[0] && (f.1 - e[1]).abs() <= 1e-11 * e[1].abs(),
                    "{what}, cutout {i}: found {f:?}, expected {e:?}"
                );
            }
        }
        // The same shape at every position, given one by one.
        let each: Vec<&dyn Aperture> = places.iter().map(|_| shapes[k].as_aperture()).collect();
        let again = ApertureStats::measure_each(&image, &places, &each, Some(&neighbors), &config).unwrap();
        assert!(found.std.iter().zip(&again.std).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    assert_eq!(seen & (64 | 128), 64 | 128);
}

#[test]
fn labels_are_checked() {
    let s = scene(false);
    let image = s.image(false);
    let (config, r) = (PhotometryConfig::default(), CircularAperture::new(2.0).unwrap());
    let labels = Array2::from_elem((NY, NX), 3);
    let at = [Point::new(5.0, 5.0)];
    let run = |l: &Array2<i32>, own: &[i32]| {
        let n = Neighbors::new(l.view(), own, NeighborMethod::Mask);
        AperturePhotometry::measure_with_neighbors(&image, &at, &[&r], &n, &config)
    };
    assert!(matches!(run(&labels, &[]), Err(ApertureError::LabelCount { expected: 1, found: 0 })));
    assert!(matches!(run(&labels, &[4]), Err(ApertureError::UnknownLabel { label: 4 })));
    assert!(matches!(run(&Array2::zeros((3, 3)), &[0]), Err(ApertureError::Core(_))));
    assert!(run(&labels, &[3]).is_ok() && run(&labels, &[0]).is_ok());
    let none: [&[CircularAperture]; 1] = [&[]];
    assert!(matches!(
        AperturePhotometry::measure_each(&image, &at, &none, None, &config),
        Err(ApertureError::ShapeCount { expected: 1, found: 0 })
    ));
}
