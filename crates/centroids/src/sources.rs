//! Centroids of many sources of one image.

use ndarray::{Array2, s};
use skyphot_core::{BoundingBox, Column, Exec, FlagSet, Image, Pixel, Point, Table};

use crate::kernel::Stamp;
use crate::{Centroid, CentroidError, CentroidFlags, CentroidMethod, Result};

/// How [`centroid_sources`] cuts out and measures.
#[derive(Debug, Clone)]
pub struct CentroidSourcesConfig {
    /// Size `(ny, nx)` of the box around each position, odd. Default 11 x 11.
    pub box_size: (usize, usize),
    /// The pixels that count, instead of a box: odd shape, centred on the position. Default: none.
    pub footprint: Option<Array2<bool>>,
    /// How to measure. Default: centre of mass.
    pub method: CentroidMethod,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for CentroidSourcesConfig {
    fn default() -> Self {
        Self { box_size: (11, 11), footprint: None, method: CentroidMethod::default(), exec: Exec::default() }
    }
}

/// Centroids, one per input position and in the same order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Centroids {
    /// Columns, pixels; NaN where there is no centroid.
    pub x: Vec<f64>,
    /// Rows, pixels; NaN where there is no centroid.
    pub y: Vec<f64>,
    /// What was out of the ordinary.
    pub flags: Vec<CentroidFlags>,
}

impl Centroids {
    /// Number of positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// No positions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Columns `id`, `x_centroid`, `y_centroid` (pixels) and `flags`.
    ///
    /// # Errors
    /// None for a value made by [`centroid_sources`]; columns of different length otherwise.
    pub fn to_table(&self) -> skyphot_core::Result<Table> {
        let mut t = Table::from_columns([
            Column::new("id", (1..=self.len() as i64).collect::<Vec<_>>()),
            Column::new("x_centroid", self.x.clone()).with_unit("pix"),
            Column::new("y_centroid", self.y.clone()).with_unit("pix"),
            Column::new("flags", self.flags.iter().map(|f| f.to_bits()).collect::<Vec<u32>>()),
        ])?;
        t.meta.set("flags", CentroidFlags::legend_text());
        Ok(t)
    }
}

/// Measures the centroid of a cutout around each position (pixels of the image). Boxes that reach over the edge are
/// trimmed.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_centroids::{CentroidMethod, CentroidSourcesConfig, centroid_sources};
/// use skyphot_core::{Image, Point};
///
/// let star = |x: f64, y: f64| (-((x - 30.3) * (x - 30.3) + (y - 20.6) * (y - 20.6)) / 4.5).exp();
/// let data = Array2::from_shape_fn((50, 60), |(y, x)| 100.0 * star(x as f64, y as f64));
/// let config = CentroidSourcesConfig { method: CentroidMethod::Gaussian2d, ..Default::default() };
/// let c = centroid_sources(&Image::new(data.view())?, &[Point::new(30.0, 20.0)], &config)?;
/// assert!((c.x[0] - 30.3).abs() < 1e-8 && (c.y[0] - 20.6).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CentroidError`] for an even or empty box or footprint, and parameters of the method out of range.
///
/// # Flags
/// A position outside the image, a cutout without good pixels or a failed fit give NaN and say so in the flags.
pub fn centroid_sources<T: Pixel>(
    image: &Image<'_, T>,
    positions: &[Point],
    config: &CentroidSourcesConfig,
) -> Result<Centroids> {
    let size = config.footprint.as_ref().map_or(config.box_size, Array2::dim);
    config.method.validate_for(size)?;
    if size.0.is_multiple_of(2) || size.1.is_multiple_of(2) {
        return Err(CentroidError::EvenBox { name: "the cutout", found: size });
    }
    if config.footprint.as_ref().is_some_and(|f| !f.iter().any(|p| *p)) {
        return Err(CentroidError::EmptyFootprint(size));
    }
    let found = config
        .exec
        .map_init(positions.len(), Stamp::default, |stamp, i| one(image, positions[i], size, config, stamp));
    Ok(Centroids {
        x: found.iter().map(|c| c.position.x).collect(),
        y: found.iter().map(|c| c.position.y).collect(),
        flags: found.iter().map(|c| c.flags).collect(),
    })
}

fn one<T: Pixel>(
    image: &Image<'_, T>,
    p: Point,
    (ny, nx): (usize, usize),
    config: &CentroidSourcesConfig,
    stamp: &mut Stamp,
) -> Centroid {
    let (rows, cols) = image.shape();
    let inside = |v: f64, n: usize| v >= 0.0 && v <= (n - 1) as f64;
    if !(inside(p.x, cols) && inside(p.y, rows)) {
        return Centroid::failed(CentroidFlags::OUTSIDE);
    }
    let low = |v: f64, n: usize| (v - n as f64 / 2.0).ceil() as i64;
    let (x_min, y_min) = (low(p.x, nx), low(p.y, ny));
    let bbox = BoundingBox { x_min, x_max: x_min + nx as i64, y_min, y_max: y_min + ny as i64 };
    let Some(o) = bbox.overlap((rows, cols)) else {
        return Centroid::failed(CentroidFlags::OUTSIDE);
    };
    let partial = o.image_rows.len() < ny || o.image_cols.len() < nx;
    let footprint = config.footprint.as_ref().map(|f| f.slice(s![o.box_rows.clone(), o.box_cols.clone()]));
    let (y0, x0) = (o.image_rows.start as f64, o.image_cols.start as f64);
    stamp.load(image, o.image_rows, o.image_cols, footprint, config.method.uses_error());
    let mut c = config.method.measure_stamp(stamp);
    c.position.x += x0;
    c.position.y += y0;
    if partial {
        c.flags |= CentroidFlags::PARTIAL_OVERLAP;
    }
    c
}
