//! Shapes of regions.

use crate::{Point, SkyCoord};

/// A position of a region: column and row in pixels (0-based), or longitude and latitude in degrees, as the frame says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RegionPoint {
    /// Column, pixels, or longitude, degrees.
    pub x: f64,
    /// Row, pixels, or latitude, degrees.
    pub y: f64,
}

impl RegionPoint {
    /// The position `(x, y)`.
    #[must_use]
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// As a pixel position.
    #[must_use]
    pub const fn pixel(self) -> Point {
        Point::new(self.x, self.y)
    }

    /// As a position on the sky.
    #[must_use]
    pub const fn sky(self) -> SkyCoord {
        SkyCoord { lon: self.x, lat: self.y }
    }
}

impl From<Point> for RegionPoint {
    fn from(p: Point) -> Self {
        Self { x: p.x, y: p.y }
    }
}

impl From<SkyCoord> for RegionPoint {
    fn from(s: SkyCoord) -> Self {
        Self { x: s.lon, y: s.lat }
    }
}

/// A shape. Lengths are pixels or degrees. Angles are degrees, counter-clockwise from the x axis to the axis of `a` or
/// `width`; on the sky likewise as seen with north up and east to the left, as in DS9: the position angle of that axis (north
/// towards east) is the angle less 90 degrees.
///
/// Numbers are as they were drawn: a radius may be zero or an annulus inside out. What measures with a shape checks it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RegionShape {
    /// A circle.
    Circle {
        /// Centre.
        center: RegionPoint,
        /// Radius.
        radius: f64,
    },
    /// An ellipse.
    Ellipse {
        /// Centre.
        center: RegionPoint,
        /// Semi-axis along the angle.
        a: f64,
        /// Semi-axis across.
        b: f64,
        /// Angle of `a`, degrees.
        angle_deg: f64,
    },
    /// A rectangle (DS9 `box`).
    #[doc(alias = "box")]
    Rectangle {
        /// Centre.
        center: RegionPoint,
        /// Full width, along the angle.
        width: f64,
        /// Full height, across.
        height: f64,
        /// Angle of the width, degrees.
        angle_deg: f64,
    },
    /// The ring between two circles.
    CircularAnnulus {
        /// Centre.
        center: RegionPoint,
        /// Inner radius.
        inner: f64,
        /// Outer radius.
        outer: f64,
    },
    /// The ring between two ellipses.
    EllipticalAnnulus {
        /// Centre.
        center: RegionPoint,
        /// Semi-axes `(a, b)` of the inner ellipse.
        inner: (f64, f64),
        /// Semi-axes `(a, b)` of the outer ellipse.
        outer: (f64, f64),
        /// Angle of `a`, degrees.
        angle_deg: f64,
    },
    /// The ring between two rectangles.
    RectangularAnnulus {
        /// Centre.
        center: RegionPoint,
        /// Full `(width, height)` of the inner rectangle.
        inner: (f64, f64),
        /// Full `(width, height)` of the outer rectangle.
        outer: (f64, f64),
        /// Angle of the width, degrees.
        angle_deg: f64,
    },
    /// A polygon; the last vertex is joined to the first.
    Polygon {
        /// Vertices, in order.
        vertices: Vec<RegionPoint>,
    },
    /// A line.
    Line {
        /// Where it starts.
        start: RegionPoint,
        /// Where it ends.
        end: RegionPoint,
    },
    /// A point.
    Point {
        /// Where it is.
        position: RegionPoint,
    },
    /// A text, which is in the properties.
    Text {
        /// Where it stands.
        position: RegionPoint,
    },
}

