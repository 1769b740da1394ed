//! The picture of a PSF with the stars it was built from.

use ndarray::{Array2, Array3, s};
use skyphot_core::{Image, Pixel, Point};
use skyphot_plot::{
    Color, ColorMap, Interval, MarkerKind, Overlay, Picture, PlotConfig, PsfGridPlotConfig, Stretch,
    plot_image, plot_psf_grid,
};
use skyphot_psf::{EpsfStar, PsfModel, Source, Window};

use crate::{BuiltPsf, Result};

/// Stars in the gallery, and per row.
const SHOWN: usize = 30;
const PER_ROW: usize = 6;
/// Samples per pixel at which a PSF that has none of its own is drawn.
const SAMPLES: usize = 4;
/// Residuals are drawn up to this part of the peak.
const RESIDUAL: f64 = 0.05;

/// The PSF (or the grid of them), the field with the stars that were used, turned down and left out, the brightest stars
/// used, and what is left of them without the PSF, in units of their peaks.
///
/// `candidates` are all positions that were looked at.
///
/// # Errors
/// Those of drawing.
pub fn psf_gallery<T: Pixel>(
    image: &Image<'_, T>,
    built: &BuiltPsf,
    candidates: &[Point],
    title: &str,
) -> Result<Picture> {
    let model = built.model();
    let size = Some((640, 640));
    let psf = match built {
        BuiltPsf::Epsf(r) => {
            let data = r.epsf.data().insert_axis(ndarray::Axis(0)).to_owned();
            one(&data, built, title)?
        }
        BuiltPsf::Grid(g) => {
            let (xs, ys) = (rounded(g.psf.x_grid()), rounded(g.psf.y_grid()));
            let (_, ny, nx) = g.psf.data().dim();
            let mut data = Array3::zeros((xs.len() * ys.len(), ny, nx));
            for (k, cell) in g.cells.iter().enumerate() {
                let plane = cell.result.as_ref().map_or(g.field.data(), |r| r.data());
                data.index_axis_mut(ndarray::Axis(0), k).assign(&plane);
            }
            let config = PsfGridPlotConfig { title: Some(title.to_owned()), ..Default::default() };
            plot_psf_grid(data.view(), &xs, &ys, &config)?
        }
        BuiltPsf::Daophot(_) => {
            let at = middle(built);
            one(&sampled(model.as_ref(), at).insert_axis(ndarray::Axis(0)), built, title)?
        }
    };

    let (mut used, mut left_out) = (Vec::new(), Vec::new());
    for star in built.stars().cutouts() {
        if star.is_excluded() { left_out.push(star.center()) } else { used.push(star.center()) }
    }
    let down: Vec<Point> = candidates
        .iter()
        .copied()
        .filter(|p| built.stars().cutouts().all(|s| s.original_center().distance(*p) > 1e-6))
        .collect();
    let red = Color::new(220, 30, 30);
    let r = image.shape().0.max(image.shape().1) as f64 / 110.0;
    // The more there are, the smaller they are drawn: the field has to be seen.
    let cross = (60.0 / (down.len().max(1) as f64).sqrt()).clamp(2.0, 7.0);
    let overlays = [
        Overlay::markers(&down, MarkerKind::Cross, cross)
            .with_color(Color::new(230, 150, 30))
            .with_line_width(0.7),
        Overlay::markers(&left_out, MarkerKind::Cross, 8.0).with_color(red),
        Overlay::circles(&used, 1.5 * r).with_color(Color::DODGER_BLUE),
    ];
    let config = PlotConfig {
        title: Some(format!(
            "{} used (o), {} left out, {} turned down (x)",
            used.len(),
            left_out.len(),
            down.len()
        )),
        interval: Interval::Percentile(99.5),
        stretch: Stretch::Asinh(0.1),
        colormap: ColorMap::GrayR,
        color_bar: false,
        size,
        ..PlotConfig::default()
    };
    let field = plot_image(image, &overlays, &config)?;
    let top = Picture::row(&[psf, field]);
    let Some((stars, residuals)) = tiles(built, model.as_ref()) else { return Ok(top) };
    let tile = |data: &Array2<f64>, title: &str, interval, stretch, colormap| {
        let config = PlotConfig {
            title: Some(title.to_owned()),
            unit: Some("of the peak".to_owned()),
            interval,
            stretch,
            colormap,
            bad_color: Color::new(255, 255, 255),
            axes: false,
            size,
            ..PlotConfig::default()
        };
        plot_image(&Image::new(data.view())?, &[], &config)
    };
    let gray = ColorMap::GrayR;
    let bottom = [
        tile(&stars, "stars", Interval::Manual { min: -0.02, max: 1.0 }, Stretch::Asinh(0.05), gray)?,
        tile(
            &residuals,
            "stars less the PSF",
            Interval::Manual { min: -RESIDUAL, max: RESIDUAL },
            Stretch::default(),
            gray,
        )?,
    ];
    Ok(Picture::column(&[top, Picture::row(&bottom)]))
}

