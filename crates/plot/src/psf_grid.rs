//! The PSFs of a grid side by side.

use ndarray::{Array2, ArrayView3, Axis, s};
use skyphot_core::Image;

use crate::{
    Color, ColorMap, Interval, Overlay, Picture, PlotConfig, PlotError, Result, Shape, Stretch, plot_image,
};

/// How [`plot_psf_grid`] draws.
#[derive(Debug, Clone)]
pub struct PsfGridPlotConfig {
    /// Draw the differences from the mean PSF instead of the PSFs. Default false.
    pub deltas: bool,
    /// Divide by the largest value of the PSFs (of the mean PSF with `deltas`). Default false.
    pub peak_norm: bool,
    /// The last colour stands for so many times the largest value. Default 1, or 0.03 with `deltas`.
    pub vmax_scale: Option<f64>,
    /// Colours. Default viridis.
    pub colormap: ColorMap,
    /// Draw lines between the PSFs. Default true.
    pub dividers: bool,
    /// Colour of the lines. Default a light grey.
    pub color: Color,
    /// Text above. Default none.
    pub title: Option<String>,
}

impl Default for PsfGridPlotConfig {
    fn default() -> Self {
        Self {
            deltas: false,
            peak_norm: false,
            vmax_scale: None,
            colormap: ColorMap::default(),
            dividers: true,
            color: Color::new(200, 200, 200),
            title: None,
        }
    }
}

/// Draws PSF images of shape `(n, ny, nx)`, by grid row and then column, where they belong on the detector: `x_grid` and
/// `y_grid` are the positions of the columns and rows, pixels. PSFs are drawn over four decades, differences linearly
/// about 0; blank PSFs (all zero) do not count in the mean.
///
/// # Errors
/// [`PlotError::InvalidParameter`] if there are not as many images as grid points, [`PlotError::NoGoodPixels`] if all are
/// blank.
#[doc(alias = "plot_grid")]
pub fn plot_psf_grid(
    data: ArrayView3<'_, f64>,
    x_grid: &[f64],
    y_grid: &[f64],
    config: &PsfGridPlotConfig,
) -> Result<Picture> {
    let (n, ny, nx) = data.dim();
    let (columns, rows) = (x_grid.len(), y_grid.len());
    if n == 0 || columns * rows != n || ny == 0 || nx == 0 {
        return Err(PlotError::InvalidParameter {
            what: "number of PSFs",
            expected: "columns times rows of the grid",
            found: format!("{n} for {columns} x {rows}"),
        });
    }
    let mut data = data.to_owned();
    let mut peak = data.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if config.deltas {
        let blank: Vec<bool> = data.outer_iter().map(|p| p.iter().all(|v| *v == 0.0)).collect();
        let count = blank.iter().filter(|b| !**b).count();
        if count == 0 {
            return Err(PlotError::NoGoodPixels);
        }
        let mean = data.sum_axis(Axis(0)) / count as f64;
        peak = mean.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for (mut p, blank) in data.outer_iter_mut().zip(blank) {
            if !blank {
                p -= &mean;
            }
        }
    }
    if config.peak_norm && peak != 0.0 {
        data.mapv_inplace(|v| v / peak);
    }
    let mut mosaic = Array2::zeros((rows * ny, columns * nx));
    for (k, p) in data.outer_iter().enumerate() {
        let (j, i) = (k / columns, k % columns);
        mosaic.slice_mut(s![j * ny..(j + 1) * ny, i * nx..(i + 1) * nx]).assign(&p);
    }
    let scale = config.vmax_scale.unwrap_or(if config.deltas { 0.03 } else { 1.0 });
    let max = mosaic.iter().copied().fold(f64::NEG_INFINITY, f64::max) * scale;
    if !(max.is_finite() && max > 0.0) {
        return Err(PlotError::NoGoodPixels);
    }
    let (min, stretch) =
        if config.deltas { (-max, Stretch::default()) } else { (max / 1e4, Stretch::Log(1e4)) };
    let (right, top) = (columns as f64 - 0.5, rows as f64 - 0.5);
    let mut lines = Vec::new();
    if config.dividers {
        let line = |a: (f64, f64), b: (f64, f64)| Shape::Line { vertices: vec![a.into(), b.into()] };
        lines.extend((1..columns).map(|i| i as f64 - 0.5).map(|x| line((x, -0.5), (x, top))));
        lines.extend((1..rows).map(|j| j as f64 - 0.5).map(|y| line((-0.5, y), (right, y))));
    }
    let unit = match (config.deltas, config.peak_norm) {
        (true, true) => "Difference relative to average ePSF peak",
        (true, false) => "Difference relative to average ePSF values",
        (false, true) => "Scale relative to ePSF peak pixel",
        (false, false) => "ePSF flux per pixel",
    };
    let plot = PlotConfig {
        interval: Interval::Manual { min, max },
        stretch,
        colormap: config.colormap,
        x_label: "ePSF location in detector X pixels".to_owned(),
        y_label: "ePSF location in detector Y pixels".to_owned(),
        x_ticks: Some(places(x_grid)),
        y_ticks: Some(places(y_grid)),
        title: config.title.clone(),
        unit: Some(unit.to_owned()),
        extent: Some((-0.5, right, -0.5, top)),
        ..PlotConfig::default()
    };
    let overlay = Overlay::new(lines).with_color(config.color);
    plot_image(&Image::new(mosaic.view())?, &[overlay], &plot)
}

/// The names of columns or rows: whole pixels.
fn places(grid: &[f64]) -> Vec<(f64, String)> {
    grid.iter().enumerate().map(|(k, v)| (k as f64, format!("{}", v.trunc()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn grids_are_drawn_and_wrong_ones_refused() {
        let data = Array3::from_shape_fn((6, 15, 15), |(k, y, x)| {
            let r2 = (x as f64 - 7.0).powi(2) + (y as f64 - 7.0).powi(2);
            (-r2 / (4.0 + k as f64)).exp()
        });
        let (xs, ys) = ([0.0, 1000.0, 2047.0], [0.0, 2047.0]);
        for deltas in [false, true] {
            for peak_norm in [false, true] {
                let config = PsfGridPlotConfig { deltas, peak_norm, ..Default::default() };
                let picture = plot_psf_grid(data.view(), &xs, &ys, &config).unwrap();
                assert!(picture.to_png().unwrap().len() > 1000);
            }
        }
        let config = PsfGridPlotConfig::default();
        assert!(plot_psf_grid(data.view(), &xs, &ys[..1], &config).is_err());
        assert!(plot_psf_grid(Array3::zeros((6, 5, 5)).view(), &xs, &ys, &config).is_err());
    }
}
