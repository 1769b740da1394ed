//! Sigma-clipped statistics of the values of one box.
//!
//! The clipping rule is that of `astropy.stats.SigmaClip` along an axis: the run of kept values shrinks until nothing
//! changes, and then the *last* interval is applied to all values, so that a value rejected early may come back.

use skyphot_stats::kernel::clip_sorted;
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

use super::ranks::Ranks;
use super::scan::{Scan, collect_outside, scan};

/// Number, mean, median and standard deviation (divisor N) of values; NaN without values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    pub(crate) n: usize,
    pub(crate) mean: f64,
    pub(crate) median: f64,
    pub(crate) std: f64,
}

/// [`Moments`] of the values that survive clipping; the spread of `clip` must be the standard deviation.
pub(crate) fn clipped_moments(
    values: &[f64],
    clip: Option<&SigmaClip>,
    scratch: &mut ClipScratch,
) -> Moments {
    debug_assert!(clip.is_none_or(|c| c.spread == SpreadFunc::Std));
    let none = Moments { n: 0, mean: f64::NAN, median: f64::NAN, std: f64::NAN };
    if values.is_empty() {
        return none;
    }
    let ClipScratch { ranks, tails } = scratch;
    let pivot = ranks.start(values);
    let mut split = Split::new(values, pivot, clip.and_then(|c| core_interval(c, ranks)), tails);
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let mut kept = all;
    let mut last = all;
    let mut pass = split.scan(all);
    if let Some(clip) = clip {
        let limit = clip.max_iters.unwrap_or(usize::MAX);
        for _ in 0..limit {
            let (mean, std) = mean_std(values, kept, &pass, pivot);
            let center = match clip.center {
                CenterFunc::Median => ranks.median(values, pass.below, pass.kept),
                CenterFunc::Mean => mean,
            };
            last = bounds(clip, center, std);
            kept = (kept.0.max(last.0), kept.1.min(last.1));
            let before = pass.kept;
            pass = split.scan(kept);
            if pass.kept == before || pass.kept == 0 {
                break;
            }
        }
    }
    if last != kept {
        pass = split.scan(last);
    }
    if pass.kept == 0 {
        return none;
    }
    let (mean, std) = mean_std(values, last, &pass, pivot);
    Moments { n: pass.kept, mean, median: ranks.median(values, pass.below, pass.kept), std }
}

/// Scratch space of [`clipped_moments`].
#[derive(Debug, Clone, Default)]
pub(crate) struct ClipScratch {
    ranks: Ranks,
    tails: Vec<f64>,
}

/// An interval that clipping will hardly ever cut.
fn core_interval(clip: &SigmaClip, ranks: &Ranks) -> Option<(f64, f64)> {
    let (low, middle, high) = ranks.sample_quantiles()?;
    // Sources widen the upper side.
    let sigma = (middle - low).min(high - middle);
    let reach = |limit: f64| sigma * (0.8 * limit).min(2.4);
    Some((middle - reach(clip.sigma_lower), middle + reach(clip.sigma_upper)))
}

/// Values cut into a core, which is added up once, and the few values outside, which are looked at in every iteration.
struct Split<'a> {
    values: &'a [f64],
    pivot: f64,
    core: Option<((f64, f64), Scan)>,
    tails: &'a [f64],
}

impl<'a> Split<'a> {
    fn new(values: &'a [f64], pivot: f64, core: Option<(f64, f64)>, tails: &'a mut Vec<f64>) -> Self {
        let core = core.map(|(low, high)| {
            let scan = scan(values, low, high, pivot);
            collect_outside(values, low, high, tails);
            ((low, high), scan)
        });
        Self { values, pivot, core, tails }
    }

    fn scan(&mut self, (low, high): (f64, f64)) -> Scan {
        match &self.core {
            Some((core, inner)) if low <= core.0 && core.1 <= high => {
                let outer = scan(self.tails, low, high, self.pivot);
                Scan {
                    below: outer.below,
                    kept: inner.kept + outer.kept,
                    s1: inner.s1 + outer.s1,
                    s2: inner.s2 + outer.s2,
                }
            }
            _ => scan(self.values, low, high, self.pivot),
        }
    }
}

