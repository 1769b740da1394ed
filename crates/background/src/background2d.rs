//! The two-dimensional background of an image.

use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{Array2, ArrayView2};
use skyphot_core::memory::zeros;
use skyphot_core::{Column, CoreError, Exec, Image, Pixel, Point, Table};
use skyphot_filter::nan_median_filter;

use crate::boxes::{BoxValue, Reducer, Scratch, centers, gather};
use crate::interpolator::FullMap;
use crate::{Background2DConfig, BackgroundError, Result, ShepardIdw};

/// Boxes side by side that one task measures.
const BOXES_PER_TASK: usize = 8;
/// Rows of a full-size map that one task fills.
const ROWS_PER_TASK: usize = 16;

/// Background and noise of an image: estimated in boxes, median-filtered, interpolated to full size.
///
/// Only the meshes are kept; the full-size maps are made when asked for, as a whole ([`background`](Self::background))
/// or by rows ([`fill_rows`](Self::fill_rows), [`subtract_from`](Self::subtract_from)). `T` is the pixel type of the
/// image and of the maps.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_background::{Background2D, Background2DConfig};
/// use skyphot_core::Image;
/// let sky = Array2::<f32>::from_elem((100, 120), 7.0);
/// let bkg = Background2D::estimate(&Image::new(sky.view())?, &Background2DConfig::new((25, 30)))?;
/// assert_eq!(bkg.background_median(), 7.0);
/// assert_eq!(bkg.background(), sky);
/// assert_eq!(bkg.background_mesh().dim(), (4, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Background2D<T: Pixel = f64> {
    shape: (usize, usize),
    box_size: (usize, usize),
    mesh: Array2<f64>,
    rms_mesh: Array2<f64>,
    n_pixels: Array2<usize>,
    excluded: Array2<bool>,
    map: FullMap,
    rms_map: FullMap,
    coverage: Option<Array2<bool>>,
    fill_value: f64,
    exec: Exec,
    pixel: PhantomData<T>,
}

impl<T: Pixel> Background2D<T> {
    /// Estimates background and noise of the pixels that are neither masked nor non-finite.
    ///
    /// # Errors
    /// [`BackgroundError`] for a parameter out of range, or if no pixel or no box is good.
    pub fn estimate(image: &Image<'_, T>, config: &Background2DConfig) -> Result<Self> {
        Self::estimate_with_coverage(image, None, config)
    }

    /// As [`estimate`](Self::estimate), with a coverage mask: `true` where there are no data at all, for instance
    /// around a mosaic. Such pixels do not count, and both maps have the `fill_value` of the configuration there.
    ///
    /// # Errors
    /// As [`estimate`](Self::estimate), and [`CoreError::ShapeMismatch`] if the coverage mask has another shape than
    /// the image.
    pub fn estimate_with_coverage(
        image: &Image<'_, T>,
        coverage: Option<ArrayView2<'_, bool>>,
        config: &Background2DConfig,
    ) -> Result<Self> {
        config.validate()?;
        let shape = image.shape();
        if let Some(c) = coverage.filter(|c| c.dim() != shape) {
            return Err(
                CoreError::ShapeMismatch { what: "coverage mask", expected: shape, found: c.dim() }.into()
            );
        }
        let box_size = (config.box_size.0.min(shape.0), config.box_size.1.min(shape.1));
        let boxes = measure(image, coverage, box_size, config);
        if boxes.iter().all(|b| b.n_good == 0) {
            let data = image.data();
            return Err(BackgroundError::NoGoodPixels {
                total: data.len(),
                finite: data.iter().filter(|v| v.is_finite()).count(),
            });
        }
        Self::from_boxes(shape, &boxes, coverage, box_size, config)
    }

