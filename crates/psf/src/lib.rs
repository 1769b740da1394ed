#![doc = include_str!("../README.md")]
// `!(a > b)` is how NaN is caught together with the rest.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod error;
mod gridded_psf;
mod image_psf;
mod kernel;
mod model;
mod models;
mod samples;
mod window;

pub use error::{PsfError, Result};
pub use gridded_psf::GriddedPsf;
pub use image_psf::{ImagePsf, ImagePsfConfig};
pub use model::{Derivatives, PsfModel, ShapeParameter, Source};
pub use models::{
    AiryDiskPrf, AiryDiskPsf, CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf,
    GaussianPrf, GaussianPsf, MoffatPrf, MoffatPsf,
};
pub use window::{Extent, Window};
