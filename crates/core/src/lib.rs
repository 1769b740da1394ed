#![doc = include_str!("../README.md")]

mod bbox;
mod dq;
mod error;
mod exec;
mod flags;
mod header;
mod image;
pub mod memory;
mod pixel;
mod point;
pub mod random;
mod read_ahead;
pub mod region;
mod sky;
mod stop;
pub mod table;
#[doc(hidden)]
pub mod testing;
pub mod tree;

pub use bbox::{BoundingBox, OverlapSlices};
pub use dq::{DataQuality, DqDefinition};
pub use error::{CoreError, Result};
pub use exec::Exec;
pub use flags::{FlagInfo, FlagSet};
pub use header::HeaderView;
pub use image::Image;
pub use pixel::Pixel;
pub use point::Point;
pub use region::{Region, RegionFrame, RegionMeta, RegionPoint, RegionShape};
pub use sky::{SkyCoord, SkyTransform};
pub use stop::Stop;
pub use table::{Column, ColumnData, Meta, MetaValue, Table};

#[doc(hidden)]
pub use bitflags as __bitflags;

/// FWHM of a Gaussian over its standard deviation, `2 sqrt(2 ln 2)`.
#[doc(alias = "gaussian_sigma_to_fwhm")]
pub const SIGMA_TO_FWHM: f64 = 2.354_820_045_030_949_3;

/// Standard deviation of a Gaussian over its FWHM, `1 / (2 sqrt(2 ln 2))`.
#[doc(alias = "gaussian_fwhm_to_sigma")]
pub const FWHM_TO_SIGMA: f64 = 0.424_660_900_144_009_53;
