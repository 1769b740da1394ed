//! From pixel values to colours: interval and stretch together.

use skyphot_core::{Image, Pixel};

use crate::interval::good_values;
use crate::{HistEq, Interval, PlotError, Result, Stretch};

/// Most values that shape a histogram equalisation; larger images are sampled evenly.
const HISTEQ_SAMPLES: usize = 1 << 20;

/// Maps pixel values to `[0, 1]` for a colour map.
///
/// `stretch((v - vmin) / (vmax - vmin))`. Without `clip`, values outside the limits map outside `[0, 1]` (a colour
/// map shows its end colours there), and values that the stretch cannot take (negative ones under a root or
/// logarithm) map to `invalid`. NaN stays NaN. If both limits are equal, everything maps to 0.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Image;
/// use skyphot_plot::{ImageNorm, Interval, Stretch};
/// let data = arr2(&[[0.0, 25.0], [50.0, 100.0]]);
/// let norm = ImageNorm::new(&Image::new(data.view())?, &Interval::MinMax, &Stretch::Sqrt)?;
/// assert_eq!(norm.apply(25.0), 0.5);
/// assert_eq!(norm.inverse(0.5), 25.0);
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "ImageNormalize")]
pub struct ImageNorm {
    /// Value of the first colour.
    pub vmin: f64,
    /// Value of the last colour.
    pub vmax: f64,
    /// Clip to the limits before the stretch.
    pub clip: bool,
    /// What values outside the domain of the stretch become (used without `clip`).
    pub invalid: f64,
    stretch: Stretch,
    histeq: Option<HistEq>,
}

impl ImageNorm {
    /// The norm of an image. A histogram equalisation follows the good pixels between the limits (an even sample of
    /// at most 2^20 of them).
    ///
    /// # Errors
    /// Those of [`Interval::limits`] and [`Stretch::validate`].
    pub fn new<T: Pixel>(image: &Image<'_, T>, interval: &Interval, stretch: &Stretch) -> Result<Self> {
        let (vmin, vmax) = interval.limits(image)?;
        let mut norm = Self::from_limits(vmin, vmax, *stretch)?;
        if matches!(stretch, Stretch::HistEq) {
            let inside = || good_values(image).map(Pixel::to_f64).filter(|v| (vmin..=vmax).contains(v));
            let step = inside().count().div_ceil(HISTEQ_SAMPLES).max(1);
            let mut values: Vec<f64> = inside().step_by(step).collect();
            values.extend([vmin, vmax].into_iter().filter(|v| !values.contains(v)).collect::<Vec<_>>());
            norm.histeq = Some(HistEq::new(values)?);
        }
        Ok(norm)
    }

    /// The norm of given limits ([`Stretch::HistEq`] acts as the identity).
    ///
    /// # Errors
    /// [`PlotError::InvalidParameter`] if the limits are not finite or upside down, or for a bad stretch.
    pub fn from_limits(vmin: f64, vmax: f64, stretch: Stretch) -> Result<Self> {
        stretch.validate()?;
        if !(vmin.is_finite() && vmax.is_finite() && vmin <= vmax) {
            return Err(PlotError::InvalidParameter {
                what: "the limits of the norm",
                expected: "finite with vmin <= vmax",
                found: format!("{vmin}, {vmax}"),
            });
        }
        Ok(Self { vmin, vmax, clip: false, invalid: -1.0, stretch, histeq: None })
    }

    /// The stretch.
    #[must_use]
    pub fn stretch(&self) -> Stretch {
        self.stretch
    }

    /// The place of a pixel value in the colour map.
    #[must_use]
    pub fn apply(&self, v: f64) -> f64 {
        if self.vmin == self.vmax {
            return v * 0.0;
        }
        let mut x = (v - self.vmin) / (self.vmax - self.vmin);
        if self.clip {
            x = x.clamp(0.0, 1.0);
        }
        if x < 0.0 && self.stretch.rejects_negative() {
            return self.invalid;
        }
        match &self.histeq {
            Some(h) => h.apply(x),
            None => self.stretch.apply(x),
        }
    }

    /// The pixel value at a place of the colour map.
    #[must_use]
    pub fn inverse(&self, y: f64) -> f64 {
        let x = match &self.histeq {
            Some(h) => h.inverse(y),
            None => self.stretch.inverse(y),
        };
        x * (self.vmax - self.vmin) + self.vmin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn outside_invalid_nan_and_flat() {
        let mut n = ImageNorm::from_limits(10.0, 20.0, Stretch::Sqrt).unwrap();
        assert_eq!(n.apply(5.0), -1.0);
        assert_eq!(n.apply(50.0), 2.0);
        assert!(n.apply(f64::NAN).is_nan());
        n.clip = true;
        assert_eq!((n.apply(5.0), n.apply(50.0)), (0.0, 1.0));
        assert_eq!(ImageNorm::from_limits(3.0, 3.0, Stretch::LINEAR).unwrap().apply(7.0), 0.0);
        assert!(ImageNorm::from_limits(3.0, 2.0, Stretch::LINEAR).is_err());
        assert!(ImageNorm::from_limits(3.0, f64::INFINITY, Stretch::LINEAR).is_err());
    }

    #[test]
    fn histogram_equalisation_follows_the_image() {
        let d = arr2(&[[0.0_f32, 1.0, 2.0], [f32::NAN, 3.0, 100.0]]);
        let image = Image::new(d.view()).unwrap();
        let n = ImageNorm::new(&image, &Interval::MinMax, &Stretch::HistEq).unwrap();
        let ranks = [0.0, 0.25, 0.5, 0.75, 1.0];
        for (v, r) in [0.0, 1.0, 2.0, 3.0, 100.0].into_iter().zip(ranks) {
            assert!((n.apply(v) - r).abs() < 1e-15);
            assert!((n.inverse(r) - v).abs() < 1e-12);
        }
    }
}
