//! Gaussians fitted to sources.

use skyphot_core::{Exec, Image, Pixel, Point};

use crate::error::{PsfError, Result};
use crate::render::box_around;
use crate::{CircularGaussianPrf, InitialParameters, PsfConfig, PsfPhotometry, Window, fit};

/// How [`fit_2dgaussian`] and [`fit_fwhm`] work.
#[derive(Debug, Clone)]
pub struct GaussianFitConfig {
    /// Initial full width at half maximum, pixels. Default: half the mean of the sizes of the fit box.
    pub fwhm: Option<f64>,
    /// Keep the width ([`fit_fwhm`] never does). Default true.
    pub fix_fwhm: bool,
    /// Rows and columns of the fit box, odd numbers. Default: the image (less a row or column where it has an even
    /// number), for one source only.
    pub fit_shape: Option<(usize, usize)>,
    /// Threads. Default: all cores.
    pub exec: Exec,
}

impl Default for GaussianFitConfig {
    fn default() -> Self {
        Self { fwhm: None, fix_fwhm: true, fit_shape: None, exec: Exec::default() }
    }
}

/// Fits a circular Gaussian, integrated over the pixels, to each position of a background-subtracted image; without
/// positions to one source that starts at the centre of mass of the whole image. The initial flux is the sum over the fit
/// box.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::{Exec, Image};
/// use skyphot_psf::{CircularGaussianPrf, GaussianFitConfig, Sources, fit_2dgaussian, render};
/// let psf = CircularGaussianPrf::new(3.123)?;
/// let truth = Sources { x: &[22.17], y: &[28.87], flux: &[9.7], shape: &[], local_bkg: &[] };
/// let data: Array2<f64> = render(&psf, &truth, (51, 51), Some((51, 51)), &Exec::serial());
/// let config = GaussianFitConfig { fix_fwhm: false, fit_shape: Some((7, 7)), ..Default::default() };
/// let phot = fit_2dgaussian(&Image::new(data.view())?, None, &config)?;
/// assert!((phot.shape_parameters[0].fit[0] - 3.123).abs() < 1e-6 && (phot.flux_fit[0] - 9.7).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PsfError::InvalidData`] for several positions without a fit box, and those of [`fit`].
pub fn fit_2dgaussian<T: Pixel>(
    image: &Image<'_, T>,
    positions: Option<&[Point]>,
    config: &GaussianFitConfig,
) -> Result<PsfPhotometry> {
    let found;
    let positions = match positions {
        Some(p) => p,
        None => {
            found = [centre_of_mass(image)];
            &found
        }
    };
    let fit_shape = match config.fit_shape {
        Some(s) => s,
        None if positions.len() > 1 => {
            return Err(PsfError::InvalidData {
                what: "fit_shape",
                expected: "a size in pixels for several sources",
                found: "none".to_owned(),
            });
        }
        None => {
            let odd = |n: usize| n - usize::from(n.is_multiple_of(2) && n > 0);
            let (ny, nx) = image.shape();
            (odd(ny), odd(nx))
        }
    };
    let (ny, nx) = fit_shape;
    let fwhm = config.fwhm.unwrap_or((ny + nx) as f64 / 4.0);
    let model = CircularGaussianPrf::new(fwhm)?;
    let flux = positions.iter().map(|p| box_sum(image, *p, fit_shape)).collect();
    let initial = InitialParameters { flux: Some(flux), ..InitialParameters::from_positions(positions) };
    let free_shape = if config.fix_fwhm { Vec::new() } else { vec!["fwhm".to_owned()] };
    let config = PsfConfig { fit_shape, free_shape, exec: config.exec.clone(), ..PsfConfig::default() };
    fit(image, &model, &initial, &config)
}

/// The full widths at half maximum, pixels, of the Gaussians of [`fit_2dgaussian`]; NaN where the fit failed. That of the
/// image is wider: about `sqrt(fwhm^2 + 0.462)`.
///
/// # Errors
/// Those of [`fit_2dgaussian`].
pub fn fit_fwhm<T: Pixel>(
    image: &Image<'_, T>,
    positions: Option<&[Point]>,
    config: &GaussianFitConfig,
) -> Result<Vec<f64>> {
    let config = GaussianFitConfig { fix_fwhm: false, ..config.clone() };
    let mut phot = fit_2dgaussian(image, positions, &config)?;
    Ok(std::mem::take(&mut phot.shape_parameters[0].fit))
}

/// Mean position weighted with the values; NaN for an image without a sum.
fn centre_of_mass<T: Pixel>(image: &Image<'_, T>) -> Point {
    let (mut sum, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    let mask = image.mask();
    for ((y, x), v) in image.data().indexed_iter() {
        if v.is_finite() && !mask.is_some_and(|m| m[[y, x]]) {
            let v = v.to_f64();
            sum += v;
            x_sum += v * x as f64;
            y_sum += v * y as f64;
        }
    }
    Point::new(x_sum / sum, y_sum / sum)
}

fn box_sum<T: Pixel>(image: &Image<'_, T>, p: Point, shape: (usize, usize)) -> f64 {
    if !p.is_finite() {
        return f64::NAN;
    }
    let w = box_around(p.x, p.y, shape).intersection(&Window::of_shape(image.shape()));
    let (data, mask) = (image.data(), image.mask());
    let mut sum = 0.0;
    for y in w.y_min..w.y_end() {
        for x in w.x_min..w.x_end() {
            let at = [y as usize, x as usize];
            if data[at].is_finite() && !mask.is_some_and(|m| m[at]) {
                sum += data[at].to_f64();
            }
        }
    }
    sum
}
