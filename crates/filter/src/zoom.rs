//! Enlarging a coarse map by whole factors with B-splines.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Pixel};

use crate::kernel::bspline::{basis, extend, prefilter};
use crate::kernel::expand::{Run, expand_row};

/// Rows that one task of a parallel call fills.
const ROWS_PER_TASK: usize = 32;

/// How a map goes on beyond its edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EdgeMode {
    /// `d c b a | a b c d | d c b a`: mirrored at the outer edge of the last cell.
    #[default]
    Reflect,
    /// `d c b | a b c d | c b a`: mirrored at the centre of the last cell.
    Mirror,
    /// `a b c d | a b c d | a b c d`: periodic (`grid-wrap` of `scipy.ndimage`).
    Wrap,
}

/// Degree of the interpolating spline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum SplineOrder {
    /// Degree 0: the nearest cell.
    Nearest = 0,
    /// Degree 1: bilinear.
    Linear = 1,
    /// Degree 2.
    Quadratic = 2,
    /// Degree 3: bicubic.
    #[default]
    Cubic = 3,
    /// Degree 4.
    Quartic = 4,
    /// Degree 5.
    Quintic = 5,
}

impl SplineOrder {
    /// The spline of degree 0 to 5, `None` for any other.
    #[must_use]
    pub const fn from_degree(degree: usize) -> Option<Self> {
        Some(match degree {
            0 => Self::Nearest,
            1 => Self::Linear,
            2 => Self::Quadratic,
            3 => Self::Cubic,
            4 => Self::Quartic,
            5 => Self::Quintic,
            _ => return None,
        })
    }

    /// The degree, 0 to 5.
    #[must_use]
    pub const fn degree(self) -> usize {
        self as usize
    }
}

/// A coarse map ready to be read at a whole multiple of its resolution, row by row, without a full-size temporary.
///
/// The cells of the map are areas: the outer edges of map and enlarged image coincide, so pixel `i` of the image lies
/// at `(i + 0.5) / factor - 0.5` of the map (`scipy.ndimage.zoom` with `grid_mode=True`). All arithmetic is `f64`.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Exec;
/// use skyphot_filter::{EdgeMode, SplineOrder, SplineZoom};
/// let zoom = SplineZoom::new(arr2(&[[0.0, 1.0]]).view(), (1, 2), SplineOrder::Linear, EdgeMode::Reflect);
/// let image = zoom.to_array::<f64>((1, 4), &Exec::serial());
/// assert_eq!(image, arr2(&[[0.0, 0.25, 0.75, 1.0]]));
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "scipy.ndimage.zoom")]
pub struct SplineZoom {
    /// Coefficients with `pad` more on every side, row by row.
    coef: Vec<f64>,
    columns: usize,
    cells: (usize, usize),
    factor: (usize, usize),
    taps: usize,
    runs_y: Vec<Run>,
    runs_x: Vec<Run>,
    limits: (f64, f64),
}

