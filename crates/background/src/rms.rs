//! Estimators of the background noise.

use std::sync::Arc;

use skyphot_stats::{MAD_TO_STD, biweight_scale, kernel};

use crate::error::check;
use crate::kernel::boxstats::Moments;
use crate::{BackgroundEstimator, Result};

/// How the noise follows from the good pixels of a box. The default is [`Std`](Self::Std).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum RmsEstimator {
    /// The standard deviation about the mean, divisor N.
    #[default]
    #[doc(alias = "StdBackgroundRMS")]
    Std,
    /// 1.4826 times the median absolute deviation from the median.
    #[doc(alias = "MADStdBackgroundRMS")]
    MadStd,
    /// Tukey's biweight scale (Beers, Flynn & Gebhardt 1990, AJ 100, 32).
    #[doc(alias = "BiweightScaleBackgroundRMS")]
    BiweightScale {
        /// Tuning constant, usually 9.
        c: f64,
        /// The location; `None` = the median.
        m: Option<f64>,
    },
    /// An estimator of your own.
    Custom(Arc<dyn BackgroundEstimator>),
}

impl RmsEstimator {
    /// [`BiweightScale`](Self::BiweightScale) with the usual `c = 9` about the median.
    #[must_use]
    pub const fn biweight_scale() -> Self {
        Self::BiweightScale { c: 9.0, m: None }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        if let Self::BiweightScale { c, m } = *self {
            check(c > 0.0, "the biweight constant c", "greater than 0", c)?;
            let m = m.unwrap_or(0.0);
            check(m.is_finite(), "the biweight location M", "finite", m)?;
        }
        Ok(())
    }

    pub(crate) fn of_moments(&self, s: &Moments) -> Option<f64> {
        matches!(self, Self::Std).then_some(s.std)
    }

    pub(crate) fn needs_moments_only(&self) -> bool {
        matches!(self, Self::Std)
    }
}

impl BackgroundEstimator for RmsEstimator {
    /// NaN if there are no values.
    fn estimate(&self, values: &[f64]) -> f64 {
        match self {
            _ if values.is_empty() => f64::NAN,
            Self::Std => kernel::mean_std(values).1,
            Self::MadStd => MAD_TO_STD * kernel::mad_sorted(values, kernel::median_sorted(values)),
            Self::BiweightScale { c, m } => biweight_scale(values, *c, *m, false),
            Self::Custom(e) => e.estimate(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_on_a_small_sample() {
        let v = [1.0, 2.0, 3.0, 4.0, 10.0];
        assert!((RmsEstimator::Std.estimate(&v) - 10_f64.sqrt()).abs() < 1e-15);
        assert_eq!(RmsEstimator::MadStd.estimate(&v), MAD_TO_STD);
        assert_eq!(RmsEstimator::biweight_scale().estimate(&[2.0; 4]), 0.0);
    }
}
