//! The polygon.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, Polygon};

use crate::circle::{check_angle, check_size};
use crate::{Aperture, Result};

/// A simple polygon, convex or not, given by the offsets of its vertices from the position.
///
/// Vertices are kept counter-clockwise. Copies share them.
///
/// ```
/// use skyphot_aperture::{Aperture, PolygonAperture};
/// use skyphot_core::Point;
/// let p = |x, y| Point::new(x, y);
/// let (center, triangle) = PolygonAperture::from_vertices(&[p(1.0, 1.0), p(7.0, 1.0), p(1.0, 4.0)])?;
/// assert_eq!((center, triangle.area()), (p(3.0, 2.0), 9.0));
/// // Edges must not cross.
/// assert!(PolygonAperture::new(vec![p(0.0, 0.0), p(2.0, 2.0), p(2.0, 0.0), p(0.0, 2.5)]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PolygonAperture {
    shape: Arc<Polygon>,
}

impl PolygonAperture {
    /// The polygon of the given offsets from the position, pixels, in either sense of rotation.
    ///
    /// # Errors
    /// [`ApertureError::Geometry`](crate::ApertureError::Geometry) for fewer than 3 vertices, offsets that are not finite or beyond 1e9 pixels, repeated
    /// neighbours, edges that cross or touch, and no area.
    #[doc(alias = "vertex_offsets")]
    pub fn new(offsets: Vec<Point>) -> Result<Self> {
        Ok(Self { shape: Arc::new(Polygon::new(offsets)?) })
    }

    /// Position and polygon of the given vertices on the image, pixels; the position is the centre of mass.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_vertices(vertices: &[Point]) -> Result<(Point, Self)> {
        let all = Polygon::new(vertices.to_vec())?;
        let c = all.centroid();
        let offsets = all.vertices().iter().map(|v| Point::new(v.x - c.x, v.y - c.y)).collect();
        Ok((c, Self::simple(offsets)?))
    }

    /// The regular polygon of `n` vertices on a circle of `radius` pixels. The first vertex is above the centre, turned
    /// counter-clockwise by `theta` radians.
    ///
    /// # Errors
    /// [`ApertureError::InvalidParameter`](crate::ApertureError::InvalidParameter) for a radius or angle out of range, [`ApertureError::Geometry`](crate::ApertureError::Geometry) for fewer
    /// than 3 vertices.
    #[doc(alias = "from_regular_polygon")]
    pub fn regular(n: usize, radius: f64, theta: f64) -> Result<Self> {
        check_size("radius", radius)?;
        let (base, step) = (0.5 * PI + check_angle(theta)?, TAU / n as f64);
        let vertex = |k: usize| {
            let (s, c) = (base + k as f64 * step).sin_cos();
            Point::new(radius * c, radius * s)
        };
        Self::simple((0..n).map(vertex).collect())
    }

    /// A polygon that is known not to cross itself.
    pub(crate) fn simple(offsets: Vec<Point>) -> Result<Self> {
        Ok(Self { shape: Arc::new(Polygon::new_simple(offsets)?) })
    }

    /// Offsets of the vertices from the position, counter-clockwise, pixels.
    #[must_use]
    #[doc(alias = "vertex_offsets")]
    pub fn offsets(&self) -> &[Point] {
        self.shape.vertices()
    }

    /// The vertices at a position, pixels.
    #[must_use]
    pub fn vertices(&self, center: Point) -> Vec<Point> {
        self.offsets().iter().map(|o| Point::new(center.x + o.x, center.y + o.y)).collect()
    }

    /// Number of vertices.
    #[must_use]
    pub fn n_vertices(&self) -> usize {
        self.offsets().len()
    }

    /// Length of all edges, pixels.
    #[must_use]
    pub fn perimeter(&self) -> f64 {
        let v = self.offsets();
        v.iter().zip(v.iter().cycle().skip(1)).map(|(a, b)| a.distance(*b)).sum()
    }
}

impl Aperture for PolygonAperture {
    fn name(&self) -> &'static str {
        "PolygonAperture"
    }

    fn params(&self) -> Vec<(&'static str, f64)> {
        vec![("n_vertices", self.n_vertices() as f64), ("area", self.area())]
    }

    fn area(&self) -> f64 {
        self.shape.area()
    }

    fn bbox(&self, c: Point) -> BoundingBox {
        self.shape.bbox(c)
    }

    fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        self.shape.coverage(center, method, window, out);
    }
}

impl From<Polygon> for PolygonAperture {
    fn from(shape: Polygon) -> Self {
        Self { shape: Arc::new(shape) }
    }
}

/// `n` points on an ellipse, the first at the end of the axis `a` at the angle `theta`.
pub(crate) fn curve(a: f64, b: f64, theta: f64, n: usize) -> Vec<Point> {
    let (sin, cos) = theta.sin_cos();
    (0..n)
        .map(|k| {
            let (s, c) = (TAU / n as f64 * k as f64).sin_cos();
            let (x, y) = (a * c, b * s);
            Point::new(x * cos - y * sin, x * sin + y * cos)
        })
        .collect()
}
