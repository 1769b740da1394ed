//! Encircled energy from a PSF, and from the stars of a field.

use ndarray::ArrayView2;
use skyphot_aperture::{Aperture, ApertureFlags, AperturePhotometry, CircularAperture, PhotometryConfig};
use skyphot_calibration::{EncircledEnergy, EnergyInterpolation};
use skyphot_core::{Exec, Image, Pixel, Point};
use skyphot_psf::{PsfModel, Source, Window};

use crate::{PipelineError, Result};

/// The part of the light of a PSF at a place within circles of radii (pixels, rising): exact sums of its pixels. Its total
/// is that of the model, 1.
///
/// ```
/// use skyphot_core::Point;
/// use skyphot_pipeline::psf_encircled_energy;
/// use skyphot_psf::CircularGaussianPrf;
/// let psf = CircularGaussianPrf::new(3.0)?;
/// let energy = psf_encircled_energy(&psf, Point::new(50.0, 50.0), &[1.0, 2.0, 4.0, 8.0])?;
/// assert!((energy.at(8.0) - 1.0).abs() < 1e-6);
/// let correction = energy.correction(4.0);
/// assert!(correction > 1.0 && correction < 1.02);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PipelineError::Value`] for a place that is not finite or radii above 4096; [`PipelineError::Aperture`] for radii
/// that are not positive; [`PipelineError::Calibration`] for radii that do not rise.
#[doc(alias = "apcorr")]
pub fn psf_encircled_energy(model: &dyn PsfModel, at: Point, radii: &[f64]) -> Result<EncircledEnergy> {
    const LARGEST: f64 = 4096.0;
    if !at.is_finite() {
        return Err(PipelineError::value("place of the PSF", format!("{}, {}", at.x, at.y), "finite"));
    }
    let reach = radii.iter().copied().fold(0.0, f64::max);
    if reach > LARGEST {
        return Err(PipelineError::value("radius", reach.to_string(), "at most 4096 pixels"));
    }
    let half = reach.ceil() as i64 + 1;
    let side = (2 * half + 1) as usize;
    let window = Window::new(at.x.round() as i64 - half, at.y.round() as i64 - half, side, side);
    let mut values = vec![0.0; side * side];
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    model.evaluate(&Source { x: at.x, y: at.y, shape: &shape }, window, &mut values);
    let data = ArrayView2::from_shape((side, side), &values)
        .map_err(|e| PipelineError::Config(format!("the image of the PSF: {e}")))?;
    let place = Point::new(at.x - window.x_min as f64, at.y - window.y_min as f64);
    let sums = growth(&Image::new(data)?, &[place], radii, None, &Exec::serial())?;
    let sums: Vec<f64> = sums.0.iter().map(|s| s[0]).collect();
    Ok(EncircledEnergy::from_curve_of_growth(radii, &sums, 1.0, EnergyInterpolation::Pchip)?)
}

/// The mean curve of growth of the stars of a field.
#[derive(Debug, Clone)]
pub struct FieldEnergy {
    /// The part of the light within each radius; that within the largest is 1.
    pub energy: EncircledEnergy,
    /// Scatter of the stars about it, one for each radius: 1.4826 times the median of the deviations.
    pub scatter: Vec<f64>,
    /// Stars that were used: whole circles on the image without bad pixels, and a positive sum in the largest.
    pub used: Vec<bool>,
}

/// The part of the light of stars within circles of radii (pixels, rising), of that within the largest: the median over the
/// stars of their curves of growth. `local_background` is subtracted per pixel.
///
/// # Errors
/// [`PipelineError::Aperture`] for radii that are not positive; [`PipelineError::NoStars`] if none is fit;
/// [`PipelineError::Calibration`] for radii that do not rise.
#[doc(alias = "curve of growth")]
pub fn field_encircled_energy<T: Pixel>(
    image: &Image<'_, T>,
    stars: &[Point],
    radii: &[f64],
    local_background: Option<&[f64]>,
    exec: &Exec,
) -> Result<FieldEnergy> {
    let (sums, clean) = growth(image, stars, radii, local_background, exec)?;
    let total: Vec<f64> = sums.last().cloned().unwrap_or_default();
    let used: Vec<bool> =
        (0..stars.len()).map(|i| clean[i] && total[i] > 0.0 && total[i].is_finite()).collect();
    if !used.contains(&true) {
        return Err(PipelineError::NoStars { found: stars.len() });
    }
    let (mut curve, mut scatter) = (Vec::new(), Vec::new());
    for s in &sums {
        let parts: Vec<f64> = (0..stars.len()).filter(|i| used[*i]).map(|i| s[i] / total[i]).collect();
        let middle = middle(parts.clone());
        scatter.push(1.4826 * self::middle(parts.iter().map(|p| (p - middle).abs()).collect()));
        curve.push(middle);
    }
    let energy = EncircledEnergy::from_curve_of_growth(radii, &curve, 1.0, EnergyInterpolation::Pchip)?;
    Ok(FieldEnergy { energy, scatter, used })
}

