//! Errors of the statistics.

use thiserror::Error;

/// Result with a [`StatsError`].
pub type Result<T> = std::result::Result<T, StatsError>;

/// What can be wrong with a request for statistics.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum StatsError {
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
    /// Two arrays that must have one shape do not.
    #[error("{what} has shape {found:?} (ny, nx), but the data has shape {expected:?}")]
    ShapeMismatch {
        /// Which array is wrong.
        what: &'static str,
        /// Shape of the data, `(ny, nx)`.
        expected: (usize, usize),
        /// Shape of the offending array, `(ny, nx)`.
        found: (usize, usize),
    },
}
