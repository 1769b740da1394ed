//! Parameters of a two-dimensional background.

use skyphot_core::Exec;
use skyphot_stats::SigmaClip;

use crate::error::check;
use crate::{BackgroundError, Estimator, Interpolator, Result, RmsEstimator};

/// Parameters of [`Background2D`](crate::Background2D). All defaults but the box size, which has none in photutils,
/// are those of photutils.
///
/// ```
/// use skyphot_background::{Background2DConfig, Estimator};
/// let config = Background2DConfig { estimator: Estimator::Median, ..Background2DConfig::new((50, 50)) };
/// assert_eq!(config.filter_size, (3, 3));
/// ```
#[derive(Debug, Clone)]
pub struct Background2DConfig {
    /// Size of the boxes, `(ny, nx)` pixels; cut down to the image if larger. Default `(64, 64)`.
    #[doc(alias = "BACK_SIZE")]
    pub box_size: (usize, usize),
    /// Window of the median filter of the mesh, `(ny, nx)` boxes, odd; `(1, 1)` = off. Default `(3, 3)`.
    #[doc(alias = "BACK_FILTERSIZE")]
    pub filter_size: (usize, usize),
    /// Filter only boxes with a background above this value (in the unit of the data); `None` = all (the default).
    #[doc(alias = "BACK_FILTTHRESH")]
    pub filter_threshold: Option<f64>,
    /// A box is left out, and filled from its neighbours, if more than this percentage of a full box is missing:
    /// masked, not finite, sigma-clipped, or beyond the edge of the image. 0 to 100, default 10.
    pub exclude_percentile: f64,
    /// Sigma clipping of the pixels of each box; `None` = off. Default 3 sigma, 10 iterations. `grow` must be 0.
    pub sigma_clip: Option<SigmaClip>,
    /// Estimator of the level.
    #[doc(alias = "bkg_estimator")]
    pub estimator: Estimator,
    /// Estimator of the noise.
    #[doc(alias = "bkg_rms_estimator")]
    pub rms_estimator: RmsEstimator,
    /// From the mesh to full-size maps.
    pub interpolator: Interpolator,
    /// Value of both maps where the coverage mask is true, in the unit of the data. Default 0.
    pub fill_value: f64,
    /// Threads. Default all cores; the result does not depend on it.
    pub exec: Exec,
}

impl Default for Background2DConfig {
    fn default() -> Self {
        Self::new((64, 64))
    }
}

impl Background2DConfig {
    /// The defaults with a given box size, `(ny, nx)` pixels.
    #[must_use]
    pub fn new(box_size: (usize, usize)) -> Self {
        Self {
            box_size,
            filter_size: (3, 3),
            filter_threshold: None,
            exclude_percentile: 10.0,
            sigma_clip: Some(SigmaClip::new(3.0).with_max_iters(Some(10))),
            estimator: Estimator::default(),
            rms_estimator: RmsEstimator::default(),
            interpolator: Interpolator::default(),
            fill_value: 0.0,
            exec: Exec::default(),
        }
    }

    /// Checks all parameters.
    ///
    /// # Errors
    /// [`BackgroundError`] for the first one that is out of range.
    pub fn validate(&self) -> Result<()> {
        for (name, found) in [("box_size", self.box_size), ("filter_size", self.filter_size)] {
            if found.0 == 0 || found.1 == 0 {
                return Err(BackgroundError::ZeroSize { name, found });
            }
        }
        if self.filter_size.0.is_multiple_of(2) || self.filter_size.1.is_multiple_of(2) {
            return Err(BackgroundError::EvenFilterSize(self.filter_size));
        }
        let p = self.exclude_percentile;
        check((0.0..=100.0).contains(&p), "exclude_percentile", "between 0 and 100", p)?;
        if let Some(t) = self.filter_threshold {
            check(!t.is_nan(), "filter_threshold", "a number", t)?;
        }
        if let Some(clip) = &self.sigma_clip {
            clip.validate()?;
            check(clip.grow == 0.0, "grow of the sigma clipping of a background", "0", clip.grow)?;
        }
        self.estimator.validate()?;
        self.rms_estimator.validate()?;
        self.interpolator.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_parameters_are_named() {
        let text = |c: Background2DConfig| c.validate().unwrap_err().to_string();
        let d = Background2DConfig::default;
        assert!(d().validate().is_ok());
        assert!(text(Background2DConfig::new((0, 5))).starts_with("box_size must be at least 1"));
        assert!(text(Background2DConfig { filter_size: (3, 2), ..d() }).contains("odd along both axes"));
        assert!(text(Background2DConfig { exclude_percentile: 101.0, ..d() }).contains("between 0 and 100"));
        let idw = Interpolator::Idw { n_neighbors: 0, power: 1.0, regularization: 0.0 };
        assert!(text(Background2DConfig { interpolator: idw, ..d() }).contains("n_neighbors"));
        let sigma_clip = Some(SigmaClip::new(-1.0));
        assert!(text(Background2DConfig { sigma_clip, ..d() }).contains("sigma_lower"));
    }
}
