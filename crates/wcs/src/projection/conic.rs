//! Conic projections: COP, COE, COD, COO.

use std::f64::consts::{FRAC_PI_2, PI};

use super::{ProjectionCode, invalid, unit};
use crate::Result;

/// A conic projection about the middle latitude `theta_a` with standard parallels at `theta_a -+ eta`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Conic {
    code: ProjectionCode,
    pub(super) theta_a: f64,
    /// Constant of the cone.
    c: f64,
    /// Radius of the middle latitude.
    y0: f64,
    /// Two constants of the radius, by projection.
    k: [f64; 2],
}

impl Conic {
    pub(super) fn new(code: ProjectionCode, theta_a_deg: f64, eta_deg: f64) -> Result<Self> {
        if theta_a_deg == 0.0 || theta_a_deg.abs() > 90.0 {
            return Err(invalid(code, "a middle latitude (PVi_1) that is not 0", theta_a_deg));
        }
        let (ta, eta) = (theta_a_deg.to_radians(), eta_deg.to_radians());
        let (t1, t2) = ((theta_a_deg - eta_deg).to_radians(), (theta_a_deg + eta_deg).to_radians());
        let half = |t: f64| 0.5 * (FRAC_PI_2 - t);
        let (c, y0, k) = match code {
            ProjectionCode::Cop => {
                let (c, ce) = (ta.sin(), eta.cos());
                if ce == 0.0 {
                    return Err(invalid(code, "eta other than +-90 degrees (PVi_2)", eta_deg));
                }
                let cot = 1.0 / ta.tan();
                (c, ce * cot, [ce, cot])
            }
            ProjectionCode::Coe => {
                let g = t1.sin() + t2.sin();
                if g == 0.0 {
                    return Err(invalid(code, "standard parallels that are not opposite", theta_a_deg));
                }
                let d = 1.0 + t1.sin() * t2.sin();
                (0.5 * g, 2.0 / g * (d - g * ta.sin()).max(0.0).sqrt(), [g, d])
            }
            ProjectionCode::Cod => {
                let (ratio, ecot) = if eta == 0.0 { (1.0, 1.0) } else { (eta.sin() / eta, eta / eta.tan()) };
                let c = ta.sin() * ratio;
                let y0 = ecot / ta.tan();
                if c == 0.0 {
                    return Err(invalid(code, "eta other than 180 degrees (PVi_2)", eta_deg));
                }
                (c, y0, [ta + y0, 0.0])
            }
            _ => {
                let c = if eta == 0.0 {
                    t1.sin()
                } else {
                    (t2.cos() / t1.cos()).ln() / (half(t2).tan() / half(t1).tan()).ln()
                };
                let psi = t1.cos() / (c * half(t1).tan().powf(c));
                if !(c.is_finite() && c != 0.0 && psi.is_finite() && psi != 0.0) {
                    return Err(invalid(
                        code,
                        "standard parallels between the poles (PVi_1, PVi_2)",
                        theta_a_deg,
                    ));
                }
                (c, psi * half(ta).tan().powf(c), [psi, 0.0])
            }
        };
        Ok(Self { code, theta_a: ta, c, y0, k })
    }

    fn radius(&self, theta: f64) -> Option<f64> {
        Some(match self.code {
            ProjectionCode::Cop => {
                let t = theta - self.theta_a;
                let c = t.cos();
                // Beyond 90 degrees from the middle latitude the cone is not reached.
                if c <= 0.0 {
                    return None;
                }
                let r = self.k[0] * (self.k[1] - t.tan());
                if r * self.y0 < 0.0 {
                    return None;
                }
                r
            }
            ProjectionCode::Coe => 2.0 / self.k[0] * (self.k[1] - self.k[0] * theta.sin()).max(0.0).sqrt(),
            ProjectionCode::Cod => self.k[0] - theta,
            _ => {
                if theta == -FRAC_PI_2 && self.c > 0.0 {
                    return None;
                }
                self.k[0] * (0.5 * (FRAC_PI_2 - theta)).tan().powf(self.c)
            }
        })
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> Option<(f64, f64)> {
        let r = self.radius(theta)?;
        let (s, c) = (self.c * phi).sin_cos();
        Some((r * s, self.y0 - r * c))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let dy = self.y0 - y;
        let mut r = x.hypot(dy);
        if self.theta_a < 0.0 {
            r = -r;
        }
        let alpha = if r == 0.0 { 0.0 } else { (x / r).atan2(dy / r) };
        let theta = match self.code {
            ProjectionCode::Cop => self.theta_a + (self.k[1] - r / self.k[0]).atan(),
            ProjectionCode::Coe => {
                let h = 0.5 * r * self.k[0];
                unit((self.k[1] - h * h) / self.k[0])?.asin()
            }
            ProjectionCode::Cod => self.k[0] - r,
            _ => {
                if r == 0.0 {
                    if self.c < 0.0 { -FRAC_PI_2 } else { FRAC_PI_2 }
                } else {
                    FRAC_PI_2 - 2.0 * (r / self.k[0]).powf(1.0 / self.c).atan()
                }
            }
        };
        let phi = alpha / self.c;
        (phi.abs() <= PI + 1e-9).then_some((phi, theta))
    }
}
