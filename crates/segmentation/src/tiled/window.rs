//! One window of a large image in memory.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{BoundingBox, Exec, Image, Pixel};
use skyphot_filter::Kernel;

use super::plan::grown;
use super::source::{Tile, TileSource, TileThreshold};
use crate::convolved::{Smooth, SmoothScratch};
use crate::error::{Result, SegmentationError};
use crate::kernel::runs::BAND;

/// A box of the image with its pixels, convolved if there is a kernel.
#[derive(Debug)]
pub(crate) struct Window<T> {
    pub(crate) tile: Tile<T>,
    pub(crate) convolved: Option<Array2<T>>,
}

impl<T: Pixel> Window<T> {
    /// Reads a box, with as much around it as the kernel needs; without a useful threshold if none is wanted.
    pub(crate) fn read<S: TileSource<Pixel = T>>(
        source: &S,
        kernel: Option<&Kernel>,
        bbox: BoundingBox,
        with_threshold: bool,
        exec: &Exec,
    ) -> std::result::Result<Self, S::Error> {
        let reach = kernel.map_or(0, |k| k.shape().0.max(k.shape().1) / 2 + 1);
        let wide = grown(&bbox, reach as i64, source.shape());
        let range = |a: i64, b: i64| a as usize..b as usize;
        let (y, x) = (range(wide.y_min, wide.y_max), range(wide.x_min, wide.x_max));
        let tile = if with_threshold { source.read(y, x)? } else { source.read_pixels(y, x)? };
        Ok(Self::smoothed(tile, &wide, kernel, bbox, exec)?)
    }

    fn smoothed(
        mut tile: Tile<T>,
        wide: &BoundingBox,
        kernel: Option<&Kernel>,
        bbox: BoundingBox,
        exec: &Exec,
    ) -> Result<Self> {
        let found = tile.data.dim();
        for (what, found) in [
            ("data of a tile", Some(found)),
            ("mask of a tile", tile.mask.as_ref().map(|a| a.dim())),
            ("threshold of a tile", tile.threshold.dim()),
        ] {
            if let Some(found) = found.filter(|f| *f != wide.shape()) {
                return Err(SegmentationError::ShapeMismatch { what, expected: wide.shape(), found });
            }
        }
        let (ny, _) = bbox.shape();
        let y0 = (bbox.y_min - wide.y_min) as usize;
        let mut convolved = None;
        if let Some(kernel) = kernel {
            let nx = tile.data.ncols();
            let mut image = Image::new(tile.data.view())?;
            if let Some(m) = &tile.mask {
                image = image.with_mask(m.view())?;
            }
            let smooth = Smooth::new(&image, kernel);
            let mut out = Array2::<T>::default((ny, nx));
            if let Some(pixels) = out.as_slice_mut() {
                exec.for_each_chunk_mut(pixels, BAND * nx, |b, part| {
                    let y = y0 + b * BAND;
                    smooth.rows(y..y + part.len() / nx, part, &mut SmoothScratch::default());
                });
            }
            let columns = BoundingBox { y_min: 0, y_max: ny as i64, ..bbox };
            convolved = Some(cut(out, &BoundingBox { y_min: 0, y_max: ny as i64, ..*wide }, &columns));
        }
        tile.data = cut(tile.data, wide, &bbox);
        tile.mask = tile.mask.map(|a| cut(a, wide, &bbox));
        tile.threshold = match tile.threshold {
            TileThreshold::Scalar(t) => TileThreshold::Scalar(t),
            TileThreshold::Image(t) => TileThreshold::Image(cut(t, wide, &bbox)),
            TileThreshold::Noise(n, s) => TileThreshold::Noise(n, cut(s, wide, &bbox)),
        };
        Ok(Self { tile, convolved })
    }

    /// What sources are detected on and taken apart on.
    pub(crate) fn smooth(&self) -> ArrayView2<'_, T> {
        self.convolved.as_ref().unwrap_or(&self.tile.data).view()
    }
}

/// The part `inner` of an array that covers `outer`, in the memory of the array.
fn cut<A: Copy + Default>(array: Array2<A>, outer: &BoundingBox, inner: &BoundingBox) -> Array2<A> {
    if outer == inner {
        return array;
    }
    let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
    let (ny, nx) = inner.shape();
    let width = array.ncols();
    let (y, x) = ((inner.y_min - outer.y_min) as usize, (inner.x_min - outer.x_min) as usize);
    let (mut pixels, offset) = array.into_raw_vec_and_offset();
    let start = offset.unwrap_or(0);
    for row in 0..ny {
        let from = start + (y + row) * width + x;
        pixels.copy_within(from..from + nx, row * nx);
    }
    pixels.truncate(ny * nx);
    // The length is right by construction.
    Array2::from_shape_vec((ny, nx), pixels).unwrap_or_default()
}
