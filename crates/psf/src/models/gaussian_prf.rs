//! Elliptical Gaussian integrated over pixels.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::sync::LazyLock;

use super::gaussian::{extent, parameters};
use super::{FWHM_TO_SIGMA, GAUSSIAN_BOX, GAUSSIAN_SUPPORT, positive};
use crate::error::finite;
use crate::kernel::bivariate::{rectangle, upper};
use crate::kernel::quadrature::Legendre;
use crate::kernel::separable::{Order, outer, pixel_axis};
use crate::{Derivatives, Extent, PsfModel, Result, ShapeParameter, Source, Window};

static RULE: LazyLock<Legendre> = LazyLock::new(|| Legendre::new(20));

/// An elliptical Gaussian integrated over the pixels at any angle: the probability of a correlated normal distribution
/// in a square. Full widths at half maximum (before the integration) along its axes in pixels, and the angle of the x
/// axis, degrees counter-clockwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianPrf {
    x_fwhm: f64,
    y_fwhm: f64,
    theta: f64,
}

impl GaussianPrf {
    /// Widths in pixels, angle in degrees.
    ///
    /// # Errors
    /// [`PsfError::InvalidParameter`](crate::PsfError::InvalidParameter) for widths that are not positive or an angle
    /// that is not finite.
    pub fn new(x_fwhm: f64, y_fwhm: f64, theta: f64) -> Result<Self> {
        Ok(Self {
            x_fwhm: positive("x_fwhm", x_fwhm)?,
            y_fwhm: positive("y_fwhm", y_fwhm)?,
            theta: finite("theta", theta)?,
        })
    }
}

/// The same Gaussian as standard deviations along x and y and their correlation.
struct Moments {
    cos: f64,
    sin: f64,
    /// Standard deviations along the axes of the ellipse.
    a: f64,
    b: f64,
    sx: f64,
    sy: f64,
    rho: f64,
    /// `sqrt(1 - rho^2)`
    free: f64,
}

impl Moments {
    fn new(s: &Source<'_>) -> Self {
        let (sin, cos) = s.shape[2].to_radians().sin_cos();
        let (a, b) = (s.shape[0] * FWHM_TO_SIGMA, s.shape[1] * FWHM_TO_SIGMA);
        let (sx, sy) = ((cos * a).hypot(sin * b), (sin * a).hypot(cos * b));
        let rho = cos * sin * (a * a - b * b) / (sx * sy);
        Self { cos, sin, a, b, sx, sy, rho, free: a * b / (sx * sy) }
    }

    /// Without correlation the model is a product of one function of x and one of y.
    fn separable(&self) -> bool {
        self.rho.abs() < 1e-12
    }
}

/// Edges of pixels in units of sigma.
fn edges(first: i64, n: usize, at: f64, sigma: f64) -> Vec<f64> {
    (0..=n).map(|i| ((first + i as i64) as f64 - 0.5 - at) / sigma).collect()
}

/// Density of the standard normal distribution.
fn density(t: f64) -> f64 {
    (-0.5 * t * t).exp() / (2.0 * PI).sqrt()
}

/// Probability below `t`.
fn below(t: f64) -> f64 {
    0.5 * libm::erfc(-t * FRAC_1_SQRT_2)
}

fn fractions(m: &Moments, s: &Source<'_>, w: Window, out: &mut [f64]) {
    let (ex, ey) = (edges(w.x_min, w.nx, s.x, m.sx), edges(w.y_min, w.ny, s.y, m.sy));
    let row = |k: f64| -> Vec<f64> { ex.iter().map(|&h| upper(h, k, m.rho, &RULE)).collect() };
    let mut low = row(ey[0]);
    for (j, line) in out.chunks_exact_mut(w.nx.max(1)).enumerate() {
        let high = row(ey[j + 1]);
        for (i, v) in line.iter_mut().enumerate() {
            *v = rectangle([low[i], low[i + 1], high[i], high[i + 1]]);
        }
        low = high;
    }
}

