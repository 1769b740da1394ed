//! Images larger than memory.

mod find;
mod group;
mod plan;
mod source;
mod window;

pub use find::{deblend_tiled, find_sources_tiled};
pub(crate) use group::{Group, groups};
pub use plan::{TileBytes, TilePlan};
pub(crate) use source::ThresholdRows;
pub use source::{Tile, TileSource, TileThreshold};
