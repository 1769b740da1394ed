//! One error for programs that use several crates.

use thiserror::Error;

/// Result with an [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// The error of any skyphot crate, shown as that crate shows it.
#[derive(Debug, Error)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Error {
    #[error(transparent)]
    Core(#[from] skyphot_core::CoreError),
    #[error(transparent)]
    Stats(#[from] skyphot_stats::StatsError),
    #[error(transparent)]
    Geometry(#[from] skyphot_geometry::GeometryError),
    #[error(transparent)]
    Io(#[from] skyphot_io::IoError),
    #[error(transparent)]
    Fit(#[from] skyphot_fit::FitError),
    #[error(transparent)]
    Wcs(#[from] skyphot_wcs::WcsError),
    #[error(transparent)]
    Filter(#[from] skyphot_filter::FilterError),
    #[error(transparent)]
    Background(#[from] skyphot_background::BackgroundError),
    #[error(transparent)]
    Centroids(#[from] skyphot_centroids::CentroidError),
    #[error(transparent)]
    Aperture(#[from] skyphot_aperture::ApertureError),
    #[error(transparent)]
    Detection(#[from] skyphot_detection::DetectionError),
    #[error(transparent)]
    Segmentation(#[from] skyphot_segmentation::SegmentationError),
    #[error(transparent)]
    Psf(#[from] skyphot_psf::PsfError),
    #[error(transparent)]
    Calibration(#[from] skyphot_calibration::CalibrationError),
    #[error(transparent)]
    Simulation(#[from] skyphot_simulation::SimulationError),
    #[error(transparent)]
    Plot(#[from] skyphot_plot::PlotError),
    #[error(transparent)]
    Pipeline(#[from] skyphot_pipeline::PipelineError),
}
