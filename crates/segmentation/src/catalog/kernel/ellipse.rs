//! Exact weights of an ellipse on rows of pixels.
//!
//! In the frame where the ellipse is a unit circle a pixel is a parallelogram. What they have in common is a polygon and
//! the segments of the circle over the sides that replace arcs.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, Segment};

/// `(asin s - s sqrt(1 - s^2)) / s^3` as a power series in `s^2`: the coefficient of `s^(2n)` is
/// `2 C(2n, n) / (4^n (2n + 3))`.
const SERIES: [f64; 11] = [
    2.0 / 3.0,
    1.0 / 5.0,
    3.0 / 28.0,
    5.0 / 72.0,
    35.0 / 704.0,
    63.0 / 1664.0,
    77.0 / 2560.0,
    429.0 / 17408.0,
    6435.0 / 311_296.0,
    12155.0 / 688_128.0,
    46189.0 / 3_014_656.0,
];

type P = (f64, f64);

#[inline(always)]
fn cross(p: P, q: P) -> f64 {
    p.0 * q.1 - p.1 * q.0
}

/// Twice the area between a chord and its arc (at most half the unit circle).
#[inline(always)]
fn twice_segment(p: P, q: P) -> f64 {
    let (dx, dy) = (q.0 - p.0, q.1 - p.1);
    let t = 0.25 * (dx * dx + dy * dy);
    let s = t.sqrt();
    if t > 0.0556 {
        let s = s.min(1.0);
        return 2.0 * (s.asin() - s * (1.0 - t).max(0.0).sqrt());
    }
    let mut sum = SERIES[10];
    for c in SERIES[..10].iter().rev() {
        sum = sum * t + c;
    }
    2.0 * s * t * sum
}

/// Area common to the unit circle and a parallelogram of less than half its extent.
#[inline(always)]
fn small_overlap(corners: &[P; 4]) -> f64 {
    let inside = corners.map(|p| p.0 * p.0 + p.1 * p.1 <= 1.0);
    let mut twice = 0.0;
    let mut entry: Option<P> = None;
    let mut exit: Option<P> = None;
    for k in 0..4 {
        let (p, q) = (corners[k], corners[(k + 1) & 3]);
        if inside[k] && inside[(k + 1) & 3] {
            twice += cross(p, q);
            continue;
        }
        let d = (q.0 - p.0, q.1 - p.1);
        let a = d.0 * d.0 + d.1 * d.1;
        let b = p.0 * d.0 + p.1 * d.1;
        let c = p.0 * p.0 + p.1 * p.1 - 1.0;
        let disc = b * b - a * c;
        if disc <= 0.0 {
            continue;
        }
        let root = disc.sqrt();
        let at = |t: f64| (p.0 + t * d.0, p.1 + t * d.1);
        let start = if inside[k] {
            p
        } else {
            let t = (-b - root) / a;
            if !(0.0..1.0).contains(&t) {
                continue;
            }
            let s = at(t);
            match exit {
                Some(e) => twice += cross(e, s) + twice_segment(e, s),
                None => entry = Some(s),
            }
            s
        };
        let end = if inside[(k + 1) & 3] {
            q
        } else {
            let e = at(((root - b) / a).min(1.0));
            exit = Some(e);
            e
        };
        twice += cross(start, end);
    }
    if let (Some(e), Some(s)) = (exit, entry) {
        twice += cross(e, s) + twice_segment(e, s);
    }
    0.5 * twice
}

