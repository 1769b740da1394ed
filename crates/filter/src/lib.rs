#![doc = include_str!("../README.md")]

mod kernel;
mod median;
mod zoom;

pub use median::nan_median_filter;
pub use zoom::{EdgeMode, SplineOrder, SplineZoom};
