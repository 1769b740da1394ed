#![doc = include_str!("../README.md")]

mod annulus;
mod annulus_statistics;
mod aperture;
mod circle;
mod columns;
mod error;
mod flags;
mod kernel;
mod mask;
mod order;
mod photometry;
mod photometry_config;
mod planes;
mod stats;
mod stats_config;
mod stats_measure;
mod sums;

pub use annulus::CircularAnnulus;
pub use annulus_statistics::{AnnulusStatistics, annulus_statistics};
pub use aperture::{Aperture, area_overlap};
pub use circle::CircularAperture;
pub use error::{ApertureError, Result};
pub use flags::ApertureFlags;
pub use mask::ApertureMask;
pub use photometry::AperturePhotometry;
pub use photometry_config::PhotometryConfig;
pub use skyphot_geometry::{Coverage, OverlapMethod, Segment};
pub use stats::ApertureStats;
pub use stats_config::StatsConfig;
pub use sums::ApertureSums;
