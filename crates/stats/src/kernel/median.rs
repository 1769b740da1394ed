//! Medians and other order statistics.

/// The `k`-th smallest value (0 = smallest). The slice is permuted: smaller values end up before `k`, larger behind.
///
/// # Panics
/// If `k` is not an index of the slice.
pub fn order_statistic(values: &mut [f64], k: usize) -> f64 {
    *values.select_nth_unstable_by(k, f64::total_cmp).1
}

/// Median of the values, which are permuted; NaN for an empty slice. The median of an even number of values is the
/// mean of the two in the middle.
pub fn median_in_place(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    middle(lower, upper)
}

#[inline]
pub(crate) fn middle(a: f64, b: f64) -> f64 {
    0.5 * (a + b)
}

/// Median of sorted values; NaN for an empty slice.
#[must_use]
#[inline]
pub fn median_sorted(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => middle(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Median of `|v - center|`; the values are overwritten with these deviations in some order. NaN for an empty slice.
pub fn mad_in_place(values: &mut [f64], center: f64) -> f64 {
    for v in values.iter_mut() {
        *v = (*v - center).abs();
    }
    median_in_place(values)
}

/// Median of `|v - center|` of sorted values, in logarithmic time and without a copy. NaN for an empty slice.
#[must_use]
pub fn mad_sorted(sorted: &[f64], center: f64) -> f64 {
    let n = sorted.len();
    if n == 0 {
        return f64::NAN;
    }
    // Both sides of the center are sorted by their distance from it.
    let split = sorted.partition_point(|&v| v < center);
    let (left, right) = sorted.split_at(split);
    let upper = kth_distance(left, right, center, n / 2);
    if n % 2 == 1 {
        return upper;
    }
    middle(kth_distance(left, right, center, n / 2 - 1), upper)
}

/// The `k`-th smallest distance among a left run (sorted, nearest last) and a right run (sorted, nearest first).
fn kth_distance(left: &[f64], right: &[f64], center: f64, k: usize) -> f64 {
    let l = |i: usize| center - left[left.len() - 1 - i];
    let r = |i: usize| right[i] - center;
    // Find how many of the k + 1 nearest come from the left.
    let (mut lo, mut hi) = ((k + 1).saturating_sub(right.len()), (k + 1).min(left.len()));
    while lo < hi {
        let i = usize::midpoint(lo, hi);
        // Taking only i from the left is too few if the next left one is nearer than the last right one taken.
        if l(i) < r(k - i) {
            lo = i + 1;
        } else {
            hi = i;
        }
    }
    let from_left = if lo > 0 { l(lo - 1) } else { f64::NEG_INFINITY };
    let from_right = if k + 1 > lo { r(k - lo) } else { f64::NEG_INFINITY };
    from_left.max(from_right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::{noise, uniform};

    #[test]
    fn medians_agree_with_sorting() {
        for n in 1..60 {
            let mut v: Vec<f64> = (0..n).map(|i| (noise(3, i) * 4.0).round()).collect();
            let mut s = v.clone();
            s.sort_by(f64::total_cmp);
            let m = median_in_place(&mut v);
            assert_eq!(m, median_sorted(&s));
            for center in [m, uniform(5, n) * 8.0 - 4.0, 100.0, -100.0] {
                let mut d = s.clone();
                assert_eq!(mad_in_place(&mut d, center), mad_sorted(&s, center), "{n} {center}");
            }
        }
        assert!(median_in_place(&mut []).is_nan() && mad_sorted(&[], 0.0).is_nan());
    }
}
