//! Shapes of stars.

use skyphot_core::FWHM_TO_SIGMA;

use crate::Result;
use crate::error::{positive, require};

/// The image of a point source.
///
/// ```
/// use skyphot_simulation::StarProfile;
/// let gaussian = StarProfile::Gaussian { fwhm: 3.0 };
/// // Half of the light of a Gaussian lies within half its FWHM.
/// assert!((gaussian.encircled_energy(1.5) - 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StarProfile {
    /// A circular Gaussian.
    Gaussian {
        /// Full width at half maximum, pixels.
        fwhm: f64,
    },
    /// A Moffat (1969) profile, `(1 + (r / alpha)^2)^-beta`.
    Moffat {
        /// Full width at half maximum, pixels.
        fwhm: f64,
        /// Exponent, above 1.
        beta: f64,
    },
}

impl StarProfile {
    /// Full width at half maximum, pixels.
    #[must_use]
    pub const fn fwhm(&self) -> f64 {
        match *self {
            Self::Gaussian { fwhm } | Self::Moffat { fwhm, .. } => fwhm,
        }
    }

    /// Core radius `alpha` of a Moffat profile.
    pub(crate) fn moffat_alpha(fwhm: f64, beta: f64) -> f64 {
        0.5 * fwhm / (2.0_f64.powf(1.0 / beta) - 1.0).sqrt()
    }

    /// The part of the light within `r` pixels of the centre, 0 to 1.
    #[must_use]
    pub fn encircled_energy(&self, r: f64) -> f64 {
        match *self {
            Self::Gaussian { fwhm } => {
                let s = r / (fwhm * FWHM_TO_SIGMA);
                -(-0.5 * s * s).exp_m1()
            }
            Self::Moffat { fwhm, beta } => {
                let u = r / Self::moffat_alpha(fwhm, beta);
                1.0 - (1.0 + u * u).powf(1.0 - beta)
            }
        }
    }

    /// Surface brightness at the centre for unit flux, per pixel.
    #[must_use]
    pub fn peak(&self) -> f64 {
        match *self {
            Self::Gaussian { fwhm } => (2.0 * std::f64::consts::PI * (fwhm * FWHM_TO_SIGMA).powi(2)).recip(),
            Self::Moffat { fwhm, beta } => {
                (beta - 1.0) / (std::f64::consts::PI * Self::moffat_alpha(fwhm, beta).powi(2))
            }
        }
    }

    /// The radius that holds all but `missing` of the light, and outside of which a source of `flux` is fainter than
    /// `limit` per pixel.
    pub(crate) fn radius(&self, flux: f64, missing: f64, limit: f64) -> f64 {
        let contrast = (flux * self.peak() / limit).max(1.0);
        match *self {
            Self::Gaussian { fwhm } => fwhm * FWHM_TO_SIGMA * (2.0 * contrast.ln().max(-missing.ln())).sqrt(),
            Self::Moffat { fwhm, beta } => {
                let faint = contrast.powf(1.0 / beta);
                let enclosed = missing.powf(-1.0 / (beta - 1.0));
                Self::moffat_alpha(fwhm, beta) * (faint.max(enclosed) - 1.0).sqrt()
            }
        }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        positive("the FWHM of the stars", self.fwhm())?;
        if let Self::Moffat { beta, .. } = *self {
            require(beta > 1.0 && beta.is_finite(), "Moffat's beta", "above 1", beta)?;
        }
        Ok(())
    }
}
