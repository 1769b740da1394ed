//! The elliptical annulus.

use std::f64::consts::PI;

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, Ellipse, OverlapMethod};

use crate::circle::{check_angle, check_larger, check_size};
use crate::{Aperture, Result};

/// The ring between two ellipses of one centre and one angle.
///
/// ```
/// use skyphot_aperture::{Aperture, EllipticalAnnulus};
/// let a = EllipticalAnnulus::scaled(4.0, 8.0, 6.0, 0.4)?;
/// assert_eq!(a.b_in(), 3.0);
/// assert!((a.area() - std::f64::consts::PI * 36.0).abs() < 1e-12);
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EllipticalAnnulus {
    inner: Ellipse,
    outer: Ellipse,
}

impl EllipticalAnnulus {
    /// The ring between the ellipse of semiaxes `a_in`, `b_in` and that of `a_out`, `b_out`, pixels. `theta` is the
    /// angle of the axes `a`, radians counter-clockwise from +x.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < a_in < a_out <= 1e9`,
    /// `0 < b_in < b_out <= 1e9` and `|theta| <= 1e9`.
    pub fn new(a_in: f64, a_out: f64, b_in: f64, b_out: f64, theta: f64) -> Result<Self> {
        check_size("a_in", a_in)?;
        check_size("b_in", b_in)?;
        check_larger("a_out", a_out, "a_in", a_in)?;
        check_larger("b_out", b_out, "b_in", b_in)?;
        check_angle(theta)?;
        Ok(Self { inner: Ellipse::new(a_in, b_in, theta)?, outer: Ellipse::new(a_out, b_out, theta)? })
    }

    /// The ring between two similar ellipses: `b_in = a_in b_out / a_out`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn scaled(a_in: f64, a_out: f64, b_out: f64, theta: f64) -> Result<Self> {
        Self::new(a_in, a_out, a_in * b_out / a_out, b_out, theta)
    }

    /// Inner semiaxis along `theta`, pixels.
    #[must_use]
    pub const fn a_in(&self) -> f64 {
        self.inner.a()
    }

    /// Outer semiaxis along `theta`, pixels.
    #[must_use]
    pub const fn a_out(&self) -> f64 {
        self.outer.a()
    }

    /// The other inner semiaxis, pixels.
    #[must_use]
    pub const fn b_in(&self) -> f64 {
        self.inner.b()
    }

    /// The other outer semiaxis, pixels.
    #[must_use]
    pub const fn b_out(&self) -> f64 {
        self.outer.b()
    }

    /// Angle of the axes `a`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.outer.theta()
    }
}

impl Aperture for EllipticalAnnulus {
    fn name(&self) -> &'static str {
        "EllipticalAnnulus"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("a_in", self.a_in()),
            ("a_out", self.a_out()),
            ("b_in", self.b_in()),
            ("b_out", self.b_out()),
            ("theta", self.theta()),
        ]
    }

    fn area(&self) -> f64 {
        PI * (self.a_out() * self.b_out() - self.a_in() * self.b_in())
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        self.outer.bbox(c)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.outer.ring_coverage(&self.inner, center, method, window, out);
    }
}
