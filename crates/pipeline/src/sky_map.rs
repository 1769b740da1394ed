//! The map between the pixels of an exposure and the sky.

use std::sync::Arc;

use skyphot_core::{HeaderView, Point, SkyCoord, SkyTransform};
use skyphot_wcs::sky::SkyFrame;
use skyphot_wcs::{Wcs, WcsError, local_jacobian};

use crate::Result;

/// A map between pixels and the sky with the frame its directions are in.
#[derive(Clone)]
pub struct SkyMap {
    transform: Arc<dyn SkyTransform>,
    frame: SkyFrame,
}

impl std::fmt::Debug for SkyMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SkyMap").field("frame", &self.frame).finish_non_exhaustive()
    }
}

impl SkyMap {
    /// A map whose directions are in a frame.
    #[must_use]
    pub fn new(transform: Arc<dyn SkyTransform>, frame: SkyFrame) -> Self {
        Self { transform, frame }
    }

    /// The map of a FITS header, `None` if it has no celestial axes. A frame that is not known is taken for ICRS.
    ///
    /// # Errors
    /// [`PipelineError::Wcs`](crate::PipelineError::Wcs) for a WCS that cannot be used.
    pub fn from_header(header: &dyn HeaderView) -> Result<Option<Self>> {
        match Wcs::from_header(header) {
            Ok(wcs) => {
                let frame = wcs.frame().unwrap_or(SkyFrame::Icrs);
                Ok(Some(Self::new(Arc::new(wcs), frame)))
            }
            Err(WcsError::NoCelestialAxes { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// The frame of the directions.
    #[must_use]
    pub fn frame(&self) -> SkyFrame {
        self.frame
    }

    /// The same map with directions in another frame.
    #[must_use]
    pub fn in_frame(&self, frame: SkyFrame) -> Self {
        if frame == self.frame {
            return self.clone();
        }
        Self::new(Arc::new(Reframed { inner: self.clone(), frame }), frame)
    }

    /// Width of a pixel at a place: the root of its area, seconds of arc. `None` where there is no sky.
    #[must_use]
    pub fn pixel_scale(&self, at: Point) -> Option<f64> {
        let [[a, b], [c, d]] = local_jacobian(self.transform.as_ref(), at)?;
        let scale = (a * d - b * c).abs().sqrt() * 3600.0;
        (scale.is_finite() && scale > 0.0).then_some(scale)
    }
}

impl SkyTransform for SkyMap {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        self.transform.pixel_to_sky(p)
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        self.transform.sky_to_pixel(s)
    }

    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        self.transform.pixels_to_sky(points, sky);
    }

    fn sky_to_pixels(&self, sky: &[SkyCoord], points: &mut [Point]) {
        self.transform.sky_to_pixels(sky, points);
    }
}

/// A map seen from another frame.
struct Reframed {
    inner: SkyMap,
    frame: SkyFrame,
}

impl SkyTransform for Reframed {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        Some(self.inner.frame.convert(self.frame, self.inner.pixel_to_sky(p)?))
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        self.inner.sky_to_pixel(self.frame.convert(self.inner.frame, s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_wcs::ProjectionCode;

    #[test]
    fn another_frame_sees_the_same_pixels() {
        let at = SkyCoord { lon: 202.48, lat: 47.2 };
        let cd = [[-1e-4, 0.0], [0.0, 1e-4]];
        let wcs = Wcs::new(ProjectionCode::Tan, at, [50.0, 50.0], cd).unwrap();
        let map = SkyMap::new(Arc::new(wcs), SkyFrame::Icrs);
        let galactic = map.in_frame(SkyFrame::Galactic);
        let p = Point::new(12.5, 70.25);
        let s = galactic.pixel_to_sky(p).unwrap();
        assert!((s.lon - map.pixel_to_sky(p).unwrap().lon).abs() > 1.0);
        assert!(galactic.sky_to_pixel(s).unwrap().distance(p) < 1e-8);
        assert!((map.pixel_scale(p).unwrap() - 0.36).abs() < 1e-6);
        assert!((galactic.pixel_scale(p).unwrap() - 0.36).abs() < 1e-6);
    }
}
