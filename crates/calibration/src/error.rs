//! Errors of calibration.

use skyphot_core::CoreError;
use thiserror::Error;

/// Result with a [`CalibrationError`].
pub type Result<T> = std::result::Result<T, CalibrationError>;

/// What can be wrong with a call.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A number out of range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// What is accepted.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// Lists that belong together have different lengths.
    #[error("{name} has {found} values, but there are {expected} {of}")]
    LengthMismatch {
        /// The list.
        name: &'static str,
        /// What it should be as long as.
        of: &'static str,
        /// Expected length.
        expected: usize,
        /// Found length.
        found: usize,
    },
    /// Images of different shapes.
    #[error("{name} has shape {found:?} (ny, nx), expected {expected:?}")]
    ShapeMismatch {
        /// The image.
        name: &'static str,
        /// Expected shape, `(ny, nx)`.
        expected: (usize, usize),
        /// Found shape, `(ny, nx)`.
        found: (usize, usize),
    },
    /// Units that do not fit.
    #[error("{operation}: the unit {left:?} does not go with {right:?}")]
    UnitMismatch {
        /// What was to be done.
        operation: &'static str,
        /// Unit of the first operand.
        left: String,
        /// Unit of the second operand.
        right: String,
    },
    /// A unit that is not understood.
    #[error("unit {text:?} is not understood: {why}")]
    InvalidUnit {
        /// The unit as given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// The number of sources left for a fit is too small.
    #[error(
        "a zero point needs at least {needed} sources with finite magnitudes that pass the selection, found {found} of {total}"
    )]
    TooFewSources {
        /// Sources needed.
        needed: usize,
        /// Sources that can be used.
        found: usize,
        /// Sources given.
        total: usize,
    },
    /// A table without rows that fit, or with values that make no sense.
    #[error("{what}: {why}")]
    InvalidTable {
        /// The table.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A keyword or tree node is missing.
    #[error("no flux scale: {0}")]
    NoFluxScale(String),
    /// Text that should be a section of an image.
    #[error("{text:?} is not a section of an image of {nx} x {ny} pixels: {why}")]
    InvalidSection {
        /// The section as given.
        text: String,
        /// Pixels along x.
        nx: usize,
        /// Pixels along y.
        ny: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// From the core types.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// From statistics.
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
    /// From matching on the sky.
    #[error(transparent)]
    Wcs(#[from] skyphot_wcs::WcsError),
}

pub(crate) fn positive(name: &'static str, v: f64) -> Result<f64> {
    if v > 0.0 && v.is_finite() {
        Ok(v)
    } else {
        Err(CalibrationError::InvalidParameter { name, expected: "a positive number", found: v })
    }
}

pub(crate) fn finite(name: &'static str, v: f64) -> Result<f64> {
    if v.is_finite() {
        Ok(v)
    } else {
        Err(CalibrationError::InvalidParameter { name, expected: "a finite number", found: v })
    }
}

pub(crate) fn same_length(name: &'static str, found: usize, of: &'static str, expected: usize) -> Result<()> {
    if found == expected {
        Ok(())
    } else {
        Err(CalibrationError::LengthMismatch { name, of, expected, found })
    }
}
