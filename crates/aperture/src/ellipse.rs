//! The ellipse.

use std::f64::consts::PI;

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, Ellipse, OverlapMethod};

use crate::circle::{check_angle, check_size};
use crate::polygon::curve;
use crate::{Aperture, PolygonAperture, Result};

/// An ellipse.
///
/// ```
/// use skyphot_aperture::{Aperture, EllipticalAperture};
/// let a = EllipticalAperture::new(5.0, 3.0, 0.4)?;
/// assert_eq!(a.area(), std::f64::consts::PI * 15.0);
/// assert!(EllipticalAperture::new(5.0, 0.0, 0.4).is_err());
/// assert!(EllipticalAperture::new(5.0, 3.0, f64::NAN).is_err());
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "sum_ellipse")]
pub struct EllipticalAperture {
    shape: Ellipse,
}

impl EllipticalAperture {
    /// An ellipse of semiaxes `a` and `b` pixels. `theta` is the angle of the axis `a`, radians counter-clockwise from
    /// +x. `a` need not be the longer one.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < a, b <= 1e9` and
    /// `|theta| <= 1e9`.
    pub fn new(a: f64, b: f64, theta: f64) -> Result<Self> {
        Ok(Self { shape: Ellipse::new(check_size("a", a)?, check_size("b", b)?, check_angle(theta)?)? })
    }

    /// Semiaxis along `theta`, pixels.
    #[must_use]
    pub const fn a(&self) -> f64 {
        self.shape.a()
    }

    /// The other semiaxis, pixels.
    #[must_use]
    pub const fn b(&self) -> f64 {
        self.shape.b()
    }

    /// Angle of the axis `a`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.shape.theta()
    }

    /// The polygon of `n` vertices on the ellipse, the first at the end of the axis `a`.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) for fewer than 3 vertices.
    pub fn to_polygon(&self, n: usize) -> Result<PolygonAperture> {
        PolygonAperture::simple(curve(self.a(), self.b(), self.theta(), n))
    }
}

impl Aperture for EllipticalAperture {
    fn name(&self) -> &'static str {
        "EllipticalAperture"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![("a", self.a()), ("b", self.b()), ("theta", self.theta())]
    }

    fn area(&self) -> f64 {
        PI * self.a() * self.b()
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        self.shape.bbox(c)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.shape.coverage(center, method, window, out);
    }
}