    /// As [`estimate`](Self::estimate) for an image of shape `(ny, nx)` that is read some rows at a time, with the same
    /// answer: `read` gives the pixels of the rows it is asked for and the bad ones among them (`true`). At most
    /// `max_rows` rows are in memory at a time, or one row of boxes if that is more; with several threads some are read
    /// while others are measured.
    ///
    /// ```
    /// use ndarray::{Array2, s};
    /// use skyphot_background::{Background2D, Background2DConfig, BackgroundError};
    /// use skyphot_core::Image;
    /// let sky = Array2::from_shape_fn((100, 120), |(y, x)| (x * y) as f32);
    /// let config = Background2DConfig::new((25, 30));
    /// let by_rows = Background2D::estimate_by_rows((100, 120), &config, 30, |rows| {
    ///     Ok::<_, BackgroundError>((sky.slice(s![rows, ..]).to_owned(), None))
    /// })?;
    /// let whole = Background2D::estimate(&Image::new(sky.view())?, &config)?;
    /// assert_eq!(by_rows.background_mesh(), whole.background_mesh());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of `read`, and as [`estimate`](Self::estimate).
    pub fn estimate_by_rows<E: From<BackgroundError> + Send>(
        shape: (usize, usize),
        config: &Background2DConfig,
        max_rows: usize,
        read: impl Fn(Range<usize>) -> std::result::Result<(Array2<T>, Option<Array2<bool>>), E> + Sync + Send,
    ) -> std::result::Result<Self, E> {
        config.validate()?;
        if shape.0 == 0 || shape.1 == 0 {
            return Err(BackgroundError::from(CoreError::EmptyImage(shape)).into());
        }
        let box_size = (config.box_size.0.min(shape.0), config.box_size.1.min(shape.1));
        // Two parts at a time, so that one can be read while the other is measured.
        let rows = (max_rows / 2 / box_size.0).max(1) * box_size.0;
        let parts: Vec<_> = (0..shape.0).step_by(rows).map(|y| y..(y + rows).min(shape.0)).collect();
        let (mut values, mut finite) = (Vec::new(), 0);
        let both = |a: &Range<usize>, b: &Range<usize>| a.len() + b.len() <= max_rows;
        config.exec.read_ahead(
            &parts,
            both,
            |rows| read(rows.clone()),
            |rows, (data, mask)| {
                let expected = (rows.len(), shape.1);
                if data.dim() != expected {
                    let found = data.dim();
                    let e = CoreError::ShapeMismatch { what: "rows of an image", expected, found };
                    return Err(BackgroundError::from(e).into());
                }
                let mut image = Image::new(data.view()).map_err(BackgroundError::from)?;
                if let Some(m) = &mask {
                    image = image.with_mask(m.view()).map_err(BackgroundError::from)?;
                }
                let boxes = measure(&image, None, box_size, config);
                if boxes.iter().all(|b| b.n_good == 0) {
                    finite += data.iter().filter(|v| v.is_finite()).count();
                }
                values.extend(boxes);
                Ok(())
            },
        )?;
        let mesh = (shape.0.div_ceil(box_size.0), shape.1.div_ceil(box_size.1));
        let mut values = values.into_iter();
        let none = BoxValue { level: f64::NAN, rms: f64::NAN, n: 0, n_good: 0 };
        let boxes = Array2::from_shape_simple_fn(mesh, || values.next().unwrap_or(none));
        if boxes.iter().all(|b| b.n_good == 0) {
            return Err(BackgroundError::NoGoodPixels { total: shape.0 * shape.1, finite }.into());
        }
        Ok(Self::from_boxes(shape, &boxes, None, box_size, config)?)
    }

    /// From the measured boxes to the maps.
    fn from_boxes(
        shape: (usize, usize),
        boxes: &Array2<BoxValue>,
        coverage: Option<ArrayView2<'_, bool>>,
        box_size: (usize, usize),
        config: &Background2DConfig,
    ) -> Result<Self> {
        check_good(boxes, box_size, config)?;
        let needed = needed(box_size, config);
        let good = |b: &BoxValue| b.n > 0 && b.n as f64 >= needed;
        let level = boxes.mapv(|b| if good(&b) { b.level } else { f64::NAN });
        let rms = boxes.mapv(|b| if good(&b) { b.rms } else { f64::NAN });
        let excluded = level.mapv(f64::is_nan);
        let lowest = level.iter().copied().fold(f64::INFINITY, f64::min);
        let (level, rms) = (fill_gaps(&level), fill_gaps(&rms));
        let select = config.filter_threshold.filter(|&t| t >= lowest).map(|t| level.mapv(|v| v > t));
        let mesh = filter(&level, select.as_ref(), config.filter_size);
        let rms_mesh = filter(&rms, select.as_ref(), config.filter_size);
        Ok(Self {
            shape,
            box_size,
            map: config.interpolator.map(&mesh, &excluded, box_size),
            rms_map: config.interpolator.map(&rms_mesh, &excluded, box_size),
            mesh,
            rms_mesh,
            n_pixels: boxes.mapv(|b| b.n),
            excluded,
            coverage: coverage.map(|c| c.to_owned()),
            fill_value: config.fill_value,
            exec: config.exec.clone(),
            pixel: PhantomData,
        })
    }

