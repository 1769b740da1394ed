//! ASDF files: a YAML tree and blocks of binary data.

mod array;
mod block;
mod codec;
mod dtype;
mod embedded;
mod file;
mod image;
mod inline;
mod ndarray;
mod strided;

pub use block::AsdfBlock;
pub use file::AsdfFile;
pub(crate) use image::image_axes;
