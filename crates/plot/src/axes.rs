//! Titles, ticks and labels around a frame.

use crate::Color;
use crate::font::text_width;
use crate::scene::{Align, Frame, Item};

/// Sizes in canvas pixels.
pub(crate) const LABEL: f64 = 14.0;
pub(crate) const TITLE: f64 = 17.0;
pub(crate) const TICK: f64 = 5.0;
pub(crate) const PAD: f64 = 10.0;

/// A tick: place along the axis in canvas pixels, and its label ("" for a minor tick).
pub(crate) type Tick = (f64, String);

pub(crate) fn text(at: (f64, f64), text: &str, size: f64, align: Align, vertical: bool) -> Item {
    Item::Text { at, text: text.to_owned(), size, color: Color::BLACK, align, vertical }
}

/// Widest label.
pub(crate) fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|t| text_width(&t.1, LABEL)).fold(0.0, f64::max)
}

/// Text cut with an ellipsis to a width.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut chars: Vec<char> = text.chars().collect();
    loop {
        chars.pop();
        let cut: String = chars.iter().chain(&['…']).collect();
        if chars.is_empty() || text_width(&cut, size) <= width {
            return cut;
        }
    }
}

/// Ticks below a frame and the name of the axis.
pub(crate) fn x_axis(items: &mut Vec<Item>, frame: &Frame, ticks: &[Tick], name: &str) {
    let mut free_from = f64::NEG_INFINITY;
    for (x, label) in ticks {
        let length = if label.is_empty() { 0.6 * TICK } else { TICK };
        items.push(Item::Fill {
            x0: x - 0.5,
            y0: frame.y1,
            x1: x + 0.5,
            y1: frame.y1 + length,
            color: Color::BLACK,
        });
        let half = 0.5 * text_width(label, LABEL);
        if !label.is_empty() && x - half > free_from {
            items.push(text((*x, frame.y1 + TICK + 0.7 * LABEL), label, LABEL, Align::Center, false));
            free_from = x + half + 6.0;
        }
    }
    if !name.is_empty() {
        let at = (0.5 * (frame.x0 + frame.x1), frame.y1 + TICK + 2.0 * LABEL);
        items.push(text(at, name, LABEL, Align::Center, false));
    }
}

/// Ticks to the left of a frame and the name of the axis.
pub(crate) fn y_axis(items: &mut Vec<Item>, frame: &Frame, ticks: &[Tick], name: &str) {
    for (y, label) in ticks {
        let length = if label.is_empty() { 0.6 * TICK } else { TICK };
        items.push(Item::Fill {
            x0: frame.x0 - length,
            y0: y - 0.5,
            x1: frame.x0,
            y1: y + 0.5,
            color: Color::BLACK,
        });
        if !label.is_empty() {
            items.push(text((frame.x0 - TICK - 3.0, *y), label, LABEL, Align::Right, false));
        }
    }
    if !name.is_empty() {
        let at = (frame.x0 - TICK - 3.0 - widest(ticks) - 0.8 * LABEL, 0.5 * (frame.y0 + frame.y1));
        items.push(text(at, name, LABEL, Align::Center, true));
    }
}

/// Room that `y_axis` takes to the left of the frame.
pub(crate) fn y_axis_width(ticks: &[Tick], name: &str) -> f64 {
    let name = if name.is_empty() { 0.0 } else { 1.4 * LABEL };
    (PAD + TICK + 3.0 + widest(ticks) + name).ceil()
}

/// Room that `x_axis` takes below the frame.
pub(crate) fn x_axis_height(name: &str) -> f64 {
    TICK + if name.is_empty() { 1.4 * LABEL } else { 2.6 * LABEL } + 4.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        assert_eq!(fit("short", LABEL, 500.0), "short");
        let cut = fit("a rather long title that does not fit", LABEL, 100.0);
        assert!(cut.ends_with('…') && text_width(&cut, LABEL) <= 100.0);
    }
}
