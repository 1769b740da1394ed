//! Elliptical Gaussian sampled at pixel centres.

use std::f64::consts::PI;

use super::{FWHM_TO_SIGMA, GAUSSIAN_BOX, GAUSSIAN_SUPPORT, LENGTH, ellipse_half_size, positive};
use crate::error::finite;
use crate::{Derivatives, Extent, PsfModel, Result, ShapeParameter, Source, Window};

/// An elliptical Gaussian sampled at the pixel centres, with full widths at half maximum along its axes and the angle of
/// the x axis, degrees counter-clockwise.
///
/// `1 / (2 pi sx sy) exp(-a dx^2 - b dx dy - c dy^2)`. It is not integrated over the pixels: see
/// [`GaussianPrf`](crate::GaussianPrf).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianPsf {
    x_fwhm: f64,
    y_fwhm: f64,
    theta: f64,
}

impl GaussianPsf {
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

/// Shape parameters of both elliptical Gaussians.
pub(crate) fn parameters(x_fwhm: f64, y_fwhm: f64, theta: f64) -> Vec<ShapeParameter> {
    vec![
        ShapeParameter { name: "x_fwhm", value: x_fwhm, bounds: LENGTH },
        ShapeParameter { name: "y_fwhm", value: y_fwhm, bounds: LENGTH },
        ShapeParameter { name: "theta", value: theta, bounds: (f64::NEG_INFINITY, f64::INFINITY) },
    ]
}

/// Box of `factor` sigma around a rotated Gaussian, `pad` pixels wider.
pub(crate) fn extent(s: &Source<'_>, factor: f64, pad: f64) -> Extent {
    let f = factor * FWHM_TO_SIGMA;
    let (dx, dy) = ellipse_half_size(f * s.shape[0], f * s.shape[1], s.shape[2].to_radians());
    Extent::around(s.x, s.y, (dx + pad, dy + pad))
}

impl PsfModel for GaussianPsf {
    fn name(&self) -> &'static str {
        "GaussianPsf"
    }

    fn shape_parameters(&self) -> Vec<ShapeParameter> {
        parameters(self.x_fwhm, self.y_fwhm, self.theta)
    }

    fn evaluate(&self, s: &Source<'_>, w: Window, out: &mut [f64]) {
        let (sx, sy) = (s.shape[0] * FWHM_TO_SIGMA, s.shape[1] * FWHM_TO_SIGMA);
        let (sin, cos) = s.shape[2].to_radians().sin_cos();
        let norm = 1.0 / (2.0 * PI * sx * sy);
        for (j, row) in out.chunks_exact_mut(w.nx.max(1)).enumerate() {
            let dy = (w.y_min + j as i64) as f64 - s.y;
            for (i, v) in row.iter_mut().enumerate() {
                let dx = (w.x_min + i as i64) as f64 - s.x;
                let (u, t) = ((cos * dx + sin * dy) / sx, (cos * dy - sin * dx) / sy);
                *v = norm * (-0.5 * (u * u + t * t)).exp();
            }
        }
    }

    fn derivatives(&self, s: &Source<'_>, w: Window, with_shape: bool, out: &mut Derivatives) {
        out.resize(w.len(), if with_shape { 3 } else { 0 });
        self.evaluate(s, w, &mut out.value);
        let (sx, sy) = (s.shape[0] * FWHM_TO_SIGMA, s.shape[1] * FWHM_TO_SIGMA);
        let (sin, cos) = s.shape[2].to_radians().sin_cos();
        for j in 0..w.ny {
            let dy = (w.y_min + j as i64) as f64 - s.y;
            for i in 0..w.nx {
                let k = j * w.nx + i;
                let dx = (w.x_min + i as i64) as f64 - s.x;
                // u, t: offsets along the axes in units of sigma
                let (u, t) = ((cos * dx + sin * dy) / sx, (cos * dy - sin * dx) / sy);
                let v = out.value[k];
                out.dx[k] = v * (u * cos / sx - t * sin / sy);
                out.dy[k] = v * (u * sin / sx + t * cos / sy);
                if with_shape {
                    out.shape[0][k] = v * (u * u - 1.0) / s.shape[0];
                    out.shape[1][k] = v * (t * t - 1.0) / s.shape[1];
                    out.shape[2][k] = (v * u * t * (sx / sy - sy / sx)).to_radians();
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
