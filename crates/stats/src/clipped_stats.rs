//! Sigma-clipped statistics of a whole image.

use skyphot_core::{Exec, Image, Pixel};

use crate::kernel::ClipBounds;
use crate::{Result, SigmaClip, SpreadFunc, image_source, kernel, sigma_clip_image};

/// Statistics of the pixels that survive sigma clipping. All are NaN if none does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClippedStats {
    /// Mean of the survivors.
    pub mean: f64,
    /// Median of the survivors.
    pub median: f64,
    /// Standard deviation of the survivors, divisor `n_used - ddof`.
    pub std: f64,
    /// Number of survivors.
    pub n_used: usize,
    /// Number of good pixels that were clipped.
    pub n_rejected: usize,
    /// Number of pixels that were masked or not finite from the start.
    pub n_bad: usize,
    /// Lower bound of the last iteration; values on it are kept.
    pub lower: f64,
    /// Upper bound of the last iteration; values on it are kept.
    pub upper: f64,
    /// Iterations done, the last one that rejected nothing included.
    pub iterations: usize,
}

/// Further options of [`sigma_clipped_stats_with`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClippedStatsOptions {
    /// The reported standard deviation has the divisor `n - std_ddof`. The clipping itself always uses `n`. Default 0.
    pub std_ddof: usize,
    /// Pixels of exactly this value count as bad. Default: none.
    pub mask_value: Option<f64>,
}

/// Sigma-clipped mean, median and standard deviation of an image. Masked and non-finite pixels are left out.
///
/// Rejected pixels stay rejected, even if a later interval is wider.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Exec, Image};
/// use skyphot_stats::{SigmaClip, sigma_clipped_stats};
///
/// let mut data = Array2::from_shape_fn((20, 20), |(y, x)| ((3 * x + 5 * y) % 7) as f64);
/// data[[4, 4]] = 1e6;
/// let s = sigma_clipped_stats(&Image::new(data.view())?, &SigmaClip::default(), &Exec::default())?;
/// assert_eq!((s.median, s.n_rejected), (3.0, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`StatsError::InvalidParameter`](crate::StatsError::InvalidParameter) from [`SigmaClip::validate`].
pub fn sigma_clipped_stats<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    exec: &Exec,
) -> Result<ClippedStats> {
    sigma_clipped_stats_with(image, clip, &ClippedStatsOptions::default(), exec)
}

/// [`sigma_clipped_stats`] with a divisor of the standard deviation and a value that marks bad pixels.
///
/// # Errors
/// As [`sigma_clipped_stats`].
pub fn sigma_clipped_stats_with<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    options: &ClippedStatsOptions,
    exec: &Exec,
) -> Result<ClippedStats> {
    clip.validate()?;
    let n_pixels = image.data().len();
    let mut s = if clip.grow > 0.0 {
        let c = sigma_clip_image::clip_plane(image, clip, None, options.mask_value, exec);
        let mut values: Vec<f64> = image
            .data()
            .iter()
            .zip(c.mask.iter())
            .filter(|(_, rejected)| !**rejected)
            .map(|(v, _)| v.to_f64())
            .collect();
        let (mean, std) = kernel::mean_std(&values);
        ClippedStats {
            mean,
            median: kernel::median_in_place(&mut values),
            std,
            n_used: values.len(),
            n_rejected: c.n_rejected,
            n_bad: c.n_bad,
            lower: c.lower[0],
            upper: c.upper[0],
            iterations: c.iterations,
        }
    } else {
        let (b, n_good) = clip_all(image, clip, options.mask_value, exec);
        ClippedStats {
            mean: b.mean,
            median: b.median,
            std: b.std,
            n_used: b.n_used(),
            n_rejected: n_good - b.n_used(),
            n_bad: n_pixels - n_good,
            lower: b.lower,
            upper: b.upper,
            iterations: b.iterations,
        }
    };
    if options.std_ddof > 0 {
        s.std = if s.n_used > options.std_ddof {
            s.std * (s.n_used as f64 / (s.n_used - options.std_ddof) as f64).sqrt()
        } else {
            f64::NAN
        };
    }
    Ok(s)
}

/// Clips all good pixels together (without growing) and counts them.
pub(crate) fn clip_all<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    mask_value: Option<f64>,
    exec: &Exec,
) -> (ClipBounds, usize) {
    if clip.spread == SpreadFunc::Std
        && image.data().len() >= STREAM_LIMIT
        && let Some(c) = image_source::clip_image(image, mask_value, clip, exec)
    {
        return (c.bounds, c.n_good);
    }
    let mut values = good_values(image, mask_value);
    (kernel::clip_unsorted(&mut values, clip), values.len())
}

/// Images from this many pixels on are passed over in place instead of copied.
const STREAM_LIMIT: usize = 1 << 16;

/// All values that are neither masked, nor infinite, nor NaN, nor equal to `mask_value`, in row order.
pub(crate) fn good_values<T: Pixel>(image: &Image<'_, T>, mask_value: Option<f64>) -> Vec<f64> {
    let mut out = Vec::with_capacity(image.data().len());
    let mask = image.mask();
    for (y, row) in image.data().outer_iter().enumerate() {
        for (x, v) in row.iter().enumerate() {
            let f = v.to_f64();
            if f.is_finite() && mask.is_none_or(|m| !m[[y, x]]) && mask_value != Some(f) {
                out.push(f);
            }
        }
    }
    out
}
