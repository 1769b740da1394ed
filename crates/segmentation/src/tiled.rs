//! Sources of images larger than memory.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Image, Pixel};
use skyphot_detection::Threshold;
use skyphot_filter::Kernel;

use crate::convolved::{Smooth, SmoothScratch};
use crate::detect::{Plain, check};
use crate::error::{Result, SegmentationError};
use crate::kernel::deblend::contrast::NotConnected;
use crate::kernel::deblend::one::Workspace;
use crate::kernel::runs::{BAND, connect};
use crate::kernel::stream::Stream;
use crate::{DeblendConfig, SourceFinder, SourceRuns};

/// A part of an image with what belongs to it.
#[derive(Debug, Clone)]
pub struct Tile<T> {
    /// The pixels.
    pub data: Array2<T>,
    /// `true` where a pixel is bad.
    pub mask: Option<Array2<bool>>,
    /// The threshold: one value, or one per pixel of the tile.
    pub threshold: Threshold,
}

/// Where the parts of a large image come from, for instance windows of a FITS file.
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

/// Finds the sources of an image that is read in parts, with labels equal to those of the whole image at once.
///
/// Rows are read in bands of about `band_bytes` bytes of pixels, each once; the connected pixels are kept as runs, so the
/// memory needed is that of a band and of the sources, not of the image. Sources are then deblended one by one, each
/// on its own part of the image, read again. Without deblending the labels are those of
/// [`detect_sources`](crate::detect_sources) (with a kernel, of
/// [`detect_sources_convolved`](crate::detect_sources_convolved)), with it those of
/// [`SourceFinder::find`] and [`SourceFinder::find_convolved`].
///
/// # Errors
/// Those of the source, and those of the functions named.
pub fn find_sources_tiled<S: TileSource>(
    source: &S,
    kernel: Option<&Kernel>,
    finder: &SourceFinder,
    band_bytes: usize,
) -> std::result::Result<SourceRuns, S::Error> {
    let (ny, nx) = source.shape();
    if ny == 0 || nx == 0 {
        return Err(SegmentationError::from(skyphot_core::CoreError::EmptyImage((ny, nx))).into());
    }
    finder.check()?;
    let detect = finder.detection();
    let reach = detect.connectivity.reach();
    let margin = kernel.map_or(0, |k| k.shape().0);
    let rows = (band_bytes / (nx * S::Pixel::BYTES)).max(1);
    let rows = if rows > BAND { rows - rows % BAND } else { rows };
    let mut stream = Stream::new(reach, finder.n_pixels);
    let mut y = 0;
    while y < ny {
        let end = (y + rows).min(ny);
        let from = y.saturating_sub(margin);
        let tile = source.read(from..(end + margin).min(ny), 0..nx)?;
        let smooth = smoothed(&tile, kernel, (y - from)..(end - from), &detect.exec)?;
        let data = smooth.view();
        let threshold = part(&tile.threshold, y - from, end - from);
        check(&threshold, data.dim(), finder.n_pixels)?;
        let mask = tile.mask.as_ref().map(|m| m.slice(ndarray::s![y - from..end - from, ..]));
        let plain = Plain { data, mask, threshold: &threshold, first: 0 };
        stream.push(&connect(&plain, 0..end - y, nx, reach, &detect.exec));
        y = end;
    }
    let whole = stream.finish((ny, nx))?;
    match &finder.deblend {
        Some(config) => deblend_tiled(source, kernel, &whole, finder.n_pixels_deblend, config),
        None => Ok(whole),
    }
}

/// Takes the sources of a large image apart, each on its own part of it; as [`deblend_sources`](crate::deblend_sources).
///
/// # Errors
/// Those of the source, and those of [`deblend_sources`](crate::deblend_sources).
pub fn deblend_tiled<S: TileSource>(
    source: &S,
    kernel: Option<&Kernel>,
    sources: &SourceRuns,
    n_pixels: usize,
    config: &DeblendConfig,
) -> std::result::Result<SourceRuns, S::Error> {
    config.check(n_pixels)?;
    let (ny, nx) = source.shape();
    let margin = kernel.map_or((0, 0), Kernel::shape);
    let mut work = Workspace::default();
    let mut found = Vec::new();
    for i in 0..sources.len() {
        let wanted = config.labels.as_ref().is_none_or(|l| l.contains(&sources.labels()[i]));
        if !wanted || config.contrast == 1.0 || sources.areas()[i] < n_pixels.saturating_mul(2) {
            continue;
        }
        let b = sources.bbox()[i];
        let (y0, y1) = (b.y_min as usize, b.y_max as usize);
        let (x0, x1) = (b.x_min as usize, b.x_max as usize);
        let (fy, fx) = (y0.saturating_sub(margin.0), x0.saturating_sub(margin.1));
        let tile = source.read(fy..(y1 + margin.0).min(ny), fx..(x1 + margin.1).min(nx))?;
        let smooth = smoothed(&tile, kernel, (y0 - fy)..(y1 - fy), &Exec::serial())?;
        let data = smooth.view();
        let data = data.slice(ndarray::s![.., x0 - fx..x1 - fx]);
        let labels = sources.draw(&b);
        let label = sources.labels()[i];
        let parts = work
            .deblend(data, labels.view(), (b.x_min, b.y_min), label, &b, n_pixels, config)
            .map_err(|NotConnected| SegmentationError::Disconnected { label })?;
        found.push((i, parts));
    }
    Ok(sources.deblended(&found, config.relabel)?)
}

/// Rows of a tile, or their convolution.
enum Rows<'a, T> {
    Borrowed(ArrayView2<'a, T>),
    Owned(Array2<T>),
}

impl<T> Rows<'_, T> {
    fn view(&self) -> ArrayView2<'_, T> {
        match self {
            Self::Borrowed(v) => v.view(),
            Self::Owned(v) => v.view(),
        }
    }
}

fn smoothed<'a, T: Pixel>(
    tile: &'a Tile<T>,
    kernel: Option<&Kernel>,
    rows: Range<usize>,
    exec: &Exec,
) -> Result<Rows<'a, T>> {
    let Some(kernel) = kernel else {
        return Ok(Rows::Borrowed(tile.data.slice(ndarray::s![rows, ..])));
    };
    let mut image = Image::new(tile.data.view())?;
    if let Some(m) = &tile.mask {
        image = image.with_mask(m.view())?;
    }
    let nx = tile.data.ncols();
    let smooth = Smooth::new(&image, kernel);
    let mut out = Array2::<T>::default((rows.len(), nx));
    if let Some(pixels) = out.as_slice_mut() {
        exec.for_each_chunk_mut(pixels, BAND * nx, |b, part| {
            let y = rows.start + b * BAND;
            smooth.rows(y..y + part.len() / nx, part, &mut SmoothScratch::default());
        });
    }
    Ok(Rows::Owned(out))
}

fn part(threshold: &Threshold, from: usize, to: usize) -> Threshold {
    match threshold {
        Threshold::Scalar(t) => Threshold::Scalar(*t),
        Threshold::Image(t) => Threshold::Image(t.slice(ndarray::s![from..to.min(t.nrows()), ..]).to_owned()),
    }
}
