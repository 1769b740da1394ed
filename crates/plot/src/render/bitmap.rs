//! Pixels. Everything is drawn several times larger and averaged down, which smooths all lines and text and places
//! them to a fraction of a pixel.

use std::ops::Range;

use image::ImageEncoder;
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters::style::ShapeStyle;

use super::{draw_error, draw_text, rgb, round};
use crate::scene::{Item, Raster};
use crate::{Color, Result};

/// plotters centres the box of a line, which leaves digits a little high.
const LOWER: f64 = 0.15;

/// Sub-pixels per canvas pixel and axis.
fn supersampling(width: u32, height: u32) -> u32 {
    match u64::from(width) * u64::from(height) {
        0..=3_000_000 => 4,
        3_000_001..=12_000_000 => 2,
        _ => 1,
    }
}

/// The scene as `height * width * 3` bytes, top row first.
pub(crate) fn render_rgb(items: &[Item], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let s = supersampling(width, height);
    let (w, h) = (width * s, height * s);
    let mut buffer = vec![255_u8; w as usize * h as usize * 3];
    let scale = f64::from(s);
    for item in items {
        match item {
            Item::Raster(raster) => {
                blit(&mut buffer, w as usize, h as usize, raster, s);
                continue;
            }
            Item::Fill { x0, y0, x1, y1, color } => {
                // plotters' rectangles leave out or share their border, depending on the side.
                let cut = |v: f64, most: u32| (v * scale).round().clamp(0.0, f64::from(most)) as usize;
                fill(&mut buffer, w as usize, cut(*x0, w)..cut(*x1, w), cut(*y0, h)..cut(*y1, h), *color);
                continue;
            }
            Item::Area { outlines, color, opacity } => {
                area(&mut buffer, (w as usize, h as usize), outlines, scale, *color, *opacity);
                continue;
            }
            Item::Line { .. } | Item::Text { .. } => {}
        }
        let mut backend = BitMapBackend::with_buffer(&mut buffer, (w, h));
        match item {
            Item::Line { points, color, width } => {
                for pair in points.windows(2) {
                    segment(&mut backend, pair[0], pair[1], *color, *width, scale)?;
                }
            }
            Item::Text { .. } => draw_text(&mut backend, item, scale, LOWER)?,
            Item::Raster(_) | Item::Fill { .. } | Item::Area { .. } => {}
        }
    }
    Ok(average(&buffer, width as usize, height as usize, s as usize))
}

/// One thick segment, lengthened by half its width so that corners close.
fn segment(
    backend: &mut BitMapBackend<'_>,
    a: (f64, f64),
    b: (f64, f64),
    color: Color,
    width: f64,
    scale: f64,
) -> Result<()> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return Ok(());
    }
    // A filled polygon covers its border pixels too: half a sub-pixel on each side.
    let half = (0.5 * width * scale - 0.5).max(0.0);
    let (ux, uy) = (dx / length, dy / length);
    let corner = |p: (f64, f64), along: f64, across: f64| {
        let x = p.0 * scale - 0.5 + half * (along * ux - across * uy);
        let y = p.1 * scale - 0.5 + half * (along * uy + across * ux);
        (round(x), round(y))
    };
    let end = if length * scale > width * scale { 0.6 } else { 0.3 };
    let quad = [corner(a, -end, -1.0), corner(b, end, -1.0), corner(b, end, 1.0), corner(a, -end, 1.0)];
    let style = ShapeStyle { color: rgb(color).into(), filled: true, stroke_width: 1 };
    backend.fill_polygon(quad, &style).map_err(draw_error)
}

fn fill(buffer: &mut [u8], w: usize, cols: Range<usize>, rows: Range<usize>, c: Color) {
    if cols.is_empty() {
        return;
    }
    for y in rows {
        let row = &mut buffer[(y * w + cols.start) * 3..(y * w + cols.end) * 3];
        row.as_chunks_mut::<3>().0.fill([c.r, c.g, c.b]);
    }
}

