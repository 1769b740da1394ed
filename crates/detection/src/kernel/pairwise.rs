//! Pairwise summation (Higham 1993, SIAM J. Sci. Comput. 14, 783).

/// Longest run that is added up without splitting.
const BLOCK: usize = 128;

/// The sum of the values, with eight running sums per block of at most 128 and blocks added in pairs. The order is that
/// of numpy, so that kernels have the same last bits and tied pixels stay tied.
pub(crate) fn pairwise_sum(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(-0.0, |s, v| s + v);
    }
    if n > BLOCK {
        let half = n / 2 - (n / 2) % 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut r = eights[0];
    for c in &eights[1..] {
        for (s, v) in r.iter_mut().zip(c) {
            *s += v;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |s, v| s + v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_add_up_for_any_length() {
        for n in [0, 1, 7, 8, 9, 127, 128, 129, 1000] {
            let v: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(pairwise_sum(&v), f64::from(n) * f64::from(n - 1) / 2.0);
        }
    }
}