    /// The background at every pixel, in the unit of the data.
    #[must_use]
    #[doc(alias = "BACKGROUND")]
    pub fn background(&self) -> Array2<T> {
        self.full(&self.map)
    }

    /// The 1-sigma noise of the background at every pixel, in the unit of the data.
    #[must_use]
    #[doc(alias = "BACKGROUND_RMS")]
    pub fn background_rms(&self) -> Array2<T> {
        self.full(&self.rms_map)
    }

    /// Writes the background of some rows of the image to `out`, row by row.
    ///
    /// # Panics
    /// If the rows do not lie in the image, or `out` is not as long as they are.
    pub fn fill_rows(&self, rows: Range<usize>, out: &mut [T]) {
        self.fill(&self.map, rows, out);
    }

    /// Writes the noise of some rows of the image to `out`, row by row.
    ///
    /// # Panics
    /// As [`fill_rows`](Self::fill_rows).
    pub fn fill_rms_rows(&self, rows: Range<usize>, out: &mut [T]) {
        self.fill(&self.rms_map, rows, out);
    }

    /// The background of a part of the image: the same values as those of [`background`](Self::background).
    ///
    /// # Panics
    /// If the part does not lie in the image.
    #[must_use]
    pub fn background_part(&self, rows: Range<usize>, columns: Range<usize>) -> Array2<T> {
        self.part(&self.map, rows, columns)
    }

    /// The noise of a part of the image: the same values as those of [`background_rms`](Self::background_rms).
    ///
    /// # Panics
    /// If the part does not lie in the image.
    #[must_use]
    pub fn rms_part(&self, rows: Range<usize>, columns: Range<usize>) -> Array2<T> {
        self.part(&self.rms_map, rows, columns)
    }

    fn part(&self, map: &FullMap, rows: Range<usize>, columns: Range<usize>) -> Array2<T> {
        assert!(
            rows.end <= self.shape.0 && columns.end <= self.shape.1,
            "rows {rows:?}, columns {columns:?} do not lie in an image of shape {:?} (ny, nx)",
            self.shape
        );
        let (ny, nx) = (rows.len(), columns.len());
        let mut out = zeros(ny * nx);
        if nx > 0 {
            self.exec.for_each_chunk_mut(&mut out, ROWS_PER_TASK * nx, |i, part| {
                let y = rows.start + i * ROWS_PER_TASK;
                map.fill_part(y, columns.clone(), part);
                if let Some(c) = &self.coverage {
                    let fill = T::from_f64(self.fill_value);
                    for (k, p) in part.iter_mut().enumerate() {
                        if c[[y + k / nx, columns.start + k % nx]] {
                            *p = fill;
                        }
                    }
                }
            });
        }
        Array2::from_shape_vec((ny, nx), out).unwrap_or_default()
    }

    /// Subtracts the background in place, without a full-size temporary: the same numbers as
    /// `data - background()`.
    ///
    /// # Errors
    /// [`CoreError::ShapeMismatch`] if `data` has another shape than the image.
    pub fn subtract_from(&self, data: &mut Array2<T>) -> Result<()> {
        if data.dim() != self.shape {
            return Err(
                CoreError::ShapeMismatch { what: "data", expected: self.shape, found: data.dim() }.into()
            );
        }
        let nx = self.shape.1;
        if let Some(pixels) = data.as_slice_mut() {
            self.exec.for_each_chunk_mut(pixels, ROWS_PER_TASK * nx, |i, rows| {
                let mut line = vec![T::default(); nx];
                for (k, row) in rows.chunks_mut(nx).enumerate() {
                    let y = i * ROWS_PER_TASK + k;
                    self.fill_rows(y..y + 1, &mut line);
                    subtract(row.iter_mut(), &line);
                }
            });
        } else {
            let mut line = vec![T::default(); nx];
            for (y, mut row) in data.rows_mut().into_iter().enumerate() {
                self.fill_rows(y..y + 1, &mut line);
                subtract(row.iter_mut(), &line);
            }
        }
        Ok(())
    }

