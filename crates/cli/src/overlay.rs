//! Apertures drawn on an image.

use std::path::Path;

use skyphot::core::{Image, Pixel, Point};
use skyphot::pipeline::{Shapes, picture_of};
use skyphot::plot::{Color, ColorMap, Interval, Overlay, PlotConfig, Stretch, plot_image};

use crate::args::GlobalArgs;
use crate::cmd;

/// Red that is seen on black and on white.
pub(crate) const RED: Color = Color::new(220, 30, 30);
/// Most positions with names on a picture.
const NAMED: usize = 100;

/// Apertures of one colour.
#[derive(Debug)]
pub(crate) struct Drawn<'a> {
    /// A shape for every position.
    pub(crate) shapes: &'a Shapes,
    /// Colour of its outline.
    pub(crate) color: Color,
}

/// Saves a picture of an image with apertures and, if there are not too many, the names of their positions.
pub(crate) fn draw_apertures<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    drawn: &[Drawn<'_>],
    names: Vec<String>,
    path: &Path,
    file: &str,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let overlay = |d: &Drawn<'_>| {
        let each = positions.iter().enumerate().filter_map(|(i, p)| Some((*p, d.shapes.at(i)?)));
        Overlay::new(each.flat_map(|(p, s)| picture_of(p, s)).collect()).with_color(d.color)
    };
    let mut overlays: Vec<Overlay> = drawn.iter().map(overlay).collect();
    if positions.len() <= NAMED {
        overlays.push(Overlay::labels(positions, &names, 2.0).with_color(RED));
    }
    let config = PlotConfig {
        title: Some(cmd::title(file)),
        interval: Interval::Percentile(99.5),
        stretch: Stretch::Asinh(0.1),
        colormap: "gray_r".parse::<ColorMap>()?,
        ..PlotConfig::default()
    };
    cmd::save_picture(plot_image(image, &overlays, &config), path, global)
}
