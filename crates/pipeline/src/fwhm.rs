//! The width of the stars, measured on the image.

use skyphot_core::{Image, Pixel};
use skyphot_detection::{PeakConfig, Threshold, find_peaks};

use crate::Result;
use crate::detect::Noise;

/// Peaks that are looked at.
const PEAKS: usize = 400;
/// Peaks must rise over the noise by the first number; the second is how many of them are enough.
const ATTEMPTS: [(f64, usize); 3] = [(20.0, 3), (10.0, 3), (6.0, 1)];
/// Half-width of the largest profile followed, pixels.
const REACH: usize = 25;

/// The full width at half maximum of the point sources on a background-subtracted image, pixels: the lower tercile of
/// the widths of bright isolated peaks, so that galaxies do not count. `None` if no peak is usable.
///
/// The width of a peak is measured along its row and column, each averaged with its two neighbours against noise (for a
/// Gaussian that does not change the width): the two points where the profile falls below half of its
/// maximum (that of the parabola through the logarithms of the three highest pixels), linearly interpolated. Flat
/// tops (saturated stars), single hot pixels and elongated peaks are passed over.
///
/// # Errors
/// Those of the peak finder.
pub fn estimate_fwhm<T: Pixel>(image: &Image<'_, T>, noise: &Noise<'_>) -> Result<Option<f64>> {
    for (sigma, enough) in ATTEMPTS {
        let config = PeakConfig { box_size: (11, 11), n_peaks: Some(PEAKS), ..PeakConfig::default() };
        let peaks = find_peaks(image, threshold(noise, sigma), &config)?;
        let mut widths: Vec<f64> =
            peaks.x_peak.iter().zip(&peaks.y_peak).filter_map(|(&x, &y)| width(image, x, y)).collect();
        if widths.len() >= enough {
            widths.sort_by(f64::total_cmp);
            return Ok(Some(widths[widths.len() / 3]));
        }
    }
    Ok(None)
}

fn threshold(noise: &Noise<'_>, sigma: f64) -> Threshold {
    match noise {
        Noise::Scalar(s) => Threshold::Scalar(sigma * s),
        Noise::Map(m) => Threshold::Image(m.mapv(|s| sigma * s)),
    }
}

fn width<T: Pixel>(image: &Image<'_, T>, x: usize, y: usize) -> Option<f64> {
    let (ny, nx) = image.shape();
    if x == 0 || y == 0 || x + 1 >= nx || y + 1 >= ny {
        return None;
    }
    let at = |x: usize, y: usize| (!image.is_bad(x, y)).then(|| image.data()[[y, x]].to_f64());
    let along_row = profile_width(x, nx, |i| Some(at(i, y - 1)? + at(i, y)? + at(i, y + 1)?))?;
    let along_column = profile_width(y, ny, |i| Some(at(x - 1, i)? + at(x, i)? + at(x + 1, i)?))?;
    let ratio = along_row / along_column;
    let w = (0.5 * (along_row * along_row + along_column * along_column)).sqrt();
    ((0.6..=1.7).contains(&ratio) && w >= 1.1).then_some(w)
}

/// Width at half maximum of a profile around its maximum at `centre`.
fn profile_width(centre: usize, n: usize, at: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    if centre == 0 || centre + 1 >= n {
        return None;
    }
    let (a, b, c) = (at(centre - 1)?, at(centre)?, at(centre + 1)?);
    // A flat top is a saturated star.
    if !(a > 0.0 && c > 0.0 && b > a && b > c) {
        return None;
    }
    let (la, lb, lc) = (a.ln(), b.ln(), c.ln());
    let curvature = la - 2.0 * lb + lc;
    let peak = (lb - (lc - la) * (lc - la) / (8.0 * curvature)).exp();
    let half = 0.5 * peak;
    let crossing = |step: isize| -> Option<f64> {
        let mut last = b;
        for k in 1..=REACH {
            let i = centre.checked_add_signed(step * k as isize).filter(|&i| i < n)?;
            let v = at(i)?;
            if v <= half {
                return Some((k - 1) as f64 + (last - half) / (last - v));
            }
            last = v;
        }
        None
    };
    Some(crossing(-1)? + crossing(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use skyphot_core::FWHM_TO_SIGMA;

    #[test]
    fn gaussian_stars_give_their_width() {
        for fwhm in [2.0, 3.0, 4.5, 8.0] {
            let sigma = fwhm * FWHM_TO_SIGMA;
            let mut d = Array2::<f64>::zeros((200, 200));
            for (k, (sx, sy)) in
                [(30.2, 40.7), (90.5, 33.1), (150.0, 150.0), (60.4, 140.9)].iter().enumerate()
            {
                for ((y, x), v) in d.indexed_iter_mut() {
                    let r2 = (x as f64 - sx).powi(2) + (y as f64 - sy).powi(2);
                    *v += (500.0 + 100.0 * k as f64) * (-0.5 * r2 / (sigma * sigma)).exp();
                }
            }
            let image = Image::new(d.view()).unwrap();
            let f = estimate_fwhm(&image, &Noise::Scalar(1.0)).unwrap().unwrap();
            assert!((f / fwhm - 1.0).abs() < 0.04, "{f} for {fwhm}");
        }
    }

    #[test]
    fn no_stars_no_width() {
        let d = Array2::<f64>::zeros((50, 50));
        assert_eq!(estimate_fwhm(&Image::new(d.view()).unwrap(), &Noise::Scalar(1.0)).unwrap(), None);
    }
}
