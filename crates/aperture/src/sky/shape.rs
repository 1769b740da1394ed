//! Any of the shapes on the sky as one type.

use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::SkyAperture;
use crate::{
    PixelShape, Result, SkyCircularAnnulus, SkyCircularAperture, SkyEllipticalAnnulus, SkyEllipticalAperture,
    SkyPolygonAperture, SkyRectangularAnnulus, SkyRectangularAperture,
};

/// Any of the shapes on the sky.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SkyShape {
    /// A circle.
    Circle(SkyCircularAperture),
    /// The ring between two circles.
    CircularAnnulus(SkyCircularAnnulus),
    /// An ellipse.
    Ellipse(SkyEllipticalAperture),
    /// The ring between two ellipses.
    EllipticalAnnulus(SkyEllipticalAnnulus),
    /// A rectangle.
    Rectangle(SkyRectangularAperture),
    /// The ring between two rectangles.
    RectangularAnnulus(SkyRectangularAnnulus),
    /// A polygon.
    Polygon(SkyPolygonAperture),
}

macro_rules! shapes {
    ($($variant:ident $shape:ident),* $(,)?) => {
        $(impl From<$shape> for SkyShape {
            fn from(shape: $shape) -> Self {
                Self::$variant(shape)
            }
        })*

        impl SkyAperture for SkyShape {
            type Pixel = PixelShape;

            fn to_pixel(&self, wcs: &dyn SkyTransform, at: SkyCoord) -> Result<(Point, PixelShape)> {
                match self {
                    $(Self::$variant(s) => s.to_pixel(wcs, at).map(|(p, s)| (p, s.into())),)*
                }
            }
        }

        impl PixelShape {
            /// Direction and shape on the sky of the shape at a position.
            ///
            /// # Errors
            /// [`ApertureError::NoSky`](crate::ApertureError::NoSky) if the transform has no answer there or is
            /// singular.
            pub fn to_sky(&self, wcs: &dyn SkyTransform, at: Point) -> Result<(SkyCoord, SkyShape)> {
                match self {
                    $(Self::$variant(s) => s.to_sky(wcs, at).map(|(p, s)| (p, s.into())),)*
                }
            }
        }
    };
}

shapes!(
    Circle SkyCircularAperture,
    CircularAnnulus SkyCircularAnnulus,
    Ellipse SkyEllipticalAperture,
    EllipticalAnnulus SkyEllipticalAnnulus,
    Rectangle SkyRectangularAperture,
    RectangularAnnulus SkyRectangularAnnulus,
    Polygon SkyPolygonAperture,
);
