//! Pictures of images.

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{BoundingBox, Image, Pixel};

use crate::axes::{self, LABEL, PAD, TICK, TITLE, Tick};
use crate::kernel::reduce::reduce;
use crate::layer::{PixelMap, draw_overlay};
use crate::scene::{Align, Frame, Item, Raster};
use crate::ticks::{color_bar_ticks, label, nice_ticks};
use crate::{Color, ColorMap, ImageNorm, Interval, Overlay, Picture, PlotError, Result, Stretch};

/// How an image that is larger than the canvas is made smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Reduction {
    /// Mean of the good pixels, weighted by area.
    #[default]
    Mean,
    /// The largest good pixel: faint stars stay visible at any size, the sky looks brighter than it is.
    Max,
}

/// How [`plot_image`] draws.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotConfig {
    /// Which values take the first and last colour; default zscale. Found from the part that is shown.
    pub interval: Interval,
    /// How values in between are spread; default linear.
    pub stretch: Stretch,
    /// Colours; default viridis.
    pub colormap: ColorMap,
    /// Colour of masked and non-finite pixels; default a dark red.
    pub bad_color: Color,
    /// Draw a colour bar; default yes.
    pub color_bar: bool,
    /// Draw a frame with ticks in 0-based pixel coordinates; default yes.
    pub axes: bool,
    /// The part of the image to show, in pixels; default all of it.
    pub zoom: Option<BoundingBox>,
    /// Text above the image.
    pub title: Option<String>,
    /// Unit of the pixel values, or more that stands beside the colour bar.
    pub unit: Option<String>,
    /// Name of the horizontal axis; default `x (pixel)`. Parts in `_{}` and `^{}` stand lower and higher, in all texts.
    pub x_label: String,
    /// Name of the vertical axis; default `y (pixel)`.
    pub y_label: String,
    /// Ticks of the horizontal axis in place of round numbers of pixels: places and names.
    pub x_ticks: Option<Vec<(f64, String)>>,
    /// Ticks of the vertical axis.
    pub y_ticks: Option<Vec<(f64, String)>>,
    /// Draw the first row at the top, and y downwards; default false.
    pub y_down: bool,
    /// Most width and height of the picture, canvas pixels; default 1100 x 1100. Smaller images are enlarged by a
    /// whole factor, larger ones reduced to fit.
    pub size: Option<(u32, u32)>,
    /// How large images are made smaller; default the mean.
    pub reduction: Reduction,
    /// Left, right, lower and upper edge of the image in the coordinates of the axes and overlays, for an image that was
    /// made smaller before; default its own pixels: `(-0.5, nx - 0.5, -0.5, ny - 0.5)`. Not to be combined with a zoom.
    pub extent: Option<(f64, f64, f64, f64)>,
}

impl Default for PlotConfig {
    fn default() -> Self {
        Self {
            interval: Interval::default(),
            stretch: Stretch::default(),
            colormap: ColorMap::default(),
            bad_color: Color::new(110, 20, 30),
            color_bar: true,
            axes: true,
            zoom: None,
            title: None,
            unit: None,
            x_label: "x (pixel)".to_owned(),
            y_label: "y (pixel)".to_owned(),
            x_ticks: None,
            y_ticks: None,
            y_down: false,
            size: None,
            reduction: Reduction::default(),
            extent: None,
        }
    }
}

/// Draws an image with its first pixel at the lower left, and overlays on it.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Image, Point};
/// use skyphot_plot::{Overlay, PlotConfig, Stretch, plot_image};
/// let data = Array2::from_shape_fn((40, 60), |(y, x)| ((x as f64 - 30.0).powi(2) + (y as f64 - 20.0).powi(2)).sqrt());
/// let circle = Overlay::circles(&[Point::new(30.0, 20.0)], 8.0);
/// let config = PlotConfig { stretch: Stretch::Asinh(0.1), title: Some("a bowl".into()), ..Default::default() };
/// let picture = plot_image(&Image::new(data.view())?, &[circle], &config)?;
/// assert!(picture.to_png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
///
/// # Errors
/// [`PlotError::ZoomOutside`], [`PlotError::NoGoodPixels`], [`PlotError::InvalidParameter`].
#[doc(alias = "imshow")]
#[doc(alias = "origin")]
#[doc(alias = "imshow_norm")]
pub fn plot_image<T: Pixel>(
    image: &Image<'_, T>,
    overlays: &[Overlay],
    config: &PlotConfig,
) -> Result<Picture> {
    let region = region(image.shape(), config.zoom)?;
    let part = cut(image, &region)?;
    let norm = ImageNorm::new(&part, &config.interval, &config.stretch)?;
    let extent = config.extent.unwrap_or_else(|| region.extent());
    compose(part.shape(), extent, overlays, config, Some(&norm), |cells| {
        let values =
            if cells == part.shape() { good_or_nan(&part) } else { reduce(&part, cells, config.reduction) };
        flip(paint(&values, &norm, config), cells, config.y_down)
    })
}

