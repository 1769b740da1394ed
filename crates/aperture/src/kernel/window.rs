//! Pixel values of an aperture by centres, in the order of the image.

use skyphot_core::Pixel;
use skyphot_geometry::Coverage;

use super::moments::{Covariance, Moments};
use super::neighbors::{Left, Source};
use super::sum::Counts;
use crate::planes::Rows;

/// The pixels of a coverage whose weight is not 0, each worth the same, packed row by row.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// Values; NaN for bad pixels and pixels of no weight.
    pub(crate) values: Vec<f64>,
    /// Runs: first value, first column, row.
    runs: Vec<(usize, usize, usize)>,
}

impl Window {
    /// Packs the pixels of a coverage, less `bkg`.
    #[inline(always)]
    pub(crate) fn fill<T: Pixel>(&mut self, rows: &Rows<'_, T>, cover: &Coverage, bkg: f64) -> Counts {
        self.values.clear();
        self.runs.clear();
        let mut counts = Counts::default();
        let mut weights = cover.partial().iter();
        for s in cover.segments() {
            let at = s.y * rows.nx;
            let first = self.values.len();
            self.runs.push((first, s.start, s.y));
            self.values.extend(rows.data[at + s.start..at + s.end].iter().map(|d| d.to_f64() - bkg));
            let values = &mut self.values[first..];
            counts.pixels += s.full_end - s.full_start;
            for x in (s.start..s.full_start).chain(s.full_end..s.end) {
                if weights.next().is_none_or(|w| *w <= 0.0) {
                    values[x - s.start] = f64::NAN;
                    continue;
                }
                counts.pixels += 1;
                if rows.mask.is_some_and(|m| m[at + x]) {
                    values[x - s.start] = f64::NAN;
                    counts.masked += 1;
                }
            }
            if let Some(mask) = rows.mask {
                let full = &mut values[s.full_start - s.start..s.full_end - s.start];
                for (v, bad) in full.iter_mut().zip(&mask[at + s.full_start..at + s.full_end]) {
                    if *bad {
                        *v = f64::NAN;
                        counts.masked += 1;
                    }
                }
            }
        }
        counts
    }

    /// Packs what is left of the pixels of a coverage without neighbours, less `bkg`.
    pub(crate) fn fill_without_neighbors<T: Pixel>(
        &mut self,
        rows: &Rows<'_, T>,
        source: &Source<'_>,
        cover: &Coverage,
        bkg: f64,
    ) -> Left {
        self.runs.clear();
        let mut n = 0;
        for s in cover.segments() {
            self.runs.push((n, s.start, s.y));
            n += s.end - s.start;
        }
        self.values.clear();
        self.values.resize(n, f64::NAN);
        let mut run = 0;
        source.visit(rows, cover, |i, from, _| {
            // Runs come in the order of the pixels.
            while self.runs.get(run + 1).is_some_and(|r| r.2 * rows.nx + r.1 <= i) {
                run += 1;
            }
            let (first, x, y) = self.runs[run];
            self.values[first + i - (y * rows.nx + x)] = rows.data[from].to_f64() - bkg;
        })
    }

    /// The good values, unsorted.
    #[inline(always)]
    pub(crate) fn good(&self, out: &mut Vec<f64>) {
        out.clear();
        // No bad pixel can hide behind a finite sum.
        if skyphot_stats::kernel::sum(&self.values).is_finite() {
            out.extend_from_slice(&self.values);
        } else {
            out.extend(self.values.iter().copied().filter(|v| v.is_finite()));
        }
    }

    /// First and second moments of the values from `low` to `high`, from the origin `(x0, y0)`. Two passes: second
    /// moments are taken about the centroid.
    #[inline(always)]
    pub(crate) fn moments(&self, [low, high]: [f64; 2], (x0, y0): (usize, usize)) -> Moments {
        let (mut total, mut sx, mut sy) = (0.0, 0.0, 0.0);
        for i in 0..self.runs.len() {
            let (values, x, y) = self.run(i);
            let (x, y) = (x as f64 - x0 as f64, y as f64 - y0 as f64);
            let [s, sk] = run_sums(values, low, high, |v, k| [v, v * k]);
            total += s;
            sx += s * x + sk;
            sy += s * y;
        }
        let (xc, yc) = (sx / total, sy / total);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for i in 0..self.runs.len() {
            let (values, x, y) = self.run(i);
            let (dx, dy) = (x as f64 - x0 as f64 - xc, y as f64 - y0 as f64 - yc);
            let [s, s1, s2] = run_sums(values, low, high, |v, k| {
                let d = k + dx;
                [v, v * d, v * d * d]
            });
            xx += s2;
            xy += s1 * dy;
            yy += s * dy * dy;
        }
        let raw = Covariance { xx: xx / total, xy: xy / total, yy: yy / total };
        Moments { total, x: xc, y: yc, raw }
    }

    /// The moments `m[i][j] = sum (y - yc)^i (x - xc)^j v` up to the third power of the values from `low` to `high`;
    /// the centre is in pixels of the image.
    pub(crate) fn power_moments(&self, [low, high]: [f64; 2], (xc, yc): (f64, f64)) -> [[f64; 4]; 4] {
        let mut m = [[0.0; 4]; 4];
        for i in 0..self.runs.len() {
            let (values, x, y) = self.run(i);
            let (dx, dy) = (x as f64 - xc, y as f64 - yc);
            let row = run_sums(values, low, high, |v, k| {
                let d = k + dx;
                [v, v * d, v * d * d, v * d * d * d]
            });
            let mut power = 1.0;
            for line in &mut m {
                for (m, s) in line.iter_mut().zip(row) {
                    *m += power * s;
                }
                power *= dy;
            }
        }
        m
    }

    /// Values, first column and row of a run. Loops, not closures, go over the runs: they keep the registers of the caller.
    #[inline(always)]
    fn run(&self, i: usize) -> (&[f64], usize, usize) {
        let (first, x, y) = self.runs[i];
        let end = self.runs.get(i + 1).map_or(self.values.len(), |r| r.0);
        (&self.values[first..end], x, y)
    }
}

/// Sums of some terms over a run; values out of bounds count as 0. `k` counts the pixels of the run.
#[inline(always)]
fn run_sums<const N: usize>(
    values: &[f64],
    low: f64,
    high: f64,
    term: impl Fn(f64, f64) -> [f64; N],
) -> [f64; N] {
    const LANES: usize = 4;
    let mut s = [[0.0; LANES]; N];
    let keep = |v: f64| if v >= low && v <= high { v } else { 0.0 };
    let (head, tail) = values.as_chunks::<LANES>();
    let mut k: [f64; LANES] = [0.0, 1.0, 2.0, 3.0];
    for c in head {
        for l in 0..LANES {
            let t = term(keep(c[l]), k[l]);
            for n in 0..N {
                s[n][l] += t[n];
            }
            k[l] += LANES as f64;
        }
    }
    for (l, v) in tail.iter().enumerate() {
        let t = term(keep(*v), k[l]);
        for n in 0..N {
            s[n][l] += t[n];
        }
    }
    s.map(|l| (l[0] + l[2]) + (l[1] + l[3]))
}
