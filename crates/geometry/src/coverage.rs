//! The pixels one aperture covers.

use ndarray::Array2;

use crate::kernel::RowSums;

/// A piece of one image row: pixels `start..end`, of which `full_start..full_end` have weight 1. The weights of the
/// others stand in [`Coverage::partial`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Row, counted from the lower edge of the window.
    pub y: usize,
    /// First column, counted from the left edge of the window.
    pub start: usize,
    /// First column of weight 1.
    pub full_start: usize,
    /// One past the last column of weight 1.
    pub full_end: usize,
    /// One past the last column.
    pub end: usize,
}

impl Segment {
    /// Number of pixels whose weights are stored.
    #[must_use]
    #[inline]
    pub fn n_partial(&self) -> usize {
        (self.full_start - self.start) + (self.end - self.full_end)
    }
}

/// The pixels of a window (an image, say) that one aperture covers, with their weights: pieces of rows with long runs
/// of weight 1 and a few weights at their ends. Rows ascend, and so do the columns of one row.
///
/// One value is made once and filled again for every position.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    segments: Vec<Segment>,
    partial: Vec<f64>,
    overlaps: bool,
    outside: bool,
    scratch: ExactScratch,
    row_sums: RowSums,
    places: Vec<f64>,
    active: Vec<(u32, f64)>,
    rings: Option<Box<(Self, Self)>>,
}

/// Buffers of the exact circle, kept from one position to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExactScratch {
    /// Column edges from the centre and the heights of the arc over them.
    pub(crate) x: Vec<f64>,
    pub(crate) h: Vec<f64>,
    /// Row edges from the centre and the widths of the circle at them.
    pub(crate) y: Vec<f64>,
    pub(crate) g: Vec<f64>,
    /// Squared chord of every weight.
    pub(crate) chord2: Vec<f64>,
    /// Further parts of weights: index, area, squared chord.
    pub(crate) extra: Vec<(usize, f64, f64)>,
}

impl Coverage {
    /// An empty coverage.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The pieces of rows.
    #[must_use]
    #[inline]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The weights other than 1 of all pieces in their order: for each piece those of `start..full_start`, then those
    /// of `full_end..end`. A weight may be 0.
    #[must_use]
    #[inline]
    pub fn partial(&self) -> &[f64] {
        &self.partial
    }

    /// The bounding box of the shape and the window have pixels in common.
    #[must_use]
    #[inline]
    pub fn overlaps(&self) -> bool {
        self.overlaps
    }

    /// A pixel of nonzero weight lies outside the window, or the shape and the window do not overlap at all.
    #[must_use]
    #[inline]
    pub fn has_outside(&self) -> bool {
        self.outside
    }

    /// Sum of all weights inside the window, pixels.
    #[must_use]
    pub fn area(&self) -> f64 {
        let full: usize = self.segments.iter().map(|s| s.full_end - s.full_start).sum();
        full as f64 + self.partial.iter().sum::<f64>()
    }

    /// Calls `f(y, x, weight)` for every pixel of nonzero weight, row by row.
    #[inline]
    pub fn for_each(&self, mut f: impl FnMut(usize, usize, f64)) {
        let mut weights = self.partial.iter();
        for s in &self.segments {
            for (x, &w) in (s.start..s.full_start).zip(weights.by_ref()) {
                if w > 0.0 {
                    f(s.y, x, w);
                }
            }
            for x in s.full_start..s.full_end {
                f(s.y, x, 1.0);
            }
            for (x, &w) in (s.full_end..s.end).zip(weights.by_ref()) {
                if w > 0.0 {
                    f(s.y, x, w);
                }
            }
        }
    }

    /// The weights as an array of the given shape `(ny, nx)`; pixels beyond it are dropped.
    #[must_use]
    pub fn to_array(&self, shape: (usize, usize)) -> Array2<f64> {
        let mut a = Array2::zeros(shape);
        self.for_each(|y, x, w| {
            if let Some(v) = a.get_mut((y, x)) {
                *v = w;
            }
        });
        a
    }