/// Draws pixels that have colours (red, green, blue) already, with the first pixel at the lower left, and overlays on
/// them. Of the configuration everything counts that is not about values.
///
/// Where the image is larger than the canvas, a cell has the colour that most of its pixels have, `background` only if
/// all have it: what is small stays visible.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_plot::{PlotConfig, plot_colors};
/// let pixels = Array2::from_shape_fn((40, 60), |(y, x)| if x > y { [200, 30, 30] } else { [0, 0, 0] });
/// let picture = plot_colors(pixels.view(), [0, 0, 0], &[], &PlotConfig::default())?;
/// assert!(picture.to_png()?.starts_with(b"\x89PNG"));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
///
/// # Errors
/// [`PlotError::ZoomOutside`], [`PlotError::InvalidParameter`], [`PlotError::Core`] for an empty image.
pub fn plot_colors(
    pixels: ArrayView2<'_, [u8; 3]>,
    background: [u8; 3],
    overlays: &[Overlay],
    config: &PlotConfig,
) -> Result<Picture> {
    if pixels.is_empty() {
        return Err(skyphot_core::CoreError::EmptyImage(pixels.dim()).into());
    }
    let region = region(pixels.dim(), config.zoom)?;
    let part = pixels.slice(s![
        region.y_min as usize..region.y_max as usize,
        region.x_min as usize..region.x_max as usize
    ]);
    let extent = config.extent.unwrap_or_else(|| region.extent());
    compose(part.dim(), extent, overlays, config, None, |(rows, cols)| {
        let (ny, nx) = part.dim();
        let mut rgb = Vec::with_capacity(rows * cols * 3);
        let mut counts: Vec<([u8; 3], usize)> = Vec::new();
        for row in (0..rows).rev() {
            for col in 0..cols {
                let (y, x) = (row * ny / rows..(row + 1) * ny / rows, col * nx / cols..(col + 1) * nx / cols);
                counts.clear();
                for c in part.slice(s![y, x]).iter().filter(|c| **c != background) {
                    match counts.iter_mut().find(|k| k.0 == *c) {
                        Some(k) => k.1 += 1,
                        None => counts.push((*c, 1)),
                    }
                }
                // The first of several equals.
                let most = counts.iter().rev().max_by_key(|k| k.1);
                rgb.extend(most.map_or(background, |k| k.0));
            }
        }
        flip(rgb.into(), (rows, cols), config.y_down)
    })
}

/// The rows in the opposite order, if wanted.
fn flip(rgb: std::sync::Arc<[u8]>, (_, cols): (usize, usize), y_down: bool) -> std::sync::Arc<[u8]> {
    if y_down { rgb.chunks_exact(cols * 3).rev().flatten().copied().collect() } else { rgb }
}

