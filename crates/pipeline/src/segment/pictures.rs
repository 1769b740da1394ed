//! Pictures of segments: outlines and Kron ellipses on the image, and the label image in random colours.

use ndarray::Array2;
use skyphot_core::{Image, Pixel};
use skyphot_plot::{
    Color, ColorMap, Interval, Overlay, Picture, PlotConfig, Shape, Stretch, plot_colors, plot_image,
};

use crate::Result;
use crate::segment::columns::Ellipse;
use crate::segment::sources::Sources;

/// Largest sides of the pictures, canvas pixels.
pub(crate) const CANVAS: u32 = 2400;

/// Sides of the picture of an image of shape `(ny, nx)`: two canvas pixels for each, as far as they may be.
fn canvas((ny, nx): (usize, usize)) -> u32 {
    let side = u32::try_from(ny.max(nx)).unwrap_or(u32::MAX);
    side.saturating_mul(2).saturating_add(160).clamp(1200, CANVAS)
}

/// Most cells of the label map either way, a few for each pixel of the canvas.
const CELLS: usize = CANVAS as usize * 3 / 2;

/// Edges of an image of shape `(ny, nx)` in pixels.
fn extent((ny, nx): (usize, usize)) -> (f64, f64, f64, f64) {
    (-0.5, nx as f64 - 0.5, -0.5, ny as f64 - 0.5)
}

/// Outlines and Kron ellipses on the image, which may have been made smaller by whole factors.
pub(crate) fn overlay<T: Pixel>(
    image: &Image<'_, T>,
    factor: usize,
    sources: &Sources,
    ellipses: &[Ellipse],
    title: &str,
    unit: Option<&str>,
) -> Result<Picture> {
    let (ny, nx) = image.shape();
    let side = canvas((ny * factor, nx * factor));
    // What is smaller than a few pixels of the canvas cannot be seen, and costs memory where there are very many.
    let pixel = ((ny.max(nx) * factor) as f64 / f64::from(side)).max(0.0);
    let least = if pixel > 1.0 { 2.0 * pixel } else { 0.0 };
    let outlines = sources.outlines(least)?.into_iter().map(|vertices| Shape::Polygon { vertices }).collect();
    let kron: Vec<Shape> = ellipses
        .iter()
        .filter(|e| e.center.is_finite() && e.a.is_finite() && 1.5 * e.a >= least)
        .map(|e| Shape::Ellipse { center: e.center, a: e.a, b: e.b, theta: e.theta })
        .collect();
    // Thousands of lines cover what they show.
    let width = f64::from(side) / 1200.0 * if ellipses.len() > 2000 { 0.5 } else { 1.0 };
    let overlays = [
        Overlay::new(kron).with_color(Color::new(220, 30, 30)).with_line_width(width),
        Overlay::new(outlines).with_color(Color::DODGER_BLUE).with_line_width(width),
    ];
    let edges = extent((ny * factor, nx * factor));
    let config = PlotConfig {
        interval: Interval::AsymmetricPercentile { lower: 1.0, upper: 99.7 },
        stretch: Stretch::Asinh(0.1),
        colormap: ColorMap::GrayR,
        title: Some(title.to_owned()),
        unit: unit.map(str::to_owned),
        size: Some((side, side)),
        extent: (factor > 1).then_some(edges),
        ..PlotConfig::default()
    };
    Ok(plot_image(image, &overlays, &config)?)
}

/// The label image in random colours on black.
pub(crate) fn label_map(sources: &Sources, title: &str) -> Result<Picture> {
    let (ny, nx) = sources.shape();
    let factor = ny.max(nx).div_ceil(CELLS);
    let (my, mx) = (ny.div_ceil(factor), nx.div_ceil(factor));
    let mut pixels = Array2::from_elem((my, mx), BLACK);
    // Of each cell the label that most of its pixels have.
    let mut counts: Vec<(i32, usize)> = Vec::new();
    for (cell, mut out) in pixels.rows_mut().into_iter().enumerate() {
        let labels = sources.rows(cell * factor..((cell + 1) * factor).min(ny));
        for (x, color) in out.iter_mut().enumerate() {
            counts.clear();
            let part = labels.slice(ndarray::s![.., x * factor..((x + 1) * factor).min(nx)]);
            for label in part.iter().filter(|l| **l != 0) {
                match counts.iter_mut().find(|k| k.0 == *label) {
                    Some(k) => k.1 += 1,
                    None => counts.push((*label, 1)),
                }
            }
            if let Some(most) = counts.iter().rev().max_by_key(|k| k.1) {
                *color = color_of(most.0);
            }
        }
    }
    let config = PlotConfig {
        title: Some(title.to_owned()),
        size: Some((canvas((ny, nx)), canvas((ny, nx)))),
        extent: (factor > 1).then(|| extent((my * factor, mx * factor))),
        ..PlotConfig::default()
    };
    Ok(plot_colors(pixels.view(), BLACK, &[], &config)?)
}

const BLACK: [u8; 3] = [0, 0, 0];

/// A colour for a label: any hue, never dark.
fn color_of(label: i32) -> [u8; 3] {
    // splitmix64 (Steele, Lea & Flood 2014).
    let mut z = (label as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let part = |shift: u32| ((z >> shift) & 0xFFFF) as f64 / 65535.0;
    let (hue, saturation, value) = (part(0), 0.35 + 0.5 * part(16), 0.65 + 0.35 * part(32));
    [5.0, 3.0, 1.0].map(|n| {
        let k = (n + 6.0 * hue) % 6.0;
        let c = value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0);
        (255.0 * c).round() as u8
    })
}
