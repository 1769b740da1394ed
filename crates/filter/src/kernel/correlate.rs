//! Weighted sums of shifted rows.

/// Pixels a block carries through all taps in registers.
const BLOCK: usize = 16;

/// `out[x] = sum over taps of weight * rows[offset + x]`, added up in the order of the taps.
#[allow(unsafe_code)]
pub(crate) fn weighted_row(out: &mut [f64], rows: &[f64], taps: &[(usize, f64)]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2; the body is the plain code below.
        unsafe { weighted_row_avx2(out, rows, taps) };
        return;
    }
    weighted_row_plain(out, rows, taps);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code)]
unsafe fn weighted_row_avx2(out: &mut [f64], rows: &[f64], taps: &[(usize, f64)]) {
    weighted_row_plain(out, rows, taps);
}

#[inline(always)]
fn weighted_row_plain(out: &mut [f64], rows: &[f64], taps: &[(usize, f64)]) {
    let blocked = out.len() - out.len() % BLOCK;
    let (body, tail) = out.split_at_mut(blocked);
    for (b, o) in body.chunks_exact_mut(BLOCK).enumerate() {
        let mut sum = [0.0; BLOCK];
        for &(offset, weight) in taps {
            let at = offset + b * BLOCK;
            let v = &rows[at..at + BLOCK];
            for i in 0..BLOCK {
                sum[i] += weight * v[i];
            }
        }
        o.copy_from_slice(&sum);
    }
    for (i, o) in tail.iter_mut().enumerate() {
        let mut sum = 0.0;
        for &(offset, weight) in taps {
            sum += weight * rows[offset + blocked + i];
        }
        *o = sum;
    }
}
