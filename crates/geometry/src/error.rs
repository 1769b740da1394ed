//! Errors of the overlap functions.

use thiserror::Error;

/// Result with a [`GeometryError`].
pub type Result<T> = std::result::Result<T, GeometryError>;

/// What can be wrong with shapes, grids and methods.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum GeometryError {
    /// A size that no shape has.
    #[error("{name} must be {expected}, found {found}")]
    InvalidSize {
        /// Which size.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// A number of samples that is of no use.
    #[error("subpixels must be from 1 to {max}, found {found}")]
    InvalidSubpixels {
        /// The largest number allowed.
        max: usize,
        /// What was asked for.
        found: usize,
    },
    /// Vertices that make no polygon.
    #[error("a polygon needs {expected}, found {found}")]
    InvalidPolygon {
        /// What the vertices must be.
        expected: &'static str,
        /// What they are.
        found: String,
    },
}
