//! Moments of pixels and the ellipse they describe.
//!
//! The ellipse is that of the Gaussian of the same second moments (Stobie 1980, J. Brit. Interplan. Soc. 33, 323).

/// Variance of a uniform distribution over one pixel: the least variance a source can have along an axis.
const PIXEL_VARIANCE: f64 = 1.0 / 12.0;
/// A determinant counts as negative below this times the squared trace.
const PSD_RTOL: f64 = 1000.0 * f64::EPSILON;

/// First and second moments of some pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moments {
    /// Sum of the values.
    pub(crate) total: f64,
    /// Centroid from the origin.
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Covariance matrix.
    pub(crate) raw: Covariance,
}

/// A symmetric 2 by 2 matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Covariance {
    pub(crate) xx: f64,
    pub(crate) xy: f64,
    pub(crate) yy: f64,
}

impl Covariance {
    const NAN: Self = Self { xx: f64::NAN, xy: f64::NAN, yy: f64::NAN };

    fn determinant(&self) -> f64 {
        self.xx * self.yy - self.xy * self.xy
    }

    /// Larger and smaller eigenvalue; the smaller one without cancellation.
    fn eigenvalues(&self) -> (f64, f64) {
        let half_trace = 0.5 * (self.xx + self.yy);
        let root = (0.5 * (self.xx - self.yy)).hypot(self.xy);
        let det = self.determinant();
        let small = if half_trace > 0.0 { det / (half_trace + root) } else { half_trace - root };
        (half_trace + root, small)
    }

    /// The matrix is that of no ellipse: it is not positive semidefinite.
    pub(crate) fn is_invalid(&self) -> bool {
        let trace = self.xx + self.yy;
        self.determinant() < -PSD_RTOL * trace * trace || trace < 0.0
    }

    /// The source is unresolved along at least one axis.
    pub(crate) fn is_singular(&self) -> bool {
        self.eigenvalues().1 < PIXEL_VARIANCE && !self.is_invalid()
    }

    /// The matrix with both variances raised to at least that of a pixel; NaN if it is invalid.
    pub(crate) fn regularized(&self) -> Self {
        if self.is_invalid() {
            return Self::NAN;
        }
        let (large, small) = self.eigenvalues();
        if large < PIXEL_VARIANCE {
            return Self { xx: PIXEL_VARIANCE, xy: 0.0, yy: PIXEL_VARIANCE };
        }
        if !(small < PIXEL_VARIANCE && large.is_finite() && small.is_finite()) {
            return *self;
        }
        // Add the projector on the minor axis, (large I - C) / (large - small), as often as it takes.
        let f = (PIXEL_VARIANCE - small) / (large - small);
        Self {
            xx: self.xx + f * (large - self.xx),
            xy: self.xy - f * self.xy,
            yy: self.yy + f * (large - self.yy),
        }
    }

    /// Variances along the major and minor axis; NaN if they are not those of an ellipse.
    pub(crate) fn axes_squared(&self) -> (f64, f64) {
        let (large, mut small) = self.eigenvalues();
        if !self.determinant().is_finite() {
            small = self.xx * (self.yy / large) - self.xy * (self.xy / large);
        }
        if large.is_finite() && small.is_finite() && small >= 0.0 {
            (large, small)
        } else {
            (f64::NAN, f64::NAN)
        }
    }

    /// Angle of the major axis, degrees in (-90, 90] counter-clockwise from +x.
    pub(crate) fn orientation_deg(&self) -> f64 {
        // Adding 0 turns -0 into 0, which keeps the angle at 90 instead of -90.
        (0.5 * (2.0 * self.xy + 0.0).atan2(self.xx - self.yy)).to_degrees()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ellipses() {
        let c = Covariance { xx: 4.0, xy: 0.0, yy: 9.0 };
        assert_eq!(c.axes_squared(), (9.0, 4.0));
        assert_eq!(c.orientation_deg(), 90.0);
        assert_eq!(c.regularized(), c);
        assert_eq!(Covariance { xx: 4.0, xy: -0.0, yy: 9.0 }.orientation_deg(), 90.0);
        let thin = Covariance { xx: 2.0, xy: 2.0, yy: 2.0 };
        assert!(thin.is_singular() && !thin.is_invalid());
        let (large, small) = thin.regularized().axes_squared();
        assert!((large - 4.0).abs() < 1e-15 && (small - PIXEL_VARIANCE).abs() < 1e-15);
        assert_eq!(thin.regularized().orientation_deg(), 45.0);
        assert!(Covariance { xx: 1.0, xy: 2.0, yy: 1.0 }.is_invalid());
        assert!(Covariance { xx: -1.0, xy: 0.0, yy: 0.5 }.regularized().xx.is_nan());
    }
}
