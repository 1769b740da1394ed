//! Zenithal projections with a tilted plane or a slanted line of sight: AZP, SZP and SIN.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{EDGE, ProjectionCode, invalid, unit};
use crate::Result;
use crate::angle::sin_cos_deg;

/// Zenithal perspective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Azp {
    mu: f64,
    sin_g: f64,
    cos_g: f64,
    tan_g: f64,
}

impl Azp {
    pub(super) fn new(mu: f64, gamma: f64) -> Result<Self> {
        let (sin_g, cos_g) = sin_cos_deg(gamma);
        if mu == -1.0 {
            return Err(invalid(ProjectionCode::Azp, "mu other than -1 (PVi_1)", mu));
        }
        if cos_g == 0.0 {
            return Err(invalid(ProjectionCode::Azp, "gamma other than +-90 degrees (PVi_2)", gamma));
        }
        Ok(Self { mu, sin_g, cos_g, tan_g: sin_g / cos_g })
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let (sp, cp) = phi.sin_cos();
        let (st, ct) = theta.sin_cos();
        let d = self.mu + st + ct * cp * self.tan_g;
        if d == 0.0 {
            return None;
        }
        // Latitudes at or below the line where the denominator vanishes are not on the map ...
        let psi = (self.tan_g * cp).atan();
        let t = self.mu * psi.cos();
        if t.abs() <= 1.0 {
            let w = t.asin();
            // sin(theta + psi) = -t has the solutions -psi - w and -psi + w + pi.
            let fold = |v: f64| if v > FRAC_PI_2 { v - 2.0 * PI } else { v };
            if theta <= fold(-psi - w).max(fold(-psi + w + PI)) {
                return None;
            }
        }
        // ... nor is the far side, as seen from outside the sphere.
        if self.mu.abs() > 1.0 && st < -1.0 / self.mu {
            return None;
        }
        let a = (self.mu + 1.0) * ct / d;
        Some((a * sp, -a * cp / self.cos_g))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let yc = y * self.cos_g;
        let r = x.hypot(yc);
        if r == 0.0 {
            return Some((0.0, FRAC_PI_2));
        }
        let phi = x.atan2(-yc);
        let rho = r / ((self.mu + 1.0) + y * self.sin_g);
        let s = unit(rho * self.mu / (rho * rho + 1.0).sqrt())?;
        let w = s.asin();
        let psi = 1.0_f64.atan2(rho);
        nearest_to_pole(psi - w, psi + w + PI).map(|t| (phi, t))
    }
}

/// Of two angles the latitude nearer to the native pole.
fn nearest_to_pole(a: f64, b: f64) -> Option<f64> {
    let fold = |v: f64| if v > PI { v - 2.0 * PI } else { v };
    let (a, b) = (fold(a), fold(b));
    let best = if (FRAC_PI_2 - a).abs() < (FRAC_PI_2 - b).abs() { a } else { b };
    super::latitude(best)
}

/// Slant zenithal perspective.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Szp {
    mu: f64,
    p: [f64; 3],
    /// Direction opposite to the point of projection.
    u: [f64; 3],
    /// Latitude at which the map diverges.
    theta_limit: f64,
}

impl Szp {
    pub(super) fn new(mu: f64, phi_c: f64, theta_c: f64) -> Result<Self> {
        let (sp, cp) = sin_cos_deg(phi_c);
        let (st, ct) = sin_cos_deg(theta_c);
        let p = [-mu * ct * sp, mu * ct * cp, mu * st + 1.0];
        if p[2] == 0.0 {
            return Err(invalid(ProjectionCode::Szp, "mu sin(theta_c) other than -1 (PVi_1, PVi_3)", mu));
        }
        let s = 1.0 - p[2];
        Ok(Self {
            mu,
            p,
            u: [ct * cp, ct * sp, st],
            theta_limit: if s.abs() <= 1.0 { s.asin() } else { -FRAC_PI_2 },
        })
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let (sp, cp) = phi.sin_cos();
        let (st, ct) = theta.sin_cos();
        let s = 1.0 - st;
        let d = self.p[2] - s;
        // The map diverges at the height of the point of projection ...
        if d == 0.0 || theta < self.theta_limit {
            return None;
        }
        // ... and overlaps itself beyond the horizon of that point.
        if self.mu.abs() > 1.0 {
            let toward = ct * cp * self.u[0] + ct * sp * self.u[1] + st * self.u[2];
            if toward < -1.0 / self.mu {
                return None;
            }
        }
        Some(((self.p[2] * ct * sp - self.p[0] * s) / d, -(self.p[2] * ct * cp + self.p[1] * s) / d))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        // The line from P through (x, y) meets the sphere at the depth z = 1 - sin(theta) below the plane.
        on_sphere(x, y, (x - self.p[0]) / self.p[2], (y - self.p[1]) / self.p[2])
    }
}

/// Where the line `(x - p z, y - q z)` meets the sphere, `cos^2(theta) = 2 z - z^2` with `z = 1 - sin(theta)`: the
/// solution nearer to the native pole. Solved for `z`, so that no digits are lost there.
fn on_sphere(x: f64, y: f64, p: f64, q: f64) -> Option<(f64, f64)> {
    let a = p * p + q * q + 1.0;
    let b = p * x + q * y + 1.0;
    let c = x * x + y * y;
    let d = b * b - a * c;
    let d = if d >= 0.0 {
        d
    } else if d > -EDGE {
        0.0
    } else {
        return None;
    };
    let root = d.sqrt();
    let near = if b > 0.0 { c / (b + root) } else { (b - root) / a };
    let far = (b + root) / a;
    let z = if unit(1.0 - near).is_some() {
        near
    } else if unit(1.0 - far).is_some() {
        far
    } else {
        return None;
    };
    let (cx, cy) = (x - p * z, y - q * z);
    let phi = if cx == 0.0 && cy == 0.0 { 0.0 } else { cx.atan2(-cy) };
    Some((phi, latitude_of(1.0 - z, cx, cy)))
}

/// Latitude from its sine and the two components of its cosine.
fn latitude_of(sin: f64, x: f64, y: f64) -> f64 {
    sin.atan2(x.hypot(y))
}

/// Slant orthographic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sin {
    pub(super) xi: f64,
    pub(super) eta: f64,
}

impl Sin {
    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let (sp, cp) = phi.sin_cos();
        let (st, ct) = theta.sin_cos();
        if self.xi == 0.0 && self.eta == 0.0 {
            return (theta >= 0.0).then_some((ct * sp, -ct * cp));
        }
        if theta < -(self.xi * sp - self.eta * cp).atan() {
            return None;
        }
        let z = 1.0 - st;
        Some((ct * sp + self.xi * z, -(ct * cp - self.eta * z)))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        if self.xi == 0.0 && self.eta == 0.0 {
            let r2 = x * x + y * y;
            let phi = if r2 == 0.0 { 0.0 } else { x.atan2(-y) };
            let theta = if r2 < 0.5 {
                r2.sqrt().acos()
            } else if r2 <= 1.0 {
                (1.0 - r2).sqrt().asin()
            } else if r2 <= 1.0 + EDGE {
                0.0
            } else {
                return None;
            };
            return Some((phi, theta));
        }
        on_sphere(x, y, self.xi, self.eta)
    }
}
