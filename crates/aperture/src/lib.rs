#![doc = include_str!("../README.md")]

mod annulus;
mod annulus_statistics;
mod aperture;
mod circle;
mod columns;
mod curve_of_growth;
mod ellipse;
mod elliptical_annulus;
mod error;
mod flags;
mod growth_shape;
mod image_depth;
mod image_depth_config;
mod kernel;
mod mask;
mod nested;
mod order;
mod photometry;
mod photometry_config;
mod planes;
mod polygon;
mod profile_config;
mod profile_fit;
mod radial_profile;
mod rectangle;
mod rectangular_annulus;
mod shape;
mod sky;
mod stats;
mod stats_config;
mod stats_cutout;
mod stats_measure;
mod stats_moments;
mod sums;

pub use annulus::CircularAnnulus;
pub use annulus_statistics::{AnnulusStatistics, annulus_statistics};
pub use aperture::{Aperture, area_overlap};
pub use circle::CircularAperture;
pub use curve_of_growth::{CurveOfGrowth, CurvesOfGrowth};
pub use ellipse::EllipticalAperture;
pub use elliptical_annulus::EllipticalAnnulus;
pub use error::{ApertureError, Result};
pub use flags::ApertureFlags;
pub use growth_shape::GrowthShape;
pub use image_depth::ImageDepth;
pub use image_depth_config::ImageDepthConfig;
pub use mask::ApertureMask;
pub use photometry::AperturePhotometry;
pub use photometry_config::PhotometryConfig;
pub use polygon::PolygonAperture;
pub use profile_config::{Normalization, ProfileConfig};
pub use profile_fit::{GaussianProfile, MoffatProfile};
pub use radial_profile::{RadialProfile, RadialProfiles};
pub use rectangle::RectangularAperture;
pub use rectangular_annulus::RectangularAnnulus;
pub use shape::PixelShape;
pub use sky::{
    SkyAperture, SkyCircularAnnulus, SkyCircularAperture, SkyEllipticalAnnulus, SkyEllipticalAperture,
    SkyPolygonAperture, SkyRectangularAnnulus, SkyRectangularAperture, SkyShape,
};
pub use skyphot_geometry::{Coverage, OverlapMethod, Segment};
pub use stats::ApertureStats;
pub use stats_config::StatsConfig;
pub use stats_cutout::{ApertureCutout, aperture_cutout};
pub use stats_moments::ApertureMoments;
pub use sums::ApertureSums;
