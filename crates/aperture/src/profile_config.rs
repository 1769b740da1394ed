//! Parameters of profiles.

use skyphot_core::Exec;
use skyphot_geometry::OverlapMethod;

use crate::{ApertureError, Result};
use skyphot_fit::Pchip;

/// How profiles and curves of growth are measured. The defaults are those of photutils.
#[derive(Debug, Clone, Default)]
pub struct ProfileConfig {
    /// How pixels on the rims are weighed. Default: exact.
    pub method: OverlapMethod,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

/// What a profile is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Normalization {
    /// Its largest value.
    #[default]
    Max,
    /// The sum of its values.
    Sum,
}

impl Normalization {
    /// The divisor of a profile: `None` unless it is finite and positive. NaN values do not count.
    pub(crate) fn of(self, profile: &[f64]) -> Option<f64> {
        let values = profile.iter().copied().filter(|v| !v.is_nan());
        let divisor = match self {
            Self::Max => values.fold(f64::NEG_INFINITY, f64::max),
            Self::Sum => values.sum(),
        };
        (divisor.is_finite() && divisor > 0.0).then_some(divisor)
    }
}

/// Radii ascend strictly, from 0 (or from above 0 unless `zero`), and there are at least two.
pub(crate) fn check_radii(name: &'static str, radii: &[f64], zero: bool) -> Result<()> {
    if radii.len() < 2 {
        return Err(ApertureError::TooFewRadii { name, found: radii.len() });
    }
    let expected = |text: &str| text.to_owned();
    for (k, &r) in radii.iter().enumerate() {
        if !(r.is_finite() && r >= 0.0 && (zero || r > 0.0)) {
            let expected = expected(if zero { "finite and 0 or more" } else { "finite and greater than 0" });
            return Err(ApertureError::InvalidParameter { name, expected, found: r });
        }
        if k > 0 && r <= radii[k - 1] {
            let expected = format!("ascending: after {} something greater", radii[k - 1]);
            return Err(ApertureError::InvalidParameter { name, expected, found: r });
        }
    }
    Ok(())
}

/// The interpolant of the finite values of a curve.
pub(crate) fn interpolant(radius: &[f64], values: &[f64]) -> Result<Pchip> {
    let (x, y): (Vec<f64>, Vec<f64>) =
        radius.iter().zip(values).filter(|(_, v)| v.is_finite()).map(|(r, v)| (*r, *v)).unzip();
    let found = x.len();
    Pchip::new(x, y).ok_or(ApertureError::TooFewValues { found })
}
