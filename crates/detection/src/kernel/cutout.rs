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
    if let Some(values) = data.to_slice() {
        let nx = data.ncols();
        cutout_rows(|r| &values[r * nx..(r + 1) * nx], data.dim(), (y, x), (ky, kx), out);
        return;
    }
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

/// The same from contiguous rows of an image of shape `(ny, nx)`.
pub(crate) fn cutout_rows<'a, T: Pixel>(
    row: impl Fn(usize) -> &'a [T],
    (ny, nx): (usize, usize),
    (y, x): (usize, usize),
    (ky, kx): (usize, usize),
    out: &mut Vec<f64>,
) {
    out.clear();
    // Columns of the window that lie on the image.
    let (left, from) = ((kx / 2).saturating_sub(x), x.saturating_sub(kx / 2));
    let to = (x + kx - kx / 2).min(nx);
    let right = kx - left - (to - from);
    for j in 0..ky {
        match (y + j).checked_sub(ky / 2).filter(|r| *r < ny) {
            None => out.resize(out.len() + kx, 0.0),
            Some(r) => {
                out.resize(out.len() + left, 0.0);
                out.extend(row(r)[from..to].iter().map(|v| v.to_f64()));
                out.resize(out.len() + right, 0.0);
            }
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
        let turned = d.t();
        for at in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for size in [(1, 1), (2, 3), (5, 4), (7, 7)] {
                let mut strided = Vec::new();
                cutout(turned, at, size, &mut strided);
                cutout(turned.as_standard_layout().view(), at, size, &mut out);
                assert_eq!(out, strided);
            }
        }
    }
}
