//! Errors of a fit that cannot start.

use thiserror::Error;

/// Result with a [`FitError`].
pub type Result<T> = std::result::Result<T, FitError>;

/// What can be wrong with a request for a fit. A fit that starts but does not converge is no error: see
/// [`FitStatus`](crate::FitStatus).
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FitError {
    /// A bound pair that is upside down or NaN.
    #[error("parameter {index} needs lower bound <= upper bound, found {lower} and {upper}")]
    InvalidBounds {
        /// Number of the parameter, from 0.
        index: usize,
        /// Lower bound.
        lower: f64,
        /// Upper bound.
        upper: f64,
    },
    /// A tie that leads nowhere.
    #[error(
        "parameter {index} cannot be tied to parameter {to}: ties lead to another parameter that is not tied, with finite numbers"
    )]
    InvalidTie {
        /// Number of the tied parameter, from 0.
        index: usize,
        /// Number of the one it is tied to.
        to: usize,
    },
    /// Start values at which the model cannot be computed.
    #[error("the model is not finite at the start values {start:?}")]
    InvalidStart {
        /// The start values.
        start: Vec<f64>,
    },
}
