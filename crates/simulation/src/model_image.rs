//! Images of many sources of one model.

use ndarray::Array2;
use skyphot_core::{Exec, Table};

use crate::error::require;
use crate::source_model::SourceModel;
use crate::{Result, SimulationError};

/// How a model becomes pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discretize {
    /// Value at the centre of the pixel.
    #[default]
    Center,
    /// Mean of the values at its corners.
    #[doc(alias = "linear_interp")]
    Interp,
    /// Mean of `n` x `n` values within it.
    Oversample(usize),
    /// Integral over it, by Gauss-Legendre quadrature of 20 x 20 points.
    Integrate,
}

/// How [`make_model_image`] draws. The defaults are those of photutils.
#[derive(Debug, Clone, Default)]
pub struct ModelImageConfig {
    /// Region drawn about each source, `(ny, nx)` pixels. A column `model_shape` of the table (one number for a square)
    /// comes first. Default: the bounding box of the model.
    pub model_shape: Option<(usize, usize)>,
    /// Factor of the bounding box, for models that have one.
    pub bbox_factor: Option<f64>,
    /// Columns of the table for parameters of other names, `(parameter, column)`.
    pub params_map: Vec<(String, String)>,
    /// Name of the parameter that is the x position. Default: `x_0` or `x_mean`.
    pub x_name: Option<String>,
    /// Name of the parameter that is the y position.
    pub y_name: Option<String>,
    /// Default: value at the centre.
    pub discretize: Discretize,
    /// Threads.
    pub exec: Exec,
}

/// An image of shape `(ny, nx)` with a source for each row of a table.
///
/// Columns named like parameters set these; a column `local_bkg` is added over the region of its source. Rows with a
/// value that is not finite are left out. The order of the rows, not the threads, decides the last bits.
///
/// ```
/// use skyphot_core::{Column, Table};
/// use skyphot_simulation::{Gaussian2D, ModelImageConfig, make_model_image};
/// let stars = Table::from_columns([
///     Column::new("amplitude", vec![10.0, 20.0]),
///     Column::new("x_mean", vec![5.0, 14.0]),
///     Column::new("y_mean", vec![6.0, 8.0]),
/// ])?;
/// let image = make_model_image((20, 20), &Gaussian2D, &stars, &ModelImageConfig::default())?;
/// assert!((image[[8, 14]] - 20.0).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`] if the model has no bounding box and no shape is given, or a mapped column or
/// parameter does not exist; those of the table.
pub fn make_model_image(
    shape: (usize, usize),
    model: &dyn SourceModel,
    params: &Table,
    config: &ModelImageConfig,
) -> Result<Array2<f64>> {
    let names: Vec<&str> = model.parameters().iter().map(|p| p.0).collect();
    let bad = |what: &'static str, expected: &'static str, found: String| SimulationError::InvalidParameter {
        what,
        expected,
        found,
    };
    let place = |given: &Option<String>, usual: [&str; 2]| {
        let find = |n: &str| names.iter().position(|m| *m == n);
        match given {
            Some(n) => {
                find(n).ok_or_else(|| bad("the name of a position", "a parameter of the model", n.clone()))
            }
            None => usual
                .iter()
                .find_map(|n| find(n))
                .ok_or_else(|| bad("the model", "one with parameters x_0 and y_0", names.join(", "))),
        }
    };
    let (ix, iy) = (place(&config.x_name, ["x_0", "x_mean"])?, place(&config.y_name, ["y_0", "y_mean"])?);
    for (parameter, column) in &config.params_map {
        if !names.contains(&parameter.as_str()) {
            return Err(bad("params_map", "a parameter of the model", parameter.clone()));
        }
        if !params.has(column) {
            return Err(bad("params_map", "a column of the table", column.clone()));
        }
    }
    let n = params.n_rows();
    let mut columns = Vec::new();
    for (k, (name, default)) in model.parameters().iter().enumerate() {
        let mapped = config.params_map.iter().find(|m| m.0 == *name).map(|m| m.1.as_str());
        let column = mapped.unwrap_or(name);
        if (k == ix || k == iy) && !params.has(column) {
            return Err(bad("the table", "a column for each position", params.names().join(", ")));
        }
        columns.push(if params.has(column) { params.f64(column)? } else { vec![*default; n] });
    }
    let local = if params.has("local_bkg") { params.f64("local_bkg")? } else { vec![0.0; n] };
    let shapes = if params.has("model_shape") { Some(params.f64("model_shape")?) } else { None };
    if let Discretize::Oversample(k) = config.discretize {
        require(k >= 1, "the oversampling", "at least 1", k as f64)?;
    }

    let mut regions = Vec::with_capacity(n);
    for i in 0..n {
        let p: Vec<f64> = columns.iter().map(|c| c[i]).collect();
        if !local[i].is_finite() || p.iter().any(|v| !v.is_finite()) {
            continue;
        }
        let size = match (&shapes, config.model_shape) {
            (Some(s), _) => (s[i], s[i]),
            (None, Some((y, x))) => (y as f64, x as f64),
            (None, None) => {
                let (w, h) = model.half_size(&p, config.bbox_factor).ok_or_else(|| {
                    bad("model_shape", "given for a model without a bounding box", "none".to_owned())
                })?;
                ((2.0 * h).ceil(), (2.0 * w).ceil())
            }
        };
        require(size.0 >= 0.0 && size.1 >= 0.0, "model_shape", "not negative", size.0.min(size.1))?;
        let (x, y) = (p[ix], p[iy]);
        if let (Some(rows), Some(cols)) = (span(y, size.0, shape.0), span(x, size.1, shape.1)) {
            regions.push((p, rows, cols, local[i]));
        }
    }

    let nodes = nodes(config.discretize);
    let mut image = Array2::zeros(shape);
    if shape.0 == 0 || shape.1 == 0 {
        return Ok(image);
    }
    if let Some(pixels) = image.as_slice_mut() {
        const ROWS: usize = 16;
        config.exec.for_each_chunk_mut(pixels, ROWS * shape.1, |k, chunk| {
            let first = k * ROWS;
            let last = first + chunk.len() / shape.1;
            for (p, rows, cols, local) in &regions {
                for y in rows.start.max(first)..rows.end.min(last) {
                    let line = &mut chunk[(y - first) * shape.1..][cols.clone()];
                    for (x, v) in cols.clone().zip(line) {
                        let (x, y) = (x as f64, y as f64);
                        let sum: f64 =
                            nodes.iter().map(|(u, w, k)| k * model.evaluate(p, x + u, y + w)).sum();
                        *v += sum + local;
                    }
                }
            }
        });
    }
    Ok(image)
}

