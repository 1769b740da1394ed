//! HEALPix as a projection, and its polar ("butterfly") arrangement.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use super::{ProjectionCode, invalid, unit};
use crate::Result;

/// HPX with `H` facets in longitude and `K` in latitude.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hpx {
    h: f64,
    k: f64,
    k_even: bool,
}

impl Hpx {
    pub(super) fn new(h: f64, k: f64) -> Result<Self> {
        if !(h > 0.0) {
            return Err(invalid(ProjectionCode::Hpx, "H > 0 (PVi_1)", h));
        }
        if !(k > 0.0) {
            return Err(invalid(ProjectionCode::Hpx, "K > 0 (PVi_2)", k));
        }
        Ok(Self { h, k, k_even: (k + 0.5).floor() % 2.0 == 0.0 })
    }

    /// Longitude of the centre of the polar facet of `x`.
    fn centre(&self, x: f64, north: bool) -> f64 {
        // Facets of the south are shifted by half a facet where K is even.
        let omega = if !self.k_even || north { 1.0 } else { 0.0 };
        let t = ((x + PI) * self.h / (2.0 * PI) + 0.5 * (1.0 - omega)).floor();
        -PI + (2.0 * t + omega) * PI / self.h
    }

    pub(super) fn to_plane(&self, phi: f64, theta: f64) -> (f64, f64) {
        let s = theta.sin();
        if s.abs() <= (self.k - 1.0) / self.k {
            return (phi, FRAC_PI_2 * self.k / self.h * s);
        }
        let sigma = sigma(self.k, theta);
        let c = self.centre(phi, theta > 0.0);
        // The seam of the map belongs to the facet on its own side.
        let c = if phi == PI && c > PI { c - 2.0 * PI / self.h } else { c };
        let y = PI / self.h * (0.5 * (self.k + 1.0) - sigma);
        (c + (phi - c) * sigma, y.copysign(theta))
    }

    pub(super) fn to_native(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let yr = y.abs() * self.h / PI;
        if yr <= 0.5 * (self.k - 1.0) {
            return Some((x, unit(y * self.h / (FRAC_PI_2 * self.k))?.asin()));
        }
        let sigma = 0.5 * (self.k + 1.0) - yr;
        if sigma < -1e-12 {
            return None;
        }
        let c = self.centre(x, y > 0.0);
        let c = if x == PI && c > PI { c - 2.0 * PI / self.h } else { c };
        let theta = theta_of_sigma(self.k, sigma).copysign(y);
        if sigma <= 1e-12 {
            return ((x - c).abs() <= 1e-12).then_some((c, theta));
        }
        // Outside the triangular facets there is no sky.
        ((x - c).abs() <= PI / self.h * sigma + 1e-12).then_some((c + (x - c) / sigma, theta))
    }
}

/// `sqrt(K (1 - |sin theta|))` without loss of digits near the pole.
fn sigma(k: f64, theta: f64) -> f64 {
    (2.0 * k).sqrt() * (0.5 * (FRAC_PI_2 - theta.abs())).sin()
}

fn theta_of_sigma(k: f64, sigma: f64) -> f64 {
    FRAC_PI_2 - 2.0 * (sigma / (2.0 * k).sqrt()).clamp(0.0, 1.0).asin()
}

/// Centre of the quadrant of a native longitude, `-3 pi / 4 ... 3 pi / 4`.
fn quadrant(phi: f64) -> f64 {
    ((phi / FRAC_PI_2).floor() + 0.5) * FRAC_PI_2
}

pub(super) fn xph_to_plane(phi: f64, theta: f64) -> (f64, f64) {
    let phi = if phi >= PI { phi - 2.0 * PI } else { phi };
    let c = quadrant(phi);
    let s = theta.sin();
    let (xi, eta) = if s.abs() <= 2.0 / 3.0 {
        (phi - c, 3.0 / 8.0 * PI * s)
    } else {
        let sg = sigma(3.0, theta);
        ((phi - c) * sg, (FRAC_PI_4 * (2.0 - sg)).copysign(theta))
    };
    let eta = eta - FRAC_PI_2;
    let (sc, cc) = c.sin_cos();
    (xi * cc - eta * sc, xi * sc + eta * cc)
}

pub(super) fn xph_to_native(x: f64, y: f64) -> Option<(f64, f64)> {
    // The quadrant whose centre line, (sin c, -cos c), is nearest.
    let c = match (x >= 0.0, y > 0.0) {
        (true, false) => FRAC_PI_4,
        (true, true) => 3.0 * FRAC_PI_4,
        (false, true) => -3.0 * FRAC_PI_4,
        (false, false) => -FRAC_PI_4,
    };
    let (sc, cc) = c.sin_cos();
    let xi = x * cc + y * sc;
    let eta = -x * sc + y * cc + FRAC_PI_2;
    let tol = 1e-12;
    if eta.abs() <= FRAC_PI_4 {
        if xi.abs() > FRAC_PI_4 + tol {
            return None;
        }
        return Some((c + xi, unit(eta / (3.0 / 8.0 * PI))?.asin()));
    }
    let sg = 2.0 - eta.abs() / FRAC_PI_4;
    if sg < -tol || xi.abs() > FRAC_PI_4 * sg + tol {
        return None;
    }
    let theta = theta_of_sigma(3.0, sg).copysign(eta);
    let phi = if sg <= tol { c } else { c + xi / sg };
    Some((phi, theta))
}
