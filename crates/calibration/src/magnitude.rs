//! Magnitudes of fluxes.

use std::f64::consts::LN_10;

/// `2.5 / ln 10`: the error of a magnitude is this times the relative error of the flux.
pub const POGSON: f64 = 2.5 / LN_10;

/// `zero_point - 2.5 log10(flux)`, NaN where the flux is not positive.
///
/// ```
/// use skyphot_calibration::{flux_of_magnitude, magnitude};
/// assert_eq!(magnitude(100.0, 25.0), 20.0);
/// assert!(magnitude(-1.0, 25.0).is_nan());
/// assert!((flux_of_magnitude(20.0, 25.0) - 100.0).abs() < 1e-9);
/// ```
#[must_use]
#[doc(alias = "Pogson")]
pub fn magnitude(flux: f64, zero_point: f64) -> f64 {
    if flux > 0.0 { zero_point - 2.5 * flux.log10() } else { f64::NAN }
}

/// 1-sigma error of [`magnitude`]: `2.5 / ln 10 * error / flux`, NaN where the flux is not positive.
#[must_use]
pub fn magnitude_error(flux: f64, error: f64) -> f64 {
    if flux > 0.0 { POGSON * error / flux } else { f64::NAN }
}

/// The flux whose [`magnitude`] this is.
#[must_use]
pub fn flux_of_magnitude(magnitude: f64, zero_point: f64) -> f64 {
    10f64.powf(0.4 * (zero_point - magnitude))
}

/// Inverse hyperbolic sine magnitudes (Lupton, Gunn & Szalay 1999, AJ 118, 1406), defined for every flux:
/// `zero_point - 2.5/ln10 (asinh(flux / 2 softening) + ln(softening))`.
///
/// They agree with [`magnitude`] for fluxes far above the softening, and are linear in the flux far below it.
///
/// ```
/// use skyphot_calibration::{AsinhMagnitude, magnitude};
/// // The r band of SDSS: softening 1.2e-10 maggies, so that no flux has magnitude 24.80.
/// let scale = AsinhMagnitude::new(1.2e-10, 0.0)?;
/// assert!((scale.magnitude(0.0) - 24.80).abs() < 0.005);
/// assert!((scale.magnitude(1e-7) - magnitude(1e-7, 0.0)).abs() < 1e-5);
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "luptitude")]
pub struct AsinhMagnitude {
    softening: f64,
    zero_point: f64,
}

impl AsinhMagnitude {
    /// `softening`: flux at which the scale turns linear, about the 1-sigma error of a faint source; `zero_point`: the
    /// magnitude of unit flux.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidParameter`](crate::CalibrationError::InvalidParameter) if the softening is not
    /// positive or one is not finite.
    pub fn new(softening: f64, zero_point: f64) -> crate::Result<Self> {
        crate::error::positive("softening", softening)?;
        crate::error::finite("zero_point", zero_point)?;
        Ok(Self { softening, zero_point })
    }

    /// The magnitude of a flux of any sign.
    #[must_use]
    pub fn magnitude(&self, flux: f64) -> f64 {
        self.zero_point - POGSON * ((flux / (2.0 * self.softening)).asinh() + self.softening.ln())
    }

    /// 1-sigma error of [`AsinhMagnitude::magnitude`].
    #[must_use]
    pub fn error(&self, flux: f64, error: f64) -> f64 {
        POGSON * error / flux.hypot(2.0 * self.softening)
    }

    /// The flux of a magnitude.
    #[must_use]
    pub fn flux(&self, magnitude: f64) -> f64 {
        2.0 * self.softening * ((self.zero_point - magnitude) / POGSON - self.softening.ln()).sinh()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asinh_magnitudes_of_sdss() {
        // Table 21 of Stoughton et al. 2002 (AJ 123, 485): softening, magnitude of no flux, of ten softenings.
        for (b, zero, ten) in [
            (1.4e-10, 24.63, 22.12),
            (0.9e-10, 25.11, 22.60),
            (1.2e-10, 24.80, 22.29),
            (1.8e-10, 24.36, 21.85),
            (7.4e-10, 22.83, 20.32),
        ] {
            let s = AsinhMagnitude::new(b, 0.0).unwrap();
            assert!((s.magnitude(0.0) - zero).abs() < 0.006, "{b}");
            assert!((s.magnitude(10.0 * b) - ten).abs() < 0.006, "{b}");
            for f in [-3e-9, 0.0, 1e-11, 1e-8] {
                assert!((s.flux(s.magnitude(f)) - f).abs() < 1e-14 * b.max(f.abs()) / b);
                let slope = (s.magnitude(f + 1e-4 * b) - s.magnitude(f - 1e-4 * b)) / (2e-4 * b);
                assert!((s.error(f, 1.0) / slope.abs() - 1.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn errors_are_those_of_the_logarithm() {
        let slope = (magnitude(100.01, 0.0) - magnitude(99.99, 0.0)) / 0.02;
        assert!((magnitude_error(100.0, 1.0) + slope).abs() < 1e-9);
        assert!(magnitude_error(0.0, 1.0).is_nan());
    }
}
