//! Units of flux density.

use crate::{CalibrationError, Result};

/// Flux density of AB magnitude 0: `-2.5 log10(f_nu / (erg/s/cm2/Hz)) - 48.60 = 0` (Oke & Gunn 1983), in Jy.
pub const AB_ZERO_JY: f64 = 3_630.780_547_701_014;

/// The rounded flux density of a maggie, Jy: what SDSS, Roman and many tutorials divide by. Its magnitudes differ from
/// those of [`AB_ZERO_JY`] by 6.6e-5.
pub const MAGGIE_JY: f64 = 3631.0;

/// Flux density per wavelength of ST magnitude 0 (`-2.5 log10(f_lambda) - 21.10 = 0`), erg/s/cm2/Angstrom.
pub const ST_ZERO_FLAM: f64 = 3.630_780_547_701_011e-9;

/// Speed of light, Angstrom per second.
const LIGHT: f64 = 2.997_924_58e18;

/// A unit of flux density per frequency.
///
/// ```
/// use skyphot_calibration::FluxUnit;
/// assert_eq!(FluxUnit::MicroJansky.to_jansky(2.0), 2e-6);
/// assert_eq!("nJy".parse::<FluxUnit>()?, FluxUnit::NanoJansky);
/// assert!((FluxUnit::AbMagnitude.from_jansky(3.631e-6) - 22.5).abs() < 1e-4);
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FluxUnit {
    /// 1e-26 W/m2/Hz.
    Jansky,
    /// 1e6 Jy.
    MegaJansky,
    /// 1e-3 Jy.
    MilliJansky,
    /// 1e-6 Jy.
    MicroJansky,
    /// 1e-9 Jy.
    NanoJansky,
    /// erg/s/cm2/Hz.
    Cgs,
    /// [`MAGGIE_JY`].
    Maggie,
    /// 1e-9 maggies, magnitude 22.5.
    NanoMaggie,
    /// AB magnitudes of [`AB_ZERO_JY`]: not proportional to the flux.
    AbMagnitude,
}

impl FluxUnit {
    /// Jy of one unit; `None` for magnitudes.
    #[must_use]
    pub fn factor(self) -> Option<f64> {
        Some(match self {
            Self::Jansky => 1.0,
            Self::MegaJansky => 1e6,
            Self::MilliJansky => 1e-3,
            Self::MicroJansky => 1e-6,
            Self::NanoJansky => 1e-9,
            Self::Cgs => 1e23,
            Self::Maggie => MAGGIE_JY,
            Self::NanoMaggie => MAGGIE_JY * 1e-9,
            Self::AbMagnitude => return None,
        })
    }

    /// A value in this unit, in Jy.
    #[must_use]
    pub fn to_jansky(self, value: f64) -> f64 {
        self.factor().map_or_else(|| AB_ZERO_JY * 10f64.powf(-0.4 * value), |f| value * f)
    }

    /// A flux density in Jy, in this unit.
    #[must_use]
    pub fn from_jansky(self, jansky: f64) -> f64 {
        self.factor().map_or_else(|| crate::magnitude(jansky / AB_ZERO_JY, 0.0), |f| jansky / f)
    }

    /// The name written in tables and headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jansky => "Jy",
            Self::MegaJansky => "MJy",
            Self::MilliJansky => "mJy",
            Self::MicroJansky => "uJy",
            Self::NanoJansky => "nJy",
            Self::Cgs => "erg / (Hz s cm2)",
            Self::Maggie => "mgy",
            Self::NanoMaggie => "nmgy",
            Self::AbMagnitude => "mag(AB)",
        }
    }
}

impl std::str::FromStr for FluxUnit {
    type Err = CalibrationError;

    fn from_str(text: &str) -> Result<Self> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        Ok(match plain.as_str() {
            "Jy" | "jy" | "jansky" | "Jansky" => Self::Jansky,
            "MJy" => Self::MegaJansky,
            "mJy" => Self::MilliJansky,
            "uJy" | "\u{b5}Jy" | "\u{3bc}Jy" => Self::MicroJansky,
            "nJy" => Self::NanoJansky,
            "erg/(Hzscm2)" | "erg/s/cm2/Hz" | "erg/cm2/s/Hz" | "ergs-1cm-2Hz-1" | "erg/s/cm**2/Hz" => {
                Self::Cgs
            }
            "mgy" | "maggy" | "maggie" | "maggies" => Self::Maggie,
            "nmgy" | "nanomaggy" | "nanomaggie" | "nanomaggies" => Self::NanoMaggie,
            "mag(AB)" | "ABmag" | "abmag" => Self::AbMagnitude,
            _ => {
                return Err(CalibrationError::InvalidUnit {
                    text: text.to_owned(),
                    why: "expected Jy, MJy, mJy, uJy, nJy, erg/s/cm2/Hz, mgy, nmgy or mag(AB)".to_owned(),
                });
            }
        })
    }
}

