//! Smoothing and filtering of an ePSF.

use ndarray::{Array2, ArrayView2};

use super::profile::{measure_fwhm, odd_size};

/// Kernel of a least-squares polynomial of a degree in two dimensions, fitted to `size x size` samples and taken at their
/// centre (Anderson & King 2000, eq. 8, for 5 samples and degree 4).
pub(crate) fn polynomial_kernel(size: usize, degree: usize) -> Array2<f64> {
    let half = (size / 2) as f64;
    let scaled = |i: usize| (i as f64 - half) / half;
    let powers: Vec<(i32, i32)> =
        (0..=degree as i32).flat_map(|i| (0..=degree as i32 - i).map(move |j| (i, j))).collect();
    let n = powers.len();
    let row = |y: usize, x: usize| -> Vec<f64> {
        powers.iter().map(|(i, j)| scaled(x).powi(*i) * scaled(y).powi(*j)).collect()
    };
    let mut m = vec![vec![0.0; n + 1]; n];
    for y in 0..size {
        for x in 0..size {
            let r = row(y, x);
            for a in 0..n {
                for b in 0..n {
                    m[a][b] += r[a] * r[b];
                }
            }
        }
    }
    // The row of the centre is 1 for the constant and 0 for all else.
    m[0][n] = 1.0;
    let c = eliminate(m);
    Array2::from_shape_fn((size, size), |(y, x)| row(y, x).iter().zip(&c).map(|(r, c)| r * c).sum())
}

/// Gauss elimination with pivots of an augmented matrix that is not singular.
fn eliminate(mut m: Vec<Vec<f64>>) -> Vec<f64> {
    let n = m.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|a, b| m[*a][k].abs().total_cmp(&m[*b][k].abs())).unwrap_or(k);
        m.swap(k, pivot);
        let top = m[k].clone();
        for row in m.iter_mut().skip(k + 1) {
            let f = row[k] / top[k];
            for (v, t) in row.iter_mut().zip(&top).skip(k) {
                *v -= f * t;
            }
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| m[k][j] * x[j]).sum();
        x[k] = (m[k][n] - known) / m[k][k];
    }
    x
}

/// Convolution with the data mirrored at their edges (the edge sample twice).
pub(crate) fn convolve_reflect(data: ArrayView2<'_, f64>, kernel: &Array2<f64>) -> Array2<f64> {
    let mirror = |i: i64, n: usize| {
        let n = n as i64;
        let m = i.rem_euclid(2 * n);
        (if m < n { m } else { 2 * n - 1 - m }) as usize
    };
    convolve(data, kernel, mirror)
}

/// Convolution with the edge samples continued.
fn convolve_nearest(data: ArrayView2<'_, f64>, kernel: &Array2<f64>) -> Array2<f64> {
    convolve(data, kernel, |i, n| i.clamp(0, n as i64 - 1) as usize)
}

fn convolve(
    data: ArrayView2<'_, f64>,
    kernel: &Array2<f64>,
    place: impl Fn(i64, usize) -> usize,
) -> Array2<f64> {
    let ((ny, nx), (my, mx)) = (data.dim(), kernel.dim());
    // out[i] = sum_k w[k] in[i + m / 2 - k]
    let (before, after) = (mx as i64 - 1 - (mx / 2) as i64, (mx / 2) as i64);
    let wide = nx + mx - 1;
    let mut padded = vec![0.0; ny * wide];
    for (y, row) in padded.chunks_exact_mut(wide.max(1)).enumerate() {
        for (i, v) in row.iter_mut().enumerate() {
            *v = data[[y, place(i as i64 - before, nx)]];
        }
    }
    let _ = after;
    let mut out = Array2::zeros((ny, nx));
    for (y, mut line) in out.rows_mut().into_iter().enumerate() {
        let Some(line) = line.as_slice_mut() else { continue };
        for k in 0..my {
            let from = place(y as i64 + (my / 2) as i64 - k as i64, ny);
            let row = &padded[from * wide..(from + 1) * wide];
            for j in 0..mx {
                let w = kernel[[k, j]];
                for (o, v) in line.iter_mut().zip(&row[mx - 1 - j..]) {
                    *o += w * v;
                }
            }
        }
    }
    out
}

/// A low-pass filter along one axis of `n` samples as a circular convolution: gain 1 up to `pass` cycles per pixel, a
/// raised cosine, 0 from `stop` on.
#[derive(Debug, Clone)]
pub(crate) struct LowPass {
    response: Vec<f64>,
}

impl LowPass {
    pub(crate) fn new(n: usize, oversampling: usize, pass: f64, stop: f64) -> Self {
        use std::f64::consts::PI;
        let gain = |k: usize| {
            let nu = k.min(n - k) as f64 / n as f64 * oversampling as f64;
            0.5 * (1.0 + (PI * ((nu - pass) / (stop - pass)).clamp(0.0, 1.0)).cos())
        };
        let gains: Vec<f64> = (0..n).map(gain).collect();
        let cosines: Vec<f64> = (0..n).map(|k| (2.0 * PI * k as f64 / n as f64).cos()).collect();
        let response =
            (0..n).map(|i| (0..n).map(|k| gains[k] * cosines[i * k % n]).sum::<f64>() / n as f64).collect();
        Self { response }
    }

