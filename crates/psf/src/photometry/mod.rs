//! PSF photometry: what to fit, the fits, and their results.

mod blocks;
mod config;
mod crowded;
mod engine;
mod group;
mod iterative;
mod layout;
mod member;
mod result;

pub use config::PsfConfig;
pub use crowded::{
    ArtificialStars, Completeness, CrowdedConfig, CrowdedPhotometry, EpsfRefiner, PassReport, RefinePsf,
    completeness, fit_crowded,
};
pub use engine::{find_and_fit, fit};
pub use iterative::{IterationMode, IterativeConfig, fit_iteratively, fit_iteratively_with};
pub use result::{FittedShape, PsfPhotometry};
