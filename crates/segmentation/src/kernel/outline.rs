//! Outlines of masks, followed along the edges of the pixels.

use ndarray::ArrayView2;
use skyphot_core::Exec;

use super::runs::{AboveRows, connect, number};

/// Corners in units of pixels from the corner of the mask, as `(x, y)`.
pub(crate) type Ring = Vec<(u32, u32)>;

/// One 8-connected part of a mask.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) exterior: Ring,
    pub(crate) holes: Vec<Ring>,
}

struct Mask<'a>(ArrayView2<'a, bool>);

impl AboveRows for Mask<'_> {
    type Scratch = ();
    fn fill(&self, y0: usize, out: &mut [u8], (): &mut ()) {
        for (i, row) in out.chunks_exact_mut(self.0.ncols()).enumerate() {
            row.iter_mut().zip(self.0.row(y0 + i)).for_each(|(o, m)| *o = u8::from(*m));
        }
    }
}

/// Steps right, up, left, down.
const STEPS: [(i64, i64); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// The outlines of the parts of a mask in the order of their first pixels.
pub(crate) fn trace(mask: ArrayView2<'_, bool>) -> Vec<Outline> {
    let (ny, nx) = mask.dim();
    let mut runs = connect(&Mask(mask), 0..ny, nx, 1, &Exec::serial());
    let (labels, stats) = number(&mut runs, 0, 1);
    // Parts with a margin of one pixel.
    let width = nx + 2;
    let mut part = vec![0_i32; width * (ny + 2)];
    for y in 0..ny {
        for i in runs.row(y) {
            let r = runs.runs[i];
            let at = (y + 1) * width + 1;
            part[at + r.x0 as usize..at + r.x1 as usize].fill(labels[i]);
        }
    }
    let at = |x: i64, y: i64| part[(y + 1) as usize * width + (x + 1) as usize];
    // For the edge that starts at corner (x, y) in direction d: the pixel to its left belongs to the mask, the one to
    // its right does not.
    let edge = |x: i64, y: i64, d: usize| {
        let (left, right) = match d {
            0 => (at(x, y), at(x, y - 1)),
            1 => (at(x - 1, y), at(x, y)),
            2 => (at(x - 1, y - 1), at(x - 1, y)),
            _ => (at(x, y - 1), at(x - 1, y - 1)),
        };
        if left != 0 && right == 0 { left } else { 0 }
    };
    let mut out: Vec<Outline> = stats.labels.iter().map(|_| Outline::default()).collect();
    let corner = |x: i64, y: i64| y as usize * (nx + 1) + x as usize;
    let mut seen = vec![[false; 2]; (nx + 1) * (ny + 1)];
    // Every ring has an edge to the right (bottom of a pixel) or, around a hole, to the left; start at either.
    for y in 0..=ny as i64 {
        for x in 0..=nx as i64 {
            for d in [0, 2] {
                let label = edge(x, y, d);
                if label == 0 || seen[corner(x, y)][d / 2] {
                    continue;
                }
                let ring = follow((x, y, d), &edge, |x, y, d| {
                    if d % 2 == 0 {
                        seen[corner(x, y)][d / 2] = true;
                    }
                });
                let outline = &mut out[label as usize - 1];
                // In this order the first ring of a part is its exterior.
                if outline.exterior.is_empty() {
                    outline.exterior = ring;
                } else {
                    outline.holes.push(ring);
                }
            }
        }
    }
    out
}

/// Follows the edges from one of them until it comes back; keeps the corners where the direction changes.
fn follow(
    start: (i64, i64, usize),
    edge: &impl Fn(i64, i64, usize) -> i32,
    mut mark: impl FnMut(i64, i64, usize),
) -> Ring {
    let mut ring = Vec::new();
    let (mut x, mut y, mut d) = start;
    loop {
        mark(x, y, d);
        x += STEPS[d].0;
        y += STEPS[d].1;
        // Turning right first keeps pixels together that share this corner only.
        let turn = [(d + 3) % 4, d, (d + 1) % 4].into_iter().find(|t| edge(x, y, *t) != 0);
        let Some(next) = turn else { break };
        if next != d {
            ring.push((x as u32, y as u32));
        }
        d = next;
        if (x, y, d) == start {
            break;
        }
    }
    ring
}
