//! A cutout as a smooth surface.

use skyphot_fit::spline::{bends, plane, slopes, weights};

use super::Stamp;

/// A bicubic spline through all pixels; beyond the outermost pixels it keeps its value.
#[derive(Debug)]
pub(crate) struct Surface {
    coefficients: Vec<f64>,
    ny: usize,
    nx: usize,
}

impl Surface {
    /// `data` has `ny` rows of `nx` values, at least 4 each.
    pub(crate) fn new(data: &[f64], ny: usize, nx: usize) -> Self {
        Self { coefficients: plane(data, ny, nx), ny, nx }
    }

    fn split(v: f64, n: usize) -> (usize, f64) {
        let v = v.clamp(0.0, (n - 1) as f64);
        let k = (v as usize).min(n - 2);
        (k, v - k as f64)
    }

    /// Rows of four coefficients of the piece of a place, and the fractions there.
    #[inline]
    fn piece(&self, x: f64, y: f64) -> ([&[f64]; 4], f64, f64) {
        let ((i, u), (j, v)) = (Self::split(x, self.nx), Self::split(y, self.ny));
        let width = self.nx + 3;
        let rows = std::array::from_fn(|k| &self.coefficients[(j + k) * width + i..][..4]);
        (rows, u, v)
    }

    #[inline]
    pub(crate) fn value(&self, x: f64, y: f64) -> f64 {
        let (rows, u, v) = self.piece(x, y);
        product(&rows, &weights(u), &weights(v))
    }

    /// Value, derivatives by x and y, second derivatives by xx, xy and yy.
    pub(crate) fn derivatives(&self, x: f64, y: f64) -> [f64; 6] {
        let (rows, u, v) = self.piece(x, y);
        let (wx, wy, sx, sy) = (weights(u), weights(v), slopes(u), slopes(v));
        [
            product(&rows, &wx, &wy),
            product(&rows, &sx, &wy),
            product(&rows, &wx, &sy),
            product(&rows, &bends(u), &wy),
            product(&rows, &sx, &sy),
            product(&rows, &wx, &bends(v)),
        ]
    }
}

#[inline]
fn product(rows: &[&[f64]; 4], wx: &[f64; 4], wy: &[f64; 4]) -> f64 {
    let mut sum = 0.0;
    for (row, w) in rows.iter().zip(wy) {
        sum += w * (wx[0] * row[0] + wx[1] * row[1] + wx[2] * row[2] + wx[3] * row[3]);
    }
    sum
}

/// Reach of the mean that stands in for bad pixels, in its sigmas of one pixel.
const REACH: usize = 4;

/// The pixels of a stamp without padding; those that are bad are the mean of the good ones around, weighted by a Gaussian
/// of one pixel.
pub(crate) fn filled(s: &Stamp) -> Vec<f64> {
    let mut data: Vec<f64> = (0..s.ny).flat_map(|y| s.data_row(y).iter().copied()).collect();
    if s.n_good == s.ny * s.nx {
        return data;
    }
    let good = s.good_pixels();
    let kernel: [f64; REACH + 1] = std::array::from_fn(|k| (-0.5 * (k * k) as f64).exp());
    for (i, g) in good.iter().enumerate() {
        if *g > 0.0 {
            continue;
        }
        let (y, x) = (i / s.nx, i % s.nx);
        let (mut total, mut weight) = (0.0, 0.0);
        for j in y.saturating_sub(REACH)..(y + REACH + 1).min(s.ny) {
            for (k, v) in s.data_row(j).iter().enumerate().take(x + REACH + 1).skip(x.saturating_sub(REACH)) {
                let w = good[j * s.nx + k] * kernel[j.abs_diff(y)] * kernel[k.abs_diff(x)];
                total += w * v;
                weight += w;
            }
        }
        data[i] = if weight > 0.0 { total / weight } else { 0.0 };
    }
    data
}
