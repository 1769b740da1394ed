//! Curves and points over axes.

use crate::axes::{self, LABEL, PAD, TITLE, Tick};
use crate::font::text_width;
use crate::legend::{self, dot};
use crate::scene::{Align, Frame, Item};
use crate::ticks::{label, nice_ticks, power_of_ten};
use crate::{Color, Guide, LegendPlace, LineStyle, Picture, PlotError, Result, SecondAxis};

/// Colours that tell curves apart, in the order of their use (Okabe and Ito 2008, without yellow).
pub(crate) const COLORS: [Color; 7] = [
    Color::new(0, 114, 178),
    Color::new(213, 94, 0),
    Color::new(0, 158, 115),
    Color::new(204, 121, 167),
    Color::new(86, 180, 233),
    Color::new(230, 159, 0),
    Color::new(80, 80, 80),
];

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeriesStyle {
    /// A line.
    #[default]
    Line,
    /// A dot at every point.
    Points,
    /// A line with dots.
    LineAndPoints,
    /// The area between a line and the lower edge of the panel, as the bars of a histogram.
    Area,
}

/// A curve: `y` over `x`. Points that are not finite are left out and interrupt the line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Name in the legend; none without it.
    pub name: Option<String>,
    /// Abscissae.
    pub x: Vec<f64>,
    /// Ordinates.
    pub y: Vec<f64>,
    /// Half lengths of the error bars; none without it.
    pub y_err: Option<Vec<f64>>,
    /// Line, points, or both.
    pub style: SeriesStyle,
    /// Colour; one after the other from a list without it.
    pub color: Option<Color>,
    /// Opacity of dots and areas, 0 to 1; 1 without it.
    pub opacity: Option<f64>,
    /// Diameters of the dots, canvas pixels: one for all, or one for each; 4 without any.
    pub sizes: Vec<f64>,
    /// How the line is broken.
    pub line_style: LineStyle,
}

impl Series {
    /// A line through points.
    #[must_use]
    pub fn line(x: Vec<f64>, y: Vec<f64>) -> Self {
        Self { x, y, ..Self::default() }
    }

    /// Points.
    #[must_use]
    pub fn points(x: Vec<f64>, y: Vec<f64>) -> Self {
        Self { x, y, style: SeriesStyle::Points, ..Self::default() }
    }

    /// The area below a line.
    #[must_use]
    pub fn area(x: Vec<f64>, y: Vec<f64>) -> Self {
        Self { x, y, style: SeriesStyle::Area, ..Self::default() }
    }

    /// Diameter of a dot, canvas pixels.
    fn dot(&self, k: usize) -> f64 {
        self.sizes.get(k).or(self.sizes.first()).copied().unwrap_or(4.0)
    }

    /// The same with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// One frame with axes and its curves. Parts of texts in `_{}` and `^{}` stand lower and higher.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Panel {
    /// The curves, drawn in this order.
    pub series: Vec<Series>,
    /// Name of the x axis.
    pub x_label: String,
    /// Name of the y axis.
    pub y_label: String,
    /// Vertical lines: place and name.
    pub marks: Vec<(f64, String)>,
    /// Horizontal lines: place and name.
    pub levels: Vec<(f64, String)>,
    /// Left and right end of the x axis, in this order (the larger first turns it round); all of the data without it.
    pub x_range: Option<(f64, f64)>,
    /// Lower and upper end of the y axis, as `x_range`.
    pub y_range: Option<(f64, f64)>,
    /// Logarithmic x axis; what is not positive is left out.
    pub x_log: bool,
    /// Logarithmic y axis.
    pub y_log: bool,
    /// Lines across the panel, over the curves.
    pub guides: Vec<Guide>,
    /// A second x axis above.
    pub x_top: Option<SecondAxis>,
    /// A second y axis to the right.
    pub y_right: Option<SecondAxis>,
    /// Thin lines at the ticks.
    pub grid: bool,
    /// Canvas length of one unit of y over that of one unit of x, both drawn (1: circles are round); the panel becomes
    /// smaller for it. Without it the panel is filled.
    pub aspect: Option<f64>,
    /// Where the names stand.
    pub legend: LegendPlace,
    /// Leave out the thin grey line at y = 0.
    pub no_zero_line: bool,
}

