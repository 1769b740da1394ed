//! FITS files: structure, images, tables.

mod cfitsio;
mod file;
mod hdu;
mod image;
mod output;
mod rows_output;
mod table_input;
mod table_output;
mod uncertainty;

pub use file::{ChecksumStatus, FitsFile};
pub use hdu::{HduInfo, HduKind, PixelType};
pub use image::{FitsImage, read_image};
pub(crate) use output::write_hdus;
pub use output::{FitsHdu, ImageData, ImageHdu, write_fits, write_image};
pub use rows_output::write_label_rows;
pub use uncertainty::{ErrorPlane, UncertaintyKind};
