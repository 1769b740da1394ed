//! Helpers of the end-to-end tests, and the comparison with stored reference answers.

pub mod regress;

use std::path::Path;

use ndarray::Array2;
use skyphot::io::{FitsFile, HduSelector};

/// Pixels of an image HDU as 64-bit floats.
///
/// # Errors
/// The file cannot be read.
pub fn read_image(path: &Path, hdu: usize) -> Result<Array2<f64>, regress::Error> {
    Ok(FitsFile::open(path)?.read_image(&HduSelector::Index(hdu))?)
}
