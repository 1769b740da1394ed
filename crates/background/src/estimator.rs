//! Estimators of the background level.

use std::fmt::Debug;
use std::sync::Arc;

use skyphot_stats::{biweight_location, kernel, mmm_mode, mode_estimate, sextractor_mode};

use crate::Result;
use crate::error::check;
use crate::kernel::boxstats::Moments;

/// One number from the good pixels of a box or an annulus. Implement it for an estimator of your own.
///
/// ```
/// use std::sync::Arc;
/// use skyphot_background::{BackgroundEstimator, Estimator};
///
/// /// The lower quartile.
/// #[derive(Debug)]
/// struct Quartile;
/// impl BackgroundEstimator for Quartile {
///     fn estimate(&self, values: &[f64]) -> f64 {
///         values[values.len() / 4]
///     }
/// }
/// let estimator = Estimator::Custom(Arc::new(Quartile));
/// assert_eq!(estimator.estimate(&[1.0, 2.0, 3.0, 4.0]), 2.0);
/// ```
#[doc(alias = "BackgroundBase")]
#[doc(alias = "BackgroundRMSBase")]
pub trait BackgroundEstimator: Debug + Send + Sync {
    /// The estimate, in the unit of the data.
    ///
    /// `values` are the finite, unmasked pixels that survived sigma clipping, in ascending order; there is at least
    /// one.
    fn estimate(&self, values: &[f64]) -> f64;
}

/// How the background level follows from the good pixels of a box or an annulus. The default is
/// [`SExtractor`](Self::SExtractor).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Estimator {
    /// The mean.
    #[doc(alias = "MeanBackground")]
    Mean,
    /// The median.
    #[doc(alias = "MedianBackground")]
    Median,
    /// `median_factor * median - mean_factor * mean`.
    #[doc(alias = "ModeEstimatorBackground")]
    Mode {
        /// Factor of the median, usually 3.
        median_factor: f64,
        /// Factor of the mean, usually 2.
        mean_factor: f64,
    },
    /// `3 median - 2 mean`, as DAOPHOT's MMM takes it.
    #[doc(alias = "MMMBackground")]
    Mmm,
    /// `2.5 median - 1.5 mean`, the median if mean and median differ by 0.3 standard deviations or more (Bertin &
    /// Arnouts 1996, A&AS 117, 393), the mean if the standard deviation is 0.
    #[default]
    #[doc(alias = "SExtractorBackground")]
    SExtractor,
    /// Tukey's biweight location (Beers, Flynn & Gebhardt 1990, AJ 100, 32).
    #[doc(alias = "BiweightLocationBackground")]
    BiweightLocation {
        /// Tuning constant, usually 6.
        c: f64,
        /// First guess of the location; `None` = the median.
        m: Option<f64>,
    },
    /// An estimator of your own.
    Custom(Arc<dyn BackgroundEstimator>),
}

impl Estimator {
    /// [`Mode`](Self::Mode) with the usual factors 3 and 2.
    #[must_use]
    pub const fn mode() -> Self {
        Self::Mode { median_factor: 3.0, mean_factor: 2.0 }
    }

    /// [`BiweightLocation`](Self::BiweightLocation) with the usual `c = 6` about the median.
    #[must_use]
    pub const fn biweight_location() -> Self {
        Self::BiweightLocation { c: 6.0, m: None }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        match *self {
            Self::Mode { median_factor, mean_factor } => {
                check(median_factor.is_finite(), "median_factor", "finite", median_factor)?;
                check(mean_factor.is_finite(), "mean_factor", "finite", mean_factor)
            }
            Self::BiweightLocation { c, m } => {
                check(c > 0.0, "the biweight constant c", "greater than 0", c)?;
                let m = m.unwrap_or(0.0);
                check(m.is_finite(), "the biweight location M", "finite", m)
            }
            _ => Ok(()),
        }
    }

    /// The estimate from mean, median and standard deviation, for the estimators that need no more.
    pub(crate) fn of_moments(&self, s: &Moments) -> Option<f64> {
        Some(match *self {
            Self::Mean => s.mean,
            Self::Median => s.median,
            Self::Mode { median_factor, mean_factor } => {
                mode_estimate(s.median, s.mean, median_factor, mean_factor)
            }
            Self::Mmm => mmm_mode(s.median, s.mean),
            Self::SExtractor => sextractor_mode(s.median, s.mean, s.std),
            Self::BiweightLocation { .. } | Self::Custom(_) => return None,
        })
    }

    /// The estimate needs nothing but mean, median and standard deviation.
    pub(crate) fn needs_moments_only(&self) -> bool {
        !matches!(self, Self::BiweightLocation { .. } | Self::Custom(_))
    }
}

impl BackgroundEstimator for Estimator {
    /// NaN if there are no values.
    fn estimate(&self, values: &[f64]) -> f64 {
        match self {
            _ if values.is_empty() => f64::NAN,
            Self::BiweightLocation { c, m } => biweight_location(values, *c, *m),
            Self::Custom(e) => e.estimate(values),
            Self::Mean | Self::Median | Self::Mode { .. } | Self::Mmm | Self::SExtractor => {
                let median = kernel::median_sorted(values);
                let (mean, std) = kernel::mean_std(values);
                self.of_moments(&Moments { n: values.len(), mean, median, std }).unwrap_or(f64::NAN)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_on_a_skewed_sample() {
        let v = [1.0, 2.0, 3.0, 4.0, 10.0];
        assert_eq!(Estimator::Mean.estimate(&v), 4.0);
        assert_eq!(Estimator::Median.estimate(&v), 3.0);
        assert_eq!(Estimator::Mmm.estimate(&v), 1.0);
        assert_eq!(Estimator::mode().estimate(&v), 1.0);
        // (4 - 3) / sqrt(10) > 0.3: the median.
        assert_eq!(Estimator::SExtractor.estimate(&v), 3.0);
        assert!(Estimator::Mean.estimate(&[]).is_nan());
    }

    #[test]
    fn parameters_are_checked() {
        assert!(Estimator::BiweightLocation { c: 0.0, m: None }.validate().is_err());
        assert!(Estimator::BiweightLocation { c: 6.0, m: Some(f64::NAN) }.validate().is_err());
        assert!(Estimator::Mode { median_factor: f64::NAN, mean_factor: 2.0 }.validate().is_err());
    }
}
