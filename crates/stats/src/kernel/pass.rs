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
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the feature was found just now.
        #[allow(unsafe_code)]
        return unsafe { avx2::sums(values, lower, upper, pivot) };
    }
    values.chunks(BLOCK).fold(Sums::default(), |mut total, block| {
        total += block_sums(block, lower, upper, pivot);
        total
    })
}

/// The same for one block, as plain code. The vector version does the same additions in the same order.
fn block_sums<T: Pixel>(block: &[T], lower: f64, upper: f64, pivot: f64) -> Sums {
    let (mut below, mut n) = (0, 0);
    let (mut s1, mut s2) = ([0.0_f64; LANES], [0.0_f64; LANES]);
    for (i, v) in block.iter().enumerate() {
        let v = v.to_f64();
        let keep = (v >= lower) & (v <= upper);
        let d = if keep { v - pivot } else { 0.0 };
        below += usize::from(v < lower);
        n += usize::from(keep);
        s1[i % LANES] += d;
        s2[i % LANES] += d * d;
    }
    Sums { below, n, s1: fold(s1), s2: fold(s2) }
}

fn fold(l: [f64; LANES]) -> f64 {
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

/// Appends the values within `[lower, upper]` to `out`, in order, and returns how many lie below.
pub(crate) fn gather<T: Pixel>(values: &[T], lower: f64, upper: f64, out: &mut Vec<f64>) -> usize {
    let mut below = 0;
    let mut buffer = [0.0; BLOCK + LANES];
    for block in values.chunks(BLOCK) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found just now.
            #[allow(unsafe_code)]
            let (k, low) = unsafe { avx2::gather(block, lower, upper, &mut buffer) };
            below += low;
            out.extend_from_slice(&buffer[..k]);
            continue;
        }
        let (k, low) = block_gather(block, lower, upper, &mut buffer, 0);
        below += low;
        out.extend_from_slice(&buffer[..k]);
    }
    below
}

