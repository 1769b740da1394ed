//! 2,000 apertures of every shape by formula, next to photutils': see `tests/reference/gen_shapes.py`.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use serde_json::Value;
use skyphot_aperture::{
    Aperture, ApertureMask, AperturePhotometry, CircularAnnulus, CircularAperture, EllipticalAnnulus,
    EllipticalAperture, OverlapMethod, PhotometryConfig, PixelShape, PolygonAperture, RectangularAnnulus,
    RectangularAperture,
};
use skyphot_core::testing::uniform;
use skyphot_core::{FlagSet, Point};

use crate::scene::{NX, NY, numbers, scene};

const N: usize = 2000;

fn shape(kind: u64, i: usize) -> (Point, PixelShape) {
    let u = |k: usize| uniform(700 + kind, (64 * i + k) as u64);
    let round = |v: f64| (v + 0.5).floor();
    let (mut x, mut y) = (u(0) * (NX + 30) as f64 - 15.5, u(1) * (NY + 30) as f64 - 15.5);
    if i.is_multiple_of(4) {
        (x, y) = (round(x), round(y));
    } else if i % 4 == 1 {
        x = round(x) + 0.5;
        if i % 8 == 1 {
            y = round(y) + 0.5;
        }
    } else if i % 16 == 2 {
        x = 500.0 + 100.0 * u(0);
    }
    let mut s = 1e-3 + 200.0 * (u(2) * u(2)) * (u(2) * u(2));
    if i.is_multiple_of(3) && s > 1.0 {
        s = (2.0 * s).floor() / 2.0;
    }
    let mut t = s * (0.02 + 0.98 * u(3));
    if i.is_multiple_of(6) && t > 1.0 {
        t = (2.0 * t).floor() / 2.0;
    }
    let mut theta = 12.0 * u(4) - 6.0;
    if i.is_multiple_of(5) {
        theta = (12.0 * u(4)).floor() * std::f64::consts::FRAC_PI_4;
    }
    if i % 10 == 5 {
        theta = 0.0;
    }
    let (f, g) = (0.1 + 0.89 * u(5), 0.1 + 0.89 * u(6));
    let any = match kind {
        0 => CircularAperture::new(s).unwrap().into(),
        1 => CircularAnnulus::new(f * s, s).unwrap().into(),
        2 => EllipticalAperture::new(s, t, theta).unwrap().into(),
        3 => EllipticalAnnulus::new(f * s, s, g * t, t, theta).unwrap().into(),
        4 => RectangularAperture::new(s, t, theta).unwrap().into(),
        5 => RectangularAnnulus::new(f * s, s, g * t, t, theta).unwrap().into(),
        _ => {
            let n = 3 + (u(7) * 10.0) as usize;
            let v: Vec<Point> = (0..n)
                .map(|k| {
                    let d = 4.0 * (k as f64 + 0.9 * u(10 + k)) / n as f64;
                    let r = s * (0.3 + 0.7 * u(30 + k));
                    let e = d - d.floor();
                    let c = 1.0 - e;
                    let (px, py) = [(c, e), (-e, c), (-c, -e), (e, -c)][d as usize];
                    Point::new(r * px, r * py)
                })
                .collect();
            let tried: Vec<Point> = v
                .iter()
                .map(|p| if i.is_multiple_of(4) { Point::new(round(p.x), round(p.y)) } else { *p })
                .collect();
            PolygonAperture::new(tried)
                .or_else(|_| PolygonAperture::new(v.into_iter().rev().collect()))
                .unwrap()
                .into()
        }
    };
    (Point::new(x, y), any)
}

/// Not one number differs by more than the tolerance, which is relative above 1.
fn close(got: f64, want: f64, tolerance: f64, what: &str) {
    let same = got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= tolerance * want.abs();
    assert!(same, "{what}: got {got}, photutils {want}");
}

