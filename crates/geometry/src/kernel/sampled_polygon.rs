//! Sampled weights of polygons, row by row.
//!
//! A sample lies inside if an odd number of edges lies on its right, and outside if it lies on an edge; what is compared
//! is rounded as in photutils.

use skyphot_core::{BoundingBox, Point};

use super::convex::Grid;
use crate::Coverage;
use crate::circle::{any_outside, rows};
use crate::coverage::Segment;
use crate::polygon::Polygon;

/// The edges between two heights and what is known of one line of samples.
#[derive(Debug, Default)]
struct Line {
    /// Edges, each from its first to its second vertex.
    edges: Vec<(Point, Point)>,
    crossings: Vec<f64>,
    /// Ends of level edges on the line.
    level: Vec<(f64, f64)>,
    /// A vertex lies on the line.
    vertex: bool,
}

impl Line {
    fn at(&mut self, y: f64) {
        self.crossings.clear();
        self.level.clear();
        self.vertex = false;
        for (j, i) in &self.edges {
            self.vertex |= i.y == y || j.y == y;
            if i.y == y && j.y == y {
                self.level.push((i.x.min(j.x), i.x.max(j.x)));
            } else if (i.y > y) != (j.y > y) {
                self.crossings.push((j.x - i.x) * (y - i.y) / (j.y - i.y) + i.x);
            }
        }
        self.crossings.sort_unstable_by(f64::total_cmp);
    }

    /// A sample lies on a vertex.
    fn is_vertex(&self, x: f64, y: f64) -> bool {
        self.edges.iter().any(|(j, i)| (i.x == x && i.y == y) || (j.x == x && j.y == y))
    }

    /// A sample lies on an edge.
    fn is_on_edge(&self, x: f64, y: f64) -> bool {
        self.edges.iter().any(|(j, i)| {
            (j.x - i.x) * (y - i.y) - (j.y - i.y) * (x - i.x) == 0.0
                && i.x.min(j.x) <= x
                && x <= i.x.max(j.x)
                && i.y.min(j.y) <= y
                && y <= i.y.max(j.y)
        })
    }
}

/// Fills `out` with the samples of a polygon; the caller has reset it.
pub(crate) fn push_sampled_polygon(
    polygon: &Polygon,
    center: Point,
    n: usize,
    bbox: &BoundingBox,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let Some(common) = bbox.intersection(window) else { return };
    let grid = Grid::new(center, n, bbox);
    let mut line = Line::default();
    let (from, to) = rows(&common, window);
    for j in from..to {
        push_row(polygon, &grid, &mut line, j, window, &common, out);
    }
    if common != *bbox {
        out.set_outside(any_outside(bbox, &common, |j, c| {
            push_row(polygon, &grid, &mut line, j, bbox, bbox, c)
        }));
    }
}

fn push_row(
    polygon: &Polygon,
    grid: &Grid,
    line: &mut Line,
    j: usize,
    window: &BoundingBox,
    part: &BoundingBox,
    out: &mut Coverage,
) {
    let n = grid.n;
    let edge = grid.row(window.y_min + j as i64);
    let v = polygon.vertices();
    let previous = v.iter().cycle().skip(v.len() - 1);
    line.edges.clear();
    line.edges.extend(
        previous
            .zip(v)
            .filter(|(a, b)| a.y.min(b.y) <= edge + 1.0 && a.y.max(b.y) >= edge)
            .map(|(a, b)| (*a, *b)),
    );
    if line.edges.is_empty() {
        return;
    }
    let nx = (part.x_max - part.x_min) as usize;
    let mut counts = vec![0_u32; nx];
    for y in grid.midpoints(edge) {
        line.at(y);
        for pair in line.crossings.as_chunks::<2>().0 {
            let [a, b] = *pair;
            let margin = 1e-9 + 1e-12 * a.abs().max(b.abs());
            let (from, to) = grid.columns(a - margin, b + margin, part);
            let plain = line.level.is_empty() && !line.vertex;
            for x in from..to {
                let left = grid.column(x);
                let count = &mut counts[(x - part.x_min) as usize];
                if plain && left - margin > a && left + 1.0 + margin < b {
                    *count += n as u32;
                    continue;
                }
                let inside = |s: &f64| {
                    a < *s
                        && *s < b
                        && !(line.vertex && line.is_vertex(*s, y))
                        && !line.level.iter().any(|l| l.0 <= *s && *s <= l.1)
                        && !(n == 1
                            && (line.vertex || s - a < margin || b - s < margin)
                            && line.is_on_edge(*s, y))
                };
                *count += grid.midpoints(left).filter(inside).count() as u32;
            }
        }
    }
    let (all, scale) = ((n * n) as u32, (n * n) as f64);
    let mut open: Option<Segment> = None;
    let mut at = (part.x_min - window.x_min) as usize;
    for run in counts.chunk_by(|a, b| a == b || ((1..all).contains(a) && (1..all).contains(b))) {
        let (start, end) = (at, at + run.len());
        at = end;
        if run[0] == 0 {
            out.close(open.take());
        } else if run[0] == all {
            out.extend_full(&mut open, j, start, end);
        } else {
            let weights = out.extend_partial(&mut open, j, start, end);
            for (w, c) in weights.iter_mut().zip(run) {
                *w = f64::from(*c) / scale;
            }
        }
    }
    out.close(open);
}
