//! Cylindrical projections.

use std::f64::consts::FRAC_PI_2;

use super::{ProjectionCode, invalid, unit};
use crate::Result;

/// Cylindrical perspective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cyp {
    mu: f64,
    lambda: f64,
}

impl Cyp {
    pub(super) fn new(mu: f64, lambda: f64) -> Result<Self> {
        if lambda == 0.0 {
            return Err(invalid(ProjectionCode::Cyp, "lambda other than 0 (PVi_2)", lambda));
        }
        if mu + lambda == 0.0 {
            return Err(invalid(ProjectionCode::Cyp, "mu + lambda other than 0 (PVi_1, PVi_2)", mu));
        }
        Ok(Self { mu, lambda })
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let (s, c) = theta.sin_cos();
        let d = self.mu + c;
        (d != 0.0).then(|| (self.lambda * phi, (self.mu + self.lambda) * s / d))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let e = y / (self.mu + self.lambda);
        let theta = e.atan2(1.0) + unit(e * self.mu / (e * e + 1.0).sqrt())?.asin();
        Some((x / self.lambda, theta))
    }
}

pub(super) fn cea_to_native(lambda: f64, x: f64, y: f64) -> Option<(f64, f64)> {
    Some((x, unit(y * lambda)?.asin()))
}

pub(super) fn mer_to_native(x: f64, y: f64) -> (f64, f64) {
    (x, 2.0 * y.exp().atan() - FRAC_PI_2)
}

pub(super) fn mer_to_plane(phi: f64, theta: f64) -> Option<(f64, f64)> {
    (theta.abs() < FRAC_PI_2).then(|| (phi, (0.5 * (FRAC_PI_2 + theta)).tan().ln()))
}
