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
