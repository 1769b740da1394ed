//! Signal-to-noise ratio and limiting magnitude.

use crate::{Result, magnitude};

/// What the noise of a sum over an aperture is made of, in electrons (Howell 1989, PASP 101, 616).
///
/// ```
/// use skyphot_calibration::ApertureNoise;
/// let noise = ApertureNoise { sky: 100.0, read_noise: 5.0, dark: 0.0, n_pixels: 50.0, n_sky: f64::INFINITY };
/// let s = noise.signal_to_noise(10_000.0);
/// assert!((s - 10_000.0 / (10_000.0f64 + 50.0 * 125.0).sqrt()).abs() < 1e-12);
/// assert!((noise.signal_to_noise(noise.limiting_signal(5.0)) - 5.0).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "CCD equation")]
pub struct ApertureNoise {
    /// Electrons of sky in a pixel.
    pub sky: f64,
    /// Read noise, electrons.
    pub read_noise: f64,
    /// Electrons of dark current in a pixel.
    pub dark: f64,
    /// Pixels of the aperture.
    pub n_pixels: f64,
    /// Pixels the sky was measured in; infinite for a sky known exactly.
    pub n_sky: f64,
}

impl ApertureNoise {
    /// Variance that does not depend on the source, electrons squared.
    #[must_use]
    pub fn background_variance(&self) -> f64 {
        self.n_pixels
            * (1.0 + self.n_pixels / self.n_sky)
            * (self.sky + self.dark + self.read_noise * self.read_noise)
    }

    /// Signal-to-noise ratio of a source of `signal` electrons.
    #[must_use]
    pub fn signal_to_noise(&self, signal: f64) -> f64 {
        signal / (signal + self.background_variance()).sqrt()
    }

    /// The signal, electrons, that has a ratio of `k`.
    #[must_use]
    pub fn limiting_signal(&self, k: f64) -> f64 {
        0.5 * k * (k + (k * k + 4.0 * self.background_variance()).sqrt())
    }
}

/// Magnitude of a flux of `n_sigma` times the error of an empty aperture.
///
/// # Errors
/// [`CalibrationError::InvalidParameter`](crate::CalibrationError::InvalidParameter) unless both are positive.
pub fn limiting_magnitude(error: f64, n_sigma: f64, zero_point: f64) -> Result<f64> {
    crate::error::positive("error", error)?;
    crate::error::positive("n_sigma", n_sigma)?;
    Ok(magnitude(n_sigma * error, zero_point))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert!((limiting_magnitude(0.2, 5.0, 25.0).unwrap() - 25.0).abs() < 1e-12);
        assert!(limiting_magnitude(0.0, 5.0, 25.0).is_err());
        let n = ApertureNoise { sky: 0.0, read_noise: 0.0, dark: 0.0, n_pixels: 10.0, n_sky: 100.0 };
        assert!((n.limiting_signal(5.0) - 25.0).abs() < 1e-12);
    }
}
