//! A PSF from any function.

use std::fmt;
use std::sync::Arc;

use crate::error::{PsfError, Result, finite};
use crate::model::central_differences;
use crate::{Derivatives, Extent, PsfModel, ShapeParameter, Source, Window};

/// `f(dx, dy, shape)`: the value at an offset from the source, pixels.
type Value = Arc<dyn Fn(f64, f64, &[f64]) -> f64 + Send + Sync>;
/// `f(dx, dy, shape, by)`: the value, with its derivatives by dx, dy and the shape parameters put into `by`.
type Gradient = Arc<dyn Fn(f64, f64, &[f64], &mut [f64]) -> f64 + Send + Sync>;

/// A PSF given as a function of the offset from the source and of shape parameters, sampled at the pixel centres.
/// Without derivatives of its own it has those of central differences.
///
/// ```
/// use skyphot_psf::{FunctionPsf, PsfModel, ShapeParameter, Source, Window};
/// let width = ShapeParameter { name: "width", value: 2.0, bounds: (0.1, 50.0) };
/// let psf = FunctionPsf::new("sech", &[width], 20.0, |dx, dy, p| 1.0 / (dx.hypot(dy) / p[0]).cosh())?
///     .normalized(50, 50, 10)?;
/// let mut out = vec![0.0; 41 * 41];
/// psf.evaluate(&Source { x: 20.0, y: 20.0, shape: &[2.0] }, Window::new(0, 0, 41, 41), &mut out);
/// assert!((out.iter().sum::<f64>() - 1.0).abs() < 1e-3);
/// # Ok::<(), skyphot_psf::PsfError>(())
/// ```
#[derive(Clone)]
#[doc(alias = "custom_model")]
pub struct FunctionPsf {
    name: &'static str,
    shape: Vec<ShapeParameter>,
    half_size: f64,
    factor: f64,
    value: Value,
    gradient: Option<Gradient>,
}

impl fmt::Debug for FunctionPsf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionPsf")
            .field("name", &self.name)
            .field("shape", &self.shape)
            .field("half_size", &self.half_size)
            .field("factor", &self.factor)
            .finish_non_exhaustive()
    }
}

impl FunctionPsf {
    /// A model of unit flux: `value(dx, dy, shape)` at an offset in pixels, with the shape parameters in their order.
    /// Images of it reach `half_size` pixels to every side.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] for a size that is not positive or parameters that are not finite.
    pub fn new(
        name: &'static str,
        shape: &[ShapeParameter],
        half_size: f64,
        value: impl Fn(f64, f64, &[f64]) -> f64 + Send + Sync + 'static,
    ) -> Result<Self> {
        if !(half_size.is_finite() && half_size > 0.0) {
            return Err(PsfError::InvalidParameter {
                name: "half_size",
                expected: "a finite number greater than 0",
                found: half_size,
            });
        }
        for p in shape {
            finite(p.name, p.value)?;
        }
        Ok(Self {
            name,
            shape: shape.to_vec(),
            half_size,
            factor: 1.0,
            value: Arc::new(value),
            gradient: None,
        })
    }

    /// The same model with derivatives: `gradient(dx, dy, shape, by)` returns the value and puts its derivatives by
    /// `dx`, `dy` and each shape parameter into `by`.
    #[must_use]
    pub fn with_gradient(
        mut self,
        gradient: impl Fn(f64, f64, &[f64], &mut [f64]) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.gradient = Some(Arc::new(gradient));
        self
    }

    /// The same model divided by its integral over `dx - 1` by `dy - 1` pixels around the source, by the trapezoidal rule
    /// on `dx * subsample` by `dy * subsample` points (the reference takes 50, 50 and 100).
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`] if the integral is zero or not finite, or a count is 0.
    pub fn normalized(mut self, dx: usize, dy: usize, subsample: usize) -> Result<Self> {
        let bad = |name, expected, found| Err(PsfError::InvalidParameter { name, expected, found });
        if dx == 0 || dy == 0 || subsample == 0 {
            return bad("dx, dy and subsample", "at least 1", 0.0);
        }
        let p: Vec<f64> = self.shape.iter().map(|s| s.value).collect();
        let axis = |d: usize| {
            let (n, half) = (d * subsample, (d as f64 - 1.0) / 2.0);
            let step = if n > 1 { 2.0 * half / (n as f64 - 1.0) } else { 0.0 };
            (0..n).map(|i| -half + step * i as f64).collect::<Vec<f64>>()
        };
        let (xs, ys) = (axis(dx), axis(dy));
        let trapezoid = |at: &[f64], v: &[f64]| -> f64 {
            at.windows(2).zip(v.windows(2)).map(|(a, v)| 0.5 * (a[1] - a[0]) * (v[0] + v[1])).sum()
        };
        let mut row = vec![0.0; ys.len()];
        let by_x: Vec<f64> = xs
            .iter()
            .map(|&x| {
                for (v, &y) in row.iter_mut().zip(&ys) {
                    *v = (self.value)(x, y, &p);
                }
                trapezoid(&ys, &row)
            })
            .collect();
        let integral = trapezoid(&xs, &by_x) * self.factor;
        if !(integral.is_finite() && integral != 0.0) {
            return bad("integral of the model", "a finite number other than 0", integral);
        }
        self.factor /= integral;
        Ok(self)
    }

    /// What the function is multiplied by.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.factor
    }
}

impl PsfModel for FunctionPsf {
    fn name(&self) -> &'static str {
        self.name
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        self.shape.clone()
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        for (j, row) in out.chunks_exact_mut(w.nx.max(1)).enumerate() {
            let dy = (w.y_min + j as i64) as f64 - s.y;
            for (i, v) in row.iter_mut().enumerate() {
                *v = self.factor * (self.value)((w.x_min + i as i64) as f64 - s.x, dy, s.shape);
            }
        }
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        let Some(gradient) = &self.gradient else {
            return central_differences(self, s, w, with_shape, out);
        };
        let n_shape = if with_shape { self.shape.len() } else { 0 };
        out.resize(w.len(), n_shape);
        let mut by = vec![0.0; 2 + self.shape.len()];
        for k in 0..w.len() {
            let dx = (w.x_min + (k % w.nx) as i64) as f64 - s.x;
            let dy = (w.y_min + (k / w.nx) as i64) as f64 - s.y;
            out.value[k] = self.factor * gradient(dx, dy, s.shape, &mut by);
            // The offset falls as the position of the source grows.
            out.dx[k] = -self.factor * by[0];
            out.dy[k] = -self.factor * by[1];
            for (column, d) in out.shape.iter_mut().zip(&by[2..]) {
                column[k] = self.factor * d;
            }
        }
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        Extent::around(s.x, s.y, (self.half_size, self.half_size))
    }
}
