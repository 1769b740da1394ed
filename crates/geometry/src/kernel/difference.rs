//! A shape less another one inside it.

use crate::{Coverage, Segment};

/// A piece of a row with its weights.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    segment: Segment,
    partial: &'a [f64],
}

impl Piece<'_> {
    #[inline(always)]
    fn at(&self, x: usize) -> f64 {
        let s = &self.segment;
        if x < s.start || x >= s.end {
            0.0
        } else if x < s.full_start {
            self.partial[x - s.start]
        } else if x < s.full_end {
            1.0
        } else {
            self.partial[(s.full_start - s.start) + (x - s.full_end)]
        }
    }
}

/// Adds `outer` less `inner`, never below 0. Both have at most one piece in a row.
pub(crate) fn push_difference(outer: &Coverage, inner: &Coverage, out: &mut Coverage) {
    let mut holes = pieces(inner).peekable();
    for o in pieces(outer) {
        let y = o.segment.y;
        while holes.next_if(|h| h.segment.y < y).is_some() {}
        let Some(hole) = holes.next_if(|h| h.segment.y == y) else {
            out.push(o.segment).copy_from_slice(o.partial);
            continue;
        };
        let (s, h) = (o.segment, hole.segment);
        // Left of the part that the hole swallows whole, and right of it.
        let left_end = h.full_start.clamp(s.start, s.end);
        let right_start = h.full_end.clamp(left_end, s.end);
        for p in [part(s, s.start, left_end, s.start, h.start), part(s, right_start, s.end, h.end, s.end)] {
            if p.start == p.end {
                continue;
            }
            let weights = out.push(p);
            for (x, w) in (p.start..p.full_start).chain(p.full_end..p.end).zip(weights) {
                *w = (o.at(x) - hole.at(x)).max(0.0);
            }
        }
    }
}

#[inline(always)]
fn pieces(c: &Coverage) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = c.partial();
    c.segments().iter().map(move |&segment| {
        let partial;
        (partial, rest) = rest.split_at(segment.n_partial());
        Piece { segment, partial }
    })
}

/// The columns `start..end` of a piece, full only where it is full within `clear_start..clear_end`.
#[inline(always)]
fn part(s: Segment, start: usize, end: usize, clear_start: usize, clear_end: usize) -> Segment {
    let full_start = s.full_start.max(clear_start).clamp(start, end);
    let full_end = s.full_end.min(clear_end).clamp(full_start, end);
    Segment { y: s.y, start, full_start, full_end, end }
}
