//! Which pixel values become the ends of the colour scale.

use std::fmt;
use std::str::FromStr;

use skyphot_core::{Image, Pixel};

use crate::kernel::zscale::zscale_limits;
use crate::{PlotError, Result};

/// Parameters of the IRAF zscale algorithm, with astropy's defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "ZScaleInterval")]
pub struct ZScaleConfig {
    /// About how many pixels are looked at.
    pub n_samples: usize,
    /// Slope of the fitted line is divided by this; larger means more contrast.
    pub contrast: f64,
    /// If more than this fraction of the samples is rejected, minimum and maximum are used.
    pub max_reject: f64,
    /// If fewer samples remain, minimum and maximum are used.
    pub min_npixels: usize,
    /// Rejection threshold in standard deviations.
    pub krej: f64,
    /// Most rejection rounds.
    pub max_iterations: usize,
}

impl Default for ZScaleConfig {
    fn default() -> Self {
        Self {
            n_samples: 1000,
            contrast: 0.25,
            max_reject: 0.5,
            min_npixels: 5,
            krej: 2.5,
            max_iterations: 5,
        }
    }
}

/// How the values that take the first and last colour are found. Masked and non-finite pixels never count.
///
/// As text: `minmax`, `zscale`, `percentile:99.5` (the central 99.5 percent), `percentile:1,99` (lower and upper
/// percentile), `A,B` (the values themselves).
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_plot::Interval;
/// let data = Array2::from_shape_fn((10, 10), |(y, x)| (y * 10 + x) as f64);
/// let image = Image::new(data.view())?;
/// assert_eq!("percentile:90".parse::<Interval>()?.limits(&image)?, (4.95, 94.05));
/// assert_eq!("-5,20".parse::<Interval>()?.limits(&image)?, (-5.0, 20.0));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Interval {
    /// Smallest and largest value.
    #[doc(alias = "MinMaxInterval")]
    MinMax,
    /// Given values, in the unit of the image.
    #[doc(alias = "ManualInterval")]
    Manual {
        /// Value of the first colour.
        min: f64,
        /// Value of the last colour.
        max: f64,
    },
    /// The central part that holds this percentage of the pixels, 0 to 100.
    #[doc(alias = "PercentileInterval")]
    Percentile(f64),
    /// Two percentiles, 0 to 100, interpolated linearly as numpy does.
    #[doc(alias = "AsymmetricPercentileInterval")]
    AsymmetricPercentile {
        /// Percentile of the first colour.
        lower: f64,
        /// Percentile of the last colour.
        upper: f64,
    },
    /// IRAF's zscale: a line through the sorted values around the median.
    #[doc(alias = "ZScaleInterval")]
    ZScale(ZScaleConfig),
}

impl Default for Interval {
    fn default() -> Self {
        Self::ZScale(ZScaleConfig::default())
    }
}

impl Interval {
    /// The limits `(vmin, vmax)` for an image.
    ///
    /// # Errors
    /// [`PlotError::NoGoodPixels`] if every pixel is masked or not finite (except for [`Interval::Manual`]);
    /// [`PlotError::InvalidParameter`] for percentiles outside 0 to 100 and limits upside down.
    #[doc(alias = "get_limits")]
    pub fn limits<T: Pixel>(&self, image: &Image<'_, T>) -> Result<(f64, f64)> {
        self.check()?;
        match *self {
            Self::Manual { min, max } => Ok((min, max)),
            Self::MinMax => min_max(image),
            Self::Percentile(p) => {
                let lower = (100.0 - p) * 0.5;
                percentiles(image, lower, 100.0 - lower)
            }
            Self::AsymmetricPercentile { lower, upper } => percentiles(image, lower, upper),
            Self::ZScale(c) => {
                let n = good_values(image).count();
                if n == 0 {
                    return Err(PlotError::NoGoodPixels);
                }
                let stride = ((n as f64 / c.n_samples as f64) as usize).max(1);
                let mut samples: Vec<f64> =
                    good_values(image).step_by(stride).take(c.n_samples).map(Pixel::to_f64).collect();
                samples.sort_unstable_by(f64::total_cmp);
                Ok(zscale_limits(&samples, &c))
            }
        }
    }

    fn check(&self) -> Result<()> {
        let bad = |what, expected, found: f64| {
            Err(PlotError::InvalidParameter { what, expected, found: found.to_string() })
        };
        let percentile = |p: f64| (0.0..=100.0).contains(&p);
        match *self {
            Self::Percentile(p) if !percentile(p) => bad("the percentile", "between 0 and 100", p),
            Self::AsymmetricPercentile { lower, .. } if !percentile(lower) => {
                bad("the lower percentile", "between 0 and 100", lower)
            }
            Self::AsymmetricPercentile { lower, upper } if !percentile(upper) || upper < lower => {
                bad("the upper percentile", "between the lower one and 100", upper)
            }
            Self::Manual { min, max } if !min.is_finite() || !max.is_finite() || min > max => {
                bad("the upper limit of the interval", "finite and not below the lower one", max)
            }
            Self::ZScale(c) if c.n_samples == 0 => bad("zscale's n_samples", "at least 1", 0.0),
            _ => Ok(()),
        }
    }
}

