//! Moffat profiles.

use std::f64::consts::PI;

use super::{LENGTH, WIDE_BOX, positive};
use crate::error::{PsfError, Result};
use crate::kernel::quadrature::Legendre;
use crate::{Derivatives, Extent, PsfModel, ShapeParameter, Source, Window};

/// Full width at half maximum, `2 alpha sqrt(2^(1/beta) - 1)`.
fn fwhm(alpha: f64, beta: f64) -> f64 {
    2.0 * alpha * (2f64.powf(1.0 / beta) - 1.0).sqrt()
}

/// Value, and derivatives by x, y, alpha and beta, of a unit source at an offset.
#[inline]
fn profile(dx: f64, dy: f64, alpha: f64, beta: f64) -> [f64; 5] {
    let a2 = alpha * alpha;
    let scaled = (dx * dx + dy * dy) / a2;
    let base = 1.0 + scaled;
    let core = base.powf(-beta) / (PI * a2);
    let v = (beta - 1.0) * core;
    let slope = 2.0 * beta * v / (a2 * base);
    [
        v,
        slope * dx,
        slope * dy,
        2.0 * v / alpha * (beta * scaled / base - 1.0),
        core * (1.0 - (beta - 1.0) * base.ln()),
    ]
}

fn value(dx: f64, dy: f64, alpha: f64, beta: f64) -> f64 {
    let a2 = alpha * alpha;
    (beta - 1.0) / (PI * a2) * (1.0 + (dx * dx + dy * dy) / a2).powf(-beta)
}

fn checked(alpha: f64, beta: f64) -> Result<(f64, f64)> {
    let alpha = positive("alpha", alpha)?;
    if beta.is_finite() && beta > 1.0 {
        Ok((alpha, beta))
    } else {
        Err(PsfError::InvalidParameter {
            name: "beta",
            expected: "a finite number greater than 1",
            found: beta,
        })
    }
}

fn parameters(alpha: f64, beta: f64) -> Vec<ShapeParameter> {
    vec![
        ShapeParameter { name: "alpha", value: alpha, bounds: LENGTH },
        ShapeParameter { name: "beta", value: beta, bounds: (1.0 + 1e-6, 1e3) },
    ]
}

/// A Moffat profile (Moffat 1969, A&A 3, 455) sampled at the pixel centres,
/// `(beta - 1) / (pi alpha^2) (1 + r^2 / alpha^2)^-beta`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoffatPsf {
    alpha: f64,
    beta: f64,
}

/// [`MoffatPsf`] integrated over the pixels by Gauss-Legendre quadrature with `n_nodes` (default 9) nodes per axis.
#[derive(Debug, Clone, PartialEq)]
pub struct MoffatPrf {
    alpha: f64,
    beta: f64,
    nodes: Vec<(f64, f64)>,
}

impl MoffatPsf {
    /// `alpha` in pixels, `beta > 1`.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range.
    pub fn new(alpha: f64, beta: f64) -> Result<Self> {
        let (alpha, beta) = checked(alpha, beta)?;
        Ok(Self { alpha, beta })
    }

    /// From the full width at half maximum, pixels.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range.
    pub fn with_fwhm(width: f64, beta: f64) -> Result<Self> {
        let (width, beta) = checked(width, beta)?;
        Self::new(width / fwhm(1.0, beta), beta)
    }
}

impl MoffatPrf {
    /// `alpha` in pixels, `beta > 1`, 9 nodes.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range.
    pub fn new(alpha: f64, beta: f64) -> Result<Self> {
        let (alpha, beta) = checked(alpha, beta)?;
        Ok(Self { alpha, beta, nodes: Legendre::new(9).within_pixel() })
    }

    /// From the full width at half maximum before the integration, pixels.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for values out of range.
    pub fn with_fwhm(width: f64, beta: f64) -> Result<Self> {
        let (width, beta) = checked(width, beta)?;
        Self::new(width / fwhm(1.0, beta), beta)
    }

    /// The same model with another number of nodes per axis (at least 1, at most 64).
    #[must_use]
    pub fn with_nodes(mut self, n_nodes: usize) -> Self {
        self.nodes = Legendre::new(n_nodes.clamp(1, 64)).within_pixel();
        self
    }
}

impl PsfModel for MoffatPsf {
    fn name(&self) -> &'static str {
        "MoffatPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.alpha, self.beta)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        super::airy::each_pixel(s, w, out, |dx, dy| value(dx, dy, s.shape[0], s.shape[1]));
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        super::airy::each_derivative(s, w, 2, with_shape, &[(0.0, 1.0)], out, |dx, dy| {
            profile(dx, dy, s.shape[0], s.shape[1])
        });
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        let half = WIDE_BOX * fwhm(s.shape[0], s.shape[1]);
        Extent::around(s.x, s.y, (half, half))
    }

    fn fwhm(&self) -> Option<f64> {
        Some(fwhm(self.alpha, self.beta))
    }
}

impl PsfModel for MoffatPrf {
    fn name(&self) -> &'static str {
        "MoffatPrf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.alpha, self.beta)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        super::airy::each_pixel(s, w, out, |dx, dy| {
            super::airy::quadrature(&self.nodes, |u, v| value(dx + u, dy + v, s.shape[0], s.shape[1]))
        });
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        super::airy::each_derivative(s, w, 2, with_shape, &self.nodes, out, |dx, dy| {
            profile(dx, dy, s.shape[0], s.shape[1])
        });
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        let half = WIDE_BOX * fwhm(s.shape[0], s.shape[1]);
        Extent::around(s.x, s.y, (half, half))
    }

    fn fwhm(&self) -> Option<f64> {
        Some(fwhm(self.alpha, self.beta))
    }
}
