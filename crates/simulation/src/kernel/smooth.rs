//! Gaussian blurring.

use ndarray::{Array2, Axis};

/// Convolves with a Gaussian of standard deviation `sigma` pixels; the outside is 0.
pub(crate) fn smooth(image: &Array2<f64>, sigma: f64) -> Array2<f64> {
    let reach = (5.0 * sigma).ceil() as usize;
    let raw: Vec<f64> = (0..=reach).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let total = raw[0] + 2.0 * raw[1..].iter().sum::<f64>();
    let kernel: Vec<f64> = raw.into_iter().map(|v| v / total).collect();
    let mut across = Array2::zeros(image.dim());
    for (y, row) in image.axis_iter(Axis(0)).enumerate() {
        for (x, &v) in row.iter().enumerate().filter(|(_, v)| **v != 0.0) {
            across[[y, x]] += kernel[0] * v;
            for (i, k) in kernel.iter().enumerate().skip(1) {
                if x >= i {
                    across[[y, x - i]] += k * v;
                }
                if x + i < row.len() {
                    across[[y, x + i]] += k * v;
                }
            }
        }
    }
    let ny = image.nrows();
    let mut out = Array2::<f64>::zeros(image.dim());
    for y in 0..ny {
        let row = across.row(y);
        out.row_mut(y).scaled_add(kernel[0], &row);
        for (i, &k) in kernel.iter().enumerate().skip(1) {
            if y >= i {
                out.row_mut(y - i).scaled_add(k, &row);
            }
            if y + i < ny {
                out.row_mut(y + i).scaled_add(k, &row);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_a_gaussian_of_the_same_sum() {
        let mut d = Array2::zeros((41, 41));
        d[[20, 20]] = 2.0;
        let s = smooth(&d, 1.5);
        assert!((s.sum() - 2.0).abs() < 1e-12);
        let second: f64 =
            s.indexed_iter().map(|((_, x), v)| (x as f64 - 20.0).powi(2) * v).sum::<f64>() / s.sum();
        assert!((second.sqrt() - 1.5).abs() < 1e-3);
    }
}
