//! Sigma clipping of slices.

use super::engine::{Source, SourceClip, clip_source};
use super::median::{mad_sorted, median_sorted};
use super::moments::{from_moments, moments_about};
use super::pass::{self, Sums};
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

/// Slices up to this length are sorted.
const SORT_LIMIT: usize = 96;
/// Values that are looked at together for one to move; most groups have none.
const GROUP: usize = 16;

/// Sigma clipping of finite values in any order. The slice is permuted so that the survivors are `start..end`, the
/// values rejected as too low lie before them and those rejected as too high behind.
pub fn clip_unsorted(values: &mut [f64], clip: &SigmaClip) -> ClipBounds {
    let n = values.len();
    if n <= SORT_LIMIT || clip.spread == SpreadFunc::MadStd {
        values.sort_unstable_by(f64::total_cmp);
        return clip_sorted(values, clip);
    }
    let SourceClip { bounds: r, lower, upper, .. } = clip_slice(values, clip);
    if r.start > 0 {
        let mut low = 0;
        for from in (0..n).step_by(GROUP) {
            let to = (from + GROUP).min(n);
            if values[from..to].iter().fold(false, |any, v| any | (*v < lower)) {
                for i in from..to {
                    if values[i] < lower {
                        values.swap(low, i);
                        low += 1;
                    }
                }
            }
        }
    }
    if r.end < n {
        let mut high = n;
        for to in (r.start..n).rev().step_by(GROUP).map(|i| i + 1) {
            let from = to.saturating_sub(GROUP).max(r.start);
            if values[from..to].iter().fold(false, |any, v| any | (*v > upper)) {
                for i in (from..to).rev() {
                    if values[i] > upper {
                        high -= 1;
                        values.swap(high, i);
                    }
                }
            }
        }
    }
    r
}

/// Sigma clipping of finite values in any order, which stay where they are: `start` and `end` only count the values
/// that are too low and too high.
#[must_use]
pub fn clip_stats(values: &[f64], clip: &SigmaClip) -> ClipBounds {
    if values.len() <= SORT_LIMIT || clip.spread == SpreadFunc::MadStd {
        return clip_unsorted(&mut values.to_vec(), clip);
    }
    clip_slice(values, clip).bounds
}

struct Slice<'a>(&'a [f64]);

impl Source for Slice<'_> {
    fn sums(&self, lower: f64, upper: f64, pivot: f64) -> Sums {
        pass::sums(self.0, lower, upper, pivot)
    }

    fn gather(&self, lower: f64, upper: f64) -> (Vec<f64>, usize) {
        let mut out = Vec::with_capacity(self.0.len() / 2);
        let below = pass::gather(self.0, lower, upper, &mut out);
        (out, below)
    }
}

/// Sample size for `n` values.
pub(crate) fn sample_size(n: usize) -> usize {
    (2.0 * (n as f64).sqrt()) as usize
}

fn clip_slice(values: &[f64], clip: &SigmaClip) -> SourceClip {
    let n = values.len();
    let m = sample_size(n);
    let mut sample: Vec<f64> = (0..m).map(|i| values[i * n / m]).collect();
    sample.sort_unstable_by(f64::total_cmp);
    clip_source(&Slice(values), &sample, clip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skyphot_core::testing::{noise, uniform};

    fn same(a: &ClipBounds, b: &ClipBounds) {
        assert_eq!((a.start, a.end, a.iterations), (b.start, b.end, b.iterations), "{a:?} {b:?}");
        let close = |x: f64, y: f64| {
            x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= 1e-12 * x.abs().max(1.0)
        };
        assert_eq!(a.median.to_bits(), b.median.to_bits());
        assert!(close(a.mean, b.mean) && close(a.std, b.std), "{a:?} {b:?}");
        assert!(close(a.lower, b.lower) && close(a.upper, b.upper), "{a:?} {b:?}");
    }

    fn check(values: &[f64], clip: &SigmaClip) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let slow = clip_sorted(&sorted, clip);
        same(&clip_stats(values, clip), &slow);
        let mut v = values.to_vec();
        let fast = clip_unsorted(&mut v, clip);
        same(&fast, &slow);
        for range in [0..slow.start, slow.start..slow.end, slow.end..v.len()] {
            v[range.clone()].sort_by(f64::total_cmp);
            assert_eq!(v[range.clone()], sorted[range]);
        }
    }

    fn clips() -> Vec<SigmaClip> {
        let mut c = vec![SigmaClip::default(), SigmaClip::new(1.5), SigmaClip::new(3.0).with_max_iters(None)];
        c.push(SigmaClip { sigma_lower: f64::INFINITY, max_iters: Some(1), ..SigmaClip::new(2.0) });
        c.push(SigmaClip { center: CenterFunc::Mean, ..SigmaClip::new(2.0) });
        c.push(SigmaClip { spread: SpreadFunc::MadStd, ..SigmaClip::new(2.5) });
        c
    }

    #[test]
    fn fast_equals_slow() {
        for n in [1_u64, 2, 5, 96, 97, 130, 700, 4096] {
            let gauss: Vec<f64> = (0..n).map(|i| 100.0 + 5.0 * noise(n, i)).collect();
            let stars: Vec<f64> = (0..n).map(|i| gauss[i as usize] + 3.0 / (uniform(2, i) + 1e-3)).collect();
            // A lump that a sample of every k-th value may miss or hit alone.
            let lumps: Vec<f64> =
                (0..n).map(|i| if i % 31 < 9 { 1e4 + noise(9, i) } else { noise(8, i) }).collect();
            let ties: Vec<f64> = gauss.iter().map(|v| (v / 4.0).round()).collect();
            let ramp: Vec<f64> = (0..n).map(|i| i as f64).collect();
            for clip in clips() {
                for v in [&gauss, &stars, &lumps, &ties, &ramp, &vec![7.25; n as usize]] {
                    check(v, &clip);
                }
            }
        }
        assert!(clip_unsorted(&mut [], &SigmaClip::default()).mean.is_nan());
    }

    #[test]
    fn a_misleading_sample_is_noticed() {
        let n = 1000;
        let m = sample_size(n);
        let picked: Vec<usize> = (0..m).map(|i| i * n / m).collect();
        for outlier in [-50.0, 50.0] {
            let v: Vec<f64> = (0..n)
                .map(|i| noise(4, i as u64) + if picked.contains(&i) { outlier } else { 0.0 })
                .collect();
            clips().iter().for_each(|c| check(&v, c));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn fast_equals_slow_for_any_values(
            v in proptest::collection::vec(-20_i32..20, 97..400), power in 1_i32..4, sigma in 0.3_f64..4.0,
        ) {
            let v: Vec<f64> = v.iter().map(|x| f64::from(x.pow(power as u32))).collect();
            check(&v, &SigmaClip::new(sigma).with_max_iters(None));
        }
    }
}