fn rounded(v: &[f64]) -> Vec<f64> {
    v.iter().map(|v| (v * 10.0).round() / 10.0).collect()
}

fn middle(built: &BuiltPsf) -> Point {
    let centers = built.stars().centers();
    let n = centers.len().max(1) as f64;
    Point::new(centers.iter().map(|p| p.x).sum::<f64>() / n, centers.iter().map(|p| p.y).sum::<f64>() / n)
}

fn one(data: &Array3<f64>, built: &BuiltPsf, title: &str) -> Result<Picture> {
    let at = middle(built);
    let config = PsfGridPlotConfig { title: Some(title.to_owned()), ..Default::default() };
    Ok(plot_psf_grid(data.view(), &rounded(&[at.x]), &rounded(&[at.y]), &config)?)
}

/// A model at a place, oversampled.
fn sampled(model: &dyn PsfModel, at: Point) -> Array2<f64> {
    let source = Source { x: at.x.round(), y: at.y.round(), shape: &[] };
    let e = model.extent(&source);
    let half = ((e.x.1 - source.x).max(e.y.1 - source.y).ceil() as i64).clamp(2, 60);
    let n = 2 * half as usize + 1;
    let os = SAMPLES as i64;
    let mut out = Array2::zeros((n * SAMPLES, n * SAMPLES));
    for j in 0..os {
        for i in 0..os {
            let phase = |k: i64| (k as f64 - (os as f64 - 1.0) / 2.0) / os as f64;
            let moved = Source { x: source.x - phase(i), y: source.y - phase(j), shape: &[] };
            let window = Window::new(source.x as i64 - half, source.y as i64 - half, n, n);
            let mut values = vec![0.0; n * n];
            model.evaluate(&moved, window, &mut values);
            for (k, v) in values.into_iter().enumerate() {
                out[[k / n * SAMPLES + j as usize, k % n * SAMPLES + i as usize]] = v;
            }
        }
    }
    out
}

/// The brightest stars used, and their residuals, as two mosaics with lines of NaN between the tiles.
fn tiles(built: &BuiltPsf, model: &dyn PsfModel) -> Option<(Array2<f64>, Array2<f64>)> {
    let mut stars: Vec<&EpsfStar> = built.stars().good_cutouts().filter(|s| s.flux() > 0.0).collect();
    stars.sort_by(|a, b| b.flux().total_cmp(&a.flux()));
    stars.truncate(SHOWN);
    let n = stars.len();
    if n == 0 {
        return None;
    }
    let (h, w) = stars.iter().fold((0, 0), |(h, w), s| (h.max(s.shape().0), w.max(s.shape().1)));
    let (columns, rows) = (PER_ROW.min(n), n.div_ceil(PER_ROW.min(n)));
    let empty = Array2::from_elem((rows * (h + 1) - 1, columns * (w + 1) - 1), f64::NAN);
    let (mut pixels, mut left) = (empty.clone(), empty);
    for (k, star) in stars.iter().enumerate() {
        let (ny, nx) = star.shape();
        let (x, y) = star.origin();
        let c = star.center();
        let mut values = Array2::zeros((ny, nx));
        if let Some(values) = values.as_slice_mut() {
            model.evaluate(&Source { x: c.x, y: c.y, shape: &[] }, Window::new(x, y, nx, ny), values);
        }
        let peak = values.iter().fold(0.0_f64, |m, v| m.max(*v));
        if peak.is_nan() || peak <= 0.0 {
            continue;
        }
        let (y0, x0) = ((rows - 1 - k / columns) * (h + 1), k % columns * (w + 1));
        let place = s![y0..y0 + ny, x0..x0 + nx];
        let good = |v: f64, w: f64| if w > 0.0 { v } else { f64::NAN };
        let scale = 1.0 / (star.flux() * peak);
        let data =
            ndarray::Zip::from(star.data()).and(star.weights()).map_collect(|d, w| good(d * scale, *w));
        let residual = ndarray::Zip::from(star.data())
            .and(star.weights())
            .and(&values)
            .map_collect(|d, w, m| good(d * scale - m / peak, *w));
        pixels.slice_mut(place).assign(&data);
        left.slice_mut(place).assign(&residual);
    }
    Some((pixels, left))
}
