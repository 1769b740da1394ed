//! Sigma clipping without sorting.
//!
//! Clipping only needs counts, two moments and medians. The counts and moments of every iteration come from one pass
//! over the values. The medians of all iterations lie close together; a small sorted sample tells where, and the values
//! in that window are gathered once. The rank of a median within the window follows from the counts, so a selection
//! among these few values gives it exactly. If the sample was misleading, a wider window is gathered.

use super::clip::{ClipBounds, clip_sorted};
use super::median::{median_sorted, middle};
use super::moments::from_moments;
use super::pass::Sums;
use crate::{CenterFunc, SigmaClip};

/// Values that can be passed over again and again.
pub(crate) trait Source {
    /// Sums over the values within finite bounds.
    fn sums(&self, lower: f64, upper: f64, pivot: f64) -> Sums;
    /// The values within finite bounds, and how many lie below them.
    fn gather(&self, lower: f64, upper: f64) -> (Vec<f64>, usize);
}

/// What clipping a source found.
pub(crate) struct SourceClip {
    pub(crate) bounds: ClipBounds,
    /// The survivors are the values from here ...
    pub(crate) lower: f64,
    /// ... to here.
    pub(crate) upper: f64,
    /// Finite values before clipping.
    pub(crate) n_good: usize,
}

/// Ranks of the sample that the window reaches beyond the medians, in units of the error of such a rank. A narrow window
/// is quick to search, but the medians lie outside it (and a half of the values has to be gathered) now and then.
const MARGIN: f64 = 2.2;

/// The gathered values around the medians.
struct Window<'a, S> {
    source: &'a S,
    values: Vec<f64>,
    /// Values of the source below the window.
    below: usize,
    /// Last selected place; smaller values lie before it, larger behind.
    pivot: Option<usize>,
    lower: f64,
    upper: f64,
}

impl<'a, S: Source> Window<'a, S> {
    fn new(source: &'a S, lower: f64, upper: f64) -> Self {
        let (values, below) = source.gather(lower, upper);
        Self { source, values, below, pivot: None, lower, upper }
    }

    /// The value of rank `rank` among all values of the source.
    fn at(&mut self, rank: usize) -> f64 {
        if rank < self.below {
            *self = Self::new(self.source, f64::MIN, self.lower);
        } else if rank >= self.below + self.values.len() {
            *self = Self::new(self.source, self.upper, f64::MAX);
        }
        let k = rank - self.below;
        let (from, to) = match self.pivot {
            Some(p) if k < p => (0, p),
            Some(p) => (p, self.values.len()),
            None => (0, self.values.len()),
        };
        self.pivot = Some(k);
        *self.values[from..to].select_nth_unstable_by(k - from, f64::total_cmp).1
    }

    /// Median of the `n` values from rank `first` on.
    fn median(&mut self, first: usize, n: usize) -> f64 {
        let upper = self.at(first + n / 2);
        if n % 2 == 1 {
            return upper;
        }
        let k = first + n / 2 - self.below;
        // The next lower value is the largest before the place just selected.
        let lower = if k > 0 {
            self.values[..k].iter().copied().fold(f64::NEG_INFINITY, f64::max)
        } else {
            self.at(first + n / 2 - 1)
        };
        middle(lower, upper)
    }
}

/// Clips the values of a source. `sample` is a sorted, non-empty sample of them. `start` and `end` of the answer count
/// the values below and up to the survivors. The spread must be the standard deviation.
pub(crate) fn clip_source<S: Source>(source: &S, sample: &[f64], clip: &SigmaClip) -> SourceClip {
    let guess = clip_sorted(sample, clip);
    let m = sample.len();
    // Ranks of the medians of the sample before and after clipping, and the error of such a rank.
    let (first, last) = (m / 2, usize::midpoint(guess.start, guess.end));
    let margin = (MARGIN * 0.5 * (m as f64).sqrt()).ceil() as usize + 1;
    let low = first.min(last).saturating_sub(margin);
    let high = (first.max(last) + margin).min(m - 1);
    let mut window = Window::new(source, sample[low], sample[high]);

    let mut pivot = median_sorted(sample);
    let (mut lower, mut upper) = (f64::MIN, f64::MAX);
    let mut sums = source.sums(lower, upper, pivot);
    let n_good = sums.n;
    let mut r = ClipBounds {
        lower: f64::NAN,
        upper: f64::NAN,
        start: sums.below,
        end: sums.below + sums.n,
        median: f64::NAN,
        mean: f64::NAN,
        std: f64::NAN,
        iterations: 0,
    };
    while sums.n > 0 {
        (r.mean, r.std) = from_moments(sums.n, pivot, sums.s1, sums.s2);
        if (r.mean - pivot).abs() > 4.0 * r.std {
            // The pivot lies too far off: take the moments about the mean instead.
            pivot = r.mean;
            sums = source.sums(lower, upper, pivot);
            (r.mean, r.std) = from_moments(sums.n, pivot, sums.s1, sums.s2);
        }
        let last = r.iterations >= clip.limit();
        if clip.center == CenterFunc::Median || last {
            r.median = window.median(sums.below, sums.n);
        }
        if last {
            return SourceClip { bounds: r, lower, upper, n_good };
        }
        r.iterations += 1;
        pivot = if clip.center == CenterFunc::Median { r.median } else { r.mean };
        (r.lower, r.upper) = clip.bounds(pivot, r.std);
        // What was rejected stays so. NaN bounds (an overflow) reject nothing.
        (lower, upper) = (lower.max(r.lower), upper.min(r.upper));
        let next = source.sums(lower, upper, pivot);
        if next.n == sums.n {
            if clip.center != CenterFunc::Median {
                r.median = window.median(sums.below, sums.n);
            }
            return SourceClip { bounds: r, lower, upper, n_good };
        }
        sums = next;
        (r.start, r.end) = (sums.below, sums.below + sums.n);
    }
    (r.median, r.mean, r.std) = (f64::NAN, f64::NAN, f64::NAN);
    SourceClip { bounds: r, lower, upper, n_good }
}
