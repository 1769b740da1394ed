//! What must hold for every circle and annulus.

use std::f64::consts::PI;

use proptest::prelude::*;
use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, annulus_coverage, circle_coverage, circle_pixel_overlap};

fn window(n: i64) -> BoundingBox {
    BoundingBox::new(0, n, 0, n).expect("a window")
}

fn circle(c: Point, r: f64, method: OverlapMethod, w: &BoundingBox) -> Coverage {
    let mut out = Coverage::new();
    circle_coverage(c, r, method, w, &mut out);
    out
}

fn annulus(c: Point, r_in: f64, r_out: f64, method: OverlapMethod, w: &BoundingBox) -> Coverage {
    let mut out = Coverage::new();
    annulus_coverage(c, r_in, r_out, method, w, &mut out);
    out
}

/// Area of the circle in a unit pixel, by the midpoint rule over heights of chords.
fn slow_weight(c: Point, r: f64, x: f64, y: f64) -> f64 {
    const N: usize = 20_000;
    let mut sum = 0.0;
    for k in 0..N {
        let px = x - 0.5 + (k as f64 + 0.5) / N as f64 - c.x;
        if px.abs() < r {
            let h = (r * r - px * px).sqrt();
            let (lo, hi) = ((y - 0.5 - c.y).max(-h), (y + 0.5 - c.y).min(h));
            sum += (hi - lo).max(0.0);
        }
    }
    sum / N as f64
}

/// Coordinates that are often on pixel edges and centres.
fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => 5.0..35.0,
        1 => (10_i32..70).prop_map(|k| f64::from(k) * 0.5),
        1 => (50_i32..350).prop_map(|k| f64::from(k) * 0.1),
    ]
}

fn radius() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => 0.01..4.0,
        2 => 3.0..20.0,
        1 => (1_i32..40).prop_map(|k| f64::from(k) * 0.5),
        1 => 1e-6..1e-2,
    ]
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn exact_weights_add_up_to_the_area(x in coordinate(), y in coordinate(), r in radius()) {
        let shift = 40.0;
        let c = Point::new(x + shift, y + shift);
        let cover = circle(c, r, OverlapMethod::Exact, &window(120));
        prop_assert!((cover.area() / (PI * r * r) - 1.0).abs() < 1e-12 + 2e-15 / r, "{}", cover.area());
        prop_assert!(!cover.has_outside());
        let r_in = 0.7 * r;
        let ring = annulus(c, r_in, r, OverlapMethod::Exact, &window(120));
        prop_assert!((ring.area() / (PI * (r * r - r_in * r_in)) - 1.0).abs() < 1e-12 + 5e-15 / r);
    }

    #[test]
    fn rows_agree_with_single_pixels(x in coordinate(), y in coordinate(), r in radius()) {
        let c = Point::new(x, y);
        let a = circle(c, r, OverlapMethod::Exact, &window(40)).to_array((40, 40));
        for ((j, i), &w) in a.indexed_iter() {
            let (x0, y0) = (i as f64 - 0.5 - x, j as f64 - 0.5 - y);
            let one = circle_pixel_overlap(x0, x0 + 1.0, y0, y0 + 1.0, r);
            prop_assert!((w - one).abs() < 2e-14 + 1e-15 * r, "({i}, {j}): {w} {one}");
            prop_assert!((0.0..=1.0).contains(&w));
        }
    }

    #[test]
    fn mirrored_and_shifted_circles_have_the_same_weights(x in coordinate(), y in coordinate(), r in radius()) {
        for method in [OverlapMethod::Exact, OverlapMethod::Center] {
            let a = circle(Point::new(x, y), r, method, &window(40)).to_array((40, 40));
            let b = circle(Point::new(39.0 - x, y), r, method, &window(40)).to_array((40, 40));
            let t = circle(Point::new(y, x), r, method, &window(40)).to_array((40, 40));
            let s = circle(Point::new(x + 64.0, y + 32.0), r, method, &window(140)).to_array((140, 140));
            // Samples on the circle may fall either way when the centre is rounded otherwise.
            let tolerance = if method == OverlapMethod::Exact { 1e-12 } else { 2.0 };
            let mut differ = 0;
            for ((j, i), &w) in a.indexed_iter() {
                for other in [b[[j, 39 - i]], t[[i, j]], s[[j + 32, i + 64]]] {
                    prop_assert!((w - other).abs() < tolerance, "({i}, {j}): {w} {other}");
                    differ += usize::from(w != other);
                }
            }
            if method == OverlapMethod::Center {
                prop_assert!(differ <= 24, "{differ}");
            }
        }
    }

    #[test]
    fn annulus_is_the_difference(x in coordinate(), y in coordinate(), r in radius(), f in 0.05..0.999) {
        let c = Point::new(x, y);
        let w = window(40);
        for method in [OverlapMethod::Exact, OverlapMethod::Center, OverlapMethod::Subpixel(4)] {
            let ring = annulus(c, f * r, r, method, &w).to_array((40, 40));
            let outer = circle(c, r, method, &w).to_array((40, 40));
            let inner = circle(c, f * r, method, &w).to_array((40, 40));
            for ((j, i), &v) in ring.indexed_iter() {
                prop_assert!(v >= 0.0);
                let expected = (outer[[j, i]] - inner[[j, i]]).max(0.0);
                prop_assert!((v - expected).abs() < 1e-13, "{method:?} ({i}, {j}): {v} {expected}");
            }
        }
    }

    #[test]
    fn a_window_only_cuts(x in -10.0..50.0_f64, y in -10.0..50.0_f64, r in radius()) {
        let c = Point::new(x, y);
        let big = BoundingBox::new(-40, 80, -40, 80).expect("a window");
        for method in [OverlapMethod::Exact, OverlapMethod::Center, OverlapMethod::Subpixel(3)] {
            let all = circle(c, r, method, &big).to_array((120, 120));
            let cut = circle(c, r, method, &window(40));
            let part = cut.to_array((40, 40));
            let inside = all.slice(ndarray::s![40..80, 40..80]);
            prop_assert!(inside.iter().zip(&part).all(|(a, b)| (a - b).abs() < 1e-15), "{method:?}");
            let outside = all.iter().filter(|&&v| v > 0.0).count() > inside.iter().filter(|&&v| v > 0.0).count();
            prop_assert_eq!(cut.has_outside(), outside || !cut.overlaps(), "{:?}", method);
        }
    }
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn exact_weights_agree_with_the_slow_integral(x in coordinate(), y in coordinate(), r in 0.05..6.0_f64) {
        let c = Point::new(x, y);
        let a = circle(c, r, OverlapMethod::Exact, &window(42)).to_array((42, 42));
        for ((j, i), &w) in a.indexed_iter().filter(|(_, w)| **w > 0.0 && **w < 1.0) {
            let slow = slow_weight(c, r, i as f64, j as f64);
            prop_assert!((w - slow).abs() < 2e-6, "({i}, {j}): {w} {slow}");
        }
    }

    #[test]
    fn many_samples_come_close_to_exact(x in coordinate(), y in coordinate(), r in 0.5..6.0_f64) {
        let c = Point::new(x, y);
        let a = circle(c, r, OverlapMethod::Exact, &window(42)).to_array((42, 42));
        let b = circle(c, r, OverlapMethod::Subpixel(60), &window(42)).to_array((42, 42));
        for (w, s) in a.iter().zip(&b) {
            prop_assert!((w - s).abs() < 0.03, "{w} {s}");
        }
    }
}