/// Pixels of a region of `size` about `center`, cut at the image; `None` outside. Rounded as astropy's `overlap_slices`.
fn span(center: f64, size: f64, n: usize) -> Option<std::ops::Range<usize>> {
    let low = (center - 0.5 * size).ceil();
    let (a, b) = (low.max(0.0), (low + size).min(n as f64));
    (b > a && low < n as f64).then_some(a as usize..b as usize)
}

/// Offsets within a pixel, and their weights.
fn nodes(discretize: Discretize) -> Vec<(f64, f64, f64)> {
    let square = |line: &[(f64, f64)]| {
        line.iter().flat_map(|(v, a)| line.iter().map(move |(u, b)| (*u, *v, a * b))).collect::<Vec<_>>()
    };
    match discretize {
        Discretize::Center => vec![(0.0, 0.0, 1.0)],
        Discretize::Interp => square(&[(-0.5, 0.5), (0.5, 0.5)]),
        Discretize::Oversample(n) => {
            let k = n as f64;
            square(&(0..n).map(|i| ((i as f64 + 0.5) / k - 0.5, 1.0 / k)).collect::<Vec<_>>())
        }
        Discretize::Integrate => square(&legendre(20)),
    }
}

/// Points and weights of Gauss-Legendre quadrature on [-1/2, 1/2], the roots by Newton's method.
fn legendre(n: usize) -> Vec<(f64, f64)> {
    (0..n)
        .map(|i| {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut p, mut before) = (1.0, 0.0);
                for k in 0..n {
                    let j = k as f64;
                    (p, before) = (((2.0 * j + 1.0) * x * p - j * before) / (j + 1.0), p);
                }
                slope = n as f64 * (x * p - before) / (x * x - 1.0);
                let step = p / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            (0.5 * x, 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gaussian2D, Moffat2D};
    use skyphot_core::Column;

    fn table(columns: &[(&str, Vec<f64>)]) -> Table {
        Table::from_columns(columns.iter().map(|(n, v)| Column::new(*n, v.clone()))).unwrap()
    }

    #[test]
    fn quadrature_is_exact_for_polynomials() {
        let q = legendre(20);
        for k in 0..20 {
            let sum: f64 = q.iter().map(|(x, w)| w * (2.0 * x).powi(2 * k)).sum();
            assert!((sum - 1.0 / f64::from(2 * k + 1)).abs() < 1e-14, "{k}: {sum}");
        }
    }

    #[test]
    fn shapes_backgrounds_and_bad_rows() {
        let t = table(&[
            ("x_0", vec![10.0, 2.0, f64::NAN, 500.0]),
            ("y_0", vec![10.0, 3.0, 1.0, 5.0]),
            ("amplitude", vec![5.0, 3.0, 1.0, 1.0]),
            ("local_bkg", vec![0.0, 0.5, 1.0, 1.0]),
        ]);
        let none = ModelImageConfig::default();
        let text = make_model_image((30, 40), &Moffat2D, &t, &none).unwrap_err().to_string();
        assert!(text.contains("model_shape"), "{text}");
        let config = ModelImageConfig { model_shape: Some((5, 7)), ..Default::default() };
        let image = make_model_image((30, 40), &Moffat2D, &t, &config).unwrap();
        assert_eq!((image[[10, 10]], image[[3, 2]]), (5.0, 3.5));
        assert_eq!((image[[12, 13]] > 0.0, image[[13, 10]], image[[10, 14]]), (true, 0.0, 0.0));
        let map = vec![("alpha".to_owned(), "beta".to_owned())];
        let wrong = ModelImageConfig { params_map: map, ..config.clone() };
        assert!(make_model_image((30, 40), &Moffat2D, &t, &wrong).unwrap_err().to_string().contains("beta"));
        let empty = table(&[("x_0", vec![]), ("y_0", vec![])]);
        assert_eq!(make_model_image((3, 4), &Moffat2D, &empty, &config).unwrap().sum(), 0.0);
        assert!(make_model_image((3, 4), &Gaussian2D, &empty, &config).is_err());
        for threads in [2, 3, 7] {
            let exec = Exec::with_threads(std::num::NonZeroUsize::new(threads).unwrap()).unwrap();
            let same =
                make_model_image((30, 40), &Moffat2D, &t, &ModelImageConfig { exec, ..config.clone() });
            assert_eq!(same.unwrap(), image);
        }
    }
}
