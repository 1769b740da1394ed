//! Names of curves and lines.

use std::str::FromStr;

use crate::axes::{self, LABEL, PAD};
use crate::line_plot::COLORS;
use crate::scene::{Align, Frame, Item};
use crate::{Color, LineStyle, Panel, PlotError, Result, SeriesStyle};

/// Where the names of curves and guides stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LegendPlace {
    /// In the corner with the fewest points.
    #[default]
    Best,
    /// In this corner.
    UpperRight,
    /// In this corner.
    LowerRight,
    /// In this corner.
    UpperLeft,
    /// In this corner.
    LowerLeft,
    /// Below the panel, where nothing is hidden.
    Below,
}

impl FromStr for LegendPlace {
    type Err = PlotError;

    fn from_str(s: &str) -> Result<Self> {
        Ok(match s.trim() {
            "best" => Self::Best,
            "upper right" => Self::UpperRight,
            "lower right" => Self::LowerRight,
            "upper left" => Self::UpperLeft,
            "lower left" => Self::LowerLeft,
            "below" => Self::Below,
            _ => {
                return Err(PlotError::Parse {
                    what: "place of a legend",
                    expected: "best, upper right, lower right, upper left, lower left or below",
                    found: s.to_owned(),
                });
            }
        })
    }
}

/// A dot; small ones are squares, which need fewer edges and look the same.
pub(crate) fn dot(
    (x, y): (f64, f64),
    size: f64,
    frame: &Frame,
    color: Color,
    opacity: Option<f64>,
) -> Option<Item> {
    let r = 0.5 * size;
    if !(r > 0.0 && r < 1e4) {
        return None;
    }
    if size <= 2.5 && opacity.is_none() {
        return Some(Item::Fill { x0: x - r, y0: y - r, x1: x + r, y1: y + r, color });
    }
    let n = (8.0 * r.sqrt()).clamp(12.0, 120.0) as usize;
    let angle = |k: usize| std::f64::consts::TAU * k as f64 / n as f64;
    let ring: Vec<(f64, f64)> = (0..n).map(|k| (x + r * angle(k).cos(), y + r * angle(k).sin())).collect();
    let outlines = vec![frame.clip_area(&ring)];
    Some(Item::Area { outlines, color, opacity: opacity.unwrap_or(1.0) })
}

/// What a name of the legend stands for.
struct Key<'a> {
    name: &'a str,
    color: Color,
    symbol: Symbol,
}

enum Symbol {
    Dot(f64),
    Bar(f64),
    Line(LineStyle, f64),
}

fn keys(panel: &Panel) -> Vec<Key<'_>> {
    let series = panel.series.iter().enumerate().filter_map(|(i, s)| {
        let color = s.color.unwrap_or(COLORS[i % COLORS.len()]);
        let opacity = s.opacity.unwrap_or(1.0);
        let symbol = match s.style {
            SeriesStyle::Points => Symbol::Dot(opacity),
            SeriesStyle::Area => Symbol::Bar(opacity),
            _ => Symbol::Line(s.line_style, 2.0),
        };
        Some(Key { name: s.name.as_deref()?, color, symbol })
    });
    let guides = panel.guides.iter().filter_map(|g| {
        let symbol = Symbol::Line(g.line_style, g.width.unwrap_or(1.6));
        Some(Key { name: g.name.as_deref()?, color: g.color(), symbol })
    });
    series.chain(guides).collect()
}

const KEY_LINE: f64 = 1.35 * LABEL;
/// Length of a symbol and the gap behind it.
const KEY: (f64, f64) = (36.0, 8.0);

