//! Errors of a run.

use thiserror::Error;

/// Result with a [`PipelineError`].
pub type Result<T> = std::result::Result<T, PipelineError>;

/// What can go wrong in a run: a wrong request, or an error of one of the steps.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// A value that does not say what it should.
    #[error("{what} '{found}' is not {expected}")]
    Value {
        /// What the value is for.
        what: &'static str,
        /// What was typed.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A configuration file that does not parse.
    #[error("the configuration is not right: {0}")]
    Config(String),
    /// A plane that does not fit the image.
    #[error("{what} {file} has shape {found:?} (ny, nx), but the image has shape {expected:?}")]
    PlaneShape {
        /// `error`, `mask`, ...
        what: &'static str,
        /// Where it came from.
        file: String,
        /// Shape of the image.
        expected: (usize, usize),
        /// Shape of the plane.
        found: (usize, usize),
    },
    /// Not one good pixel.
    #[error("{file} has no good pixel: all {pixels} are masked, NaN or infinite")]
    AllBad {
        /// The image.
        file: String,
        /// Its number of pixels.
        pixels: usize,
    },
    /// A frame that is not an image of the sky.
    #[error("{file} is not a science image: {why}")]
    NotScience {
        /// The file.
        file: String,
        /// What the header says it is.
        why: String,
    },
    /// A file without a world coordinate system.
    #[error("{file}: no world coordinate system in this file")]
    NoWcs {
        /// The file.
        file: String,
    },
    /// A plane that is no map of pixel areas.
    #[error("{file} is no map of pixel areas: {why}")]
    NotAreas {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A catalogue without positions.
    #[error("{file} has no position columns: expected one of {expected}; it has {found}")]
    NoPositions {
        /// The catalogue.
        file: String,
        /// Pairs of names that are looked for.
        expected: String,
        /// The columns there are.
        found: String,
    },
    /// An interrupted run has left something.
    #[error("an interrupted run has left {parts}")]
    Unfinished {
        /// Folder of what is done.
        parts: String,
    },
    /// No image could be measured.
    #[error("none of {images} images could be measured; the first: {why}")]
    NothingMeasured {
        /// Number of images.
        images: usize,
        /// What is wrong with the first.
        why: String,
    },
    /// No star to build a PSF from.
    #[error("no star is fit to build the PSF from: {found} found, none alone in a cutout of 25 x 25 pixels")]
    NoStars {
        /// Stars that were found.
        found: usize,
    },
    /// No star to build a PSF from.
    #[error("no star is fit to build the PSF from: of {found} found, {why}")]
    NoPsfStars {
        /// Candidates.
        found: usize,
        /// How many were turned down for what.
        why: String,
    },
    /// A file or folder could not be written or read.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// From core.
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
    /// From io.
    #[error(transparent)]
    Io(#[from] skyphot_io::IoError),
    /// From wcs.
    #[error(transparent)]
    Wcs(#[from] skyphot_wcs::WcsError),
    /// From stats.
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
    /// From background.
    #[error(transparent)]
    Background(#[from] skyphot_background::BackgroundError),
    /// From detection.
    #[error(transparent)]
    Detection(#[from] skyphot_detection::DetectionError),
    /// From filter.
    #[error(transparent)]
    Filter(#[from] skyphot_filter::FilterError),
    /// From segmentation.
    #[error(transparent)]
    Segmentation(#[from] skyphot_segmentation::SegmentationError),
    /// From aperture.
    #[error(transparent)]
    Aperture(#[from] skyphot_aperture::ApertureError),
    /// From psf.
    #[error(transparent)]
    Psf(#[from] skyphot_psf::PsfError),
    /// From calibration.
    #[error(transparent)]
    Calibration(#[from] skyphot_calibration::CalibrationError),
    /// From simulation.
    #[error(transparent)]
    Simulation(#[from] skyphot_simulation::SimulationError),
    /// From plot.
    #[error(transparent)]
    Plot(#[from] skyphot_plot::PlotError),
}

impl PipelineError {
    pub(crate) fn value(what: &'static str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Value { what, found: found.into(), expected: expected.into() }
    }

    /// The request was wrong (exit code 2), rather than the data (exit code 1).
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Value { .. } | Self::Config(_))
    }
}