/// Flux density per frequency, Jy, of one per wavelength (erg/s/cm2/Angstrom) at a pivot wavelength (Angstrom):
/// `f_nu = f_lambda lambda^2 / c`.
#[must_use]
#[doc(alias = "PHOTFLAM")]
pub fn jansky_of_flam(flam: f64, pivot: f64) -> f64 {
    flam * pivot * pivot / LIGHT * 1e23
}

/// Flux density per wavelength (erg/s/cm2/Angstrom) of one per frequency (Jy) at a pivot wavelength (Angstrom).
#[must_use]
pub fn flam_of_jansky(jansky: f64, pivot: f64) -> f64 {
    jansky * 1e-23 * LIGHT / (pivot * pivot)
}

/// A system of magnitudes, known by the flux density of magnitude 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MagnitudeSystem {
    /// AB: [`AB_ZERO_JY`] at every wavelength.
    Ab,
    /// Magnitudes of maggies: [`MAGGIE_JY`].
    Maggies,
    /// ST: the same flux density per wavelength, [`ST_ZERO_FLAM`], at every wavelength.
    St {
        /// Pivot wavelength of the band, Angstrom.
        pivot: f64,
    },
    /// Vega (or any other star): the flux density of its magnitude 0 in the band.
    Vega {
        /// Flux density of magnitude 0, Jy.
        zero: f64,
    },
}

impl MagnitudeSystem {
    /// Vega magnitudes of a band whose AB magnitude is that of Vega plus `ab_minus_vega`.
    #[must_use]
    pub fn vega(ab_minus_vega: f64) -> Self {
        Self::Vega { zero: AB_ZERO_JY * 10f64.powf(-0.4 * ab_minus_vega) }
    }

    /// Flux density of magnitude 0, Jy.
    #[must_use]
    pub fn zero_jansky(self) -> f64 {
        match self {
            Self::Ab => AB_ZERO_JY,
            Self::Maggies => MAGGIE_JY,
            Self::St { pivot } => jansky_of_flam(ST_ZERO_FLAM, pivot),
            Self::Vega { zero } => zero,
        }
    }

    /// The magnitude of a flux density in Jy; NaN where it is not positive.
    #[must_use]
    pub fn magnitude(self, jansky: f64) -> f64 {
        crate::magnitude(jansky / self.zero_jansky(), 0.0)
    }

    /// The flux density of a magnitude, Jy.
    #[must_use]
    pub fn jansky(self, magnitude: f64) -> f64 {
        self.zero_jansky() * 10f64.powf(-0.4 * magnitude)
    }

    /// `AB magnitude - magnitude of this system` of any source.
    #[must_use]
    pub fn ab_offset(self) -> f64 {
        crate::magnitude(self.zero_jansky() / AB_ZERO_JY, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_their_definitions() {
        assert!((AB_ZERO_JY / (10f64.powf(-48.6 / 2.5) * 1e23) - 1.0).abs() < 1e-14);
        assert!((AB_ZERO_JY / 10f64.powf(8.9 / 2.5) - 1.0).abs() < 1e-14);
        assert!((ST_ZERO_FLAM / 10f64.powf(-21.1 / 2.5) - 1.0).abs() < 1e-14);
        assert!((MagnitudeSystem::Maggies.ab_offset() + 6.56e-5).abs() < 1e-7);
    }

    #[test]
    fn st_and_ab_agree_where_their_curves_cross() {
        // f_lambda = c / lambda^2 f_nu with the two constants: 5475.4 Angstrom.
        let pivot = (LIGHT * AB_ZERO_JY * 1e-23 / ST_ZERO_FLAM).sqrt();
        assert!((pivot - 5475.4).abs() < 0.1, "{pivot}");
        let st = MagnitudeSystem::St { pivot };
        assert!(st.ab_offset().abs() < 1e-12);
        assert!((flam_of_jansky(jansky_of_flam(3.0, 6000.0), 6000.0) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn units_go_there_and_back() {
        for name in ["Jy", "MJy", "mJy", "uJy", "nJy", "erg/s/cm2/Hz", "mgy", "nmgy", "mag(AB)"] {
            let unit: FluxUnit = name.parse().unwrap();
            assert_eq!(unit.name().parse::<FluxUnit>().unwrap(), unit);
            assert!((unit.from_jansky(unit.to_jansky(12.5)) - 12.5).abs() < 1e-12);
        }
        assert!(FluxUnit::AbMagnitude.from_jansky(-1.0).is_nan());
        assert!("counts".parse::<FluxUnit>().unwrap_err().to_string().contains("expected Jy"));
        let vega = MagnitudeSystem::vega(0.5);
        assert!((vega.ab_offset() - 0.5).abs() < 1e-14);
        assert!((vega.magnitude(vega.jansky(7.0)) - 7.0).abs() < 1e-12);
    }
}
