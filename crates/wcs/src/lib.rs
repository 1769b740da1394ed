#![doc = include_str!("../README.md")]
// `!(a > b)` is how NaN is caught together with the rest.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod angle;
mod cards;
mod celestial;
mod edit;
mod error;
mod fit;
mod geometry;
mod gwcs;
mod header;
mod kernel;
mod linear;
mod local;
mod lookup;
mod lookup_reference;
mod newton;
mod plane;
mod poly;
mod projection;
mod sip;
pub mod sky;
mod sky_wcs;
mod status;
mod transform;
mod warning;
mod wcs;

pub use cards::{WcsCard, WcsValue};
pub use error::{Result, WcsError};
pub use fit::{WcsFit, WcsFitConfig, fit_wcs_from_points};
pub use geometry::Parity;
pub use gwcs::{Gwcs, GwcsFrame, GwcsSip, GwcsSipConfig, PixelBounds};
pub use linear::LinearWcs;
pub use local::{local_jacobian, pixel_area_map};
pub use lookup::{LookupTable, LookupTables};
pub use lookup_reference::{LookupKind, LookupReference};
pub use projection::{Projection, ProjectionCode};
pub use sip::Sip;
pub use sky::SkyFrame;
pub use sky_wcs::SkyWcs;
pub use status::PointStatus;
pub use transform::{PixelPositions, SkyPositions};
pub use warning::WcsWarning;
pub use wcs::Wcs;
