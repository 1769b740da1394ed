//! Errors of the simulation.

use thiserror::Error;

/// Result with a [`SimulationError`].
pub type Result<T> = std::result::Result<T, SimulationError>;

/// What can be wrong with a scene.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// A parameter out of its range.
    #[error("{what} must be {expected}, found {found}")]
    InvalidParameter {
        /// Which parameter.
        what: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it was.
        found: String,
    },
    /// Poisson noise of a negative or non-finite mean.
    #[error("Poisson noise needs finite values >= 0, found {value} at x = {x}, y = {y}")]
    NotAMean {
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// The value there.
        value: f64,
    },
    /// An error of the vocabulary types.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
}

/// `Err` unless the parameter is finite and positive.
pub(crate) fn positive(what: &'static str, v: f64) -> Result<()> {
    require(v > 0.0 && v.is_finite(), what, "positive", v)
}

pub(crate) fn require(ok: bool, what: &'static str, expected: &'static str, found: f64) -> Result<()> {
    if ok {
        Ok(())
    } else {
        Err(SimulationError::InvalidParameter { what, expected, found: found.to_string() })
    }
}
