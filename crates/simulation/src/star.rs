//! Adding stars.

use ndarray::Array2;
use skyphot_core::{FWHM_TO_SIGMA, Point};

use crate::error::{positive, require};
use crate::kernel::quadrature::{GL2, GL3, GL6, mean_over};
use crate::{Result, SimulationError, StarProfile};

/// Columns or rows whose pixels reach within `radius` of `center`.
pub(crate) fn span(center: f64, radius: f64, n: usize) -> std::ops::Range<usize> {
    let lo = (center - radius - 0.5).ceil().max(0.0);
    let hi = (center + radius + 0.5).floor().min(n as f64 - 1.0);
    if lo > hi { 0..0 } else { lo as usize..hi as usize + 1 }
}

pub(crate) fn check_center(center: Point, flux: f64) -> Result<()> {
    if !center.is_finite() {
        return Err(SimulationError::InvalidParameter {
            what: "the position of a source",
            expected: "finite",
            found: format!("{}, {}", center.x, center.y),
        });
    }
    require(flux.is_finite(), "the flux of a source", "finite", flux)
}

/// Adds a circular Gaussian star of total `flux`, integrated over each pixel, at `center` (pixels, 0-based). It ends
/// 8.5 sigma from the centre.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Point;
/// use skyphot_simulation::add_gaussian_star;
/// let mut image = Array2::zeros((31, 31));
/// add_gaussian_star(&mut image, Point::new(15.2, 14.7), 1000.0, 3.0)?;
/// assert!((image.sum() - 1000.0).abs() < 1e-9);
/// # Ok::<(), skyphot_simulation::SimulationError>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`] for a FWHM that is not positive, a position or flux that is not finite.
#[doc(alias = "CircularGaussianPRF")]
pub fn add_gaussian_star(image: &mut Array2<f64>, center: Point, flux: f64, fwhm: f64) -> Result<()> {
    check_center(center, flux)?;
    positive("the FWHM of a star", fwhm)?;
    let sigma = fwhm * FWHM_TO_SIGMA;
    let (ny, nx) = image.dim();
    let (cols, rows) = (span(center.x, 8.5 * sigma, nx), span(center.y, 8.5 * sigma, ny));
    let along = |c: f64, pixels: &std::ops::Range<usize>| -> Vec<f64> {
        pixels.clone().map(|i| gaussian_pixel(i as f64 - c, sigma)).collect()
    };
    let (x, y) = (along(center.x, &cols), along(center.y, &rows));
    for (row, gy) in rows.zip(y) {
        for (col, gx) in cols.clone().zip(&x) {
            image[[row, col]] += flux * gx * gy;
        }
    }
    Ok(())
}

/// Integral of a unit Gaussian over a pixel at distance `d`.
fn gaussian_pixel(d: f64, sigma: f64) -> f64 {
    // Parts of a third of sigma keep the rule good to 1e-9 of the pixel even in the steep tail.
    let parts = (3.0 / sigma).ceil().clamp(1.0, 1000.0) as usize;
    let h = 1.0 / parts as f64;
    let norm = h / (sigma * (2.0 * std::f64::consts::PI).sqrt());
    let mut sum = 0.0;
    for i in 0..parts {
        let middle = d - 0.5 + (i as f64 + 0.5) * h;
        for &(u, w) in GL6 {
            let t = (middle + h * u) / sigma;
            sum += w * (-0.5 * t * t).exp();
        }
    }
    norm * sum
}

/// Adds a Moffat star of total `flux` (out to infinity), integrated over each pixel, on the pixels whose centres lie
/// within `radius` pixels of `center`.
///
/// # Errors
/// [`SimulationError::InvalidParameter`] for a FWHM or radius that is not positive, `beta <= 1`, a position or flux
/// that is not finite.
#[doc(alias = "MoffatPSF")]
pub fn add_moffat_star(
    image: &mut Array2<f64>,
    center: Point,
    flux: f64,
    fwhm: f64,
    beta: f64,
    radius: f64,
) -> Result<()> {
    check_center(center, flux)?;
    StarProfile::Moffat { fwhm, beta }.validate()?;
    positive("the radius of a star", radius)?;
    let alpha = StarProfile::moffat_alpha(fwhm, beta);
    let peak = flux * (beta - 1.0) / (std::f64::consts::PI * alpha * alpha);
    let inverse = (alpha * alpha).recip();
    let f = |x: f64, y: f64| peak * (1.0 + (x * x + y * y) * inverse).powf(-beta);
    let (ny, nx) = image.dim();
    let cols = span(center.x, radius, nx);
    for row in span(center.y, radius, ny) {
        for col in cols.clone() {
            let (dx, dy) = (col as f64 - center.x, row as f64 - center.y);
            let r = dx.hypot(dy);
            if r <= radius {
                let rule = if r < 2.0 * fwhm {
                    GL6
                } else if r < 5.0 * fwhm {
                    GL3
                } else {
                    GL2
                };
                image[[row, col]] += mean_over(rule, dx, dy, 1.0, &f);
            }
        }
    }
    Ok(())
}
