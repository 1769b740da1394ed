//! Apertures on the sky.
//!
//! Lengths are arcseconds; angles are position angles, radians from north towards east. Shapes go to pixels and back
//! by the map between both at their position, linear there.

mod circle;
mod ellipse;
pub(crate) mod jacobian;
mod polygon;
mod rectangle;
mod shape;

pub use circle::{SkyCircularAnnulus, SkyCircularAperture};
pub use ellipse::{SkyEllipticalAnnulus, SkyEllipticalAperture};
pub use polygon::SkyPolygonAperture;
pub use rectangle::{SkyRectangularAnnulus, SkyRectangularAperture};
pub use shape::SkyShape;

use std::fmt::Debug;

use skyphot_core::{Point, SkyCoord, SkyTransform};

use crate::circle::MAX_SIZE;
use crate::{Aperture, ApertureError, Result};

/// A shape on the sky that can be put at any direction.
pub trait SkyAperture: Debug + Send + Sync {
    /// The shape in pixels.
    type Pixel: Aperture;

    /// Pixel position and shape at a direction of the transform's frame, by the local linear map.
    ///
    /// # Errors
    /// [`ApertureError::NoPixel`] for a direction without a pixel, [`ApertureError::NoSky`] if the transform has no
    /// answer half a pixel around it or is singular there.
    fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, Self::Pixel)>;

    /// Pixel positions and shapes at many directions, each by the map there; `None` where there is none. They serve
    /// [`AperturePhotometry::measure_each`](crate::AperturePhotometry::measure_each). photutils takes the shape of the
    /// first position for all.
    fn to_pixel_each(&self, wcs: &dyn SkyTransform, at: &[SkyCoord]) -> Vec<Option<(Point, Self::Pixel)>> {
        at.iter().map(|&s| self.to_pixel(wcs, s).ok()).collect()
    }
}

/// Checks a length in arcseconds.
pub(crate) fn check_arcsec(name: &'static str, v: f64) -> Result<f64> {
    if v > 0.0 && v <= MAX_SIZE {
        Ok(v)
    } else {
        let expected = format!("a number of arcseconds greater than 0 and at most {MAX_SIZE:e}");
        Err(ApertureError::InvalidParameter { name, expected, found: v })
    }
}

/// Checks that an outer length is one, and larger than the inner one.
pub(crate) fn check_larger_arcsec(name: &'static str, v: f64, inner_name: &str, inner: f64) -> Result<f64> {
    check_arcsec(name, v)?;
    if v > inner {
        return Ok(v);
    }
    Err(ApertureError::InvalidParameter {
        name,
        expected: format!("greater than {inner_name} = {inner}"),
        found: v,
    })
}