/// Writes the values of a block that lie within the bounds to the buffer from place `k` on; returns the place after the
/// last one, and how many values lie below the bounds.
fn block_gather<T: Pixel>(
    block: &[T],
    lower: f64,
    upper: f64,
    buffer: &mut [f64; BLOCK + LANES],
    mut k: usize,
) -> (usize, usize) {
    let mut below = 0;
    for v in block {
        let v = v.to_f64();
        below += usize::from(v < lower);
        // Without a branch: a value that is not wanted is written over by the next one.
        buffer[k] = v;
        k += usize::from((v >= lower) & (v <= upper));
    }
    (k, below)
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256d, __m256i, _CMP_GE_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _mm256_add_epi64, _mm256_add_pd, _mm256_and_pd,
        _mm256_castpd_ps, _mm256_castpd_si256, _mm256_castps_pd, _mm256_castsi256_pd, _mm256_cmp_pd,
        _mm256_movemask_pd, _mm256_mul_pd, _mm256_permutevar8x32_ps, _mm256_set1_pd, _mm256_setr_epi32,
        _mm256_setr_pd, _mm256_setzero_pd, _mm256_setzero_si256, _mm256_sub_epi64, _mm256_sub_pd,
    };

    use skyphot_core::Pixel;

    use super::{BLOCK, LANES, Sums, block_gather, block_sums, fold};

    #[inline]
    #[target_feature(enable = "avx2")]
    fn four<T: Pixel>(c: &[T]) -> __m256d {
        _mm256_setr_pd(c[0].to_f64(), c[1].to_f64(), c[2].to_f64(), c[3].to_f64())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn lanes(v: __m256d) -> [f64; 4] {
        // SAFETY: both are 32 bytes of plain numbers.
        #[allow(unsafe_code)]
        unsafe {
            std::mem::transmute::<__m256d, [f64; 4]>(v)
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn count(v: __m256i) -> usize {
        lanes(_mm256_castsi256_pd(v)).iter().map(|l| l.to_bits() as usize).sum()
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn sums<T: Pixel>(values: &[T], lower: f64, upper: f64, pivot: f64) -> Sums {
        let (lo, hi, mid) = (_mm256_set1_pd(lower), _mm256_set1_pd(upper), _mm256_set1_pd(pivot));
        let mut total = Sums::default();
        for block in values.chunks(BLOCK) {
            let (head, tail) = block.as_chunks::<LANES>();
            let (mut below, mut n) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            let (mut a1, mut a2) = (_mm256_setzero_pd(), _mm256_setzero_pd());
            let (mut b1, mut b2) = (_mm256_setzero_pd(), _mm256_setzero_pd());
            for c in head {
                let (a, b) = (four(&c[..4]), four(&c[4..]));
                let ka =
                    _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(a, lo), _mm256_cmp_pd::<_CMP_LE_OQ>(a, hi));
                let kb =
                    _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(b, lo), _mm256_cmp_pd::<_CMP_LE_OQ>(b, hi));
                let (la, lb) = (_mm256_cmp_pd::<_CMP_LT_OQ>(a, lo), _mm256_cmp_pd::<_CMP_LT_OQ>(b, lo));
                // A true comparison is -1 as an integer.
                let two_n = _mm256_add_epi64(_mm256_castpd_si256(ka), _mm256_castpd_si256(kb));
                let two_l = _mm256_add_epi64(_mm256_castpd_si256(la), _mm256_castpd_si256(lb));
                n = _mm256_sub_epi64(n, two_n);
                below = _mm256_sub_epi64(below, two_l);
                let da = _mm256_and_pd(_mm256_sub_pd(a, mid), ka);
                let db = _mm256_and_pd(_mm256_sub_pd(b, mid), kb);
                a1 = _mm256_add_pd(a1, da);
                b1 = _mm256_add_pd(b1, db);
                a2 = _mm256_add_pd(a2, _mm256_mul_pd(da, da));
                b2 = _mm256_add_pd(b2, _mm256_mul_pd(db, db));
            }
            if tail.is_empty() {
                let join = |a: [f64; 4], b: [f64; 4]| [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]];
                total += Sums {
                    below: count(below),
                    n: count(n),
                    s1: fold(join(lanes(a1), lanes(b1))),
                    s2: fold(join(lanes(a2), lanes(b2))),
                };
            } else {
                // Only the last block of a run can have a tail.
                total += block_sums(block, lower, upper, pivot);
            }
        }
        total
    }

    /// For every set of four lanes, the 32-bit halves of those lanes moved to the front.
    const FRONT: [[i32; 8]; 16] = {
        let mut table = [[0; 8]; 16];
        let mut set = 0;
        while set < 16 {
            let (mut lane, mut k) = (0, 0);
            while lane < 4 {
                if set >> lane & 1 == 1 {
                    table[set][k] = 2 * lane;
                    table[set][k + 1] = 2 * lane + 1;
                    k += 2;
                }
                lane += 1;
            }
            set += 1;
        }
        table
    };

    #[target_feature(enable = "avx2")]
    pub(super) fn gather<T: Pixel>(
        block: &[T],
        lower: f64,
        upper: f64,
        buffer: &mut [f64; BLOCK + LANES],
    ) -> (usize, usize) {
        let (lo, hi) = (_mm256_set1_pd(lower), _mm256_set1_pd(upper));
        let mut below = _mm256_setzero_si256();
        let mut k = 0;
        let (head, tail) = block.as_chunks::<4>();
        for c in head {
            let v = four(c);
            let low = _mm256_cmp_pd::<_CMP_LT_OQ>(v, lo);
            below = _mm256_sub_epi64(below, _mm256_castpd_si256(low));
            let keep = _mm256_and_pd(_mm256_cmp_pd::<_CMP_GE_OQ>(v, lo), _mm256_cmp_pd::<_CMP_LE_OQ>(v, hi));
            let set = _mm256_movemask_pd(keep) as usize;
            if set != 0 {
                let [a, b, c, d, e, f, g, h] = FRONT[set];
                let order = _mm256_setr_epi32(a, b, c, d, e, f, g, h);
                let front = _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(v), order));
                buffer[k..k + 4].copy_from_slice(&lanes(front));
                k += set.count_ones() as usize;
            }
        }
        let (k, low) = block_gather(tail, lower, upper, buffer, k);
        (k, count(below) + low)
    }
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
        let mut plain = Sums::default();
        v.chunks(BLOCK).for_each(|b| plain += block_sums(b, -1.0, 0.5, 0.1));
        assert_eq!(s, plain);
        let f: Vec<f32> = v.iter().map(|v| *v as f32).collect();
        let wide: Vec<f64> = f.iter().map(|v| f64::from(*v)).collect();
        assert_eq!(sums(&f, -1.0, 0.5, 0.1), sums(&wide, -1.0, 0.5, 0.1));
        let mut out = Vec::new();
        assert_eq!(gather(&v, -1.0, 0.5, &mut out), s.below);
        assert_eq!(out, inside);
        let mut buffer = [0.0; BLOCK + LANES];
        let (k, below) = block_gather(&v[..500], -1.0, 0.5, &mut buffer, 0);
        out.clear();
        assert_eq!(gather(&v[..500], -1.0, 0.5, &mut out), below);
        assert_eq!(out, buffer[..k]);
        // A whole block within the window.
        out.clear();
        assert_eq!(gather(&v[10..1034], -9.0, 9.0, &mut out), 0);
        assert_eq!(out, v[10..1034]);
    }
}
