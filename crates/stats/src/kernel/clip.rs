//! Sigma clipping of slices.

use super::median::{mad_sorted, median_sorted};
use super::moments::{from_moments, moments_about};
use crate::mad::MAD_TO_STD;
use crate::{CenterFunc, SigmaClip, SpreadFunc};

/// What sigma clipping found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipBounds {
    /// Lower bound of the last iteration; values on it are kept. NaN for an empty slice.
    pub lower: f64,
    /// Upper bound of the last iteration; values on it are kept. NaN for an empty slice.
    pub upper: f64,
    /// Index of the first survivor in the slice as it is after the call.
    pub start: usize,
    /// One past the last survivor.
    pub end: usize,
    /// Median of the survivors; NaN if there are none.
    pub median: f64,
    /// Mean of the survivors; NaN if there are none.
    pub mean: f64,
    /// Standard deviation (divisor N) of the survivors; NaN if there are none.
    pub std: f64,
    /// Iterations done, the last one that rejected nothing included.
    pub iterations: usize,
}

impl ClipBounds {
    /// Number of survivors.
    #[must_use]
    pub fn n_used(&self) -> usize {
        self.end - self.start
    }
}

/// Sigma clipping of sorted finite values. The survivors are the run `start..end`.
///
/// Rejected values never come back, even if a later interval is wider.
#[must_use]
pub fn clip_sorted(sorted: &[f64], clip: &SigmaClip) -> ClipBounds {
    let mut r = ClipBounds {
        lower: f64::NAN,
        upper: f64::NAN,
        start: 0,
        end: sorted.len(),
        median: f64::NAN,
        mean: f64::NAN,
        std: f64::NAN,
        iterations: 0,
    };
    loop {
        let run = &sorted[r.start..r.end];
        if run.is_empty() {
            (r.median, r.mean, r.std) = (f64::NAN, f64::NAN, f64::NAN);
            return r;
        }
        r.median = median_sorted(run);
        let (s1, s2) = moments_about(run, r.median);
        (r.mean, r.std) = from_moments(run.len(), r.median, s1, s2);
        if r.iterations >= clip.limit() {
            return r;
        }
        r.iterations += 1;
        let center = match clip.center {
            CenterFunc::Median => r.median,
            CenterFunc::Mean => r.mean,
        };
        let spread = match clip.spread {
            SpreadFunc::Std => r.std,
            SpreadFunc::MadStd => mad_sorted(run, r.median) * MAD_TO_STD,
        };
        (r.lower, r.upper) = clip.bounds(center, spread);
        let start = r.start + run.partition_point(|&v| v < r.lower);
        let end = r.start + run.partition_point(|&v| v <= r.upper);
        if (start, end) == (r.start, r.end) {
            return r;
        }
        (r.start, r.end) = (start, end.max(start));
    }
}

/// Sigma clipping of finite values in any order. The slice is permuted so that the survivors are `start..end`, the
/// values rejected as too low lie before them and those rejected as too high behind.
pub fn clip_unsorted(values: &mut [f64], clip: &SigmaClip) -> ClipBounds {
    values.sort_unstable_by(f64::total_cmp);
    clip_sorted(values, clip)
}
