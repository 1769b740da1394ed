//! The ways to measure a centroid.

use skyphot_core::{Image, Pixel};

use crate::kernel::{self, Stamp};
use crate::{Centroid, CentroidError, Result};

/// A way to measure the centroid of the one source on a (background-subtracted) cutout.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
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
    /// Centre of the greatest symmetry under a turn by 180 degrees.
    #[doc(alias = "centroid_symmetry")]
    Symmetry {
        /// Radius of the region that is compared, pixels: at least 1 and less than half the smaller side of the cutout
        /// minus a half. `None`: 0.3 times the smaller side.
        radius: Option<f64>,
    },
}

impl CentroidMethod {
    /// The quadratic method with the usual 5 x 5 box.
    #[must_use]
    pub const fn quadratic() -> Self {
        Self::Quadratic { fit_box: (5, 5) }
    }

    /// The symmetric centre with the usual radius.
    #[must_use]
    pub const fn symmetry() -> Self {
        Self::Symmetry { radius: None }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`CentroidError::EvenBox`], [`CentroidError::FitBoxTooSmall`] or [`CentroidError::InvalidParameter`].
    pub fn validate(&self) -> Result<()> {
        if let Self::Quadratic { fit_box } = *self {
            if fit_box.0.is_multiple_of(2) || fit_box.1.is_multiple_of(2) {
                return Err(CentroidError::EvenBox { name: "the fit box", found: fit_box });
            }
            if fit_box.0 * fit_box.1 < 6 {
                return Err(CentroidError::FitBoxTooSmall(fit_box));
            }
        }
        if let Self::Symmetry { radius: Some(found) } = *self
            && !(found >= 1.0 && found.is_finite())
        {
            return Err(CentroidError::InvalidParameter {
                name: "radius",
                expected: "at least 1 pixel",
                found,
            });
        }
        Ok(())
    }

    /// Checks the parameters for cutouts of a shape `(ny, nx)`.
    pub(crate) fn validate_for(&self, shape: (usize, usize)) -> Result<()> {
        self.validate()?;
        match *self {
            Self::Symmetry { radius } if kernel::radius_for(shape, radius).is_none() => {
                Err(CentroidError::SymmetryRegion { shape, radius })
            }
            _ => Ok(()),
        }
    }

    /// Measures the centroid of a cutout, in pixels of the cutout. Masked and non-finite pixels are left out. The
    /// Gaussian fits are weighted with the image's error, if it has one; the others do not use it.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); [`CentroidError::SymmetryRegion`].
    pub fn measure<T: Pixel>(&self, image: &Image<'_, T>) -> Result<Centroid> {
        let (ny, nx) = image.shape();
        self.validate_for((ny, nx))?;
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
            Self::Symmetry { radius } => kernel::symmetry(s, radius),
        }
    }
}
