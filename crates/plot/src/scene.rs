//! What a picture consists of, in canvas pixels: x to the right, y down, the upper left corner is `(0, 0)`.

use std::sync::Arc;

use crate::Color;

/// Where the anchor of a text lies, horizontally.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// A block of coloured cells, top row first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Raster {
    pub(crate) x: u32,
    pub(crate) y: u32,
    /// Canvas pixels per cell, both ways.
    pub(crate) cell: u32,
    pub(crate) cols: u32,
    pub(crate) rows: u32,
    /// `rows * cols * 3` bytes.
    pub(crate) rgb: Arc<[u8]>,
}

/// Anything that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    Raster(Raster),
    Fill {
        x0: f64,
        y0: f64,
        x1: f64,
        y1: f64,
        color: Color,
    },
    Line {
        points: Vec<(f64, f64)>,
        color: Color,
        width: f64,
    },
    /// What an odd number of the closed outlines surrounds, of an opacity from 0 to 1.
    Area {
        outlines: Vec<Vec<(f64, f64)>>,
        color: Color,
        opacity: f64,
    },
    /// A text centred vertically on its anchor; `vertical` text reads upwards.
    Text {
        at: (f64, f64),
        text: String,
        size: f64,
        color: Color,
        align: Align,
        vertical: bool,
    },
}

/// A rectangle to draw within.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) x0: f64,
    pub(crate) y0: f64,
    pub(crate) x1: f64,
    pub(crate) y1: f64,
}

impl Frame {
    pub(crate) fn contains(&self, (x, y): (f64, f64)) -> bool {
        x >= self.x0 && x <= self.x1 && y >= self.y0 && y <= self.y1
    }

    /// The parts of a line inside the frame (Liang and Barsky 1984).
    pub(crate) fn clip(&self, line: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
        let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
        let mut open = false;
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let Some((t0, t1)) = self.inside(a, b) else {
                open = false;
                continue;
            };
            let at = |t: f64| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
            if !open || t0 > 0.0 {
                parts.push(vec![at(t0)]);
            }
            if let Some(part) = parts.last_mut() {
                part.push(if t1 < 1.0 { at(t1) } else { b });
            }
            open = t1 >= 1.0;
        }
        parts
    }

    /// The part of a closed outline inside the frame (Sutherland and Hodgman 1974); empty without one.
    pub(crate) fn clip_area(&self, outline: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut ring = outline.to_vec();
        if ring.len() > 1 && ring.first() == ring.last() {
            ring.pop();
        }
        for side in 0..4 {
            // How far a point lies within the side.
            let depth = |p: (f64, f64)| match side {
                0 => p.0 - self.x0,
                1 => self.x1 - p.0,
                2 => p.1 - self.y0,
                _ => self.y1 - p.1,
            };
            let mut out = Vec::with_capacity(ring.len() + 4);
            for (k, &b) in ring.iter().enumerate() {
                let a = ring[(k + ring.len() - 1) % ring.len()];
                let (da, db) = (depth(a), depth(b));
                if (da < 0.0) != (db < 0.0) {
                    let t = da / (da - db);
                    out.push((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
                }
                if db >= 0.0 {
                    out.push(b);
                }
            }
            ring = out;
        }
        if ring.len() < 3 { Vec::new() } else { ring }
    }

    fn inside(&self, a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut t0, mut t1) = (0.0_f64, 1.0_f64);
        for (p, q) in [(-dx, a.0 - self.x0), (dx, self.x1 - a.0), (-dy, a.1 - self.y0), (dy, self.y1 - a.1)] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
            } else if p < 0.0 {
                t0 = t0.max(q / p);
            } else {
                t1 = t1.min(q / p);
            }
        }
        (t0 <= t1).then_some((t0, t1))
    }

    /// Four bars along the edges, outside the frame.
    pub(crate) fn border(&self, color: Color, width: f64) -> [Item; 4] {
        let Self { x0, y0, x1, y1 } = *self;
        let fill = |x0, y0, x1, y1| Item::Fill { x0, y0, x1, y1, color };
        [
            fill(x0 - width, y0 - width, x1 + width, y0),
            fill(x0 - width, y1, x1 + width, y1 + width),
            fill(x0 - width, y0, x0, y1),
            fill(x1, y0, x1 + width, y1),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_clipped() {
        let f = Frame { x0: 0.0, y0: 0.0, x1: 10.0, y1: 10.0 };
        let area = |ring: &[(f64, f64)]| {
            let twice: f64 = (0..ring.len())
                .map(|k| {
                    let (a, b) = (ring[k], ring[(k + 1) % ring.len()]);
                    a.0 * b.1 - a.1 * b.0
                })
                .sum();
            0.5 * twice.abs()
        };
        let square = |x: f64, y: f64, a: f64| [(x, y), (x + a, y), (x + a, y + a), (x, y + a), (x, y)];
        assert_eq!(area(&f.clip_area(&square(2.0, 2.0, 3.0))), 9.0);
        assert_eq!(area(&f.clip_area(&square(-1.0, -1.0, 3.0))), 4.0);
        assert_eq!(area(&f.clip_area(&square(-5.0, -5.0, 30.0))), 100.0);
        assert_eq!(area(&f.clip_area(&[(-5.0, 0.0), (5.0, 10.0), (-5.0, 20.0)])), 12.5);
        assert!(f.clip_area(&square(20.0, 2.0, 3.0)).is_empty());
        assert!(f.clip_area(&[]).is_empty());
    }

    #[test]
    fn lines_are_clipped() {
        let f = Frame { x0: 0.0, y0: 0.0, x1: 10.0, y1: 10.0 };
        assert_eq!(f.clip(&[(-5.0, 5.0), (15.0, 5.0)]), [[(0.0, 5.0), (10.0, 5.0)]]);
        assert_eq!(f.clip(&[(1.0, 1.0), (2.0, 2.0), (3.0, 1.0)]), [[(1.0, 1.0), (2.0, 2.0), (3.0, 1.0)]]);
        assert!(f.clip(&[(-5.0, 5.0), (5.0, -50.0)]).is_empty());
        // Leaves and comes back.
        let parts = f.clip(&[(5.0, 5.0), (15.0, 5.0), (15.0, 6.0), (5.0, 6.0)]);
        assert_eq!(parts, [[(5.0, 5.0), (10.0, 5.0)], [(10.0, 6.0), (5.0, 6.0)]]);
    }
}
