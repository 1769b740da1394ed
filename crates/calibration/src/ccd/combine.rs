//! Many frames into one.

use std::ops::Range;

use ndarray::Array2;
use skyphot_core::{Exec, Pixel};
use skyphot_stats::{CenterFunc, MAD_TO_STD, SigmaClip, SpreadFunc, kernel};

use super::CcdImage;
use crate::error::same_length;
use crate::{CalibrationError, Result};

/// What is made of the values of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CombineMethod {
    /// Mean, weighted if there are weights. Error: standard deviation (divisor n) over `sqrt(n)`.
    #[default]
    Average,
    /// Median. Error: 1.4826 times the median absolute deviation over `sqrt(n)`.
    Median,
    /// Sum of what is left, weighted if there are weights. Error: standard deviation times `sqrt(n)`.
    Sum,
}

/// Values of a pixel that are left out. The steps are done in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct CombineClip {
    /// Numbers of the lowest and the highest values to leave out.
    pub extrema: (usize, usize),
    /// Values below are left out.
    pub min: f64,
    /// Values above are left out.
    pub max: f64,
    /// Sigma clipping.
    pub sigma: Option<SigmaClip>,
}

impl Default for CombineClip {
    fn default() -> Self {
        Self { extrema: (0, 0), min: f64::NEG_INFINITY, max: f64::INFINITY, sigma: None }
    }
}

impl CombineClip {
    /// ccdproc's sigma clipping: one iteration, 3 sigma about the mean.
    #[must_use]
    pub fn sigma() -> Self {
        let clip = SigmaClip { center: CenterFunc::Mean, spread: SpreadFunc::Std, ..SigmaClip::new(3.0) };
        Self { sigma: Some(clip.with_max_iters(Some(1))), ..Self::default() }
    }
}

/// How [`combine`] works.
#[derive(Debug, Clone, Default)]
pub struct CombineConfig {
    /// Statistic. Default: average.
    pub method: CombineMethod,
    /// What is left out. Default: nothing but masked and non-finite pixels.
    pub clip: CombineClip,
    /// Factor of each frame, applied before clipping. Default: 1.
    pub scale: Option<Vec<f64>>,
    /// Weight of each frame. Default: 1.
    pub weights: Option<Vec<f64>>,
    /// Threads.
    pub exec: Exec,
}

/// Frames of one shape that are read a band of rows at a time, so that a stack need not fit into memory.
pub trait FrameSource<T: Pixel>: Sync {
    /// Number of frames.
    fn len(&self) -> usize;

    /// There is no frame.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape of every frame, `(ny, nx)`.
    fn shape(&self) -> (usize, usize);

    /// Pixels of some rows of a frame, and their mask.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn rows(&self, frame: usize, rows: Range<usize>) -> Result<(Array2<T>, Option<Array2<bool>>)>;
}

impl<T: Pixel> FrameSource<T> for [CcdImage<T>] {
    fn len(&self) -> usize {
        <[CcdImage<T>]>::len(self)
    }

    fn shape(&self) -> (usize, usize) {
        self.first().map_or((0, 0), CcdImage::shape)
    }

    fn rows(&self, frame: usize, rows: Range<usize>) -> Result<(Array2<T>, Option<Array2<bool>>)> {
        let f = &self[frame];
        if f.shape() != self.shape() || f.unit() != self[0].unit() {
            return Err(if f.shape() == self.shape() {
                CalibrationError::UnitMismatch {
                    operation: "combine",
                    left: self[0].unit().to_string(),
                    right: f.unit().to_string(),
                }
            } else {
                CalibrationError::ShapeMismatch { name: "frame", expected: self.shape(), found: f.shape() }
            });
        }
        let s = ndarray::s![rows, ..];
        Ok((f.data().slice(s).to_owned(), f.mask().map(|m| m.slice(s).to_owned())))
    }
}

/// The combined frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination<T: Pixel> {
    /// Combined pixels; NaN where nothing is left.
    pub data: Array2<T>,
    /// 1-sigma errors from the scatter of what was combined.
    pub error: Array2<T>,
    /// `true` where nothing is left.
    pub mask: Array2<bool>,
    /// Number of values each pixel is made of.
    pub n_used: Array2<u32>,
}