fn key_width(keys: &[Key<'_>]) -> f64 {
    keys.iter().map(|k| axes::label_width(k.name, LABEL)).fold(0.0, f64::max) + KEY.0 + KEY.1
}

/// Columns of a legend below a panel.
fn columns(keys: &[Key<'_>], width: f64) -> usize {
    (((width - 4.0 * PAD) / (key_width(keys) + 2.0 * PAD)) as usize).clamp(1, keys.len().max(1))
}

pub(crate) fn height(panel: &Panel, width: f64) -> f64 {
    let keys = keys(panel);
    if keys.is_empty() {
        return 0.0;
    }
    KEY_LINE * keys.len().div_ceil(columns(&keys, width)) as f64 + PAD
}

/// Names of curves and guides, where the panel wants them.
pub(crate) fn draw(items: &mut Vec<Item>, panel: &Panel, frame: &Frame, width: f64) {
    let keys = keys(panel);
    if keys.is_empty() {
        return;
    }
    let wide = key_width(&keys);
    if panel.legend == LegendPlace::Below {
        let middle = 0.5 * (frame.x0 + frame.x1);
        let columns = columns(&keys, width);
        let rows = keys.len().div_ceil(columns);
        let step = wide + 2.0 * PAD;
        let left = (middle - 0.5 * (step * columns as f64 - 2.0 * PAD)).max(PAD);
        let top = frame.y1 + axes::x_axis_height("x") + 0.5 * PAD;
        for (i, k) in keys.iter().enumerate() {
            let (column, row) = (i / rows, i % rows);
            draw_key(items, k, left + step * column as f64, top + KEY_LINE * (row as f64 + 0.5));
        }
        return;
    }
    let high = KEY_LINE * keys.len() as f64 + PAD;
    let taken = |x0: f64, y0: f64| {
        let inside = |&(x, y): &(f64, f64)| x > x0 && x < x0 + wide && y > y0 && y < y0 + high;
        let of = |i: &Item| match i {
            Item::Line { points, .. } => points.iter().filter(|p| inside(p)).count(),
            Item::Area { outlines, .. } => {
                // A dot counts once, an area by its corners.
                let n = outlines.iter().flatten().filter(|p| inside(p)).count();
                if outlines.len() == 1 && outlines[0].len() <= 24 { n.min(1) } else { n }
            }
            Item::Fill { x0, y0, .. } => usize::from(inside(&(*x0, *y0))),
            _ => 0,
        };
        items.iter().map(of).sum::<usize>()
    };
    let (right, low) = (frame.x1 - wide - PAD, frame.y1 - high);
    let corners = [(right, frame.y0), (right, low), (frame.x0 + PAD, frame.y0), (frame.x0 + PAD, low)];
    let best = || corners.iter().copied().min_by_key(|c| taken(c.0, c.1));
    let (x0, y0) = match panel.legend {
        LegendPlace::UpperRight => corners[0],
        LegendPlace::LowerRight => corners[1],
        LegendPlace::UpperLeft => corners[2],
        LegendPlace::LowerLeft => corners[3],
        LegendPlace::Best | LegendPlace::Below => best().unwrap_or(corners[0]),
    };
    for (row, k) in keys.iter().enumerate() {
        draw_key(items, k, x0, y0 + PAD + LABEL * (0.5 + 1.35 * row as f64));
    }
}

fn draw_key(items: &mut Vec<Item>, key: &Key<'_>, x: f64, y: f64) {
    let Key { name, color, .. } = *key;
    let all = Frame { x0: x, y0: y - LABEL, x1: x + KEY.0, y1: y + LABEL };
    match key.symbol {
        Symbol::Dot(opacity) => items.extend(dot((x + 0.5 * KEY.0, y), 8.0, &all, color, Some(opacity))),
        Symbol::Bar(opacity) => {
            let (x1, y0, y1) = (x + 0.75 * KEY.0, y - 0.35 * LABEL, y + 0.35 * LABEL);
            let outlines = vec![vec![(x, y0), (x1, y0), (x1, y1), (x, y1)]];
            items.push(Item::Area { outlines, color, opacity });
        }
        Symbol::Line(style, width) => {
            let pieces = style.cut(vec![(x, y), (x + KEY.0, y)], width);
            items.extend(pieces.into_iter().map(|points| Item::Line { points, color, width }));
        }
    }
    axes::label(items, (x + KEY.0 + KEY.1, y), name, LABEL, Align::Left, false);
}
