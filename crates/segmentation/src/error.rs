//! Errors of segmentation.

use thiserror::Error;

/// Result with a [`SegmentationError`].
pub type Result<T> = std::result::Result<T, SegmentationError>;

/// What can be wrong with a request to segment an image. Finding nothing is not an error.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SegmentationError {
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
    /// An image of another shape than the first one.
    #[error("the {what} has shape {found:?} (ny, nx), expected {expected:?}")]
    ShapeMismatch {
        /// Which image.
        what: &'static str,
        /// The shape that is needed, `(ny, nx)`.
        expected: (usize, usize),
        /// The shape that was given, `(ny, nx)`.
        found: (usize, usize),
    },
    /// A label image with a negative number in it.
    #[error("a segmentation image cannot contain negative labels, found {label} at x={x}, y={y}")]
    NegativeLabel {
        /// The label.
        label: i32,
        /// Its column.
        x: usize,
        /// Its row.
        y: usize,
    },
    /// A label that is not in the segmentation image.
    #[error("label {0} is not in the segmentation image")]
    UnknownLabel(i32),
    /// A label number that cannot be given to a source.
    #[error("a label must be a positive number, found {0}")]
    InvalidLabel(i32),
    /// More labels than an `i32` counts.
    #[error("label {0} does not fit into 32 bits")]
    TooManyLabels(i64),
    /// A source whose pixels are not connected in the connectivity of the deblending.
    #[error(
        "source {label} could not be deblended because its pixels are not connected: use the connectivity of its detection"
    )]
    Disconnected {
        /// The source.
        label: i32,
    },
    /// A box that is empty or reaches outside the image.
    #[error("the box {bbox:?} must lie on the image of shape {shape:?} (ny, nx) and have pixels")]
    OutsideImage {
        /// The box.
        bbox: skyphot_core::BoundingBox,
        /// Shape of the image, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// More memory than is allowed.
    #[error("{what} would take {} MiB of memory, {} MiB are allowed", needed.div_ceil(1 << 20), allowed >> 20)]
    Memory {
        /// What takes it.
        what: &'static str,
        /// Bytes that are needed, about.
        needed: usize,
        /// Bytes that there are for it.
        allowed: usize,
    },
    /// A kernel or footprint that is refused.
    #[error(transparent)]
    Filter(#[from] skyphot_filter::FilterError),
    /// Images or columns that do not fit together.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
}

/// At least 1, or an error that names the parameter.
pub(crate) fn at_least_one(name: &'static str, value: usize) -> Result<()> {
    if value >= 1 {
        Ok(())
    } else {
        Err(SegmentationError::InvalidParameter { name, expected: "at least 1", found: value as f64 })
    }
}
