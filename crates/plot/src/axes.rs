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

/// Parts of a text that holds `_{lower}` and `^{upper}`: each with its size and its shift downwards, in units of the size
/// of the text.
fn parts(text: &str) -> Vec<(String, f64, f64)> {
    let mut out = vec![(String::new(), 1.0, 0.0)];
    let mut rest = text;
    while let Some(at) = rest.find("_{").into_iter().chain(rest.find("^{")).min() {
        let Some(length) = rest[at + 2..].find('}') else { break };
        let shift = if rest[at..].starts_with('_') { 0.3 } else { -0.35 };
        out.push((rest[..at].to_owned(), 1.0, 0.0));
        out.push((rest[at + 2..at + 2 + length].to_owned(), 0.72, shift));
        rest = &rest[at + 3 + length..];
    }
    out.push((rest.to_owned(), 1.0, 0.0));
    out.retain(|p| !p.0.is_empty());
    out
}

/// Width of a text with `_{lower}` and `^{upper}` parts.
pub(crate) fn label_width(text: &str, size: f64) -> f64 {
    parts(text).iter().map(|(t, s, _)| text_width(t, s * size)).sum()
}

/// A text with `_{lower}` and `^{upper}` parts.
pub(crate) fn label(
    items: &mut Vec<Item>,
    at: (f64, f64),
    name: &str,
    size: f64,
    align: Align,
    vertical: bool,
) {
    let parts = parts(name);
    if let [(only, _, shift)] = parts.as_slice()
        && *shift == 0.0
    {
        items.push(text(at, only, size, align, vertical));
        return;
    }
    let mut along = match align {
        Align::Left => 0.0,
        Align::Center => -0.5 * label_width(name, size),
        Align::Right => -label_width(name, size),
    };
    for (t, s, shift) in parts {
        let place =
            if vertical { (at.0 + shift * size, at.1 - along) } else { (at.0 + along, at.1 + shift * size) };
        items.push(text(place, &t, s * size, Align::Left, vertical));
        along += text_width(&t, s * size);
    }
}

/// Widest label.
pub(crate) fn widest(ticks: &[Tick]) -> f64 {
    ticks.iter().map(|t| text_width(&t.1, LABEL)).fold(0.0, f64::max)
}

/// Text cut with an ellipsis to a width.
pub(crate) fn fit(text: &str, size: f64, width: f64) -> String {
    if label_width(text, size) <= width {
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
        label(items, at, name, LABEL, Align::Center, false);
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
        label(items, at, name, LABEL, Align::Center, true);
    }
}

/// Ticks above a frame and the name of the axis, as [`x_axis`] below it.
pub(crate) fn x_axis_above(items: &mut Vec<Item>, frame: &Frame, ticks: &[Tick], name: &str) {
    let from = items.len();
    x_axis(items, frame, ticks, name);
    let mirror = |y: f64| frame.y0 + frame.y1 - y;
    for item in &mut items[from..] {
        match item {
            Item::Fill { y0, y1, .. } => (*y0, *y1) = (mirror(*y1), mirror(*y0)),
            // Parts of a name that are shifted keep their shift.
            Item::Text { at, .. } => {
                let line =
                    frame.y1 + TICK + if at.1 > frame.y1 + TICK + 1.35 * LABEL { 2.0 } else { 0.7 } * LABEL;
                at.1 = mirror(line) + (at.1 - line);
            }
            _ => {}
        }
    }
}

/// Ticks to the right of a frame and the name of the axis.
pub(crate) fn y_axis_right(items: &mut Vec<Item>, frame: &Frame, ticks: &[Tick], name: &str) {
    for (y, label) in ticks {
        let length = if label.is_empty() { 0.6 * TICK } else { TICK };
        let (x0, x1) = (frame.x1, frame.x1 + length);
        items.push(Item::Fill { x0, y0: y - 0.5, x1, y1: y + 0.5, color: Color::BLACK });
        if !label.is_empty() {
            items.push(text((frame.x1 + TICK + 3.0, *y), label, LABEL, Align::Left, false));
        }
    }
    if !name.is_empty() {
        let at = (frame.x1 + TICK + 3.0 + widest(ticks) + 0.9 * LABEL, 0.5 * (frame.y0 + frame.y1));
        label(items, at, name, LABEL, Align::Center, true);
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
    fn lower_and_upper_parts() {
        let p = |t: &str| parts(t).into_iter().map(|p| (p.0, p.2)).collect::<Vec<_>>();
        assert_eq!(p("plain"), [("plain".to_owned(), 0.0)]);
        assert_eq!(
            p("m_{AB} s^{2}"),
            [("m".to_owned(), 0.0), ("AB".to_owned(), 0.3), (" s".to_owned(), 0.0), ("2".to_owned(), -0.35)]
        );
        assert_eq!(p("open _{brace"), [("open _{brace".to_owned(), 0.0)]);
        let mut items = Vec::new();
        label(&mut items, (100.0, 50.0), "m_{AB}", LABEL, Align::Center, false);
        let [Item::Text { at: a, .. }, Item::Text { at: b, size, .. }] = items.as_slice() else {
            panic!("two texts expected")
        };
        assert!(a.0 < 100.0 && b.0 > a.0 && b.1 > a.1 && *size < LABEL);
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(fit("short", LABEL, 500.0), "short");
        let cut = fit("a rather long title that does not fit", LABEL, 100.0);
        assert!(cut.ends_with('…') && text_width(&cut, LABEL) <= 100.0);
    }
}
