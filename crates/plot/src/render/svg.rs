//! SVG. plotters draws in whole units, so a canvas pixel is cut into several units and the view box scales them back.

use std::fmt::Write as _;

use plotters::prelude::{DrawingBackend, SVGBackend};

use super::{draw_error, draw_text, encode_png, rgb, round, stroke};
use crate::scene::{Item, Raster};
use crate::{Color, PlotError, Result};

/// Units per canvas pixel.
const UNITS: u32 = 16;

/// The scene as an SVG document.
pub(crate) fn render_svg(items: &[Item], (width, height): (u32, u32)) -> Result<String> {
    let scale = f64::from(UNITS);
    let size = (width * UNITS, height * UNITS);
    let mut body = String::new();
    // plotters has no image element that viewers understand, and no area with holes: these are written here, the rest in
    // runs between them.
    let ours = |i: &Item| matches!(i, Item::Raster(_) | Item::Area { .. });
    for run in items.chunk_by(|a, b| ours(a) == ours(b)) {
        if ours(&run[0]) {
            for item in run {
                match item {
                    Item::Raster(r) => write_raster(&mut body, r)?,
                    Item::Area { outlines, color, opacity } => {
                        write_area(&mut body, outlines, *color, *opacity)?;
                    }
                    _ => {}
                }
            }
            continue;
        }
        let mut text = String::new();
        {
            let mut backend = SVGBackend::with_string(&mut text, size);
            for item in run {
                match item {
                    Item::Fill { x0, y0, x1, y1, color } => {
                        let a = (round(x0 * scale), round(y0 * scale));
                        let b = (round(x1 * scale), round(y1 * scale));
                        backend.draw_rect(a, b, &rgb(*color), true).map_err(draw_error)?;
                    }
                    Item::Line { points, color, width } => {
                        let path = points.iter().map(|p| (round(p.0 * scale), round(p.1 * scale)));
                        backend.draw_path(path, &stroke(*color, width * scale)).map_err(draw_error)?;
                    }
                    Item::Text { .. } => draw_text(&mut backend, item, scale, 0.05)?,
                    Item::Raster(_) | Item::Area { .. } => {}
                }
            }
            backend.present().map_err(draw_error)?;
        }
        body.push_str(inner(&text)?);
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        size.0, size.1
    ))
}

/// What stands between the outer tags of a document.
fn inner(document: &str) -> Result<&str> {
    let cut = |d| {
        let start: usize = str::find(d, "<svg")?;
        let start = start + d[start..].find('>')? + 1;
        let end = d.rfind("</svg>")?;
        Some(d[start..end].trim_start_matches('\n'))
    };
    cut(document).ok_or_else(|| PlotError::Draw("the SVG backend wrote no document".to_owned()))
}

fn write_raster(body: &mut String, r: &Raster) -> Result<()> {
    let png = encode_png(&enlarged(r), (r.cols * r.cell, r.rows * r.cell))?;
    let (x, y, unit) = (r.x * UNITS, r.y * UNITS, r.cell * UNITS);
    writeln!(
        body,
        "<image x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
        r.cols * unit,
        r.rows * unit,
        base64(&png)
    )
    .map_err(draw_error)
}

fn write_area(body: &mut String, outlines: &[Vec<(f64, f64)>], color: Color, opacity: f64) -> Result<()> {
    let scale = f64::from(UNITS);
    let mut path = String::new();
    for ring in outlines {
        for (k, p) in ring.iter().enumerate() {
            let to = if k == 0 { 'M' } else { 'L' };
            write!(path, "{to}{} {}", round(p.0 * scale), round(p.1 * scale)).map_err(draw_error)?;
        }
        path.push('Z');
    }
    writeln!(body, "<path d=\"{path}\" fill=\"{color}\" fill-opacity=\"{opacity}\" fill-rule=\"evenodd\"/>")
        .map_err(draw_error)
}

/// The cells as canvas pixels: many viewers smooth an image that they enlarge, whatever the style says.
fn enlarged(r: &Raster) -> Vec<u8> {
    let (cell, width) = (r.cell as usize, r.cols as usize * 3);
    let mut out = Vec::with_capacity(r.rgb.len() * cell * cell);
    for row in r.rgb.chunks_exact(width) {
        let wide: Vec<u8> = row.as_chunks::<3>().0.iter().flat_map(|c| c.repeat(cell)).collect();
        for _ in 0..cell {
            out.extend_from_slice(&wide);
        }
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let v = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let digit = DIGITS[(v >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