impl RegionShape {
    /// What the shape is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Circle { .. } => "circle",
            Self::Ellipse { .. } => "ellipse",
            Self::Rectangle { .. } => "rectangle",
            Self::CircularAnnulus { .. } => "circular annulus",
            Self::EllipticalAnnulus { .. } => "elliptical annulus",
            Self::RectangularAnnulus { .. } => "rectangular annulus",
            Self::Polygon { .. } => "polygon",
            Self::Line { .. } => "line",
            Self::Point { .. } => "point",
            Self::Text { .. } => "text",
        }
    }

    /// The centre; of a line the middle, of a polygon the mean of its vertices (the plain mean of the numbers: not for a
    /// polygon across longitude 0). `None` for a polygon without vertices.
    #[must_use]
    pub fn center(&self) -> Option<RegionPoint> {
        Some(match self {
            Self::Circle { center, .. }
            | Self::Ellipse { center, .. }
            | Self::Rectangle { center, .. }
            | Self::CircularAnnulus { center, .. }
            | Self::EllipticalAnnulus { center, .. }
            | Self::RectangularAnnulus { center, .. } => *center,
            Self::Point { position } | Self::Text { position } => *position,
            Self::Line { start, end } => RegionPoint::new(0.5 * (start.x + end.x), 0.5 * (start.y + end.y)),
            Self::Polygon { vertices } => {
                let n = vertices.len();
                if n == 0 {
                    return None;
                }
                let (x, y) = vertices.iter().fold((0.0, 0.0), |(x, y), v| (x + v.x, y + v.y));
                RegionPoint::new(x / n as f64, y / n as f64)
            }
        })
    }

    /// The shape with all positions moved by `place`, all lengths times `scale`, and angles through `turn` (degrees).
    #[must_use]
    pub fn mapped(
        &self,
        place: impl Fn(RegionPoint) -> RegionPoint,
        scale: f64,
        turn: impl Fn(f64) -> f64,
    ) -> Self {
        let pair = |(w, h): (f64, f64)| (w * scale, h * scale);
        match *self {
            Self::Circle { center, radius } => Self::Circle { center: place(center), radius: radius * scale },
            Self::Ellipse { center, a, b, angle_deg } => Self::Ellipse {
                center: place(center),
                a: a * scale,
                b: b * scale,
                angle_deg: turn(angle_deg),
            },
            Self::Rectangle { center, width, height, angle_deg } => Self::Rectangle {
                center: place(center),
                width: width * scale,
                height: height * scale,
                angle_deg: turn(angle_deg),
            },
            Self::CircularAnnulus { center, inner, outer } => {
                Self::CircularAnnulus { center: place(center), inner: inner * scale, outer: outer * scale }
            }
            Self::EllipticalAnnulus { center, inner, outer, angle_deg } => Self::EllipticalAnnulus {
                center: place(center),
                inner: pair(inner),
                outer: pair(outer),
                angle_deg: turn(angle_deg),
            },
            Self::RectangularAnnulus { center, inner, outer, angle_deg } => Self::RectangularAnnulus {
                center: place(center),
                inner: pair(inner),
                outer: pair(outer),
                angle_deg: turn(angle_deg),
            },
            Self::Polygon { ref vertices } => {
                Self::Polygon { vertices: vertices.iter().map(|&v| place(v)).collect() }
            }
            Self::Line { start, end } => Self::Line { start: place(start), end: place(end) },
            Self::Point { position } => Self::Point { position: place(position) },
            Self::Text { position } => Self::Text { position: place(position) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_moved_scaled_and_turned() {
        let e = RegionShape::Ellipse { center: RegionPoint::new(1.0, 2.0), a: 3.0, b: 1.0, angle_deg: 10.0 };
        let m = e.mapped(|p| RegionPoint::new(p.x + 1.0, p.y - 1.0), 2.0, |t| t + 5.0);
        let want =
            RegionShape::Ellipse { center: RegionPoint::new(2.0, 1.0), a: 6.0, b: 2.0, angle_deg: 15.0 };
        assert_eq!(m, want);
        assert_eq!(m.center(), Some(RegionPoint::new(2.0, 1.0)));
        assert_eq!(RegionShape::Polygon { vertices: Vec::new() }.center(), None);
    }
}
