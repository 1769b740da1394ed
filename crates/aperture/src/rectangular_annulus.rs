//! The rectangular annulus.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, Rectangle};

use crate::circle::{check_angle, check_larger, check_size};
use crate::{Aperture, Result};

/// What is left of a rectangle without a smaller one of the same centre and angle.
///
/// ```
/// use skyphot_aperture::{Aperture, RectangularAnnulus};
/// let a = RectangularAnnulus::scaled(4.0, 8.0, 6.0, 0.4)?;
/// assert_eq!((a.h_in(), a.area()), (3.0, 36.0));
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RectangularAnnulus {
    inner: Rectangle,
    outer: Rectangle,
}

impl RectangularAnnulus {
    /// The ring between a rectangle of full sides `w_in`, `h_in` and one of `w_out`, `h_out`, pixels. `theta` is the
    /// angle of the sides `w`, radians counter-clockwise from +x.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < w_in < w_out <= 1e9`,
    /// `0 < h_in < h_out <= 1e9` and `|theta| <= 1e9`.
    pub fn new(w_in: f64, w_out: f64, h_in: f64, h_out: f64, theta: f64) -> Result<Self> {
        check_size("w_in", w_in)?;
        check_size("h_in", h_in)?;
        check_larger("w_out", w_out, "w_in", w_in)?;
        check_larger("h_out", h_out, "h_in", h_in)?;
        check_angle(theta)?;
        Ok(Self { inner: Rectangle::new(w_in, h_in, theta)?, outer: Rectangle::new(w_out, h_out, theta)? })
    }

    /// The ring between two similar rectangles: `h_in = w_in h_out / w_out`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn scaled(w_in: f64, w_out: f64, h_out: f64, theta: f64) -> Result<Self> {
        Self::new(w_in, w_out, w_in * h_out / w_out, h_out, theta)
    }

    /// Inner full width (the side along `theta`), pixels.
    #[must_use]
    pub const fn w_in(&self) -> f64 {
        self.inner.w()
    }

    /// Outer full width, pixels.
    #[must_use]
    pub const fn w_out(&self) -> f64 {
        self.outer.w()
    }

    /// Inner full height, pixels.
    #[must_use]
    pub const fn h_in(&self) -> f64 {
        self.inner.h()
    }

    /// Outer full height, pixels.
    #[must_use]
    pub const fn h_out(&self) -> f64 {
        self.outer.h()
    }

    /// Angle of the sides `w`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.outer.theta()
    }
}

impl Aperture for RectangularAnnulus {
    fn name(&self) -> &'static str {
        "RectangularAnnulus"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![
            ("w_in", self.w_in()),
            ("w_out", self.w_out()),
            ("h_in", self.h_in()),
            ("h_out", self.h_out()),
            ("theta", self.theta()),
        ]
    }

    fn area(&self) -> f64 {
        self.w_out() * self.h_out() - self.w_in() * self.h_in()
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        self.outer.bbox(c)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.outer.ring_coverage(&self.inner, center, method, window, out);
    }
}
