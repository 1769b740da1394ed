//! One value for all pixels, or one for each.

use ndarray::Array2;

use crate::error::{DetectionError, Result};

/// A level in the unit of the data: one for all pixels, or an image of them. Detection is strict: a pixel must lie
/// *above* it, and nothing lies above NaN.
///
/// ```
/// use skyphot_detection::Threshold;
/// assert_eq!(Threshold::from(5.0), Threshold::Scalar(5.0));
/// assert_eq!(Threshold::from(5.0).at(3, 4), 5.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Threshold {
    /// One value for all pixels.
    Scalar(f64),
    /// One value per pixel, `(ny, nx)`.
    Image(Array2<f64>),
}

impl From<f64> for Threshold {
    fn from(v: f64) -> Self {
        Self::Scalar(v)
    }
}

impl From<Array2<f64>> for Threshold {
    fn from(v: Array2<f64>) -> Self {
        Self::Image(v)
    }
}

impl From<&Self> for Threshold {
    fn from(v: &Self) -> Self {
        v.clone()
    }
}

impl Threshold {
    /// The value at column `x`, row `y`.
    ///
    /// # Panics
    /// If the pixel lies outside a threshold image.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> f64 {
        match self {
            Self::Scalar(v) => *v,
            Self::Image(a) => a[[y, x]],
        }
    }

    /// The single value, `None` for an image.
    #[must_use]
    pub fn scalar(&self) -> Option<f64> {
        match self {
            Self::Scalar(v) => Some(*v),
            Self::Image(_) => None,
        }
    }

    /// Checks the shape of an image and that a single value is a number.
    pub(crate) fn check(&self, what: &'static str, shape: (usize, usize)) -> Result<()> {
        match self {
            Self::Scalar(v) if v.is_nan() => {
                Err(DetectionError::InvalidParameter { name: what, expected: "a number", found: *v })
            }
            Self::Image(a) if a.dim() != shape => {
                Err(DetectionError::ShapeMismatch { what, expected: shape, found: a.dim() })
            }
            _ => Ok(()),
        }
    }
}