    fn full(&self, map: &FullMap) -> Array2<T> {
        let nx = self.shape.1;
        let mut out = zeros(self.shape.0 * nx);
        self.exec.for_each_chunk_mut(&mut out, ROWS_PER_TASK * nx, |i, rows| {
            let y = i * ROWS_PER_TASK;
            self.fill(map, y..y + rows.len() / nx, rows);
        });
        Array2::from_shape_vec(self.shape, out).unwrap_or_default()
    }

    fn fill(&self, map: &FullMap, rows: Range<usize>, out: &mut [T]) {
        let nx = self.shape.1;
        assert!(
            rows.end <= self.shape.0 && out.len() == rows.len() * nx,
            "rows {rows:?} of an image of shape {:?} (ny, nx) do not fill {} pixels",
            self.shape,
            out.len()
        );
        map.fill_rows(rows.start, nx, out);
        if let Some(c) = &self.coverage {
            let fill = T::from_f64(self.fill_value);
            for (y, row) in rows.zip(out.chunks_mut(nx)) {
                for (p, _) in row.iter_mut().zip(c.row(y)).filter(|(_, uncovered)| **uncovered) {
                    *p = fill;
                }
            }
        }
    }

    /// The background of the boxes, in the unit of the data: gaps filled, median-filtered.
    #[must_use]
    #[doc(alias = "MINIBACKGROUND")]
    pub fn background_mesh(&self) -> &Array2<f64> {
        &self.mesh
    }

    /// The noise of the boxes, in the unit of the data: gaps filled, median-filtered.
    #[must_use]
    #[doc(alias = "background_rms_mesh")]
    #[doc(alias = "MINIBACK_RMS")]
    pub fn rms_mesh(&self) -> &Array2<f64> {
        &self.rms_mesh
    }

    /// Median of [`background_mesh`](Self::background_mesh).
    #[must_use]
    pub fn background_median(&self) -> f64 {
        median(&self.mesh)
    }

    /// Median of [`rms_mesh`](Self::rms_mesh).
    #[must_use]
    pub fn background_rms_median(&self) -> f64 {
        median(&self.rms_mesh)
    }

    /// The number of pixels of each box that were neither masked nor clipped.
    #[must_use]
    #[doc(alias = "npixels_mesh")]
    pub fn n_pixels_mesh(&self) -> &Array2<usize> {
        &self.n_pixels
    }

    /// [`n_pixels_mesh`](Self::n_pixels_mesh) at every pixel.
    #[must_use]
    #[doc(alias = "npixels_map")]
    pub fn n_pixels_map(&self) -> Array2<usize> {
        Array2::from_shape_fn(self.shape, |(y, x)| self.n_pixels[[y / self.box_size.0, x / self.box_size.1]])
    }

    /// The boxes that had too few pixels and were filled from their neighbours.
    #[must_use]
    pub fn excluded_mesh(&self) -> &Array2<bool> {
        &self.excluded
    }

    /// Centres of the boxes that were not excluded, pixels, row by row. A box cut by the upper or right edge of the
    /// image has the centre of a whole one.
    #[must_use]
    #[doc(alias = "plot_meshes")]
    pub fn mesh_centers(&self) -> Vec<Point> {
        centers(&self.excluded, self.box_size)
    }

    /// Size of the boxes, `(ny, nx)` pixels, cut down to the image.
    #[must_use]
    pub fn box_size(&self) -> (usize, usize) {
        self.box_size
    }

    /// Shape of the image, `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.shape
    }

    /// One row per box: `x_center`, `y_center` (pixels), `background`, `background_rms` (unit of the data),
    /// `n_pixels` and `excluded`.
    ///
    /// # Errors
    /// None in practice: the columns have one length.
    pub fn to_table(&self) -> Result<Table> {
        let all = centers(&Array2::from_elem(self.excluded.dim(), false), self.box_size);
        Ok(Table::from_columns([
            Column::new("x_center", all.iter().map(|p| p.x).collect::<Vec<_>>()).with_unit("pix"),
            Column::new("y_center", all.iter().map(|p| p.y).collect::<Vec<_>>()).with_unit("pix"),
            Column::new("background", self.mesh.iter().copied().collect::<Vec<_>>()),
            Column::new("background_rms", self.rms_mesh.iter().copied().collect::<Vec<_>>()),
            Column::new("n_pixels", self.n_pixels.iter().map(|&n| n as i64).collect::<Vec<_>>()),
            Column::new("excluded", self.excluded.iter().copied().collect::<Vec<_>>()),
        ])?)
    }
}

