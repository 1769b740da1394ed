//! Which pixels of a row lie above the threshold, as bytes 0 and 1.

use skyphot_core::Pixel;

/// The largest value of the pixel type that is not above `t`: `v > t` exactly if `v > floor_to(t)`.
fn floor_to<T: Pixel>(t: f64) -> T {
    let near = T::from_f64(t);
    if T::BYTES == 4 && near.to_f64() > t {
        let down = f32::next_down(near.to_f64() as f32);
        return T::from_f64(f64::from(down));
    }
    near
}

/// `out = 1` where the pixel is finite and above `threshold`.
pub(crate) fn above_scalar<T: Pixel>(out: &mut [u8], row: &[T], threshold: f64) {
    let (t, inf) = (floor_to::<T>(threshold), T::from_f64(f64::INFINITY));
    for (o, v) in out.iter_mut().zip(row) {
        *o = u8::from(*v > t) & u8::from(*v < inf);
    }
}

/// `out = 1` where the pixel is finite and above its own threshold.
pub(crate) fn above_row<T: Pixel>(out: &mut [u8], row: &[T], thresholds: &[f64]) {
    for ((o, v), t) in out.iter_mut().zip(row).zip(thresholds) {
        let v = v.to_f64();
        *o = u8::from(v > *t) & u8::from(v < f64::INFINITY);
    }
}

/// Clears what is masked.
pub(crate) fn clear_masked(out: &mut [u8], mask: &[bool]) {
    for (o, m) in out.iter_mut().zip(mask) {
        *o &= u8::from(!*m);
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// Calls `f(x0, x1)` for every run of ones, from left to right.
pub(crate) fn for_each_run(row: &[u8], mut f: impl FnMut(u32, u32)) {
    let mut start = None;
    let words = row.chunks_exact(8);
    let tail = words.remainder();
    let body = row.len() - tail.len();
    let mut each = |x: usize, v: u8, start: &mut Option<u32>| match (v, *start) {
        (1, None) => *start = Some(x as u32),
        (0, Some(s)) => {
            f(s, x as u32);
            *start = None;
        }
        _ => {}
    };
    for (i, word) in words.enumerate() {
        let w = u64::from_le_bytes([word[0], word[1], word[2], word[3], word[4], word[5], word[6], word[7]]);
        if (w == 0 && start.is_none()) || (w == ONES && start.is_some()) {
            continue;
        }
        for (k, v) in word.iter().enumerate() {
            each(8 * i + k, *v, &mut start);
        }
    }
    for (k, v) in tail.iter().enumerate() {
        each(body + k, *v, &mut start);
    }
    each(row.len(), 0, &mut start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn runs_cover_the_ones(row in prop::collection::vec(0..2_u8, 0..60)) {
            let mut back = vec![0_u8; row.len()];
            let mut last = 0;
            for_each_run(&row, |a, b| {
                assert!(a < b && (last == 0 || a > last));
                last = b;
                back[a as usize..b as usize].fill(1);
            });
            prop_assert_eq!(back, row);
        }
    }

    #[test]
    fn a_single_threshold_is_compared_exactly() {
        let t = 0.1; // 0.1_f32 lies above it
        let row = [0.1_f32, 0.1_f32.next_down(), f32::NAN, f32::INFINITY, 1.0];
        let mut out = [9; 5];
        above_scalar(&mut out, &row, t);
        assert_eq!(out, [1, 0, 0, 0, 1]);
        let mut rows = [9; 5];
        above_row(&mut rows, &row, &[t; 5]);
        assert_eq!(out, rows);
    }
}
