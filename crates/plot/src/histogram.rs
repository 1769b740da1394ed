//! Counting pixel values.

use skyphot_core::{Image, Pixel};

use crate::interval::good_values;
use crate::{Color, Interval, PlotError, Result};

/// How values are counted and drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramConfig {
    /// Number of bins; default 200.
    pub bins: usize,
    /// Range of the values; default the central 99.8 percent. Values outside are counted as `below` and `above`.
    pub interval: Interval,
    /// Bins of equal width in the logarithm of the value (only positive values are counted); default no.
    pub log_bins: bool,
    /// Logarithmic counts; default yes.
    pub log_counts: bool,
    /// Text above the picture.
    pub title: Option<String>,
    /// Unit of the pixel values.
    pub unit: Option<String>,
    /// Values marked by a vertical line with a name, for instance the median.
    pub marks: Vec<(f64, String)>,
    /// Colour of the bars.
    pub color: Color,
    /// Width and height of the picture, canvas pixels; default 900 x 560.
    pub size: (u32, u32),
}

impl Default for HistogramConfig {
    fn default() -> Self {
        Self {
            bins: 200,
            interval: Interval::Percentile(99.8),
            log_bins: false,
            log_counts: true,
            title: None,
            unit: None,
            marks: Vec::new(),
            color: Color::new(70, 110, 170),
            size: (900, 560),
        }
    }
}

/// Counts of the good pixels of an image.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Image;
/// use skyphot_plot::{Histogram, HistogramConfig, Interval};
/// let data = arr2(&[[0.0, 1.0, 1.5], [2.0, 9.0, f64::NAN]]);
/// let config = HistogramConfig { bins: 2, interval: Interval::Manual { min: 0.0, max: 2.0 }, ..Default::default() };
/// let h = Histogram::new(&Image::new(data.view())?, &config)?;
/// assert_eq!(h.counts, [1, 3]); // the last bin holds its upper edge
/// assert_eq!(h.above, 1);
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Edges of the bins, one more than bins. A bin holds its lower edge; the last one also its upper edge.
    pub edges: Vec<f64>,
    /// Pixels per bin.
    pub counts: Vec<u64>,
    /// Good pixels below the first edge.
    pub below: u64,
    /// Good pixels above the last edge.
    pub above: u64,
}

impl Histogram {
    /// Counts the good pixels of an image; the bins are those of `numpy.histogram` over the same range.
    ///
    /// # Errors
    /// Those of [`Interval::limits`]; [`PlotError::InvalidParameter`] without bins; [`PlotError::NoGoodPixels`] with
    /// logarithmic bins and no positive value.
    pub fn new<T: Pixel>(image: &Image<'_, T>, config: &HistogramConfig) -> Result<Self> {
        if config.bins == 0 || config.bins > 1 << 20 {
            return Err(PlotError::InvalidParameter {
                what: "the number of bins",
                expected: "between 1 and 1048576",
                found: config.bins.to_string(),
            });
        }
        let (lo, hi) = config.interval.limits(image)?;
        let (lo, hi) = if config.log_bins { positive(image, lo, hi)? } else { (lo, hi) };
        let (lo, hi) = if lo == hi { widened(lo, config.log_bins) } else { (lo, hi) };
        let edges = edges(lo, hi, config.bins, config.log_bins);
        let mut h = Self { counts: vec![0; config.bins], edges, below: 0, above: 0 };
        let scale = |v: f64| if config.log_bins { v.log10() } else { v };
        let (a, n) = (scale(lo), config.bins as f64);
        let per_unit = n / (scale(hi) - a);
        for v in good_values(image).map(Pixel::to_f64) {
            if v < lo {
                h.below += 1;
            } else if v > hi {
                h.above += 1;
            } else {
                // The quotient may be off by one ulp next to an edge; the edges decide.
                let mut i = (((scale(v) - a) * per_unit) as usize).min(config.bins - 1);
                if v < h.edges[i] {
                    i -= 1;
                } else if i + 1 < config.bins && v >= h.edges[i + 1] {
                    i += 1;
                }
                h.counts[i] += 1;
            }
        }
        Ok(h)
    }

    /// Number of bins.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// No bins (never, for a histogram made by [`Histogram::new`]).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

fn edges(lo: f64, hi: f64, bins: usize, log: bool) -> Vec<f64> {
    let (a, b) = if log { (lo.log10(), hi.log10()) } else { (lo, hi) };
    let step = (b - a) / bins as f64;
    let mut e: Vec<f64> =
        (0..=bins).map(|i| a + i as f64 * step).map(|v| if log { 10_f64.powf(v) } else { v }).collect();
    (e[0], e[bins]) = (lo, hi);
    e
}

fn widened(v: f64, log: bool) -> (f64, f64) {
    if log { (v * 0.5, v * 2.0) } else { (v - 0.5, v + 0.5) }
}

fn positive<T: Pixel>(image: &Image<'_, T>, lo: f64, hi: f64) -> Result<(f64, f64)> {
    let lo = if lo > 0.0 {
        lo
    } else {
        good_values(image).map(Pixel::to_f64).filter(|v| *v > 0.0).fold(f64::INFINITY, f64::min)
    };
    if lo <= hi { Ok((lo, hi)) } else { Err(PlotError::NoGoodPixels) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn every_good_pixel_is_counted_once() {
        let d = Array2::from_shape_fn((31, 17), |(y, x)| 0.1 * (y * 17 + x) as f64 - 5.0);
        let image = Image::new(d.view()).unwrap();
        for log_bins in [false, true] {
            let config = HistogramConfig { bins: 13, log_bins, ..Default::default() };
            let h = Histogram::new(&image, &config).unwrap();
            assert_eq!(h.counts.iter().sum::<u64>() + h.below + h.above, 31 * 17);
            assert_eq!(h.edges.len(), h.len() + 1);
        }
    }

    #[test]
    fn one_value_and_no_positive_value() {
        let d = Array2::from_elem((3, 3), 2.0_f32);
        let config = HistogramConfig { bins: 4, ..Default::default() };
        let h = Histogram::new(&Image::new(d.view()).unwrap(), &config).unwrap();
        assert_eq!(h.counts, [0, 0, 9, 0]);
        let d = Array2::from_elem((3, 3), -2.0_f32);
        let config = HistogramConfig { log_bins: true, ..config };
        assert!(Histogram::new(&Image::new(d.view()).unwrap(), &config).is_err());
    }
}
