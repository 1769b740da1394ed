#![doc = include_str!("../README.md")]

mod catalog;
mod dao;
mod density;
mod density_kernel;
mod detect_threshold;
mod error;
mod finder;
mod iraf;
mod kernel;
mod outcome;
mod peak_catalog;
mod peaks;
mod select;
mod template;
mod threshold;

pub use catalog::{StarCatalog, StarShape};
pub use dao::DaoStarFinder;
pub use density_kernel::DensityKernel;
pub use detect_threshold::{ThresholdConfig, detect_threshold};
pub use error::{DetectionError, Result};
pub use finder::Finder;
pub use iraf::IrafStarFinder;
pub use outcome::Outcome;
pub use peak_catalog::PeakCatalog;
pub use peaks::{PeakConfig, find_peaks};
pub use template::StarFinder;
pub use threshold::Threshold;