/// Lays out title, image, axes and colour bar; `cells` makes the colours of a raster of rows and columns, top row first.
fn compose(
    shape: (usize, usize),
    (x0, x1, y0, y1): (f64, f64, f64, f64),
    overlays: &[Overlay],
    config: &PlotConfig,
    norm: Option<&ImageNorm>,
    cells: impl FnOnce((usize, usize)) -> std::sync::Arc<[u8]>,
) -> Result<Picture> {
    let (width, height) = config.size.unwrap_or((1100, 1100));
    if !(32..=20_000).contains(&width) || !(32..=20_000).contains(&height) {
        return Err(PlotError::InvalidParameter {
            what: "the size of the picture",
            expected: "between 32 and 20000 pixels each way",
            found: format!("{width} x {height}"),
        });
    }
    let bar = norm.filter(|_| config.color_bar);
    // Margins depend on the labels, these on the scale, so labels are made for the largest coordinates first.
    let title_height = if config.title.is_some() { TITLE * 1.4 + PAD } else { PAD };
    let widest_y = match &config.y_ticks {
        Some(t) => t.clone(),
        None => [y0, y1].map(|v| label(v.round(), 1.0)).map(|l| (0.0, l)).to_vec(),
    };
    let left = if config.axes { axes::y_axis_width(&widest_y, &config.y_label) } else { 0.0 };
    let bottom = if config.axes { axes::x_axis_height(&config.x_label) } else { 0.0 };
    let bare = !config.axes && bar.is_none() && config.title.is_none();
    let top = if bare { 0.0 } else { title_height.ceil() };
    let unit = config.unit.as_deref().filter(|u| !u.is_empty());
    let bar_ticks = |norm: &ImageNorm, length: f64| color_bar_ticks(norm, length, 2.8 * LABEL);
    let beside_bar = |norm: &ImageNorm, length: f64| {
        let widest = axes::widest(&bar_ticks(norm, length));
        let unit = if unit.is_some() { 1.6 * LABEL } else { 0.0 };
        (BAR_GAP + BAR_WIDTH + TICK + 4.0 + widest + unit + PAD).ceil()
    };
    let right = if let Some(norm) = bar {
        beside_bar(norm, f64::from(height))
    } else if bare {
        0.0
    } else {
        1.5 * PAD
    };
    let bottom = if bare { 0.0 } else { bottom.max(PAD).ceil() };

    let room = |total: u32, used: f64| (f64::from(total) - used).max(16.0) as usize;
    let fitted = fit(shape, (room(height, top + bottom), room(width, left + right)));
    let (rows, cols) = fitted.cells;
    let cell = fitted.cell;
    let frame = Frame { x0: left, y0: top, x1: left + (cols * cell) as f64, y1: top + (rows * cell) as f64 };
    // The bar is as long as the image turned out: its ticks may be others.
    let right = bar.map_or(right, |norm| right.max(beside_bar(norm, frame.y1 - frame.y0)));
    let mut items = vec![Item::Raster(Raster {
        x: left as u32,
        y: top as u32,
        cell: cell as u32,
        cols: cols as u32,
        rows: rows as u32,
        rgb: cells(fitted.cells),
    })];

    let scale = ((frame.x1 - frame.x0) / (x1 - x0), (frame.y1 - frame.y0) / (y1 - y0));
    let map = PixelMap { x_min: x0, y_min: y0, scale, frame, y_down: config.y_down };
    for overlay in overlays {
        draw_overlay(&mut items, overlay, &map);
    }
    let mut size = (frame.x1 + right, frame.y1 + bottom);
    if config.axes {
        items.extend(frame.border(Color::BLACK, 1.0));
        let ticks_x = match &config.x_ticks {
            Some(t) => named_ticks(t, (x0, x1), |v| map.x(v)),
            None => pixel_ticks((x0, x1), frame.x1 - frame.x0, 72.0, |v| map.x(v)),
        };
        let ticks_y = match &config.y_ticks {
            Some(t) => named_ticks(t, (y0, y1), |v| map.y(v)),
            None => pixel_ticks((y0, y1), frame.y1 - frame.y0, 72.0, |v| map.y(v)),
        };
        axes::x_axis(&mut items, &frame, &ticks_x, &config.x_label);
        axes::y_axis(&mut items, &frame, &ticks_y, &config.y_label);
    }
    if let Some(norm) = bar {
        color_bar(&mut items, &frame, config.colormap, &bar_ticks(norm, frame.y1 - frame.y0), unit);
    }
    if let Some(title) = &config.title {
        let wanted = axes::label_width(title, TITLE) + 2.0 * PAD;
        size.0 = size.0.max(wanted.min(f64::from(width)).ceil());
        let title = axes::fit(title, TITLE, size.0 - 2.0 * PAD);
        let half = 0.5 * axes::label_width(&title, TITLE);
        let center = (0.5 * (frame.x0 + frame.x1)).clamp(half + PAD, (size.0 - half - PAD).max(half + PAD));
        axes::label(&mut items, (center, 0.5 * top), &title, TITLE, Align::Center, false);
    }
    Ok(Picture { items, size: (size.0.ceil() as u32, size.1.ceil() as u32) })
}

const BAR_GAP: f64 = 14.0;
const BAR_WIDTH: f64 = 18.0;

fn region(shape: (usize, usize), zoom: Option<BoundingBox>) -> Result<BoundingBox> {
    let all = BoundingBox { x_min: 0, x_max: shape.1 as i64, y_min: 0, y_max: shape.0 as i64 };
    match zoom {
        None => Ok(all),
        Some(zoom) => zoom.intersection(&all).ok_or(PlotError::ZoomOutside { zoom, shape }),
    }
}

fn cut<'a, T: Pixel>(image: &Image<'a, T>, b: &BoundingBox) -> Result<Image<'a, T>> {
    let rows = b.y_min as usize..b.y_max as usize;
    let cols = b.x_min as usize..b.x_max as usize;
    let part = Image::new(image.data().slice_move(s![rows.clone(), cols.clone()]))?;
    Ok(match image.mask() {
        Some(mask) => part.with_mask(mask.slice_move(s![rows, cols]))?,
        None => part,
    })
}

struct Fitted {
    /// Rows and columns of the raster.
    cells: (usize, usize),
    /// Canvas pixels per cell.
    cell: usize,
}

