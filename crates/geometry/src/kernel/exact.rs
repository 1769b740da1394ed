//! Exact weights of a circle on rows of pixels.
//!
//! The heights of the arc over all column edges and its widths at all row edges are found once. Every partly covered
//! pixel then is a trapezoid, found row by row without a root, and the segment of the circle over its chord; all
//! segments follow at the end in one loop that vector units can run.

use skyphot_core::{BoundingBox, Point};

use super::arc::{Arc, terms_for};
use crate::coverage::{Coverage, ExactScratch, Segment};

/// The part of a row on one side of the horizontal axis, `0 <= ya < yb` from the centre: full up to `inner`, empty
/// from `outer`.
#[derive(Debug, Clone, Copy)]
struct Strip {
    ya: f64,
    yb: f64,
    inner: f64,
    outer: f64,
}

impl Strip {
    /// Area of the trapezoid under the chord in `0 <= a < b`, where the arc has the heights `ha >= hb`, and the squared
    /// chord.
    #[inline(always)]
    fn piece(&self, a: f64, b: f64, ha: f64, hb: f64) -> (f64, f64) {
        // The ends of the arc within the cell. Outside the strip all of this degenerates to a point.
        let px = max(a, min(b, self.inner));
        let qx = max(px, min(b, self.outer));
        let ph = max(self.ya, min(self.yb, ha));
        let qh = max(self.ya, min(self.yb, hb));
        let (dx, dy) = (qx - px, ph - qh);
        let area = (px - a) * (self.yb - self.ya) + dx * (0.5 * (ph + qh) - self.ya);
        (area, dx * dx + dy * dy)
    }
}

/// The single instructions that `f64::min` and `f64::max` are not; nothing here is NaN.
#[inline(always)]
fn min(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline(always)]
fn max(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Adds what a circle covers of `common`, a part of the window.
pub(crate) fn fill(center: Point, r: f64, common: &BoundingBox, window: &BoundingBox, out: &mut Coverage) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        #[allow(unsafe_code)]
        unsafe {
            fill_avx2(center, r, common, window, out);
        }
        return;
    }
    fill_any(center, r, common, window, out);
}

/// The same code with wider registers; no operation is fused or reordered, so the bits are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2(center: Point, r: f64, common: &BoundingBox, window: &BoundingBox, out: &mut Coverage) {
    fill_any(center, r, common, window, out);
}

