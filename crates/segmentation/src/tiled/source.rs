//! Where the parts of a large image come from.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};
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
    pub threshold: TileThreshold<T>,
}

/// The threshold of a tile.
#[derive(Debug, Clone)]
pub enum TileThreshold<T> {
    /// The same everywhere.
    Scalar(f64),
    /// One per pixel.
    Image(Array2<f64>),
    /// So many times the noise of each pixel; the products are made row by row and never stored.
    Noise(f64, Array2<T>),
}

impl<T> From<Threshold> for TileThreshold<T> {
    fn from(t: Threshold) -> Self {
        match t {
            Threshold::Scalar(t) => Self::Scalar(t),
            Threshold::Image(t) => Self::Image(t),
        }
    }
}

impl<T: Pixel> TileThreshold<T> {
    /// Shape, if it is an image.
    pub(crate) fn dim(&self) -> Option<(usize, usize)> {
        match self {
            Self::Scalar(_) => None,
            Self::Image(t) => Some(t.dim()),
            Self::Noise(_, s) => Some(s.dim()),
        }
    }

    pub(crate) fn rows(&self) -> ThresholdRows<'_, T> {
        match self {
            Self::Scalar(t) => ThresholdRows::Scalar(*t),
            Self::Image(t) => ThresholdRows::Image(t.view()),
            Self::Noise(n, s) => ThresholdRows::Noise(*n, s.view()),
        }
    }
}

/// A threshold that is looked at row by row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ThresholdRows<'a, T> {
    Scalar(f64),
    Image(ArrayView2<'a, f64>),
    Noise(f64, ArrayView2<'a, T>),
}

impl<'a, T> From<&'a Threshold> for ThresholdRows<'a, T> {
    fn from(t: &'a Threshold) -> Self {
        match t {
            Threshold::Scalar(t) => Self::Scalar(*t),
            Threshold::Image(t) => Self::Image(t.view()),
        }
    }
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

    /// As [`read`](Self::read), for steps that do not look at the threshold: it may be anything.
    ///
    /// # Errors
    /// Whatever keeps the part from being read.
    fn read_pixels(
        &self,
        y: Range<usize>,
        x: Range<usize>,
    ) -> std::result::Result<Tile<Self::Pixel>, Self::Error> {
        self.read(y, x)
    }
}
