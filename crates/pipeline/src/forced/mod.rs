//! Forced photometry: fluxes of a list of places on the sky in many images.

mod flags;
mod job;
mod measure;
mod observation;
mod options;
mod parts;
mod targets;

pub use flags::ForcedFlags;
pub use job::{ForcedFailure, ForcedProgress, ForcedRun, ForcedSummary, forced};
pub use measure::measure_forced;
pub use observation::{Observation, observation_of};
pub use options::ForcedOptions;
pub use targets::ForcedTargets;
pub(crate) use targets::sky_of;