fn check(kind: u64, text: &str) {
    let all: Value = serde_json::from_str(text).unwrap();
    let column = |name: &str| numbers(&all[name]);
    let s = scene(true);
    let image = s.image(true);
    let shapes: Vec<(Point, PixelShape)> = (0..N).map(|i| shape(kind, i)).collect();
    let bbox = column("bbox");
    // Weights that are rounding, not 0, let bad pixels count: see docs/known-differences.md.
    let noisy: HashMap<usize, (f64, f64)> =
        all["noisy"].as_array().unwrap().iter().map(numbers).map(|c| (c[0] as usize, (c[1], c[2]))).collect();
    for (method, prefix) in [
        (OverlapMethod::Exact, ""),
        (OverlapMethod::Center, "center"),
        (OverlapMethod::Subpixel(5), "subpixel"),
    ] {
        let name = |c: &str| if prefix.is_empty() { c.to_owned() } else { format!("{prefix}_{c}") };
        let (flux, flags) = (column(&name("flux")), column(&name("flags")));
        let exact = method == OverlapMethod::Exact;
        let sums = column(if exact { "mixed" } else { prefix });
        let (err, area) = (column("flux_err"), column("area"));
        let config = PhotometryConfig { method, ..PhotometryConfig::default() };
        for (i, (p, a)) in shapes.iter().enumerate() {
            let what = format!("{} {:?} at {p:?} ({i}), {}", a.name(), a.params(), method.name());
            let m = ApertureMask::new(a, *p, method).unwrap();
            let b = m.bbox();
            assert_eq!(
                [b.x_min, b.x_max, b.y_min, b.y_max].map(|v| v as f64),
                bbox[4 * i..4 * i + 4],
                "{what}"
            );
            let w = m.data();
            if exact {
                let mixed: f64 = w.iter().zip(0_u64..).map(|(w, k)| w * uniform(5, k)).sum();
                close(mixed, sums[i], 1e-10, &format!("weights {what}"));
            } else {
                let n = if method == OverlapMethod::Center { 1.0 } else { 25.0 };
                let count: f64 = w.iter().zip(1_u32..).map(|(w, k)| (w * n).round() * f64::from(k)).sum();
                assert_eq!(count, sums[i], "samples {what}");
            }
            let phot = AperturePhotometry::measure(&image, &[*p], &[a], &config).unwrap();
            close(phot.flux(0)[0], flux[i], 1e-10, &format!("flux {what}"));
            let (want_flags, want_err) =
                noisy.get(&i).filter(|_| exact).copied().unwrap_or((flags[i], err[i]));
            if exact {
                close(phot.flux_err(0)[0], want_err, 1e-10, &format!("flux_err {what}"));
                close(phot.area(0)[0], area[i], 1e-10, &format!("area {what}"));
            }
            assert_eq!(
                f64::from(phot.flags(0)[0].bits()),
                want_flags,
                "flags {what} {:?}",
                phot.flags(0)[0].names()
            );
        }
    }
    let few = all["weights"].as_array().unwrap();
    assert!(few.len() > 15, "{}", few.len());
    for c in few {
        let (p, a) = &shapes[c[0].as_u64().unwrap() as usize];
        let m = ApertureMask::new(a, *p, OverlapMethod::Exact).unwrap();
        for (w, want) in m.data().iter().zip(numbers(&c[1])) {
            assert!((w - want).abs() <= 1e-10, "{a:?} at {p:?}: {w} {want}");
        }
    }
}

#[test]
fn circles() {
    check(0, include_str!("fixtures/shapes_circle.json"));
}

#[test]
fn circular_annuli() {
    check(1, include_str!("fixtures/shapes_circular_annulus.json"));
}

#[test]
fn ellipses() {
    check(2, include_str!("fixtures/shapes_ellipse.json"));
}

#[test]
fn elliptical_annuli() {
    check(3, include_str!("fixtures/shapes_elliptical_annulus.json"));
}

#[test]
fn rectangles() {
    check(4, include_str!("fixtures/shapes_rectangle.json"));
}

#[test]
fn rectangular_annuli() {
    check(5, include_str!("fixtures/shapes_rectangular_annulus.json"));
}

#[test]
fn polygons() {
    check(6, include_str!("fixtures/shapes_polygon.json"));
}
