//! Positions on the sky and the seam to whatever computes them.

use crate::Point;

/// A direction on the celestial sphere in the frame of the transform that made it.
#[derive(Debug, Clone, Copy, PartialEq, bytemuck::Zeroable)]
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

    /// [`pixel_to_sky`](Self::pixel_to_sky) for many positions; NaN where there is no answer. The two slices are equally
    /// long (what is beyond the shorter one is left alone).
    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        const NONE: SkyCoord = SkyCoord { lon: f64::NAN, lat: f64::NAN };
        for (s, p) in sky.iter_mut().zip(points) {
            *s = self.pixel_to_sky(*p).unwrap_or(NONE);
        }
    }

    /// [`sky_to_pixel`](Self::sky_to_pixel) for many directions; NaN where there is no answer. The two slices are equally
    /// long (what is beyond the shorter one is left alone).
    fn sky_to_pixels(&self, sky: &[SkyCoord], points: &mut [Point]) {
        const NONE: Point = Point { x: f64::NAN, y: f64::NAN };
        for (p, s) in points.iter_mut().zip(sky) {
            *p = self.sky_to_pixel(*s).unwrap_or(NONE);
        }
    }
}
