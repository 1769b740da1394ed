//! The median absolute deviation.

use crate::kernel;

/// Standard deviation of a Gaussian over its median absolute deviation, `1 / Phi^-1(3/4)`.
pub const MAD_TO_STD: f64 = 1.482_602_218_505_602;

/// Median of `|v - median|`; NaN if the slice is empty or holds a NaN.
#[must_use]
pub fn median_absolute_deviation(values: &[f64]) -> f64 {
    if values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    let mut v = values.to_vec();
    let m = kernel::median_in_place(&mut v);
    kernel::mad_in_place(&mut v, m)
}

/// Robust standard deviation, [`MAD_TO_STD`] times the median absolute deviation.
///
/// ```
/// use skyphot_stats::mad_std;
/// assert!((mad_std(&[1.0, 2.0, 3.0, 4.0, 100.0]) - 1.4826).abs() < 1e-4);
/// ```
#[must_use]
pub fn mad_std(values: &[f64]) -> f64 {
    MAD_TO_STD * median_absolute_deviation(values)
}

/// [`mad_std`] of the values that are not NaN.
#[must_use]
#[doc(alias = "ignore_nan")]
pub fn nan_mad_std(values: &[f64]) -> f64 {
    mad_std(&crate::descriptive::without_nan(values))
}
