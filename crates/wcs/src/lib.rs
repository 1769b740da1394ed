#![doc = include_str!("../README.md")]

mod angle;
mod celestial;
mod error;
mod header;
mod kernel;
mod lookup;
mod newton;
mod plane;
mod poly;
mod projection;
mod sip;
pub mod sky;
mod status;
mod transform;
mod warning;
mod wcs;

pub use error::{Result, WcsError};
pub use lookup::{LookupTable, LookupTables};
pub use projection::{Projection, ProjectionCode};
pub use sip::Sip;
pub use sky::SkyFrame;
pub use status::PointStatus;
pub use transform::{PixelPositions, SkyPositions};
pub use warning::WcsWarning;
pub use wcs::Wcs;
