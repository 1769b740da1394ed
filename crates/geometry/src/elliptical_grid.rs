//! Weights of an ellipse on a grid of any cell size.

use ndarray::Array2;
use skyphot_core::{BoundingBox, Point};

use crate::grid::{cell_size, sampled_grid};
use crate::kernel::samples_of;
use crate::{Coverage, Ellipse, OverlapMethod, Result};

/// The fraction of every cell of a grid that an ellipse about the origin covers, as an array `(ny, nx)`.
///
/// The grid spans `x.0 .. x.1` and `y.0 .. y.1` and has `nx` by `ny` cells; all lengths have one unit. The semiaxis `a` is
/// turned by `theta` radians counter-clockwise from +x.
///
/// # Errors
/// [`GeometryError::InvalidSize`](crate::GeometryError::InvalidSize) for semiaxes that are not positive or larger than 1e9
/// cells, a span that is empty or not finite;
/// [`GeometryError::InvalidSubpixels`](crate::GeometryError::InvalidSubpixels).
///
/// ```
/// use skyphot_geometry::{OverlapMethod, elliptical_overlap_grid};
/// let w = elliptical_overlap_grid((-3.0, 3.0), (-3.0, 3.0), 12, 6, (2.0, 1.0), 0.4, OverlapMethod::Exact)?;
/// assert!((0.5 * w.sum() - 2.0 * std::f64::consts::PI).abs() < 1e-13);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
pub fn elliptical_overlap_grid(
    x: (f64, f64),
    y: (f64, f64),
    nx: usize,
    ny: usize,
    (a, b): (f64, f64),
    theta: f64,
    method: OverlapMethod,
) -> Result<Array2<f64>> {
    let (dx, dy) = cell_size(x, y, nx, ny, method)?;
    let (sin, cos) = theta.sin_cos();
    if method != OverlapMethod::Exact {
        Ellipse::new(a, b, theta)?;
        let (ia, ib) = (1.0 / a, 1.0 / b);
        return Ok(sampled_grid((x.0, y.0), (dx, dy), (ny, nx), samples_of(method), |x, y| {
            let (u, v) = ((y * sin + x * cos) * ia, (y * cos - x * sin) * ib);
            u * u + v * v < 1.0
        }));
    }
    if nx == 0 || ny == 0 {
        return Ok(Array2::zeros((ny, nx)));
    }
    // In units of cells it is another ellipse: its axes are the singular vectors of the map of the unit circle.
    let ellipse = if dx == dy {
        Ellipse::new(a / dx, b / dx, theta)?
    } else {
        let m = [[a * cos / dx, -b * sin / dx], [a * sin / dy, b * cos / dy]];
        let (p, q) = (m[0][0] + m[1][1], m[1][0] - m[0][1]);
        let (r, s) = (m[0][0] - m[1][1], m[1][0] + m[0][1]);
        let (sum, difference) = (p.hypot(q), r.hypot(s));
        let angle = 0.5 * (q.atan2(p) + s.atan2(r));
        Ellipse::new(0.5 * (sum + difference), 0.5 * (sum - difference).abs(), angle)?
    };
    let window = BoundingBox::new(0, nx as i64, 0, ny as i64).unwrap_or(EMPTY);
    let mut cover = Coverage::new();
    ellipse.coverage(Point::new(-x.0 / dx - 0.5, -y.0 / dy - 0.5), method, &window, &mut cover);
    Ok(cover.to_array((ny, nx)))
}

/// A window without pixels.
pub(crate) const EMPTY: BoundingBox = BoundingBox { x_min: 0, x_max: 0, y_min: 0, y_max: 0 };