/// Combines frames pixel by pixel, a band of rows at a time.
///
/// Masked and non-finite pixels never take part, neither in the clipping nor in the weights.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_calibration::ccd::{CcdImage, CombineConfig, CombineMethod, combine};
/// let frames: Vec<CcdImage<f32>> = [1.0, 2.0, 90.0]
///     .map(|v| CcdImage::new(Array2::from_elem((4, 4), v), "adu".parse().expect("a unit")).expect("pixels"))
///     .to_vec();
/// let config = CombineConfig { method: CombineMethod::Median, ..Default::default() };
/// assert_eq!(combine(frames.as_slice(), &config)?.data[[0, 0]], 2.0);
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
///
/// # Errors
/// [`CalibrationError::InvalidTable`] for no frames, [`CalibrationError::LengthMismatch`] for scales or weights that are
/// not one for each frame, mismatched shapes or units, and those of the source.
#[doc(alias = "Combiner")]
#[doc(alias = "imcombine")]
pub fn combine<T: Pixel, S: FrameSource<T> + ?Sized>(
    source: &S,
    config: &CombineConfig,
) -> Result<Combination<T>> {
    let n = source.len();
    if n == 0 {
        return Err(CalibrationError::InvalidTable {
            what: "combine",
            why: "there are no frames".to_owned(),
        });
    }
    for (name, list) in [("scale", &config.scale), ("weights", &config.weights)] {
        if let Some(list) = list {
            same_length(name, list.len(), "frames", n)?;
        }
    }
    if let Some(clip) = &config.clip.sigma {
        clip.validate()?;
    }
    let (ny, nx) = source.shape();
    let mut out = Combination {
        data: Array2::from_elem((ny, nx), T::NAN),
        error: Array2::from_elem((ny, nx), T::NAN),
        mask: Array2::from_elem((ny, nx), true),
        n_used: Array2::zeros((ny, nx)),
    };
    // A band of all frames takes about 32 MiB.
    let height = ((1 << 25) / (n * nx.max(1) * T::BYTES)).clamp(1, ny.max(1));
    for start in (0..ny).step_by(height) {
        let rows = start..(start + height).min(ny);
        let bands = config.exec.try_map(n, |k| source.rows(k, rows.clone()))?;
        for (data, mask) in &bands {
            let found = mask.as_ref().map_or((rows.len(), nx), Array2::dim);
            if data.dim() != (rows.len(), nx) || found != data.dim() {
                let found = if data.dim() == (rows.len(), nx) { found } else { data.dim() };
                return Err(CalibrationError::ShapeMismatch {
                    name: "rows of a frame",
                    expected: (rows.len(), nx),
                    found,
                });
            }
        }
        let lines = config.exec.map(rows.len(), |r| line(&bands, r, nx, config));
        for (y, line) in rows.zip(lines) {
            for (x, p) in line.into_iter().enumerate() {
                if p.n > 0 {
                    out.data[[y, x]] = T::from_f64(p.value);
                    out.error[[y, x]] = T::from_f64(p.error);
                    out.mask[[y, x]] = false;
                    out.n_used[[y, x]] = p.n;
                }
            }
        }
    }
    Ok(out)
}

#[derive(Clone, Copy)]
struct Value {
    value: f64,
    error: f64,
    n: u32,
}

fn line<T: Pixel>(
    bands: &[(Array2<T>, Option<Array2<bool>>)],
    row: usize,
    nx: usize,
    config: &CombineConfig,
) -> Vec<Value> {
    // Value and weight of each frame that is left.
    let mut stack: Vec<(f64, f64)> = Vec::with_capacity(bands.len());
    let mut values = Vec::with_capacity(bands.len());
    (0..nx)
        .map(|x| {
            stack.clear();
            for (k, (data, mask)) in bands.iter().enumerate() {
                let v = data[[row, x]].to_f64() * config.scale.as_ref().map_or(1.0, |s| s[k]);
                let w = config.weights.as_ref().map_or(1.0, |w| w[k]);
                if v.is_finite() && !mask.as_ref().is_some_and(|m| m[[row, x]]) {
                    stack.push((v, w));
                }
            }
            clip(&mut stack, &mut values, &config.clip);
            statistic(&stack, &mut values, config.method)
        })
        .collect()
}

fn clip(stack: &mut Vec<(f64, f64)>, values: &mut Vec<f64>, clip: &CombineClip) {
    let (low, high) = clip.extrema;
    if low + high > 0 {
        stack.sort_by(|a, b| a.0.total_cmp(&b.0));
        stack.truncate(stack.len().saturating_sub(high));
        stack.drain(..low.min(stack.len()));
    }
    stack.retain(|v| v.0 >= clip.min && v.0 <= clip.max);
    if let Some(sigma) = &clip.sigma
        && !stack.is_empty()
    {
        values.clear();
        values.extend(stack.iter().map(|v| v.0));
        let b = kernel::clip_unsorted(values, sigma);
        stack.retain(|v| v.0 >= b.lower && v.0 <= b.upper);
    }
}

