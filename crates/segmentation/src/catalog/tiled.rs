//! Catalogues of images larger than memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{BoundingBox, CoreError, Image, Pixel, Table};
use skyphot_filter::Kernel;

use super::config::CatalogConfig;
use super::images::CatalogImages;
use super::source_catalog::{Missing, SourceCatalog};
use crate::convolved::{Smooth, SmoothScratch};
use crate::error::{Result, SegmentationError};
use crate::tiled::{Group, groups};
use crate::{SourceRuns, TilePlan};

/// Rows convolved at a time.
const STEP: usize = 64;

/// A part of the images that sources are measured on, all of one shape.
#[derive(Debug, Clone)]
pub struct CatalogTile<T> {
    /// The pixels, background-subtracted.
    pub data: Array2<T>,
    /// 1-sigma errors.
    pub error: Option<Array2<T>>,
    /// `true` where a pixel is bad.
    pub mask: Option<Array2<bool>>,
    /// The background that was subtracted.
    pub background: Option<Array2<T>>,
    /// The image that centroids, shapes and Kron apertures come from, if it is another one.
    pub detection: Option<Box<Self>>,
}

impl<T> CatalogTile<T> {
    /// Only pixels.
    #[must_use]
    pub fn new(data: Array2<T>) -> Self {
        Self { data, error: None, mask: None, background: None, detection: None }
    }
}

/// Where the parts of a large image come from, for instance windows of FITS files.
pub trait CatalogSource {
    /// Type of the pixels.
    type Pixel: Pixel;
    /// What reading can fail with.
    type Error: From<SegmentationError>;

    /// Shape `(ny, nx)` of the whole image.
    fn shape(&self) -> (usize, usize);

    /// Rows `y` and columns `x` of the image. The same pixels have the same values in whatever part they are read.
    ///
    /// # Errors
    /// Whatever keeps the part from being read.
    fn read(
        &self,
        y: Range<usize>,
        x: Range<usize>,
    ) -> std::result::Result<CatalogTile<Self::Pixel>, Self::Error>;
}

