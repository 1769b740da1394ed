//! Errors of plotting.

use std::path::PathBuf;

use thiserror::Error;

/// Result with a [`PlotError`].
pub type Result<T> = std::result::Result<T, PlotError>;

/// What can be wrong with a picture.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There is nothing to scale the colours by.
    #[error("the image (or the zoomed part of it) has no finite unmasked pixel")]
    NoGoodPixels,
    /// The zoom box does not touch the image.
    #[error(
        "the zoom box x {}..{}, y {}..{} lies outside the image of shape {shape:?} (ny, nx)",
        zoom.x_min, zoom.x_max, zoom.y_min, zoom.y_max
    )]
    ZoomOutside {
        /// The box asked for.
        zoom: skyphot_core::BoundingBox,
        /// Shape of the image, `(ny, nx)`.
        shape: (usize, usize),
    },
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
    /// Text that names no interval, stretch, colour map or colour.
    #[error("unknown {what} '{found}'; expected {expected}")]
    Parse {
        /// What the text should name.
        what: &'static str,
        /// The forms that are understood.
        expected: &'static str,
        /// The text.
        found: String,
    },
    /// A file name without a suffix that names a picture format.
    #[error("cannot tell the picture format of '{}': expected a name that ends in .png or .svg", .0.display())]
    UnknownFormat(PathBuf),
    /// The output is already there.
    #[error("'{}' exists already", .0.display())]
    Exists(PathBuf),
    /// The picture could not be written.
    #[error("cannot write '{}': {source}", path.display())]
    Write {
        /// The output file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The drawing library failed.
    #[error("drawing failed: {0}")]
    Draw(String),
    /// An error of the vocabulary types.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
}
