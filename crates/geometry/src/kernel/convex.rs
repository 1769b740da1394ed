//! Sampled weights of convex shapes, row by row.
//!
//! The samples stand where photutils puts them, rounding included, so that a sample on the rim falls on the same side.

use skyphot_core::{BoundingBox, Point};

use crate::circle::{any_outside, rows};
use crate::kernel::push_difference;
use crate::{Coverage, OverlapMethod, Segment};

/// A convex shape about the origin.
pub(crate) trait Convex {
    /// A sample lies inside, with the rounding of the reference.
    fn contains(&self, x: f64, y: f64) -> bool;

    /// Left and right end at the height `y`, up to rounding.
    fn span(&self, y: f64) -> Option<(f64, f64)>;

    /// Leftmost and rightmost point between two heights, up to rounding.
    fn hull(&self, y0: f64, y1: f64) -> Option<(f64, f64)>;

    /// A length by which rounding is judged.
    fn size(&self) -> f64;

    /// Adds the rows of `part`, a part of the window.
    fn push_rows(
        &self,
        center: Point,
        n: usize,
        bbox: &BoundingBox,
        window: &BoundingBox,
        part: &BoundingBox,
        out: &mut Coverage,
    ) where
        Self: Sized,
    {
        let grid = Grid::new(center, n, bbox);
        let (from, to) = rows(part, window);
        for j in from..to {
            push_row(self, &grid, j, window, part, out);
        }
    }
}

/// Number of samples of a method along each side of a pixel.
pub(crate) fn samples_of(method: OverlapMethod) -> usize {
    method.subpixels().max(1)
}

/// Where samples stand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) n: usize,
    bbox: BoundingBox,
    /// Lower left corner of the bounding box, from the centre.
    left: f64,
    low: f64,
}

impl Grid {
    pub(crate) fn new(center: Point, n: usize, bbox: &BoundingBox) -> Self {
        let left = bbox.x_min as f64 - 0.5 - center.x;
        let low = bbox.y_min as f64 - 0.5 - center.y;
        Self { n, bbox: *bbox, left, low }
    }

    /// Left edge of a column of the image from the centre.
    #[inline(always)]
    pub(crate) fn column(&self, x: i64) -> f64 {
        self.left + (x - self.bbox.x_min) as f64
    }

    /// Lower edge of a row of the image from the centre.
    #[inline(always)]
    pub(crate) fn row(&self, y: i64) -> f64 {
        self.low + (y - self.bbox.y_min) as f64
    }

    /// The samples of the pixel from `edge` on.
    #[inline(always)]
    pub(crate) fn samples(&self, edge: f64) -> impl Iterator<Item = f64> + Clone {
        let d = ((edge + 1.0) - edge) / self.n as f64;
        let mut v = edge - 0.5 * d;
        (0..self.n).map(move |_| {
            v += d;
            v
        })
    }

    /// The same, counted from the first one.
    #[inline(always)]
    pub(crate) fn midpoints(&self, edge: f64) -> impl Iterator<Item = f64> + Clone {
        let d = ((edge + 1.0) - edge) / self.n as f64;
        let mut next = edge + 0.5 * d;
        (0..self.n).map(move |_| {
            let v = next;
            next += d;
            v
        })
    }

    /// First and one past the last column of the image, within `part`, that can hold samples in `lo..hi`.
    pub(crate) fn columns(&self, lo: f64, hi: f64, part: &BoundingBox) -> (i64, i64) {
        let place = |d: f64| (d - self.left).floor().clamp(-1e12, 1e12) as i64 + self.bbox.x_min;
        let from = place(lo).clamp(part.x_min, part.x_max);
        (from, (place(hi) + 1).clamp(from, part.x_max))
    }
}

