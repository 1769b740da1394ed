//! The ways to measure a centroid.

use skyphot_core::{Image, Pixel};

use crate::kernel::{self, Stamp};
use crate::{Centroid, CentroidError, Result};

/// A way to measure the centroid of the one source on a (background-subtracted) cutout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[doc(alias = "centroid_func")]
pub enum CentroidMethod {
    /// Centre of mass.
    #[default]
    Com,
    /// Maximum of a quadratic surface fitted around the brightest pixel.
    #[doc(alias = "CentroidQuadratic")]
    Quadratic {
        /// Size `(ny, nx)` of the fitted box, odd, at least 6 pixels; 5 x 5 is usual.
        fit_box: (usize, usize),
    },
    /// One-dimensional Gaussians fitted to the sums along rows and columns.
    Gaussian1d,
    /// A two-dimensional Gaussian without a constant, fitted to all pixels.
    Gaussian2d,
}

impl CentroidMethod {
    /// The quadratic method with the usual 5 x 5 box.
    #[must_use]
    pub const fn quadratic() -> Self {
        Self::Quadratic { fit_box: (5, 5) }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`CentroidError::EvenBox`] or [`CentroidError::FitBoxTooSmall`].
    pub fn validate(&self) -> Result<()> {
        if let Self::Quadratic { fit_box } = *self {
            if fit_box.0.is_multiple_of(2) || fit_box.1.is_multiple_of(2) {
                return Err(CentroidError::EvenBox { name: "the fit box", found: fit_box });
            }
            if fit_box.0 * fit_box.1 < 6 {
                return Err(CentroidError::FitBoxTooSmall(fit_box));
            }
        }
        Ok(())
    }

    /// Measures the centroid of a cutout, in pixels of the cutout. Masked and non-finite pixels are left out. The
    /// Gaussian fits are weighted with the image's error, if it has one; the others do not use it.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn measure<T: Pixel>(&self, image: &Image<'_, T>) -> Result<Centroid> {
        self.validate()?;
        let (ny, nx) = image.shape();
        let mut s = Stamp::default();
        s.load(image, 0..ny, 0..nx, None, self.uses_error());
        Ok(self.measure_stamp(&mut s))
    }

    pub(crate) fn uses_error(self) -> bool {
        matches!(self, Self::Gaussian1d | Self::Gaussian2d)
    }

    pub(crate) fn measure_stamp(self, s: &mut Stamp) -> Centroid {
        match self {
            Self::Com => kernel::com(s),
            Self::Quadratic { fit_box } => kernel::quadratic(s, fit_box),
            Self::Gaussian1d => kernel::gaussian1d(s),
            Self::Gaussian2d => kernel::gaussian2d(s),
        }
    }
}
