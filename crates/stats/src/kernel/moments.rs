//! Sums with a fixed order of additions.

/// Independent partial sums; the order of additions does not depend on the vector width of the machine.
const LANES: usize = 8;
/// Values per block: partial sums are flushed after so many values, which keeps rounding errors small.
const BLOCK: usize = 1024;

fn fold(l: [f64; LANES]) -> f64 {
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

/// Sum of the values.
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    let mut total = 0.0;
    for block in values.chunks(BLOCK) {
        let mut s = [0.0; LANES];
        let (head, tail) = block.as_chunks::<LANES>();
        for c in head {
            for k in 0..LANES {
                s[k] += c[k];
            }
        }
        for (s, v) in s.iter_mut().zip(tail) {
            *s += v;
        }
        total += fold(s);
    }
    total
}

/// First and second moment about `pivot`: the sums of `v - pivot` and `(v - pivot)^2`.
#[must_use]
pub fn moments_about(values: &[f64], pivot: f64) -> (f64, f64) {
    let (mut t1, mut t2) = (0.0, 0.0);
    for block in values.chunks(BLOCK) {
        let (mut s1, mut s2) = ([0.0; LANES], [0.0; LANES]);
        let (head, tail) = block.as_chunks::<LANES>();
        for c in head {
            for k in 0..LANES {
                let d = c[k] - pivot;
                s1[k] += d;
                s2[k] += d * d;
            }
        }
        for (k, v) in tail.iter().enumerate() {
            let d = v - pivot;
            s1[k] += d;
            s2[k] += d * d;
        }
        t1 += fold(s1);
        t2 += fold(s2);
    }
    (t1, t2)
}

/// Mean and standard deviation from moments about a pivot that lies within about one standard deviation of the mean.
#[inline]
pub(crate) fn from_moments(n: usize, pivot: f64, s1: f64, s2: f64) -> (f64, f64) {
    let n = n as f64;
    let d = s1 / n;
    (pivot + d, (s2 / n - d * d).max(0.0).sqrt())
}

/// Arithmetic mean; NaN for an empty slice.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    mean_std(values).0
}

/// Mean and standard deviation (divisor N); NaN for an empty slice.
///
/// Two passes: the second one takes the moments about the mean of the first.
#[must_use]
pub fn mean_std(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let pivot = sum(values) / values.len() as f64;
    let (s1, s2) = moments_about(values, pivot);
    from_moments(values.len(), pivot, s1, s2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_do_not_spoil_the_spread() {
        let v: Vec<f64> = (0..1001).map(|i| 1e9 + f64::from(i)).collect();
        let (m, s) = mean_std(&v);
        assert_eq!(m, 1e9 + 500.0);
        assert!((s - ((1001.0_f64 * 1001.0 - 1.0) / 12.0).sqrt()).abs() < 1e-10);
        assert_eq!(mean_std(&[0.1; 77]), (0.1, 0.0));
        assert!(mean(&[]).is_nan());
        assert_eq!(sum(&v[..7]), 7e9 + 21.0);
    }
}
