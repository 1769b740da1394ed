//! Pixel types that can be written.

use std::path::Path;

use ndarray::ArrayView2;
use skyphot_core::Pixel;
use skyphot_io::{Header, ImageData};

use crate::Result;

/// A pixel type as FITS stores it: `f32` or `f64`.
pub trait StoredPixel: Pixel {
    /// The pixels, to write.
    fn image_data(view: ArrayView2<'_, Self>) -> ImageData<'_>;
}

impl StoredPixel for f32 {
    fn image_data(view: ArrayView2<'_, Self>) -> ImageData<'_> {
        view.into()
    }
}

impl StoredPixel for f64 {
    fn image_data(view: ArrayView2<'_, Self>) -> ImageData<'_> {
        view.into()
    }
}

/// Writes a map that goes with an image: its header is carried over.
///
/// # Errors
/// Those of [`skyphot_io::write_image`].
pub fn write_map<T: StoredPixel>(
    path: &Path,
    map: ArrayView2<'_, T>,
    header: &Header,
    overwrite: bool,
) -> Result<()> {
    Ok(skyphot_io::write_image(path, T::image_data(map), Some(header), overwrite)?)
}
