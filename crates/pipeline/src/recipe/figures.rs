//! Pictures of images in a recipe.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{BoundingBox, Image, Point};
use skyphot_io::PsfFile;
use skyphot_plot::{
    Color, ColorMap, Interval, LineStyle, MarkerKind, Overlay, Picture, PlotConfig, PsfGridPlotConfig, Shape,
    Stretch, plot_image, plot_psf_grid,
};

use super::field::Field;
use super::figure_steps::{CutoutsStep, ImageStep, MarkSection, PsfGridStep};
use crate::Result;

/// A colour by name; a few are softer than those of the same names elsewhere.
pub(super) fn color(name: &str) -> Result<Color> {
    Ok(match name {
        "red" => Color::new(220, 30, 30),
        "orange" => Color::new(245, 150, 20),
        "blue" => Color::new(0, 150, 230),
        "green" => Color::new(0, 140, 90),
        other => other.parse()?,
    })
}

/// A colour of its own for every number: hues a golden section apart, in three kinds of brightness.
fn own_color(k: i64) -> Color {
    let hue = 6.0 * (k as f64 * 0.618_033_988_749_895).rem_euclid(1.0);
    let (s, v) = [(0.75, 1.0), (0.45, 1.0), (0.8, 0.8)][k.rem_euclid(3) as usize];
    let [r, g, b] = [5.0, 3.0, 1.0].map(|n| {
        let t: f64 = (n + hue) % 6.0;
        (255.0 * (v - v * s * t.min(4.0 - t).clamp(0.0, 1.0))).round() as u8
    });
    Color::new(r, g, b)
}

fn overlays(f: &Field, m: &MarkSection) -> Result<Vec<Overlay>> {
    let (points, rows) = if m.at.is_empty() {
        (f.positions(&m.table)?, f.rows(&m.table, m.r#where.as_deref())?)
    } else {
        (m.at.iter().map(|p| Point::new(p[0], p[1])).collect(), vec![true; m.at.len()])
    };
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
    if let Some(size) = m.ring {
        let ring = |&i: &usize| (i, Shape::Marker { center: points[i], kind: MarkerKind::Circle, size });
        shapes.extend(shown.iter().map(ring));
    }
    let line_style = m.line.parse::<LineStyle>()?;
    let look = |shapes: Vec<Shape>, color: Color| {
        let o = Overlay::new(shapes).with_color(color).with_line_width(m.width).with_line_style(line_style);
        Overlay { fill: m.fill, ..o }
    };
    let mut out = Vec::new();
    match &m.color_by {
        None => out.push(look(shapes.into_iter().map(|s| s.1).collect(), color(&m.color)?)),
        Some(by) => {
            let key = f.column(&m.table, by)?;
            let key = |i: usize| key.get(i).map_or(0, |k| *k as i64);
            shapes.sort_by_key(|s| key(s.0));
            for run in shapes.chunk_by(|a, b| key(a.0) == key(b.0)) {
                out.push(look(run.iter().map(|s| s.1.clone()).collect(), own_color(key(run[0].0))));
            }
        }
    }
    if let Some(size) = m.dot {
        let centers: Vec<Point> = shown.iter().map(|&i| points[i]).collect();
        let dots = Overlay::markers(&centers, MarkerKind::Circle, size).with_color(color(&m.color)?);
        out.push(dots.with_line_width(0.0).with_fill(m.fill.unwrap_or(1.0)));
    }
    Ok(out)
}

/// A plane with the mask of the field, if it has the same shape.
fn masked<'a>(f: &'a Field, name: &str) -> Result<Image<'a, f64>> {
    let image = Image::new(f.plane(name)?)?;
    Ok(match f.exposure.mask.as_ref() {
        Some(m) => image.with_mask(m.view())?,
        None => image,
    })
}

/// The limits of a picture: its own, of a plane, or the numbers that are given.
fn interval(f: &Field, step: &ImageStep, of: Option<&str>) -> Result<Interval> {
    let wanted = match (&step.range, step.percentiles) {
        (Some([a, b]), _) => Interval::Manual { min: f.scalar(a)?, max: f.scalar(b)? },
        (None, Some([lower, upper])) => Interval::AsymmetricPercentile { lower, upper },
        _ => Interval::default(),
    };
    let Some(of) = of else { return Ok(wanted) };
    let (min, max) = wanted.limits(&masked(f, of)?)?;
    Ok(Interval::Manual { min, max })
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
    let unit = match &step.unit {
        Some(u) => Some(f.fill(u)?),
        None => f.exposure.unit.clone(),
    };
    let config = PlotConfig {
        stretch: step.stretch.parse::<Stretch>()?,
        colormap: step.colormap.parse::<ColorMap>()?,
        bad_color: Color::new(255, 255, 255),
        zoom,
        title: Some(step.title.clone()).filter(|t| !t.is_empty()),
        unit,
        x_label: f.fill(&step.x_label)?,
        y_label: f.fill(&step.y_label)?,
        y_down: step.y_down,
        axes: step.axes,
        color_bar: step.color_bar,
        ..PlotConfig::default()
    };
    let mut marks = Vec::new();
    for m in &step.marks {
        marks.extend(overlays(f, m)?);
    }
    if let [one] = step.image.as_slice() {
        let config = PlotConfig { interval: interval(f, step, step.range_of.as_deref())?, ..config };
        return Ok(plot_image(&masked(f, one)?, &marks, &config)?);
    }
    // Side by side, each with its own axes.
    let wide = 1920 / step.image.len().max(1) as u32;
    let size = Some((wide.clamp(480, 860), wide.clamp(440, 800)));
    let mut row = Vec::new();
    for (k, name) in step.image.iter().enumerate() {
        let first = step.image.first().filter(|_| !step.own_scales).map(String::as_str);
        let title = match step.titles.get(k) {
            Some(t) => f.fill(t)?,
            None => name.clone(),
        };
        let config = PlotConfig {
            interval: interval(f, step, step.range_of.as_deref().or(first))?,
            title: Some(title),
            size,
            ..config.clone()
        };
        row.push(plot_image(&masked(f, name)?, &marks, &config)?);
    }
    let row = Picture::row(&row);
    Ok(if step.title.is_empty() { row } else { row.titled(&step.title) })
}