/// The integral of the density along an edge at `edge` (its own axis), from `lo` to `hi` (the other axis), divided by
/// sigma; and its derivative by the position of the edge.
fn edge_integral(edge: f64, lo: f64, hi: f64, sigma: f64, m: &Moments) -> (f64, f64) {
    let (t0, t1) = ((lo - m.rho * edge) / m.free, (hi - m.rho * edge) / m.free);
    let p = density(edge);
    let inside = below(t1) - below(t0);
    let change = density(t1) - density(t0);
    (p * inside / sigma, -p * (edge * inside + m.rho / m.free * change) / (sigma * sigma))
}

impl PsfModel for GaussianPrf {
    fn name(&self) -> &'static str {
        "GaussianPrf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.x_fwhm, self.y_fwhm, self.theta)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        let m = Moments::new(s);
        if m.separable() {
            let (x, y) = (
                pixel_axis(w.x_min, w.nx, s.x, m.sx, Order::Value).value,
                pixel_axis(w.y_min, w.ny, s.y, m.sy, Order::Value).value,
            );
            outer(&x, &y, out);
        } else {
            fractions(&m, s, w, out);
        }
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        let m = Moments::new(s);
        out.resize(w.len(), if with_shape { 3 } else { 0 });
        if m.separable() && !with_shape {
            let x = pixel_axis(w.x_min, w.nx, s.x, m.sx, Order::Position);
            let y = pixel_axis(w.y_min, w.ny, s.y, m.sy, Order::Position);
            outer(&x.value, &y.value, &mut out.value);
            outer(&x.d_position, &y.value, &mut out.dx);
            outer(&x.value, &y.d_position, &mut out.dy);
            return;
        }
        self.evaluate(s, w, &mut out.value);
        let (ex, ey) = (edges(w.x_min, w.nx, s.x, m.sx), edges(w.y_min, w.ny, s.y, m.sy));
        let corner =
            |h: f64, k: f64| (-0.5 * (h * h - 2.0 * m.rho * h * k + k * k) / (m.free * m.free)).exp();
        for j in 0..w.ny {
            let (y0, y1) = (ey[j], ey[j + 1]);
            for i in 0..w.nx {
                let k = j * w.nx + i;
                let (x0, x1) = (ex[i], ex[i + 1]);
                let (left, d_left) = edge_integral(x0, y0, y1, m.sx, &m);
                let (right, d_right) = edge_integral(x1, y0, y1, m.sx, &m);
                let (lower, d_lower) = edge_integral(y0, x0, x1, m.sy, &m);
                let (higher, d_higher) = edge_integral(y1, x0, x1, m.sy, &m);
                out.dx[k] = left - right;
                out.dy[k] = lower - higher;
                if with_shape {
                    // The heat equation: d/d(variance) = half the second derivative by position.
                    let (vx, vy) = (0.5 * (d_right - d_left), 0.5 * (d_higher - d_lower));
                    let cov = (corner(x1, y1) - corner(x0, y1) - corner(x1, y0) + corner(x0, y0))
                        / (2.0 * PI * m.sx * m.sy * m.free);
                    let (c, n) = (m.cos, m.sin);
                    let by_a = 2.0 * m.a * (c * c * vx + n * n * vy + c * n * cov);
                    let by_b = 2.0 * m.b * (n * n * vx + c * c * vy - c * n * cov);
                    let spread = m.a * m.a - m.b * m.b;
                    let by_angle = 2.0 * c * n * spread * (vy - vx) + (c * c - n * n) * spread * cov;
                    out.shape[0][k] = by_a * FWHM_TO_SIGMA;
                    out.shape[1][k] = by_b * FWHM_TO_SIGMA;
                    out.shape[2][k] = by_angle.to_radians();
                }
            }
        }
    }

    fn extent(&self, source: &Source<'_>) -> Extent {
        extent(source, GAUSSIAN_BOX, 0.0)
    }

    fn support(&self, source: &Source<'_>) -> Extent {
        extent(source, GAUSSIAN_SUPPORT, 0.5)
    }

    fn fwhm(&self) -> Option<f64> {
        Some((self.x_fwhm * self.y_fwhm).sqrt())
    }
}
