//! Effective PSFs from stars.

mod build;
mod builder;
mod extract;
mod fill;
mod fit_star;
mod flags;
pub(crate) mod flat_top;
mod grid;
mod options;
mod phase;
mod profile;
mod recenter;
mod result;
mod select;
mod smooth;
mod star;
mod stars;

pub use builder::EpsfBuilder;
pub use extract::{
    CatalogPositions, ExtractConfig, ExtractedStars, RejectedStar, StarCatalog, StarField, extract_stars,
};
pub use flags::EpsfFlags;
pub use grid::{EpsfCell, EpsfGrid, EpsfGridConfig, build_epsf_grid};
pub use options::{AliasPassband, EpsfFitShape, Recentering, SmoothingKernel};
pub use phase::{PhaseBias, PhaseTrend};
pub use result::{EpsfIteration, EpsfResult, EpsfStage, StarResidual};
pub use select::{SelectedStars, SelectionFlags, StarSelection, select_stars};
pub use star::{EpsfStar, StarTransform};
pub use stars::{EpsfEntry, EpsfStars, LinkedEpsfStar};
