//! Any of the shapes as one type.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod};

use crate::{
    Aperture, CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, PolygonAperture,
    RectangularAnnulus, RectangularAperture,
};

/// Any of the shapes, where they come from a file or differ from one position to the next.
///
/// ```
/// use skyphot_aperture::{Aperture, CircularAperture, PixelShape, RectangularAperture};
/// let shapes: Vec<PixelShape> =
///     vec![CircularAperture::new(2.0)?.into(), RectangularAperture::new(3.0, 4.0, 0.1)?.into()];
/// assert_eq!(shapes[1].area(), 12.0);
/// # Ok::<(), skyphot_aperture::ApertureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
// A rectangular ring keeps its eight edges at hand; boxes would make every other shape slower.
#[allow(clippy::large_enum_variant)]
pub enum PixelShape {
    /// A circle.
    Circle(CircularAperture),
    /// The ring between two circles.
    CircularAnnulus(CircularAnnulus),
    /// An ellipse.
    Ellipse(EllipticalAperture),
    /// The ring between two ellipses.
    EllipticalAnnulus(EllipticalAnnulus),
    /// A rectangle.
    Rectangle(RectangularAperture),
    /// The ring between two rectangles.
    RectangularAnnulus(RectangularAnnulus),
    /// A polygon.
    Polygon(PolygonAperture),
}

impl PixelShape {
    /// The shape behind it.
    #[must_use]
    pub fn as_aperture(&self) -> &dyn Aperture {
        match self {
            Self::Circle(s) => s,
            Self::CircularAnnulus(s) => s,
            Self::Ellipse(s) => s,
            Self::EllipticalAnnulus(s) => s,
            Self::Rectangle(s) => s,
            Self::RectangularAnnulus(s) => s,
            Self::Polygon(s) => s,
        }
    }
}

impl Aperture for PixelShape {
    fn name(&self) -> &'static str {
        self.as_aperture().name()
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        self.as_aperture().params()
    }

    fn area(&self) -> f64 {
        self.as_aperture().area()
    }

    fn bbox(&self, center: Point) -> BoundingBox {
        self.as_aperture().bbox(center)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.as_aperture().coverage(center, method, window, out);
    }
}

macro_rules! from_shape {
    ($($variant:ident $shape:ident),* $(,)?) => {
        $(impl From<$shape> for PixelShape {
            fn from(shape: $shape) -> Self {
                Self::$variant(shape)
            }
        })*
    };
}

from_shape!(
    Circle CircularAperture,
    CircularAnnulus CircularAnnulus,
    Ellipse EllipticalAperture,
    EllipticalAnnulus EllipticalAnnulus,
    Rectangle RectangularAperture,
    RectangularAnnulus RectangularAnnulus,
    Polygon PolygonAperture,
);