/// Enlarges by a whole factor or reduces to fit.
fn fit((ny, nx): (usize, usize), (room_y, room_x): (usize, usize)) -> Fitted {
    if nx <= room_x && ny <= room_y {
        return Fitted { cells: (ny, nx), cell: (room_x / nx).min(room_y / ny) };
    }
    let f = (nx as f64 / room_x as f64).max(ny as f64 / room_y as f64);
    let less = |n: usize, room: usize| ((n as f64 / f).round() as usize).clamp(1, room.min(n));
    Fitted { cells: (less(ny, room_y), less(nx, room_x)), cell: 1 }
}

fn good_or_nan<T: Pixel>(image: &Image<'_, T>) -> Array2<f64> {
    Array2::from_shape_fn(image.shape(), |(y, x)| {
        if image.is_bad(x, y) { f64::NAN } else { image.data()[[y, x]].to_f64() }
    })
}

fn paint(values: &Array2<f64>, norm: &ImageNorm, config: &PlotConfig) -> std::sync::Arc<[u8]> {
    let mut rgb = Vec::with_capacity(values.len() * 3);
    for row in values.rows().into_iter().rev() {
        for &v in row {
            let c = if v.is_nan() { None } else { config.colormap.color(norm.apply(v)) };
            let c = c.unwrap_or(config.bad_color);
            rgb.extend([c.r, c.g, c.b]);
        }
    }
    rgb.into()
}

/// Ticks that are given, as far as they are on the image.
fn named_ticks(ticks: &[Tick], (lo, hi): (f64, f64), place: impl Fn(f64) -> f64) -> Vec<Tick> {
    let shown = ticks.iter().filter(|t| t.0 >= lo && t.0 <= hi);
    shown.map(|t| (place(t.0), t.1.clone())).collect()
}

/// Ticks at whole pixels.
fn pixel_ticks((lo, hi): (f64, f64), length: f64, spacing: f64, place: impl Fn(f64) -> f64) -> Vec<Tick> {
    let max = ((length / spacing) as usize).clamp(2, 12);
    let (values, step) = nice_ticks(lo, hi, max);
    if step < 1.0 {
        // A handful of pixels: one tick each.
        return (lo.ceil() as i64..=hi.floor() as i64)
            .map(|i| (place(i as f64), label(i as f64, 1.0)))
            .collect();
    }
    values.into_iter().map(|v| (place(v), label(v, step))).collect()
}

fn color_bar(
    items: &mut Vec<Item>,
    image: &Frame,
    map: ColorMap,
    ticks: &[(f64, String)],
    unit: Option<&str>,
) {
    let bar = Frame { x0: image.x1 + BAR_GAP, x1: image.x1 + BAR_GAP + BAR_WIDTH, ..*image };
    let height = bar.y1 - bar.y0;
    // Each step reaches under the next one, so that no gap shows at any scale.
    for i in 0..=255_u8 {
        let y1 = bar.y1 - height * f64::from(i) / 256.0;
        items.push(Item::Fill { x0: bar.x0, y0: bar.y0, x1: bar.x1, y1, color: map.entry(i) });
    }
    items.extend(bar.border(Color::BLACK, 1.0));
    for (at, label) in ticks {
        let y = bar.y1 - height * at;
        let length = if label.is_empty() { 0.6 * TICK } else { TICK };
        items.push(Item::Fill {
            x0: bar.x1,
            y0: y - 0.5,
            x1: bar.x1 + length,
            y1: y + 0.5,
            color: Color::BLACK,
        });
        if !label.is_empty() {
            items.push(axes::text((bar.x1 + TICK + 4.0, y), label, LABEL, Align::Left, false));
        }
    }
    if let Some(unit) = unit {
        let widest = ticks.iter().map(|t| crate::font::text_width(&t.1, LABEL)).fold(0.0, f64::max);
        let at = (bar.x1 + TICK + 4.0 + widest + LABEL, 0.5 * (bar.y0 + bar.y1));
        axes::label(items, at, &axes::fit(unit, LABEL, height), LABEL, Align::Center, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_factors_up_and_any_factor_down() {
        let f = fit((100, 300), (1000, 1000));
        assert_eq!((f.cells, f.cell), ((100, 300), 3));
        let f = fit((4096, 2048), (1000, 1000));
        assert_eq!((f.cells, f.cell), ((1000, 500), 1));
        let f = fit((1, 100_000), (500, 500));
        assert_eq!((f.cells, f.cell), ((1, 500), 1));
    }

    #[test]
    fn zoom_is_cut_to_the_image() {
        let z = |a, b, c, d| Some(BoundingBox::new(a, b, c, d).unwrap());
        assert_eq!(region((10, 20), z(-5, 8, 2, 50)).unwrap(), BoundingBox::new(0, 8, 2, 10).unwrap());
        let e = region((10, 20), z(30, 40, 0, 5)).unwrap_err();
        assert_eq!(
            e.to_string(),
            "the zoom box x 30..40, y 0..5 lies outside the image of shape (10, 20) (ny, nx)"
        );
    }
}
