//! Airy discs.

use std::f64::consts::PI;

use super::{LENGTH, WIDE_BOX, positive};
use crate::kernel::quadrature::Legendre;
use crate::{Derivatives, Extent, PsfModel, Result, ShapeParameter, Source, Window};

/// First zero of the Bessel function J1 over pi.
const FIRST_ZERO: f64 = 1.219_669_891_266_504_5;

/// Where `(2 J1(t) / t)^2` has fallen to one half.
const HALF_MAXIMUM: f64 = 1.616_339_948_310_703;

/// Calls `f(dx, dy)` with the offset of every pixel.
pub(crate) fn each_pixel(s: &Source<'_>, w: Window, out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for (j, row) in out.chunks_exact_mut(w.nx.max(1)).enumerate() {
        let dy = (w.y_min + j as i64) as f64 - s.y;
        for (i, v) in row.iter_mut().enumerate() {
            *v = f((w.x_min + i as i64) as f64 - s.x, dy);
        }
    }
}

/// Sums `f(dx, dy) = [value, d/dx, d/dy, d/dshape ...]` over the nodes of every pixel.
pub(crate) fn each_derivative<const N: usize>(
    s: &Source<'_>,
    w: Window,
    n_shape: usize,
    with_shape: bool,
    nodes: &[(f64, f64)],
    out: &mut Derivatives,
    f: impl Fn(f64, f64) -> [f64; N],
) {
    out.resize(w.len(), if with_shape { n_shape } else { 0 });
    for j in 0..w.ny {
        let dy = (w.y_min + j as i64) as f64 - s.y;
        for i in 0..w.nx {
            let k = j * w.nx + i;
            let dx = (w.x_min + i as i64) as f64 - s.x;
            let mut sum = [0.0; N];
            for &(v, wv) in nodes {
                for &(u, wu) in nodes {
                    for (total, d) in sum.iter_mut().zip(f(dx + u, dy + v)) {
                        *total += wu * wv * d;
                    }
                }
            }
            (out.value[k], out.dx[k], out.dy[k]) = (sum[0], sum[1], sum[2]);
            for (d, v) in out.shape.iter_mut().zip(&sum[3..]) {
                d[k] = *v;
            }
        }
    }
}

/// Mean of a function over a pixel.
pub(crate) fn quadrature(nodes: &[(f64, f64)], f: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sum = 0.0;
    for &(v, wv) in nodes {
        for &(u, wu) in nodes {
            sum += wu * wv * f(u, v);
        }
    }
    sum
}

/// Value, and derivatives by x, y and radius, of a unit source at an offset.
fn profile(dx: f64, dy: f64, radius: f64) -> [f64; 4] {
    let scale = radius / FIRST_ZERO;
    let t = PI * dx.hypot(dy) / scale;
    let first = if t > 0.0 { libm::j1(t) / t } else { 0.5 };
    // J2(t) / t^2 from the recurrence, or from its series where that cancels.
    let t2 = t * t;
    let second = if t < 0.3 {
        0.125 * (1.0 - t2 / 12.0 * (1.0 - t2 / 32.0 * (1.0 - t2 / 60.0 * (1.0 - t2 / 96.0))))
    } else {
        (2.0 * first - libm::j0(t)) / t2
    };
    let amplitude = PI / (4.0 * scale * scale);
    let v = 4.0 * first * first;
    let slope = -8.0 * first * second;
    let by_position = -amplitude * slope * (PI / scale) * (PI / scale);
    let by_scale = -amplitude / scale * (2.0 * v + slope * t2);
    [amplitude * v, by_position * dx, by_position * dy, by_scale / FIRST_ZERO]
}

fn value(dx: f64, dy: f64, radius: f64) -> f64 {
    let scale = radius / FIRST_ZERO;
    let t = PI * dx.hypot(dy) / scale;
    let first = if t > 0.0 { 2.0 * libm::j1(t) / t } else { 1.0 };
    PI / (4.0 * scale * scale) * first * first
}

fn fwhm(radius: f64) -> f64 {
    2.0 * HALF_MAXIMUM * radius / FIRST_ZERO / PI
}

fn extent(s: &Source<'_>) -> Extent {
    let half = WIDE_BOX * fwhm(s.shape[0]);
    Extent::around(s.x, s.y, (half, half))
}

fn parameters(radius: f64) -> Vec<ShapeParameter> {
    vec![ShapeParameter { name: "radius", value: radius, bounds: LENGTH }]
}

/// The diffraction image of a circular pupil, `(2 J1(t) / t)^2`, sampled at the pixel centres. `radius` is that of the
/// first dark ring, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AiryDiskPsf {
    radius: f64,
}

/// [`AiryDiskPsf`] integrated over the pixels by Gauss-Legendre quadrature with `n_nodes` (default 9) nodes per axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AiryDiskPrf {
    radius: f64,
    nodes: Vec<(f64, f64)>,
}

impl AiryDiskPsf {
    /// Radius of the first dark ring, pixels.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`](crate::PsfError::InvalidParameter) unless it is finite and positive.
    pub fn new(radius: f64) -> Result<Self> {
        Ok(Self { radius: positive("radius", radius)? })
    }
}

impl AiryDiskPrf {
    /// Radius of the first dark ring, pixels; 9 nodes.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`](crate::PsfError::InvalidParameter) unless it is finite and positive.
    pub fn new(radius: f64) -> Result<Self> {
        Ok(Self { radius: positive("radius", radius)?, nodes: Legendre::new(9).within_pixel() })
    }

    /// The same model with another number of nodes per axis (at least 1, at most 64).
    #[must_use]
    pub fn with_nodes(mut self, n_nodes: usize) -> Self {
        self.nodes = Legendre::new(n_nodes.clamp(1, 64)).within_pixel();
        self
    }
}

impl PsfModel for AiryDiskPsf {
    fn name(&self) -> &'static str {
        "AiryDiskPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.radius)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        each_pixel(s, w, out, |dx, dy| value(dx, dy, s.shape[0]));
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        each_derivative(s, w, 1, with_shape, &[(0.0, 1.0)], out, |dx, dy| profile(dx, dy, s.shape[0]));
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        extent(s)
    }

    fn fwhm(&self) -> Option<f64> {
        Some(fwhm(self.radius))
    }
}

impl PsfModel for AiryDiskPrf {
    fn name(&self) -> &'static str {
        "AiryDiskPrf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.radius)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        each_pixel(s, w, out, |dx, dy| quadrature(&self.nodes, |u, v| value(dx + u, dy + v, s.shape[0])));
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        each_derivative(s, w, 1, with_shape, &self.nodes, out, |dx, dy| profile(dx, dy, s.shape[0]));
    }

    fn extent(&self, s: &Source<'_>) -> Extent {
        extent(s)
    }

    fn fwhm(&self) -> Option<f64> {
        Some(fwhm(self.radius))
    }
}
