//! Single passes over raw pixels: sums within bounds, and the values within a window. NaN and infinite values never lie
//! within finite bounds, so they need no test of their own.

use std::ops::AddAssign;

use skyphot_core::Pixel;

/// Independent partial sums; the order of additions does not depend on the vector width of the machine.
const LANES: usize = 8;
/// Values per block: partial sums are flushed after so many values, which keeps rounding errors small.
const BLOCK: usize = 512;

/// Sums over the values within bounds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// Values below the lower bound.
    pub(crate) below: usize,
    /// Values within the bounds.
    pub(crate) n: usize,
    /// Sum of `v - pivot` within the bounds.
    pub(crate) s1: f64,
    /// Sum of `(v - pivot)^2` within the bounds.
    pub(crate) s2: f64,
}

impl AddAssign for Sums {
    fn add_assign(&mut self, o: Self) {
        self.below += o.below;
        self.n += o.n;
        self.s1 += o.s1;
        self.s2 += o.s2;
    }
}

/// Adds up the values within `[lower, upper]`; both bounds must be finite.
pub(crate) fn sums<T: Pixel>(values: &[T], lower: f64, upper: f64, pivot: f64) -> Sums {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide<T: Pixel>(values: &[T], lower: f64, upper: f64, pivot: f64) -> Sums {
            sums_body(values, lower, upper, pivot)
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found just now. The body has no fused operations and a fixed order of additions,
            // so the bits are those of the plain version.
            #[allow(unsafe_code)]
            return unsafe { wide(values, lower, upper, pivot) };
        }
    }
    sums_body(values, lower, upper, pivot)
}

#[inline(always)]
fn sums_body<T: Pixel>(values: &[T], lower: f64, upper: f64, pivot: f64) -> Sums {
    let mut total = Sums::default();
    for block in values.chunks(BLOCK) {
        let (mut below, mut n) = ([0.0_f64; LANES], [0.0_f64; LANES]);
        let (mut s1, mut s2) = ([0.0_f64; LANES], [0.0_f64; LANES]);
        let mut add = |k: usize, v: T| {
            let v = v.to_f64();
            let keep = (v >= lower) & (v <= upper);
            let d = if keep { v - pivot } else { 0.0 };
            below[k] += if v < lower { 1.0 } else { 0.0 };
            n[k] += if keep { 1.0 } else { 0.0 };
            s1[k] += d;
            s2[k] += d * d;
        };
        let (head, tail) = block.as_chunks::<LANES>();
        for c in head {
            for k in 0..LANES {
                add(k, c[k]);
            }
        }
        for (k, v) in tail.iter().enumerate() {
            add(k, *v);
        }
        let fold = |l: [f64; LANES]| ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
        total += Sums { below: fold(below) as usize, n: fold(n) as usize, s1: fold(s1), s2: fold(s2) };
    }
    total
}

/// Appends the values within `[lower, upper]` to `out`, in order, and returns how many lie below.
pub(crate) fn gather<T: Pixel>(values: &[T], lower: f64, upper: f64, out: &mut Vec<f64>) -> usize {
    let mut below = 0;
    let mut buffer = [0.0; BLOCK];
    for block in values.chunks(BLOCK) {
        let mut k = 0;
        for v in block {
            let v = v.to_f64();
            below += usize::from(v < lower);
            // Without a branch: most values are written over by the next one. `k` stays below the block length.
            buffer[k & (BLOCK - 1)] = v;
            k += usize::from((v >= lower) & (v <= upper));
        }
        out.extend_from_slice(&buffer[..k]);
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::noise;

    #[test]
    fn passes_agree_with_the_obvious() {
        let mut v: Vec<f64> = (0..1500).map(|i| noise(1, i)).collect();
        v[7] = f64::NAN;
        v[8] = f64::NEG_INFINITY;
        v[9] = f64::INFINITY;
        let s = sums(&v, -1.0, 0.5, 0.1);
        let inside: Vec<f64> = v.iter().copied().filter(|v| (-1.0..=0.5).contains(v)).collect();
        assert_eq!((s.n, s.below), (inside.len(), v.iter().filter(|v| **v < -1.0).count()));
        assert!((s.s1 - inside.iter().map(|v| v - 0.1).sum::<f64>()).abs() < 1e-11);
        assert!((s.s2 - inside.iter().map(|v| (v - 0.1).powi(2)).sum::<f64>()).abs() < 1e-11);
        assert_eq!(s, sums_body(&v, -1.0, 0.5, 0.1));
        let mut out = Vec::new();
        assert_eq!(gather(&v, -1.0, 0.5, &mut out), s.below);
        assert_eq!(out, inside);
        // A whole block within the window.
        out.clear();
        assert_eq!(gather(&v[10..1034], -9.0, 9.0, &mut out), 0);
        assert_eq!(out, v[10..1034]);
    }
}
