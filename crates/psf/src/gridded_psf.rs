//! A PSF that varies over the detector.

use ndarray::{Array2, ArrayView3, Axis};
use skyphot_core::Point;

use crate::error::{PsfError, Result};
use crate::render::Drawn;
use crate::samples::{Around, Samples};
use crate::{Derivatives, Extent, ImagePsf, ImagePsfConfig, PsfModel, ShapeParameter, Source, Window};

/// PSF images at the points of a rectangular grid of detector positions, interpolated bilinearly between the four points
/// around a source (Anderson & King 2000, PASP 112, 1360) and, within each image, by a bicubic spline. A source outside
/// the grid takes the PSF at the nearest place of the grid's edge.
///
/// ```
/// use ndarray::Array3;
/// use skyphot_core::Point;
/// use skyphot_psf::{GriddedPsf, PsfModel, Source, Window};
/// // wider and wider to the right
/// let psfs = Array3::from_shape_fn((4, 15, 15), |(k, y, x)| {
///     let s2 = if k % 2 == 0 { 4.0 } else { 6.0 };
///     let r2 = (x as f64 - 7.0).powi(2) + (y as f64 - 7.0).powi(2);
///     (-r2 / (2.0 * s2)).exp() / s2
/// });
/// let grid = [(0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0)].map(Point::from);
/// let psf = GriddedPsf::new(psfs.view(), &grid, (1, 1))?;
/// let mut out = [0.0; 1];
/// psf.evaluate(&Source { x: 50.0, y: 7.0, shape: &[] }, Window::new(50, 7, 1, 1), &mut out);
/// assert!((out[0] - (1.0 / 4.0 + 1.0 / 6.0) / 2.0).abs() < 1e-12);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "GriddedPSFModel")]
#[doc(alias = "STDPSFGrid")]
pub struct GriddedPsf {
    xs: Vec<f64>,
    ys: Vec<f64>,
    /// By grid row (y), then column (x).
    samples: Samples,
}

impl GriddedPsf {
    /// A model of images of shape `(n, ny, nx)`, one for each grid position, in any order. One image alone, or a grid of
    /// one row or column, is constant along what it lacks.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] if the positions are not as many as the images, not a full rectangular grid, or not
    /// finite, and for images as in [`ImagePsf::new`](crate::ImagePsf::new).
    pub fn new(data: ArrayView3<'_, f64>, positions: &[Point], oversampling: (usize, usize)) -> Result<Self> {
        let bad = |expected, found| Err(PsfError::InvalidData { what: "PSF grid", expected, found });
        let n = data.len_of(Axis(0));
        if n == 0 || n != positions.len() {
            return bad(
                "one position for each image",
                format!("{} positions for {n} images", positions.len()),
            );
        }
        if let Some(p) = positions.iter().find(|p| !p.is_finite()) {
            return bad("finite positions", format!("({}, {})", p.x, p.y));
        }
        let axis = |f: fn(&Point) -> f64| {
            let mut v: Vec<f64> = positions.iter().map(f).collect();
            v.sort_by(f64::total_cmp);
            v.dedup();
            v
        };
        let (xs, ys) = (axis(|p| p.x), axis(|p| p.y));
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (positions[a], positions[b]);
            a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x))
        });
        let full = xs.len() * ys.len() == n
            && order
                .iter()
                .enumerate()
                .all(|(k, &i)| positions[i].x == xs[k % xs.len()] && positions[i].y == ys[k / xs.len()]);
        if !full {
            return bad(
                "a rectangular grid",
                format!("{n} positions at {} different x and {} different y", xs.len(), ys.len()),
            );
        }
        let samples = Samples::new(data.select(Axis(0), &order), oversampling, None, false)?;
        Ok(Self { xs, ys, samples })
    }

    /// The images, `(n, ny, nx)`, by grid row, then column.
    #[must_use]
    pub fn data(&self) -> ArrayView3<'_, f64> {
        self.samples.data().view()
    }

    /// Grid positions along x, pixels.
    #[must_use]
    pub fn x_grid(&self) -> &[f64] {
        &self.xs
    }

    /// Grid positions along y, pixels.
    #[must_use]
    pub fn y_grid(&self) -> &[f64] {
        &self.ys
    }

    /// Samples per pixel along y and x.
    #[must_use]
    pub fn oversampling(&self) -> (usize, usize) {
        self.samples.oversampling()
    }

    /// The same model whose values beyond the samples are those at their edge instead of 0.
    #[must_use]
    pub fn extrapolating(mut self) -> Self {
        self.samples.set_clamp(true);
        self
    }

    /// The PSF of a source at a detector position, as a model that does not vary.
    ///
    /// # Errors
    /// [`PsfError::InvalidData`] for a position that is not finite.
    pub fn at(&self, position: Point) -> Result<ImagePsf> {
        if !position.is_finite() {
            let found = format!("({}, {})", position.x, position.y);
            return Err(PsfError::InvalidData { what: "position (x, y)", expected: "finite", found });
        }
        let (ax, ay) = (Cell::new(&self.xs, position.x), Cell::new(&self.ys, position.y));
        let all = self.samples.data();
        let mut image = Array2::zeros((all.len_of(Axis(1)), all.len_of(Axis(2))));
        for (iy, wy, _) in ay.corners() {
            for (ix, wx, _) in ax.corners() {
                if wx * wy != 0.0 {
                    image.scaled_add(wx * wy, &all.index_axis(Axis(0), iy * self.xs.len() + ix));
                }
            }
        }
        let config = ImagePsfConfig {
            oversampling: self.samples.oversampling(),
            origin: None,
            extrapolate: self.samples.clamp(),
        };
        ImagePsf::new(image.view(), config)
    }

    /// The images around a position with their weights.
    fn planes(&self, x: f64, y: f64) -> Around<'_> {
        let (ax, ay) = (Cell::new(&self.xs, x), Cell::new(&self.ys, y));
        let first = self.samples.plane(ay.lower * self.xs.len() + ax.lower, 0.0, 0.0, 0.0);
        let mut all = [first; 4];
        let mut n = 0;
        for (iy, wy, dy) in ay.corners() {
            for (ix, wx, dx) in ax.corners() {
                let (w, by_x, by_y) = (wx * wy, dx * wy, wx * dy);
                if w != 0.0 || by_x != 0.0 || by_y != 0.0 {
                    all[n] = self.samples.plane(iy * self.xs.len() + ix, w, by_x, by_y);
                    n += 1;
                }
            }
        }
        (all, n)
    }
}

