//! Sources as connected pixels above a threshold.

use ndarray::ArrayView2;
use skyphot_core::{Exec, Image, Pixel};
use skyphot_detection::Threshold;

use crate::error::{Result, SegmentationError, at_least_one};
use crate::kernel::above::{above_row, above_scalar, clear_masked};
use crate::kernel::runs::{AboveRows, RunRows, connect, number};
use crate::kernel::zeros2;
use crate::tiled::ThresholdRows;
use crate::{Connectivity, SegmentationImage};

/// How [`detect_sources`] connects pixels.
#[derive(Debug, Clone, Default)]
pub struct DetectConfig {
    /// Which pixels touch. Default: those that share an edge or a corner.
    pub connectivity: Connectivity,
    /// Threads to use.
    pub exec: Exec,
}

/// Finds the sources of an image: at least `n_pixels` connected pixels that lie *above* the threshold.
///
/// Give it a background-subtracted image and a threshold like `1.5 * rms`, or an image with background and a threshold
/// that includes it; better still an image convolved with a kernel of the size of a star, which finds fainter sources.
/// Masked and non-finite pixels belong to no source. Sources are numbered from 1 in the order of their first pixel, row
/// by row, as in photutils, for any number of threads. Finding nothing gives an image without labels.
///
/// Differences from photutils: infinite pixels are bad pixels, and an empty image is returned instead of `None`.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Image;
/// use skyphot_detection::Threshold;
/// use skyphot_segmentation::detect_sources;
/// let data = arr2(&[[9.0, 9.0, 0.0, 0.0], [0.0, 0.0, 8.0, 0.0], [5.0, 0.0, 0.0, 0.0]]);
/// let segm = detect_sources(&Image::new(data.view())?, &Threshold::Scalar(1.0), 2, &Default::default())?;
/// assert_eq!(segm.data(), arr2(&[[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SegmentationError::InvalidParameter`] if `n_pixels` is 0 or a single threshold is NaN,
/// [`SegmentationError::ShapeMismatch`] for a threshold image of another shape.
#[doc(alias = "DETECT_MINAREA")]
#[doc(alias = "DETECT_THRESH")]
#[doc(alias = "extract")]
pub fn detect_sources<T: Pixel>(
    image: &Image<'_, T>,
    threshold: &Threshold,
    n_pixels: usize,
    config: &DetectConfig,
) -> Result<SegmentationImage> {
    check::<T>(threshold.into(), image.shape(), n_pixels)?;
    let (ny, nx) = image.shape();
    let rows = Plain { data: image.data(), mask: image.mask(), threshold: threshold.into(), first: 0 };
    let runs = connect(&rows, 0..ny, nx, config.connectivity.reach(), &config.exec);
    Ok(paint(runs, (ny, nx), n_pixels, &config.exec))
}

pub(crate) fn check<T>(
    threshold: ThresholdRows<'_, T>,
    shape: (usize, usize),
    n_pixels: usize,
) -> Result<()> {
    at_least_one("n_pixels", n_pixels)?;
    let found = match threshold {
        ThresholdRows::Scalar(t) | ThresholdRows::Noise(t, _) if t.is_nan() => {
            return Err(SegmentationError::InvalidParameter {
                name: "threshold",
                expected: "a number",
                found: t,
            });
        }
        ThresholdRows::Scalar(_) => return Ok(()),
        ThresholdRows::Image(t) => t.dim(),
        ThresholdRows::Noise(_, s) => s.dim(),
    };
    if found == shape {
        return Ok(());
    }
    Err(SegmentationError::ShapeMismatch { what: "threshold image", expected: shape, found })
}

/// Draws the components that are large enough.
pub(crate) fn paint(
    mut runs: RunRows,
    (ny, nx): (usize, usize),
    n_pixels: usize,
    exec: &Exec,
) -> SegmentationImage {
    let (labels, stats) = number(&mut runs, 0, n_pixels);
    let mut out = zeros2((ny, nx));
    if let Some(pixels) = out.as_slice_mut() {
        exec.for_each_chunk_mut(pixels, nx * crate::kernel::runs::BAND, |band, part| {
            for (r, row) in part.chunks_exact_mut(nx).enumerate() {
                for i in runs.row(band * crate::kernel::runs::BAND + r) {
                    if labels[i] != 0 {
                        row[runs.runs[i].x0 as usize..runs.runs[i].x1 as usize].fill(labels[i]);
                    }
                }
            }
        });
    }
    SegmentationImage::from_stats(out, stats)
}

/// Pixels of an image compared with a threshold.
pub(crate) struct Plain<'a, T: Pixel> {
    pub(crate) data: ArrayView2<'a, T>,
    pub(crate) mask: Option<ArrayView2<'a, bool>>,
    pub(crate) threshold: ThresholdRows<'a, T>,
    /// The row of mask and threshold that belongs to the first row of `data`.
    pub(crate) first: usize,
}

/// Rows copied together where they are not contiguous.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    pixels: Vec<T>,
    thresholds: Vec<f64>,
    mask: Vec<bool>,
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self { pixels: Vec::new(), thresholds: Vec::new(), mask: Vec::new() }
    }
}

/// Row `y` as a slice, copied if it has to be.
fn row_of<'s, V: Copy>(view: &'s ArrayView2<'_, V>, y: usize, scratch: &'s mut Vec<V>) -> &'s [V] {
    match view.row(y).to_slice() {
        Some(s) => s,
        None => {
            scratch.clear();
            scratch.extend(view.row(y).iter().copied());
            scratch
        }
    }
}

impl<T: Pixel> AboveRows for Plain<'_, T> {
    type Scratch = Scratch<T>;

    fn fill(&self, y0: usize, out: &mut [u8], scratch: &mut Scratch<T>) {
        for (i, out) in out.chunks_exact_mut(self.data.ncols()).enumerate() {
            let y = y0 + i;
            let row = row_of(&self.data, y - self.first, &mut scratch.pixels);
            match self.threshold {
                ThresholdRows::Scalar(t) => above_scalar(out, row, t),
                ThresholdRows::Image(t) => above_row(out, row, row_of(&t, y, &mut scratch.thresholds)),
                ThresholdRows::Noise(n, s) => {
                    let t = &mut scratch.thresholds;
                    t.clear();
                    t.extend(s.row(y).iter().map(|s| n * s.to_f64()));
                    above_row(out, row, t);
                }
            }
            if let Some(m) = &self.mask {
                clear_masked(out, row_of(m, y, &mut scratch.mask));
            }
        }
    }
}
