//! Bonne's and the polyconic projection.

use std::f64::consts::PI;

/// Bonne's equal-area projection with the standard latitude `theta_1`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bon {
    theta_1: f64,
    y0: f64,
}

impl Bon {
    pub(super) fn new(theta_1_deg: f64) -> Self {
        let theta_1 = theta_1_deg.to_radians();
        Self { theta_1, y0: 1.0 / theta_1.tan() + theta_1 }
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> (f64, f64) {
        let r = self.y0 - theta;
        let a = if r == 0.0 { 0.0 } else { phi * theta.cos() / r };
        let (s, c) = a.sin_cos();
        (r * s, self.y0 - r * c)
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let dy = self.y0 - y;
        let mut r = x.hypot(dy);
        if self.theta_1 < 0.0 {
            r = -r;
        }
        let a = if r == 0.0 { 0.0 } else { (x / r).atan2(dy / r) };
        let theta = self.y0 - r;
        let c = theta.cos();
        let phi = if c.abs() < 1e-13 { 0.0 } else { r * a / c };
        Some((phi, theta))
    }
}

pub(super) fn pco_to_plane(phi: f64, theta: f64) -> (f64, f64) {
    if theta == 0.0 {
        return (phi, 0.0);
    }
    if theta.abs() < 1e-4 {
        // Series about the equator, where cot(theta) loses its digits.
        let s = phi * theta.sin();
        let c = theta.cos();
        return (phi * c * (1.0 - s * s / 6.0), theta + 0.5 * phi * s * c * (1.0 - s * s / 12.0));
    }
    let (st, ct) = theta.sin_cos();
    let e = phi * st;
    let cot = ct / st;
    let h = (0.5 * e).sin();
    (cot * e.sin(), theta + cot * 2.0 * h * h)
}

pub(super) fn pco_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    let w = y.abs();
    if w < 1e-12 {
        return Some((x, y));
    }
    if (w - 0.5 * PI).abs() < 1e-12 && x.abs() < 1e-12 {
        return Some((0.0, y));
    }
    // f(theta) = x^2 + (y - theta)^2 - 2 (y - theta) cot(theta) vanishes between 0 (where it tends to -infinity)
    // and y (where it is x^2).
    let g = |t: f64| {
        let d = w - t;
        x * x + d * d - 2.0 * d / t.tan()
    };
    let (mut lo, mut hi) = (0.0, w.min(0.5 * PI));
    if g(hi) < 0.0 {
        return None;
    }
    let mut t = hi / (1.0 + x * x / 3.0);
    for _ in 0..200 {
        let v = g(t);
        if v > 0.0 {
            hi = t
        } else {
            lo = t
        }
        let d = w - t;
        let (s, c) = t.sin_cos();
        let slope = -2.0 * d + 2.0 * c / s + 2.0 * d / (s * s);
        let mut next = t - v / slope;
        if !(next > lo && next < hi) {
            next = 0.5 * (lo + hi);
        }
        let done = (next - t).abs() <= 1e-16 * t || hi - lo <= 1e-16 * t;
        t = next;
        if done {
            break;
        }
    }
    let tt = t.tan();
    // sin E = x tan(theta), 1 - cos E = (y - theta) tan(theta).
    let e = (x * tt).atan2(1.0 - (w - t) * tt);
    Some((e / t.sin(), t.copysign(y)))
}