/// Sums by radius and star, and whether all circles of a star are whole and clean.
fn growth<T: Pixel>(
    image: &Image<'_, T>,
    places: &[Point],
    radii: &[f64],
    local_background: Option<&[f64]>,
    exec: &Exec,
) -> Result<(Vec<Vec<f64>>, Vec<bool>)> {
    let circles =
        radii.iter().map(|r| CircularAperture::new(*r)).collect::<std::result::Result<Vec<_>, _>>()?;
    let apertures: Vec<&dyn Aperture> = circles.iter().map(|c| c as &dyn Aperture).collect();
    if apertures.is_empty() {
        return Err(PipelineError::value("radii", "none", "two or more radii"));
    }
    let config = PhotometryConfig {
        local_background: local_background.map(<[f64]>::to_vec),
        exec: exec.clone(),
        ..PhotometryConfig::default()
    };
    let phot = AperturePhotometry::measure(image, places, &apertures, &config)?;
    let bad = ApertureFlags::PARTIAL_OVERLAP
        | ApertureFlags::NO_OVERLAP
        | ApertureFlags::NO_PIXELS
        | ApertureFlags::MASKED_PIXELS
        | ApertureFlags::NON_FINITE_DATA
        | ApertureFlags::NON_FINITE_POSITION;
    let clean =
        (0..places.len()).map(|i| (0..radii.len()).all(|k| !phot.flags(k)[i].intersects(bad))).collect();
    Ok(((0..radii.len()).map(|k| phot.flux(k).to_vec()).collect(), clean))
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => values[n / 2],
        _ => 0.5 * (values[n / 2 - 1] + values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use skyphot_psf::{CircularGaussianPrf, Sources, render};

    const RADII: [f64; 5] = [1.0, 2.0, 3.0, 5.0, 8.0];

    #[test]
    fn sums_of_a_psf_are_those_of_photutils() {
        let psf = CircularGaussianPrf::new(2.5).unwrap();
        let energy = psf_encircled_energy(&psf, Point::new(30.3, 29.8), &RADII).unwrap();
        // aperture_photometry of CircularGaussianPRF(fwhm=2.5), photutils 3.1.1.
        let expected = [
            0.318_658_016_534_106_8,
            0.785_649_689_208_333,
            0.969_136_475_178_894_2,
            0.999_941_188_416_694_2,
            0.999_999_999_989_234_9,
        ];
        for (r, e) in RADII.iter().zip(expected) {
            assert!((energy.at(*r) - e).abs() < 1e-12, "{r}: {} {e}", energy.at(*r));
        }
        // A wide Gaussian is that of the plane; means over pixels, summed by area, add the variance of a pixel twice.
        let wide =
            psf_encircled_energy(&CircularGaussianPrf::new(12.0).unwrap(), Point::new(0.2, -3.4), &RADII);
        let (wide, variance) = (wide.unwrap(), (12.0_f64 / 2.354_820_045_030_949).powi(2) + 1.0 / 6.0);
        for r in RADII {
            assert!((wide.at(r) + (-0.5 * r * r / variance).exp_m1()).abs() < 2e-4, "{r}");
        }
    }

    #[test]
    fn stars_of_a_field_give_their_psf() {
        let psf = CircularGaussianPrf::new(2.5).unwrap();
        let (x, y) = (vec![20.0, 60.3, 100.7, 3.0, 60.0], vec![20.5, 25.0, 30.2, 40.0, 70.0]);
        let flux = vec![100.0, 250.0, 900.0, 500.0, 300.0];
        let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
        let mut image: Array2<f64> = render(&psf, &sources, (90, 120), Some((41, 41)), &Exec::serial()) + 7.0;
        image[[70, 61]] = f64::NAN;
        let stars: Vec<Point> = x.iter().zip(&y).map(|(x, y)| Point::new(*x, *y)).collect();
        let image = Image::new(image.view()).unwrap();
        let found = field_encircled_energy(&image, &stars, &RADII, Some(&[7.0; 5]), &Exec::serial()).unwrap();
        // One reaches over the edge, one has a bad pixel.
        assert_eq!(found.used, [true, true, true, false, false]);
        let alone = psf_encircled_energy(&psf, stars[1], &RADII).unwrap();
        for (r, s) in RADII.iter().zip(&found.scatter) {
            // Stars at other phases of the pixels: photutils has 0.004 and 2e-6.
            let slack = if *r < 4.0 { 0.01 } else { 1e-5 };
            assert!((found.energy.at(*r) - alone.at(*r)).abs() < slack && *s < 2.0 * slack, "{r} {s}");
        }
        let none = field_encircled_energy(&image, &stars[3..], &RADII, None, &Exec::serial());
        assert!(matches!(none, Err(PipelineError::NoStars { found: 2 })));
        assert!(psf_encircled_energy(&psf, stars[0], &[2.0, 1.0]).is_err());
        assert!(psf_encircled_energy(&psf, Point::new(f64::NAN, 0.0), &RADII).is_err());
    }
}
