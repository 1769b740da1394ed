//! Plain statistics of slices, with and without NaN.

use crate::{Result, StatsError, kernel};

/// The values that are not NaN.
pub(crate) fn without_nan(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| !v.is_nan()).collect()
}

/// Median; NaN if the slice is empty or holds a NaN.
///
/// ```
/// assert_eq!(skyphot_stats::median(&[3.0, 1.0, 2.0, 10.0]), 2.5);
/// ```
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    if values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    kernel::median_in_place(&mut values.to_vec())
}

/// Median of the values that are not NaN; NaN if there are none.
#[must_use]
#[doc(alias = "nanmedian")]
pub fn nan_median(values: &[f64]) -> f64 {
    kernel::median_in_place(&mut without_nan(values))
}

/// Mean and standard deviation (divisor N); NaN for an empty slice.
#[must_use]
pub fn mean_std(values: &[f64]) -> (f64, f64) {
    kernel::mean_std(values)
}

/// Mean and standard deviation of the values that are not NaN.
#[must_use]
#[doc(alias = "nanmean")]
#[doc(alias = "nanstd")]
pub fn nan_mean_std(values: &[f64]) -> (f64, f64) {
    kernel::mean_std(&without_nan(values))
}

/// The quantile `q` in `[0, 1]` of the values that are not NaN, linear between neighbours (numpy's default method);
/// NaN if there are no values.
///
/// # Errors
/// [`StatsError::InvalidParameter`] if `q` lies outside `[0, 1]`.
#[doc(alias = "percentile")]
pub fn quantile(values: &[f64], q: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::InvalidParameter { name: "q", expected: "between 0 and 1", found: q });
    }
    let mut v = without_nan(values);
    if v.is_empty() {
        return Ok(f64::NAN);
    }
    let at = q * (v.len() - 1) as f64;
    let (i, t) = (at.floor() as usize, at - at.floor());
    let (_, &mut low, above) = v.select_nth_unstable_by(i, f64::total_cmp);
    if t == 0.0 {
        return Ok(low);
    }
    let high = above.iter().copied().fold(f64::INFINITY, f64::min);
    // numpy interpolates from the nearer end.
    Ok(if t < 0.5 { low + (high - low) * t } else { high - (high - low) * (1.0 - t) })
}

/// The percentile `p` in `[0, 100]`; see [`quantile`].
///
/// # Errors
/// [`StatsError::InvalidParameter`] if `p` lies outside `[0, 100]`.
pub fn percentile(values: &[f64], p: f64) -> Result<f64> {
    if !(0.0..=100.0).contains(&p) {
        return Err(StatsError::InvalidParameter { name: "p", expected: "between 0 and 100", found: p });
    }
    quantile(values, p / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        let v = [4.0, f64::NAN, 1.0, 3.0, 2.0];
        assert_eq!(quantile(&v, 0.5).unwrap(), 2.5);
        assert_eq!(quantile(&v, 0.0).unwrap(), 1.0);
        assert_eq!(quantile(&v, 1.0).unwrap(), 4.0);
        assert!((percentile(&v, 10.0).unwrap() - 1.3).abs() < 1e-15);
        assert!(quantile(&v, 1.5).is_err());
        assert!(quantile(&[], 0.5).unwrap().is_nan());
    }

    #[test]
    fn nan_is_passed_on_or_ignored() {
        let v = [1.0, f64::NAN, 3.0];
        assert!(median(&v).is_nan() && crate::mad_std(&v).is_nan());
        assert_eq!(nan_median(&v), 2.0);
        assert_eq!(nan_mean_std(&v), (2.0, 1.0));
    }
}
