//! Bicubic interpolating splines on a regular grid with not-a-knot ends.
//!
//! The spline is the one of FITPACK's interpolation (Dierckx 1993) of degree 3: no break at the second and the last but
//! one sample. On a regular grid it is a sum of uniform B-splines, so four weights per axis make a value.

/// Coefficients along one axis: `n` samples give `n + 3` coefficients, of which number `k .. k + 4` belong to the interval
/// `k .. k + 1` (the last is padding for the end of the last interval). With fewer than 4 samples, all are 0.
pub fn coefficients(f: &[f64], out: &mut Vec<f64>, scratch: &mut Vec<f64>) {
    let n = f.len();
    out.clear();
    out.resize(n + 3, 0.0);
    if n < 4 {
        return;
    }
    // c[i + 1] belongs to sample i: c[i] + 4 c[i + 1] + c[i + 2] = 6 f[i].
    let c = out;
    c[2] = (8.0 * f[1] - f[0] - f[2]) / 6.0;
    c[n - 1] = (8.0 * f[n - 2] - f[n - 1] - f[n - 3]) / 6.0;
    // Tridiagonal system for samples 2 .. n - 3.
    scratch.clear();
    let mut last = 0.0;
    for i in 2..n.saturating_sub(2) {
        let mut rhs = 6.0 * f[i];
        if i == 2 {
            rhs -= c[2];
        }
        if i == n - 3 {
            rhs -= c[n - 1];
        }
        let pivot: f64 = 4.0 - if i == 2 { 0.0 } else { last };
        c[i + 1] = (rhs - if i == 2 { 0.0 } else { c[i] }) / pivot;
        last = 1.0 / pivot;
        scratch.push(last);
    }
    for i in (2..n.saturating_sub(3)).rev() {
        c[i + 1] -= scratch[i - 2] * c[i + 2];
    }
    c[1] = 6.0 * f[1] - 4.0 * c[2] - c[3];
    c[0] = 6.0 * f[0] - 4.0 * c[1] - c[2];
    c[n] = 6.0 * f[n - 2] - 4.0 * c[n - 1] - c[n - 2];
    c[n + 1] = 6.0 * f[n - 1] - 4.0 * c[n] - c[n - 1];
}

/// Coefficients of a plane of `ny` rows of `nx` samples: `(ny + 3) x (nx + 3)`, row by row. The value at `(x, y)` is the sum
/// over the 4 x 4 coefficients from `(floor x, floor y)` on, with the [`weights`] of the fractions of both axes. With fewer
/// than 4 samples along an axis, or not `ny * nx` samples, all are 0.
///
/// ```
/// use skyphot_fit::spline::{plane, weights};
/// let data: Vec<f64> = (0..30).map(|i| ((i % 6) * (i / 6)) as f64).collect();
/// let c = plane(&data, 5, 6);
/// let (wx, wy) = (weights(0.5), weights(0.25));
/// let value: f64 = (0..4).map(|j| wy[j] * (0..4).map(|i| wx[i] * c[(3 + j) * 9 + 2 + i]).sum::<f64>()).sum();
/// assert!((value - 2.5 * 3.25).abs() < 1e-12);
/// ```
#[must_use]
pub fn plane(data: &[f64], ny: usize, nx: usize) -> Vec<f64> {
    let width = nx + 3;
    let mut all = vec![0.0; (ny + 3) * width];
    if ny < 4 || nx < 4 || data.len() != ny * nx {
        return all;
    }
    // Row j of the samples goes to row j + 1, where the second pass expects it. Several rows are turned into columns, so
    // that their recurrences run side by side.
    let mut strip = vec![0.0; width * LANES];
    for (rows, out) in data.chunks(nx * LANES).zip(all[width..].chunks_mut(width * LANES)) {
        for (r, row) in rows.chunks_exact(nx).enumerate() {
            for (s, v) in strip[LANES..].chunks_exact_mut(LANES).zip(row) {
                s[r] = *v;
            }
        }
        columns(&mut strip, nx, LANES);
        for (r, row) in out.chunks_exact_mut(width).enumerate().take(rows.len() / nx) {
            for (v, s) in row.iter_mut().zip(strip.chunks_exact(LANES)) {
                *v = s[r];
            }
        }
    }
    columns(&mut all, ny, width);
    all
}

/// Rows at a time.
const LANES: usize = 8;

