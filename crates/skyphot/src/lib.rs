#![doc = include_str!("../README.md")]

mod error;
pub mod prelude;

pub use error::{Error, Result};
pub use skyphot_aperture as aperture;
pub use skyphot_background as background;
pub use skyphot_calibration as calibration;
pub use skyphot_centroids as centroids;
pub use skyphot_core as core;
pub use skyphot_detection as detection;
pub use skyphot_filter as filter;
pub use skyphot_fit as fit;
pub use skyphot_geometry as geometry;
pub use skyphot_io as io;
pub use skyphot_pipeline as pipeline;
pub use skyphot_plot as plot;
pub use skyphot_psf as psf;
pub use skyphot_segmentation as segmentation;
pub use skyphot_simulation as simulation;
pub use skyphot_stats as stats;
pub use skyphot_wcs as wcs;

#[doc(hidden)]
pub use skyphot_pipeline::with_exposure;

/// The program of the repository's README, compiled and run as a doctest.
#[doc = include_str!("../../../README.md")]
#[cfg(doctest)]
struct RepositoryReadme;
