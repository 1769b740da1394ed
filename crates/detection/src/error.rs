//! Errors of detection.

use thiserror::Error;

/// Result with a [`DetectionError`].
pub type Result<T> = std::result::Result<T, DetectionError>;

/// What can be wrong with a request to detect something. Finding nothing is not an error.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DetectionError {
    /// A parameter outside its range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// An interval whose bounds are NaN or out of order.
    #[error("{name} must be (lower, upper) with lower <= upper, found ({lower}, {upper})")]
    InvalidRange {
        /// Name of the parameter.
        name: &'static str,
        /// Lower bound given.
        lower: f64,
        /// Upper bound given.
        upper: f64,
    },
    /// A threshold, background or error image of another shape than the data.
    #[error("the {what} image has shape {found:?} (ny, nx), but the data has shape {expected:?}")]
    ShapeMismatch {
        /// Which image.
        what: &'static str,
        /// Shape of the data, `(ny, nx)`.
        expected: (usize, usize),
        /// Shape of the offending image, `(ny, nx)`.
        found: (usize, usize),
    },
    /// A given position that is not on the image.
    #[error(
        "xycoords must lie on the image: -0.5 < x < {} and -0.5 < y < {}, but position {index} is ({x}, {y})",
        *.nx as f64 - 0.5, *.ny as f64 - 0.5
    )]
    PositionOutside {
        /// Which position (0 = first).
        index: usize,
        /// Its column.
        x: f64,
        /// Its row.
        y: f64,
        /// Columns of the image.
        nx: usize,
        /// Rows of the image.
        ny: usize,
    },
    /// A template without a positive value.
    #[error("the kernel must have a positive maximum, found {0}")]
    KernelNotPositive(f64),
    /// Statistics were asked of an image without a good pixel.
    #[error("cannot estimate the {what}: every pixel is masked or not finite")]
    NoGoodPixels {
        /// "background" or "error".
        what: &'static str,
    },
    /// A box without a central pixel where one is needed.
    #[error("box_size must be odd along both axes to measure centroids, found {0:?} (ny, nx)")]
    EvenBox((usize, usize)),
    /// A centroid method that is refused.
    #[error(transparent)]
    Centroid(#[from] skyphot_centroids::CentroidError),
    /// A footprint or kernel that is refused.
    #[error(transparent)]
    Filter(#[from] skyphot_filter::FilterError),
    /// A catalogue whose columns do not fit together.
    #[error(transparent)]
    Table(#[from] skyphot_core::CoreError),
    /// Sigma-clipping parameters that are refused.
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
}

/// `value > 0` and finite, or an error that names the parameter.
pub(crate) fn positive(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(DetectionError::InvalidParameter { name, expected: "positive", found: value })
    }
}

/// `value >= 0` and not NaN, if given.
pub(crate) fn not_negative(name: &'static str, value: Option<f64>) -> Result<()> {
    match value {
        Some(v) if !(v >= 0.0 && v.is_finite()) => {
            Err(DetectionError::InvalidParameter { name, expected: "0 or more", found: v })
        }
        _ => Ok(()),
    }
}

/// At least 1, if given.
pub(crate) fn at_least_one(name: &'static str, value: Option<usize>) -> Result<()> {
    match value {
        Some(0) => Err(DetectionError::InvalidParameter { name, expected: "at least 1", found: 0.0 }),
        _ => Ok(()),
    }
}

/// Not NaN, if given.
pub(crate) fn not_nan(name: &'static str, value: Option<f64>) -> Result<()> {
    match value {
        Some(v) if v.is_nan() => {
            Err(DetectionError::InvalidParameter { name, expected: "a number", found: v })
        }
        _ => Ok(()),
    }
}

/// Bounds in order, if given.
pub(crate) fn ordered(name: &'static str, range: Option<(f64, f64)>) -> Result<()> {
    match range {
        Some((lower, upper)) if lower > upper || lower.is_nan() || upper.is_nan() => {
            Err(DetectionError::InvalidRange { name, lower, upper })
        }
        _ => Ok(()),
    }
}
