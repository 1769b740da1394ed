//! Zenithal projections: the radius depends on the native latitude only.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{ProjectionCode, invalid, latitude, unit};
use crate::Result;

/// Native coordinates from the plane, given latitude as a function of radius.
#[inline]
pub(super) fn to_native(x: f64, y: f64, theta: impl Fn(f64) -> Option<f64>) -> Option<(f64, f64)> {
    let r = (x * x + y * y).sqrt();
    let phi = if r == 0.0 { 0.0 } else { x.atan2(-y) };
    Some((phi, latitude(theta(r)?)?))
}

/// The plane from longitude and radius.
#[inline]
pub(super) fn to_plane(phi: f64, r: f64) -> Option<(f64, f64)> {
    let (s, c) = phi.sin_cos();
    Some((r * s, -r * c))
}

pub(super) fn tan_theta(r: f64) -> Option<f64> {
    Some(1.0_f64.atan2(r))
}

pub(super) fn tan_radius(theta: f64) -> Option<f64> {
    let (s, c) = theta.sin_cos();
    (s > 0.0).then(|| c / s)
}

pub(super) fn stg_theta(r: f64) -> Option<f64> {
    Some(FRAC_PI_2 - 2.0 * (0.5 * r).atan())
}

pub(super) fn stg_radius(theta: f64) -> Option<f64> {
    let (s, c) = theta.sin_cos();
    (s > -1.0).then(|| 2.0 * c / (1.0 + s))
}

pub(super) fn arc_theta(r: f64) -> Option<f64> {
    Some(FRAC_PI_2 - r)
}

pub(super) fn zea_theta(r: f64) -> Option<f64> {
    Some(FRAC_PI_2 - 2.0 * unit(0.5 * r)?.asin())
}

pub(super) fn zea_radius(theta: f64) -> f64 {
    2.0 * (0.5 * (FRAC_PI_2 - theta)).sin()
}

/// Airy's minimum-error projection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Air {
    /// `ln(cos xi_b) / tan^2 xi_b`.
    c: f64,
}

impl Air {
    pub(super) fn new(theta_b: f64) -> Result<Self> {
        if !(theta_b > -90.0 && theta_b <= 90.0) {
            return Err(invalid(ProjectionCode::Air, "-90 < theta_b <= 90 degrees (PVi_1)", theta_b));
        }
        let xi = 0.5 * (90.0 - theta_b).to_radians();
        let t = xi.tan();
        // ln cos xi = ln(1 + (cos xi - 1)), and its limit for small xi.
        let c = if t * t < 1e-18 { -0.5 } else { (-2.0 * (0.5 * xi).sin().powi(2)).ln_1p() / (t * t) };
        Ok(Self { c })
    }

    /// Radius as a function of `xi`, half the polar distance.
    fn of_xi(&self, xi: f64) -> f64 {
        let t = xi.tan();
        if t.abs() < 1e-9 {
            return t * (1.0 - 2.0 * self.c);
        }
        let log_cos = (-2.0 * (0.5 * xi).sin().powi(2)).ln_1p();
        -2.0 * (log_cos / t + self.c * t)
    }

    pub(super) fn radius(&self, theta: f64) -> Option<f64> {
        let xi = 0.5 * (FRAC_PI_2 - theta);
        (xi < FRAC_PI_2).then(|| self.of_xi(xi))
    }

    pub(super) fn theta(&self, r: f64) -> Option<f64> {
        if r == 0.0 {
            return Some(FRAC_PI_2);
        }
        // The radius grows from 0 to infinity with xi.
        let (mut lo, mut hi) = (0.0, FRAC_PI_2 - 1e-12);
        if self.of_xi(hi) < r {
            return None;
        }
        let mut xi = (r / (1.0 - 2.0 * self.c)).min(1.0);
        for _ in 0..200 {
            let f = self.of_xi(xi) - r;
            if f > 0.0 {
                hi = xi
            } else {
                lo = xi
            }
            let h = 1e-6;
            let slope = (self.of_xi((xi + h).min(FRAC_PI_2 - 1e-12)) - self.of_xi(xi - h)) / (2.0 * h);
            let mut next = xi - f / slope;
            if !(next > lo && next < hi) {
                next = 0.5 * (lo + hi);
            }
            let done = (next - xi).abs() <= 1e-16 * PI || hi - lo <= 2e-16;
            xi = next;
            if done {
                break;
            }
        }
        Some(FRAC_PI_2 - 2.0 * xi)
    }
}
