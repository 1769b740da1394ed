//! Statistics of sorted finite values.

/// Sum of `f` over values in a fixed order of additions.
#[inline(always)]
fn sums<const N: usize>(values: &[f64], term: impl Fn(f64) -> [f64; N]) -> [f64; N] {
    const LANES: usize = 4;
    let mut s = [[0.0; LANES]; N];
    let (head, tail) = values.as_chunks::<LANES>();
    for c in head {
        for l in 0..LANES {
            let t = term(c[l]);
            for n in 0..N {
                s[n][l] += t[n];
            }
        }
    }
    for (l, v) in tail.iter().enumerate() {
        let t = term(*v);
        for n in 0..N {
            s[n][l] += t[n];
        }
    }
    s.map(|l| (l[0] + l[2]) + (l[1] + l[3]))
}

/// The values less than `reach` away from `m`.
#[inline(always)]
fn within(sorted: &[f64], m: f64, reach: f64) -> &[f64] {
    let start = sorted.partition_point(|v| v - m <= -reach);
    let end = sorted.partition_point(|v| v - m < reach);
    &sorted[start..end.max(start)]
}

/// Biweight location of sorted values about their median `m`, of known MAD.
#[inline(always)]
pub(crate) fn biweight_location_sorted(sorted: &[f64], c: f64, m: f64, mad: f64) -> f64 {
    if mad == 0.0 || mad.is_nan() {
        return m;
    }
    let inverse = (c * mad).recip();
    let [num, den] = sums(within(sorted, m, c * mad), |v| {
        let d = v - m;
        let w = 1.0 - (d * inverse) * (d * inverse);
        let w = w * w;
        [d * w, w]
    });
    m + num / den
}

/// Biweight midvariance of sorted values about their median `m`, of known MAD.
#[inline(always)]
pub(crate) fn biweight_midvariance_sorted(sorted: &[f64], c: f64, m: f64, mad: f64) -> f64 {
    if mad == 0.0 || mad.is_nan() {
        return mad;
    }
    let inverse = (c * mad).recip();
    let [f1, f2] = sums(within(sorted, m, c * mad), |v| {
        let d = v - m;
        let u2 = (d * inverse) * (d * inverse);
        let w = 1.0 - u2;
        [d * d * ((w * w) * (w * w)), w * (1.0 - 5.0 * u2)]
    });
    sorted.len() as f64 * f1 / (f2 * f2)
}

/// Gini coefficient of the absolute values of sorted values (Lotz et al. 2004, AJ 128, 163, eq. 6).
#[inline(always)]
pub(crate) fn gini_sorted(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n < 2 {
        return 0.0;
    }
    let top = n as f64 - 1.0;
    let (mut total, mut weighted) = (0.0, 0.0);
    if sorted[0] >= 0.0 {
        let mut rank = -top;
        for v in sorted {
            total += v;
            weighted += rank * v;
            rank += 2.0;
        }
    } else {
        // Both sides of zero are sorted by their size: merge them.
        let split = sorted.partition_point(|v| *v < 0.0);
        let (mut i, mut j) = (split, split);
        let mut rank = -top;
        while i > 0 && j < n {
            let (a, b) = (-sorted[i - 1], sorted[j]);
            let left = a < b;
            let v = if left { a } else { b };
            i -= usize::from(left);
            j += usize::from(!left);
            total += v;
            weighted += rank * v;
            rank += 2.0;
        }
        for v in sorted[..i].iter().rev().map(|v| -v).chain(sorted[j..].iter().copied()) {
            total += v;
            weighted += rank * v;
            rank += 2.0;
        }
    }
    if total == 0.0 { 0.0 } else { weighted / (total * top) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::noise;
    use skyphot_stats::kernel::{biweight_location, biweight_midvariance, mad_sorted, median_sorted};

    #[test]
    fn like_the_unsorted_ones() {
        for n in 1..200_u64 {
            let mut v: Vec<f64> =
                (0..n).map(|i| noise(n, i) * if i % 7 == 0 { 30.0 } else { 1.0 } + 0.3).collect();
            v.sort_by(f64::total_cmp);
            let (m, mut scratch) = (median_sorted(&v), Vec::new());
            let mad = mad_sorted(&v, m);
            let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * b.abs(), "{n}: {a} {b}");
            let location = biweight_location(&v, 6.0, &mut scratch);
            assert!((biweight_location_sorted(&v, 6.0, m, mad) - location).abs() <= 1e-14, "{n}");
            close(biweight_midvariance_sorted(&v, 9.0, m, mad), biweight_midvariance(&v, 9.0, &mut scratch));
            let mut a: Vec<f64> = v.iter().map(|v| v.abs()).collect();
            a.sort_by(f64::total_cmp);
            let total: f64 = a.iter().sum();
            let rank = |i: usize| 2.0 * (i as f64 + 1.0) - n as f64 - 1.0;
            let weighted: f64 = a.iter().enumerate().map(|(i, v)| rank(i) * v).sum();
            let expected = if n == 1 { 0.0 } else { weighted / (total * (n as f64 - 1.0)) };
            assert!((gini_sorted(&v) - expected).abs() < 1e-13, "{n}");
        }
        assert_eq!(gini_sorted(&[0.0; 5]), 0.0);
    }
}
