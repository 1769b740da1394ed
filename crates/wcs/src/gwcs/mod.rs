//! Generalised world coordinate systems: graphs of transforms, as Roman and JWST files hold them.

mod bounds;
mod compile;
mod frame;
mod functions;
mod geometry;
mod invert;
mod leaf;
mod model;
mod parse;
mod sip;
mod table;
mod transform;
mod unit;
mod wcs;

pub use bounds::PixelBounds;
pub use frame::GwcsFrame;
pub(crate) use model::{Family, FunctionKind, Operation, Table};
pub use sip::{GwcsSip, GwcsSipConfig};
pub use wcs::Gwcs;
