//! Detection thresholds.

use ndarray::Array2;
use skyphot_core::{Exec, Image, Pixel};
use skyphot_stats::{SigmaClip, mean_std, sigma_clipped_stats};

use crate::Threshold;
use crate::error::{DetectionError, Result};

/// What [`detect_threshold`] knows about the background.
#[derive(Debug, Clone)]
pub struct ThresholdConfig {
    /// Background, data units: one value or an image. `None` (default) = the clipped mean of the image.
    pub background: Option<Threshold>,
    /// 1-sigma noise of the background, data units: one value or an image. `None` (default) = the clipped standard
    /// deviation of the image.
    pub error: Option<Threshold>,
    /// Clipping for what has to be estimated; `None` = no clipping. Default: 3 sigma, at most 10 iterations.
    pub sigma_clip: Option<SigmaClip>,
    /// Threads to use.
    pub exec: Exec,
}

impl Default for ThresholdConfig {
    fn default() -> Self {
        Self {
            background: None,
            error: None,
            sigma_clip: Some(SigmaClip::new(3.0).with_max_iters(Some(10))),
            exec: Exec::default(),
        }
    }
}

/// The level `background + n_sigma * error` of every pixel. What is not given is estimated from the good pixels of the
/// image.
///
/// The result fits [`find_peaks`](crate::find_peaks) and the star finders.
///
/// ```
/// use skyphot_core::Image;
/// use skyphot_detection::{ThresholdConfig, detect_threshold};
/// let data = skyphot_core::testing::field(50, 60, 3, 2, 1.0);
/// let t = detect_threshold(&Image::new(data.view())?, 5.0, &ThresholdConfig::default())?;
/// assert_eq!(t.dim(), (50, 60));
/// let known = ThresholdConfig { background: Some(100.0.into()), error: Some(2.0.into()), ..Default::default() };
/// assert_eq!(detect_threshold(&Image::new(data.view())?, 5.0, &known)?[[0, 0]], 110.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DetectionError::ShapeMismatch`] for an image of another shape, [`DetectionError::InvalidParameter`] for an
/// `n_sigma` that is not finite, [`DetectionError::NoGoodPixels`] if something has to be estimated from nothing.
pub fn detect_threshold<T: Pixel>(
    image: &Image<'_, T>,
    n_sigma: f64,
    config: &ThresholdConfig,
) -> Result<Array2<f64>> {
    if !n_sigma.is_finite() {
        return Err(DetectionError::InvalidParameter { name: "n_sigma", expected: "finite", found: n_sigma });
    }
    let shape = image.shape();
    for (what, given) in [("background", &config.background), ("error", &config.error)] {
        if let Some(g) = given {
            g.check(what, shape)?;
        }
    }
    let (mean, std) = if config.background.is_some() && config.error.is_some() {
        (0.0, 0.0)
    } else {
        let what = if config.background.is_none() { "background" } else { "error" };
        survivors(image, config)?.ok_or(DetectionError::NoGoodPixels { what })?
    };
    let background = config.background.clone().unwrap_or(Threshold::Scalar(mean));
    let error = config.error.clone().unwrap_or(Threshold::Scalar(std));
    Ok(match (background, error) {
        (Threshold::Scalar(b), Threshold::Scalar(e)) => Array2::from_elem(shape, b + e * n_sigma),
        (Threshold::Scalar(b), Threshold::Image(e)) => e.mapv_into(|e| b + e * n_sigma),
        (Threshold::Image(b), Threshold::Scalar(e)) => b.mapv_into(|b| b + e * n_sigma),
        (Threshold::Image(mut b), Threshold::Image(e)) => {
            b.zip_mut_with(&e, |b, e| *b += e * n_sigma);
            b
        }
    })
}

/// Mean and standard deviation of the pixels within the last clipping bounds; `None` if there are none.
fn survivors<T: Pixel>(image: &Image<'_, T>, config: &ThresholdConfig) -> Result<Option<(f64, f64)>> {
    let (lower, upper) = match &config.sigma_clip {
        None => (f64::NEG_INFINITY, f64::INFINITY),
        Some(clip) => {
            let s = sigma_clipped_stats(image, clip, &config.exec)?;
            if clip.grow > 0.0 {
                return Ok((s.n_used > 0).then_some((s.mean, s.std)));
            }
            (s.lower, s.upper)
        }
    };
    let data = image.data();
    let values: Vec<f64> = data
        .indexed_iter()
        .map(|((y, x), v)| (y, x, v.to_f64()))
        .filter(|&(y, x, v)| v >= lower && v <= upper && !image.is_bad(x, y))
        .map(|(_, _, v)| v)
        .collect();
    Ok((!values.is_empty()).then(|| mean_std(&values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused() {
        let d = Array2::from_elem((3, 4), f64::NAN);
        let image = Image::new(d.view()).unwrap();
        let e = detect_threshold(&image, 3.0, &ThresholdConfig::default()).unwrap_err();
        assert_eq!(e.to_string(), "cannot estimate the background: every pixel is masked or not finite");
        let config = ThresholdConfig { background: Some(Array2::zeros((4, 3)).into()), ..Default::default() };
        let e = detect_threshold(&image, 3.0, &config).unwrap_err();
        assert_eq!(
            e.to_string(),
            "the background image has shape (4, 3) (ny, nx), but the data has shape (3, 4)"
        );
        assert!(detect_threshold(&image, f64::NAN, &ThresholdConfig::default()).is_err());
    }
}
