//! Errors of background estimation.

use skyphot_core::CoreError;
use skyphot_stats::StatsError;
use thiserror::Error;

/// Result with a [`BackgroundError`].
pub type Result<T> = std::result::Result<T, BackgroundError>;

/// What can be wrong with a call.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BackgroundError {
    /// Every pixel is masked, without coverage, or not finite.
    #[error(
        "cannot compute a background: all {total} pixels are masked or not finite ({finite} of them are finite)"
    )]
    NoGoodPixels {
        /// Pixels of the image.
        total: usize,
        /// Pixels with a finite value.
        finite: usize,
    },
    /// No box has enough good pixels.
    #[error(
        "no box of {box_size:?} (ny, nx) pixels keeps at least {needed} unmasked and unclipped pixels (the best keeps \
         {best}); use larger boxes or raise exclude_percentile (now {exclude_percentile})"
    )]
    AllBoxesExcluded {
        /// Box size, `(ny, nx)` pixels.
        box_size: (usize, usize),
        /// Pixels a box needs.
        needed: f64,
        /// Pixels that the best box has.
        best: usize,
        /// The percentage of missing pixels allowed.
        exclude_percentile: f64,
    },
    /// A size that must be at least 1.
    #[error("{name} must be at least 1 along both axes, found {found:?} (ny, nx)")]
    ZeroSize {
        /// Parameter.
        name: &'static str,
        /// Value, `(ny, nx)`.
        found: (usize, usize),
    },
    /// A median filter window without a middle.
    #[error("filter_size must be odd along both axes, found {0:?} (ny, nx)")]
    EvenFilterSize((usize, usize)),
    /// A number out of range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Parameter.
        name: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// Value.
        found: f64,
    },
    /// Wrong sigma clipping parameters.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// Wrong shapes.
    #[error(transparent)]
    Core(#[from] CoreError),
}

pub(crate) fn check(ok: bool, name: &'static str, expected: &'static str, found: f64) -> Result<()> {
    if ok { Ok(()) } else { Err(BackgroundError::InvalidParameter { name, expected, found }) }
}
