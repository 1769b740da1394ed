//! Sampled weights of a circle, row by row.
//!
//! The samples stand where photutils puts them, rounding included, so that a sample on the circle falls on the same
//! side.

use skyphot_core::{BoundingBox, Point};

use crate::{Coverage, Segment};

/// Number of the `n` by `n` samples of the rectangle `x.0..x.1` by `y.0..y.1` that lie inside the circle about the
/// origin.
pub(crate) fn samples_inside(x: (f64, f64), y: (f64, f64), r: f64, n: usize) -> usize {
    let r2 = r * r;
    let (dx, dy) = ((x.1 - x.0) / n as f64, (y.1 - y.0) / n as f64);
    let mut count = 0;
    let mut sx = x.0 - 0.5 * dx;
    for _ in 0..n {
        sx += dx;
        let mut sy = y.0 - 0.5 * dy;
        for _ in 0..n {
            sy += dy;
            count += usize::from(sx * sx + sy * sy < r2);
        }
    }
    count
}

/// A circle on a window, weighed by `n` by `n` samples per pixel.
#[derive(Debug)]
pub(crate) struct SampledDisc {
    center: Point,
    r: f64,
    n: usize,
    window: BoundingBox,
    bbox: BoundingBox,
    /// Lower left corner of the bounding box, from the centre.
    left: f64,
    low: f64,
}

impl SampledDisc {
    pub(crate) fn new(center: Point, r: f64, n: usize, bbox: BoundingBox, window: BoundingBox) -> Self {
        let left = bbox.x_min as f64 - 0.5 - center.x;
        let low = bbox.y_min as f64 - 0.5 - center.y;
        Self { center, r, n, window, bbox, left, low }
    }

    /// Both edges of an image column (not of the window), from the centre.
    #[inline(always)]
    fn column_edges(&self, x: i64) -> (f64, f64) {
        let x0 = self.left + (x - self.bbox.x_min) as f64;
        (x0, x0 + 1.0)
    }

    #[inline(always)]
    fn row_edges(&self, y: i64) -> (f64, f64) {
        let y0 = self.low + (y - self.bbox.y_min) as f64;
        (y0, y0 + 1.0)
    }

    /// Columns whose centres lie inside, in the image.
    #[inline]
    fn center_run(&self, y: (f64, f64)) -> Option<(i64, i64)> {
        let dy = y.1 - y.0;
        let sy = (y.0 - 0.5 * dy) + dy;
        let (r2, sy2) = (self.r * self.r, sy * sy);
        if sy2 >= r2 {
            return None;
        }
        // The first and one past the last whole number in between.
        let half = (r2 - sy2).sqrt();
        let (v, u) = (self.center.x - half, self.center.x + half);
        let (lo, hi) = (v as i64, u as i64);
        let lo = lo + i64::from((lo as f64) < v);
        let hi = hi - i64::from((hi as f64) > u) + 1;
        // Far enough from the circle, rounding cannot matter.
        let clear = |d: f64| d > 1e-6 && d < 1.0 - 1e-6;
        if half > 1e-8 * r2 && clear(lo as f64 - v) && clear(hi as f64 - u) {
            return (lo < hi).then_some((lo, hi));
        }
        let inside = |x: i64| {
            let (x0, x1) = self.column_edges(x);
            let dx = x1 - x0;
            let sx = (x0 - 0.5 * dx) + dx;
            sx * sx + sy2 < r2
        };
        let mut lo = lo.clamp(self.bbox.x_min, self.bbox.x_max);
        let mut hi = hi.clamp(lo, self.bbox.x_max);
        while lo > self.bbox.x_min && inside(lo - 1) {
            lo -= 1;
        }
        while lo < hi && !inside(lo) {
            lo += 1;
        }
        while hi > lo && !inside(hi - 1) {
            hi -= 1;
        }
        while hi < self.bbox.x_max && hi > lo && inside(hi) {
            hi += 1;
        }
        (lo < hi).then_some((lo, hi))
    }

    fn clip(&self, (lo, hi): (i64, i64)) -> (usize, usize) {
        let w = &self.window;
        let lo = lo.clamp(w.x_min, w.x_max);
        ((lo - w.x_min) as usize, (hi.clamp(lo, w.x_max) - w.x_min) as usize)
    }
}

impl SampledDisc {
    /// Adds rows `from..to` of the window.
    pub(crate) fn push_rows(&self, from: usize, to: usize, out: &mut Coverage) {
        for j in from..to {
            if let Some((segment, y)) = self.row(j) {
                let weights = out.push(segment);
                self.weights(&segment, y, weights);
            }
        }
    }

    /// What is covered of row `j` of the window, and its number in the image.
    #[inline]
    fn row(&self, j: usize) -> Option<(Segment, i64)> {
        let y = self.window.y_min + j as i64;
        let edges = self.row_edges(y);
        if self.n == 1 {
            let (start, end) = self.clip(self.center_run(edges)?);
            return (start < end)
                .then_some((Segment { y: j, start, full_start: start, full_end: end, end }, y));
        }
        // Centres of pixels nearer than this are covered in full, and farther than that not at all.
        const HALF_DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;
        let margin = 1e-9 + 1e-12 * self.r;
        let yc = 0.5 * (edges.0 + edges.1);
        let half = |r: f64| if r > yc.abs() { Some(((r - yc) * (r + yc)).sqrt()) } else { None };
        let outer = half(self.r + HALF_DIAGONAL + margin)?;
        let lo = ((self.center.x - outer).floor() as i64).max(self.bbox.x_min);
        let hi = ((self.center.x + outer).ceil() as i64 + 1).min(self.bbox.x_max);
        let (start, end) = self.clip((lo, hi.max(lo)));
        if start >= end {
            return None;
        }
        let full = half(self.r - HALF_DIAGONAL - margin).map_or((0, 0), |inner| {
            let lo = (self.center.x - inner).ceil() as i64;
            self.clip((lo, ((self.center.x + inner).floor() as i64 + 1).max(lo)))
        });
        let full_start = full.0.clamp(start, end);
        let full_end = full.1.clamp(full_start, end);
        Some((Segment { y: j, start, full_start, full_end, end }, y))
    }

    fn weights(&self, p: &Segment, y: i64, out: &mut [f64]) {
        let rows = self.row_edges(y);
        let scale = (self.n * self.n) as f64;
        for (x, w) in (p.start..p.full_start).chain(p.full_end..p.end).zip(out) {
            let columns = self.column_edges(self.window.x_min + x as i64);
            *w = samples_inside(columns, rows, self.r, self.n) as f64 / scale;
        }
    }
}
