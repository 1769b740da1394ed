//! How a large image is cut.

use std::fmt;

use skyphot_core::BoundingBox;
use skyphot_filter::Kernel;

use crate::error::{Result, SegmentationError};
use crate::kernel::runs::BAND;

/// Pixels around a tile that are read with it: most sources that reach over its edge lie within, and most apertures.
const MARGIN: usize = 128;
/// Least side of a tile that a plan makes, and least rows of a band.
const LEAST: usize = 64;
const LEAST_ROWS: usize = 16;
/// What the program itself takes: code, stacks, buffers of the system.
const PROGRAM: usize = 40 << 20;
/// Of what is left one part in this many is for pixels, the rest for the sources and their catalogue.
const PIXEL_SHARE: usize = 3;

/// How an image is cut to be worked on in parts: bands of rows for the detection, tiles for deblending and measurement.
/// The sources do not depend on it.
///
/// ```
/// use skyphot_segmentation::TilePlan;
/// let plan = TilePlan::with_tile((4096, 4096), (1000, 1000))?;
/// assert_eq!(plan.tiles(), (5, 5));
/// assert!(plan.to_string().contains("5 x 5 tiles of 1000 x 1000 pixels"));
/// # Ok::<(), skyphot_segmentation::SegmentationError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePlan {
    shape: (usize, usize),
    band_rows: usize,
    tile: (usize, usize),
    margin: usize,
    /// The most bytes in all, for pixels, and for sources.
    limits: Option<(usize, usize, usize)>,
    bytes: TileBytes,
}

/// The most bytes of memory that a pixel takes, all planes and what reading takes in passing together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileBytes {
    /// In detection: pixels, mask, threshold, convolved pixels. Default 32.
    pub detect: usize,
    /// In deblending and measurement: pixels, mask, error, background, convolved pixels, labels. Default 32.
    pub measure: usize,
}

impl Default for TileBytes {
    fn default() -> Self {
        Self { detect: 32, measure: 32 }
    }
}

impl TilePlan {
    /// All of an image of shape `(ny, nx)` at once.
    #[must_use]
    pub fn whole(shape: (usize, usize)) -> Self {
        Self {
            shape,
            band_rows: shape.0.max(1),
            tile: (shape.0.max(1), shape.1.max(1)),
            margin: 0,
            limits: None,
            bytes: TileBytes::default(),
        }
    }

    /// Tiles of shape `tile` `(ny, nx)`, without a limit of memory.
    ///
    /// # Errors
    /// [`SegmentationError::InvalidParameter`] if a side is 0.
    pub fn with_tile(shape: (usize, usize), tile: (usize, usize)) -> Result<Self> {
        crate::error::at_least_one("tile", tile.0.min(tile.1))?;
        Ok(Self {
            shape,
            band_rows: tile.0.min(shape.0).max(1),
            tile: (tile.0.min(shape.0).max(1), tile.1.min(shape.1).max(1)),
            margin: MARGIN,
            limits: None,
            bytes: TileBytes::default(),
        })
    }

    /// The largest tiles with which the whole process stays below `max_memory` bytes.
    ///
    /// About a third of them goes to pixels; the rest is for the sources and their catalogue, which are kept to the
    /// end. If there turn out to be more sources than that, the run ends with [`SegmentationError::Memory`].
    ///
    /// # Errors
    /// [`SegmentationError::Memory`] if it is too little for tiles of 64 pixels.
    pub fn for_memory(
        shape: (usize, usize),
        kernel: Option<&Kernel>,
        bytes: TileBytes,
        max_memory: usize,
    ) -> Result<Self> {
        let (detect, tile) = (bytes.detect.max(1), bytes.measure.max(1));
        let (ny, nx) = (shape.0.max(1), shape.1.max(1));
        let free = max_memory.saturating_sub(PROGRAM);
        let pixels = free / PIXEL_SHARE;
        let reach = kernel.map_or(0, |k| k.shape().0.max(k.shape().1));
        let sides = |pixels: usize| {
            let rows = (pixels / (nx * detect)).saturating_sub(2 * reach).min(ny);
            (rows, (pixels / tile).isqrt().saturating_sub(2 * (MARGIN + reach)))
        };
        let too_small =
            |(rows, side): (usize, usize)| rows < LEAST_ROWS.min(ny) || side < LEAST.min(ny.max(nx));
        // Two tiles at a time, so that one can be read while the other is worked on, or else one.
        let (rows, side) =
            Some(sides(pixels / 2)).filter(|s| !too_small(*s)).unwrap_or_else(|| sides(pixels));
        if too_small((rows, side)) {
            let least = LEAST.min(ny.max(nx)) + 2 * (MARGIN + reach);
            let needed = (nx * detect * (LEAST_ROWS.min(ny) + 2 * reach)).max(tile * least * least);
            return Err(SegmentationError::Memory {
                what: "the smallest tiles",
                needed: PROGRAM + PIXEL_SHARE * needed,
                allowed: max_memory,
            });
        }
        let rows = if rows > BAND && rows < ny { rows - rows % BAND } else { rows };
        Ok(Self {
            shape,
            band_rows: rows,
            tile: (side.min(ny), side.min(nx)),
            margin: MARGIN,
            limits: Some((max_memory, pixels, free - pixels)),
            bytes,
        })
    }

