//! Exact weights of an ellipse on rows of pixels.
//!
//! An ellipse is a circle squeezed and sheared along a row: `x = shear y +- width sqrt(1 - (y / height)^2)`. The places
//! where it crosses the row and column edges are found once; in between, each pixel gets the area beside a chord, and
//! what lies between chord and arc is a segment of the unit circle times `a b`.

use skyphot_core::BoundingBox;
use skyphot_core::Point;

use super::rows::{RowSums, weight};
use crate::Coverage;
use crate::ellipse::Ellipse;

/// Coefficients of `(asin s - s sqrt(1 - s^2)) / s^3` as a power series in `s^2`.
const SERIES: [f64; 11] = [
    2.0 / 3.0,
    1.0 / 5.0,
    3.0 / 28.0,
    5.0 / 72.0,
    35.0 / 704.0,
    63.0 / 1664.0,
    77.0 / 2560.0,
    429.0 / 17408.0,
    6435.0 / 311_296.0,
    12155.0 / 688_128.0,
    46189.0 / 3_014_656.0,
];

/// Segment of the unit circle over a chord of squared length `4 t`, for `t <= 0.0556` (`TERMS` = 11) or `t <= 0.0078`
/// (`TERMS` = 7).
#[inline(always)]
fn short<const TERMS: usize>(t: f64) -> f64 {
    let mut p = SERIES[TERMS - 1];
    for k in (0..TERMS - 1).rev() {
        p = p * t + SERIES[k];
    }
    t * t.sqrt() * p
}

/// Segment of the unit circle over a chord of squared length `4 t`. Every level halves the arc: up to `t = 0.2` one is
/// needed and up to 0.5 two.
#[inline(always)]
fn segment<const TERMS: usize, const LEVEL: usize>(t: f64) -> f64 {
    // The triangle between the chord and the middle of its arc, and the squared half chord of half the arc.
    let halve = |t: f64| {
        let t = if t < 1.0 { t } else { 1.0 };
        let tall = t / (1.0 + (1.0 - t).sqrt());
        (t.sqrt() * tall, 0.5 * tall)
    };
    match LEVEL {
        0 => short::<TERMS>(t),
        1 => {
            let (triangle, half) = halve(t);
            triangle + 2.0 * short::<TERMS>(half)
        }
        _ => {
            let (triangle, half) = halve(t);
            let (small, quarter) = halve(half);
            triangle + 2.0 * (small + 2.0 * short::<TERMS>(quarter))
        }
    }
}

/// Segment over the chord `(du, dv)` of the unit circle, whose arc is less than half of it.
fn long_segment(chord2: f64, (du, dv): (f64, f64), p: (f64, f64)) -> f64 {
    if chord2 <= 2.0 {
        return segment::<11, 2>(0.25 * chord2);
    }
    // The point of the circle farthest from the chord, on the side of the arc.
    let d = chord2.sqrt();
    let (mut mu, mut mv) = (dv / d, -du / d);
    if mu * p.0 + mv * p.1 < 0.0 {
        (mu, mv) = (-mu, -mv);
    }
    let (eu, ev) = (mu - p.0, mv - p.1);
    let triangle = 0.5 * (eu * dv - ev * du).abs();
    let (fu, fv) = (eu - du, ev - dv);
    triangle + segment::<11, 2>(0.25 * (eu * eu + ev * ev)) + segment::<11, 2>(0.25 * (fu * fu + fv * fv))
}

/// Edges from the centre and where the ellipse crosses them.
#[derive(Debug)]
struct Edges<'a> {
    /// Column edges; upper and lower height of the ellipse there.
    x: &'a [f64],
    up: &'a [f64],
    down: &'a [f64],
}

/// One of the four arcs between the extreme points of the ellipse, seen from low to high.
#[derive(Debug, Clone, Copy)]
struct Quarter {
    /// +1 where the inside lies to the right.
    sign: f64,
    /// Columns are crossed at the upper heights.
    upper: bool,
}

/// Adds what an ellipse covers of `common`, a part of the window.
pub(crate) fn fill(
    e: &Ellipse,
    center: Point,
    common: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let (ny, nx) = common.shape();
    let (column0, row0) = ((common.x_min - window.x_min) as usize, (common.y_min - window.y_min) as usize);
    let mut sums = std::mem::take(out.row_sums());
    let mut places = std::mem::take(out.places());
    sums.reset(nx);
    // Column edges, upper and lower heights; row edges, left and right ends.
    places.clear();
    places.resize(3 * (nx + 1) + 3 * (ny + 1), 0.0);
    let (columns, rows) = places.split_at_mut(3 * (nx + 1));
    let (x, heights) = columns.split_at_mut(nx + 1);
    let (up, down) = heights.split_at_mut(nx + 1);
    e.x_axis.crossings(common.x_min as f64 - 0.5, center.x, x, up, down);
    let (y, ends) = rows.split_at_mut(ny + 1);
    let (right, left) = ends.split_at_mut(ny + 1);
    e.y_axis.crossings(common.y_min as f64 - 0.5, center.y, y, right, left);
    let edges = Edges { x, up, down };
    let (high, top_x, right_y) = (e.y_axis.extent, e.y_axis.at_extent, e.x_axis.at_extent);
    for j in 0..ny {
        let (y0, y1) = (y[j], y[j + 1]);
        let (lo, hi) = (y0.max(-high), y1.min(high));
        if lo >= hi {
            continue;
        }
        for (ends, turn, extreme, sign) in
            [(&*left, -right_y, -e.x_axis.extent, 1.0), (&*right, right_y, e.x_axis.extent, -1.0)]
        {
            let from = (if y0 < lo { -top_x } else { ends[j] }, lo);
            let to = (if y1 > hi { top_x } else { ends[j + 1] }, hi);
            let arc = |upper| Quarter { sign, upper };
            if turn <= lo {
                walk(e, &edges, from, to, arc(true), &mut sums);
            } else if turn >= hi {
                walk(e, &edges, from, to, arc(false), &mut sums);
            } else {
                walk(e, &edges, from, (extreme, turn), arc(false), &mut sums);
                walk(e, &edges, (extreme, turn), to, arc(true), &mut sums);
            }
        }
        sums.finish(row0 + j, column0, out);
    }
    bulge(e, &sums.bulges, out.partial_mut());
    *out.row_sums() = sums;
    *out.places() = places;
}