/// The same for any size: the sum over the sides of what they and the origin enclose of the circle.
fn any_overlap(corners: &[P; 4]) -> f64 {
    let sector = |p: P, q: P| cross(p, q).atan2(p.0 * q.0 + p.1 * q.1);
    let mut twice = 0.0;
    for k in 0..4 {
        let (p, q) = (corners[k], corners[(k + 1) & 3]);
        let d = (q.0 - p.0, q.1 - p.1);
        let a = d.0 * d.0 + d.1 * d.1;
        let b = p.0 * d.0 + p.1 * d.1;
        let disc = b * b - a * (p.0 * p.0 + p.1 * p.1 - 1.0);
        if disc <= 0.0 {
            twice += sector(p, q);
            continue;
        }
        let root = disc.sqrt();
        let (t1, t2) = ((-b - root) / a, (root - b) / a);
        if t2 <= 0.0 || t1 >= 1.0 {
            twice += sector(p, q);
            continue;
        }
        let at = |t: f64| (p.0 + t * d.0, p.1 + t * d.1);
        let (s, e) = (if t1 > 0.0 { at(t1) } else { p }, if t2 < 1.0 { at(t2) } else { q });
        if t1 > 0.0 {
            twice += sector(p, s);
        }
        twice += cross(s, e);
        if t2 < 1.0 {
            twice += sector(e, q);
        }
    }
    0.5 * twice
}

/// An ellipse about the origin.
struct Ellipse {
    /// `v = y slope` is the middle of the chord at height `y`.
    slope: f64,
    /// Half the chord at height 0, and 1 over the squared greatest height.
    half: f64,
    inv_top2: f64,
    top: f64,
    /// Greatest `x` and the height where it is reached.
    right: f64,
    right_y: f64,
}

impl Ellipse {
    fn new(a: f64, b: f64, sin: f64, cos: f64) -> Self {
        let right = ((a * cos).powi(2) + (b * sin).powi(2)).sqrt();
        let top = ((a * sin).powi(2) + (b * cos).powi(2)).sqrt();
        let covariance = (a * a - b * b) * sin * cos;
        Self {
            slope: covariance / (top * top),
            half: a * b / top,
            inv_top2: 1.0 / (top * top),
            top,
            right,
            right_y: covariance / right,
        }
    }

    /// Both ends of the chord at a height.
    #[inline(always)]
    fn chord(&self, y: f64) -> Option<P> {
        let u = 1.0 - y * y * self.inv_top2;
        if u <= 0.0 {
            return None;
        }
        let (m, h) = (y * self.slope, self.half * u.sqrt());
        Some((m - h, m + h))
    }

    /// What columns the rows between two heights reach, and between which they are full.
    #[inline(always)]
    fn reach(&self, y0: f64, y1: f64, low: Option<P>, high: Option<P>) -> Option<(P, P)> {
        if y0 >= self.top || y1 <= -self.top {
            return None;
        }
        let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut take = |x: f64| {
            left = left.min(x);
            right = right.max(x);
        };
        for c in [low, high].into_iter().flatten() {
            take(c.0);
            take(c.1);
        }
        for (y, x) in [
            (self.right_y, self.right),
            (-self.right_y, -self.right),
            (self.top, self.top * self.slope),
            (-self.top, -self.top * self.slope),
        ] {
            if y >= y0 && y <= y1 {
                take(x);
            }
        }
        let full = match (low, high) {
            (Some(a), Some(b)) => (a.0.max(b.0), a.1.min(b.1)),
            _ => (0.0, 0.0),
        };
        Some(((left, right), full))
    }
}

/// Fills `out` with what an ellipse covers of a window.
pub(crate) fn ellipse_coverage(
    center: Point,
    a: f64,
    b: f64,
    theta: f64,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let (sin, cos) = theta.sin_cos();
    let e = Ellipse::new(a, b, sin, cos);
    let bbox =
        BoundingBox::from_float(center.x - e.right, center.x + e.right, center.y - e.top, center.y + e.top);
    let Some(common) = bbox.intersection(window) else {
        out.reset(false, true);
        return;
    };
    out.reset(true, false);
    fill(center, (a, b, sin, cos), &e, &common, window, out);
    if common != bbox {
        let mut all = Coverage::new();
        all.reset(true, false);
        fill(center, (a, b, sin, cos), &e, &bbox, &bbox, &mut all);
        let count = |c: &Coverage| {
            let mut n = 0_usize;
            c.for_each(|_, _, _| n += 1);
            n
        };
        out.set_outside(count(&all) != count(out));
    }
}

