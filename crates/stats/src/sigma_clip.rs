//! Parameters of iterative sigma clipping.

use crate::{Result, StatsError};

/// What the clipping interval is centred on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "cenfunc")]
pub enum CenterFunc {
    /// The median (the default).
    #[default]
    Median,
    /// The arithmetic mean.
    Mean,
}

/// The spread the clipping interval is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "stdfunc")]
pub enum SpreadFunc {
    /// The standard deviation about the mean, divisor N (the default).
    #[default]
    Std,
    /// 1.4826 times the median absolute deviation from the median.
    MadStd,
}

/// Iterative sigma clipping: values below `center - sigma_lower * spread` or above `center + sigma_upper * spread`
/// are rejected, center and spread are taken again from what is left, and so on.
///
/// The defaults are those of `astropy.stats.SigmaClip`.
///
/// ```
/// use skyphot_stats::SigmaClip;
/// let clip = SigmaClip { max_iters: None, ..SigmaClip::new(2.5) };
/// assert_eq!(clip.sigma_upper, 2.5);
/// assert!(SigmaClip::new(-1.0).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "kappa-sigma")]
pub struct SigmaClip {
    /// Lower limit in units of the spread (> 0; infinity switches the lower side off). Default 3.
    pub sigma_lower: f64,
    /// Upper limit in units of the spread (> 0; infinity switches the upper side off). Default 3.
    pub sigma_upper: f64,
    /// Largest number of iterations (at least 1), `None` = until an iteration rejects nothing. Default 5.
    #[doc(alias = "maxiters")]
    pub max_iters: Option<usize>,
    /// Center of the interval. Default: median.
    pub center: CenterFunc,
    /// Spread about it. Default: standard deviation.
    pub spread: SpreadFunc,
    /// In every iteration also reject the pixels within this radius (pixels) of a newly rejected one; 0 = off (the
    /// default). Only the functions that see an image can do this; the slice kernels ignore it.
    pub grow: f64,
}

impl Default for SigmaClip {
    fn default() -> Self {
        Self::new(3.0)
    }
}

impl SigmaClip {
    /// The default clipping with another limit on both sides.
    #[must_use]
    pub const fn new(sigma: f64) -> Self {
        Self {
            sigma_lower: sigma,
            sigma_upper: sigma,
            max_iters: Some(5),
            center: CenterFunc::Median,
            spread: SpreadFunc::Std,
            grow: 0.0,
        }
    }

    /// The same clipping with at most `max_iters` iterations (`None` = until converged).
    #[must_use]
    pub const fn with_max_iters(mut self, max_iters: Option<usize>) -> Self {
        self.max_iters = max_iters;
        self
    }

    /// Checks all parameters.
    ///
    /// # Errors
    /// [`StatsError::InvalidParameter`] for the first one that is out of range.
    pub fn validate(&self) -> Result<()> {
        let positive = |name, v: f64| {
            if v > 0.0 {
                Ok(())
            } else {
                Err(StatsError::InvalidParameter { name, expected: "greater than 0", found: v })
            }
        };
        positive("sigma_lower", self.sigma_lower)?;
        positive("sigma_upper", self.sigma_upper)?;
        if self.max_iters == Some(0) {
            return Err(StatsError::InvalidParameter {
                name: "max_iters",
                expected: "at least 1, or None to clip until nothing is rejected",
                found: 0.0,
            });
        }
        if !(self.grow >= 0.0 && self.grow.is_finite()) {
            return Err(StatsError::InvalidParameter {
                name: "grow",
                expected: "a radius in pixels, 0 or more",
                found: self.grow,
            });
        }
        Ok(())
    }

    /// Bounds for one center and spread.
    #[inline]
    pub(crate) fn bounds(&self, center: f64, spread: f64) -> (f64, f64) {
        // 0 * inf is no bound at all, not NaN.
        let off = |sigma: f64| if sigma == f64::INFINITY { f64::INFINITY } else { spread * sigma };
        (center - off(self.sigma_lower), center + off(self.sigma_upper))
    }

    /// Iterations allowed.
    #[inline]
    pub(crate) fn limit(&self) -> usize {
        self.max_iters.unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_checked() {
        assert!(SigmaClip::default().validate().is_ok());
        assert!(SigmaClip { sigma_lower: f64::NAN, ..SigmaClip::default() }.validate().is_err());
        assert!(SigmaClip { grow: -1.0, ..SigmaClip::default() }.validate().is_err());
        let e = SigmaClip::new(3.0).with_max_iters(Some(0)).validate().unwrap_err();
        assert!(e.to_string().starts_with("max_iters must be at least 1"));
        assert!(SigmaClip { sigma_lower: f64::INFINITY, ..SigmaClip::default() }.validate().is_ok());
    }
}
