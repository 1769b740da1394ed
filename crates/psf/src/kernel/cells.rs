//! Points of the plane by square cells.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Mixes the two numbers of a cell, much faster than the hash that withstands attacks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CellHash(u64);

impl Hasher for CellHash {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(u64::from(*b)));
    }

    fn write_u64(&mut self, v: u64) {
        self.0 = (self.0.rotate_left(29) ^ v).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_i64(&mut self, v: i64) {
        self.write_u64(v as u64);
    }
}

/// No further point.
const END: usize = usize::MAX;

/// Points by cells; those of the nine cells around a place hold all within one cell's width.
#[derive(Debug, Clone)]
pub(crate) struct Cells {
    size: f64,
    /// The point of each cell that was put in last.
    last: HashMap<(i64, i64), usize, BuildHasherDefault<CellHash>>,
    /// For each point the one put into its cell before.
    before: Vec<usize>,
}

impl Cells {
    /// No points yet; room for those with numbers below `n`.
    pub(crate) fn new(size: f64, n: usize) -> Self {
        let size = if size.is_finite() && size > 0.0 { size } else { 1e6 };
        Self {
            size,
            last: HashMap::with_capacity_and_hasher(n, BuildHasherDefault::default()),
            before: vec![END; n],
        }
    }

    /// All points that are finite.
    pub(crate) fn of(
        points: impl DoubleEndedIterator<Item = (f64, f64)> + ExactSizeIterator,
        size: f64,
    ) -> Self {
        let mut out = Self::new(size, points.len());
        // From the end, so that a cell's points come in order.
        for (i, (x, y)) in points.enumerate().rev() {
            out.put(i, x, y);
        }
        out
    }

    /// Adds a point, if it is finite.
    pub(crate) fn put(&mut self, i: usize, x: f64, y: f64) {
        if x.is_finite() && y.is_finite() {
            let last = self.last.entry(cell(self.size, x, y)).or_insert(END);
            self.before[i] = *last;
            *last = i;
        }
    }

    /// Calls with the points of the cell `(dx, dy)` away from that of a place.
    fn for_each_in(&self, (cx, cy): (i64, i64), f: &mut impl FnMut(usize)) {
        let mut i = self.last.get(&(cx, cy)).copied().unwrap_or(END);
        while i != END {
            f(i);
            i = self.before[i];
        }
    }

    /// Calls with the points of the cells up to `far` cells away, always in the same order.
    pub(crate) fn for_each_within(&self, far: i64, x: f64, y: f64, mut f: impl FnMut(usize)) {
        let (cx, cy) = cell(self.size, x, y);
        for dy in -far..=far {
            for dx in -far..=far {
                self.for_each_in((cx + dx, cy + dy), &mut f);
            }
        }
    }

    /// There is a point in the nine cells.
    pub(crate) fn any_near(&self, x: f64, y: f64) -> bool {
        let (cx, cy) = cell(self.size, x, y);
        (-1..=1).any(|dy| (-1..=1).any(|dx| self.last.contains_key(&(cx + dx, cy + dy))))
    }
}

fn cell(size: f64, x: f64, y: f64) -> (i64, i64) {
    let c = |v: f64| (v / size).floor().clamp(-9e15, 9e15) as i64;
    (c(x), c(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_points_come_in_order() {
        let points =
            [(0.5, 0.5), (9.0, 9.0), (0.6, 0.1), (f64::NAN, 0.0), (-0.5, 1.2), (2.1, 0.0), (1e300, 0.0)];
        let cells = Cells::of(points.into_iter(), 1.0);
        let mut near = Vec::new();
        cells.for_each_within(1, 0.2, 0.2, |i| near.push(i));
        assert_eq!(near, [0, 2, 4]);
        near.clear();
        cells.for_each_within(2, 0.2, 0.2, |i| near.push(i));
        assert_eq!(near, [0, 2, 5, 4]);
        assert!(cells.any_near(8.0, 9.9) && !cells.any_near(7.9, 9.0));
    }
}
