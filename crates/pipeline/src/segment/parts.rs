//! An image on disk, read in parts.

use std::ops::Range;

use ndarray::Array2;
use skyphot_background::{Background2D, BackgroundError};
use skyphot_core::{BoundingBox, Exec, Pixel};
use skyphot_segmentation::{CatalogSource, CatalogTile, Tile, TileSource, TileThreshold};
use skyphot_stats::{EffectiveGain, calc_total_error};

use crate::estimate::{background_config, retry};
use crate::load::{Opened, Part};
use crate::segment::SegmentSection;
use crate::segment::section::NoiseOf;
use crate::segment::whole::no_errors;
use crate::spec::ThresholdSpec;
use crate::{BackgroundSection, PipelineError, Result};

/// An image that is read in parts, with its background and everything that a part needs.
#[derive(Debug)]
pub(crate) struct Parts<T: Pixel> {
    opened: Opened,
    background: Background2D<T>,
    subtract: bool,
    threshold: ThresholdSpec,
    noise: NoiseOf,
    gain: Option<f64>,
    /// The background itself is wanted.
    keep_background: bool,
}

/// A part of the image, less the background.
struct Prepared<T: Pixel> {
    data: Array2<T>,
    mask: Option<Array2<bool>>,
    error: Option<Array2<T>>,
    background: Option<Array2<T>>,
}

impl<T: Pixel> Parts<T> {
    /// Estimates the background, `max_rows` rows in memory at a time.
    pub(crate) fn new(
        opened: Opened,
        background: &BackgroundSection,
        section: &SegmentSection,
        gain: Option<f64>,
        weight: bool,
        max_rows: usize,
        exec: &Exec,
    ) -> Result<(Self, Vec<String>)> {
        let noise = section.noise_of(weight)?;
        if noise == NoiseOf::Error && !opened.has_error() {
            return Err(no_errors(&opened.file));
        }
        let shape = opened.shape;
        let mut config = background_config(background, shape, exec)?;
        let (estimated, notes) = retry(background, &mut config, |config| {
            Background2D::estimate_by_rows(shape, config, max_rows, |rows| {
                let part = opened.read::<T>(Some(&box_of(&rows, &(0..shape.1)))).map_err(Read)?;
                Ok::<_, Read>((part.data, part.mask))
            })
        });
        let estimated = match estimated {
            Err(Read(PipelineError::Background(BackgroundError::NoGoodPixels { total, .. }))) => {
                return Err(PipelineError::AllBad { file: opened.file, pixels: total });
            }
            done => done.map_err(|e| e.0)?,
        };
        let parts = Self {
            background: estimated,
            subtract: section.subtract_background,
            threshold: section.threshold,
            noise,
            gain,
            keep_background: crate::segment::job::wants_background(section),
            opened,
        };
        Ok((parts, notes))
    }

    pub(crate) fn background(&self) -> &Background2D<T> {
        &self.background
    }

    /// The most bytes of memory that a pixel of a part takes while it is read and measured.
    pub(crate) fn bytes_per_pixel(opened: &Opened) -> usize {
        // Pixels, background or noise, convolved pixels and errors; threshold; labels; mask and quality.
        let planes = 6 * T::BYTES + 8 + 4 + 1;
        planes
            + if opened.has_mask() { 1 + 4 + 8 } else { 0 }
            + if opened.has_error() { 2 * T::BYTES } else { 0 }
    }

    fn prepare(&self, rows: Range<usize>, columns: Range<usize>) -> Result<Prepared<T>> {
        let (ny, nx) = self.opened.shape;
        let all = rows == (0..ny) && columns == (0..nx);
        let Part { mut data, error, mask } =
            self.opened.read::<T>((!all).then(|| box_of(&rows, &columns)).as_ref())?;
        let mut background = None;
        if self.subtract {
            let level = self.background.background_part(rows, columns);
            data.zip_mut_with(&level, |p, b| *p = T::from_f64(p.to_f64() - b.to_f64()));
            background = self.keep_background.then_some(level);
        }
        Ok(Prepared { data, mask, error, background })
    }

    /// The noise of the threshold.
    fn noise(&self, error: Option<Array2<T>>, rows: Range<usize>, columns: Range<usize>) -> Array2<T> {
        match (self.noise, error) {
            (NoiseOf::Error, Some(e)) => e,
            _ => self.background.rms_part(rows, columns),
        }
    }

    /// The threshold at a pixel.
    pub(crate) fn threshold_at(&self, y: usize, x: usize) -> Result<f64> {
        let (rows, columns) = (y..y + 1, x..x + 1);
        match self.threshold {
            ThresholdSpec::Value(v) => Ok(v),
            ThresholdSpec::Sigma(n) => {
                let error = match self.noise {
                    NoiseOf::Error => self.opened.read::<T>(Some(&box_of(&rows, &columns)))?.error,
                    NoiseOf::Background => None,
                };
                Ok(n * self.noise(error, rows, columns)[[0, 0]].to_f64())
            }
        }
    }

