//! Photometry of crowded fields.

mod config;
mod field;
mod measure;
mod run;
mod split;

pub use config::CrowdedConfig;
pub use run::{CrowdedPhotometry, PassReport, RefinePsf, fit_crowded};
