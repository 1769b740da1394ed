//! Order statistics of a box without sorting it.
//!
//! A sorted sample tells roughly where a rank lies; one counting pass makes that exact enough to collect and sort only
//! the hundred values around it. Sigma clipping moves the median little, so the next one is mostly among them.

use super::scan::{collect, count};

/// Boxes up to this size are sorted as a whole.
const SMALL: usize = 192;

/// Ranks to collect below and above the one that is asked for. Clipping stars moves the median down.
fn margin(n: usize) -> (f64, f64) {
    let n = n as f64;
    (16.0 + n / 75.0, 16.0 + n / 170.0)
}

/// Size of the sample, odd.
fn sample_size(n: usize) -> usize {
    (n / 16).clamp(31, 127) | 1
}

/// The sorted values around the last rank that was asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ranks {
    window: Vec<f64>,
    below: usize,
    sample: Vec<f64>,
}

impl Ranks {
    /// Starts with new values; returns a rough median. There must be at least one value.
    pub(crate) fn start(&mut self, values: &[f64]) -> f64 {
        self.below = 0;
        self.window.clear();
        self.sample.clear();
        let n = values.len();
        if n <= SMALL {
            self.sort_all(values);
            return self.window[n / 2];
        }
        // An odd step, so that the sample does not follow columns of the box.
        let m = sample_size(n);
        let step = (n / m) | 1;
        let mut i = 0;
        for _ in 0..m {
            self.sample.push(values[i]);
            i = (i + step) % n;
        }
        self.sample.sort_unstable_by(f64::total_cmp);
        self.sample[m / 2]
    }

    /// Quantiles at about -1 sigma, the median and +1 sigma of the sample; `None` for few values.
    pub(crate) fn sample_quantiles(&self) -> Option<(f64, f64, f64)> {
        let s = &self.sample;
        let m = s.len();
        (m > 0).then(|| (s[m * 4 / 25], s[m / 2], s[m * 21 / 25]))
    }

    /// Median of the values with ranks `first..first + n` (`n > 0`) in ascending order.
    pub(crate) fn median(&mut self, values: &[f64], first: usize, n: usize) -> f64 {
        let (a, b) = (first + (n - 1) / 2, first + n / 2);
        if !self.holds(a, b) {
            self.locate(values, a, b);
        }
        let (lower, upper) = (self.window[a - self.below], self.window[b - self.below]);
        if a == b { upper } else { 0.5 * (lower + upper) }
    }

    fn holds(&self, a: usize, b: usize) -> bool {
        self.below <= a && b < self.below + self.window.len()
    }

    fn locate(&mut self, values: &[f64], a: usize, b: usize) {
        let (mut low, mut high) = self.guess(values, a, b);
        for _ in 0..3 {
            self.below = collect(values, low, high, &mut self.window);
            if self.holds(a, b) {
                self.window.sort_unstable_by(f64::total_cmp);
                return;
            }
            let width = high - low;
            (low, high) = (low - width, high + width);
        }
        self.sort_all(values);
    }

    fn sort_all(&mut self, values: &[f64]) {
        self.below = 0;
        self.window.clear();
        self.window.extend_from_slice(values);
        self.window.sort_unstable_by(f64::total_cmp);
    }

    /// An interval that should hold the ranks `a` and `b`.
    fn guess(&self, values: &[f64], a: usize, b: usize) -> (f64, f64) {
        let (low, high, n_low, n_high) =
            if let (Some(&low), Some(&high)) = (self.window.first(), self.window.last()) {
                (low, high, self.below, self.below + self.window.len())
            } else {
                let m = self.sample.len() as f64;
                let q = (a as f64 + 0.5) / values.len() as f64;
                let spread = 3.0 * (m * q * (1.0 - q)).sqrt() + 1.0;
                let at = |i: f64| self.sample[i.clamp(0.0, m - 1.0) as usize];
                let (low, high) = (at(q * m - spread), at(q * m + spread));
                let (n_low, n_high) = count(values, low, high);
                (low, high, n_low, n_high)
            };
        let (down, up) = margin(values.len());
        let slope = (high - low) / (n_high - n_low).max(1) as f64;
        (low + slope * (a as f64 - n_low as f64 - down), low + slope * (b as f64 - n_low as f64 + up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skyphot_core::testing::{noise, uniform};

    fn check(values: &[f64]) {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let mut ranks = Ranks::default();
        ranks.start(values);
        let n = values.len();
        for (first, count) in
            [(0, n), (0, n - n / 20), (n / 50, n - n / 10), (0, 1), (n - 1, 1), (n / 3, n / 3 + 1)]
        {
            let m = count.max(1).min(n - first);
            let expected = 0.5 * (sorted[first + (m - 1) / 2] + sorted[first + m / 2]);
            assert_eq!(ranks.median(values, first, m), expected, "ranks {first}..{}", first + m);
        }
    }

    #[test]
    fn medians_equal_those_of_the_sorted_values() {
        for n in [1, 2, 5, 191, 192, 193, 500, 4096, 5001] {
            let smooth: Vec<f64> = (0..n).map(|i| 100.0 + noise(1, i)).collect();
            check(&smooth);
            check(&smooth.iter().map(|v| v.round()).collect::<Vec<_>>());
            check(&smooth.iter().map(|v| 1e3 * (v - 100.0).powi(7)).collect::<Vec<_>>());
            check(&(0..n).map(|i| i as f64).collect::<Vec<_>>());
            check(&(0..n).map(|i| if uniform(2, i) < 0.5 { 1.0 } else { 1e6 }).collect::<Vec<_>>());
            check(&vec![7.5; n as usize]);
            check(&(0..n).map(|i| f64::MAX * (uniform(5, i) - 0.5)).collect::<Vec<_>>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
        #[test]
        fn medians_of_anything(values in proptest::collection::vec(-1e6..1e6_f64, 1..800)) {
            check(&values);
        }
    }
}
