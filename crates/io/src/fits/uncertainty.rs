//! Planes of errors, variances and weights.

use ndarray::Array2;
use skyphot_core::Pixel;

use super::file::FitsFile;
use crate::{HduSelector, Result};

/// What the values of an uncertainty plane mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UncertaintyKind {
    /// 1-sigma errors.
    #[default]
    #[doc(alias = "StdDevUncertainty")]
    StdDev,
    /// Squares of the errors.
    #[doc(alias = "VarianceUncertainty")]
    Variance,
    /// Inverse variances (weights); 0 means that the pixel says nothing.
    #[doc(alias = "InverseVariance")]
    #[doc(alias = "MAP_WEIGHT")]
    Weight,
}

/// 1-sigma errors and the pixels that have none.
#[derive(Debug, Clone)]
pub struct ErrorPlane<T> {
    /// 1-sigma errors in the unit of the data, `(ny, nx)`; infinite where the mask is true.
    pub error: Array2<T>,
    /// `true` where the plane gives no error: weight 0, a negative variance or weight, not finite.
    pub mask: Array2<bool>,
}

impl UncertaintyKind {
    /// Turns a plane of this kind into 1-sigma errors: itself, `sqrt(v)` or `1 / sqrt(w)`.
    ///
    /// ```
    /// use skyphot_io::UncertaintyKind;
    /// let plane = UncertaintyKind::Weight.to_sigma(ndarray::array![[4.0_f64, 0.0]]);
    /// assert_eq!(plane.error[[0, 0]], 0.5);
    /// assert!(plane.mask[[0, 1]]);
    /// ```
    #[must_use]
    pub fn to_sigma<T: Pixel>(self, mut plane: Array2<T>) -> ErrorPlane<T> {
        plane.mapv_inplace(|p| {
            let v = p.to_f64();
            let sigma = match self {
                Self::StdDev => v,
                Self::Variance => v.sqrt(),
                Self::Weight => 1.0 / v.sqrt(),
            };
            let p = T::from_f64(sigma);
            if sigma >= 0.0 && Pixel::is_finite(p) { p } else { T::from_f64(f64::INFINITY) }
        });
        let mask = plane.mapv(|p| !Pixel::is_finite(p));
        ErrorPlane { error: plane, mask }
    }
}

impl FitsFile {
    /// An error, variance or weight plane as 1-sigma errors.
    ///
    /// # Errors
    /// As [`read_image`](Self::read_image).
    pub fn read_error<T: Pixel>(&self, hdu: &HduSelector, kind: UncertaintyKind) -> Result<ErrorPlane<T>> {
        Ok(kind.to_sigma(self.read_image(hdu)?))
    }
}
