//! Histogram equalisation.

use std::sync::Arc;

use crate::{PlotError, Result};

/// The stretch that gives every colour the same number of pixels: the rank of a value among the data.
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "HistEqStretch")]
pub struct HistEq {
    sorted: Arc<[f64]>,
}

impl HistEq {
    /// From data in any order; smallest and largest finite value become 0 and 1.
    ///
    /// # Errors
    /// [`PlotError::NoGoodPixels`] without a finite value.
    pub fn new(mut data: Vec<f64>) -> Result<Self> {
        data.retain(|v| v.is_finite());
        data.sort_unstable_by(f64::total_cmp);
        let (Some(&lo), Some(&hi)) = (data.first(), data.last()) else { return Err(PlotError::NoGoodPixels) };
        let range = if hi > lo { hi - lo } else { 1.0 };
        for v in &mut data {
            *v = (*v - lo) / range;
        }
        Ok(Self { sorted: data.into() })
    }

    fn rank(&self, i: usize) -> f64 {
        if self.sorted.len() > 1 { i as f64 / (self.sorted.len() - 1) as f64 } else { 0.0 }
    }

    /// The stretched value, interpolated between ranks; 0 and 1 outside the data, NaN for NaN.
    #[must_use]
    pub fn apply(&self, x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let above = self.sorted.partition_point(|v| *v <= x);
        if above == 0 {
            return 0.0;
        }
        if above == self.sorted.len() {
            return self.rank(above - 1);
        }
        let (a, b) = (self.sorted[above - 1], self.sorted[above]);
        let (ra, rb) = (self.rank(above - 1), self.rank(above));
        (rb - ra) / (b - a) * (x - a) + ra
    }

    /// The value that is stretched to `y`.
    #[must_use]
    pub fn inverse(&self, y: f64) -> f64 {
        if y.is_nan() {
            return y;
        }
        let n = self.sorted.len();
        let position = y.clamp(0.0, 1.0) * (n - 1) as f64;
        let i = position.floor() as usize;
        if i + 1 >= n {
            return self.sorted[n - 1];
        }
        let t = position - i as f64;
        self.sorted[i] + (self.sorted[i + 1] - self.sorted[i]) * t
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_back() {
        let h = HistEq::new(vec![10.0, 0.0, f64::NAN, 1.0, 5.0, 2.0]).unwrap();
        assert_eq!(h.apply(0.1), 0.25);
        assert_eq!(h.apply(0.15), 0.375);
        assert!((h.inverse(0.375) - 0.15).abs() < 1e-15);
        assert_eq!((h.apply(-1.0), h.apply(3.0)), (0.0, 1.0));
        assert!(HistEq::new(vec![f64::NAN]).is_err());
        assert_eq!(HistEq::new(vec![3.0, 3.0]).unwrap().inverse(1.0), 0.0);
    }
}
