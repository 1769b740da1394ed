//! What must hold for every ellipse, rectangle and polygon.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use proptest::prelude::*;
use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{
    Coverage, Ellipse, GeometryError, OverlapMethod, Polygon, Rectangle, circle_coverage,
};

fn window(n: i64) -> BoundingBox {
    BoundingBox::new(0, n, 0, n).expect("a window")
}

/// Weights of a shape over a window.
fn cover(fill: impl Fn(&BoundingBox, &mut Coverage), w: &BoundingBox) -> Coverage {
    let mut out = Coverage::new();
    fill(w, &mut out);
    out
}

fn ellipse(e: &Ellipse, c: Point, m: OverlapMethod, w: &BoundingBox) -> Coverage {
    cover(|w, out| e.coverage(c, m, w, out), w)
}

fn rectangle(r: &Rectangle, c: Point, m: OverlapMethod, w: &BoundingBox) -> Coverage {
    cover(|w, out| r.coverage(c, m, w, out), w)
}

fn polygon(p: &Polygon, c: Point, m: OverlapMethod, w: &BoundingBox) -> Coverage {
    cover(|w, out| p.coverage(c, m, w, out), w)
}

/// Sizes from 1e-3 to 200 px, angles of every kind, places on edges and elsewhere.
fn size() -> impl Strategy<Value = f64> {
    prop_oneof![(-3.0..2.3_f64).prop_map(|e| 10.0_f64.powf(e)), (1..40_u32).prop_map(|k| 0.5 * f64::from(k)),]
}

fn angle() -> impl Strategy<Value = f64> {
    prop_oneof![-7.0..7.0_f64, (-8..8_i32).prop_map(|k| 0.5 * FRAC_PI_2 * f64::from(k))]
}

fn place() -> impl Strategy<Value = Point> {
    let one = || prop_oneof![240.0..260.0_f64, (480..520_u32).prop_map(|k| 0.5 * f64::from(k))];
    (one(), one()).prop_map(|(x, y)| Point::new(x, y))
}

/// A star-shaped polygon.
fn star() -> impl Strategy<Value = Vec<Point>> {
    (size(), prop::collection::vec(0.2..1.0_f64, 3..14)).prop_map(|(s, radii)| {
        let n = radii.len() as f64;
        (0_u32..)
            .zip(radii)
            .map(|(k, r)| {
                let (sin, cos) = (TAU * f64::from(k) / n + 0.1).sin_cos();
                Point::new(s * r * cos, s * r * sin)
            })
            .collect()
    })
}

/// Whether a sum of weights is the area of a shape that reaches no further than `reach` from its position.
///
/// Its boundary is followed at places that are rounded a few times: the ends, where they cross rows, and their
/// distances from the left of the window, which are up to `2 reach + 1`. Such an error can be the same along a whole
/// side and, for a side at 45 degrees, in each row; two sides as long as the shape then lose an area that long.
fn close(sum: f64, area: f64, reach: f64) -> bool {
    let place = 4.0 * 0.5 * f64::EPSILON * (2.0 * reach + 1.0);
    (sum - area).abs() <= 1e-13 * area + 2.0 * (2.0 * reach) * place
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn weights_sum_to_the_area(a in size(), b in size(), t in angle(), c in place(), v in star()) {
        let w = window(500);
        let e = ellipse(&Ellipse::new(a, b, t).unwrap(), c, OverlapMethod::Exact, &w);
        prop_assert!(close(e.area(), PI * a * b, a.max(b)), "ellipse {a} {b} {t}: {} {}", e.area(), PI * a * b);
        let r = rectangle(&Rectangle::new(a, b, t).unwrap(), c, OverlapMethod::Exact, &w);
        prop_assert!(close(r.area(), a * b, 0.5 * a.hypot(b)), "rectangle {a} {b} {t}: {} {}", r.area(), a * b);
        let reach = v.iter().map(|p| p.x.hypot(p.y)).fold(0.0, f64::max);
        let p = Polygon::new(v).unwrap();
        let sum = polygon(&p, c, OverlapMethod::Exact, &w).area();
        prop_assert!(close(sum, p.area(), reach), "{p:?}: {sum} {}", p.area());
    }

    #[test]
    fn weights_are_fractions_and_the_parts_of_a_window_agree(
        a in size(), b in size(), t in angle(), c in place(), v in star(), cut in 200_i64..300,
    ) {
        let (e, r) = (Ellipse::new(a, b, t).unwrap(), Rectangle::new(a, b, t).unwrap());
        let p = Polygon::new(v).unwrap();
        for method in [OverlapMethod::Exact, OverlapMethod::Center, OverlapMethod::Subpixel(3)] {
            let shapes: [&dyn Fn(&BoundingBox) -> Coverage; 3] = [
                &|w| ellipse(&e, c, method, w),
                &|w| rectangle(&r, c, method, w),
                &|w| polygon(&p, c, method, w),
            ];
            for f in shapes {
                let whole = f(&window(500)).to_array((500, 500));
                prop_assert!(whole.iter().all(|w| (0.0..=1.0).contains(w)));
                let part = f(&BoundingBox { x_min: cut, x_max: 500, y_min: 500 - cut, y_max: 500 });
                let part = part.to_array((cut as usize, (500 - cut) as usize));
                let same = whole.slice(ndarray::s![(500 - cut) as usize.., cut as usize..]);
                for (x, y) in part.iter().zip(&same) {
                    prop_assert!((x - y).abs() <= 1e-12, "{method:?} {x} {y} {a} {b} {t} {c:?}");
                }
            }
        }
    }

    #[test]
    fn an_ellipse_of_equal_axes_is_a_circle(r in size(), t in angle(), c in place()) {
        let w = window(500);
        let e = ellipse(&Ellipse::new(r, r, t).unwrap(), c, OverlapMethod::Exact, &w).to_array((500, 500));
        let o = cover(|w, out| circle_coverage(c, r, OverlapMethod::Exact, w, out), &w).to_array((500, 500));
        prop_assert!(e.iter().zip(&o).all(|(a, b)| (a - b).abs() < 2e-13));
    }

    #[test]
    fn a_rectangle_is_a_polygon(a in size(), b in size(), t in angle(), c in place()) {
        let w = window(500);
        let r = Rectangle::new(a, b, t).unwrap();
        let p = Polygon::new(r.corners().to_vec()).unwrap();
        let x = rectangle(&r, c, OverlapMethod::Exact, &w).to_array((500, 500));
        let y = polygon(&p, c, OverlapMethod::Exact, &w).to_array((500, 500));
        prop_assert!(x.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-13));
    }

    #[test]
    fn a_turn_by_180_degrees_turns_the_weights(v in star(), k in 480..520_u32) {
        let (w, c) = (window(500), Point::new(249.5, 0.5 * f64::from(k)));
        let turned = v.iter().map(|p| Point::new(-p.x, -p.y)).collect();
        let x = polygon(&Polygon::new(v).unwrap(), c, OverlapMethod::Exact, &w).to_array((500, 500));
        let back = Point::new(249.5, 499.0 - c.y);
        let y = polygon(&Polygon::new(turned).unwrap(), back, OverlapMethod::Exact, &w).to_array((500, 500));
        prop_assert!(x.iter().zip(y.slice(ndarray::s![..;-1, ..;-1]).iter()).all(|(a, b)| (a - b).abs() < 1e-13));
    }
}