/// Measures the sources of an image that is read in parts: row by row the numbers, to the last bit, of a
/// [`SourceCatalog`] of the whole image.
///
/// The image is cut into the tiles of a plan; sources belong to the tile of the centre of their bounding box. For each tile the part with all of its sources and a margin (at most 128 pixels) is read, and `table`
/// makes a table of the catalogue of these sources: it may ask for whatever a catalogue knows, attach a WCS, and so on,
/// but every call must give the same columns. A source for which the part was too small is then measured again on a
/// part of its own that is large enough, so `table` may be called with a source twice. The rows end in the order of
/// `sources`. Of the image no more is in memory at a time than one part with its labels.
///
/// With a kernel, centroids and shapes are measured on the convolved data, convolved as in
/// [`detect_sources_convolved`](crate::detect_sources_convolved).
///
/// # Errors
/// Those of the source and of `table`; [`SegmentationError::ShapeMismatch`] for parts of a wrong shape,
/// [`SegmentationError::InvalidParameter`] for settings out of range, [`SegmentationError::Memory`] if the plan has a
/// limit that is not enough.
pub fn catalog_tiled<S>(
    source: &S,
    kernel: Option<&Kernel>,
    sources: &SourceRuns,
    config: &CatalogConfig,
    plan: &TilePlan,
    mut table: impl FnMut(SourceCatalog<'_>) -> std::result::Result<Table, S::Error> + Send,
) -> std::result::Result<Table, S::Error>
where
    S: CatalogSource + Sync,
    S::Error: Send,
{
    config.validate()?;
    let full = source.shape();
    if full != sources.shape() {
        let what = "image that sources are measured on";
        return Err(SegmentationError::ShapeMismatch { what, expected: sources.shape(), found: full }.into());
    }
    let job = Job { source, kernel, sources, config, full };
    let mut out: Option<Table> = None;
    let mut put = |rows: &[usize], part: &Table| -> Result<()> {
        let out = out.get_or_insert_with(|| part.blank(sources.len()));
        plan.check_sources(
            sources.memory() + out.columns().iter().map(|c| 8 * c.data().len()).sum::<usize>(),
        )?;
        Ok(out.set_rows(rows, part)?)
    };
    let groups = groups(plan, sources.bbox(), 0..sources.len(), |b| around(b, full));
    let read = |group: &Group| {
        plan.check_window(group.window.shape())?;
        job.read(&group.window)
    };
    let both = |a: &Group, b: &Group| plan.fits_both(a.window.shape(), b.window.shape());
    config.exec.read_ahead(&groups, both, read, |Group { sources: rows, window }, pixels| {
        let (part, missing) = job.measure(rows, window, &pixels, &mut table)?;
        drop(pixels);
        if missing.is_empty() {
            return Ok(put(rows, &part)?);
        }
        let lacks = |i: usize| missing.get(&sources.labels()[i]);
        let good: Vec<usize> = (0..rows.len()).filter(|&k| lacks(rows[k]).is_none()).collect();
        put(&good.iter().map(|&k| rows[k]).collect::<Vec<_>>(), &part.take(&good))?;
        for &i in rows {
            let Some(needed) = lacks(i) else { continue };
            let mut window = needed.union(&sources.bbox()[i]);
            loop {
                plan.check_window(window.shape())?;
                let (part, missing) = job.measure(&[i], &window, &job.read(&window)?, &mut table)?;
                let larger = missing.values().fold(window, |w, m| w.union(m));
                // What cannot be had will not be had in a second attempt.
                if larger == window {
                    put(&[i], &part)?;
                    break;
                }
                window = larger;
            }
        }
        Ok(())
    })?;
    match out {
        Some(t) => Ok(t),
        None => {
            let corner = BoundingBox { x_min: 0, x_max: 1, y_min: 0, y_max: 1 };
            Ok(job.measure(&[], &corner, &job.read(&corner)?, &mut table)?.0)
        }
    }
}

/// The part of the image that a source is likely to need.
fn around(b: &BoundingBox, full: (usize, usize)) -> BoundingBox {
    let (ny, nx) = b.shape();
    let margin = (16 + ny.max(nx) * 5 / 4).min(128) as i64;
    BoundingBox {
        x_min: (b.x_min - margin).max(0),
        x_max: (b.x_max + margin).min(full.1 as i64),
        y_min: (b.y_min - margin).max(0),
        y_max: (b.y_max + margin).min(full.0 as i64),
    }
}

/// Labels with the boxes that they lack.
type Lacking = BTreeMap<i32, BoundingBox>;

struct Job<'j, S> {
    source: &'j S,
    kernel: Option<&'j Kernel>,
    sources: &'j SourceRuns,
    config: &'j CatalogConfig,
    full: (usize, usize),
}

/// The pixels of a window, ready to be measured.
struct WindowPixels<T> {
    tile: CatalogTile<T>,
    labels: Array2<i32>,
    inner: Inner,
    smooth: Option<Array2<T>>,
    detection_smooth: Option<Array2<T>>,
}