    /// Fails if a window of this shape takes more than the pixels may.
    pub(crate) fn check_window(&self, (ny, nx): (usize, usize)) -> Result<()> {
        let needed = ny.saturating_mul(nx).saturating_mul(self.bytes.measure);
        match self.limits {
            Some((_, pixels, sources)) if needed > pixels + sources / 4 => {
                Err(SegmentationError::Memory { what: "the window of one source", needed, allowed: pixels })
            }
            _ => Ok(()),
        }
    }

    /// Two windows may be in memory at once.
    pub(crate) fn fits_both(&self, a: (usize, usize), b: (usize, usize)) -> bool {
        let needed = (a.0 * a.1 + b.0 * b.1).saturating_mul(self.bytes.measure);
        self.limits.is_none_or(|(_, pixels, _)| needed <= pixels)
    }

    /// So many rows may be in memory at once.
    pub(crate) fn fits_both_bands(&self, rows: usize) -> bool {
        let needed = rows.saturating_mul(self.shape.1).saturating_mul(self.bytes.detect);
        self.limits.is_none_or(|(_, pixels, _)| needed <= pixels)
    }

    /// Fails if what is kept of the sources takes more than it may.
    pub(crate) fn check_sources(&self, bytes: usize) -> Result<()> {
        match self.limits {
            Some((_, _, allowed)) if bytes > allowed => {
                Err(SegmentationError::Memory { what: "the sources", needed: bytes, allowed })
            }
            _ => Ok(()),
        }
    }

    /// Shape `(ny, nx)` of the image.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// Rows of a band of the detection.
    #[must_use]
    pub fn band_rows(&self) -> usize {
        self.band_rows
    }

    /// Shape `(ny, nx)` of a tile, without its margin.
    #[must_use]
    pub fn tile(&self) -> (usize, usize) {
        self.tile
    }

    /// Pixels around a tile that are read with it. Sources that need more are worked on alone.
    #[must_use]
    pub fn margin(&self) -> usize {
        self.margin
    }

    /// Number of tiles along y and x.
    #[must_use]
    pub fn tiles(&self) -> (usize, usize) {
        (self.shape.0.div_ceil(self.tile.0), self.shape.1.div_ceil(self.tile.1))
    }

    /// The limit of memory, bytes.
    #[must_use]
    pub fn max_memory(&self) -> Option<usize> {
        self.limits.map(|l| l.0)
    }

    /// The tile that a box belongs to, that of its centre.
    pub(crate) fn tile_of(&self, b: &BoundingBox) -> usize {
        let at = |min: i64, max: i64, size: usize| usize::try_from((min + max) / 2).unwrap_or(0) / size;
        at(b.y_min, b.y_max, self.tile.0) * self.tiles().1 + at(b.x_min, b.x_max, self.tile.1)
    }

    /// A tile with its margin.
    pub(crate) fn window(&self, tile: usize) -> BoundingBox {
        let (j, i) = (tile / self.tiles().1, tile % self.tiles().1);
        let (y, x) = ((j * self.tile.0) as i64, (i * self.tile.1) as i64);
        let b =
            BoundingBox { x_min: x, x_max: x + self.tile.1 as i64, y_min: y, y_max: y + self.tile.0 as i64 };
        self.widened(&b)
    }

    /// A box with the margin, on the image.
    pub(crate) fn widened(&self, b: &BoundingBox) -> BoundingBox {
        grown(b, self.margin as i64, self.shape)
    }
}

/// A box with `margin` more pixels on every side, cut down to the image.
pub(crate) fn grown(b: &BoundingBox, margin: i64, (ny, nx): (usize, usize)) -> BoundingBox {
    BoundingBox {
        x_min: (b.x_min - margin).max(0),
        x_max: (b.x_max + margin).min(nx as i64),
        y_min: (b.y_min - margin).max(0),
        y_max: (b.y_max + margin).min(ny as i64),
    }
}

impl fmt::Display for TilePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ny, nx) = self.shape;
        let (bands, (ty, tx)) = (ny.div_ceil(self.band_rows), self.tiles());
        if bands * ty * tx == 1 {
            write!(f, "{ny} x {nx} pixels at once")?;
        } else {
            let (rows, columns) = self.tile;
            write!(
                f,
                "{ny} x {nx} pixels: detection in {bands} bands of {} rows, deblending and measurement in {ty} x {tx} \
                 tiles of {rows} x {columns} pixels with a margin of {}",
                self.band_rows, self.margin
            )?;
        }
        if let Some((all, pixels, sources)) = self.limits {
            let mib = |b: usize| b >> 20;
            write!(
                f,
                "; at most {} MiB, of which {} for pixels and {} for sources",
                mib(all),
                mib(pixels),
                mib(sources)
            )?;
        }
        Ok(())
    }
}
