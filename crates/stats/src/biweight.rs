//! Tukey's biweight estimators of location and scale.
//!
//! Beers, Flynn & Gebhardt 1990, AJ 100, 32.

use crate::{descriptive::without_nan, kernel};

/// Median and median absolute deviation about the *sample* median of the values that are not NaN; `center` replaces
/// the median as reference point only.
fn prepare(values: &[f64], center: Option<f64>) -> (Vec<f64>, f64, f64) {
    let v = without_nan(values);
    let mut scratch = v.clone();
    let median = kernel::median_in_place(&mut scratch);
    let mad = kernel::mad_in_place(&mut scratch, median);
    (v, center.unwrap_or(median), mad)
}

/// Biweight location with tuning constant `c` (6 is usual) about `center` (`None` = the median). NaN values are
/// ignored; NaN for no values; the reference point itself if the MAD is 0.
///
/// ```
/// let v = [1.0, 2.0, 3.0, 4.0, 1000.0];
/// assert!((skyphot_stats::biweight_location(&v, 6.0, None) - 2.5).abs() < 0.1);
/// ```
#[must_use]
pub fn biweight_location(values: &[f64], c: f64, center: Option<f64>) -> f64 {
    let (v, m, mad) = prepare(values, center);
    kernel::biweight::location_about(&v, c, m, mad)
}

/// Biweight midvariance with tuning constant `c` (9 is usual) about `center` (`None` = the median). NaN values are
/// ignored; NaN for no values; 0 if the MAD is 0. `modify_sample_size` counts only the values with weight.
#[must_use]
pub fn biweight_midvariance(values: &[f64], c: f64, center: Option<f64>, modify_sample_size: bool) -> f64 {
    let (v, m, mad) = prepare(values, center);
    kernel::biweight::midvariance_about(&v, c, m, mad, modify_sample_size)
}

/// Biweight scale, the square root of [`biweight_midvariance`].
#[must_use]
pub fn biweight_scale(values: &[f64], c: f64, center: Option<f64>, modify_sample_size: bool) -> f64 {
    biweight_midvariance(values, c, center, modify_sample_size).sqrt()
}
