//! Convolution and detection in one pass.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Image, Pixel};
use skyphot_detection::Threshold;
use skyphot_filter::{Boundary, Convolver, Kernel};

use crate::detect::{Plain, Scratch, check, paint};
use crate::error::Result;
use crate::kernel::runs::{AboveRows, BAND, RunRows, join};
use crate::kernel::zeros2;
use crate::{DetectConfig, SegmentationImage};

/// Rows convolved at a time.
const STEP: usize = 16;

/// [`detect_sources`](crate::detect_sources) on the image convolved with a kernel; returns the sources and the convolved
/// image, which deblending and catalogues want. Rows are convolved and compared while they are in the cache.
///
/// Beyond the edges, and where they are masked or not finite, pixels count as 0 in the convolution: give it a
/// background-subtracted image. Bad pixels belong to no source, and are NaN in the convolved image if they were not finite.
/// The convolved image is kept in the type of the pixels; it differs from [`convolve`](skyphot_filter::convolve()) by
/// rounding where a kernel is done in two steps.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::Threshold;
/// use skyphot_filter::Kernel;
/// use skyphot_segmentation::detect_sources_convolved;
/// let data = skyphot_core::testing::field(120, 160, 11, 20, 2.0) - 105.0; // background-subtracted
/// let kernel = Kernel::gaussian_fwhm(3.0, (5, 5))?;
/// let image = Image::new(data.view())?;
/// let (segm, convolved) = detect_sources_convolved(&image, &kernel, &Threshold::Scalar(8.0), 5, &Default::default())?;
/// assert!(segm.len() > 5 && convolved.dim() == (120, 160));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`detect_sources`](crate::detect_sources).
#[doc(alias = "FILTER")]
pub fn detect_sources_convolved<T: Pixel>(
    image: &Image<'_, T>,
    kernel: &Kernel,
    threshold: &Threshold,
    n_pixels: usize,
    config: &DetectConfig,
) -> Result<(SegmentationImage, Array2<T>)> {
    check::<T>(threshold.into(), image.shape(), n_pixels)?;
    let (ny, nx) = image.shape();
    let reach = config.connectivity.reach();
    let smooth = Smooth::new(image, kernel);
    let mut convolved = zeros2::<T>((ny, nx));
    let mut bands = vec![RunRows::new(); ny.div_ceil(BAND)];
    if let Some(pixels) = convolved.as_slice_mut() {
        config.exec.for_each_chunk_mut2((pixels, BAND * nx), (&mut bands, 1), |b, out, band| {
            let mut work = SmoothScratch::default();
            let (mut bytes, mut scratch) = (vec![0; STEP * nx], Scratch::default());
            for (i, part) in out.chunks_mut(STEP * nx).enumerate() {
                let y = b * BAND + i * STEP;
                let n = part.len() / nx;
                smooth.rows(y..y + n, part, &mut work);
                let Ok(view) = ArrayView2::from_shape((n, nx), &*part) else { continue };
                let rows = Plain { data: view, mask: image.mask(), threshold: threshold.into(), first: y };
                rows.fill(y, &mut bytes[..n * nx], &mut scratch);
                bytes[..n * nx].chunks_exact(nx).for_each(|row| band[0].push(row, reach));
            }
        });
    }
    let segm = paint(join(bands, reach), (ny, nx), n_pixels, &config.exec);
    Ok((segm, convolved))
}

/// Convolves rows of an image; bad pixels count as 0.
pub(crate) struct Smooth<'a, T: Pixel> {
    image: Image<'a, T>,
    convolver: Convolver,
}

/// Working space of one thread.
pub(crate) struct SmoothScratch<T> {
    band: Vec<f64>,
    out: Vec<f64>,
    clean: Vec<T>,
}

impl<T> Default for SmoothScratch<T> {
    fn default() -> Self {
        Self { band: Vec::new(), out: Vec::new(), clean: Vec::new() }
    }
}

impl<'a, T: Pixel> Smooth<'a, T> {
    pub(crate) fn new(image: &Image<'a, T>, kernel: &Kernel) -> Self {
        let convolver = Convolver::fast(kernel, image.shape().1, Boundary::Constant(0.0));
        Self { image: *image, convolver }
    }

    /// Rows `rows` of the convolved image.
    pub(crate) fn rows(&self, rows: std::ops::Range<usize>, out: &mut [T], work: &mut SmoothScratch<T>) {
        let (ny, nx) = self.image.shape();
        let (before, after) = self.convolver.margins();
        let (y0, y1) = (rows.start.saturating_sub(before), (rows.end + after).min(ny));
        let near = self.image.data();
        let near = near.slice(ndarray::s![y0..y1, ..]);
        let mask = self.image.mask();
        let mask = mask.as_ref().map(|m| m.slice(ndarray::s![y0..y1, ..]));
        let bad = near.rows().into_iter().any(|r| match r.as_slice() {
            Some(r) => r.iter().fold(false, |bad, v| bad | !v.is_finite()),
            None => r.iter().any(|v| !v.is_finite()),
        }) || mask.is_some_and(|m| m.iter().any(|m| *m));
        if bad {
            work.clean.clear();
            work.clean.extend(near.iter().map(|v| if v.is_finite() { *v } else { T::default() }));
            if let Some(m) = mask {
                work.clean.iter_mut().zip(m.iter()).filter(|(_, m)| **m).for_each(|(v, _)| *v = T::default());
            }
            if let Ok(clean) = ArrayView2::from_shape((y1 - y0, nx), &work.clean) {
                self.convolver.rows(clean, rows.start - y0..rows.end - y0, &mut work.band, &mut work.out);
            }
        } else {
            self.convolver.rows(near, rows.start - y0..rows.end - y0, &mut work.band, &mut work.out);
        }
        out.iter_mut().zip(&work.out).for_each(|(o, v)| *o = T::from_f64(*v));
        if bad {
            let original = near.slice(ndarray::s![rows.start - y0..rows.end - y0, ..]);
            out.iter_mut()
                .zip(original.iter())
                .filter(|(_, v)| !v.is_finite())
                .for_each(|(o, _)| *o = T::NAN);
        }
    }
}
