//! Polygons and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::ellipse::MAX_SIZE;
use crate::kernel::{Edge, fill_edges, push_sampled_polygon, samples_of};
use crate::simple::first_crossing;
use crate::{Coverage, GeometryError, OverlapMethod, Result};

/// A simple polygon, convex or not, about a position. Vertices are kept counter-clockwise.
///
/// ```
/// use skyphot_core::{BoundingBox, Point};
/// use skyphot_geometry::{Coverage, OverlapMethod, Polygon};
/// let corners = [(0.0, 0.0), (6.0, 1.0), (2.0, 2.0), (1.0, 5.0)];
/// let polygon = Polygon::new(corners.map(|(x, y)| Point::new(x, y)).to_vec())?;
/// let mut cover = Coverage::new();
/// let window = BoundingBox { x_min: 0, x_max: 40, y_min: 0, y_max: 30 };
/// polygon.coverage(Point::new(20.3, 15.1), OverlapMethod::Exact, &window, &mut cover);
/// assert!((cover.area() - polygon.area()).abs() < 1e-12);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "polygon_overlap_grid")]
pub struct Polygon {
    vertices: Vec<Point>,
    /// By the heights of their lower ends.
    edges: Vec<Edge>,
    area: f64,
    /// Lowest and highest offsets along x, then along y.
    bounds: [f64; 4],
}

impl Polygon {
    /// The polygon of the given offsets from the position, pixels, in either sense of rotation. Crossings are looked
    /// for by a sweep, in a time that grows little faster than the number of vertices.
    ///
    /// # Errors
    /// [`GeometryError::InvalidPolygon`] for fewer than 3 vertices, offsets that are not finite or beyond 1e9 pixels,
    /// repeated neighbours, no area, and edges that cross or touch.
    pub fn new(vertices: Vec<Point>) -> Result<Self> {
        let polygon = Self::new_simple(vertices)?;
        let v = &polygon.vertices;
        if let Some(k) = v.iter().zip(v.iter().cycle().skip(1)).position(|(a, b)| a == b) {
            return Err(invalid("no repeated neighbours", format!("({}, {}) twice", v[k].x, v[k].y)));
        }
        if let Some((a, b)) = first_crossing(v) {
            let found =
                format!("those from ({}, {}) and from ({}, {}) that meet", v[a].x, v[a].y, v[b].x, v[b].y);
            return Err(invalid("edges that do not cross or touch", found));
        }
        Ok(polygon)
    }

    /// The same for vertices whose edges are known not to cross; this is not looked into. If they do, a pixel weighs
    /// as often as the polygon winds around it, at most 1.
    ///
    /// # Errors
    /// As [`new`](Self::new) but for edges that cross and repeated neighbours.
    pub fn new_simple(mut vertices: Vec<Point>) -> Result<Self> {
        if vertices.len() < 3 || vertices.len() > MAX_VERTICES {
            let found = format!("{} vertices", vertices.len());
            return Err(invalid("3 to 2^31 vertices", found));
        }
        if let Some(v) = vertices.iter().find(|v| !(v.x.abs() <= MAX_SIZE && v.y.abs() <= MAX_SIZE)) {
            return Err(invalid("finite offsets of at most 1e9 pixels", format!("({}, {})", v.x, v.y)));
        }
        let signed = signed_area(&vertices);
        if signed == 0.0 {
            return Err(invalid("an area", "none: the vertices lie on a line".to_owned()));
        }
        if signed < 0.0 {
            vertices.reverse();
        }
        let fold = |f: fn(f64, f64) -> f64, get: fn(&Point) -> f64| {
            vertices.iter().map(get).reduce(f).unwrap_or_default()
        };
        let bounds = [
            fold(f64::min, |v| v.x),
            fold(f64::max, |v| v.x),
            fold(f64::min, |v| v.y),
            fold(f64::max, |v| v.y),
        ];
        Ok(Self { edges: Edge::all(&vertices), area: signed.abs(), bounds, vertices })
    }

    /// Offsets of the vertices from the position, counter-clockwise, pixels.
    #[must_use]
    pub fn vertices(&self) -> &[Point] {
        &self.vertices
    }

    /// Area, square pixels.
    #[must_use]
    pub const fn area(&self) -> f64 {
        self.area
    }

    /// Centre of mass, from the position.
    #[must_use]
    pub fn centroid(&self) -> Point {
        // About the first vertex, so that far places cost no digits.
        let o = self.vertices[0];
        let (mut sum, mut sx, mut sy) = (0.0, 0.0, 0.0);
        for (p, q) in self.vertices.iter().zip(self.vertices.iter().cycle().skip(1)) {
            let (px, py, qx, qy) = (p.x - o.x, p.y - o.y, q.x - o.x, q.y - o.y);
            let cross = px * qy - qx * py;
            sum += cross;
            sx += (px + qx) * cross;
            sy += (py + qy) * cross;
        }
        Point::new(o.x + sx / (3.0 * sum), o.y + sy / (3.0 * sum))
    }

    /// The smallest box of whole pixels that contains the polygon at a finite position.
    #[must_use]
    pub fn bbox(&self, c: Point) -> BoundingBox {
        let [x0, x1, y0, y1] = self.bounds;
        let (x, y) = (c.x + 0.5 * (x0 + x1), c.y + 0.5 * (y0 + y1));
        let (ex, ey) = (0.5 * (x1 - x0), 0.5 * (y1 - y0));
        BoundingBox::from_float(x - ex, x + ex, y - ey, y + ey)
    }

    /// Fills `out` with what the polygon at a finite position covers of a window.
    pub fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        let bbox = self.bbox(center);
        let Some(common) = bbox.intersection(window) else {
            out.reset(false, true);
            return;
        };
        out.reset(true, common != bbox);
        match method {
            OverlapMethod::Exact => fill_edges(&self.edges, center, &common, window, out),
            _ => {
                let n = samples_of(method);
                push_sampled_polygon(self, center, n, &bbox, window, out);
            }
        }
    }
}

/// Largest number of vertices: edges are numbered by 32 bits.
const MAX_VERTICES: usize = 1 << 31;

fn invalid(expected: &'static str, found: String) -> GeometryError {
    GeometryError::InvalidPolygon { expected, found }
}

/// Area, positive for vertices in counter-clockwise order. About the first vertex, so that far places cost no digits.
fn signed_area(v: &[Point]) -> f64 {
    let o = v[0];
    let cross = |p: &Point, q: &Point| (p.x - o.x) * (q.y - o.y) - (q.x - o.x) * (p.y - o.y);
    0.5 * v.iter().zip(v.iter().cycle().skip(1)).map(|(p, q)| cross(p, q)).sum::<f64>()
}
