//! The circle.

use std::f64::consts::PI;

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, circle_bbox, circle_coverage};

use crate::polygon::curve;
use crate::{Aperture, ApertureError, PolygonAperture, Result};

/// Largest radius, pixels: beyond it pixel numbers lose their meaning.
pub(crate) const MAX_SIZE: f64 = 1e9;

/// Checks a length in pixels.
pub(crate) fn check_size(name: &'static str, v: f64) -> Result<f64> {
    if v > 0.0 && v <= MAX_SIZE {
        Ok(v)
    } else {
        let expected = format!("a number of pixels greater than 0 and at most {MAX_SIZE:e}");
        Err(ApertureError::InvalidParameter { name, expected, found: v })
    }
}

/// Checks an angle in radians.
pub(crate) fn check_angle(theta: f64) -> Result<f64> {
    if theta.abs() <= MAX_SIZE {
        Ok(theta)
    } else {
        let expected = format!("an angle of at most {MAX_SIZE:e} radians");
        Err(ApertureError::InvalidParameter { name: "theta", expected, found: theta })
    }
}

/// Checks that an outer length is one, and larger than the inner one.
pub(crate) fn check_larger(name: &'static str, v: f64, inner_name: &str, inner: f64) -> Result<f64> {
    check_size(name, v)?;
    if v > inner {
        return Ok(v);
    }
    Err(ApertureError::InvalidParameter {
        name,
        expected: format!("greater than {inner_name} = {inner}"),
        found: v,
    })
}

/// A circle.
///
/// ```
/// use skyphot_aperture::{Aperture, CircularAperture};
/// let a = CircularAperture::new(3.0)?;
/// assert_eq!(a.area(), std::f64::consts::PI * 9.0);
/// assert!(CircularAperture::new(-1.0).is_err());
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircularAperture {
    r: f64,
}

impl CircularAperture {
    /// A circle of radius `r` pixels.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`] unless `0 < r <= 1e9`.
    pub fn new(r: f64) -> Result<Self> {
        Ok(Self { r: check_size("r", r)? })
    }

    /// Radius, pixels.
    #[must_use]
    pub const fn r(&self) -> f64 {
        self.r
    }

    /// The polygon of `n` vertices on the circle, the first on the right.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`] for fewer than 3 vertices.
    pub fn to_polygon(&self, n: usize) -> Result<PolygonAperture> {
        PolygonAperture::simple(curve(self.r, self.r, 0.0, n))
    }
}

impl Aperture for CircularAperture {
    fn name(&self) -> &'static str {
        "CircularAperture"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![("r", self.r)]
    }

    fn area(&self) -> f64 {
        PI * self.r * self.r
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        circle_bbox(c, self.r)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        circle_coverage(center, self.r, method, window, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_are_checked() {
        for r in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e10] {
            let e = CircularAperture::new(r).unwrap_err();
            assert!(e.to_string().starts_with("r must be a number of pixels greater than 0"), "{e}");
        }
    }

    #[test]
    fn far_positions_do_not_overlap() {
        let mut cover = Coverage::new();
        let window = BoundingBox::new(0, 10, 0, 10).unwrap();
        for x in [1e300, -1e300, 1e18, f64::MAX] {
            CircularAperture::new(1e9).unwrap().coverage(
                Point::new(x, 5.0),
                OverlapMethod::Exact,
                &window,
                &mut cover,
            );
            assert!(!cover.overlaps());
        }
    }
}
