//! What is known about the noise of an image.

use ndarray::{Array2, ArrayView2};
use skyphot_core::Pixel;
use skyphot_detection::Threshold;

use crate::error::{Result, SegmentationError};

/// How the values of a noise map are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[doc(alias = "WEIGHT_TYPE")]
pub enum NoiseMap {
    /// 1-sigma noise.
    #[default]
    #[doc(alias = "MAP_RMS")]
    Rms,
    /// Its square.
    #[doc(alias = "MAP_VAR")]
    Variance,
    /// One over its square.
    #[doc(alias = "MAP_WEIGHT")]
    Weight,
}

impl NoiseMap {
    /// 1-sigma noise of one value; infinite where there is no noise that is a positive number (a weight of 0, a
    /// variance of 0 or less, NaN): such pixels were not observed.
    ///
    /// ```
    /// use skyphot_segmentation::NoiseMap;
    /// assert_eq!(NoiseMap::Weight.sigma(0.25), 2.0);
    /// assert_eq!(NoiseMap::Weight.sigma(0.0), f64::INFINITY);
    /// ```
    #[must_use]
    pub fn sigma(self, value: f64) -> f64 {
        let sigma = match self {
            Self::Rms => value,
            Self::Variance => value.sqrt(),
            Self::Weight => 1.0 / value.sqrt(),
        };
        if sigma > 0.0 && sigma.is_finite() { sigma } else { f64::INFINITY }
    }

    /// The threshold `background + n_sigma * noise` of every pixel. No source has pixels without noise.
    ///
    /// # Errors
    /// [`SegmentationError::ShapeMismatch`], [`SegmentationError::InvalidParameter`] if `n_sigma` is not a positive number.
    pub fn threshold<T: Pixel>(
        self,
        map: ArrayView2<'_, T>,
        n_sigma: f64,
        background: Option<ArrayView2<'_, T>>,
    ) -> Result<Threshold> {
        if !(n_sigma > 0.0 && n_sigma.is_finite()) {
            let expected = "greater than 0";
            return Err(SegmentationError::InvalidParameter { name: "n_sigma", expected, found: n_sigma });
        }
        if let Some(b) = background.filter(|b| b.dim() != map.dim()) {
            let (expected, found) = (map.dim(), b.dim());
            return Err(SegmentationError::ShapeMismatch { what: "background", expected, found });
        }
        Ok(Threshold::Image(Array2::from_shape_fn(map.dim(), |p| {
            background.as_ref().map_or(0.0, |b| b[p].to_f64()) + n_sigma * self.sigma(map[p].to_f64())
        })))
    }
}
