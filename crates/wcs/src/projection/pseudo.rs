//! Pseudocylindrical projections.

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2};

use super::{EDGE, unit};

pub(super) fn sfl_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    divide(x, y.cos()).map(|phi| (phi, y))
}

/// `x / c`, which must be 0 where `c` is.
fn divide(x: f64, c: f64) -> Option<f64> {
    if c.abs() > 1e-12 { Some(x / c) } else { (x.abs() <= EDGE).then_some(0.0) }
}

pub(super) fn par_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    let s = unit(y / PI)?;
    Some((divide(x, 1.0 - 4.0 * s * s)?, 3.0 * s.asin()))
}

pub(super) fn par_to_plane(phi: f64, theta: f64) -> (f64, f64) {
    let s = (theta / 3.0).sin();
    (phi * (1.0 - 4.0 * s * s), PI * s)
}

pub(super) fn mol_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    let s = unit(y / SQRT_2)?;
    let gamma = s.asin();
    let c = (1.0 - s * s).max(0.0).sqrt();
    let phi = if c > 1e-12 {
        PI * x / (2.0 * SQRT_2 * c)
    } else if x.abs() <= EDGE {
        0.0
    } else {
        return None;
    };
    Some((phi, unit((2.0 * gamma + (2.0 * gamma).sin()) / PI)?.asin()))
}

pub(super) fn mol_to_plane(phi: f64, theta: f64) -> (f64, f64) {
    if theta.abs() >= FRAC_PI_2 {
        return (0.0, SQRT_2.copysign(theta));
    }
    // 2 gamma + sin 2 gamma = pi sin theta, a growing function of gamma.
    let target = PI * theta.sin();
    let f = |g: f64| 2.0 * g + (2.0 * g).sin() - target;
    let (mut lo, mut hi) = (-FRAC_PI_2, FRAC_PI_2);
    let mut g = theta * 0.9;
    for _ in 0..100 {
        let v = f(g);
        if v > 0.0 {
            hi = g
        } else {
            lo = g
        }
        let mut next = g - v / (2.0 + 2.0 * (2.0 * g).cos());
        if !(next > lo && next < hi) {
            next = 0.5 * (lo + hi);
        }
        let done = (next - g).abs() <= 2e-16 || hi - lo <= 2e-16;
        g = next;
        if done {
            break;
        }
    }
    (2.0 * SQRT_2 / PI * phi * g.cos(), SQRT_2 * g.sin())
}

pub(super) fn ait_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    let z2 = 1.0 - x * x / 16.0 - y * y / 4.0;
    if z2 < 0.5 - EDGE {
        return None;
    }
    let z2 = z2.max(0.5);
    let z = z2.sqrt();
    let phi = 2.0 * (0.5 * z * x).atan2(2.0 * z2 - 1.0);
    Some((phi, unit(y * z)?.asin()))
}

pub(super) fn ait_to_plane(phi: f64, theta: f64) -> (f64, f64) {
    let (st, ct) = theta.sin_cos();
    let (sh, ch) = (0.5 * phi).sin_cos();
    let g = (2.0 / (1.0 + ct * ch)).sqrt();
    (2.0 * g * ct * sh, g * st)
}