    /// A part to measure: pixels, total errors, mask.
    pub(crate) fn measured(&self, rows: Range<usize>, columns: Range<usize>) -> Result<CatalogTile<T>> {
        let Prepared { data, mask, error, background } = self.prepare(rows.clone(), columns.clone())?;
        let base = error.unwrap_or_else(|| self.background.rms_part(rows, columns));
        let error = match self.gain {
            None => base,
            Some(g) => calc_total_error(data.view(), base.view(), EffectiveGain::Scalar(g))?,
        };
        Ok(CatalogTile { data, error: Some(error), mask, background, detection: None })
    }

    /// The image less its background, `factor` times smaller: means of the good pixels, NaN where there is none.
    pub(crate) fn reduced(&self, factor: usize, max_rows: usize) -> Result<Array2<f32>> {
        let (ny, nx) = self.opened.shape;
        let (my, mx) = (ny.div_ceil(factor), nx.div_ceil(factor));
        let mut out = Array2::<f32>::zeros((my, mx));
        let step = (max_rows / factor).max(1);
        for first in (0..my).step_by(step) {
            let last = (first + step).min(my);
            let part = self.prepare(first * factor..(last * factor).min(ny), 0..nx)?;
            for cell in first..last {
                let (mut sum, mut n) = (vec![0.0; mx], vec![0_u32; mx]);
                for y in (cell - first) * factor..((cell + 1 - first) * factor).min(part.data.nrows()) {
                    let row = part.data.row(y);
                    for (x, v) in row.iter().enumerate() {
                        if Pixel::is_finite(*v) && !part.mask.as_ref().is_some_and(|m| m[[y, x]]) {
                            sum[x / factor] += v.to_f64();
                            n[x / factor] += 1;
                        }
                    }
                }
                for (x, o) in out.row_mut(cell).iter_mut().enumerate() {
                    *o = if n[x] > 0 { (sum[x] / f64::from(n[x])) as f32 } else { f32::NAN };
                }
            }
        }
        Ok(out)
    }
}

/// Rows and columns as a box.
fn box_of(rows: &Range<usize>, columns: &Range<usize>) -> BoundingBox {
    BoundingBox {
        x_min: columns.start as i64,
        x_max: columns.end as i64,
        y_min: rows.start as i64,
        y_max: rows.end as i64,
    }
}

/// Errors of reading while a background is estimated.
struct Read(PipelineError);

impl From<BackgroundError> for Read {
    fn from(e: BackgroundError) -> Self {
        Self(e.into())
    }
}

impl crate::estimate::AllBoxesExcluded for Read {
    fn all_boxes_excluded(&self) -> bool {
        matches!(self.0, PipelineError::Background(BackgroundError::AllBoxesExcluded { .. }))
    }
}

impl<T: Pixel> TileSource for Parts<T> {
    type Pixel = T;
    type Error = PipelineError;

    fn shape(&self) -> (usize, usize) {
        self.opened.shape
    }

    fn read(&self, y: Range<usize>, x: Range<usize>) -> Result<Tile<T>> {
        let Prepared { data, mask, error, .. } = self.prepare(y.clone(), x.clone())?;
        let threshold = match self.threshold {
            ThresholdSpec::Value(v) => TileThreshold::Scalar(v),
            ThresholdSpec::Sigma(n) => TileThreshold::Noise(n, self.noise(error, y, x)),
        };
        Ok(Tile { data, mask, threshold })
    }

    fn read_pixels(&self, y: Range<usize>, x: Range<usize>) -> Result<Tile<T>> {
        let Prepared { data, mask, .. } = self.prepare(y, x)?;
        Ok(Tile { data, mask, threshold: TileThreshold::Scalar(0.0) })
    }
}

/// An image to measure, and the one that its sources come from.
pub(crate) struct Measured<'a, T: Pixel> {
    pub(crate) image: &'a Parts<T>,
    pub(crate) detection: Option<&'a Parts<T>>,
}

impl<T: Pixel> CatalogSource for Measured<'_, T> {
    type Pixel = T;
    type Error = PipelineError;

    fn shape(&self) -> (usize, usize) {
        self.image.opened.shape
    }

    fn read(&self, y: Range<usize>, x: Range<usize>) -> Result<CatalogTile<T>> {
        let mut tile = self.image.measured(y.clone(), x.clone())?;
        if let Some(d) = self.detection {
            tile.detection = Some(Box::new(d.measured(y, x)?));
        }
        Ok(tile)
    }
}
