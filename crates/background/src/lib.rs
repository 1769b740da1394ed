#![doc = include_str!("../README.md")]

mod background2d;
mod boxes;
mod config;
mod error;
mod estimator;
mod flags;
mod idw;
mod interpolator;
mod kernel;
mod local;
mod local_result;
mod rms;

pub use background2d::Background2D;
pub use config::Background2DConfig;
pub use error::{BackgroundError, Result};
pub use estimator::{BackgroundEstimator, Estimator};
pub use flags::LocalBackgroundFlags;
pub use idw::ShepardIdw;
pub use interpolator::Interpolator;
pub use local::LocalBackground;
pub use local_result::LocalBackgrounds;
pub use rms::RmsEstimator;
