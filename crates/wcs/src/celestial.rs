//! Native to celestial coordinates (Paper II, section 2).

use std::f64::consts::{FRAC_PI_2, PI};

use skyphot_core::SkyCoord;

use crate::angle::{Mat3, mat_vec, sin_cos_deg, wrap_180, wrap_360};
use crate::{Result, WcsError};

/// The rotation between the native sphere of a projection and the sky.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rotation {
    /// Celestial longitude of the native pole, degrees.
    pub(crate) lon_p: f64,
    /// Celestial latitude of the native pole, degrees.
    pub(crate) lat_p: f64,
    /// Native longitude of the celestial pole, degrees.
    pub(crate) phi_p: f64,
    /// Native vectors to celestial ones whose longitude counts from the native pole.
    pub(crate) m: Mat3,
}

impl Rotation {
    /// From the celestial `(lon, lat)` of the point with native `(phi0, theta0)`, LONPOLE and LATPOLE. Degrees.
    pub(crate) fn new(
        lon0: f64,
        lat0: f64,
        phi0: f64,
        theta0: f64,
        lonpole: Option<f64>,
        latpole: f64,
    ) -> Result<Self> {
        let phi_p = lonpole.unwrap_or_else(|| wrap_180(phi0 + if lat0 < theta0 { 180.0 } else { 0.0 }));
        let fail = || WcsError::InvalidPole { lon: lon0, lat: lat0, lonpole: phi_p, latpole };
        if ![lon0, lat0, phi0, theta0, phi_p, latpole].iter().all(|v| v.is_finite()) || lat0.abs() > 90.0 {
            return Err(fail());
        }
        let (lon_p, lat_p) = if theta0 == 90.0 {
            (lon0, lat0)
        } else {
            pole(lon0, lat0, phi0, theta0, phi_p, latpole).ok_or_else(fail)?
        };
        let (sd, cd) = sin_cos_deg(lat_p);
        let (sp, cp) = sin_cos_deg(phi_p);
        // (a, b) are the components along and across the meridian of the pole: a = nx cos + ny sin, b = -nx sin + ny cos.
        let m = [[-sd * cp, -sd * sp, cd], [sp, -cp, 0.0], [cd * cp, cd * sp, sd]];
        Ok(Self { lon_p, lat_p, phi_p, m })
    }

    /// Celestial coordinates from native ones in radians.
    pub(crate) fn to_sky(&self, phi: f64, theta: f64) -> SkyCoord {
        let (sp, cp) = phi.sin_cos();
        let (st, ct) = theta.sin_cos();
        let v = mat_vec(&self.m, [ct * cp, ct * sp, st]);
        let r = (v[0] * v[0] + v[1] * v[1]).sqrt();
        let lon = if r == 0.0 { 0.0 } else { v[1].atan2(v[0]).to_degrees() };
        SkyCoord { lon: wrap_360(self.lon_p + lon), lat: v[2].atan2(r).to_degrees() }
    }

    /// Native unit vector of a celestial position in degrees.
    pub(crate) fn native_vector(&self, s: SkyCoord) -> [f64; 3] {
        let (sl, cl) = sin_cos_deg(s.lon - self.lon_p);
        let (sb, cb) = sin_cos_deg(s.lat);
        let c = [cb * cl, cb * sl, sb];
        let m = &self.m;
        [
            m[0][0] * c[0] + m[1][0] * c[1] + m[2][0] * c[2],
            m[0][1] * c[0] + m[1][1] * c[1] + m[2][1] * c[2],
            m[0][2] * c[0] + m[1][2] * c[1] + m[2][2] * c[2],
        ]
    }

    /// Native coordinates in radians from celestial ones in degrees.
    pub(crate) fn to_native(&self, s: SkyCoord) -> (f64, f64) {
        if self.lat_p.abs() == 90.0 {
            // No tilt: longitudes differ by a constant and latitudes by a sign, without rounding.
            let d = s.lon - self.lon_p;
            let (phi, theta) =
                if self.lat_p > 0.0 { (self.phi_p + 180.0 + d, s.lat) } else { (self.phi_p - d, -s.lat) };
            let phi = phi % 360.0;
            let phi = if phi > 180.0 {
                phi - 360.0
            } else if phi < -180.0 {
                phi + 360.0
            } else {
                phi
            };
            return (phi.to_radians(), theta.to_radians());
        }
        let n = self.native_vector(s);
        let r = (n[0] * n[0] + n[1] * n[1]).sqrt();
        let phi = if r < 1e-300 { 0.0 } else { n[1].atan2(n[0]) };
        (phi.clamp(-PI, PI), n[2].atan2(r).clamp(-FRAC_PI_2, FRAC_PI_2))
    }
}

/// Celestial coordinates of the native pole (Paper II, equations 8 to 10).
fn pole(lon0: f64, lat0: f64, phi0: f64, theta0: f64, phi_p: f64, latpole: f64) -> Option<(f64, f64)> {
    let (s0, c0) = sin_cos_deg(lat0);
    let (st, ct) = sin_cos_deg(theta0);
    let (sp, cp) = sin_cos_deg(phi_p - phi0);
    let tol = 1e-10;
    let (x, y) = (ct * cp, st);
    let z = x.hypot(y);
    let lat_p = if z < tol {
        // Every pole on the meridian fits: LATPOLE decides.
        if s0.abs() > tol {
            return None;
        }
        latpole
    } else {
        let t = s0 / z;
        let slz = if t.abs() > 1.0 {
            if t.abs() - 1.0 > tol {
                return None;
            }
            t.signum()
        } else {
            t
        };
        let u = y.atan2(x).to_degrees();
        let v = slz.acos().to_degrees();
        let (a, b) = (wrap_180(u + v), wrap_180(u - v));
        let pick = if (latpole - a).abs() < (latpole - b).abs() {
            if a.abs() < 90.0 + tol { a } else { b }
        } else if b.abs() < 90.0 + tol {
            b
        } else {
            a
        };
        if (pick.abs() - 90.0).abs() < tol { 90.0_f64.copysign(pick) } else { pick }
    };
    if !(lat_p.abs() <= 90.0) {
        return None;
    }
    let (sd, cd) = sin_cos_deg(lat_p);
    let lon_p = if c0.abs() < tol {
        lon0
    } else if cd.abs() < tol {
        if lat_p > 0.0 { lon0 + phi_p - phi0 - 180.0 } else { lon0 - phi_p + phi0 }
    } else {
        let x = (st - sd * s0) / cd;
        let y = sp * ct;
        if x == 0.0 && y == 0.0 {
            return None;
        }
        lon0 - y.atan2(x).to_degrees()
    };
    Some((lon_p, lat_p))
}
