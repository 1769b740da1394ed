//! Positions on the sky and the seam to whatever computes them.

use crate::Point;

/// A direction on the celestial sphere in the frame of the transform that made it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyCoord {
    /// Longitude (right ascension, galactic l), degrees.
    pub lon: f64,
    /// Latitude (declination, galactic b), degrees.
    pub lat: f64,
}

/// A map between pixels and the sky.
pub trait SkyTransform: Send + Sync {
    /// The direction seen by a pixel position, `None` where the transform has no answer.
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord>;

    /// The pixel position of a direction, `None` where it is not on the image plane.
    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point>;
}