/// Mean and standard deviation of the values of a pass over an interval.
fn mean_std(values: &[f64], (low, high): (f64, f64), pass: &Scan, pivot: f64) -> (f64, f64) {
    let n = pass.kept as f64;
    let shift = pass.s1 / n;
    let variance = pass.s2 / n - shift * shift;
    if variance < 0.01 * shift * shift {
        // The pivot lies too far off for the difference to be exact: once more about the mean.
        let mean = pivot + shift;
        let pass = scan(values, low, high, mean);
        let shift = pass.s1 / n;
        return (mean + shift, (pass.s2 / n - shift * shift).max(0.0).sqrt());
    }
    (pivot + shift, variance.max(0.0).sqrt())
}

fn bounds(clip: &SigmaClip, center: f64, spread: f64) -> (f64, f64) {
    // 0 * inf is no bound at all, not NaN.
    let off = |sigma: f64| if sigma == f64::INFINITY { f64::INFINITY } else { spread * sigma };
    (center - off(clip.sigma_lower), center + off(clip.sigma_upper))
}

/// The part of sorted values that survives clipping.
pub(crate) fn clipped_run<'a>(sorted: &'a [f64], clip: Option<&SigmaClip>) -> &'a [f64] {
    let Some(clip) = clip else { return sorted };
    let found = clip_sorted(sorted, clip);
    let start = sorted.partition_point(|&v| v < found.lower);
    let end = sorted.partition_point(|&v| v <= found.upper);
    &sorted[start..end.max(start)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::{noise, uniform};
    use skyphot_stats::kernel::{mean_std, median_sorted};

    fn samples() -> Vec<Vec<f64>> {
        let mut all = Vec::new();
        for n in [1_u64, 2, 7, 64, 300, 1000, 4096] {
            all.push((0..n).map(|i| 100.0 + 3.0 * noise(n, i)).collect());
            all.push(
                (0..n)
                    .map(|i| {
                        100.0 + noise(n, i) + if uniform(3, i) < 0.1 { 50.0 * uniform(4, i) } else { 0.0 }
                    })
                    .collect(),
            );
            all.push((0..n).map(|i| (10.0 + 2.0 * noise(n, i)).round()).collect());
            all.push((0..n).map(|i| 1.0 / (0.01 + uniform(5, i))).collect());
            all.push(vec![0.1; n as usize]);
        }
        all
    }

    #[test]
    fn fast_moments_equal_those_of_the_sorted_run() {
        let mut scratch = ClipScratch::default();
        for values in samples() {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            for clip in [
                None,
                Some(SigmaClip::new(3.0).with_max_iters(Some(10))),
                Some(SigmaClip::new(2.0).with_max_iters(Some(1))),
                Some(SigmaClip { sigma_lower: 1.0, sigma_upper: f64::INFINITY, ..SigmaClip::new(2.0) }),
                Some(SigmaClip { center: CenterFunc::Mean, max_iters: None, ..SigmaClip::new(1.5) }),
                Some(SigmaClip::new(0.1)),
            ] {
                let run = clipped_run(&sorted, clip.as_ref());
                let fast = clipped_moments(&values, clip.as_ref(), &mut scratch);
                let (mean, std) = mean_std(run);
                assert_eq!(fast.n, run.len(), "{clip:?} of {} values", values.len());
                if run.is_empty() {
                    assert!(fast.mean.is_nan() && fast.median.is_nan() && fast.std.is_nan());
                    continue;
                }
                assert_eq!(fast.median, median_sorted(run));
                assert!((fast.mean - mean).abs() <= 1e-13 * mean.abs(), "{} {mean}", fast.mean);
                assert!((fast.std - std).abs() <= 1e-12 * std, "{} {std}", fast.std);
            }
        }
    }
}
