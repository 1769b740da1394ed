//! Errors of a wrong call. A source that cannot be centred is no error: it gets NaN and flags.

use thiserror::Error;

/// Result with a [`CentroidError`].
pub type Result<T> = std::result::Result<T, CentroidError>;

/// What can be wrong with a request for centroids.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum CentroidError {
    /// A box that has no central pixel.
    #[error("{name} must be odd along both axes, found {found:?} (ny, nx)")]
    EvenBox {
        /// Which box.
        name: &'static str,
        /// Its size, `(ny, nx)`.
        found: (usize, usize),
    },
    /// A quadratic fit needs six pixels.
    #[error("the fit box needs at least 6 pixels, found {0:?} (ny, nx)")]
    FitBoxTooSmall((usize, usize)),
    /// The region of symmetry does not fit into the cutout.
    #[error(
        "a cutout of at least 4 x 4 pixels and a radius less than half its smaller side minus 0.5 are needed, found \
         {shape:?} (ny, nx) and {radius:?}"
    )]
    SymmetryRegion {
        /// Shape of the cutout, `(ny, nx)`.
        shape: (usize, usize),
        /// The radius asked for, pixels.
        radius: Option<f64>,
    },
    /// A footprint without a pixel.
    #[error("the footprint has no true pixel; its shape is {0:?} (ny, nx)")]
    EmptyFootprint((usize, usize)),
    /// Windows that do not belong to the positions.
    #[error("sigma needs 1 value or one for each of the {expected} positions, found {found}")]
    WindowCount {
        /// Number of positions.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// A window of no sensible size.
    #[error("sigma of the window must be greater than 0 and at most 1e5 pixels, found {0}")]
    InvalidWindow(f64),
    /// A parameter out of range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Name of the parameter.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
}
