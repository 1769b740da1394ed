//! Dilation of a mask by a disc.

use ndarray::{Array2, ArrayView2};

/// Pixels that are `true`, or closer than or exactly `radius` to one that is.
pub(crate) fn dilate(mask: ArrayView2<'_, bool>, radius: usize) -> Array2<bool> {
    let (ny, nx) = mask.dim();
    let mut out = Array2::from_elem((ny, nx), false);
    let mut before = vec![0_u32; nx + 1];
    for (y, row) in mask.outer_iter().enumerate() {
        for (x, m) in row.iter().enumerate() {
            before[x + 1] = before[x] + u32::from(*m);
        }
        if before[nx] == 0 {
            continue;
        }
        for to in y.saturating_sub(radius)..=(y.saturating_add(radius)).min(ny - 1) {
            let dy = to.abs_diff(y);
            let width = (radius * radius - dy * dy).isqrt();
            for (x, m) in out.row_mut(to).iter_mut().enumerate() {
                let (low, high) = (x.saturating_sub(width), x.saturating_add(width + 1).min(nx));
                *m |= before[high] > before[low];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_the_definition() {
        let mask = Array2::from_shape_fn((23, 31), |(y, x)| (x * 7 + y * 13) % 97 == 5);
        for radius in [0, 1, 2, 3, 5, 40] {
            let near = |y: usize, x: usize| {
                mask.indexed_iter()
                    .any(|((j, i), m)| *m && y.abs_diff(j).pow(2) + x.abs_diff(i).pow(2) <= radius * radius)
            };
            assert_eq!(dilate(mask.view(), radius), Array2::from_shape_fn(mask.dim(), |(y, x)| near(y, x)));
        }
    }
}
