//! One row of pixels: the weights of a convex shape, and of one convex shape less another inside it.

use crate::{Coverage, Segment};

/// Columns of one row that a convex shape covers: `start..end`, of which `full_start..full_end` in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) start: usize,
    pub(crate) full_start: usize,
    pub(crate) full_end: usize,
    pub(crate) end: usize,
}

impl Profile {
    pub(crate) fn n_partial(&self) -> usize {
        (self.full_start - self.start) + (self.end - self.full_end)
    }

    fn at(self, y: usize) -> Segment {
        Segment { y, start: self.start, full_start: self.full_start, full_end: self.full_end, end: self.end }
    }
}

/// A convex shape on a window: what it covers of row `j` of the window.
pub(crate) trait RowShape {
    /// What [`row`](Self::row) found out and [`weights`](Self::weights) needs.
    type Row: Copy;

    /// The columns covered, `None` if there are none.
    fn row(&self, j: usize) -> Option<(Profile, Self::Row)>;

    /// Weights of `start..full_start` and `full_end..end`; `out` is as long as that and holds zeros.
    fn weights(&self, profile: &Profile, row: Self::Row, out: &mut [f64]);
}

/// Adds row `j` of a shape.
#[inline(always)]
pub(crate) fn push_row<S: RowShape>(shape: &S, j: usize, out: &mut Coverage) {
    if let Some((profile, row)) = shape.row(j) {
        let weights = out.push(profile.at(j));
        shape.weights(&profile, row, weights);
    }
}

/// Buffers of [`push_difference`].
#[derive(Debug, Default)]
pub(crate) struct RowScratch {
    outer: Vec<f64>,
    inner: Vec<f64>,
}

/// A profile with its weights.
struct Weighted<'a> {
    profile: Profile,
    partial: &'a [f64],
}

impl Weighted<'_> {
    #[inline]
    fn at(&self, x: usize) -> f64 {
        let p = &self.profile;
        if x < p.start || x >= p.end {
            0.0
        } else if x < p.full_start {
            self.partial[x - p.start]
        } else if x < p.full_end {
            1.0
        } else {
            self.partial[(p.full_start - p.start) + (x - p.full_end)]
        }
    }
}

/// Adds row `j` of `outer` less `inner`, never below 0.
pub(crate) fn push_difference<S: RowShape>(
    outer: &S,
    inner: &S,
    j: usize,
    scratch: &mut RowScratch,
    out: &mut Coverage,
) {
    let Some((profile, row)) = outer.row(j) else { return };
    let Some((hole, hole_row)) = inner.row(j) else {
        let weights = out.push(profile.at(j));
        outer.weights(&profile, row, weights);
        return;
    };
    scratch.outer.clear();
    scratch.outer.resize(profile.n_partial(), 0.0);
    outer.weights(&profile, row, &mut scratch.outer);
    scratch.inner.clear();
    scratch.inner.resize(hole.n_partial(), 0.0);
    inner.weights(&hole, hole_row, &mut scratch.inner);
    let o = Weighted { profile, partial: &scratch.outer };
    let i = Weighted { profile: hole, partial: &scratch.inner };

    // Left of the part that the hole swallows whole, and right of it.
    let left_end = hole.full_start.clamp(profile.start, profile.end);
    let right_start = hole.full_end.clamp(left_end, profile.end);
    let left = sub_profile(profile, profile.start, left_end, profile.start, hole.start);
    let right = sub_profile(profile, right_start, profile.end, hole.end, profile.end);
    for p in [left, right] {
        if p.start == p.end {
            continue;
        }
        let weights = out.push(p.at(j));
        for (x, w) in (p.start..p.full_start).chain(p.full_end..p.end).zip(weights) {
            *w = (o.at(x) - i.at(x)).max(0.0);
        }
    }
}

/// The columns `start..end` of a profile, full only where the profile is full and `clear_start..clear_end` has it.
fn sub_profile(p: Profile, start: usize, end: usize, clear_start: usize, clear_end: usize) -> Profile {
    let full_start = p.full_start.max(clear_start).clamp(start, end);
    let full_end = p.full_end.min(clear_end).clamp(full_start, end);
    Profile { start, full_start, full_end, end }
}
