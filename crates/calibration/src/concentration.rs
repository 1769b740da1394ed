//! Concentration of sources, and the cut between stars and extended ones.

use crate::{CalibrationError, Result, magnitude};

/// Concentration index: magnitude within the small aperture minus that within the large one, `-2.5 log10(f_small /
/// f_large)`. NaN unless both fluxes are positive.
///
/// ```
/// use skyphot_calibration::concentration_index;
/// assert!((concentration_index(10.0, 100.0) - 2.5).abs() < 1e-14);
/// ```
#[must_use]
pub fn concentration_index(small: f64, large: f64) -> f64 {
    magnitude(small, 0.0) - magnitude(large, 0.0)
}

/// A broken line in the plane of two concentration indices; sources above it are not stars.
///
/// The line goes on level beyond its ends, as `numpy.interp`.
///
/// ```
/// use skyphot_calibration::ConcentrationCut;
/// let cut = ConcentrationCut::new(&[0.6, 1.0, 2.0], &[0.0, 1.5, 0.0])?;
/// assert!((cut.limit(0.8) - 0.75).abs() < 1e-14);
/// assert!(cut.is_extended(0.8, 0.9) && !cut.is_extended(0.8, 0.7));
/// # Ok::<(), skyphot_calibration::CalibrationError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConcentrationCut {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl ConcentrationCut {
    /// Corners of the line: `x` increasing, `y` the largest index a star has there.
    ///
    /// # Errors
    /// [`CalibrationError::InvalidTable`] for no corner, a corner that is not finite, or `x` out of order.
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self> {
        crate::error::same_length("y", y.len(), "corners", x.len())?;
        let ordered = x.windows(2).all(|w| w[0] < w[1]);
        if x.is_empty() || !ordered || x.iter().chain(y).any(|v| !v.is_finite()) {
            return Err(CalibrationError::InvalidTable {
                what: "concentration cut",
                why: format!("the corners {x:?} must be finite and increase"),
            });
        }
        Ok(Self { x: x.to_vec(), y: y.to_vec() })
    }

    /// The line at an index.
    #[must_use]
    pub fn limit(&self, index: f64) -> f64 {
        if index.is_nan() {
            return f64::NAN;
        }
        let last = self.x.len() - 1;
        let k = self.x.partition_point(|x| *x <= index);
        if k == 0 {
            self.y[0]
        } else if k > last {
            self.y[last]
        } else {
            let t = (index - self.x[k - 1]) / (self.x[k] - self.x[k - 1]);
            self.y[k - 1] + t * (self.y[k] - self.y[k - 1])
        }
    }

    /// The source lies above the line. Sources without an index do not.
    #[must_use]
    pub fn is_extended(&self, index: f64, other: f64) -> bool {
        other > self.limit(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_level_and_nan_is_kept() {
        let cut =
            ConcentrationCut::new(&[0.6, 1.0, 1.3, 1.7, 1.8, 2.0], &[0.0, 1.5, 1.8, 1.9, 1.4, 0.0]).unwrap();
        assert_eq!((cut.limit(0.0), cut.limit(1.0), cut.limit(2.0), cut.limit(5.0)), (0.0, 1.5, 0.0, 0.0));
        assert!((cut.limit(1.75) - 1.65).abs() < 1e-12);
        assert!(!cut.is_extended(f64::NAN, 9.0) && !cut.is_extended(1.0, f64::NAN));
        assert!(concentration_index(-1.0, 5.0).is_nan());
        assert!(ConcentrationCut::new(&[1.0, 1.0], &[0.0, 0.0]).is_err());
        assert!(ConcentrationCut::new(&[], &[]).is_err());
        assert_eq!(ConcentrationCut::new(&[1.0], &[0.5]).unwrap().limit(-3.0), 0.5);
    }
}
