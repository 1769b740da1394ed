//! Pictures of histograms.

use skyphot_core::{Image, Pixel};

use crate::axes::{self, LABEL, PAD, TITLE, Tick};
use crate::scene::{Align, Frame, Item};
use crate::ticks::{label, nice_ticks, power_of_ten};
use crate::{Color, Histogram, HistogramConfig, Picture, PlotError, Result};

/// Draws the distribution of the good pixel values.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_plot::{HistogramConfig, plot_histogram};
/// let data = Array2::from_shape_fn((50, 50), |(y, x)| (y * x) as f32);
/// let picture = plot_histogram(&Image::new(data.view())?, &HistogramConfig::default())?;
/// assert_eq!(picture.size(), (900, 560));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
///
/// # Errors
/// Those of [`Histogram::new`]; [`PlotError::InvalidParameter`] for a size below 120 pixels.
#[doc(alias = "hist")]
pub fn plot_histogram<T: Pixel>(image: &Image<'_, T>, config: &HistogramConfig) -> Result<Picture> {
    let (width, height) = config.size;
    if !(120..=20_000).contains(&width) || !(120..=20_000).contains(&height) {
        return Err(PlotError::InvalidParameter {
            what: "the size of the picture",
            expected: "between 120 and 20000 pixels each way",
            found: format!("{width} x {height}"),
        });
    }
    let h = Histogram::new(image, config)?;
    Ok(draw(&h, config))
}

fn draw(h: &Histogram, config: &HistogramConfig) -> Picture {
    let most = h.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let scale_y = Scale {
        log: config.log_counts,
        lo: if config.log_counts { 0.5 } else { 0.0 },
        hi: if config.log_counts { most * 1.6 } else { most * 1.06 },
    };
    let scale_x = Scale { log: config.log_bins, lo: h.edges[0], hi: h.edges[h.len()] };

    let (width, height) = (f64::from(config.size.0), f64::from(config.size.1));
    let top = if config.title.is_some() { (TITLE * 1.4 + PAD).ceil() } else { 1.5 * PAD };
    let bottom = axes::x_axis_height("x").ceil();
    let y_values = scale_y.ticks(height - top - bottom, 50.0);
    let left = axes::y_axis_width(&y_values, "pixels per bin");
    let frame = Frame { x0: left, y0: top, x1: width - 2.5 * PAD, y1: height - bottom };
    let x = |v: f64| frame.x0 + scale_x.place(v) * (frame.x1 - frame.x0);
    let y = |v: f64| frame.y1 - scale_y.place(v).clamp(0.0, 1.0) * (frame.y1 - frame.y0);

    let mut items = Vec::new();
    for (i, &count) in h.counts.iter().enumerate() {
        if count > 0 {
            let (x0, x1) = (x(h.edges[i]), x(h.edges[i + 1]));
            items.push(Item::Fill { x0, y0: y(count as f64), x1, y1: frame.y1, color: config.color });
        }
    }
    marks(&mut items, config, &frame, &scale_x, x);
    items.extend(frame.border(Color::BLACK, 1.0));
    let unit = config.unit.as_deref().filter(|u| !u.is_empty());
    let name = unit.map_or_else(|| "pixel value".to_owned(), |u| format!("pixel value ({u})"));
    let at_x: Vec<Tick> = scale_x
        .ticks(frame.x1 - frame.x0, 90.0)
        .into_iter()
        .map(|(p, l)| (frame.x0 + p * (frame.x1 - frame.x0), l))
        .collect();
    let at_y: Vec<Tick> =
        y_values.into_iter().map(|(p, l)| (frame.y1 - p * (frame.y1 - frame.y0), l)).collect();
    axes::x_axis(&mut items, &frame, &at_x, &name);
    axes::y_axis(&mut items, &frame, &at_y, "pixels per bin");
    if let Some(title) = &config.title {
        let title = axes::fit(title, TITLE, width - 2.0 * PAD);
        items.push(axes::text((0.5 * width, 0.5 * top), &title, TITLE, Align::Center, false));
    }
    Picture { items, size: config.size }
}

/// Vertical lines with their names, each on a line of its own.
fn marks(
    items: &mut Vec<Item>,
    config: &HistogramConfig,
    frame: &Frame,
    scale: &Scale,
    x: impl Fn(f64) -> f64,
) {
    const COLORS: [Color; 4] = [
        Color::new(200, 40, 40),
        Color::new(220, 130, 20),
        Color::new(30, 140, 70),
        Color::new(130, 60, 160),
    ];
    for (i, (value, name)) in config.marks.iter().enumerate() {
        let at = scale.place(*value);
        if !(0.0..=1.0).contains(&at) {
            continue;
        }
        let (x, color) = (x(*value), COLORS[i % COLORS.len()]);
        items.push(Item::Line { points: vec![(x, frame.y0), (x, frame.y1)], color, width: 1.5 });
        let y = frame.y0 + LABEL * (0.9 + 1.3 * i as f64);
        let fits = x + 6.0 + crate::font::text_width(name, LABEL) < frame.x1;
        let (tx, align) = if fits { (x + 5.0, Align::Left) } else { (x - 5.0, Align::Right) };
        items.push(Item::Text {
            at: (tx, y),
            text: name.clone(),
            size: LABEL,
            color,
            align,
            vertical: false,
        });
    }
}

/// A linear or logarithmic axis.
struct Scale {
    log: bool,
    lo: f64,
    hi: f64,
}

impl Scale {
    /// 0 at the lower end, 1 at the upper one.
    fn place(&self, v: f64) -> f64 {
        if self.log {
            (v.log10() - self.lo.log10()) / (self.hi.log10() - self.lo.log10())
        } else {
            (v - self.lo) / (self.hi - self.lo)
        }
    }

    /// Ticks by place.
    fn ticks(&self, length: f64, spacing: f64) -> Vec<Tick> {
        let max = ((length / spacing) as usize).clamp(2, 12);
        let decades = self.hi.log10() - self.lo.log10();
        if !self.log || decades < 1.5 {
            let (values, step) = nice_ticks(self.lo, self.hi, max);
            return values
                .into_iter()
                .filter(|v| !self.log || *v > 0.0)
                .map(|v| (self.place(v), label(v, step)))
                .collect();
        }
        let (first, last) = (self.lo.log10().floor() as i32, self.hi.log10().ceil() as i32);
        let every = ((last - first) as usize).div_ceil(max).max(1) as i32;
        let mut ticks = Vec::new();
        for n in first..=last {
            for m in 1..10 {
                let v = f64::from(m) * 10_f64.powi(n);
                let shown = m == 1 && n % every == 0;
                if (self.lo..=self.hi).contains(&v) && (shown || every == 1) {
                    ticks.push((self.place(v), if shown { power_of_ten(n) } else { String::new() }));
                }
            }
        }
        ticks
    }
}
