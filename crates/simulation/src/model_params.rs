//! Random tables of model parameters.

use skyphot_core::random::NumpyRandom;
use skyphot_core::{Column, Table};

use crate::Result;
use crate::error::require;

/// Where [`make_model_params`] puts sources.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParamsConfig {
    /// Name of the column of x positions. Default `x_0`.
    pub x_name: String,
    /// Name of the column of y positions. Default `y_0`.
    pub y_name: String,
    /// Smallest distance between two sources, pixels. Default 1.
    pub min_separation: f64,
    /// Pixels without sources along the borders, `(ny, nx)`. Default `(0, 0)`.
    pub border_size: (usize, usize),
    /// Seed. Default 0.
    pub seed: u64,
}

impl Default for ModelParamsConfig {
    fn default() -> Self {
        Self {
            x_name: "x_0".to_owned(),
            y_name: "y_0".to_owned(),
            min_separation: 1.0,
            border_size: (0, 0),
            seed: 0,
        }
    }
}

/// A table of `id`, positions within an image of shape `(ny, nx)`, and parameters drawn uniformly from `ranges`.
///
/// Positions nearer to an earlier one than `min_separation` are dropped; if fewer than `n_sources` of ten times as many
/// are left, the table is that much shorter. The numbers are those of photutils.
///
/// ```
/// use skyphot_simulation::{ModelParamsConfig, make_model_params};
/// let config = ModelParamsConfig { border_size: (50, 50), min_separation: 25.0, ..Default::default() };
/// let table = make_model_params((2048, 2048), 500, &[("flux", (500.0, 20000.0))], &config)?;
/// assert!((table.f64("x_0")?[0] - 1290.801366902193).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) if the borders leave no room, or a
/// range is not finite or is for a position; repeated names.
pub fn make_model_params(
    shape: (usize, usize),
    n_sources: usize,
    ranges: &[(&str, (f64, f64))],
    config: &ModelParamsConfig,
) -> Result<Table> {
    let side = |n: usize, border: usize| (border as f64, n as f64 - border as f64);
    let (x, y) = (side(shape.1, config.border_size.1), side(shape.0, config.border_size.0));
    require(x.0 < x.1, "the border along x", "below half of the image", x.0)?;
    require(y.0 < y.1, "the border along y", "below half of the image", y.0)?;
    let s = config.min_separation;
    require(s >= 0.0 && s.is_finite(), "min_separation", "0 or more", s)?;
    let mut random = NumpyRandom::new(config.seed);
    let points = random_points(&mut random, n_sources, x, y, s);
    let n = points.len();
    let mut table = Table::from_columns([
        Column::new("id", (1..).take(n).collect::<Vec<i64>>()),
        Column::new(&config.x_name, points.iter().map(|p| p.0).collect::<Vec<f64>>()).with_unit("pix"),
        Column::new(&config.y_name, points.iter().map(|p| p.1).collect::<Vec<f64>>()).with_unit("pix"),
    ])?;
    draw(&mut table, &mut random, n, ranges)?;
    Ok(table)
}

/// A table of `id` and parameters drawn uniformly from ranges, with the numbers of photutils.
///
/// # Errors
/// [`SimulationError::InvalidParameter`](crate::SimulationError::InvalidParameter) for a range that is not finite;
/// repeated names.
pub fn make_random_models_table(n_sources: usize, ranges: &[(&str, (f64, f64))], seed: u64) -> Result<Table> {
    let mut table = Table::from_columns([Column::new("id", (1..).take(n_sources).collect::<Vec<i64>>())])?;
    draw(&mut table, &mut NumpyRandom::new(seed), n_sources, ranges)?;
    Ok(table)
}

fn draw(table: &mut Table, random: &mut NumpyRandom, n: usize, ranges: &[(&str, (f64, f64))]) -> Result<()> {
    for (name, (low, high)) in ranges {
        require(low.is_finite(), "the low end of a range", "finite", *low)?;
        require(high.is_finite(), "the high end of a range", "finite", *high)?;
        let values: Vec<f64> = (0..n).map(|_| random.uniform(*low, *high)).collect();
        table.push(Column::new(*name, values))?;
    }
    Ok(())
}

fn random_points(
    random: &mut NumpyRandom,
    n: usize,
    x: (f64, f64),
    y: (f64, f64),
    apart: f64,
) -> Vec<(f64, f64)> {
    let m = if apart > 0.0 { 10 * n } else { n };
    let xs: Vec<f64> = (0..m).map(|_| random.uniform(x.0, x.1)).collect();
    let mut points: Vec<(f64, f64)> = xs.into_iter().map(|x| (x, random.uniform(y.0, y.1))).collect();
    if apart > 0.0 {
        points = spread(points, apart);
    }
    points.truncate(n);
    points
}

/// Drops every point within `apart` of an earlier one that is kept. Points are looked up by cells of that size.
fn spread(points: Vec<(f64, f64)>, apart: f64) -> Vec<(f64, f64)> {
    let mut cells: std::collections::HashMap<(i64, i64), Vec<(f64, f64)>> = std::collections::HashMap::new();
    let cell = |v: f64| (v / apart).floor() as i64;
    let mut kept = Vec::new();
    for p in points {
        let (i, j) = (cell(p.0), cell(p.1));
        let near = |q: &(f64, f64)| {
            let (dx, dy) = (p.0 - q.0, p.1 - q.1);
            dx * dx + dy * dy <= apart * apart
        };
        let taken = (i - 1..=i + 1)
            .flat_map(|i| (j - 1..=j + 1).map(move |j| (i, j)))
            .any(|c| cells.get(&c).is_some_and(|list| list.iter().any(near)));
        if !taken {
            cells.entry((i, j)).or_default().push(p);
            kept.push(p);
        }
    }
    kept
}
