//! Exact weights of straight-edged shapes on rows of pixels.

use skyphot_core::{BoundingBox, Point};

use crate::Coverage;

/// An edge that is not level, from its lower to its upper end, from the position of the shape.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Edge {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
    slope: f64,
    /// +1 where the inside lies to the right.
    sign: f64,
}

impl Edge {
    /// The edge from `a` to `b` of a shape that is walked counter-clockwise.
    pub(crate) fn new(a: Point, b: Point) -> Option<Self> {
        let (lo, hi, sign) = if a.y < b.y { (a, b, -1.0) } else { (b, a, 1.0) };
        let slope = (hi.x - lo.x) / (hi.y - lo.y);
        (hi.y > lo.y).then_some(Self { x0: lo.x, y0: lo.y, x1: hi.x, y1: hi.y, slope, sign })
    }

    /// All edges of a closed line, by the heights of their lower ends.
    pub(crate) fn all(vertices: &[Point]) -> Vec<Self> {
        let next = vertices.iter().cycle().skip(1);
        let mut edges: Vec<Self> = vertices.iter().zip(next).filter_map(|(a, b)| Self::new(*a, *b)).collect();
        edges.sort_by(|a, b| a.y0.total_cmp(&b.y0));
        edges
    }

    /// The place at a height between the ends.
    #[inline(always)]
    pub(crate) fn at(&self, y: f64) -> f64 {
        let (lo, hi) = if self.x0 < self.x1 { (self.x0, self.x1) } else { (self.x1, self.x0) };
        (self.x0 + (y - self.y0) * self.slope).clamp(lo, hi)
    }
}

/// Adds what the shape of the given edges, by the heights of their lower ends, covers of `common`, a part of the window.
pub(crate) fn fill(
    edges: &[Edge],
    center: Point,
    common: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let (ny, nx) = common.shape();
    let (column0, row0) = ((common.x_min - window.x_min) as usize, (common.y_min - window.y_min) as usize);
    let mut sums = std::mem::take(out.row_sums());
    let mut active = std::mem::take(out.active());
    active.clear();
    sums.reset(nx);
    let left = (common.x_min as f64 - 0.5) - center.x;
    let low = common.y_min as f64 - 0.5;
    let mut waiting = edges.iter().zip(0_u32..).peekable();
    let mut y1 = low - center.y;
    for j in 0..ny {
        let y0 = y1;
        y1 = ((j + 1) as f64 + low) - center.y;
        while let Some((e, k)) = waiting.next_if(|(e, _)| e.y0 < y1) {
            if e.y1 > y0 {
                active.push((k, if e.y0 < y0 { e.at(y0) } else { e.x0 }));
            }
        }
        active.retain_mut(|(k, x)| {
            let e = &edges[*k as usize];
            let from = if e.y0 > y0 { e.y0 - y0 } else { 0.0 };
            let stays = e.y1 > y1;
            let (next, to) = if stays { (e.at(y1), 1.0) } else { (e.x1, e.y1 - y0) };
            sums.line(*x - left, next - left, e.sign * (to - from));
            *x = next;
            stays
        });
        sums.finish(row0 + j, column0, out);
    }
    *out.row_sums() = sums;
    *out.active() = active;
}