fn statistic(stack: &[(f64, f64)], values: &mut Vec<f64>, method: CombineMethod) -> Value {
    let n = stack.len();
    if n == 0 {
        return Value { value: f64::NAN, error: f64::NAN, n: 0 };
    }
    values.clear();
    values.extend(stack.iter().map(|v| v.0));
    let root = (n as f64).sqrt();
    let (value, error) = match method {
        CombineMethod::Median => {
            let median = kernel::median_in_place(values);
            (median, kernel::mad_in_place(values, median) * MAD_TO_STD / root)
        }
        CombineMethod::Average => {
            let weights: f64 = stack.iter().map(|v| v.1).sum();
            let sum: f64 = stack.iter().map(|v| v.0 * v.1).sum();
            (sum / weights, kernel::mean_std(values).1 / root)
        }
        CombineMethod::Sum => (stack.iter().map(|v| v.0 * v.1).sum(), kernel::mean_std(values).1 * root),
    };
    Value { value, error, n: u32::try_from(n).unwrap_or(u32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(values: &[f64]) -> Vec<CcdImage<f64>> {
        let make = |v: &f64| CcdImage::new(Array2::from_elem((3, 2), *v), "adu".parse().unwrap()).unwrap();
        values.iter().map(make).collect()
    }

    #[test]
    fn clipping_weights_and_masks() {
        let mut f = frames(&[10.0, 11.0, 12.0, 13.0, 500.0]);
        let at = |f: &Vec<CcdImage<f64>>, c: &CombineConfig| {
            let r = combine(f.as_slice(), c).unwrap();
            (r.data[[1, 1]], r.n_used[[1, 1]])
        };
        let clip = |clip| CombineConfig { clip, ..Default::default() };
        assert_eq!(at(&f, &clip(CombineClip { extrema: (1, 1), ..Default::default() })), (12.0, 3));
        assert_eq!(at(&f, &clip(CombineClip { max: 100.0, min: 10.5, ..Default::default() })), (12.0, 3));
        let sigma = SigmaClip::new(2.0).with_max_iters(None);
        let all = CombineClip {
            sigma: Some(SigmaClip { spread: SpreadFunc::MadStd, ..sigma }),
            ..Default::default()
        };
        assert_eq!(at(&f, &clip(all)), (11.5, 4));
        let weights = Some(vec![1.0, 1.0, 2.0, 0.0, 0.0]);
        assert_eq!(at(&f, &CombineConfig { weights, ..Default::default() }).0, 45.0 / 4.0);
        let scale = Some(vec![1.0, 1.0, 1.0, 1.0, 0.028]);
        let method = CombineMethod::Sum;
        assert_eq!(at(&f, &CombineConfig { scale, method, ..Default::default() }).0, 60.0);
        // Masked everywhere: NaN, masked, nothing used.
        for k in &mut f {
            *k = k.clone().with_mask(Array2::from_shape_fn((3, 2), |(y, _)| y == 0)).unwrap();
        }
        let r = combine(f.as_slice(), &CombineConfig::default()).unwrap();
        assert!(r.data[[0, 1]].is_nan() && r.mask[[0, 1]] && r.n_used[[0, 1]] == 0 && !r.mask[[1, 0]]);
    }

    #[test]
    fn wrong_calls_are_errors() {
        let config = CombineConfig::default();
        assert!(combine(frames(&[]).as_slice(), &config).unwrap_err().to_string().contains("no frames"));
        let mut f = frames(&[1.0, 2.0]);
        let two = CombineConfig { weights: Some(vec![1.0]), ..Default::default() };
        assert!(combine(f.as_slice(), &two).unwrap_err().to_string().contains("weights has 1 values"));
        f[1] = CcdImage::new(Array2::zeros((3, 2)), "s".parse().unwrap()).unwrap();
        assert!(combine(f.as_slice(), &config).unwrap_err().to_string().contains("\"s\""));
        f[1] = CcdImage::new(Array2::zeros((2, 2)), "adu".parse().unwrap()).unwrap();
        assert!(matches!(combine(f.as_slice(), &config), Err(CalibrationError::ShapeMismatch { .. })));
    }
}
