//! The pixels around a source.

use ndarray::ArrayView2;
use skyphot_core::Pixel;

/// Copies a window of shape `(ky, kx)` whose element `(ky / 2, kx / 2)` lies on pixel `(y, x)`; 0 outside the image.
pub(crate) fn cutout<T: Pixel>(
    data: ArrayView2<'_, T>,
    (y, x): (usize, usize),
    (ky, kx): (usize, usize),
    out: &mut Vec<f64>,
) {
    let (ny, nx) = data.dim();
    out.clear();
    for j in 0..ky {
        let row = (y + j).checked_sub(ky / 2).filter(|r| *r < ny);
        for i in 0..kx {
            let column = (x + i).checked_sub(kx / 2).filter(|c| *c < nx);
            out.push(row.zip(column).map_or(0.0, |(r, c)| data[[r, c]].to_f64()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn zeros_outside() {
        let d = arr2(&[[1.0_f32, 2.0], [3.0, 4.0]]);
        let mut out = vec![9.0];
        cutout(d.view(), (0, 1), (3, 3), &mut out);
        assert_eq!(out, [0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0, 0.0]);
        cutout(d.view(), (1, 1), (2, 2), &mut out);
        assert_eq!(out, [1.0, 2.0, 3.0, 4.0]);
    }
}
