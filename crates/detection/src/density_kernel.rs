//! The Gaussian kernel with negative wings that DAOFIND and starfind convolve with.

use ndarray::{Array2, ArrayView2};
use skyphot_core::FWHM_TO_SIGMA;
use skyphot_filter::Footprint;

use crate::error::{DetectionError, Result, positive};
use crate::kernel::pairwise::pairwise_sum;
use crate::select::Neighbourhood;

/// The density-enhancement kernel of Stetson (1987): an elliptical Gaussian, cut at `sigma_radius` standard
/// deviations (but never closer than 2 pixels), shifted and scaled so that convolving with it fits, at every pixel,
/// the height of the Gaussian on a constant local background.
///
/// ```
/// use skyphot_detection::DensityKernel;
/// let k = DensityKernel::new(3.0, 1.0, 0.0, 1.5)?;
/// assert_eq!(k.shape(), (5, 5));
/// assert!((k.relative_error() - 1.285_03).abs() < 1e-5);
/// # Ok::<(), skyphot_detection::DetectionError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "_StarFinderKernel")]
pub struct DensityKernel {
    fwhm: f64,
    data: Array2<f64>,
    mask: Array2<bool>,
    gaussian: Array2<f64>,
    n_pixels: usize,
    relative_error: f64,
    x_sigma: f64,
    y_sigma: f64,
}

impl DensityKernel {
    /// The kernel of a Gaussian with full width at half maximum `fwhm` (pixels) along its major axis, minor over major
    /// axis `ratio`, turned by `theta_deg` (degrees counter-clockwise from +x), cut at `sigma_radius` standard
    /// deviations.
    ///
    /// # Errors
    /// [`DetectionError::InvalidParameter`] unless `fwhm > 0`, `0 < ratio <= 1`, `sigma_radius > 0`, `theta_deg` finite.
    pub fn new(fwhm: f64, ratio: f64, theta_deg: f64, sigma_radius: f64) -> Result<Self> {
        positive("fwhm", fwhm)?;
        positive("sigma_radius", sigma_radius)?;
        if !(ratio > 0.0 && ratio <= 1.0) {
            return Err(DetectionError::InvalidParameter {
                name: "ratio",
                expected: "greater than 0 and at most 1",
                found: ratio,
            });
        }
        if !theta_deg.is_finite() {
            return Err(DetectionError::InvalidParameter {
                name: "theta_deg",
                expected: "finite",
                found: theta_deg,
            });
        }
        if fwhm * sigma_radius > 10_000.0 {
            return Err(DetectionError::InvalidParameter {
                name: "fwhm * sigma_radius",
                expected: "at most 10000 pixels",
                found: fwhm * sigma_radius,
            });
        }
        let x_sigma = fwhm * FWHM_TO_SIGMA;
        let y_sigma = x_sigma * ratio;
        let (sin, cos) = theta_deg.rem_euclid(360.0).to_radians().sin_cos();
        let (vx, vy) = (x_sigma * x_sigma, y_sigma * y_sigma);
        // The Gaussian is exp(-(a x^2 + 2 b x y + c y^2)).
        let a = cos * cos / (2.0 * vx) + sin * sin / (2.0 * vy);
        let b = 0.5 * cos * sin * (1.0 / vx - 1.0 / vy);
        let c = sin * sin / (2.0 * vx) + cos * cos / (2.0 * vy);
        let limit = sigma_radius * sigma_radius / 2.0;
        let det = a * c - b * b;
        let radius = |q: f64| (q * limit / det).sqrt().max(2.0) as usize;
        let (rx, ry) = (radius(c), radius(a));
        let shape = (2 * ry + 1, 2 * rx + 1);
        let exponent = Array2::from_shape_fn(shape, |(y, x)| {
            let (dx, dy) = (x as f64 - rx as f64, y as f64 - ry as f64);
            a * (dx * dx) + 2.0 * b * dx * dy + c * (dy * dy)
        });
        let mask = Array2::from_shape_fn(shape, |(y, x)| {
            let (dx, dy) = (x as f64 - rx as f64, y as f64 - ry as f64);
            exponent[[y, x]] <= limit || dx * dx + dy * dy <= 4.0
        });
        let gaussian = exponent.mapv(|e: f64| (-e).exp());
        let n_pixels = mask.iter().filter(|m| **m).count();
        let n = n_pixels as f64;
        let cut: Vec<f64> = gaussian.iter().zip(&mask).map(|(g, m)| if *m { *g } else { 0.0 }).collect();
        let sum = pairwise_sum(&cut);
        let variance = pairwise_sum(&cut.iter().map(|g| g * g).collect::<Vec<_>>()) - sum * sum / n;
        let data =
            Array2::from_shape_fn(shape, |i| if mask[i] { (gaussian[i] - sum / n) / variance } else { 0.0 });
        Ok(Self {
            fwhm,
            data,
            mask,
            gaussian,
            n_pixels,
            relative_error: 1.0 / variance.sqrt(),
            x_sigma,
            y_sigma,
        })
    }

