//! Weights of a rectangle on a grid of any cell size.

use ndarray::Array2;
use skyphot_core::{BoundingBox, Point};

use crate::elliptical_grid::EMPTY;
use crate::grid::{cell_size, sampled_grid};
use crate::kernel::samples_of;
use crate::{Coverage, OverlapMethod, Polygon, Rectangle, Result};

/// The fraction of every cell of a grid that a rectangle about the origin covers, as an array `(ny, nx)`.
///
/// The grid spans `x.0 .. x.1` and `y.0 .. y.1` and has `nx` by `ny` cells; all lengths have one unit. The side `w` is
/// turned by `theta` radians counter-clockwise from +x.
///
/// # Errors
/// As [`elliptical_overlap_grid`](crate::elliptical_overlap_grid).
///
/// ```
/// use skyphot_geometry::{OverlapMethod, rectangular_overlap_grid};
/// let w = rectangular_overlap_grid((-3.0, 3.0), (-3.0, 3.0), 12, 6, (2.0, 1.0), 0.4, OverlapMethod::Exact)?;
/// assert!((0.5 * w.sum() - 2.0).abs() < 1e-13);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
pub fn rectangular_overlap_grid(
    x: (f64, f64),
    y: (f64, f64),
    nx: usize,
    ny: usize,
    (w, h): (f64, f64),
    theta: f64,
    method: OverlapMethod,
) -> Result<Array2<f64>> {
    let (dx, dy) = cell_size(x, y, nx, ny, method)?;
    let rectangle = Rectangle::new(w, h, theta)?;
    if method != OverlapMethod::Exact {
        let (sin, cos) = theta.sin_cos();
        let (half_w, half_h) = (0.5 * w, 0.5 * h);
        return Ok(sampled_grid((x.0, y.0), (dx, dy), (ny, nx), samples_of(method), |x, y| {
            (y * sin + x * cos).abs() < half_w && (y * cos - x * sin).abs() < half_h
        }));
    }
    if nx == 0 || ny == 0 {
        return Ok(Array2::zeros((ny, nx)));
    }
    // In units of cells it is a parallelogram.
    let corners = rectangle.corners().iter().map(|c| Point::new(c.x / dx, c.y / dy)).collect();
    let window = BoundingBox::new(0, nx as i64, 0, ny as i64).unwrap_or(EMPTY);
    let center = Point::new(-x.0 / dx - 0.5, -y.0 / dy - 0.5);
    let mut cover = Coverage::new();
    Polygon::new_simple(corners)?.coverage(center, method, &window, &mut cover);
    Ok(cover.to_array((ny, nx)))
}
