//! Models of sources with named parameters.

use std::fmt::Debug;

use crate::SersicGalaxy;
use crate::kernel::gamma::gamma;

/// A surface brightness over the plane, with named parameters; what [`make_model_image`](crate::make_model_image) adds up.
pub trait SourceModel: Debug + Sync {
    /// Names and default values of the parameters.
    fn parameters(&self) -> &[(&'static str, f64)];

    /// The value at `(x, y)` pixels; `p` holds a value for each parameter, in order.
    fn evaluate(&self, p: &[f64], x: f64, y: f64) -> f64;

    /// Half the width and height of the region the model fills, pixels; `factor` changes it where the model allows.
    /// `None`: it has no end.
    fn half_size(&self, p: &[f64], factor: Option<f64>) -> Option<(f64, f64)> {
        let _ = (p, factor);
        None
    }
}

/// astropy's `Gaussian2D`: `amplitude exp(-(a dx^2 + b dx dy + c dy^2))`, `theta` counter-clockwise in radians.
///
/// It fills a box around the ellipse of `factor` (5.5) standard deviations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaussian2D;

impl SourceModel for Gaussian2D {
    fn parameters(&self) -> &[(&'static str, f64)] {
        &[
            ("amplitude", 1.0),
            ("x_mean", 0.0),
            ("y_mean", 0.0),
            ("x_stddev", 1.0),
            ("y_stddev", 1.0),
            ("theta", 0.0),
        ]
    }

    fn evaluate(&self, p: &[f64], x: f64, y: f64) -> f64 {
        let &[amplitude, x0, y0, sx, sy, theta] = p else { return f64::NAN };
        let (s, c) = theta.sin_cos();
        let (vx, vy) = (sx * sx, sy * sy);
        let a = 0.5 * (c * c / vx + s * s / vy);
        let b = 0.5 * (2.0 * theta).sin() * (1.0 / vx - 1.0 / vy);
        let d = 0.5 * (s * s / vx + c * c / vy);
        let (u, v) = (x - x0, y - y0);
        amplitude * (-(a * u * u + b * u * v + d * v * v)).exp()
    }

    fn half_size(&self, p: &[f64], factor: Option<f64>) -> Option<(f64, f64)> {
        let &[_, _, _, sx, sy, theta] = p else { return None };
        let k = factor.unwrap_or(5.5);
        let (s, c) = theta.sin_cos();
        let (a, b) = (k * sx, k * sy);
        Some(((a * c).hypot(b * s), (a * s).hypot(b * c)))
    }
}

/// astropy's `Moffat2D`: `amplitude (1 + r^2 / gamma^2)^-alpha`. It has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moffat2D;

impl SourceModel for Moffat2D {
    fn parameters(&self) -> &[(&'static str, f64)] {
        &[("amplitude", 1.0), ("x_0", 0.0), ("y_0", 0.0), ("gamma", 1.0), ("alpha", 1.0)]
    }

    fn evaluate(&self, p: &[f64], x: f64, y: f64) -> f64 {
        let &[amplitude, x0, y0, g, alpha] = p else { return f64::NAN };
        let r2 = ((x - x0).powi(2) + (y - y0).powi(2)) / (g * g);
        amplitude * (1.0 + r2).powf(-alpha)
    }
}

/// astropy's `Sersic2D`: `amplitude exp(-b ((z / r_eff)^(1/n) - 1))`, `ellip = 1 - axis ratio`. It has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sersic2D;

impl Sersic2D {
    /// The amplitude (surface brightness at `r_eff`) of a galaxy of some total flux.
    #[must_use]
    pub fn amplitude(flux: f64, r_eff: f64, n: f64, ellip: f64) -> f64 {
        let b = SersicGalaxy::b(n);
        let light = std::f64::consts::TAU * n * r_eff * r_eff * (1.0 - ellip) * b.exp() * b.powf(-2.0 * n);
        flux / (light * gamma(2.0 * n))
    }
}

impl SourceModel for Sersic2D {
    fn parameters(&self) -> &[(&'static str, f64)] {
        &[
            ("amplitude", 1.0),
            ("r_eff", 1.0),
            ("n", 4.0),
            ("x_0", 0.0),
            ("y_0", 0.0),
            ("ellip", 0.0),
            ("theta", 0.0),
        ]
    }

    fn evaluate(&self, p: &[f64], x: f64, y: f64) -> f64 {
        let &[amplitude, r_eff, n, x0, y0, ellip, theta] = p else { return f64::NAN };
        let (s, c) = theta.sin_cos();
        let (u, v) = (x - x0, y - y0);
        let major = u * c + v * s;
        let minor = (v * c - u * s) / (1.0 - ellip);
        let z = major.hypot(minor) / r_eff;
        amplitude * (-SersicGalaxy::b(n) * (z.powf(n.recip()) - 1.0)).exp()
    }
}