#[inline(always)]
fn fill_any(center: Point, r: f64, common: &BoundingBox, window: &BoundingBox, out: &mut Coverage) {
    let arc = Arc::new(r);
    let (ny, nx) = common.shape();
    let (column0, row0) = ((common.x_min - window.x_min) as usize, (common.y_min - window.y_min) as usize);
    let mut scratch = std::mem::take(out.scratch());
    let ExactScratch { x, h, y, g, chord2, extra } = &mut scratch;
    let left = common.x_min as f64 - 0.5;
    edges(&arc, left, center.x, nx, x, h);
    edges(&arc, common.y_min as f64 - 0.5, center.y, ny, y, g);
    chord2.clear();
    extra.clear();
    let width = nx as f64;
    // The column of a place `d` right of the centre, and how far it reaches into it.
    let place = |d: f64| max(0.0, min(width, (center.x + d) - left));
    let down = |d: f64| place(d) as u32 as usize;
    let up = |d: f64| {
        let v = place(d);
        let k = v as u32;
        k as usize + usize::from(f64::from(k) < v)
    };
    // The first column that is not left of the centre.
    let middle = up(0.0);
    for j in 0..ny {
        let (y0, y1) = (y[j], y[j + 1]);
        let (strip, second) = if y0 >= 0.0 {
            (Strip { ya: y0, yb: y1, inner: g[j + 1], outer: g[j] }, None)
        } else if y1 <= 0.0 {
            (Strip { ya: -y1, yb: -y0, inner: g[j], outer: g[j + 1] }, None)
        } else {
            (
                Strip { ya: 0.0, yb: y1, inner: g[j + 1], outer: r },
                Some(Strip { ya: 0.0, yb: -y0, inner: g[j], outer: r }),
            )
        };
        let inner = second.map_or(strip.inner, |s| min(s.inner, strip.inner));
        let (start, end) = (down(-strip.outer), up(strip.outer));
        if start >= end {
            continue;
        }
        let (mut full_start, mut full_end) = (up(-inner), down(inner));
        if full_start >= full_end {
            // No full pixel: the halves of the row part at the centre.
            (full_start, full_end) = (middle, middle);
        }
        let full_start = full_start.clamp(start, end);
        let full_end = full_end.clamp(full_start, end);
        let weights = out.push(Segment {
            y: row0 + j,
            start: column0 + start,
            full_start: column0 + full_start,
            full_end: column0 + full_end,
            end: column0 + end,
        });
        let at = chord2.len();
        chord2.resize(at + weights.len(), 0.0);
        let chords = &mut chord2[at..];
        let (left_weights, right_weights) = weights.split_at_mut(full_start - start);
        let (left_chords, right_chords) = chords.split_at_mut(full_start - start);
        let cells = |from: usize, to: usize| x[from..=to].windows(2).zip(h[from..=to].windows(2));
        for (((x, h), w), c) in cells(start, full_start).zip(left_weights).zip(left_chords) {
            (*w, *c) = strip.piece(max(0.0, -x[1]), -x[0], if x[1] > 0.0 { r } else { h[1] }, h[0]);
        }
        for (((x, h), w), c) in cells(full_end, end).zip(right_weights).zip(right_chords) {
            (*w, *c) = strip.piece(x[0], x[1], h[0], h[1]);
        }
        if let Some(s) = &second {
            let left = cells(start, full_start)
                .map(|(x, h)| s.piece(max(0.0, -x[1]), -x[0], if x[1] > 0.0 { r } else { h[1] }, h[0]));
            let right = cells(full_end, end).map(|(x, h)| s.piece(x[0], x[1], h[0], h[1]));
            extra.extend(left.chain(right).zip(at..).map(|((area, c2), k)| (k, area, c2)));
        }
        if full_start == full_end && start < middle && full_start == middle && x[middle] > 0.0 {
            // The cell across the centre has only been measured to its left.
            let k = at + middle - 1 - start;
            for s in [Some(&strip), second.as_ref()].into_iter().flatten() {
                let (area, c2) = s.piece(0.0, x[middle], r, h[middle]);
                extra.push((k, area, c2));
            }
        }
    }
    let partial = out.partial_mut();
    match terms_for(r) {
        7 => add_segments::<7>(&arc, chord2, partial),
        11 => add_segments::<11>(&arc, chord2, partial),
        _ => add_segments::<0>(&arc, chord2, partial),
    }
    for &(k, area, c2) in &*extra {
        partial[k] += area + arc.segment::<0>(c2);
    }
    for w in partial.iter_mut() {
        *w = max(0.0, min(1.0, *w));
    }
    *out.scratch() = scratch;
}

/// Edges of `n` cells from the centre, the first at `first`, and the heights of the arc over them.
#[inline(always)]
fn edges(arc: &Arc, first: f64, center: f64, n: usize, x: &mut Vec<f64>, h: &mut Vec<f64>) {
    x.clear();
    x.extend((0..=n as u32).map(|k| (f64::from(k) + first) - center));
    h.clear();
    h.extend(x.iter().map(|x| arc.height(x.abs())));
}

/// Adds to every weight the segment over its chord.
#[inline(always)]
fn add_segments<const TERMS: usize>(arc: &Arc, chord2: &[f64], weights: &mut [f64]) {
    for (w, &c2) in weights.iter_mut().zip(chord2) {
        *w += arc.segment::<TERMS>(c2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    #[test]
    fn wider_registers_do_not_change_a_bit() {
        let window = BoundingBox::new(0, 60, 0, 60).expect("a window");
        let (mut a, mut b) = (Coverage::new(), Coverage::new());
        for i in 0..300 {
            let u = |k: u64| uniform(8, 3 * i + k);
            let (center, r) = (Point::new(20.0 + 20.0 * u(0), 20.0 + 20.0 * u(1)), 0.05 + 19.0 * u(2));
            for (c, f) in [
                (&mut a, fill as fn(Point, f64, &BoundingBox, &BoundingBox, &mut Coverage)),
                (&mut b, fill_any),
            ] {
                c.reset(true, false);
                f(center, r, &window, &window, c);
            }
            assert_eq!(a.segments(), b.segments());
            assert!(a.partial().iter().zip(b.partial()).all(|(x, y)| x.to_bits() == y.to_bits()));
        }
    }
}