/// The values of good pixels, row by row.
pub(crate) fn good_values<T: Pixel>(image: &Image<'_, T>) -> impl Iterator<Item = T> {
    let (data, mask) = (image.data(), image.mask());
    let (ny, nx) = image.shape();
    (0..ny).flat_map(move |y| {
        (0..nx).filter_map(move |x| {
            let v = data[[y, x]];
            (v.is_finite() && !mask.is_some_and(|m| m[[y, x]])).then_some(v)
        })
    })
}

fn min_max<T: Pixel>(image: &Image<'_, T>) -> Result<(f64, f64)> {
    let (lo, hi) = good_values(image)
        .map(Pixel::to_f64)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if lo <= hi { Ok((lo, hi)) } else { Err(PlotError::NoGoodPixels) }
}

fn percentiles<T: Pixel>(image: &Image<'_, T>, lower: f64, upper: f64) -> Result<(f64, f64)> {
    let mut values: Vec<T> = good_values(image).collect();
    if values.is_empty() {
        return Err(PlotError::NoGoodPixels);
    }
    Ok((percentile(&mut values, lower), percentile(&mut values, upper)))
}

/// Linear percentile (numpy's default), in any order of values.
fn percentile<T: Pixel>(values: &mut [T], p: f64) -> f64 {
    let order = |a: &T, b: &T| a.to_f64().total_cmp(&b.to_f64());
    let position = p / 100.0 * (values.len() - 1) as f64;
    let below = (position.floor() as usize).min(values.len() - 1);
    let t = position - below as f64;
    let (_, &mut a, rest) = values.select_nth_unstable_by(below, order);
    let a = a.to_f64();
    let Some(b) = rest.iter().map(|v| v.to_f64()).reduce(f64::min) else { return a };
    if t < 0.5 { a + (b - a) * t } else { b - (b - a) * (1.0 - t) }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinMax => f.write_str("minmax"),
            Self::Manual { min, max } => write!(f, "{min},{max}"),
            Self::Percentile(p) => write!(f, "percentile:{p}"),
            Self::AsymmetricPercentile { lower, upper } => write!(f, "percentile:{lower},{upper}"),
            Self::ZScale(_) => f.write_str("zscale"),
        }
    }
}

impl FromStr for Interval {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self> {
        let error = || PlotError::Parse {
            what: "interval",
            expected: "minmax, zscale, percentile:P, percentile:LOWER,UPPER or MIN,MAX",
            found: s.to_owned(),
        };
        let pair = |t: &str| -> Option<(f64, f64)> {
            let (a, b) = t.split_once(',')?;
            Some((a.trim().parse().ok()?, b.trim().parse().ok()?))
        };
        let t = s.trim().to_ascii_lowercase();
        let interval = match t.as_str() {
            "minmax" => Self::MinMax,
            "zscale" => Self::ZScale(ZScaleConfig::default()),
            _ => match t.strip_prefix("percentile:") {
                Some(p) => match pair(p) {
                    Some((lower, upper)) => Self::AsymmetricPercentile { lower, upper },
                    None => Self::Percentile(p.trim().parse().map_err(|_| error())?),
                },
                None => {
                    let (min, max) = pair(&t).ok_or_else(error)?;
                    Self::Manual { min, max }
                }
            },
        };
        interval.check()?;
        Ok(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for t in ["minmax", "zscale", "percentile:99.5", "percentile:1,98", "-3.5,200"] {
            assert_eq!(t.parse::<Interval>().unwrap().to_string(), t);
        }
        for t in ["", "percentile", "percentile:101", "5", "9,3", "percentile:50,20", "nan,1", "z"] {
            assert!(t.parse::<Interval>().is_err(), "{t}");
        }
    }

    #[test]
    fn nothing_but_nan_is_an_error() {
        let d = ndarray::Array2::from_elem((3, 3), f32::NAN);
        let image = Image::new(d.view()).unwrap();
        for t in ["minmax", "zscale", "percentile:99"] {
            let e = t.parse::<Interval>().unwrap().limits(&image).unwrap_err();
            assert!(matches!(e, PlotError::NoGoodPixels));
        }
        assert_eq!("0,1".parse::<Interval>().unwrap().limits(&image).unwrap(), (0.0, 1.0));
    }
}