/// The interval of one grid axis that holds a coordinate.
struct Cell {
    lower: usize,
    upper: usize,
    /// Weight of the upper end.
    t: f64,
    /// Its derivative.
    dt: f64,
}

impl Cell {
    fn new(grid: &[f64], at: f64) -> Self {
        if grid.len() == 1 {
            return Self { lower: 0, upper: 0, t: 0.0, dt: 0.0 };
        }
        let k = grid.partition_point(|g| *g <= at).saturating_sub(1).min(grid.len() - 2);
        let (a, b) = (grid[k], grid[k + 1]);
        let inside = (a..=b).contains(&at);
        let width = b - a;
        Self {
            lower: k,
            upper: k + 1,
            t: (at.clamp(a, b) - a) / width,
            dt: if inside { 1.0 / width } else { 0.0 },
        }
    }

    fn corners(&self) -> [(usize, f64, f64); 2] {
        [(self.lower, 1.0 - self.t, -self.dt), (self.upper, self.t, self.dt)]
    }
}

impl PsfModel for GriddedPsf {
    fn name(&self) -> &'static str {
        "GriddedPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        Vec::new()
    }

    fn evaluate(&self, s: &Source<'_>, window: Window, out: &mut [f64]) {
        self.samples.evaluate(self.planes(s.x, s.y), s, window, out);
    }

    fn derivatives(&self, s: &Source<'_>, window: Window, _with_shape: bool, out: &mut Derivatives) {
        self.samples.derivatives(self.planes(s.x, s.y), s, window, out);
    }

    fn draw(&self, sources: &[Drawn<'_>], window: Window, image: &mut [f64]) {
        self.samples.draw(sources, window, image, |s| {
            let (ax, ay) = (Cell::new(&self.xs, s.x), Cell::new(&self.ys, s.y));
            (ay.lower * self.xs.len() + ax.lower, self.planes(s.x, s.y))
        });
    }

    fn extent(&self, source: &Source<'_>) -> Extent {
        self.samples.extent(source)
    }

    fn support(&self, source: &Source<'_>) -> Extent {
        self.samples.support(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn the_model_of_one_place_is_that_of_the_grid_there() {
        let psfs = Array3::from_shape_fn((4, 9, 9), |(k, y, x)| {
            let r2 = (x as f64 - 4.0).powi(2) + (y as f64 - 4.0).powi(2);
            (-r2 / (4.0 + k as f64)).exp()
        });
        let grid = [(0.0, 0.0), (50.0, 0.0), (0.0, 40.0), (50.0, 40.0)].map(Point::from);
        let psf = GriddedPsf::new(psfs.view(), &grid, (2, 2)).unwrap();
        let (mut a, mut b) = (vec![0.0; 25], vec![0.0; 25]);
        let (source, window) = (Source { x: 17.3, y: 11.8, shape: &[] }, Window::new(15, 10, 5, 5));
        psf.evaluate(&source, window, &mut a);
        psf.at(Point::new(17.3, 11.8)).unwrap().evaluate(&source, window, &mut b);
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-15), "{a:?} {b:?}");
        assert!(psf.at(Point::new(f64::NAN, 0.0)).is_err());
        let mut edge = [0.0];
        let far = Window::new(40, 12, 1, 1);
        psf.evaluate(&source, far, &mut edge);
        assert_eq!(edge, [0.0]);
        psf.extrapolating().evaluate(&source, far, &mut edge);
        assert!(edge[0] > 0.0);
    }
}
