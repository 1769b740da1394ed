//! Estimators of the mode from mean, median and standard deviation.

/// Mode by Pearson's rule, `median_factor * median - mean_factor * mean` (3 and 2 are usual).
///
/// ```
/// assert_eq!(skyphot_stats::mode_estimate(10.0, 11.0, 3.0, 2.0), 8.0);
/// ```
#[must_use]
#[doc(alias = "ModeEstimatorBackground")]
pub fn mode_estimate(median: f64, mean: f64, median_factor: f64, mean_factor: f64) -> f64 {
    median_factor * median - mean_factor * mean
}

/// The mode as DAOPHOT's MMM takes it: `3 median - 2 mean`.
#[must_use]
#[doc(alias = "MMMBackground")]
pub fn mmm_mode(median: f64, mean: f64) -> f64 {
    mode_estimate(median, mean, 3.0, 2.0)
}

/// SExtractor's mode: the mean if `std` is 0, `2.5 median - 1.5 mean` if `|mean - median| / std` is below 0.3, else
/// the median (Bertin & Arnouts 1996, A&AS 117, 393).
#[must_use]
#[doc(alias = "SExtractorBackground")]
pub fn sextractor_mode(median: f64, mean: f64, std: f64) -> f64 {
    if std == 0.0 {
        mean
    } else if (mean - median).abs() / std < 0.3 {
        2.5 * median - 1.5 * mean
    } else {
        median
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        assert_eq!(mmm_mode(5.0, 6.0), 3.0);
        assert_eq!(sextractor_mode(5.0, 6.0, 0.0), 6.0);
        assert_eq!(sextractor_mode(5.0, 6.0, 2.0), 5.0);
        assert_eq!(sextractor_mode(5.0, 6.0, 10.0), 3.5);
    }
}
