//! The pictures of a recipe.

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use skyphot_core::{BoundingBox, Image, Point};
use skyphot_io::PsfFile;
use skyphot_plot::{
    Color, ColorMap, Histogram, HistogramConfig, Interval, Overlay, Panel, Picture, PlotConfig,
    PsfGridPlotConfig, Series, SeriesStyle, Shape, Stretch, plot_image, plot_lines, plot_psf_grid,
};

use super::field::Field;
use super::steps::{Scalar, section};
use crate::{PipelineError, Result};

section!(
    /// A picture of the image with figures on it.
    ImageStep {
        /// Text above, and its name in the report.
        title: String = "Image".into(),
        /// Image: `data`, or one that was kept; several are shown side by side.
        image: Vec<String> = vec!["data".into()],
        /// Lowest and highest value.
        range: Option<[Scalar; 2]> = None,
        /// Or percentiles.
        percentiles: Option<[f64; 2]> = None,
        /// Of the image `range-of` instead of its own.
        range_of: Option<String> = None,
        /// What the colour bar counts in; without it the unit of the image.
        unit: Option<String> = None,
        /// Stretch.
        stretch: String = "linear".into(),
        /// Colours.
        colormap: String = "viridis".into(),
        /// First and last column, first and last row, as far as they are on the image; all of an image they miss.
        zoom: Option<[i64; 4]> = None,
        /// What is drawn on it.
        marks: Vec<MarkSection> = vec![],
    }
);
section!(
    /// Figures at the sources of a table.
    MarkSection {
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Radii of circles, pixels.
        circle: Vec<Scalar> = vec![],
        /// Semi-axes and angle (degrees).
        ellipse: Option<[String; 3]> = None,
        /// As for apertures.
        elliptical_annulus: Option<[String; 4]> = None,
        /// Colour by this column (such as `group_id`).
        color_by: Option<String> = None,
        /// `red`, `orange`, `blue`, `white`, `black`, `green`.
        color: String = "red".into(),
    }
);
section!(
    /// Histograms as steps.
    HistogramStep {
        /// Text above.
        title: String = "Histogram".into(),
        /// What is counted.
        series: Vec<CountSection> = vec![],
        /// Bins.
        bins: usize = 50,
        /// Range; that of the values without it.
        range: Option<[f64; 2]> = None,
        /// Bins of equal width in the logarithm, and logarithmic axis.
        log_x: bool = false,
        /// Logarithmic counts.
        log_y: bool = false,
        /// Part that is shown.
        x_range: Option<[f64; 2]> = None,
        /// Name of the axis.
        x_label: String = String::new(),
        /// Name of the axis.
        y_label: String = "Number of Sources".into(),
        /// Vertical lines: value and name.
        lines: Vec<(Scalar, String)> = vec![],
    }
);
section!(
    /// What a histogram counts.
    CountSection {
        /// Expression over the table.
        of: String = String::new(),
        /// Or the good pixels of an image.
        image: Option<String> = None,
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Name.
        name: String = String::new(),
    }
);
section!(
    /// Panels of points.
    ScatterStep {
        /// Text above.
        title: String = "Sources".into(),
        /// Panels from the top.
        panels: Vec<PanelSection> = vec![],
        /// Width and height of one panel.
        size: [u32; 2] = [800, 480],
        /// Once, after the last image.
        last: bool = false,
    }
);
section!(
    /// One panel.
    PanelSection {
        /// Points.
        points: Vec<PointsSection> = vec![],
        /// Name of the axis.
        x_label: String = String::new(),
        /// Name of the axis.
        y_label: String = String::new(),
        /// Left and right end.
        x_range: Option<[f64; 2]> = None,
        /// Lower and upper end.
        y_range: Option<[f64; 2]> = None,
        /// Logarithmic.
        log_x: bool = false,
        /// Logarithmic.
        log_y: bool = false,
        /// Horizontal lines: value and name.
        levels: Vec<(Scalar, String)> = vec![],
        /// Corners of lines.
        lines: Vec<Vec<[f64; 2]>> = vec![],
        /// Circles about (0, 0).
        circles: Vec<f64> = vec![],
    }
);
section!(
    /// Points.
    PointsSection {
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Abscissae.
        x: String = String::new(),
        /// Ordinates.
        y: String = String::new(),
        /// Name.
        name: Option<String> = None,
        /// Colour.
        color: Option<String> = None,
    }
);
section!(
    /// Cutouts of the first sources.
    CutoutsStep {
        /// Text above.
        title: String = "Cutouts".into(),
        /// Table.
        table: String = "catalog".into(),
        /// Rows.
        r#where: Option<String> = None,
        /// Number, in two columns.
        n: usize = 4,
        /// Pixels along each axis, odd.
        size: usize = 51,
        /// Lowest and highest value.
        range: [Scalar; 2] = [Scalar::Number(-0.1), Scalar::Number(1.0)],
        /// Colours.
        colormap: String = "gray_r".into(),
    }
);
section!(
    /// The PSFs of a grid.
    PsfGridStep {
        /// Text above.
        title: String = "PSFs".into(),
        /// Companion file.
        psf: String = "psf".into(),
        /// Differences from the mean.
        deltas: bool = false,
        /// Last colour over the largest value.
        vmax_scale: Option<f64> = None,
    }
);