fn fill(
    center: Point,
    (a, b, sin, cos): (f64, f64, f64, f64),
    e: &Ellipse,
    common: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let left = common.x_min as f64 - 0.5 - center.x;
    let width = (common.x_max - common.x_min) as f64;
    let column0 = (common.x_min - window.x_min) as usize;
    let small = b.min(a) > 0.75;
    // A pixel in the frame of the circle: (x, y) -> (ux x + uy y, vx x + vy y).
    let (ux, uy, vx, vy) = (cos / a, sin / a, -sin / b, cos / b);
    let place = |x: f64| (x - left).clamp(0.0, width);
    let mut y0 = common.y_min as f64 - 0.5 - center.y;
    let mut low = e.chord(y0);
    for j in common.y_min..common.y_max {
        let y1 = (j as f64 + 0.5) - center.y;
        let high = e.chord(y1);
        if let Some((outer, inner)) = e.reach(y0, y1, low, high) {
            let start = place(outer.0).floor() as usize;
            let end = place(outer.1).ceil() as usize;
            let (mut full_start, mut full_end) =
                (place(inner.0).ceil() as usize, place(inner.1).floor() as usize);
            if full_start >= full_end {
                (full_start, full_end) = (start, start);
            }
            if start < end {
                let full_start = full_start.clamp(start, end);
                let full_end = full_end.clamp(full_start, end);
                let weights = out.push(Segment {
                    y: (j - window.y_min) as usize,
                    start: column0 + start,
                    full_start: column0 + full_start,
                    full_end: column0 + full_end,
                    end: column0 + end,
                });
                for (k, w) in (start..full_start).chain(full_end..end).zip(weights) {
                    let x0 = left + k as f64;
                    let x1 = x0 + 1.0;
                    let corners = [
                        (ux * x0 + uy * y0, vx * x0 + vy * y0),
                        (ux * x1 + uy * y0, vx * x1 + vy * y0),
                        (ux * x1 + uy * y1, vx * x1 + vy * y1),
                        (ux * x0 + uy * y1, vx * x0 + vy * y1),
                    ];
                    let area = if small { small_overlap(&corners) } else { any_overlap(&corners) };
                    *w = (area * (a * b)).clamp(0.0, 1.0);
                }
            }
        }
        y0 = y1;
        low = high;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;
    use std::f64::consts::PI;

    #[test]
    fn weights_add_up_to_the_ellipse() {
        let window = BoundingBox::new(0, 80, 0, 80).unwrap();
        let mut c = Coverage::new();
        for i in 0..2000_u64 {
            let u = |k: u64| uniform(9, 5 * i + k);
            let a = 0.05 + 25.0 * u(0) * u(0);
            let b = a * (0.05 + 0.95 * u(1));
            let center = Point::new(35.0 + 10.0 * u(2), 35.0 + 10.0 * u(3));
            ellipse_coverage(center, a, b, PI * (u(4) - 0.5), &window, &mut c);
            assert!(
                (c.area() / (PI * a * b) - 1.0).abs() < 1e-12,
                "{a} {b} {}",
                c.area() / (PI * a * b) - 1.0
            );
            assert!(!c.has_outside());
        }
    }

    #[test]
    fn both_ways_agree() {
        for i in 0..2000_u64 {
            let u = |k: u64| uniform(10, 3 * i + k) * 2.0 - 1.0;
            let (x, y, t) = (u(0) * 1.4, u(1) * 1.4, u(2));
            let (s, c) = t.sin_cos();
            let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
                .map(|(a, b): P| (x + 0.6 * (c * a - s * b), y + 0.3 * (s * a + c * b)));
            assert!((small_overlap(&corners) - any_overlap(&corners)).abs() < 1e-14);
        }
    }
}
