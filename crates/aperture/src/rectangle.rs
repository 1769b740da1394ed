//! The rectangle.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, Rectangle};

use crate::circle::{check_angle, check_size};
use crate::{Aperture, PolygonAperture, Result};

/// A rectangle about its position.
///
/// ```
/// use skyphot_aperture::{Aperture, RectangularAperture};
/// let a = RectangularAperture::new(5.0, 3.0, 0.4)?;
/// assert_eq!(a.area(), 15.0);
/// assert!(RectangularAperture::new(0.0, 3.0, 0.4).is_err());
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RectangularAperture {
    shape: Rectangle,
}

impl RectangularAperture {
    /// A rectangle of full width `w` and full height `h` pixels. `theta` is the angle of the side `w`, radians
    /// counter-clockwise from +x.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < w, h <= 1e9` and
    /// `|theta| <= 1e9`.
    pub fn new(w: f64, h: f64, theta: f64) -> Result<Self> {
        Ok(Self { shape: Rectangle::new(check_size("w", w)?, check_size("h", h)?, check_angle(theta)?)? })
    }

    /// Full width (the side along `theta`), pixels.
    #[must_use]
    pub const fn w(&self) -> f64 {
        self.shape.w()
    }

    /// Full height, pixels.
    #[must_use]
    pub const fn h(&self) -> f64 {
        self.shape.h()
    }

    /// Angle of the side `w`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.shape.theta()
    }

    /// The four corners from the centre, counter-clockwise.
    #[must_use]
    pub const fn corners(&self) -> [Point; 4] {
        self.shape.corners()
    }

    /// The same shape as a polygon.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) for a rectangle so thin that rounding takes its area.
    pub fn to_polygon(&self) -> Result<PolygonAperture> {
        PolygonAperture::simple(self.corners().to_vec())
    }
}

impl Aperture for RectangularAperture {
    fn name(&self) -> &'static str {
        "RectangularAperture"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![("w", self.w()), ("h", self.h()), ("theta", self.theta())]
    }

    fn area(&self) -> f64 {
        self.w() * self.h()
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        self.shape.bbox(c)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.shape.coverage(center, method, window, out);
    }
}