fn color(name: &str) -> Result<Color> {
    Ok(match name {
        "red" => Color::new(220, 30, 30),
        "orange" => Color::new(245, 150, 20),
        "blue" => Color::new(0, 150, 230),
        "green" => Color::new(0, 140, 90),
        "white" => Color::new(255, 255, 255),
        "black" => Color::new(0, 0, 0),
        _ => return Err(PipelineError::value("colour", name, "red, orange, blue, green, white or black")),
    })
}

/// Colours that neighbours in a list do not share.
fn cycle(k: i64) -> Color {
    const LIST: [(u8, u8, u8); 7] = [
        (220, 50, 47),
        (38, 139, 210),
        (133, 153, 0),
        (211, 54, 130),
        (42, 161, 152),
        (203, 75, 22),
        (108, 113, 196),
    ];
    let (r, g, b) = LIST[k.rem_euclid(7) as usize];
    Color::new(r, g, b)
}

fn overlays(f: &Field, m: &MarkSection) -> Result<Vec<Overlay>> {
    let points = f.positions(&m.table)?;
    let rows = f.rows(&m.table, m.r#where.as_deref())?;
    let shown: Vec<usize> = (0..points.len()).filter(|&i| rows[i] && points[i].is_finite()).collect();
    let mut shapes: Vec<(usize, Shape)> = Vec::new();
    for r in &m.circle {
        let r = f.scalar(r)?;
        shapes.extend(shown.iter().map(|&i| (i, Shape::Circle { center: points[i], r })));
    }
    if let Some([a, b, t]) = &m.ellipse {
        let (a, b, t) = (f.column(&m.table, a)?, f.column(&m.table, b)?, f.column(&m.table, t)?);
        let one = |&i: &usize| {
            (i, Shape::Ellipse { center: points[i], a: a[i], b: b[i], theta: t[i].to_radians() })
        };
        shapes.extend(shown.iter().map(one));
    }
    if let Some([a, o, b, t]) = &m.elliptical_annulus {
        let (a, o) = (f.column(&m.table, a)?, f.column(&m.table, o)?);
        let (b, t) = (f.column(&m.table, b)?, f.column(&m.table, t)?);
        let one = |&i: &usize| {
            let theta = t[i].to_radians();
            (i, Shape::EllipticalAnnulus { center: points[i], a_in: a[i], a_out: o[i], b_out: b[i], theta })
        };
        shapes.extend(shown.iter().map(one));
    }
    let Some(by) = &m.color_by else {
        let shapes = shapes.into_iter().map(|s| s.1).collect();
        return Ok(vec![Overlay::new(shapes).with_color(color(&m.color)?).with_line_width(1.3)]);
    };
    let key = f.column(&m.table, by)?;
    let mut out: Vec<Overlay> =
        (0..7).map(|k| Overlay::new(Vec::new()).with_color(cycle(k)).with_line_width(1.6)).collect();
    for (i, s) in shapes {
        out[(key[i] as i64).rem_euclid(7) as usize].shapes.push(s);
    }
    Ok(out)
}

pub(super) fn image(f: &Field, step: &ImageStep) -> Result<Picture> {
    let (ny, nx) = f.exposure.data.dim();
    let zoom = match step.zoom {
        None => None,
        Some([x0, _, y0, _]) if x0 >= nx as i64 || y0 >= ny as i64 => None,
        Some([x0, x1, y0, y1]) => {
            let (x0, y0) = (x0.clamp(0, nx as i64 - 1), y0.clamp(0, ny as i64 - 1));
            Some(BoundingBox::new(
                x0,
                (x1 + 1).clamp(x0 + 1, nx as i64),
                y0,
                (y1 + 1).clamp(y0 + 1, ny as i64),
            )?)
        }
    };
    let mask = f.exposure.mask.as_ref().map(|m| m.view());
    let mut interval = match (&step.range, step.percentiles) {
        (Some([a, b]), _) => Interval::Manual { min: f.scalar(a)?, max: f.scalar(b)? },
        (None, Some([lower, upper])) => Interval::AsymmetricPercentile { lower, upper },
        _ => Interval::default(),
    };
    let of = step.range_of.clone().or_else(|| (step.image.len() > 1).then(|| step.image[0].clone()));
    if let Some(of) = of {
        let mut image = Image::new(f.plane(&of)?)?;
        if let Some(m) = mask {
            image = image.with_mask(m)?;
        }
        let (min, max) = interval.limits(&image)?;
        interval = Interval::Manual { min, max };
    }
    let config = PlotConfig {
        interval,
        stretch: step.stretch.parse::<Stretch>()?,
        colormap: step.colormap.parse::<ColorMap>()?,
        bad_color: Color::new(255, 255, 255),
        zoom,
        title: Some(step.title.clone()),
        unit: step.unit.clone().or_else(|| f.exposure.unit.clone()),
        ..PlotConfig::default()
    };
    let mut marks = Vec::new();
    for m in &step.marks {
        marks.extend(overlays(f, m)?);
    }
    if let [one] = step.image.as_slice() {
        let mut image = Image::new(f.plane(one)?)?;
        if let Some(m) = mask {
            image = image.with_mask(m)?;
        }
        return Ok(plot_image(&image, &marks, &config)?);
    }
    // Side by side on one scale, each with its own axes.
    let mut row = Vec::new();
    for name in &step.image {
        let mut image = Image::new(f.plane(name)?)?;
        if let Some(m) = mask {
            image = image.with_mask(m)?;
        }
        let config = PlotConfig { title: Some(name.clone()), size: Some((640, 560)), ..config.clone() };
        row.push(plot_image(&image, &marks, &config)?);
    }
    Ok(Picture::row(&row))
}

pub(super) fn histogram(f: &Field, step: &HistogramStep) -> Result<Picture> {
    let mut values = Vec::new();
    for c in &step.series {
        values.push(match &c.image {
            Some(name) => {
                let plane = f.plane(name)?;
                let bad = f.exposure.mask.as_ref();
                plane.indexed_iter().filter(|(p, _)| bad.is_none_or(|m| !m[*p])).map(|(_, v)| *v).collect()
            }
            None => {
                let rows = f.rows(&c.table, c.r#where.as_deref())?;
                let all = f.column(&c.table, &c.of)?;
                all.into_iter().zip(rows).filter(|v| v.1).map(|v| v.0).collect::<Vec<f64>>()
            }
        });
    }
    let good = |v: &&f64| v.is_finite() && (!step.log_x || **v > 0.0);
    let range = step.range.map(|[a, b]| (a, b)).or_else(|| {
        let all = values.iter().flatten().filter(good);
        let (lo, hi) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |r, v| (r.0.min(*v), r.1.max(*v)));
        (lo < hi).then_some((lo, hi))
    });
    let mut series = Vec::new();
    if let Some((min, max)) = range {
        let config = HistogramConfig {
            bins: step.bins,
            interval: Interval::Manual { min, max },
            log_bins: step.log_x,
            ..HistogramConfig::default()
        };
        for (v, c) in values.iter().zip(&step.series) {
            let v: Vec<f64> = v.iter().copied().filter(|v| v.is_finite()).collect();
            if v.is_empty() {
                continue;
            }
            let row = Array2::from_shape_vec((1, v.len()), v)
                .map_err(|e| PipelineError::value("histogram", &step.title, e.to_string()))?;
            let h = Histogram::new(&Image::new(row.view())?, &config)?;
            let floor = if step.log_y { 0.5 } else { 0.0 };
            let (mut x, mut y) = (vec![h.edges[0]], vec![floor]);
            for (k, n) in h.counts.iter().enumerate() {
                let n = (*n as f64).max(floor);
                x.extend([h.edges[k], h.edges[k + 1]]);
                y.extend([n, n]);
            }
            x.push(h.edges[h.edges.len() - 1]);
            y.push(floor);
            let line = Series::line(x, y);
            series.push(if c.name.is_empty() { line } else { line.named(&c.name) });
        }
    }
    let mut marks = Vec::new();
    for (v, name) in &step.lines {
        marks.push((f.scalar(v)?, name.clone()));
    }
    let panel = Panel {
        series,
        x_label: f.fill(&step.x_label)?,
        y_label: f.fill(&step.y_label)?,
        marks,
        x_range: step.x_range.map(|[a, b]| (a, b)),
        x_log: step.log_x,
        y_log: step.log_y,
        ..Panel::default()
    };
    Ok(plot_lines(&[panel], Some(&step.title), (860, 540))?)
}

pub(super) fn scatter(f: &Field, step: &ScatterStep) -> Result<Picture> {
    let mut panels = Vec::new();
    for p in &step.panels {
        let mut series = Vec::new();
        for l in &p.lines {
            let black = Some(Color::new(60, 60, 60));
            let (x, y) = l.iter().map(|c| (c[0], c[1])).unzip();
            series.push(Series { x, y, color: black, ..Series::default() });
        }
        for r in &p.circles {
            let angle = |k: i32| std::f64::consts::TAU * f64::from(k) / 120.0;
            let (x, y) = (0..=120).map(|k| (r * angle(k).cos(), r * angle(k).sin())).unzip();
            series.push(Series { x, y, color: Some(color("red")?), ..Series::default() });
        }
        for q in &p.points {
            let rows = f.rows(&q.table, q.r#where.as_deref())?;
            let (x, y) = (f.column(&q.table, &q.x)?, f.column(&q.table, &q.y)?);
            let keep = |v: Vec<f64>| v.into_iter().zip(&rows).filter(|v| *v.1).map(|v| v.0).collect();
            series.push(Series {
                name: q.name.clone(),
                x: keep(x),
                y: keep(y),
                style: SeriesStyle::Points,
                color: q.color.as_deref().map(color).transpose()?,
                ..Series::default()
            });
        }
        let mut levels = Vec::new();
        for (v, name) in &p.levels {
            levels.push((f.scalar(v)?, f.fill(name)?));
        }
        panels.push(Panel {
            series,
            x_label: f.fill(&p.x_label)?,
            y_label: f.fill(&p.y_label)?,
            levels,
            x_range: p.x_range.map(|[a, b]| (a, b)),
            y_range: p.y_range.map(|[a, b]| (a, b)),
            x_log: p.log_x,
            y_log: p.log_y,
            ..Panel::default()
        });
    }
    let size = (step.size[0], step.size[1] * panels.len().max(1) as u32 + 30);
    Ok(plot_lines(&panels, Some(&f.fill(&step.title)?), size)?)
}

pub(super) fn cutouts(f: &Field, step: &CutoutsStep) -> Result<Option<Picture>> {
    let points = f.positions(&step.table)?;
    let rows = f.rows(&step.table, step.r#where.as_deref())?;
    let chosen: Vec<Point> =
        points.into_iter().zip(rows).filter(|v| v.1 && v.0.is_finite()).map(|v| v.0).take(step.n).collect();
    if chosen.is_empty() {
        return Ok(None);
    }
    let (n, gap) = (step.size, 3);
    let half = (n / 2) as i64;
    let (columns, lines) = (2.min(chosen.len()), chosen.len().div_ceil(2));
    let mut all = Array2::from_elem((lines * (n + gap) - gap, columns * (n + gap) - gap), f64::NAN);
    let (height, width) = f.exposure.data.dim();
    let mut centers = Vec::new();
    for (k, p) in chosen.iter().enumerate() {
        // The first one is at the upper left.
        let (row, column) = (lines - 1 - k / 2, k % 2);
        let (x0, y0) = (p.x.round() as i64 - half, p.y.round() as i64 - half);
        let (ox, oy) = (column * (n + gap), row * (n + gap));
        for y in 0..n {
            for x in 0..n {
                let (sx, sy) = (x0 + x as i64, y0 + y as i64);
                if sx >= 0 && sy >= 0 && sx < width as i64 && sy < height as i64 {
                    all[[oy + y, ox + x]] = f.exposure.data[[sy as usize, sx as usize]];
                }
            }
        }
        centers.push(Point::new(ox as f64 + p.x - x0 as f64, oy as f64 + p.y - y0 as f64));
    }
    let config = PlotConfig {
        interval: Interval::Manual { min: f.scalar(&step.range[0])?, max: f.scalar(&step.range[1])? },
        colormap: step.colormap.parse::<ColorMap>()?,
        bad_color: Color::new(255, 255, 255),
        title: Some(step.title.clone()),
        unit: f.exposure.unit.clone(),
        axes: false,
        size: Some((800, 800)),
        ..PlotConfig::default()
    };
    let marks = [Overlay::circles(&centers, 3.0).with_color(color("red")?)];
    Ok(Some(plot_image(&Image::new(all.view())?, &marks, &config)?))
}

pub(super) fn psf_grid(f: &Field, step: &PsfGridStep) -> Result<Option<Picture>> {
    let PsfFile::Grid(g) = skyphot_io::read_psf(f.companion(&step.psf)?, None)? else { return Ok(None) };
    let sorted = skyphot_psf::GriddedPsf::new(g.data.view(), &g.positions, g.oversampling)?;
    let config = PsfGridPlotConfig {
        deltas: step.deltas,
        vmax_scale: step.vmax_scale,
        title: Some(step.title.clone()),
        ..PsfGridPlotConfig::default()
    };
    Ok(Some(plot_psf_grid(sorted.data(), sorted.x_grid(), sorted.y_grid(), &config)?))
}
