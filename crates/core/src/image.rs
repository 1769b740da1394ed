//! A view of an image with its error and mask.

use ndarray::ArrayView2;

use crate::{CoreError, Pixel, Result};

/// Borrowed image data with optional 1-sigma total error and optional bad-pixel mask, all of one shape `(ny, nx)`.
///
/// Any strides are accepted; pixel `(x, y)` is `data[[y, x]]`. `mask` is `true` where a pixel is bad. Pixels that
/// are NaN or infinite count as bad everywhere, whether masked or not.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// let data = Array2::<f32>::zeros((10, 20));
/// let mask = Array2::from_elem((10, 20), false);
/// let image = Image::new(data.view())?.with_mask(mask.view())?;
/// assert_eq!(image.shape(), (10, 20));
/// # Ok::<(), skyphot_core::CoreError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Image<'a, T: Pixel> {
    data: ArrayView2<'a, T>,
    error: Option<ArrayView2<'a, T>>,
    mask: Option<ArrayView2<'a, bool>>,
}

impl<'a, T: Pixel> Image<'a, T> {
    /// An image of the data alone.
    ///
    /// # Errors
    /// [`CoreError::EmptyImage`] if an axis has length 0.
    pub fn new(data: ArrayView2<'a, T>) -> Result<Self> {
        if data.is_empty() {
            return Err(CoreError::EmptyImage(data.dim()));
        }
        Ok(Self { data, error: None, mask: None })
    }

    /// Adds the 1-sigma total error of every pixel, in the unit of the data.
    ///
    /// # Errors
    /// [`CoreError::ShapeMismatch`] if the shapes differ.
    pub fn with_error(mut self, error: ArrayView2<'a, T>) -> Result<Self> {
        self.check("error", error.dim())?;
        self.error = Some(error);
        Ok(self)
    }

    /// Adds the bad-pixel mask, `true` = bad.
    ///
    /// # Errors
    /// [`CoreError::ShapeMismatch`] if the shapes differ.
    pub fn with_mask(mut self, mask: ArrayView2<'a, bool>) -> Result<Self> {
        self.check("mask", mask.dim())?;
        self.mask = Some(mask);
        Ok(self)
    }

    fn check(&self, what: &'static str, found: (usize, usize)) -> Result<()> {
        if found == self.shape() {
            Ok(())
        } else {
            Err(CoreError::ShapeMismatch { what, expected: self.shape(), found })
        }
    }

    /// The pixel values, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'a, T> {
        self.data
    }

    /// The 1-sigma errors, if given.
    #[must_use]
    pub fn error(&self) -> Option<ArrayView2<'a, T>> {
        self.error
    }

    /// The bad-pixel mask, if given.
    #[must_use]
    pub fn mask(&self) -> Option<ArrayView2<'a, bool>> {
        self.mask
    }

    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// The pixel at column `x`, row `y` is masked or not finite.
    ///
    /// # Panics
    /// If the pixel lies outside the image.
    #[must_use]
    pub fn is_bad(&self, x: usize, y: usize) -> bool {
        !self.data[[y, x]].is_finite() || self.mask.is_some_and(|m| m[[y, x]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn shapes_are_checked() {
        let d = Array2::<f64>::zeros((3, 4));
        let e = Array2::<f64>::zeros((4, 3));
        let err = Image::new(d.view()).unwrap().with_error(e.view()).unwrap_err();
        assert_eq!(err.to_string(), "error has shape (4, 3) (ny, nx), but the data has shape (3, 4)");
        assert!(Image::new(d.slice(s![0..0, ..])).is_err());
    }

    #[test]
    fn bad_means_masked_or_not_finite_for_any_strides() {
        let mut d = Array2::<f32>::zeros((3, 4));
        d[[1, 2]] = f32::NAN;
        let mut m = Array2::from_elem((4, 3), false);
        m[[3, 0]] = true;
        let im = Image::new(d.view()).unwrap().with_mask(m.t()).unwrap();
        assert!(im.is_bad(2, 1));
        assert!(im.is_bad(3, 0));
        assert!(!im.is_bad(0, 0));
    }
}