impl<S: CatalogSource> Job<'_, S> {
    /// Reads and convolves a window.
    fn read(&self, window: &BoundingBox) -> std::result::Result<WindowPixels<S::Pixel>, S::Error> {
        let (x, y) = (window.x_min as usize, window.y_min as usize);
        let (x_end, y_end) = (window.x_max as usize, window.y_max as usize);
        // The kernel wants more.
        let (my, mx) = self.kernel.map_or((0, 0), Kernel::shape);
        let (y0, x0) = (y.saturating_sub(my), x.saturating_sub(mx));
        let (y1, x1) = ((y_end + my).min(self.full.0), (x_end + mx).min(self.full.1));
        let tile = self.source.read(y0..y1, x0..x1)?;
        let labels = self.sources.draw(window);
        let inner = Inner {
            rows: y - y0..y_end - y0,
            columns: x - x0..x_end - x0,
            corner: (x, y),
            shape: (y1 - y0, x1 - x0),
            full: self.full,
        };
        // Centroids and shapes come from the detection image alone.
        let smooth = if tile.detection.is_none() { self.smoothed(&tile, &inner)? } else { None };
        let detection_smooth =
            tile.detection.as_deref().map(|t| self.smoothed(t, &inner)).transpose()?.flatten();
        Ok(WindowPixels { tile, labels, inner, smooth, detection_smooth })
    }

    /// The table of some sources from a window, and what was missing.
    fn measure(
        &self,
        rows: &[usize],
        window: &BoundingBox,
        pixels: &WindowPixels<S::Pixel>,
        table: &mut impl FnMut(SourceCatalog<'_>) -> std::result::Result<Table, S::Error>,
    ) -> std::result::Result<(Table, Lacking), S::Error> {
        debug_assert_eq!(pixels.labels.dim(), window.shape());
        let WindowPixels { tile, labels, inner, smooth, detection_smooth } = pixels;
        let images = inner.images(tile, smooth.as_ref().map(|s| s.view()), labels.view())?;
        let mut whole = self.catalog(rows, images);
        let mut notes: Vec<Arc<Missing>> = vec![whole.missing()];
        if let Some(d) = tile.detection.as_deref() {
            let smooth = detection_smooth.as_ref().map(|s| s.view());
            let d = self.catalog(rows, inner.images(d, smooth, labels.view())?);
            notes.push(d.missing());
            whole = whole.with_detection_catalog(&d)?;
        }
        let made = table(whole)?;
        let mut missing = Lacking::new();
        for (label, b) in notes.iter().flat_map(|n| n.take()) {
            match missing.get_mut(&label) {
                Some(known) => *known = known.union(&b),
                None => drop(missing.insert(label, b)),
            }
        }
        if made.n_rows() != rows.len() {
            return Err(SegmentationError::from(CoreError::ColumnLength {
                name: made.names().first().map_or_else(String::new, |n| (*n).to_owned()),
                expected: rows.len(),
                found: made.n_rows(),
            })
            .into());
        }
        Ok((made, missing))
    }

    fn catalog<'t>(&self, rows: &[usize], images: CatalogImages<'t>) -> SourceCatalog<'t> {
        let all = self.sources;
        SourceCatalog::in_window(
            images,
            rows.iter().map(|&i| all.labels()[i]).collect(),
            rows.iter().map(|&i| all.bbox()[i]).collect(),
            rows.iter().map(|&i| all.flags()[i]).collect(),
            self.config.clone(),
        )
    }

    /// All columns of the inner rows, convolved.
    fn smoothed(&self, tile: &CatalogTile<S::Pixel>, inner: &Inner) -> Result<Option<Array2<S::Pixel>>> {
        let Some(kernel) = self.kernel else { return Ok(None) };
        inner.check("data", tile.data.dim())?;
        let mut image = Image::new(tile.data.view())?;
        if let Some(m) = &tile.mask {
            image = image.with_mask(m.view())?;
        }
        let nx = inner.shape.1;
        let mut out = Array2::<S::Pixel>::default((inner.rows.len(), nx));
        let smooth = Smooth::new(&image, kernel);
        if let Some(pixels) = out.as_slice_mut() {
            self.config.exec.for_each_chunk_mut(pixels, STEP * nx, |k, part| {
                let y = inner.rows.start + k * STEP;
                smooth.rows(y..y + part.len() / nx, part, &mut SmoothScratch::default());
            });
        }
        Ok(Some(out))
    }
}

/// Where a window lies in the part of the image that was read.
struct Inner {
    rows: Range<usize>,
    columns: Range<usize>,
    /// `(x, y)` in the whole image.
    corner: (usize, usize),
    /// Of the part.
    shape: (usize, usize),
    full: (usize, usize),
}

impl Inner {
    fn check(&self, what: &'static str, found: (usize, usize)) -> Result<()> {
        if found == self.shape {
            return Ok(());
        }
        Err(SegmentationError::ShapeMismatch { what, expected: self.shape, found })
    }

    fn images<'t, T: Pixel>(
        &self,
        tile: &'t CatalogTile<T>,
        smooth: Option<ArrayView2<'t, T>>,
        labels: ArrayView2<'t, i32>,
    ) -> Result<CatalogImages<'t>> {
        let part = s![self.rows.clone(), self.columns.clone()];
        let cut = |what, a: &'t Array2<T>| {
            self.check(what, a.dim())?;
            Ok::<_, SegmentationError>(a.slice(part))
        };
        let mut image = Image::new(cut("data", &tile.data)?)?;
        if let Some(e) = &tile.error {
            image = image.with_error(cut("error", e)?)?;
        }
        if let Some(m) = &tile.mask {
            self.check("mask", m.dim())?;
            image = image.with_mask(m.slice(part))?;
        }
        let mut images = CatalogImages::new(&image, labels)?;
        if let Some(b) = &tile.background {
            images = images.with_background(cut("background", b)?)?;
        }
        if let Some(c) = smooth {
            images = images.with_convolved_data(c.slice_move(s![.., self.columns.clone()]))?;
        }
        images.in_larger_image(self.corner, self.full)
    }
}
