//! Errors of wrong calls. A source that cannot be fitted is no error: it gets flags.

use thiserror::Error;

/// Result with a [`PsfError`].
pub type Result<T> = std::result::Result<T, PsfError>;

/// What can be wrong with a call.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PsfError {
    /// A parameter out of range.
    #[error("{name} must be {expected}, found {found}")]
    InvalidParameter {
        /// Which.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: f64,
    },
    /// PSF data that cannot be used.
    #[error("{what} must be {expected}, found {found}")]
    InvalidData {
        /// What was looked at.
        what: &'static str,
        /// What it has to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// An ePSF that cannot be built from the stars given.
    #[error("cannot build an ePSF: {reason}")]
    Epsf {
        /// What was found and what to try.
        reason: String,
    },
    /// An error of the fit's set-up.
    #[error(transparent)]
    Fit(#[from] skyphot_fit::FitError),
    /// An error of the initial aperture photometry.
    #[error(transparent)]
    Aperture(#[from] skyphot_aperture::ApertureError),
    /// An error of the finder.
    #[error(transparent)]
    Detection(#[from] skyphot_detection::DetectionError),
    /// An error of the statistics.
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
    /// An error of a filter.
    #[error(transparent)]
    Filter(#[from] skyphot_filter::FilterError),
    /// An error of the shared vocabulary.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
}

pub(crate) fn finite(name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(PsfError::InvalidParameter { name, expected: "finite", found: value })
    }
}
