#![doc = include_str!("../README.md")]

mod biweight;
mod clipped_stats;
mod descriptive;
mod error;
mod image_source;
pub mod kernel;
mod mad;
mod mode;
mod sigma_clip;
mod sigma_clip_image;
mod summary;
mod total_error;

pub use biweight::{biweight_location, biweight_midvariance, biweight_scale};
pub use clipped_stats::{ClippedStats, ClippedStatsOptions, sigma_clipped_stats, sigma_clipped_stats_with};
pub use descriptive::{mean_std, median, nan_mean_std, nan_median, percentile, quantile};
pub use error::{Result, StatsError};
pub use mad::{MAD_TO_STD, mad_std, median_absolute_deviation, nan_mad_std};
pub use mode::{mmm_mode, mode_estimate, sextractor_mode};
pub use sigma_clip::{CenterFunc, SigmaClip, SpreadFunc};
pub use sigma_clip_image::{Axis, Clipped, sigma_clip};
pub use summary::SigmaClippedStats;
pub use total_error::{EffectiveGain, calc_total_error};
