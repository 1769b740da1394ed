#![doc = include_str!("../README.md")]

mod boundary;
mod convolve;
mod error;
mod footprint;
mod kernel;
mod kernel2d;
mod kernel_sampling;
mod maximum;
mod median;
mod sample;
mod zoom;

pub use boundary::Boundary;
pub use convolve::{Convolver, convolve};
pub use error::{FilterError, Result};
pub use footprint::Footprint;
pub use kernel_sampling::KernelSampling;
pub use kernel2d::Kernel;
pub use maximum::{maximum_filter, minimum_filter};
pub use median::nan_median_filter;
pub use sample::spline_at_grid;
pub use zoom::{EdgeMode, SplineOrder, SplineZoom};