    /// The values to convolve with, `(ny, nx)`; they add up to 0.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.data.view()
    }

    /// `true` inside the footprint.
    #[must_use]
    pub fn mask(&self) -> ArrayView2<'_, bool> {
        self.mask.view()
    }

    /// The Gaussian of peak 1, not cut.
    #[must_use]
    pub fn gaussian(&self) -> ArrayView2<'_, f64> {
        self.gaussian.view()
    }

    /// Shape `(ny, nx)`, both odd.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }

    /// Number of pixels in the footprint.
    #[must_use]
    pub fn n_pixels(&self) -> usize {
        self.n_pixels
    }

    /// Noise of a pixel of the convolved image over that of the data, for white noise.
    #[must_use]
    #[doc(alias = "rel_err")]
    #[doc(alias = "RELERR")]
    pub fn relative_error(&self) -> f64 {
        self.relative_error
    }

    /// Full width at half maximum along the major axis, pixels.
    #[must_use]
    pub fn fwhm(&self) -> f64 {
        self.fwhm
    }

    /// Where rivals of a peak are looked for; 0 = in the footprint.
    pub(crate) fn neighbourhood(&self, separation: f64) -> Result<Neighbourhood> {
        Ok(if separation == 0.0 {
            Neighbourhood::Footprint(Footprint::from_array(self.mask.clone())?)
        } else {
            Neighbourhood::Separation(separation)
        })
    }

    /// Rows and columns at the edge without peaks.
    pub(crate) fn border(&self, exclude: bool) -> (usize, usize) {
        let (ky, kx) = self.shape();
        if exclude { (ky / 2, kx / 2) } else { (0, 0) }
    }

    /// Standard deviations along the major and the minor axis, pixels.
    #[must_use]
    pub fn sigmas(&self) -> (f64, f64) {
        (self.x_sigma, self.y_sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_of_the_relative_error() {
        for (fwhm, expected) in [(1.636, 1.064_78), (2.187, 1.085_49), (3.0, 1.285_03)] {
            let k = DensityKernel::new(fwhm, 1.0, 0.0, 1.5).unwrap();
            assert!((k.relative_error() - expected).abs() < 6e-6, "{fwhm}: {}", k.relative_error());
            assert!(k.data().sum().abs() < 1e-14);
        }
    }

    #[test]
    fn turned_kernels_are_wide_along_their_axis() {
        let k = DensityKernel::new(8.0, 0.5, 90.0, 1.5).unwrap();
        assert!(k.shape().0 > k.shape().1);
        assert_eq!(k.shape(), {
            let s = DensityKernel::new(8.0, 0.5, 0.0, 1.5).unwrap().shape();
            (s.1, s.0)
        });
    }

    #[test]
    fn what_is_refused() {
        for (f, r, t, s) in [
            (0.0, 1.0, 0.0, 1.5),
            (f64::NAN, 1.0, 0.0, 1.5),
            (2.0, 0.0, 0.0, 1.5),
            (2.0, 1.1, 0.0, 1.5),
            (2.0, 1.0, f64::INFINITY, 1.5),
            (2.0, 1.0, 0.0, -1.0),
            (1e9, 1.0, 0.0, 1.5),
        ] {
            assert!(DensityKernel::new(f, r, t, s).is_err());
        }
        let e = DensityKernel::new(2.0, 1.5, 0.0, 1.5).unwrap_err();
        assert_eq!(e.to_string(), "ratio must be greater than 0 and at most 1, found 1.5");
    }
}