#[test]
fn special_circles() {
    let w = window(21);
    // A circle inside one pixel, on an edge, on a corner.
    for (x, y) in [(10.0, 10.0), (10.5, 10.0), (10.5, 10.5), (10.0, 9.5)] {
        let c = circle(Point::new(x, y), 0.1, OverlapMethod::Exact, &w);
        assert!((c.area() - PI * 0.01).abs() < 1e-17);
        let n = (1 + usize::from(x.fract() != 0.0)) * (1 + usize::from(y.fract() != 0.0));
        let mut seen = 0;
        c.for_each(|_, _, v| {
            seen += 1;
            assert!((v - PI * 0.01 / n as f64).abs() < 1e-17);
        });
        assert_eq!(seen, n);
    }
    // The circle reaches exactly to pixel edges.
    let c = circle(Point::new(10.0, 10.0), 2.5, OverlapMethod::Exact, &w);
    assert!((c.area() / (PI * 6.25) - 1.0).abs() < 1e-14);
    // Samples on the circle are outside: 3-4-5.
    let c = circle(Point::new(10.0, 10.0), 5.0, OverlapMethod::Center, &w);
    assert_eq!(c.to_array((21, 21))[[14, 13]], 0.0);
    assert_eq!(c.area(), 69.0);
    // Larger than the window: all of it, and something outside.
    let c = circle(Point::new(10.0, 10.0), 1e9, OverlapMethod::Exact, &w);
    assert_eq!((c.area(), c.has_outside()), (441.0, true));
    let c = circle(Point::new(1e9, 10.0), 1e9 - 20.0, OverlapMethod::Exact, &w);
    assert!(c.area() > 0.0 && c.area() < 21.0);
    // No common pixel.
    let c = circle(Point::new(-30.0, 10.0), 3.0, OverlapMethod::Exact, &w);
    assert_eq!((c.area(), c.overlaps()), (0.0, false));
    // A thin ring.
    let c = annulus(Point::new(10.1, 10.2), 4.0 - 1e-9, 4.0, OverlapMethod::Exact, &w);
    assert!((c.area() / (PI * (8.0 * 1e-9)) - 1.0).abs() < 1e-5);
}
