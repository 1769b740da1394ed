//! Overlays as lines on the canvas.

use skyphot_core::Point;

use crate::scene::{Align, Frame, Item};
use crate::{Color, MarkerKind, Overlay, Shape};

/// From image pixels to canvas pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PixelMap {
    /// Left edge of the first pixel shown, in image pixels.
    pub(crate) x_min: f64,
    /// Lower edge of the first row shown, in image pixels.
    pub(crate) y_min: f64,
    /// Canvas pixels per image pixel.
    pub(crate) scale: (f64, f64),
    /// The image on the canvas.
    pub(crate) frame: Frame,
    /// The first row is at the top.
    pub(crate) y_down: bool,
}

impl PixelMap {
    pub(crate) fn x(&self, x: f64) -> f64 {
        self.frame.x0 + (x - self.x_min) * self.scale.0
    }

    pub(crate) fn y(&self, y: f64) -> f64 {
        let d = (y - self.y_min) * self.scale.1;
        if self.y_down { self.frame.y0 + d } else { self.frame.y1 - d }
    }

    fn point(&self, p: Point) -> (f64, f64) {
        (self.x(p.x), self.y(p.y))
    }
}

/// The figures of an overlay, clipped to the image.
pub(crate) fn draw_overlay(items: &mut Vec<Item>, overlay: &Overlay, map: &PixelMap) {
    let Overlay { color, line_width: width, .. } = *overlay;
    for shape in &overlay.shapes {
        let lines: Vec<Vec<(f64, f64)>> = match shape {
            Shape::Marker { center, kind, size } => marker(map.point(*center), *kind, *size),
            Shape::Text { at, text, size, offset } => {
                let anchor = map.point(Point::new(at.x + offset, at.y + offset));
                if at.is_finite() && map.frame.contains(map.point(*at)) {
                    // Near the right edge the text goes to the left of its place.
                    let fits = anchor.0 + crate::font::text_width(text, *size) < map.frame.x1;
                    let (at, align) = if fits {
                        (anchor, Align::Left)
                    } else {
                        ((map.x(at.x - offset), anchor.1), Align::Right)
                    };
                    let at = (at.0, (at.1 - 0.4 * size).max(map.frame.y0 + 0.6 * size));
                    let item = |dx: f64, dy: f64, color| {
                        let at = (at.0 + dx, at.1 + dy);
                        Item::Text { at, text: text.clone(), size: *size, color, align, vertical: false }
                    };
                    // A thin rim keeps the text readable on any background.
                    let rim = if brightness(color) > 110.0 { Color::BLACK } else { Color::WHITE };
                    let sides = [(-0.75, 0.0), (0.75, 0.0), (0.0, -0.75), (0.0, 0.75)];
                    items.extend(sides.map(|(x, y)| item(x, y, rim)));
                    items.push(item(0.0, 0.0, color));
                }
                continue;
            }
            other => other
                .outlines(map.scale.0)
                .iter()
                .map(|l| l.iter().map(|p| map.point(*p)).collect())
                .collect(),
        };
        if let Some(opacity) = overlay.fill {
            let closed = lines.iter().filter(|l| l.len() > 3 && l.first() == l.last());
            let outlines: Vec<_> = closed.map(|l| map.frame.clip_area(l)).filter(|l| !l.is_empty()).collect();
            if !outlines.is_empty() {
                items.push(Item::Area { outlines, color, opacity });
            }
        }
        if width <= 0.0 {
            continue;
        }
        for line in lines {
            for part in map.frame.clip(&line) {
                let pieces = overlay.line_style.cut(part, width);
                items.extend(pieces.into_iter().map(|points| Item::Line { points, color, width }));
            }
        }
    }
}

fn brightness(c: Color) -> f64 {
    0.299 * f64::from(c.r) + 0.587 * f64::from(c.g) + 0.114 * f64::from(c.b)
}

fn marker((x, y): (f64, f64), kind: MarkerKind, size: f64) -> Vec<Vec<(f64, f64)>> {
    if !(x.is_finite() && y.is_finite() && size.is_finite()) {
        return Vec::new();
    }
    let r = 0.5 * size;
    let at = |u: f64, v: f64| (x + r * u, y + r * v);
    match kind {
        MarkerKind::Plus => vec![vec![at(-1.0, 0.0), at(1.0, 0.0)], vec![at(0.0, -1.0), at(0.0, 1.0)]],
        MarkerKind::Cross => vec![vec![at(-1.0, -1.0), at(1.0, 1.0)], vec![at(-1.0, 1.0), at(1.0, -1.0)]],
        MarkerKind::Square => vec![
            [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)]
                .map(|(u, v)| at(u, v))
                .to_vec(),
        ],
        MarkerKind::Diamond => vec![
            [(-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)].map(|(u, v)| at(u, v)).to_vec(),
        ],
        MarkerKind::Circle => Shape::Circle { center: Point::new(x, y), r }
            .outlines(1.0)
            .into_iter()
            .map(|l| l.into_iter().map(|p| (p.x, p.y)).collect())
            .collect(),
    }
}