#[test]
fn wrong_shapes_are_errors() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
        assert!(Ellipse::new(bad, 1.0, 0.0).is_err() && Ellipse::new(1.0, bad, 0.0).is_err());
        assert!(Rectangle::new(bad, 1.0, 0.0).is_err() && Rectangle::new(1.0, bad, 0.0).is_err());
    }
    for angle in [f64::NAN, f64::INFINITY, 1e300] {
        assert!(Ellipse::new(1.0, 1.0, angle).is_err() && Rectangle::new(1.0, 1.0, angle).is_err());
    }
    let points = |v: &[(f64, f64)]| v.iter().map(|&(x, y)| Point::new(x, y)).collect::<Vec<_>>();
    for (v, expected) in [
        (points(&[(0.0, 0.0), (1.0, 0.0)]), "3 to 2^31 vertices"),
        (points(&[(0.0, 0.0), (1.0, f64::NAN), (2.0, 2.0)]), "finite"),
        (points(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]), "an area"),
        (points(&[(0.0, 0.0), (2.0, 0.0), (2.0, 0.0), (0.0, 2.0)]), "repeated"),
        (points(&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 3.0)]), "cross"),
        (points(&[(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 0.0), (0.0, 4.0)]), "touch"),
    ] {
        let e = Polygon::new(v).unwrap_err();
        assert!(
            matches!(&e, GeometryError::InvalidPolygon { .. }) && e.to_string().contains(expected),
            "{e}"
        );
    }
}

#[test]
fn a_million_vertices() {
    let n = 1_000_000;
    let v = (0..n)
        .map(|k| {
            let (s, c) = (TAU * f64::from(k) / f64::from(n)).sin_cos();
            let r = 100.0 + f64::from(k % 2) * 1e-4;
            Point::new(r * c, r * s)
        })
        .collect();
    let p = Polygon::new(v).unwrap();
    let (w, c) = (window(300), Point::new(150.2, 149.7));
    for method in [OverlapMethod::Exact, OverlapMethod::Center] {
        let area = polygon(&p, c, method, &w).area();
        let tolerance = if method == OverlapMethod::Exact { 1e-11 } else { 1e-2 };
        assert!((area / p.area() - 1.0).abs() < tolerance, "{method:?}: {area} {}", p.area());
    }
}

#[test]
fn far_and_large_shapes_do_no_harm() {
    let w = window(40);
    for c in [1e300, -1e300, 1e18, f64::MAX, 1e9, -1e9] {
        let at = Point::new(c, 5.0);
        assert!(!ellipse(&Ellipse::new(9.0, 3.0, 0.3).unwrap(), at, OverlapMethod::Exact, &w).overlaps());
        assert!(
            !rectangle(&Rectangle::new(9.0, 3.0, 0.3).unwrap(), at, OverlapMethod::Center, &w).overlaps()
        );
    }
    // All of the window lies inside.
    let at = Point::new(20.0, 20.0);
    assert_eq!(ellipse(&Ellipse::new(1e9, 1e8, 0.3).unwrap(), at, OverlapMethod::Exact, &w).area(), 1600.0);
    assert_eq!(
        rectangle(&Rectangle::new(1e9, 1e8, 0.3).unwrap(), at, OverlapMethod::Exact, &w).area(),
        1600.0
    );
}