/// Draws panels below each other under one title, `size` canvas pixels `(width, height)` in all.
///
/// ```
/// use skyphot_plot::{Panel, Series, plot_lines};
/// let x: Vec<f64> = (0..50).map(f64::from).collect();
/// let y = x.iter().map(|v| (-0.1 * v).exp()).collect();
/// let panel = Panel {
///     series: vec![Series::line(x, y).named("profile")],
///     x_label: "radius (pixels)".into(),
///     y_label: "brightness".into(),
///     ..Panel::default()
/// };
/// let picture = plot_lines(&[panel], Some("A star"), (800, 500))?;
/// assert_eq!(picture.size(), (800, 500));
/// # Ok::<(), skyphot_plot::PlotError>(())
/// ```
///
/// # Errors
/// [`PlotError::InvalidParameter`] for a size below 120 pixels (times the number of panels), without a panel, and for a
/// series whose columns have different lengths.
#[doc(alias = "plot")]
#[doc(alias = "errorbar")]
pub fn plot_lines(panels: &[Panel], title: Option<&str>, size: (u32, u32)) -> Result<Picture> {
    let bad = |what, expected, found: String| Err(PlotError::InvalidParameter { what, expected, found });
    let least = 120 * panels.len().max(1) as u32;
    if panels.is_empty() {
        return bad("the number of panels", "1 or more", "0".to_owned());
    }
    if !(120..=20_000).contains(&size.0) || !(least..=20_000).contains(&size.1) {
        return bad(
            "the size of the picture",
            "120 to 20000 pixels wide, and 120 to 20000 high for each panel",
            format!("{} x {}", size.0, size.1),
        );
    }
    for s in panels.iter().flat_map(|p| &p.series) {
        let errors = s.y_err.as_ref().map_or(s.y.len(), Vec::len);
        if s.x.len() != s.y.len() || errors != s.y.len() {
            return bad(
                "a series",
                "as many ordinates and errors as abscissae",
                format!("{} x, {} y, {errors} errors", s.x.len(), s.y.len()),
            );
        }
    }
    for s in panels.iter().flat_map(|p| &p.series) {
        if s.sizes.len() > 1 && s.sizes.len() != s.x.len() {
            return bad(
                "the sizes of dots",
                "one, or as many as points",
                format!("{} of {}", s.sizes.len(), s.x.len()),
            );
        }
    }
    for (log, axis) in panels.iter().flat_map(|p| [(p.x_log, &p.x_top), (p.y_log, &p.y_right)]) {
        if let Some(axis) = axis {
            axis.check(log)?;
        }
    }
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let top = if title.is_some() { (TITLE * 1.4 + PAD).ceil() } else { 1.5 * PAD };
    let each = (height - top) / panels.len() as f64;
    let ranges: Vec<(Range, Range)> = panels.iter().map(ranges).collect();
    let below = axes::x_axis_height("x").ceil();
    let full_height = each - below - PAD;
    // What stands above and below a frame besides its own axis.
    let above = |p: &Panel| if p.x_top.is_some() { axes::x_axis_height("x").ceil() } else { 0.0 };
    let under = |p: &Panel| if p.legend == LegendPlace::Below { legend::height(p, width) } else { 0.0 };
    let frame_height = |p: &Panel| (full_height - above(p) - under(p)).max(16.0);
    // One left edge for all panels.
    let left = panels
        .iter()
        .zip(&ranges)
        .map(|(p, r)| axes::y_axis_width(&ticks(r.1, frame_height(p), 45.0), &p.y_label))
        .fold(0.0, f64::max);
    let right = panels
        .iter()
        .zip(&ranges)
        .filter_map(|(p, r)| {
            let axis = p.y_right.as_ref()?;
            Some(axes::y_axis_width(&second_ticks(r.1, axis, frame_height(p), 45.0), &axis.label))
        })
        .fold(2.5 * PAD, f64::max);
    let mut items = Vec::new();
    for (i, (panel, (x, y))) in panels.iter().zip(&ranges).enumerate() {
        let y0 = top + each * i as f64 + above(panel);
        let frame = Frame { x0: left, y0, x1: width - right, y1: y0 + frame_height(panel) };
        let frame = shrunk(frame, panel.aspect, *x, *y);
        draw(&mut items, panel, &frame, width, *x, *y);
    }
    if let Some(title) = title {
        let title = axes::fit(title, TITLE, width - 2.0 * PAD);
        axes::label(&mut items, (0.5 * width, 0.5 * top), &title, TITLE, Align::Center, false);
    }
    Ok(Picture { items, size })
}