/// Mixes a colour with what is there, at the sub-pixels whose centres an odd number of outlines surrounds.
fn area(
    buffer: &mut [u8],
    (w, h): (usize, usize),
    outlines: &[Vec<(f64, f64)>],
    scale: f64,
    c: Color,
    opacity: f64,
) {
    let opacity = (opacity.clamp(0.0, 1.0) * 256.0).round() as u32;
    let mix =
        |old: u8, new: u8| ((u32::from(old) * (256 - opacity) + u32::from(new) * opacity + 128) >> 8) as u8;
    let all = outlines.iter().flatten();
    let (lo, hi) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |r, p| (r.0.min(p.1), r.1.max(p.1)));
    if lo > hi {
        return;
    }
    let first = (lo * scale - 0.5).ceil().clamp(0.0, h as f64) as usize;
    let end = ((hi * scale - 0.5).floor() + 1.0).clamp(0.0, h as f64) as usize;
    let mut crossings: Vec<f64> = Vec::new();
    for row in first..end {
        let y = (row as f64 + 0.5) / scale;
        crossings.clear();
        for ring in outlines {
            for (k, a) in ring.iter().enumerate() {
                let b = ring[(k + 1) % ring.len()];
                if (a.1 <= y) != (b.1 <= y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
        }
        crossings.sort_unstable_by(f64::total_cmp);
        for pair in crossings.as_chunks::<2>().0 {
            let at = |x: f64| (x * scale - 0.5).ceil().clamp(0.0, w as f64) as usize;
            let (x0, x1) = (at(pair[0]), at(pair[1]));
            for p in buffer[(row * w + x0) * 3..(row * w + x1.max(x0)) * 3].as_chunks_mut::<3>().0 {
                *p = [mix(p[0], c.r), mix(p[1], c.g), mix(p[2], c.b)];
            }
        }
    }
}

fn blit(buffer: &mut [u8], w: usize, h: usize, r: &Raster, s: u32) {
    let cell = (r.cell * s) as usize;
    let (x0, y0) = ((r.x * s) as usize, (r.y * s) as usize);
    let cols = (r.cols as usize * cell).min(w.saturating_sub(x0));
    let rows = (r.rows as usize * cell).min(h.saturating_sub(y0));
    for y in 0..rows {
        let source = &r.rgb[(y / cell) * r.cols as usize * 3..][..r.cols as usize * 3];
        let target = &mut buffer[((y0 + y) * w + x0) * 3..][..cols * 3];
        for (block, color) in target.chunks_mut(cell * 3).zip(source.as_chunks::<3>().0) {
            for pixel in block.as_chunks_mut::<3>().0 {
                *pixel = *color;
            }
        }
    }
}

fn average(buffer: &[u8], width: usize, height: usize, s: usize) -> Vec<u8> {
    if s == 1 {
        return buffer.to_vec();
    }
    let mut out = Vec::with_capacity(width * height * 3);
    let mut sums = vec![0_u32; width * 3];
    let n = (s * s) as u32;
    for rows in buffer.chunks_exact(width * s * 3 * s) {
        sums.fill(0);
        for row in rows.chunks_exact(width * s * 3) {
            for (sum, block) in sums.as_chunks_mut::<3>().0.iter_mut().zip(row.chunks_exact(s * 3)) {
                for pixel in block.as_chunks::<3>().0 {
                    for (a, b) in sum.iter_mut().zip(pixel) {
                        *a += u32::from(*b);
                    }
                }
            }
        }
        out.extend(sums.iter().map(|v| ((v + n / 2) / n) as u8));
    }
    out
}

/// PNG bytes of an RGB picture.
pub(crate) fn encode_png(rgb: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    image::codecs::png::PngEncoder::new(&mut out)
        .write_image(rgb, width, height, image::ExtendedColorType::Rgb8)
        .map_err(draw_error)?;
    Ok(out)
}
