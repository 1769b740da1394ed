//! Zenithal polynomial projection.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{ProjectionCode, invalid};
use crate::Result;

/// `R = sum P_m z^m` with the polar distance `z` in radians, up to its first maximum.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zpn {
    c: Vec<f64>,
    /// Polar distance of the first maximum, or pi.
    z_max: f64,
    r_max: f64,
}

impl Zpn {
    pub(super) fn new(parameters: &[(usize, f64)]) -> Result<Self> {
        let mut c = vec![0.0; 31];
        for &(m, v) in parameters {
            if m < c.len() {
                c[m] = v;
            } else if v != 0.0 {
                return Err(invalid(
                    ProjectionCode::Zpn,
                    "at most 31 coefficients (PVi_0 ... PVi_30)",
                    m as f64,
                ));
            }
        }
        while c.last() == Some(&0.0) {
            c.pop();
        }
        if c.len() < 2 {
            return Err(invalid(
                ProjectionCode::Zpn,
                "a coefficient PVi_m with m >= 1 that is not zero",
                0.0,
            ));
        }
        if c.len() > 2 && c[1] <= 0.0 {
            return Err(invalid(ProjectionCode::Zpn, "PVi_1 > 0", c[1]));
        }
        let mut p = Self { c, z_max: PI, r_max: f64::INFINITY };
        if p.c.len() > 2 {
            // The first place where the derivative changes its sign, from steps of a degree and bisection.
            let step = PI / 180.0;
            for i in 0..180 {
                let (mut lo, mut hi) = (f64::from(i) * step, f64::from(i + 1) * step);
                if p.slope(hi) <= 0.0 {
                    for _ in 0..100 {
                        let mid = 0.5 * (lo + hi);
                        if p.slope(mid) > 0.0 { lo = mid } else { hi = mid }
                    }
                    p.z_max = 0.5 * (lo + hi);
                    break;
                }
            }
        }
        p.r_max = p.value(p.z_max);
        Ok(p)
    }

    fn value(&self, z: f64) -> f64 {
        self.c.iter().rev().fold(0.0, |s, c| s * z + c)
    }

    fn slope(&self, z: f64) -> f64 {
        (1..self.c.len()).rev().fold(0.0, |s, m| s * z + m as f64 * self.c[m])
    }

    pub(super) fn radius(&self, theta: f64) -> Option<f64> {
        let z = FRAC_PI_2 - theta;
        (z <= self.z_max + 1e-13).then(|| self.value(z))
    }

    pub(super) fn theta(&self, r: f64) -> Option<f64> {
        if self.c.len() == 2 {
            return Some(FRAC_PI_2 - (r - self.c[0]) / self.c[1]);
        }
        if r < self.c[0] - 1e-12 || r > self.r_max + 1e-12 {
            return None;
        }
        let (mut lo, mut hi) = (0.0, self.z_max);
        let mut z = ((r - self.c[0]) / self.c[1]).clamp(lo, hi);
        for _ in 0..200 {
            let f = self.value(z) - r;
            if f > 0.0 {
                hi = z
            } else {
                lo = z
            }
            let mut next = z - f / self.slope(z);
            if !(next >= lo && next <= hi) {
                next = 0.5 * (lo + hi);
            }
            let done = (next - z).abs() <= 1e-16 || hi - lo <= 1e-16;
            z = next;
            if done {
                break;
            }
        }
        Some(FRAC_PI_2 - z)
    }
}
