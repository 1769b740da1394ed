//! Rows of pixels between pieces of a boundary.
//!
//! Every piece of boundary within a row adds to the pixel it runs through the area on its right, and its height to all
//! pixels further right: running sums are then the weights (the coverage accumulation of scan conversion).

use crate::coverage::{Coverage, Segment};

/// Running sums between pieces this near a whole number are that number: nothing but rounding parts them.
const ROUNDING: f64 = 1e-13;
/// Weights below this are rounding.
const LEAST: f64 = 1e-15;

/// Sums of one row.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowSums {
    /// Differences of the running sum, two more than there are columns.
    change: Vec<f64>,
    /// Columns that pieces run through: first and one past the last.
    touched: Vec<(u32, u32)>,
    /// Column and squared chord of the pieces that are not straight.
    chords: Vec<(u32, f64)>,
    /// Index of the weight and squared chord of them.
    pub(crate) bulges: Vec<(u32, f64)>,
    columns: usize,
}

impl RowSums {
    /// Begins the rows of a shape.
    pub(crate) fn reset(&mut self, columns: usize) {
        self.change.clear();
        self.change.resize(columns + 2, 0.0);
        self.touched.clear();
        self.chords.clear();
        self.bulges.clear();
        self.columns = columns;
    }

    /// Marks the columns `from..to` as run through.
    #[inline(always)]
    pub(crate) fn touch(&mut self, from: usize, to: usize) {
        self.touched.push((from as u32, to as u32));
    }

    /// A piece within column `i`: `height` with its sign, and the mean distance of the piece from the right edge.
    #[inline(always)]
    pub(crate) fn add(&mut self, i: usize, height: f64, from_right: f64) {
        let area = height * from_right;
        self.change[i] += area;
        self.change[i + 1] += height - area;
    }

    /// Area between a chord in column `i` and its arc.
    #[inline(always)]
    pub(crate) fn add_area(&mut self, i: usize, area: f64) {
        self.change[i] += area;
        self.change[i + 1] -= area;
    }

    /// A chord in column `i` with an arc over it.
    #[inline(always)]
    pub(crate) fn add_chord(&mut self, i: usize, chord2: f64) {
        self.chords.push((i as u32, chord2));
    }

    /// A piece left of all columns.
    #[inline(always)]
    pub(crate) fn add_left(&mut self, height: f64) {
        self.change[0] += height;
    }

    /// A straight piece from column place `ua` to `ub` (columns, counted from the left edge of the first) over `height`,
    /// whose sign says on which side the inside lies: + on its right.
    #[inline]
    pub(crate) fn line(&mut self, ua: f64, ub: f64, height: f64) {
        let (mut u0, mut u1) = if ua <= ub { (ua, ub) } else { (ub, ua) };
        let (mut height, end) = (height, self.columns as f64);
        if u0 >= end {
            return;
        }
        if u1 <= 0.0 {
            self.add_left(height);
            return;
        }
        if u0 >= 0.0 && u1 <= end {
            let i = (u0 as usize).min(self.columns - 1);
            if u1 <= (i + 1) as f64 {
                self.touch(i, i + 1);
                self.add(i, height, (i + 1) as f64 - 0.5 * (u0 + u1));
                return;
            }
        }
        let per_column = height / (u1 - u0);
        if u1 > end {
            height -= (u1 - end) * per_column;
            u1 = end;
        }
        if u0 < 0.0 {
            self.add_left(-u0 * per_column);
            height += u0 * per_column;
            u0 = 0.0;
        }
        let last = (u1 as usize).min(self.columns - 1);
        let first = (u0 as usize).min(last);
        self.touch(first, last + 1);
        if first == last {
            self.add(first, height, (first + 1) as f64 - 0.5 * (u0 + u1));
            return;
        }
        let part = (first + 1) as f64 - u0;
        self.add(first, part * per_column, 0.5 * part);
        for i in first + 1..last {
            self.add(i, per_column, 0.5);
        }
        let part = u1 - last as f64;
        self.add(last, part * per_column, 1.0 - 0.5 * part);
    }

    /// Ends row `y` of the window, whose first column here is column `column0` there.
    pub(crate) fn finish(&mut self, y: usize, column0: usize, out: &mut Coverage) {
        merge(&mut self.touched);
        let mut running = 0.0;
        let mut open: Option<Segment> = None;
        let mut at = 0;
        for k in 0..=self.touched.len() {
            let (from, to) = match self.touched.get(k) {
                Some(&(from, to)) => (from as usize, to as usize),
                None => (self.columns, self.columns),
            };
            if from > at {
                running += std::mem::take(&mut self.change[at]);
                let near = running.round();
                if (running - near).abs() <= ROUNDING {
                    running = near;
                }
                if running == 0.0 {
                    out.close(open.take());
                } else if running.abs() >= 1.0 {
                    out.extend_full(&mut open, y, column0 + at, column0 + from);
                } else {
                    let w = running.abs();
                    out.extend_partial(&mut open, y, column0 + at, column0 + from).fill(w);
                }
            }
            if from == to {
                break;
            }
            let base = out.partial().len();
            let weights = out.extend_partial(&mut open, y, column0 + from, column0 + to);
            for (w, c) in weights.iter_mut().zip(&mut self.change[from..to]) {
                running += std::mem::take(c);
                *w = weight(running);
            }
            if !self.chords.is_empty() {
                let within = self.chords.iter().filter(|c| (from..to).contains(&(c.0 as usize)));
                self.bulges.extend(within.map(|c| ((base + c.0 as usize - from) as u32, c.1)));
            }
            at = to;
        }
        out.close(open);
        self.change[self.columns] = 0.0;
        self.change[self.columns + 1] = 0.0;
        self.touched.clear();
        self.chords.clear();
    }
}

/// The weight that a running sum means.
#[inline(always)]
pub(crate) fn weight(sum: f64) -> f64 {
    let w = sum.abs();
    if w < LEAST {
        0.0
    } else if w > 1.0 {
        1.0
    } else {
        w
    }
}

/// Sorts and joins intervals.
#[inline]
fn merge(touched: &mut Vec<(u32, u32)>) {
    if touched.len() < 2 {
        return;
    }
    if !touched.is_sorted() {
        touched.sort_unstable();
    }
    let mut n = 0;
    for k in 1..touched.len() {
        let (from, to) = touched[k];
        if from <= touched[n].1 {
            touched[n].1 = touched[n].1.max(to);
        } else {
            n += 1;
            touched[n] = (from, to);
        }
    }
    touched.truncate(n + 1);
}