/// The frame with the wanted ratio of units, in the middle of the one there is room for.
fn shrunk(f: Frame, aspect: Option<f64>, x: Range, y: Range) -> Frame {
    let Some(aspect) = aspect.filter(|a| *a > 0.0 && a.is_finite()) else { return f };
    let (w, h) = (f.x1 - f.x0, f.y1 - f.y0);
    // Height over width that the frame should have.
    let wanted = aspect * (y.hi - y.lo).abs() / (x.hi - x.lo).abs();
    if !(wanted > 0.0 && wanted.is_finite()) {
        return f;
    }
    let (dx, dy) = if h > wanted * w { (0.0, h - wanted * w) } else { (w - h / wanted, 0.0) };
    // Up, so that the axis and what stands below it stay together.
    Frame { x0: f.x0 + 0.5 * dx, x1: f.x1 - 0.5 * dx, y0: f.y0, y1: f.y1 - dy }
}

/// The ends of an axis, in the coordinate that is drawn (the logarithm on a logarithmic axis).
#[derive(Debug, Clone, Copy)]
struct Range {
    lo: f64,
    hi: f64,
    log: bool,
}

impl Range {
    /// 0 to 1 along the axis; NaN for what has no place on it.
    fn place(self, v: f64) -> f64 {
        let v = if self.log { v.log10() } else { v };
        (v - self.lo) / (self.hi - self.lo)
    }

    fn holds(self, v: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(v))
    }
}

/// What the axes have to span, with a margin.
fn ranges(p: &Panel) -> (Range, Range) {
    let mut x = (f64::INFINITY, f64::NEG_INFINITY);
    let mut y = x;
    let drawn = |v: f64, log: bool| if log { v.log10() } else { v };
    let grow = |r: &mut (f64, f64), v: f64| {
        if v.is_finite() {
            *r = (r.0.min(v), r.1.max(v));
        }
    };
    for s in &p.series {
        for (i, (&a, &b)) in s.x.iter().zip(&s.y).enumerate() {
            let (u, v) = (drawn(a, p.x_log), drawn(b, p.y_log));
            if u.is_finite() && v.is_finite() {
                grow(&mut x, u);
                grow(&mut y, v);
                let e = s.y_err.as_ref().map_or(0.0, |e| e[i]);
                if e.is_finite() {
                    grow(&mut y, drawn(b - e, p.y_log));
                    grow(&mut y, drawn(b + e, p.y_log));
                }
            }
        }
    }
    // The end of the bars of a histogram is the edge of the panel.
    let floor = p.series.iter().any(|s| s.style == SeriesStyle::Area);
    let axis = |given: Option<(f64, f64)>, (lo, hi): (f64, f64), margin: f64, log: bool| {
        let given = given.map(|(a, b)| (drawn(a, log), drawn(b, log)));
        if let Some((a, b)) = given.filter(|(a, b)| a.is_finite() && b.is_finite() && a != b) {
            return Range { lo: a, hi: b, log };
        }
        if lo > hi {
            return Range { lo: 0.0, hi: 1.0, log };
        }
        let d = if hi > lo { margin * (hi - lo) } else { 0.5 * lo.abs().max(1.0) };
        let finite = |v: f64| v.clamp(-1e300, 1e300);
        Range { lo: finite(lo - d), hi: finite(hi + d), log }
    };
    let mut vertical = axis(p.y_range, y, 0.06, p.y_log);
    if floor && p.y_range.is_none() && y.0 < y.1 {
        vertical.lo = y.0;
    }
    (axis(p.x_range, x, 0.02, p.x_log), vertical)
}

fn ticks(r: Range, length: f64, spacing: f64) -> Vec<Tick> {
    let (lo, hi) = (r.lo.min(r.hi), r.lo.max(r.hi));
    if r.log && hi - lo > 0.7 {
        return log_ticks(r, lo, hi, length, spacing);
    }
    if r.log {
        let (values, step) =
            nice_ticks(10_f64.powf(lo), 10_f64.powf(hi), ((length / spacing) as usize).clamp(2, 6));
        return values.into_iter().map(|v| (r.place(v), label(v, step))).collect();
    }
    let r = Range { lo: r.lo, hi: r.hi, log: false };
    let (values, step) = nice_ticks(lo, hi, ((length / spacing) as usize).clamp(2, 12));
    values.into_iter().map(|v| (r.place(v), label(v, step))).collect()
}

/// Ticks of an axis on the other side: places along the first one.
fn second_ticks(r: Range, axis: &SecondAxis, length: f64, spacing: f64) -> Vec<Tick> {
    let other = if r.log {
        let shift = axis.scale.log10();
        Range { lo: r.lo + shift, hi: r.hi + shift, log: true }
    } else {
        let of = |v: f64| axis.scale * v + axis.offset;
        Range { lo: of(r.lo), hi: of(r.hi), log: false }
    };
    ticks(other, length, spacing)
}

