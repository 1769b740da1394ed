//! Limits of the parameters.

use crate::{FitError, Result};

/// A closed interval per parameter; infinite ends are no limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds<const N: usize> {
    lower: [f64; N],
    upper: [f64; N],
}

impl<const N: usize> Default for Bounds<N> {
    fn default() -> Self {
        Self { lower: [f64::NEG_INFINITY; N], upper: [f64::INFINITY; N] }
    }
}

impl<const N: usize> Bounds<N> {
    /// Limits for every parameter.
    ///
    /// # Errors
    /// [`FitError::InvalidBounds`] if a lower bound is not at or below its upper bound.
    pub fn new(lower: [f64; N], upper: [f64; N]) -> Result<Self> {
        for i in 0..N {
            if lower[i].is_nan() || upper[i].is_nan() || lower[i] > upper[i] {
                return Err(FitError::InvalidBounds { index: i, lower: lower[i], upper: upper[i] });
            }
        }
        Ok(Self { lower, upper })
    }

    /// Lower limits.
    #[must_use]
    pub fn lower(&self) -> &[f64; N] {
        &self.lower
    }

    /// Upper limits.
    #[must_use]
    pub fn upper(&self) -> &[f64; N] {
        &self.upper
    }

    /// The nearest point within the limits.
    #[must_use]
    pub fn clamp(&self, mut p: [f64; N]) -> [f64; N] {
        for ((p, lower), upper) in p.iter_mut().zip(self.lower).zip(self.upper) {
            *p = p.clamp(lower, upper);
        }
        p
    }

    /// A step against gradient component `g` would leave the limits at once.
    pub(crate) fn blocks(&self, i: usize, p: f64, g: f64) -> bool {
        (p <= self.lower[i] && g > 0.0) || (p >= self.upper[i] && g < 0.0)
    }
}
