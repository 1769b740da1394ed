//! Histograms and points in a recipe.

use ndarray::Array2;
use skyphot_core::Image;
use skyphot_plot::{
    Guide, Histogram, HistogramConfig, Interval, LegendPlace, LineStyle, Panel, Picture, SecondAxis, Series,
    SeriesStyle, plot_lines,
};

use super::field::Field;
use super::figure_steps::{
    AxisSection, GuideSection, HistogramStep, PanelSection, PointsSection, ScatterStep,
};
use super::figures::color;
use super::steps::Scalar;
use crate::{PipelineError, Result};

fn guides(f: &Field, all: &[GuideSection]) -> Result<Vec<Guide>> {
    let one = |g: &GuideSection| -> Result<Guide> {
        Ok(Guide {
            value: f.scalar(&g.value)?,
            vertical: g.vertical,
            name: g.name.as_deref().map(|n| f.fill(n)).transpose()?,
            color: g.color.as_deref().map(color).transpose()?,
            line_style: g.line.parse::<LineStyle>()?,
            width: Some(g.width),
        })
    };
    all.iter().map(one).collect()
}

fn axis(f: &Field, a: &AxisSection) -> Result<SecondAxis> {
    Ok(SecondAxis { label: f.fill(&a.label)?, scale: f.scalar(&a.scale)?, offset: f.scalar(&a.offset)? })
}

pub(super) fn histogram(f: &Field, step: &HistogramStep) -> Result<Picture> {
    let title = Some(step.title.as_str()).filter(|t| !t.is_empty());
    if step.panels.is_empty() {
        return Ok(plot_lines(&[counts(f, step)?], title, (step.size[0], step.size[1]))?);
    }
    let mut row = Vec::new();
    for p in &step.panels {
        row.push(plot_lines(&[counts(f, p)?], Some(&f.fill(&p.title)?), (p.size[0], p.size[1]))?);
    }
    let row = Picture::row(&row);
    Ok(title.map_or(row.clone(), |t| row.titled(t)))
}

/// One histogram.
fn counts(f: &Field, step: &HistogramStep) -> Result<Panel> {
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
            series.push(Series {
                name: Some(f.fill(&c.name)?).filter(|n| !n.is_empty()),
                opacity: step.opacity,
                color: c.color.as_deref().map(color).transpose()?,
                ..Series::area(x, y)
            });
        }
    }
    Ok(Panel {
        series,
        x_label: f.fill(&step.x_label)?,
        y_label: f.fill(&step.y_label)?,
        guides: guides(f, &step.guides)?,
        x_range: step.x_range.map(|[a, b]| (a, b)),
        x_log: step.log_x,
        y_log: step.log_y,
        grid: step.grid,
        legend: step.legend.parse::<LegendPlace>()?,
        no_zero_line: true,
        ..Panel::default()
    })
}

fn points(f: &Field, q: &PointsSection) -> Result<Series> {
    let rows = f.rows(&q.table, q.r#where.as_deref())?;
    let keep = |v: Vec<f64>| v.into_iter().zip(&rows).filter(|v| *v.1).map(|v| v.0).collect::<Vec<f64>>();
    let sizes = match &q.size {
        Scalar::Number(v) => vec![*v],
        Scalar::Text(t) => keep(f.column(&q.table, t)?),
    };
    let style = if q.line.is_some() { SeriesStyle::Line } else { SeriesStyle::Points };
    Ok(Series {
        name: q.name.as_deref().map(|n| f.fill(n)).transpose()?,
        x: keep(f.column(&q.table, &q.x)?),
        y: keep(f.column(&q.table, &q.y)?),
        style,
        color: q.color.as_deref().map(color).transpose()?,
        opacity: q.opacity,
        sizes,
        line_style: q.line.as_deref().unwrap_or("solid").parse()?,
        ..Series::default()
    })
}

fn panel(f: &Field, p: &PanelSection) -> Result<Panel> {
    let line_color = Some(color(&p.line_color)?);
    let mut series = Vec::new();
    for q in &p.points {
        series.push(points(f, q)?);
    }
    for l in &p.lines {
        let (x, y) = l.iter().map(|c| (c[0], c[1])).unzip();
        series.push(Series { color: line_color, ..Series::line(x, y) });
    }
    for r in &p.circles {
        let angle = |k: i32| std::f64::consts::TAU * f64::from(k) / 120.0;
        let (x, y) = (0..=120).map(|k| (r * angle(k).cos(), r * angle(k).sin())).unzip();
        series.push(Series { color: line_color, ..Series::line(x, y) });
    }
    Ok(Panel {
        series,
        x_label: f.fill(&p.x_label)?,
        y_label: f.fill(&p.y_label)?,
        guides: guides(f, &p.guides)?,
        x_range: p.x_range.map(|[a, b]| (a, b)),
        y_range: p.y_range.map(|[a, b]| (a, b)),
        x_log: p.log_x,
        y_log: p.log_y,
        x_top: p.x_top.as_ref().map(|a| axis(f, a)).transpose()?,
        y_right: p.y_right.as_ref().map(|a| axis(f, a)).transpose()?,
        grid: p.grid,
        aspect: p.aspect,
        legend: p.legend.parse::<LegendPlace>()?,
        no_zero_line: true,
        ..Panel::default()
    })
}

pub(super) fn scatter(f: &Field, step: &ScatterStep) -> Result<Picture> {
    let panels = step.panels.iter().map(|p| panel(f, p)).collect::<Result<Vec<_>>>()?;
    let title = f.fill(&step.title)?;
    let title = Some(title.as_str()).filter(|t| !t.is_empty());
    let [width, height] = step.size;
    if step.beside && panels.len() > 1 {
        let row = panels.iter().map(|p| plot_lines(std::slice::from_ref(p), None, (width, height)));
        let row = Picture::row(&row.collect::<skyphot_plot::Result<Vec<_>>>()?);
        return Ok(title.map_or(row.clone(), |t| row.titled(t)));
    }
    let height = height * panels.len().max(1) as u32 + 30;
    Ok(plot_lines(&panels, title, (width, height))?)
}