/// What [`coefficients`] does to one column, for all columns at once: samples in rows `1 ..= ny`, coefficients in rows
/// `0 .. ny + 2`, the last row padding.
fn columns(all: &mut [f64], ny: usize, width: usize) {
    let n = ny;
    // Samples that the ends need after they have been overwritten.
    let sample = |all: &[f64], i: usize| all[(i + 1) * width..(i + 2) * width].to_vec();
    let first = [sample(all, 0), sample(all, 1), sample(all, 2)];
    let last = [sample(all, n - 1), sample(all, n - 2), sample(all, n - 3)];
    let end = |f: &[Vec<f64>; 3], i: usize| (8.0 * f[1][i] - f[0][i] - f[2][i]) / 6.0;
    for i in 0..width {
        all[2 * width + i] = end(&first, i);
        all[(n - 1) * width + i] = end(&last, i);
    }
    // Tridiagonal system of samples 2 .. n - 3 (rows 3 .. n - 2), known at both ends.
    let mut inverse = vec![0.0; n + 1];
    for j in 2..n.saturating_sub(2) {
        let pivot = 4.0 - if j == 2 { 0.0 } else { inverse[j - 1] };
        inverse[j] = 1.0 / pivot;
        let (before, here) = all.split_at_mut((j + 1) * width);
        let above = &before[j * width..];
        let (here, after) = here.split_at_mut(width);
        for i in 0..width {
            let mut rhs = 6.0 * here[i] - above[i];
            if j == n - 3 {
                rhs -= after[i];
            }
            here[i] = rhs * inverse[j];
        }
    }
    for j in (2..n.saturating_sub(3)).rev() {
        let (here, after) = all.split_at_mut((j + 2) * width);
        let here = &mut here[(j + 1) * width..];
        for (h, a) in here.iter_mut().zip(&after[..width]) {
            *h -= inverse[j] * a;
        }
    }
    for i in 0..width {
        let at = |k: usize| k * width + i;
        all[at(1)] = 6.0 * first[1][i] - 4.0 * all[at(2)] - all[at(3)];
        all[at(0)] = 6.0 * first[0][i] - 4.0 * all[at(1)] - all[at(2)];
        all[at(n)] = 6.0 * last[1][i] - 4.0 * all[at(n - 1)] - all[at(n - 2)];
        all[at(n + 1)] = 6.0 * last[0][i] - 4.0 * all[at(n)] - all[at(n - 1)];
        all[at(n + 2)] = 0.0;
    }
}

/// Weights of the four coefficients of an interval at `t` in 0 .. 1.
#[inline]
#[must_use]
pub fn weights(t: f64) -> [f64; 4] {
    let s = 1.0 - t;
    let (t2, s2) = (t * t, s * s);
    [s2 * s / 6.0, (4.0 - 6.0 * t2 + 3.0 * t2 * t) / 6.0, (4.0 - 6.0 * s2 + 3.0 * s2 * s) / 6.0, t2 * t / 6.0]
}

/// First derivatives of [`weights`] by `t`.
#[inline]
#[must_use]
pub fn slopes(t: f64) -> [f64; 4] {
    let s = 1.0 - t;
    [-0.5 * s * s, t * (1.5 * t - 2.0), s * (2.0 - 1.5 * s), 0.5 * t * t]
}

/// Second derivatives of [`weights`] by `t`.
#[inline]
#[must_use]
pub fn bends(t: f64) -> [f64; 4] {
    let s = 1.0 - t;
    [s, 3.0 * t - 2.0, 3.0 * s - 2.0, t]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(c: &[f64], n: usize, u: f64) -> f64 {
        let k = (u.floor() as usize).min(n - 2);
        weights(u - k as f64).iter().zip(&c[k..]).map(|(w, c)| w * c).sum()
    }

    #[test]
    fn samples_and_cubics_are_kept() {
        let (mut c, mut scratch) = (Vec::new(), Vec::new());
        for n in [4, 5, 6, 7, 20] {
            let cubic = |x: f64| 1.0 + x * (0.5 + x * (-0.2 + 0.03 * x));
            let f: Vec<f64> = (0..n).map(|i| cubic(i as f64)).collect();
            coefficients(&f, &mut c, &mut scratch);
            for k in 0..=10 * (n - 1) {
                let u = k as f64 / 10.0;
                assert!((value(&c, n, u) - cubic(u)).abs() < 1e-10, "{n} {u}");
            }
            let f: Vec<f64> = (0..n).map(|i| ((i * i * 7) as f64).sin()).collect();
            coefficients(&f, &mut c, &mut scratch);
            for (i, v) in f.iter().enumerate() {
                assert!((value(&c, n, i as f64) - v).abs() < 1e-12, "{n} {i}");
            }
        }
    }

    #[test]
    fn all_columns_at_once_equal_one_after_the_other() {
        for (ny, nx) in [(4, 4), (5, 7), (6, 5), (7, 4), (20, 9)] {
            let data: Vec<f64> = (0..ny * nx).map(|i| ((i * i * 7) as f64).sin()).collect();
            let fast = plane(&data, ny, nx);
            let width = nx + 3;
            let (mut c, mut scratch) = (Vec::new(), Vec::new());
            let mut rows = Vec::new();
            for row in data.chunks_exact(nx) {
                coefficients(row, &mut c, &mut scratch);
                rows.extend_from_slice(&c);
            }
            for i in 0..width {
                let column: Vec<f64> = (0..ny).map(|j| rows[j * width + i]).collect();
                coefficients(&column, &mut c, &mut scratch);
                for (j, v) in c.iter().enumerate() {
                    assert!((fast[j * width + i] - v).abs() < 1e-12, "{ny} {nx} {j} {i}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_the_derivatives_of_weights() {
        for t in [0.0, 0.2, 0.77, 1.0] {
            let (a, b) = (weights(t + 1e-6), weights(t - 1e-6));
            for k in 0..4 {
                assert!(((a[k] - b[k]) / 2e-6 - slopes(t)[k]).abs() < 1e-8);
                let bend = (slopes(t + 1e-6)[k] - slopes(t - 1e-6)[k]) / 2e-6;
                assert!((bend - bends(t)[k]).abs() < 1e-8);
            }
        }
    }
}