/// The pixels around a place; NaN beyond the image.
fn cutout(data: ArrayView2<'_, f64>, at: Point, size: usize) -> Array2<f64> {
    let half = (size / 2) as i64;
    let (x0, y0) = (at.x.round() as i64 - half, at.y.round() as i64 - half);
    Array2::from_shape_fn((size, size), |(y, x)| {
        let at = (usize::try_from(y0 + y as i64), usize::try_from(x0 + x as i64));
        let (Ok(y), Ok(x)) = at else { return f64::NAN };
        data.get([y, x]).copied().unwrap_or(f64::NAN)
    })
}

pub(super) fn cutouts(f: &Field, step: &CutoutsStep) -> Result<Option<Picture>> {
    let points = f.positions(&step.table)?;
    let rows = f.rows(&step.table, step.r#where.as_deref())?;
    let all: Vec<Point> =
        points.into_iter().zip(rows).filter(|v| v.1 && v.0.is_finite()).map(|v| v.0).collect();
    let n = step.n.min(all.len());
    if n == 0 || step.size == 0 {
        return Ok(None);
    }
    let interval = Interval::Manual { min: f.scalar(&step.range[0])?, max: f.scalar(&step.range[1])? };
    let mut rows: Vec<Picture> = Vec::new();
    // The middles of as many equal parts of the table.
    let chosen: Vec<Point> = (0..n).map(|k| all[(2 * k + 1) * all.len() / (2 * n)]).collect();
    for pair in chosen.chunks(2) {
        let mut row = Vec::new();
        for p in pair {
            let part = cutout(f.exposure.data.view(), *p, step.size);
            // Coordinates of the axes count from the source.
            let half = (step.size / 2) as f64;
            let (x, y) = (p.x.round() - p.x - half - 0.5, p.y.round() - p.y - half - 0.5);
            let side = step.size as f64;
            let config = PlotConfig {
                interval,
                colormap: step.colormap.parse::<ColorMap>()?,
                bad_color: Color::new(255, 255, 255),
                title: Some(format!("(x, y) ≈ ({:.0}, {:.0})", p.x, p.y)),
                color_bar: false,
                x_label: f.fill(&step.x_label)?,
                y_label: f.fill(&step.y_label)?,
                extent: Some((x, x + side, y, y + side)),
                size: Some((520, 520)),
                ..PlotConfig::default()
            };
            let ring = Overlay::markers(&[Point::new(0.0, 0.0)], MarkerKind::Circle, 20.0);
            let ring = ring.with_color(color(&step.color)?);
            row.push(plot_image(&Image::new(part.view())?, &[ring], &config)?);
        }
        rows.push(Picture::row(&row));
    }
    Ok(Some(Picture::column(&rows).titled(&step.title)))
}

pub(super) fn psf_grid(f: &Field, step: &PsfGridStep) -> Result<Option<(String, Picture)>> {
    let PsfFile::Grid(g) = skyphot_io::read_psf(f.companion(&step.psf)?, None)? else { return Ok(None) };
    let sorted = skyphot_psf::GriddedPsf::new(g.data.view(), &g.positions, g.oversampling)?;
    let names: Vec<&str> =
        [&g.instrument, &g.detector, &g.filter].into_iter().flatten().map(String::as_str).collect();
    let title = step.title.replace("{psf}", &names.join(" "));
    let config = PsfGridPlotConfig {
        deltas: step.deltas,
        vmax_scale: step.vmax_scale,
        title: Some(title.clone()),
        ..PsfGridPlotConfig::default()
    };
    Ok(Some((title, plot_psf_grid(sorted.data(), sorted.x_grid(), sorted.y_grid(), &config)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutouts_keep_their_centre_and_know_the_edge() {
        let data = Array2::from_shape_fn((20, 30), |(y, x)| (100 * y + x) as f64);
        let c = cutout(data.view(), Point::new(5.2, 7.8), 5);
        assert_eq!((c[[2, 2]], c[[0, 0]], c[[4, 3]]), (805.0, 603.0, 1006.0));
        let c = cutout(data.view(), Point::new(0.0, 19.0), 5);
        assert!(c[[2, 1]].is_nan() && c[[3, 2]].is_nan());
        assert_eq!(c[[2, 2]], 1900.0);
    }

    #[test]
    fn every_number_has_its_colour() {
        let mut all: Vec<String> = (0..40).map(|k| own_color(k).to_string()).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 40);
        assert_eq!(color("#010203").unwrap(), Color::new(1, 2, 3));
        assert!(color("reddish").is_err());
    }
}