    /// Empties it for the next position. `overlaps` and `outside` are what [`overlaps`](Self::overlaps) and
    /// [`has_outside`](Self::has_outside) will say.
    pub fn reset(&mut self, overlaps: bool, outside: bool) {
        self.segments.clear();
        self.partial.clear();
        self.overlaps = overlaps;
        self.outside = outside;
    }

    /// Corrects what [`has_outside`](Self::has_outside) says.
    pub fn set_outside(&mut self, outside: bool) {
        self.outside = outside;
    }

    /// The weights other than 1.
    pub(crate) fn partial_mut(&mut self) -> &mut [f64] {
        &mut self.partial
    }

    pub(crate) fn scratch(&mut self) -> &mut ExactScratch {
        &mut self.scratch
    }

    /// Two coverages to work with.
    pub(crate) fn rings(&mut self) -> &mut Option<Box<(Self, Self)>> {
        &mut self.rings
    }

    /// Ends a piece of a row, the weights of which have been added.
    #[inline]
    pub(crate) fn close(&mut self, segment: Option<Segment>) {
        self.segments.extend(segment);
    }

    /// Lengthens the open piece by pixels of weight 1, or begins another one.
    #[inline]
    pub(crate) fn extend_full(&mut self, open: &mut Option<Segment>, y: usize, from: usize, to: usize) {
        match open {
            // Nothing but weights so far.
            Some(s) if s.full_end == s.full_start && s.full_end == s.end => (s.full_end, s.end) = (to, to),
            _ => {
                self.close(open.take());
                *open = Some(Segment { y, start: from, full_start: from, full_end: to, end: to });
            }
        }
    }

    /// Lengthens the open piece by weights, or begins another one; returns their places.
    #[inline]
    pub(crate) fn extend_partial(
        &mut self,
        open: &mut Option<Segment>,
        y: usize,
        from: usize,
        to: usize,
    ) -> &mut [f64] {
        match open {
            Some(s) if s.full_start == s.full_end => (s.full_start, s.full_end, s.end) = (to, to, to),
            Some(s) => s.end = to,
            None => *open = Some(Segment { y, start: from, full_start: to, full_end: to, end: to }),
        }
        let at = self.partial.len();
        self.partial.resize(at + (to - from), 0.0);
        &mut self.partial[at..]
    }

    pub(crate) fn row_sums(&mut self) -> &mut RowSums {
        &mut self.row_sums
    }

    pub(crate) fn active(&mut self) -> &mut Vec<(u32, f64)> {
        &mut self.active
    }

    pub(crate) fn places(&mut self) -> &mut Vec<f64> {
        &mut self.places
    }

    /// Adds a piece of a row and returns the places of its weights, set to 0: those of `start..full_start`, then those
    /// of `full_end..end`.
    #[inline]
    pub fn push(&mut self, segment: Segment) -> &mut [f64] {
        debug_assert!(segment.start <= segment.full_start && segment.full_end <= segment.end);
        debug_assert!(segment.full_start <= segment.full_end);
        let at = self.partial.len();
        self.partial.resize(at + segment.n_partial(), 0.0);
        self.segments.push(segment);
        &mut self.partial[at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_pixels() {
        let mut c = Coverage::new();
        c.reset(true, false);
        c.push(Segment { y: 1, start: 2, full_start: 3, full_end: 5, end: 6 }).copy_from_slice(&[0.25, 0.5]);
        c.push(Segment { y: 2, start: 0, full_start: 1, full_end: 1, end: 2 }).copy_from_slice(&[0.0, 0.125]);
        assert_eq!(c.area(), 2.875);
        let a = c.to_array((3, 6));
        assert_eq!(a.row(1).to_vec(), [0.0, 0.0, 0.25, 1.0, 1.0, 0.5]);
        assert_eq!(a.row(2).to_vec(), [0.0, 0.125, 0.0, 0.0, 0.0, 0.0]);
        let mut n = 0;
        c.for_each(|_, _, _| n += 1);
        assert_eq!(n, 5);
    }
}