fn push_row<S: Convex>(
    shape: &S,
    grid: &Grid,
    j: usize,
    window: &BoundingBox,
    part: &BoundingBox,
    out: &mut Coverage,
) {
    let margin = 1e-9 + 1e-12 * shape.size();
    let edge = grid.row(window.y_min + j as i64);
    let mut heights = grid.samples(edge);
    let low = heights.next().unwrap_or(edge);
    let high = heights.last().unwrap_or(low);
    let Some((l, r)) = shape.hull(low - margin, high + margin) else { return };
    let (start, end) = grid.columns(l - margin, r + margin, part);
    if start >= end {
        return;
    }
    // Whole pixels within this interval are full.
    let (mut full_start, mut full_end) = (start, start);
    if let (Some(a), Some(b)) = (shape.span(low - margin), shape.span(high + margin)) {
        let (l, r) = (a.0.max(b.0) + margin, a.1.min(b.1) - margin);
        if r - l > 1.0 {
            let (from, to) = grid.columns(l, r, part);
            full_start = (from + 1).clamp(start, end);
            full_end = (to - 1).clamp(full_start, end);
        }
    }
    let inside = |x: i64| {
        let columns = grid.samples(grid.column(x));
        columns.map(|sx| grid.samples(edge).filter(|&sy| shape.contains(sx, sy)).count()).sum::<usize>()
    };
    let at = |x: i64| (x - window.x_min) as usize;
    if grid.n == 1 {
        // All inside or not at all: no weights are needed.
        let (mut from, mut to) = (start, end);
        while from < to && (from < full_start || full_start == full_end) && inside(from) == 0 {
            from += 1;
        }
        while to > from && (to > full_end || full_start == full_end) && inside(to - 1) == 0 {
            to -= 1;
        }
        let is_full = |x: i64| (full_start..full_end).contains(&x);
        if (from..to).all(|x| is_full(x) || inside(x) == 1) {
            if from < to {
                out.push(Segment {
                    y: j,
                    start: at(from),
                    full_start: at(from),
                    full_end: at(to),
                    end: at(to),
                });
            }
            return;
        }
    }
    let segment =
        Segment { y: j, start: at(start), full_start: at(full_start), full_end: at(full_end), end: at(end) };
    let weights = out.push(segment);
    let scale = (grid.n * grid.n) as f64;
    for (x, w) in (start..full_start).chain(full_end..end).zip(weights) {
        *w = inside(x) as f64 / scale;
    }
}

/// Fills `out` with the samples of a shape; the caller has reset it.
pub(crate) fn push_sampled<S: Convex>(
    shape: &S,
    center: Point,
    n: usize,
    bbox: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let Some(common) = bbox.intersection(window) else { return };
    shape.push_rows(center, n, bbox, window, &common, out);
    if common != *bbox {
        let grid = Grid::new(center, n, bbox);
        out.set_outside(any_outside(bbox, &common, |j, c| push_row(shape, &grid, j, bbox, bbox, c)));
    }
}

/// Fills `out` with a ring. `fill` adds the rows of a part of a window to the outer and to the inner shape.
pub(crate) fn push_ring(
    bbox: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
    method: OverlapMethod,
    fill: impl Fn(&BoundingBox, &BoundingBox, &mut Coverage, &mut Coverage),
) {
    let Some(common) = bbox.intersection(window) else {
        out.reset(false, true);
        return;
    };
    out.reset(true, common != *bbox);
    let mut rings = out.rings().take().unwrap_or_default();
    let (outer, inner) = &mut *rings;
    outer.reset(true, false);
    inner.reset(true, false);
    fill(&common, window, outer, inner);
    push_difference(outer, inner, out);
    if method != OverlapMethod::Exact && common != *bbox {
        let outside = any_outside(bbox, &common, |j, c| {
            let y = bbox.y_min + j as i64;
            let row = BoundingBox { y_min: y, y_max: y + 1, ..*bbox };
            outer.reset(true, false);
            inner.reset(true, false);
            fill(&row, bbox, outer, inner);
            push_difference(outer, inner, c);
        });
        out.set_outside(outside);
    }
    *out.rings() = Some(rings);
}
