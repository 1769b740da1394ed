//! Choices of the ePSF builder.

use std::fmt;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use skyphot_centroids::CentroidMethod;
use skyphot_core::Point;

use crate::error::{PsfError, Result};

/// The kernel that smooths the ePSF in every iteration.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SmoothingKernel {
    /// A quartic kernel whose width is the largest odd number of samples up to 0.7 FWHM of the current ePSF; none if
    /// that is less than 5 (the default).
    #[default]
    Auto,
    /// Least-squares quartic in 5 x 5 samples (Anderson & King 2000, eq. 8).
    Quartic,
    /// Least-squares quadratic in 5 x 5 samples.
    Quadratic,
    /// A kernel of one's own, used as it is.
    Custom(Array2<f64>),
    /// No smoothing.
    None,
}

/// The low-pass filter of every iteration along axes that are oversampled. Its gain falls from 1 at the end of the
/// passband to 0 at one cycle per pixel, where the pixels of the stars alias onto the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum AliasPassband {
    /// 0.8 cycles per pixel, or 0.7 for an oversampling of 2 (the default).
    #[default]
    Auto,
    /// The end of the passband, cycles per pixel, between 0 and 1.
    Upto(f64),
    /// No filter, and no refinement.
    None,
}

/// The box of pixels around a star to which the ePSF is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EpsfFitShape {
    /// Twice the FWHM of the current ePSF, at least 5 pixels (the default).
    #[default]
    Auto,
    /// Rows and columns, odd numbers of at least 3.
    Fixed(usize, usize),
    /// The whole cutout.
    Cutout,
}

type Centroid = dyn Fn(ArrayView2<'_, f64>) -> Option<Point> + Send + Sync;

/// What the centre of the ePSF is.
#[derive(Clone, Default)]
pub enum Recentering {
    /// The point about which its core is most symmetric (Anderson 2016, WFC3 ISR 2016-12), as measured by
    /// [`centroid_symmetry`](skyphot_centroids::centroid_symmetry); the centre of mass where that cannot be found (the
    /// default).
    #[default]
    Symmetry,
    /// Any centroid, for instance the centre of mass.
    Method(CentroidMethod),
    /// A function that gives the position `(x, y)` of the centre in a box of samples, `None` where it finds none.
    Custom(Arc<Centroid>),
}

impl fmt::Debug for Recentering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symmetry => f.write_str("Symmetry"),
            Self::Method(method) => write!(f, "Method({method:?})"),
            Self::Custom(_) => f.write_str("Custom(..)"),
        }
    }
}

impl SmoothingKernel {
    pub(crate) fn validate(&self) -> Result<()> {
        match self {
            Self::Custom(k) if k.is_empty() || k.iter().any(|v| !v.is_finite()) => {
                Err(PsfError::InvalidData {
                    what: "smoothing kernel",
                    expected: "finite numbers, at least one",
                    found: format!("{:?} (ny, nx)", k.dim()),
                })
            }
            _ => Ok(()),
        }
    }
}
