//! Photometry of crowded fields.

mod completeness;
mod config;
mod drop;
mod field;
mod measure;
mod refine;
mod run;
mod split;

pub use completeness::{ArtificialStars, Completeness, completeness};
pub use config::CrowdedConfig;
pub use refine::EpsfRefiner;
pub use run::{CrowdedPhotometry, PassReport, RefinePsf, fit_crowded};
