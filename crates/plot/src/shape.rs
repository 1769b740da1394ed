//! What can be drawn on an image.

use skyphot_core::{BoundingBox, Point};

/// Symbols of a fixed size on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MarkerKind {
    /// A `+`.
    #[default]
    Plus,
    /// An `x`.
    Cross,
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
}

/// One figure on an image. Positions and lengths are in image pixels (the centre of the first pixel is `(0, 0)`),
/// angles in radians counter-clockwise from +x; sizes of markers and text are in canvas pixels.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Shape {
    /// A circle of radius `r`.
    Circle { center: Point, r: f64 },
    /// Two circles.
    Annulus { center: Point, r_in: f64, r_out: f64 },
    /// An ellipse of semi-axes `a` and `b`; `theta` is the direction of `a`.
    Ellipse { center: Point, a: f64, b: f64, theta: f64 },
    /// Two ellipses of one axis ratio `b_out / a_out`.
    EllipticalAnnulus { center: Point, a_in: f64, a_out: f64, b_out: f64, theta: f64 },
    /// A rectangle of full width `w` along `theta` and full height `h`.
    Rectangle { center: Point, w: f64, h: f64, theta: f64 },
    /// The outer edges of a box of pixels.
    Box(BoundingBox),
    /// A closed polygon.
    Polygon { vertices: Vec<Point> },
    /// An open line.
    Line { vertices: Vec<Point> },
    /// A symbol `size` canvas pixels across.
    Marker { center: Point, kind: MarkerKind, size: f64 },
    /// Text of height `size` canvas pixels, beginning to the upper right of `at` by `offset` image pixels.
    Text { at: Point, text: String, size: f64, offset: f64 },
}

impl Shape {
    /// The outlines in image pixels, each open or closed by its last vertex. Empty for markers, text, and for
    /// figures with a coordinate that is not finite. `scale` is the number of canvas pixels per image pixel.
    pub(crate) fn outlines(&self, scale: f64) -> Vec<Vec<Point>> {
        let ellipse =
            |center, a: f64, b: f64, theta| ellipse(center, a, b, theta, vertices(a.max(b) * scale));
        let lines = match self {
            Self::Circle { center, r } => vec![ellipse(*center, *r, *r, 0.0)],
            Self::Annulus { center, r_in, r_out } => {
                vec![ellipse(*center, *r_in, *r_in, 0.0), ellipse(*center, *r_out, *r_out, 0.0)]
            }
            Self::Ellipse { center, a, b, theta } => vec![ellipse(*center, *a, *b, *theta)],
            Self::EllipticalAnnulus { center, a_in, a_out, b_out, theta } => vec![
                ellipse(*center, *a_in, b_out * a_in / a_out, *theta),
                ellipse(*center, *a_out, *b_out, *theta),
            ],
            Self::Rectangle { center, w, h, theta } => {
                let (s, c) = theta.sin_cos();
                let corner = |u: f64, v: f64| {
                    let (du, dv) = (0.5 * w * u, 0.5 * h * v);
                    Point::new(center.x + du * c - dv * s, center.y + du * s + dv * c)
                };
                vec![vec![
                    corner(-1.0, -1.0),
                    corner(1.0, -1.0),
                    corner(1.0, 1.0),
                    corner(-1.0, 1.0),
                    corner(-1.0, -1.0),
                ]]
            }
            Self::Box(b) => {
                let (x0, x1, y0, y1) = b.extent();
                vec![[(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)].map(Point::from).to_vec()]
            }
            Self::Polygon { vertices } => {
                let mut v = vertices.clone();
                v.extend(vertices.first());
                vec![v]
            }
            Self::Line { vertices } => vec![vertices.clone()],
            Self::Marker { .. } | Self::Text { .. } => Vec::new(),
        };
        lines.into_iter().filter(|l| l.len() > 1 && l.iter().all(|p| p.is_finite())).collect()
    }
}

/// Vertices that keep a circle of radius `r` canvas pixels within a tenth of a pixel.
fn vertices(r: f64) -> usize {
    4 * (2.0 * r.abs().sqrt()).clamp(8.0, 120.0) as usize
}

fn ellipse(center: Point, a: f64, b: f64, theta: f64, n: usize) -> Vec<Point> {
    let (s, c) = theta.sin_cos();
    (0..=n)
        .map(|i| {
            let (v, u) = (std::f64::consts::TAU * (i % n) as f64 / n as f64).sin_cos();
            Point::new(center.x + a * u * c - b * v * s, center.y + a * u * s + b * v * c)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outlines_close_and_keep_their_size() {
        let center = Point::new(3.0, 4.0);
        for (shape, n) in [
            (Shape::Circle { center, r: 2.0 }, 1),
            (Shape::Annulus { center, r_in: 2.0, r_out: 3.0 }, 2),
            (Shape::Ellipse { center, a: 2.0, b: 1.0, theta: 0.3 }, 1),
            (Shape::EllipticalAnnulus { center, a_in: 1.0, a_out: 2.0, b_out: 1.5, theta: 0.3 }, 2),
            (Shape::Rectangle { center, w: 2.0, h: 1.0, theta: 1.0 }, 1),
            (Shape::Box(BoundingBox::new(0, 3, 0, 4).unwrap()), 1),
            (Shape::Marker { center, kind: MarkerKind::Plus, size: 5.0 }, 0),
            (Shape::Circle { center: Point::new(f64::NAN, 0.0), r: 2.0 }, 0),
        ] {
            let lines = shape.outlines(1.0);
            assert_eq!(lines.len(), n);
            assert!(lines.iter().all(|l| l.first() == l.last()));
        }
        let circle = &Shape::Circle { center, r: 2.0 }.outlines(1.0)[0];
        assert!(circle.iter().all(|p| (p.distance(center) - 2.0).abs() < 1e-12));
    }
}
