//! Weights of a circle on a grid of any cell size.

use ndarray::Array2;

use crate::kernel::{circle_area, samples_inside};
use crate::{GeometryError, OverlapMethod, Result};

/// The fraction of every cell of a grid that a circle about the origin covers, as an array `(ny, nx)`.
///
/// The grid spans `x.0 .. x.1` and `y.0 .. y.1` and has `nx` by `ny` cells; all lengths have one unit.
///
/// # Errors
/// [`GeometryError::InvalidSize`] for a radius that is not positive and finite or a span that is empty or not finite,
/// [`GeometryError::InvalidSubpixels`].
///
/// ```
/// use skyphot_geometry::{OverlapMethod, circular_overlap_grid};
/// let w = circular_overlap_grid((-1.5, 1.5), (-1.5, 1.5), 3, 3, 1.0, OverlapMethod::Exact)?;
/// assert!((w.sum() - std::f64::consts::PI).abs() < 1e-14);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
pub fn circular_overlap_grid(
    x: (f64, f64),
    y: (f64, f64),
    nx: usize,
    ny: usize,
    r: f64,
    method: OverlapMethod,
) -> Result<Array2<f64>> {
    if !(r > 0.0 && r.is_finite()) {
        return Err(GeometryError::InvalidSize { name: "r", expected: "positive and finite", found: r });
    }
    let (dx, dy) = cell_size(x, y, nx, ny, method)?;
    Ok(Array2::from_shape_fn((ny, nx), |(j, i)| {
        let (x0, y0) = (x.0 + i as f64 * dx, y.0 + j as f64 * dy);
        match method {
            OverlapMethod::Exact => (circle_area(x0, x0 + dx, y0, y0 + dy, r) / (dx * dy)).min(1.0),
            OverlapMethod::Center => samples_inside((x0, x0 + dx), (y0, y0 + dy), r, 1) as f64,
            OverlapMethod::Subpixel(n) => {
                samples_inside((x0, x0 + dx), (y0, y0 + dy), r, n) as f64 / (n * n) as f64
            }
        }
    }))
}

/// Width and height of the cells of a grid.
pub(crate) fn cell_size(
    x: (f64, f64),
    y: (f64, f64),
    nx: usize,
    ny: usize,
    method: OverlapMethod,
) -> Result<(f64, f64)> {
    method.validate()?;
    for (name, span) in [("the span of x", x), ("the span of y", y)] {
        let found = span.1 - span.0;
        if !(found > 0.0 && found.is_finite()) {
            return Err(GeometryError::InvalidSize { name, expected: "positive and finite", found });
        }
    }
    Ok(((x.1 - x.0) / nx as f64, (y.1 - y.0) / ny as f64))
}

/// Fractions of `n` by `n` samples of every cell that are `inside`. Samples and their coordinates are those of photutils,
/// rounding included.
pub(crate) fn sampled_grid(
    (x, y): (f64, f64),
    (dx, dy): (f64, f64),
    (ny, nx): (usize, usize),
    n: usize,
    inside: impl Fn(f64, f64) -> bool,
) -> Array2<f64> {
    Array2::from_shape_fn((ny, nx), |(j, i)| {
        let (x0, y0) = (x + i as f64 * dx, y + j as f64 * dy);
        let (step_x, step_y) = ((x0 + dx - x0) / n as f64, (y0 + dy - y0) / n as f64);
        let mut count = 0_usize;
        let mut sx = x0 - 0.5 * step_x;
        for _ in 0..n {
            sx += step_x;
            let mut sy = y0 - 0.5 * step_y;
            for _ in 0..n {
                sy += step_y;
                count += usize::from(inside(sx, sy));
            }
        }
        count as f64 / (n * n) as f64
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn cells_of_any_size_add_up_to_the_circle() {
        for (nx, ny, r) in [(1, 1, 0.7), (7, 3, 2.0), (50, 31, 1.3), (2, 2, 1e-3)] {
            let w =
                circular_overlap_grid((-2.5, 2.25), (-3.0, 2.0), nx, ny, r, OverlapMethod::Exact).unwrap();
            let cell = 4.75 / nx as f64 * (5.0 / ny as f64);
            assert!((w.sum() * cell / (PI * r * r) - 1.0).abs() < 1e-13, "{nx} {ny} {r}");
        }
    }

    #[test]
    fn senseless_grids_are_refused() {
        let exact = OverlapMethod::Exact;
        assert!(circular_overlap_grid((0.0, 0.0), (0.0, 1.0), 1, 1, 1.0, exact).is_err());
        assert!(circular_overlap_grid((0.0, 1.0), (0.0, 1.0), 1, 1, -1.0, exact).is_err());
        assert!(
            circular_overlap_grid((0.0, 1.0), (0.0, 1.0), 1, 1, 1.0, OverlapMethod::Subpixel(0)).is_err()
        );
    }
}
