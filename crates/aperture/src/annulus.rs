//! The circular annulus.

use std::f64::consts::PI;

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, annulus_coverage, circle_bbox};

use crate::circle::{check_larger, check_size};
use crate::{Aperture, Result};

/// The ring between two circles of one centre.
///
/// ```
/// use skyphot_aperture::{Aperture, CircularAnnulus};
/// let a = CircularAnnulus::new(6.0, 9.0)?;
/// assert!((a.area() - std::f64::consts::PI * 45.0).abs() < 1e-12);
/// assert!(CircularAnnulus::new(9.0, 6.0).is_err());
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CircularAnnulus {
    r_in: f64,
    r_out: f64,
}

impl CircularAnnulus {
    /// The ring from radius `r_in` to radius `r_out`, pixels.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) unless `0 < r_in < r_out <= 1e9`.
    pub fn new(r_in: f64, r_out: f64) -> Result<Self> {
        check_size("r_in", r_in)?;
        check_larger("r_out", r_out, "r_in", r_in)?;
        Ok(Self { r_in, r_out })
    }

    /// Inner radius, pixels.
    #[must_use]
    pub const fn r_in(&self) -> f64 {
        self.r_in
    }

    /// Outer radius, pixels.
    #[must_use]
    pub const fn r_out(&self) -> f64 {
        self.r_out
    }
}

impl Aperture for CircularAnnulus {
    fn name(&self) -> &'static str {
        "CircularAnnulus"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![("r_in", self.r_in), ("r_out", self.r_out)]
    }

    fn area(&self) -> f64 {
        PI * (self.r_out - self.r_in) * (self.r_out + self.r_in)
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        circle_bbox(c, self.r_out)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        annulus_coverage(center, self.r_in, self.r_out, method, window, out);
    }
}
