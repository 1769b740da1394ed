//! Every statistic of the survivors of sigma clipping at once.

use skyphot_core::{Exec, Image, Pixel};

use crate::clipped_stats::good_values;
use crate::{Result, SigmaClip, kernel, sigma_clip};

/// The pixels that survive sigma clipping, for any number of statistics of them.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::{Exec, Image};
/// use skyphot_stats::{SigmaClip, SigmaClippedStats};
///
/// let data = arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, f64::NAN]]);
/// let s = SigmaClippedStats::new(&Image::new(data.view())?, &SigmaClip::default(), &Exec::serial())?;
/// assert_eq!((s.min(), s.max(), s.sum(), s.len()), (1.0, 5.0, 15.0, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SigmaClippedStats {
    values: Vec<f64>,
    median: f64,
    mean: f64,
    std: f64,
}

impl SigmaClippedStats {
    /// Clips the image. Takes 8 bytes per pixel.
    ///
    /// # Errors
    /// [`StatsError::InvalidParameter`](crate::StatsError::InvalidParameter) from [`SigmaClip::validate`].
    pub fn new<T: Pixel>(image: &Image<'_, T>, clip: &SigmaClip, exec: &Exec) -> Result<Self> {
        clip.validate()?;
        if clip.grow > 0.0 {
            let c = sigma_clip(image, clip, None, exec)?;
            let keep =
                image.data().iter().zip(&c.mask).filter(|(_, m)| !**m).map(|(v, _)| v.to_f64()).collect();
            return Ok(Self::of_survivors(keep));
        }
        let mut values = good_values(image, None);
        let b = kernel::clip_unsorted(&mut values, clip);
        values.truncate(b.end);
        values.drain(..b.start);
        Ok(Self { values, median: b.median, mean: b.mean, std: b.std })
    }

    fn of_survivors(mut values: Vec<f64>) -> Self {
        let (mean, std) = kernel::mean_std(&values);
        let median = kernel::median_in_place(&mut values);
        Self { values, median, mean, std }
    }

    /// Number of survivors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Nothing survived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The survivors, in no particular order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Smallest survivor; NaN if there is none.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.values.iter().copied().fold(f64::NAN, f64::min)
    }

    /// Largest survivor; NaN if there is none.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.values.iter().copied().fold(f64::NAN, f64::max)
    }

    /// Sum; 0 if there is no survivor.
    #[must_use]
    pub fn sum(&self) -> f64 {
        kernel::sum(&self.values)
    }

    /// Mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Median.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.median
    }

    /// `median_factor * median - mean_factor * mean`; 3 and 2 are usual.
    #[must_use]
    pub fn mode(&self, median_factor: f64, mean_factor: f64) -> f64 {
        crate::mode_estimate(self.median, self.mean, median_factor, mean_factor)
    }

    /// Standard deviation with divisor `n - ddof`; NaN if that is not positive.
    #[must_use]
    pub fn std(&self, ddof: usize) -> f64 {
        self.var(ddof).sqrt()
    }

    /// Variance with divisor `n - ddof`; NaN if that is not positive.
    #[must_use]
    pub fn var(&self, ddof: usize) -> f64 {
        let n = self.values.len();
        if n > ddof { self.std * self.std * (n as f64 / (n - ddof) as f64) } else { f64::NAN }
    }

    /// Biweight location (see [`biweight_location`](crate::biweight_location)).
    #[must_use]
    pub fn biweight_location(&self, c: f64, center: Option<f64>) -> f64 {
        crate::biweight_location(&self.values, c, center)
    }

    /// Biweight scale (see [`biweight_scale`](crate::biweight_scale)).
    #[must_use]
    pub fn biweight_scale(&self, c: f64, center: Option<f64>) -> f64 {
        crate::biweight_scale(&self.values, c, center, false)
    }

    /// Robust standard deviation (see [`mad_std`](crate::mad_std)).
    #[must_use]
    pub fn mad_std(&self) -> f64 {
        crate::mad_std(&self.values)
    }
}