fn subtract<'a, T: Pixel>(row: impl Iterator<Item = &'a mut T>, line: &[T]) {
    for (p, b) in row.zip(line) {
        *p = T::from_f64(p.to_f64() - b.to_f64());
    }
}

/// Pixels a box needs: a share of a full box, for boxes cut by the edge too.
fn needed(box_size: (usize, usize), config: &Background2DConfig) -> f64 {
    (1.0 - config.exclude_percentile / 100.0) * (box_size.0 * box_size.1) as f64
}

fn measure<T: Pixel>(
    image: &Image<'_, T>,
    coverage: Option<ArrayView2<'_, bool>>,
    box_size: (usize, usize),
    config: &Background2DConfig,
) -> Array2<BoxValue> {
    let shape = image.shape();
    let mesh = (shape.0.div_ceil(box_size.0), shape.1.div_ceil(box_size.1));
    let tasks_per_row = mesh.1.div_ceil(BOXES_PER_TASK);
    let reducer = Reducer {
        clip: config.sigma_clip.as_ref(),
        level: &config.estimator,
        rms: Some(&config.rms_estimator),
    };
    let runs = config.exec.map_init(mesh.0 * tasks_per_row, Scratch::default, |scratch, task| {
        let j = task / tasks_per_row;
        let first = task % tasks_per_row * BOXES_PER_TASK;
        let rows = j * box_size.0..((j + 1) * box_size.0).min(shape.0);
        (first..(first + BOXES_PER_TASK).min(mesh.1))
            .map(|i| {
                let cols = i * box_size.1..((i + 1) * box_size.1).min(shape.1);
                gather(image, coverage, rows.clone(), cols, &mut scratch.values);
                reducer.reduce(scratch)
            })
            .collect::<Vec<_>>()
    });
    let mut values = runs.into_iter().flatten();
    let none = BoxValue { level: f64::NAN, rms: f64::NAN, n: 0, n_good: 0 };
    Array2::from_shape_simple_fn(mesh, || values.next().unwrap_or(none))
}

fn check_good(boxes: &Array2<BoxValue>, box_size: (usize, usize), config: &Background2DConfig) -> Result<()> {
    let needed = needed(box_size, config);
    if boxes.iter().all(|b| b.n == 0 || (b.n as f64) < needed || b.level.is_nan()) {
        return Err(BackgroundError::AllBoxesExcluded {
            box_size,
            needed,
            best: boxes.iter().map(|b| b.n).max().unwrap_or(0),
            exclude_percentile: config.exclude_percentile,
        });
    }
    Ok(())
}

/// Fills NaN from the ten nearest boxes, weighted with the inverse distance.
fn fill_gaps(mesh: &Array2<f64>) -> Array2<f64> {
    if mesh.iter().all(|v| !v.is_nan()) {
        return mesh.clone();
    }
    let (points, values) = mesh
        .indexed_iter()
        .filter(|(_, v)| !v.is_nan())
        .map(|((j, i), &v)| ([j as f64, i as f64], v))
        .unzip();
    let idw = ShepardIdw::new(points, values);
    let mut search = idw.search();
    Array2::from_shape_fn(mesh.dim(), |(j, i)| {
        let v = mesh[[j, i]];
        if v.is_nan() { search.at([j as f64, i as f64]) } else { v }
    })
}

fn filter(mesh: &Array2<f64>, select: Option<&Array2<bool>>, size: (usize, usize)) -> Array2<f64> {
    if size == (1, 1) {
        return mesh.clone();
    }
    let mut filtered = nan_median_filter(mesh.view(), size);
    if let Some(select) = select {
        ndarray::Zip::from(&mut filtered).and(mesh).and(select).for_each(|f, &v, &s| {
            if !s {
                *f = v;
            }
        });
    }
    filtered
}

fn median(mesh: &Array2<f64>) -> f64 {
    let mut v: Vec<f64> = mesh.iter().copied().collect();
    skyphot_stats::kernel::median_in_place(&mut v)
}
