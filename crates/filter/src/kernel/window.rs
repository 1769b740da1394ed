//! Rows of an image with a margin, as `f64`.

use ndarray::ArrayView2;
use skyphot_core::Pixel;

use crate::Boundary;

/// A band of an image widened on all sides, row after row.
#[derive(Debug)]
pub(crate) struct Band {
    /// Values, `rows * width`.
    pub(crate) values: Vec<f64>,
    /// Length of a row.
    pub(crate) width: usize,
}

/// Rows `y0 - before.0 .. y1 + after.0` and all columns with `before.1` / `after.1` more, filled by the boundary rule.
pub(crate) fn band<T: Pixel>(
    data: ArrayView2<'_, T>,
    rows: (usize, usize),
    before: (usize, usize),
    after: (usize, usize),
    boundary: Boundary,
) -> Band {
    let mut values = Vec::new();
    let width = fill_band(&mut values, data, rows, before, after, boundary);
    Band { values, width }
}

/// As [`band`], into a buffer that is used again; returns the length of a row.
pub(crate) fn fill_band<T: Pixel>(
    values: &mut Vec<f64>,
    data: ArrayView2<'_, T>,
    (y0, y1): (usize, usize),
    before: (usize, usize),
    after: (usize, usize),
    boundary: Boundary,
) -> usize {
    let (ny, nx) = data.dim();
    let width = nx + before.1 + after.1;
    let rows = y1 - y0 + before.0 + after.0;
    values.resize(rows * width, 0.0);
    for (r, out) in values.chunks_exact_mut(width).enumerate() {
        let Some(y) = boundary.index((y0 + r) as i64 - before.0 as i64, ny) else {
            out.fill(boundary.fill());
            continue;
        };
        let row = data.row(y);
        let inner = &mut out[before.1..before.1 + nx];
        match row.as_slice() {
            Some(s) => inner.iter_mut().zip(s).for_each(|(o, v)| *o = v.to_f64()),
            None => inner.iter_mut().zip(row).for_each(|(o, v)| *o = v.to_f64()),
        }
        for x in (0..before.1).chain(before.1 + nx..width) {
            out[x] = match boundary.index(x as i64 - before.1 as i64, nx) {
                Some(i) => out[before.1 + i],
                None => boundary.fill(),
            };
        }
    }
    width
}

/// Rows per tile: about a quarter of a megabyte of them, but not less than twice the margin.
pub(crate) fn tile_rows(nx: usize, margin: usize) -> usize {
    (32_768 / nx.max(1)).max(margin).max(8)
}
