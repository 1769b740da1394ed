//! Frames, separations and matching on the sky.

mod frame;
mod kdtree;
mod matching;
mod precession;
mod separation;
mod sexagesimal;

pub use frame::SkyFrame;
pub use matching::{
    CatalogMatch, CrossMatchConfig, MatchPairs, cross_match_sky, cross_match_xy, match_to_catalog_sky,
    match_to_catalog_xy, search_around_sky, search_around_xy,
};
pub use separation::{offset_by, offsets, position_angle, separation};
pub use sexagesimal::{format_dms, format_hms, parse_angle, parse_position};
