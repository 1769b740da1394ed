//! Slices in, numbers out: the kernels that other crates call in their own loops. All values must be finite.

pub(crate) mod biweight;
mod clip;
pub(crate) mod engine;
mod median;
mod moments;
pub(crate) mod pass;

pub use biweight::{biweight_location, biweight_midvariance};
pub(crate) use clip::sample_size;
pub use clip::{ClipBounds, clip_sorted, clip_stats, clip_unsorted};
pub use median::{mad_in_place, mad_sorted, median_in_place, median_sorted, order_statistic};
pub use moments::{mean, mean_std, moments_about, sum};