    /// Filters along the columns (from row to row) of `ny` rows of `nx` samples.
    fn down(&self, data: &[f64], nx: usize) -> Vec<f64> {
        let n = self.response.len();
        let mut out = vec![0.0; data.len()];
        for (i, line) in out.chunks_exact_mut(nx).enumerate() {
            for (k, row) in data.chunks_exact(nx).enumerate() {
                let w = self.response[(i + n - k) % n];
                for (o, v) in line.iter_mut().zip(row) {
                    *o += w * v;
                }
            }
        }
        out
    }
}

fn transpose(data: &[f64], nx: usize) -> Vec<f64> {
    let ny = data.len() / nx;
    let mut out = vec![0.0; data.len()];
    for (y, row) in data.chunks_exact(nx).enumerate() {
        for (x, v) in row.iter().enumerate() {
            out[x * ny + y] = *v;
        }
    }
    out
}

/// Applies the filters of both axes.
pub(crate) fn low_pass(
    data: Array2<f64>,
    along_y: Option<&LowPass>,
    along_x: Option<&LowPass>,
) -> Array2<f64> {
    if along_y.is_none() && along_x.is_none() {
        return data;
    }
    let (ny, nx) = data.dim();
    let mut v: Vec<f64> = data.iter().copied().collect();
    if let Some(f) = along_y {
        v = f.down(&v, nx);
    }
    if let Some(f) = along_x {
        v = transpose(&f.down(&transpose(&v, nx), ny), ny);
    }
    Array2::from_shape_vec((ny, nx), v).unwrap_or(data)
}

/// Where the smoothing of the wings begins, in FWHM, and where that by the larger box does.
const WING_START: [f64; 2] = [3.5, 5.0];
/// Width of the two boxes, in FWHM.
const WING_BOX: [f64; 2] = [1.25, 1.75];
const WING_MIN_BOX: usize = 5;

/// The ePSF with its wings replaced by local quadratics: beyond 3.5 FWHM in boxes 1.25 FWHM wide, beyond 5 FWHM 1.75
/// (after Anderson 2016). `None` if there is nothing to smooth.
pub(crate) fn smooth_wings(data: ArrayView2<'_, f64>, oversampling: (usize, usize)) -> Option<Array2<f64>> {
    let (ny, nx) = data.dim();
    let (oy, ox) = (oversampling.0 as f64, oversampling.1 as f64);
    if data.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let (fy, fx) = measure_fwhm(data)?;
    let fwhm = (fy / oy).min(fx / ox);
    let weight = |start: f64| {
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            let dy = (y as f64 - (ny as f64 - 1.0) / 2.0) / oy;
            let dx = (x as f64 - (nx as f64 - 1.0) / 2.0) / ox;
            (dx.hypot(dy) / fwhm - start).clamp(0.0, 1.0)
        })
    };
    let small = weight(WING_START[0]);
    if small.iter().all(|w| *w == 0.0) {
        return None;
    }
    let fit = |width: f64| {
        let size = odd_size(width * fwhm * oy.min(ox)).max(WING_MIN_BOX);
        convolve_nearest(data, &polynomial_kernel(size, 2))
    };
    let mut wings = fit(WING_BOX[0]);
    let large = weight(WING_START[1]);
    if large.iter().any(|w| *w > 0.0) {
        let wide = fit(WING_BOX[1]);
        for ((v, f), w) in wings.iter_mut().zip(&wide).zip(&large) {
            *v = (1.0 - w) * *v + w * f;
        }
    }
    for ((v, d), w) in wings.iter_mut().zip(data).zip(&small) {
        *v = (1.0 - w) * d + w * *v;
    }
    Some(wings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_keep_their_polynomials() {
        // Anderson & King 2000, eq. 8, first row
        let k = polynomial_kernel(5, 4);
        for (v, e) in k.row(0).iter().zip([0.041632, -0.080816, 0.078368, -0.080816, 0.041632]) {
            assert!((v - e).abs() < 1e-6, "{v} {e}");
        }
        assert!((k.sum() - 1.0).abs() < 1e-13);
        let cubic = Array2::from_shape_fn((30, 30), |(y, x)| {
            let (y, x) = (y as f64 / 10.0, x as f64 / 10.0);
            1.0 + x - 2.0 * y * y + 0.3 * x * y * y
        });
        let out = convolve_reflect(cubic.view(), &polynomial_kernel(9, 4));
        assert!((out[[12, 15]] - cubic[[12, 15]]).abs() < 1e-12);
    }

    #[test]
    fn mirrored_convolution() {
        let data = Array2::from_shape_fn((1, 4), |(_, x)| [1.0, 2.0, 4.0, 8.0][x]);
        let kernel = Array2::from_shape_fn((1, 3), |(_, x)| [1.0, 10.0, 100.0][x]);
        // out[i] = 1 in[i + 1] + 10 in[i] + 100 in[i - 1]
        let out = convolve_reflect(data.view(), &kernel);
        assert_eq!(out.row(0).to_vec(), [112.0, 124.0, 248.0, 488.0]);
    }

    #[test]
    fn waves_pass_or_do_not() {
        let (n, os) = (64, 4);
        let wave = |cycles: f64| {
            Array2::from_shape_fn((3, n), |(_, x)| {
                (2.0 * std::f64::consts::PI * cycles * x as f64 / n as f64).cos()
            })
        };
        let f = LowPass::new(n, os, 0.8, 1.0);
        let kept = low_pass(wave(8.0), None, Some(&f));
        assert!(kept.iter().zip(&wave(8.0)).all(|(a, b)| (a - b).abs() < 1e-13));
        let gone = low_pass(wave(16.0), None, Some(&f));
        assert!(gone.iter().all(|v| v.abs() < 1e-13));
    }
}
