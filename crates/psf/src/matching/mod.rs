//! Kernels that turn one PSF into another.

mod fourier;
mod kernel;
mod resize;
mod taper;

pub use kernel::{FrequencyWindow, MatchingConfig, Penalty, create_matching_kernel, make_wiener_kernel};
pub use resize::resize_psf;
pub use taper::Taper;
