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
    method.validate()?;
    if !(r > 0.0 && r.is_finite()) {
        return Err(GeometryError::InvalidSize { name: "r", expected: "positive and finite", found: r });
    }
    for (name, span) in [("x", x), ("y", y)] {
        let width = span.1 - span.0;
        if !(width > 0.0 && width.is_finite()) {
            return Err(GeometryError::InvalidSize {
                name: if name == "x" { "the span of x" } else { "the span of y" },
                expected: "positive and finite",
                found: width,
            });
        }
    }
    let (dx, dy) = ((x.1 - x.0) / nx as f64, (y.1 - y.0) / ny as f64);
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
