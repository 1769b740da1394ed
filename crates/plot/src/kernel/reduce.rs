//! Making an image smaller.

use ndarray::Array2;
use skyphot_core::{Image, Pixel};

use crate::Reduction;

/// Columns (or rows) of the picture that an image pixel falls on: first one, the weight there, the weight in the
/// next one.
fn shares(n_in: usize, n_out: usize) -> Vec<(usize, f64, f64)> {
    let scale = n_out as f64 / n_in as f64;
    (0..n_in)
        .map(|i| {
            let (a, b) = (i as f64 * scale, (i + 1) as f64 * scale);
            let first = (a.floor() as usize).min(n_out - 1);
            let edge = (first + 1) as f64;
            if b > edge && first + 1 < n_out { (first, edge - a, b - edge) } else { (first, b - a, 0.0) }
        })
        .collect()
}

/// The image as `(ny, nx)` values, each the area-weighted mean or the largest of the good pixels below it; NaN where
/// there is none. The new shape must not be larger than the image.
pub(crate) fn reduce<T: Pixel>(
    image: &Image<'_, T>,
    (ny, nx): (usize, usize),
    how: Reduction,
) -> Array2<f64> {
    let (in_ny, in_nx) = image.shape();
    let (rows, cols) = (shares(in_ny, ny), shares(in_nx, nx));
    let (data, mask) = (image.data(), image.mask());
    let start = if how == Reduction::Max { f64::NEG_INFINITY } else { 0.0 };
    let mut sum = Array2::from_elem((ny, nx), start);
    let mut weight = Array2::<f64>::zeros((ny, nx));
    for (y, &(row, w0, w1)) in rows.iter().enumerate() {
        for (target, wy) in [(row, w0), (row + 1, w1)] {
            if wy <= 0.0 {
                continue;
            }
            let mut s = sum.row_mut(target);
            let mut w = weight.row_mut(target);
            for (x, &(col, c0, c1)) in cols.iter().enumerate() {
                let v = data[[y, x]].to_f64();
                if !v.is_finite() || mask.is_some_and(|m| m[[y, x]]) {
                    continue;
                }
                match how {
                    Reduction::Mean => {
                        s[col] += v * (c0 * wy);
                        w[col] += c0 * wy;
                        if c1 > 0.0 {
                            s[col + 1] += v * (c1 * wy);
                            w[col + 1] += c1 * wy;
                        }
                    }
                    Reduction::Max => {
                        s[col] = s[col].max(v);
                        w[col] = 1.0;
                        if c1 > 0.0 {
                            s[col + 1] = s[col + 1].max(v);
                            w[col + 1] = 1.0;
                        }
                    }
                }
            }
        }
    }
    sum.zip_mut_with(&weight, |s, &w| *s = if w > 0.0 { *s / w } else { f64::NAN });
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr2, array};

    #[test]
    fn whole_blocks() {
        let d = arr2(&[[1.0, 3.0, 5.0, f64::NAN], [1.0, 3.0, f64::NAN, f64::NAN]]);
        let im = Image::new(d.view()).unwrap();
        assert_eq!(reduce(&im, (1, 2), Reduction::Mean), array![[2.0, 5.0]]);
        assert_eq!(reduce(&im, (1, 2), Reduction::Max), array![[3.0, 5.0]]);
        let one = reduce(&im, (2, 4), Reduction::Mean);
        assert_eq!(one[[0, 2]], 5.0);
        assert!(one[[1, 3]].is_nan());
    }

    #[test]
    fn fractions_keep_the_mean() {
        let d = ndarray::Array2::from_shape_fn((7, 10), |(y, x)| (y * 31 + x * 17 % 11) as f64);
        let r = reduce(&Image::new(d.view()).unwrap(), (3, 4), Reduction::Mean);
        assert!((r.mean().unwrap() - d.mean().unwrap()).abs() < 1e-12);
    }
}
