//! The inner loop of spline zooming: one row of coefficients to one row of pixels.

use skyphot_core::Pixel;

/// Pixels `from..to` of every cell, whose taps start `offset` coefficients after the cell, with their weights
/// `weights[tap * (to - from) + pixel]`.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) offset: usize,
    pub(crate) weights: Vec<f64>,
}

/// `out[x] = sum of taps` clamped to `limits`, for all pixels of the row that `out` has room for.
pub(crate) fn expand_row<T: Pixel>(
    taps: usize,
    coef: &[f64],
    factor: usize,
    runs: &[Run],
    limits: (f64, f64),
    out: &mut [T],
) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2. The body is the same plain code, without fused operations: same bits.
        #[allow(unsafe_code)]
        unsafe {
            expand_avx2(taps, coef, factor, runs, limits, out);
        }
        return;
    }
    expand_any(taps, coef, factor, runs, limits, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn expand_avx2<T: Pixel>(
    taps: usize,
    coef: &[f64],
    factor: usize,
    runs: &[Run],
    limits: (f64, f64),
    out: &mut [T],
) {
    expand_any(taps, coef, factor, runs, limits, out);
}

#[inline(always)]
fn expand_any<T: Pixel>(
    taps: usize,
    coef: &[f64],
    factor: usize,
    runs: &[Run],
    limits: (f64, f64),
    out: &mut [T],
) {
    match taps {
        1 => expand::<T, 1>(coef, factor, runs, limits, out),
        2 => expand::<T, 2>(coef, factor, runs, limits, out),
        3 => expand::<T, 3>(coef, factor, runs, limits, out),
        4 => expand::<T, 4>(coef, factor, runs, limits, out),
        5 => expand::<T, 5>(coef, factor, runs, limits, out),
        _ => expand::<T, 6>(coef, factor, runs, limits, out),
    }
}

#[inline(always)]
fn expand<T: Pixel, const N: usize>(
    coef: &[f64],
    factor: usize,
    runs: &[Run],
    (low, high): (f64, f64),
    out: &mut [T],
) {
    for (cell, pixels) in out.chunks_mut(factor).enumerate() {
        for run in runs {
            let to = run.to.min(pixels.len());
            if run.from >= to {
                continue;
            }
            let len = run.to - run.from;
            let pixels = &mut pixels[run.from..to];
            let m = pixels.len();
            let first = cell + run.offset;
            let c: [f64; N] = std::array::from_fn(|k| coef[first + k]);
            let w: [&[f64]; N] = std::array::from_fn(|k| &run.weights[k * len..k * len + m]);
            for (i, p) in pixels.iter_mut().enumerate() {
                let mut s = c[0] * w[0][i];
                for k in 1..N {
                    s += c[k] * w[k][i];
                }
                let s = if s < low { low } else { s };
                *p = T::from_f64(if s > high { high } else { s });
            }
        }
    }
}
