//! The seam between PSF models and what fits or renders them.

use std::fmt::Debug;

use crate::{Drawn, Extent, Window};

/// A shape parameter of a model: its name as in the reference and the value it has unless a fit frees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapeParameter {
    /// For instance `fwhm`, `beta`, `theta`.
    pub name: &'static str,
    /// Value, in the unit that the model documents (pixels, degrees or none).
    pub value: f64,
    /// Smallest and largest value with a meaning.
    pub bounds: (f64, f64),
}

/// Where a model is computed: the position and the shape parameters of one source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source<'a> {
    /// Position, pixels.
    pub x: f64,
    /// Position, pixels.
    pub y: f64,
    /// Values of the model's shape parameters, in the order of [`PsfModel::shape_parameters`].
    pub shape: &'a [f64],
}

/// Value and derivatives of a model of unit flux on a window, each row by row.
#[derive(Debug, Clone, Default)]
pub struct Derivatives {
    /// The value, which is also the derivative by flux.
    pub value: Vec<f64>,
    /// Derivative by the x position.
    pub dx: Vec<f64>,
    /// Derivative by the y position.
    pub dy: Vec<f64>,
    /// Derivative by each shape parameter; left empty unless asked for.
    pub shape: Vec<Vec<f64>>,
}

impl Derivatives {
    /// Makes room for a window.
    pub fn resize(&mut self, n: usize, n_shape: usize) {
        for v in [&mut self.value, &mut self.dx, &mut self.dy] {
            v.resize(n, 0.0);
        }
        self.shape.resize_with(n_shape, Vec::new);
        for v in &mut self.shape {
            v.resize(n, 0.0);
        }
    }
}

/// A point spread function: the flux that pixel `(x, y)` gets from a source of unit flux at a position.
///
/// The model is linear in flux, so only unit flux is ever computed. Implement the three required methods to use a
/// model of your own; derivatives then come from differences.
#[doc(alias = "Fittable2DModel")]
pub trait PsfModel: Debug + Send + Sync {
    /// Name of the model.
    fn name(&self) -> &'static str;

    /// Shape parameters with their values (none for an image).
    fn shape_parameters(&self) -> Vec<ShapeParameter>;

    /// Values at the pixels of a window, `out.len() == window.len()`.
    fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]);

    /// Values and derivatives at the pixels of a window; those by shape parameters only if `with_shape`.
    fn derivatives(&self, source: &Source<'_>, window: Window, with_shape: bool, out: &mut Derivatives) {
        central_differences(self, source, window, with_shape, out);
    }

    /// Adds sources to an image of the pixels of `window`, which holds the windows of them all. The sum in a pixel must
    /// not depend on anything but the sources and their order.
    fn draw(&self, sources: &[Drawn<'_>], window: Window, image: &mut [f64]) {
        let mut values = Vec::new();
        for s in sources {
            values.resize(s.window.len(), 0.0);
            self.evaluate(&s.source, s.window, &mut values);
            s.add(&values, window, image);
        }
    }

    /// The region that an image of the model covers (the reference's bounding box).
    fn extent(&self, source: &Source<'_>) -> Extent;

    /// The region outside which the model is zero or too small to count in double precision.
    fn support(&self, source: &Source<'_>) -> Extent {
        let _ = source;
        Extent::EVERYWHERE
    }

    /// Full width at half maximum, pixels, if the model knows it.
    fn fwhm(&self) -> Option<f64> {
        None
    }
}

/// Derivatives by central differences with Richardson's step halving: the slow, general way.
pub(crate) fn central_differences<M: PsfModel + ?Sized>(
    model: &M,
    source: &Source<'_>,
    window: Window,
    with_shape: bool,
    out: &mut Derivatives,
) {
    let n = window.len();
    let n_shape = if with_shape { source.shape.len() } else { 0 };
    out.resize(n, n_shape);
    model.evaluate(source, window, &mut out.value);
    let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
    let mut shape = source.shape.to_vec();
    let Derivatives { dx, dy, shape: by_shape, .. } = out;
    for (k, d) in [dx, dy].into_iter().chain(by_shape).enumerate() {
        let size = match k {
            0 | 1 => 1.0,
            _ => shape[k - 2].abs().max(0.1),
        };
        let mut difference = |h: f64, out: &mut [f64], scratch: &mut [f64]| {
            let mut at = |h: f64, out: &mut [f64]| {
                let mut s = Source { shape: &shape, ..*source };
                match k {
                    0 => s.x += h,
                    1 => s.y += h,
                    _ => {}
                }
                if k >= 2 {
                    let keep = shape[k - 2];
                    shape[k - 2] = keep + h;
                    model.evaluate(&Source { shape: &shape, ..*source }, window, out);
                    shape[k - 2] = keep;
                } else {
                    model.evaluate(&s, window, out);
                }
            };
            at(h, out);
            at(-h, scratch);
            for (o, s) in out.iter_mut().zip(scratch) {
                *o = (*o - *s) / (2.0 * h);
            }
        };
        let h = 1e-3 * size;
        let mut scratch = vec![0.0; n];
        difference(h, &mut a, &mut scratch);
        difference(0.5 * h, &mut b, &mut scratch);
        for ((d, a), b) in d.iter_mut().zip(&a).zip(&b) {
            *d = (4.0 * b - a) / 3.0;
        }
    }
}
