//! Whether the edges of a polygon cross.
//!
//! The sweep of Shamos and Hoey (1976, 17th Symp. on Foundations of Computer Science, 208).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;

use skyphot_core::Point;

/// Fewer edges than this are compared each with each.
const FEW: usize = 48;

/// Twice the area of a triangle, positive if it is counter-clockwise.
#[inline]
fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// `c`, on the line through `a` and `b`, lies between them.
fn between(a: Point, b: Point, c: Point) -> bool {
    a.x.min(b.x) <= c.x && c.x <= a.x.max(b.x) && a.y.min(b.y) <= c.y && c.y <= a.y.max(b.y)
}

/// Two edges have a point in common.
fn meet(p: (Point, Point), q: (Point, Point)) -> bool {
    let (d1, d2) = (turn(q.0, q.1, p.0), turn(q.0, q.1, p.1));
    let (d3, d4) = (turn(p.0, p.1, q.0), turn(p.0, p.1, q.1));
    let apart = |a: f64, b: f64| (a > 0.0 && b < 0.0) || (a < 0.0 && b > 0.0);
    (apart(d1, d2) && apart(d3, d4))
        || (d1 == 0.0 && between(q.0, q.1, p.0))
        || (d2 == 0.0 && between(q.0, q.1, p.1))
        || (d3 == 0.0 && between(p.0, p.1, q.0))
        || (d4 == 0.0 && between(p.0, p.1, q.1))
}

/// Points from left to right, and from below where that is equal.
fn by_place(a: &Point, b: &Point) -> Ordering {
    a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
}

/// An edge from left to right, ordered from below as far as edges that do not cross have such an order.
#[derive(Debug, Clone, Copy)]
struct Swept {
    left: Point,
    right: Point,
    number: usize,
}

impl Ord for Swept {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.number == other.number {
            return Ordering::Equal;
        }
        // The side of the later left end, or else that of the right end.
        let side = if by_place(&self.left, &other.left).is_le() {
            let at_left = turn(self.left, self.right, other.left);
            if at_left != 0.0 { at_left } else { turn(self.left, self.right, other.right) }
        } else {
            let at_left = turn(other.left, other.right, self.left);
            -(if at_left != 0.0 { at_left } else { turn(other.left, other.right, self.right) })
        };
        0.0_f64.total_cmp(&(side + 0.0)).then(self.number.cmp(&other.number))
    }
}

impl PartialOrd for Swept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Swept {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Swept {}

/// The first vertices of two edges of a closed line that are not neighbours but have a point in common, if there are
/// any.
pub(crate) fn first_crossing(v: &[Point]) -> Option<(usize, usize)> {
    let n = v.len();
    let edge = |k: usize| (v[k], v[(k + 1) % n]);
    let neighbours = |a: usize, b: usize| (a + 1) % n == b || (b + 1) % n == a;
    let bad = |a: usize, b: usize| !neighbours(a, b) && meet(edge(a), edge(b));
    if n < FEW {
        return (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).find(|&(a, b)| bad(a, b));
    }
    let swept = |k: usize| {
        let (a, b) = edge(k);
        let (left, right) = if by_place(&a, &b).is_le() { (a, b) } else { (b, a) };
        Swept { left, right, number: k }
    };
    // Where edges begin and end, beginnings first: edges that only touch are seen together.
    let mut events: Vec<(Point, bool, usize)> =
        (0..n).map(swept).flat_map(|s| [(s.left, false, s.number), (s.right, true, s.number)]).collect();
    events.sort_by(|a, b| by_place(&a.0, &b.0).then(a.1.cmp(&b.1)));
    let mut current: BTreeSet<Swept> = BTreeSet::new();
    for (_, ends, k) in events {
        let s = swept(k);
        let below = current.range((Bound::Unbounded, Bound::Excluded(s))).next_back().map(|e| e.number);
        let above = current.range((Bound::Excluded(s), Bound::Unbounded)).next().map(|e| e.number);
        if ends {
            current.remove(&s);
            if let (Some(a), Some(b)) = (below, above)
                && bad(a, b)
            {
                return Some((a, b));
            }
        } else {
            for other in [below, above].into_iter().flatten() {
                if bad(k, other) {
                    return Some((k, other));
                }
            }
            current.insert(s);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    fn slow(v: &[Point]) -> bool {
        let n = v.len();
        let edge = |k: usize| (v[k], v[(k + 1) % n]);
        (0..n).any(|a| (a + 2..n).any(|b| !(a == 0 && b == n - 1) && meet(edge(a), edge(b))))
    }

    #[test]
    fn the_sweep_finds_what_the_comparison_of_all_finds() {
        let mut found = [0, 0];
        for seed in 0..300 {
            let n = 60 + seed as usize % 40;
            // A wavy ring, at times with a vertex out of place or on a coarse grid.
            let vertices: Vec<Point> = (0..n)
                .map(|k| {
                    let u = uniform(seed, k as u64);
                    let stray = seed % 3 == 1 && k == 7;
                    let phi =
                        std::f64::consts::TAU * (k as f64 + if stray { 5.0 * u } else { 0.9 * u }) / n as f64;
                    let r = 10.0 + 8.0 * uniform(seed + 1000, k as u64);
                    let p = Point::new(r * phi.cos(), r * phi.sin());
                    if seed % 5 == 4 { Point::new((p.x * 8.0).round(), (p.y * 8.0).round()) } else { p }
                })
                .collect();
            let want = slow(&vertices);
            assert_eq!(first_crossing(&vertices).is_some(), want, "{seed}");
            found[usize::from(want)] += 1;
        }
        assert!(found[0] > 30 && found[1] > 30, "{found:?}");
    }
}
