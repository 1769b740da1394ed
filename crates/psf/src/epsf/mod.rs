//! Effective PSFs from stars.

mod build;
mod builder;
mod extract;
mod fill;
mod fit_star;
mod flags;
mod options;
mod phase;
mod profile;
mod recenter;
mod result;
mod smooth;
mod star;
mod stars;

pub use builder::EpsfBuilder;
pub use extract::{
    CatalogPositions, ExtractConfig, ExtractedStars, RejectedStar, StarCatalog, StarField, extract_stars,
};
pub use flags::EpsfFlags;
pub use options::{AliasPassband, EpsfFitShape, Recentering, SmoothingKernel};
pub use result::{EpsfIteration, EpsfResult, EpsfStage, StarResidual};
pub use star::{EpsfStar, StarTransform};
pub use stars::{EpsfEntry, EpsfStars, LinkedEpsfStar};
