//! Exact weights of a circle, row by row.

use skyphot_core::{BoundingBox, Point};

use super::arc::{Arc, Strip, halves};
use super::row::{Profile, RowShape};

/// A circle on a window, `TERMS` as of [`super::arc::terms_for`].
#[derive(Debug)]
pub(crate) struct ExactDisc<const TERMS: usize> {
    arc: Arc,
    center: Point,
    /// Left edge of column 0 and lower edge of row 0.
    left: f64,
    low: f64,
    width: f64,
}

/// The one or two strips of a row: rows across the centre have two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strips {
    first: Strip,
    second: Option<Strip>,
}

impl<const TERMS: usize> ExactDisc<TERMS> {
    pub(crate) fn new(center: Point, r: f64, window: &BoundingBox) -> Self {
        Self {
            arc: Arc::new(r),
            center,
            left: window.x_min as f64 - 0.5,
            low: window.y_min as f64 - 0.5,
            width: window.shape().1 as f64,
        }
    }

    /// Left edge of a column, from the centre.
    #[inline(always)]
    fn edge(&self, column: usize) -> f64 {
        (column as f64 + self.left) - self.center.x
    }

    /// First column whose left edge is not left of `x` (from the centre).
    #[inline(always)]
    fn column_up(&self, x: f64) -> usize {
        let v = (self.center.x + x - self.left).clamp(0.0, self.width);
        let k = v as usize;
        k + usize::from((k as f64) < v)
    }

    /// The column that holds `x` (from the centre); one past the last column right of the window.
    #[inline(always)]
    fn column_down(&self, x: f64) -> usize {
        (self.center.x + x - self.left).clamp(0.0, self.width) as usize
    }

    /// Weights of `out.len()` columns right of the centre, the first of which starts at `a >= 0`; `put` stores them
    /// from the inside out.
    #[inline(always)]
    fn march(&self, s: &Strip, edges: impl Iterator<Item = f64>, a: f64, mut put: impl FnMut(usize, f64)) {
        let arc = &self.arc;
        let mut a = a;
        let mut p = if a >= s.inner { (a, arc.height(a.min(arc.r))) } else { (s.inner, s.yb) };
        for (k, b) in edges.enumerate() {
            let q = if b < s.outer { (b, arc.height(b)) } else { (s.outer, s.ya) };
            let w = if p.0 < q.0 {
                s.under_arc::<TERMS>(arc, a, p, q)
            } else {
                // By rounding alone a cell may end before the arc begins, or begin after its end.
                f64::from(u8::from(b <= s.inner))
            };
            put(k, w.clamp(0.0, 1.0));
            p = q;
            a = b;
        }
    }

    /// Area of one cell by all strips.
    #[inline]
    fn cell(&self, row: &Strips, column: usize) -> f64 {
        let (x0, x1) = (self.edge(column), self.edge(column + 1));
        let mut w = 0.0;
        for s in [Some(&row.first), row.second.as_ref()].into_iter().flatten() {
            for (a, b) in halves(x0, x1).into_iter().flatten() {
                w += s.cell::<TERMS>(&self.arc, a, b);
            }
        }
        w.clamp(0.0, 1.0)
    }
}

impl<const TERMS: usize> RowShape for ExactDisc<TERMS> {
    type Row = Strips;

    #[inline(always)]
    fn row(&self, j: usize) -> Option<(Profile, Strips)> {
        let y0 = (j as f64 + self.low) - self.center.y;
        let y1 = (j as f64 + (self.low + 1.0)) - self.center.y;
        let strip = |(ya, yb)| Strip::new(&self.arc, ya, yb);
        let [first, second] = halves(y0, y1);
        let first = strip(first?);
        let second = second.map(strip);
        let inner = second.map_or(first.inner, |s| s.inner.min(first.inner));
        let start = self.column_down(-first.outer);
        let end = self.column_up(first.outer);
        if start >= end {
            return None;
        }
        let full_start = self.column_up(-inner).clamp(start, end);
        let full_end = self.column_down(inner).clamp(full_start, end);
        Some((Profile { start, full_start, full_end, end }, Strips { first, second }))
    }

    #[inline(always)]
    fn weights(&self, p: &Profile, row: Strips, out: &mut [f64]) {
        let n_left = p.full_start - p.start;
        let (left, right) = out.split_at_mut(n_left);
        let beyond = if p.full_start < p.full_end { -self.edge(p.full_start) } else { -1.0 };
        if row.second.is_some() || beyond < 0.0 || self.edge(p.full_end) < 0.0 {
            // A row across the centre, or one whose partly covered pixels may lie across it.
            for (k, w) in left.iter_mut().enumerate() {
                *w = self.cell(&row, p.start + k);
            }
            for (k, w) in right.iter_mut().enumerate() {
                *w = self.cell(&row, p.full_end + k);
            }
            return;
        }
        let s = &row.first;
        let edges = (0..n_left).map(|k| -self.edge(p.full_start - 1 - k));
        self.march(s, edges, beyond, |k, w| left[n_left - 1 - k] = w);
        let n_right = right.len();
        let edges = (0..n_right).map(|k| self.edge(p.full_end + 1 + k));
        self.march(s, edges, self.edge(p.full_end), |k, w| right[k] = w);
    }
}
