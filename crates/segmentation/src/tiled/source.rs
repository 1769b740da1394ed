//! Where the parts of a large image come from.

use std::ops::Range;

use ndarray::Array2;
use skyphot_core::Pixel;
use skyphot_detection::Threshold;

use crate::error::SegmentationError;

/// A part of an image with what belongs to it.
#[derive(Debug, Clone)]
pub struct Tile<T> {
    /// The pixels, less the background.
    pub data: Array2<T>,
    /// `true` where a pixel is bad.
    pub mask: Option<Array2<bool>>,
    /// The threshold: one value, or one per pixel of the tile.
    pub threshold: Threshold,
}

/// Where the parts of a large image come from, for instance windows of a FITS file. Every part has to have the same
/// pixels as the same part of the whole image.
pub trait TileSource {
    /// Type of the pixels.
    type Pixel: Pixel;
    /// What reading can fail with.
    type Error: From<SegmentationError>;

    /// Shape `(ny, nx)` of the whole image.
    fn shape(&self) -> (usize, usize);

    /// Rows `y` and columns `x` of the image, background-subtracted if the sources are to be convolved.
    ///
    /// # Errors
    /// Whatever keeps the part from being read.
    fn read(&self, y: Range<usize>, x: Range<usize>) -> std::result::Result<Tile<Self::Pixel>, Self::Error>;
}