/// Powers of ten with names, and marks at 2 to 9 times these.
fn log_ticks(r: Range, lo: f64, hi: f64, length: f64, spacing: f64) -> Vec<Tick> {
    let (first, last) = (lo.floor() as i32, hi.ceil() as i32);
    let each = length / (hi - lo).max(1e-9);
    let every = ((0.6 * spacing / each).ceil() as i32).max(1);
    let mut out = Vec::new();
    for n in (first..=last).take(700) {
        for k in 1..10 {
            let v = f64::from(n) + f64::from(k).log10();
            if v < lo - 1e-9 || v > hi + 1e-9 || (k > 1 && each < 30.0) {
                continue;
            }
            let name = if k == 1 && n % every == 0 { power_of_ten(n) } else { String::new() };
            out.push(((v - r.lo) / (r.hi - r.lo), name));
        }
    }
    out
}

fn draw(items: &mut Vec<Item>, panel: &Panel, frame: &Frame, width: f64, x: Range, y: Range) {
    let at = |a: f64, b: f64| {
        (frame.x0 + x.place(a) * (frame.x1 - frame.x0), frame.y1 - y.place(b) * (frame.y1 - frame.y0))
    };
    let on_x = |t: Vec<Tick>| -> Vec<Tick> {
        let mut t: Vec<Tick> =
            t.into_iter().map(|(p, l)| (frame.x0 + p * (frame.x1 - frame.x0), l)).collect();
        t.sort_by(|a, b| a.0.total_cmp(&b.0));
        t
    };
    let on_y = |t: Vec<Tick>| -> Vec<Tick> {
        t.into_iter().map(|(p, l)| (frame.y1 - p * (frame.y1 - frame.y0), l)).collect()
    };
    let (length_x, length_y) = (frame.x1 - frame.x0, frame.y1 - frame.y0);
    let (at_x, at_y) = (on_x(ticks(x, length_x, 80.0)), on_y(ticks(y, length_y, 45.0)));
    if panel.grid {
        let color = Color::new(228, 228, 228);
        let named = |t: &&Tick| !t.1.is_empty();
        let down = at_x.iter().filter(named).map(|t| vec![(t.0, frame.y0), (t.0, frame.y1)]);
        let across = at_y.iter().filter(named).map(|t| vec![(frame.x0, t.0), (frame.x1, t.0)]);
        items.extend(down.chain(across).map(|points| Item::Line { points, color, width: 1.0 }));
    }
    if !panel.no_zero_line && !y.log && y.lo.min(y.hi) < 0.0 && y.lo.max(y.hi) > 0.0 {
        let py = at(1.0, 0.0).1;
        let zero = vec![(frame.x0, py), (frame.x1, py)];
        items.push(Item::Line { points: zero, color: Color::new(190, 190, 190), width: 1.0 });
    }
    for (k, (value, name)) in panel.marks.iter().enumerate() {
        if !x.holds(*value) {
            continue;
        }
        let color = Color::new(120, 120, 120);
        let px = at(*value, 1.0).0;
        items.push(Item::Line { points: vec![(px, frame.y0), (px, frame.y1)], color, width: 1.2 });
        let fits = px + 6.0 + text_width(name, LABEL) < frame.x1;
        let (tx, align) = if fits { (px + 5.0, Align::Left) } else { (px - 5.0, Align::Right) };
        // Names of neighbouring lines stand above each other.
        let place = (tx, frame.y1 - (0.9 + 1.3 * (k % 6) as f64) * LABEL);
        items.push(Item::Text { at: place, text: name.clone(), size: LABEL, color, align, vertical: false });
    }
    for (value, name) in &panel.levels {
        if !y.holds(*value) {
            continue;
        }
        let color = Color::new(120, 120, 120);
        let py = at(1.0, *value).1;
        items.push(Item::Line { points: vec![(frame.x0, py), (frame.x1, py)], color, width: 1.2 });
        let place = (frame.x0 + 5.0, py - 0.7 * LABEL);
        let text = name.clone();
        items.push(Item::Text { at: place, text, size: LABEL, color, align: Align::Left, vertical: false });
    }
    for (i, s) in panel.series.iter().enumerate() {
        let color = s.color.unwrap_or(COLORS[i % COLORS.len()]);
        let good = |k: usize| {
            s.x[k].is_finite()
                && s.y[k].is_finite()
                && x.place(s.x[k]).is_finite()
                && y.place(s.y[k]).is_finite()
        };
        let line = |items: &mut Vec<Item>, points: &[(f64, f64)], width: f64| {
            let parts = frame.clip(points);
            items.extend(parts.into_iter().map(|points| Item::Line { points, color, width }));
        };
        if let Some(e) = &s.y_err {
            for k in (0..s.x.len()).filter(|&k| good(k) && e[k].is_finite()) {
                line(items, &[at(s.x[k], s.y[k] - e[k]), at(s.x[k], s.y[k] + e[k])], 1.0);
            }
        }
        if s.style == SeriesStyle::Area {
            let indices: Vec<usize> = (0..s.x.len()).collect();
            for run in indices.split(|&k| !good(k)) {
                let mut ring: Vec<(f64, f64)> = run.iter().map(|&k| at(s.x[k], s.y[k])).collect();
                if let (Some(first), Some(last)) = (ring.first().copied(), ring.last().copied()) {
                    ring.extend([(last.0, frame.y1), (first.0, frame.y1)]);
                    let outlines = vec![frame.clip_area(&ring)];
                    items.push(Item::Area { outlines, color, opacity: s.opacity.unwrap_or(1.0) });
                }
            }
            continue;
        }
        if s.style != SeriesStyle::Points {
            let indices: Vec<usize> = (0..s.x.len()).collect();
            for run in indices.split(|&k| !good(k)) {
                let points: Vec<(f64, f64)> = run.iter().map(|&k| at(s.x[k], s.y[k])).collect();
                for part in frame.clip(&points) {
                    let pieces = s.line_style.cut(part, 1.6);
                    items.extend(pieces.into_iter().map(|points| Item::Line { points, color, width: 1.6 }));
                }
            }
        }
        if s.style != SeriesStyle::Line {
            for k in (0..s.x.len()).filter(|&k| good(k) && x.holds(s.x[k]) && y.holds(s.y[k])) {
                items.extend(dot(at(s.x[k], s.y[k]), s.dot(k), frame, color, s.opacity));
            }
        }
    }
    for g in &panel.guides {
        let points = if g.vertical && x.holds(g.value) {
            let px = at(g.value, 1.0).0;
            vec![(px, frame.y0), (px, frame.y1)]
        } else if !g.vertical && y.holds(g.value) {
            let py = at(1.0, g.value).1;
            vec![(frame.x0, py), (frame.x1, py)]
        } else {
            continue;
        };
        let width = g.width.unwrap_or(1.6);
        let pieces = g.line_style.cut(points, width);
        items.extend(pieces.into_iter().map(|points| Item::Line { points, color: g.color(), width }));
    }
    legend::draw(items, panel, frame, width);
    items.extend(frame.border(Color::BLACK, 1.0));
    axes::x_axis(items, frame, &at_x, &panel.x_label);
    axes::y_axis(items, frame, &at_y, &panel.y_label);
    if let Some(a) = &panel.x_top {
        axes::x_axis_above(items, frame, &on_x(second_ticks(x, a, length_x, 80.0)), &a.label);
    }
    if let Some(a) = &panel.y_right {
        axes::y_axis_right(items, frame, &on_y(second_ticks(y, a, length_y, 45.0)), &a.label);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_input_is_refused_or_drawn() {
        assert!(plot_lines(&[], None, (500, 500)).is_err());
        let uneven = Panel { series: vec![Series::line(vec![1.0], vec![])], ..Panel::default() };
        assert!(plot_lines(&[uneven], None, (500, 500)).is_err());
        assert!(plot_lines(&vec![Panel::default(); 3], None, (500, 300)).is_err());
        for y in
            [vec![], vec![f64::NAN, f64::INFINITY], vec![3.0, 3.0], vec![-1e300, 1e300], vec![1.0, f64::NAN]]
        {
            let x = (0..y.len()).map(|i| i as f64).collect();
            let s = Series {
                y_err: Some(vec![1.0; y.len()]),
                style: SeriesStyle::LineAndPoints,
                ..Series::line(x, y)
            };
            let p = Panel { series: vec![s.named("a")], marks: vec![(0.5, "m".into())], ..Panel::default() };
            let picture = plot_lines(&[p], Some("t"), (400, 300)).unwrap();
            assert_eq!(picture.to_rgb().unwrap().len(), 400 * 300 * 3);
        }
    }
}