/// Adds the pieces of an arc that rises from `p` to `q` within a row.
#[inline]
fn walk(e: &Ellipse, edges: &Edges<'_>, p: (f64, f64), q: (f64, f64), arc: Quarter, sums: &mut RowSums) {
    let x = edges.x;
    let n = x.len() - 1;
    let (first, end) = (x[0], x[n]);
    let (xl, xr) = if p.0 < q.0 { (p.0, q.0) } else { (q.0, p.0) };
    if xl >= end {
        return;
    }
    if xr <= first {
        sums.add_left(arc.sign * (q.1 - p.1));
        return;
    }
    let heights = if arc.upper { edges.up } else { edges.down };
    let cross = |k: usize| (x[k], heights[k].clamp(p.1, q.1));
    let column = |v: f64| ((v - first).max(0.0) as usize).min(n - 1);
    // Casts of places from the first edge may be off by one of the edges themselves.
    let (mut c0, mut c1) = (column(xl), column(xr));
    if xl < x[c0] && c0 > 0 {
        c0 -= 1;
    }
    if xr > x[c1 + 1] && c1 + 1 < n {
        c1 += 1;
    }
    sums.touch(c0, c1 + 1);
    let rising = p.0 < q.0;
    let (mut a, mut z) = if rising { (p, q) } else { (q, p) };
    if a.0 < first {
        let c = cross(0);
        sums.add_left(arc.sign * (c.1 - a.1).abs());
        a = c;
    }
    if z.0 > end {
        z = cross(n);
    }
    let mut here = a;
    for i in c0..=c1 {
        let next = if i == c1 { z } else { cross(i + 1) };
        piece(e, x[i + 1], here, next, i, arc.sign, sums);
        here = next;
    }
}

/// A piece within one pixel.
#[inline(always)]
fn piece(e: &Ellipse, edge: f64, a: (f64, f64), b: (f64, f64), i: usize, sign: f64, sums: &mut RowSums) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    sums.add(i, sign * dy.abs(), edge - 0.5 * (a.0 + b.0));
    let (du, dv) = e.unit(dx, dy);
    let chord2 = du * du + dv * dv;
    if chord2 > 1.9 {
        sums.add_area(i, e.scale * long_segment(chord2, (du, dv), e.unit(a.0, a.1)));
    } else {
        sums.add_chord(i, chord2);
    }
}

/// Adds to the weights the segments over their chords.
fn bulge(e: &Ellipse, bulges: &[(u32, f64)], weights: &mut [f64]) {
    let least = e.a.min(e.b);
    if least >= 8.0 {
        bulge_by::<7, 0>(e, bulges, weights);
    } else if least >= 3.0 {
        bulge_by::<11, 0>(e, bulges, weights);
    } else if least >= 1.6 {
        bulge_by::<11, 1>(e, bulges, weights);
    } else {
        bulge_by::<11, 2>(e, bulges, weights);
    }
    for w in weights {
        *w = weight(*w);
    }
}

#[inline(always)]
fn bulge_by<const TERMS: usize, const LEVEL: usize>(e: &Ellipse, bulges: &[(u32, f64)], weights: &mut [f64]) {
    for &(k, chord2) in bulges {
        weights[k as usize] += e.scale * segment::<TERMS, LEVEL>(0.25 * chord2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_of_the_unit_circle() {
        let exact = |t: f64| {
            let s = t.sqrt();
            s.asin() - s * (1.0 - t).sqrt()
        };
        for t in [1e-9, 1e-4, 0.0077] {
            assert!((segment::<7, 0>(t) - exact(t)).abs() < 2e-16, "{t}");
        }
        for t in [0.01, 0.05, 0.0555] {
            assert!((segment::<11, 0>(t) - exact(t)).abs() < 1e-16, "{t}");
        }
        for t in [0.06, 0.1, 0.199] {
            assert!((segment::<11, 1>(t) - exact(t)).abs() < 2e-16, "{t}");
        }
        for t in [0.2, 0.4, 0.5] {
            assert!((segment::<11, 2>(t) - exact(t)).abs() < 3e-16, "{t}");
        }
        // Half the circle but for a sliver.
        for gap in [0.1_f64, 1e-3, 1e-9] {
            let (s, c) = gap.sin_cos();
            let area = long_segment(4.0 * c * c, (-2.0 * c, 0.0), (c, s));
            let want = 0.5 * std::f64::consts::PI - gap - s * c;
            assert!((area - want).abs() < 1e-15, "{gap}: {area} {want}");
        }
    }
}
