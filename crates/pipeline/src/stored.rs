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

/// Writes a map that goes with an image: its header is carried over, but for the keywords of lookup-table distortions,
/// whose tables are in other HDUs of the image's file.
///
/// # Errors
/// Those of [`skyphot_io::write_image`].
pub fn write_map<T: StoredPixel>(
    path: &Path,
    map: ArrayView2<'_, T>,
    header: &Header,
    overwrite: bool,
) -> Result<()> {
    let mut header = header.clone();
    let table = |k: &str| {
        ["CPDIS", "D2IMDIS", "CPERR", "D2IMERR", "D2IMARR", "D2IMEXT"].iter().any(|t| k.starts_with(t))
            || (k.starts_with("DP") || k.starts_with("D2IM"))
                && k.trim_start_matches("DP")
                    .trim_start_matches("D2IM")
                    .starts_with(|c: char| c.is_ascii_digit())
    };
    header.retain(|c| !table(c.keyword()));
    Ok(skyphot_io::write_image(path, T::image_data(map), Some(&header), overwrite)?)
}