impl SplineZoom {
    /// Prepares `map` for enlarging by `factor = (fy, fx)`; a factor of 0 counts as 1.
    #[must_use]
    pub fn new(map: ArrayView2<'_, f64>, factor: (usize, usize), order: SplineOrder, mode: EdgeMode) -> Self {
        let factor = (factor.0.max(1), factor.1.max(1));
        let (ny, nx) = map.dim();
        let degree = order.degree();
        let mut c: Array2<f64> = map.to_owned();
        let mut line = Vec::new();
        for mut lane in c.columns_mut().into_iter() {
            filter_lane(lane.view_mut(), &mut line, degree, mode);
        }
        for mut lane in c.rows_mut().into_iter() {
            filter_lane(lane.view_mut(), &mut line, degree, mode);
        }
        let pad = degree / 2 + 1;
        let (rows, columns) = (ny + 2 * pad, nx + 2 * pad);
        let mut coef = Vec::with_capacity(rows * columns);
        if ny > 0 && nx > 0 {
            for y in 0..rows {
                let y = extend(y as isize - pad as isize, ny, mode);
                for x in 0..columns {
                    coef.push(c[[y, extend(x as isize - pad as isize, nx, mode)]]);
                }
            }
        }
        Self {
            coef,
            columns,
            cells: (ny, nx),
            factor,
            taps: degree + 1,
            runs_y: runs(factor.0, degree, pad),
            runs_x: runs(factor.1, degree, pad),
            limits: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Clamps all values to `low..=high`.
    #[must_use]
    pub fn with_limits(mut self, low: f64, high: f64) -> Self {
        self.limits = (low, high);
        self
    }

    /// Shape `(ny, nx)` of the enlarged image.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.cells.0 * self.factor.0, self.cells.1 * self.factor.1)
    }

    /// Writes the first `width` pixels of each of the rows from `first_row` on into `out`, row by row; as many rows as
    /// `out` has room for.
    ///
    /// # Panics
    /// If rows or `width` reach beyond [`shape`](Self::shape).
    pub fn fill_rows<T: Pixel>(&self, first_row: usize, width: usize, out: &mut [T]) {
        if width == 0 || out.is_empty() {
            return;
        }
        assert!(
            width <= self.shape().1 && first_row + out.len().div_ceil(width) <= self.shape().0,
            "rows from {first_row} of width {width} do not lie in an image of shape {:?}",
            self.shape()
        );
        let mut line = vec![0.0; self.columns];
        for (i, out) in out.chunks_mut(width).enumerate() {
            self.combine_rows(first_row + i, &mut line);
            expand_row(self.taps, &line, self.factor.1, &self.runs_x, self.limits, out);
        }
    }

    /// Writes some columns of the rows from `first_row` on into `out`, row by row: the same values as those of
    /// [`fill_rows`](Self::fill_rows), without the other columns.
    ///
    /// # Panics
    /// If rows or columns reach beyond [`shape`](Self::shape).
    pub fn fill_part<T: Pixel>(&self, first_row: usize, columns: Range<usize>, out: &mut [T]) {
        let width = columns.len();
        if width == 0 || out.is_empty() {
            return;
        }
        assert!(
            columns.end <= self.shape().1 && first_row + out.len().div_ceil(width) <= self.shape().0,
            "rows from {first_row} of columns {columns:?} do not lie in an image of shape {:?}",
            self.shape()
        );
        // Whole cells before the first column count for nothing.
        let (cell, skip) = (columns.start / self.factor.1, columns.start % self.factor.1);
        let mut line = vec![0.0; self.columns];
        let mut row = vec![T::default(); skip + width];
        for (i, out) in out.chunks_mut(width).enumerate() {
            self.combine_rows(first_row + i, &mut line);
            expand_row(self.taps, &line[cell..], self.factor.1, &self.runs_x, self.limits, &mut row);
            out.copy_from_slice(&row[skip..skip + out.len()]);
        }
    }

    /// The coefficients along x of image row `y`.
    fn combine_rows(&self, y: usize, line: &mut [f64]) {
        let (cell, phase) = (y / self.factor.0, y % self.factor.0);
        let Some(run) = self.runs_y.iter().find(|r| (r.from..r.to).contains(&phase)) else { return };
        let len = run.to - run.from;
        line.fill(0.0);
        for k in 0..self.taps {
            let w = run.weights[k * len + phase - run.from];
            let first = (cell + run.offset + k) * self.columns;
            for (l, c) in line.iter_mut().zip(&self.coef[first..first + self.columns]) {
                *l += w * c;
            }
        }
    }

    /// The lower left part of shape `(ny, nx)` of the enlarged image.
    ///
    /// # Panics
    /// If `shape` is larger than [`shape`](Self::shape).
    #[must_use]
    pub fn to_array<T: Pixel>(&self, shape: (usize, usize), exec: &Exec) -> Array2<T> {
        let mut out = Array2::from_elem(shape, T::default());
        if let Some(pixels) = out.as_slice_mut()
            && shape.1 > 0
        {
            exec.for_each_chunk_mut(pixels, ROWS_PER_TASK * shape.1, |i, rows| {
                self.fill_rows(i * ROWS_PER_TASK, shape.1, rows);
            });
        }
        out
    }
}

fn filter_lane(
    mut lane: ndarray::ArrayViewMut1<'_, f64>,
    line: &mut Vec<f64>,
    degree: usize,
    mode: EdgeMode,
) {
    line.clear();
    line.extend(lane.iter());
    prefilter(line, degree, mode);
    lane.iter_mut().zip(line.iter()).for_each(|(a, b)| *a = *b);
}

/// Taps and weights of the `factor` pixels of a cell: they are the same in every cell.
fn runs(factor: usize, degree: usize, pad: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut taps: Vec<Vec<f64>> = Vec::new();
    for phase in 0..=factor {
        // Place of the pixel relative to the centre of its cell, and the first tap.
        let t = (phase as f64 + 0.5) / factor as f64 - 0.5;
        let nearest = if degree % 2 == 1 { t.floor() } else { (t + 0.5).floor() };
        let first = nearest as isize - (degree / 2) as isize;
        let offset = (first + pad as isize) as usize;
        let done = phase == factor || runs.last().is_none_or(|r| r.offset != offset);
        if done && let Some(r) = runs.last_mut() {
            r.to = phase;
            r.weights = (0..=degree).flat_map(|k| taps.iter().map(move |w| w[k])).collect();
            taps.clear();
        }
        if phase < factor {
            if done {
                runs.push(Run { from: phase, to: phase, offset, weights: Vec::new() });
            }
            taps.push((0..=degree as isize).map(|k| basis(degree, t - (first + k) as f64)).collect());
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use skyphot_core::testing::uniform;

    fn map(ny: usize, nx: usize) -> Array2<f64> {
        Array2::from_shape_fn((ny, nx), |(y, x)| uniform(3, (y * nx + x) as u64))
    }

    const MODES: [EdgeMode; 3] = [EdgeMode::Reflect, EdgeMode::Mirror, EdgeMode::Wrap];

    /// The definition: all basis functions of the extended coefficients, added up.
    fn slow(map: &Array2<f64>, factor: (usize, usize), degree: usize, mode: EdgeMode) -> Array2<f64> {
        let (ny, nx) = map.dim();
        let mut c = map.clone();
        let mut line = Vec::new();
        c.rows_mut().into_iter().for_each(|l| filter_lane(l, &mut line, degree, mode));
        c.columns_mut().into_iter().for_each(|l| filter_lane(l, &mut line, degree, mode));
        Array2::from_shape_fn((ny * factor.0, nx * factor.1), |(y, x)| {
            let at = |i: usize, f: usize| (i as f64 + 0.5) / f as f64 - 0.5;
            let (yf, xf) = (at(y, factor.0), at(x, factor.1));
            let mut s = 0.0;
            for j in -4..ny as isize + 4 {
                for i in -4..nx as isize + 4 {
                    s += basis(degree, yf - j as f64)
                        * basis(degree, xf - i as f64)
                        * c[[extend(j, ny, mode), extend(i, nx, mode)]];
                }
            }
            s
        })
    }

    #[test]
    fn fast_equals_slow() {
        for (ny, nx) in [(1, 1), (1, 5), (4, 1), (2, 3), (5, 7)] {
            let m = map(ny, nx);
            for factor in [(1, 1), (2, 3), (5, 4), (8, 1)] {
                for degree in 0..6 {
                    for mode in MODES {
                        let order = SplineOrder::from_degree(degree).unwrap();
                        let zoom = SplineZoom::new(m.view(), factor, order, mode);
                        let fast = zoom.to_array::<f64>(zoom.shape(), &Exec::serial());
                        let slow = slow(&m, factor, degree, mode);
                        for (a, b) in fast.iter().zip(&slow) {
                            assert!((a - b).abs() < 1e-12, "{ny} {nx} {factor:?} {degree} {mode:?}: {a} {b}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn limits_hold_and_parts_equal_the_whole() {
        let zoom = SplineZoom::new(map(4, 5).view(), (6, 7), SplineOrder::Cubic, EdgeMode::Reflect)
            .with_limits(0.3, 0.6);
        let whole = zoom.to_array::<f32>((22, 33), &Exec::default());
        assert!(whole.iter().all(|&v| (0.3..=0.6).contains(&v)));
        let mut rows = vec![0_f32; 3 * 33];
        zoom.fill_rows(10, 33, &mut rows);
        assert_eq!(rows, whole.slice(ndarray::s![10..13, ..]).iter().copied().collect::<Vec<_>>());
    }
}
