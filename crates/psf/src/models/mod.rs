//! Analytic models.

mod airy;
mod circular_gaussian;
mod gaussian;
mod gaussian_prf;
mod moffat;

pub use airy::{AiryDiskPrf, AiryDiskPsf};
pub use circular_gaussian::{CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf};
pub use gaussian::GaussianPsf;
pub use gaussian_prf::GaussianPrf;
pub use moffat::{MoffatPrf, MoffatPsf};

use crate::error::{PsfError, Result};

/// Sigma of a Gaussian of unit full width at half maximum, `1 / (2 sqrt(2 ln 2))`.
pub(crate) const FWHM_TO_SIGMA: f64 = 0.424_660_900_144_009_5;

/// A Gaussian beyond this many sigma is below 1e-17 of its peak.
pub(crate) const GAUSSIAN_SUPPORT: f64 = 9.0;

/// Bounding boxes of Gaussians reach this many sigma to every side.
pub(crate) const GAUSSIAN_BOX: f64 = 5.5;

/// Bounding boxes of Moffat and Airy profiles reach this many full widths to every side.
pub(crate) const WIDE_BOX: f64 = 10.0;

pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(PsfError::InvalidParameter { name, expected: "a finite number greater than 0", found: value })
    }
}

/// Shape parameters that are lengths may not shrink to nothing in a fit.
pub(crate) const LENGTH: (f64, f64) = (1e-3, 1e6);

/// `2 sqrt(x^2 + y^2)`-free half sizes of the box around a rotated ellipse.
pub(crate) fn ellipse_half_size(a: f64, b: f64, theta: f64) -> (f64, f64) {
    let (s, c) = theta.sin_cos();
    ((a * c).hypot(b * s), (a * s).hypot(b * c))
}
