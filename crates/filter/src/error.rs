//! Errors of the filters.

use thiserror::Error;

/// Result with a [`FilterError`].
pub type Result<T> = std::result::Result<T, FilterError>;

/// What can be wrong with a filter.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A kernel or footprint without elements.
    #[error("the {what} needs at least one element, found shape {shape:?} (ny, nx)")]
    Empty {
        /// "kernel" or "footprint".
        what: &'static str,
        /// Its shape, `(ny, nx)`.
        shape: (usize, usize),
    },
    /// A footprint that selects nothing.
    #[error("a footprint needs at least one true element, found none in shape {0:?} (ny, nx)")]
    EmptyFootprint((usize, usize)),
    /// A kernel value that is NaN or infinite.
    #[error("all kernel values must be finite, found {value} at x = {x}, y = {y}")]
    NonFiniteKernel {
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// The value.
        value: f64,
    },
    /// A kernel that cannot be scaled to the sum asked for.
    #[error("a kernel whose sum is {0} cannot be normalized to 1")]
    ZeroSum(f64),
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
    /// A kernel file that cannot be read.
    #[error("line {line} of the kernel file: {reason}")]
    KernelFile {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}
