//! Rectangles and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::ellipse::{check_angle, check_size};
use crate::kernel::{Convex, Edge, fill_edges, push_ring, push_sampled, samples_of};
use crate::{Coverage, OverlapMethod, Result};

/// A rectangle and the numbers its weights need.
///
/// ```
/// use skyphot_core::{BoundingBox, Point};
/// use skyphot_geometry::{Coverage, OverlapMethod, Rectangle};
/// let rectangle = Rectangle::new(5.0, 3.0, 0.6)?;
/// let mut cover = Coverage::new();
/// let window = BoundingBox { x_min: 0, x_max: 40, y_min: 0, y_max: 30 };
/// rectangle.coverage(Point::new(20.3, 15.1), OverlapMethod::Exact, &window, &mut cover);
/// assert!((cover.area() - 15.0).abs() < 1e-12);
/// # Ok::<(), skyphot_geometry::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "rectangular_overlap_grid")]
pub struct Rectangle {
    w: f64,
    h: f64,
    theta: f64,
    sin: f64,
    cos: f64,
    extent: (f64, f64),
    corners: [Point; 4],
    /// By the heights of their lower ends; the first `n_edges` count.
    edges: [Edge; 4],
    n_edges: usize,
}

impl Rectangle {
    /// The rectangle of full sides `w` and `h` pixels; `theta` is the angle of the side `w`, radians counter-clockwise
    /// from +x.
    ///
    /// # Errors
    /// [`GeometryError::InvalidSize`](crate::GeometryError::InvalidSize) unless `0 < w, h <= 1e9` and
    /// `|theta| <= 1e9`.
    pub fn new(w: f64, h: f64, theta: f64) -> Result<Self> {
        check_size("w", w)?;
        check_size("h", h)?;
        let (sin, cos) = check_angle(theta)?.sin_cos();
        let (hw, hh) = (0.5 * w, 0.5 * h);
        let corners = [(-hw, -hh), (hw, -hh), (hw, hh), (-hw, hh)]
            .map(|(x, y)| Point::new(x * cos - y * sin, x * sin + y * cos));
        let ex = (hw * cos - hh * sin).abs().max((hw * cos + hh * sin).abs());
        let ey = (hw * sin + hh * cos).abs().max((hw * sin - hh * cos).abs());
        let found = Edge::all(&corners);
        let mut edges = [Edge::default(); 4];
        edges[..found.len()].copy_from_slice(&found);
        Ok(Self { w, h, theta, sin, cos, extent: (ex, ey), corners, edges, n_edges: found.len() })
    }

    /// Full width (the side along `theta`), pixels.
    #[must_use]
    pub const fn w(&self) -> f64 {
        self.w
    }

    /// Full height, pixels.
    #[must_use]
    pub const fn h(&self) -> f64 {
        self.h
    }

    /// Angle of the side `w`, radians counter-clockwise from +x.
    #[must_use]
    pub const fn theta(&self) -> f64 {
        self.theta
    }

    /// The corners from the centre, counter-clockwise.
    #[must_use]
    pub const fn corners(&self) -> [Point; 4] {
        self.corners
    }

    /// The smallest box of whole pixels that contains the rectangle at a finite position.
    #[must_use]
    pub fn bbox(&self, c: Point) -> BoundingBox {
        let (ex, ey) = self.extent;
        BoundingBox::from_float(c.x - ex, c.x + ex, c.y - ey, c.y + ey)
    }

    fn edges(&self) -> &[Edge] {
        &self.edges[..self.n_edges]
    }

    /// Fills `out` with what the rectangle at a finite position covers of a window.
    pub fn coverage(&self, center: Point, method: OverlapMethod, window: &BoundingBox, out: &mut Coverage) {
        let bbox = self.bbox(center);
        let Some(common) = bbox.intersection(window) else {
            out.reset(false, true);
            return;
        };
        out.reset(true, common != bbox);
        match method {
            OverlapMethod::Exact => fill_edges(self.edges(), center, &common, window, out),
            _ => push_sampled(self, center, samples_of(method), &bbox, window, out),
        }
    }

    /// Fills `out` with what the ring between this rectangle and an `inner` one of the same centre covers of a window.
    pub fn ring_coverage(
        &self,
        inner: &Self,
        center: Point,
        method: OverlapMethod,
        window: &BoundingBox,
        out: &mut Coverage,
    ) {
        let bbox = self.bbox(center);
        push_ring(&bbox, window, out, method, |part, window, outer, hole| match method {
            OverlapMethod::Exact => {
                fill_edges(self.edges(), center, part, window, outer);
                if let Some(part) = inner.bbox(center).intersection(part) {
                    fill_edges(inner.edges(), center, &part, window, hole);
                }
            }
            _ => {
                // Both rectangles are sampled at the places that the bounding box of the ring defines.
                let n = samples_of(method);
                self.push_rows(center, n, &bbox, window, part, outer);
                inner.push_rows(center, n, &bbox, window, part, hole);
            }
        });
    }
}

impl Convex for Rectangle {
    #[inline(always)]
    fn contains(&self, x: f64, y: f64) -> bool {
        let (u, v) = (y * self.sin + x * self.cos, y * self.cos - x * self.sin);
        u.abs() < 0.5 * self.w && v.abs() < 0.5 * self.h
    }

    fn span(&self, y: f64) -> Option<(f64, f64)> {
        let ends = |e: &&Edge| e.y0 <= y && y <= e.y1;
        let places = || self.edges().iter().filter(ends).map(|e| e.at(y));
        (y.abs() < self.extent.1)
            .then(|| (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max)))
    }

    fn hull(&self, y0: f64, y1: f64) -> Option<(f64, f64)> {
        let high = self.extent.1;
        if y0 >= high || y1 <= -high {
            return None;
        }
        let cuts = self.edges().iter().filter(|e| e.y0 <= y1 && e.y1 >= y0);
        let corners = self.corners.iter().filter(|c| y0 <= c.y && c.y <= y1).map(|c| (c.x, c.x));
        let parts = cuts.flat_map(|e| {
            let (a, b) = (e.at(y0.max(e.y0)), e.at(y1.min(e.y1)));
            [(a, a), (b, b)]
        });
        parts.chain(corners).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn size(&self) -> f64 {
        self.w.max(self.h)
    }
}
