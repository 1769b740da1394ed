//! Drawing a scene with plotters: on pixels and as SVG.

mod bitmap;
mod svg;

pub(crate) use bitmap::{encode_png, render_rgb};
pub(crate) use svg::render_svg;

use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, RGBColor, ShapeStyle, TextStyle};

use crate::font::font;
use crate::scene::{Align, Item};
use crate::{Color, PlotError, Result};

fn rgb(c: Color) -> RGBColor {
    RGBColor(c.r, c.g, c.b)
}

fn round(v: f64) -> i32 {
    v.round() as i32
}

fn draw_error<E: std::fmt::Display>(e: E) -> PlotError {
    PlotError::Draw(e.to_string())
}

/// Text on either backend; `scale` is the number of backend units per canvas pixel, `lower` moves the text down (to the
/// right, if it is vertical) by a fraction of its size.
fn draw_text<B: DrawingBackend>(backend: &mut B, item: &Item, scale: f64, lower: f64) -> Result<()> {
    let Item::Text { at, text, size, color, align, vertical } = item else { return Ok(()) };
    let h = match align {
        Align::Left => HPos::Left,
        Align::Center => HPos::Center,
        Align::Right => HPos::Right,
    };
    let turn = if *vertical { FontTransform::Rotate270 } else { FontTransform::None };
    let color = rgb(*color);
    let style =
        TextStyle::from(font(size * scale).transform(turn)).color(&color).pos(Pos::new(h, VPos::Center));
    let shift = lower * size;
    let at = if *vertical { (at.0 + shift, at.1) } else { (at.0, at.1 + shift) };
    backend.draw_text(text, &style, (round(at.0 * scale), round(at.1 * scale))).map_err(draw_error)
}

fn stroke(color: Color, width: f64) -> ShapeStyle {
    ShapeStyle { color: rgb(color).into(), filled: false, stroke_width: width.round().max(1.0) as u32 }
}
