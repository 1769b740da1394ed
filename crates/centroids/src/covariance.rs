//! Second moments of a source and the ellipse they describe.

/// Relative tolerance of the test for positive semidefinite matrices: the determinant of an exactly thin source comes
/// out a few roundings beside 0.
const PSD_TOLERANCE: f64 = 1000.0 * f64::EPSILON;

/// The symmetric 2 x 2 covariance of a source: normalised second central moments, square pixels.
///
/// ```
/// use skyphot_centroids::Covariance;
/// let c = Covariance { xx: 4.0, xy: 0.0, yy: 1.0 };
/// assert_eq!(c.eigenvalues(), (4.0, 1.0));
/// assert_eq!(c.orientation(), 0.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Covariance {
    /// Variance along x.
    pub xx: f64,
    /// Covariance of x and y.
    pub xy: f64,
    /// Variance along y.
    pub yy: f64,
}

impl Covariance {
    /// Variance of a uniform distribution over one pixel, 1/12: nothing resolved is narrower.
    pub const PIXEL_VARIANCE: f64 = 1.0 / 12.0;

    /// No answer.
    pub const NAN: Self = Self { xx: f64::NAN, xy: f64::NAN, yy: f64::NAN };

    /// From central moments `mu[i][j] = sum (y - yc)^i (x - xc)^j I`; not finite for a total of 0.
    #[must_use]
    pub fn from_central_moments<const N: usize>(mu: &[[f64; N]; N]) -> Self {
        const { assert!(N >= 3, "moments up to the second order are needed") };
        let total = mu[0][0];
        Self { xx: mu[0][2] / total, xy: mu[1][1] / total, yy: mu[2][0] / total }
    }

    /// `xx yy - xy^2`.
    #[must_use]
    pub fn determinant(&self) -> f64 {
        self.xx * self.yy - self.xy * self.xy
    }

    fn root(&self) -> f64 {
        (0.5 * (self.xx - self.yy)).hypot(self.xy)
    }

    /// The smaller eigenvalue, variance along the minor axis, without cancellation for thin sources.
    #[must_use]
    pub fn min_eigenvalue(&self) -> f64 {
        let half_trace = 0.5 * (self.xx + self.yy);
        let root = self.root();
        if half_trace > 0.0 { self.determinant() / (half_trace + root) } else { half_trace - root }
    }

    /// The larger eigenvalue, variance along the major axis.
    #[must_use]
    pub fn max_eigenvalue(&self) -> f64 {
        0.5 * (self.xx + self.yy) + self.root()
    }

    /// All elements are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.xx.is_finite() && self.xy.is_finite() && self.yy.is_finite()
    }

    /// Not positive semidefinite: it describes no ellipse. False where elements are NaN.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        let trace = self.xx + self.yy;
        self.determinant() < -PSD_TOLERANCE * (trace * trace) || trace < 0.0
    }

    /// The variance along the minor axis is below that of one pixel: at least one axis is not resolved.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        self.min_eigenvalue() < Self::PIXEL_VARIANCE && !self.is_invalid()
    }

    /// The matrix with each eigenvalue raised to at least `minimum`; the axes stay where they are. Matrices that are not
    /// finite come back as they are.
    #[must_use]
    pub fn floored(&self, minimum: f64) -> Self {
        let (low, high) = (self.min_eigenvalue(), self.max_eigenvalue());
        if high < minimum {
            return Self { xx: minimum, xy: 0.0, yy: minimum };
        }
        if !(low < minimum && low.is_finite() && high.is_finite()) {
            return *self;
        }
        // (high - C) / (high - low) projects onto the minor axis.
        let factor = (minimum - low) / (high - low);
        Self {
            xx: self.xx + factor * (high - self.xx),
            xy: self.xy - factor * self.xy,
            yy: self.yy + factor * (high - self.yy),
        }
    }

    /// The covariance that shapes are taken from: eigenvalues of at least 1/12, NaN if it describes no ellipse.
    #[must_use]
    pub fn regularized(&self) -> Self {
        if self.is_invalid() { Self::NAN } else { self.floored(Self::PIXEL_VARIANCE) }
    }

    /// Both eigenvalues, the larger first; NaN if one is negative or not finite.
    #[must_use]
    pub fn eigenvalues(&self) -> (f64, f64) {
        let high = self.max_eigenvalue();
        let low = if self.determinant().is_finite() {
            self.min_eigenvalue()
        } else {
            // The determinant overflows before the eigenvalues do.
            self.xx * (self.yy / high) - self.xy * (self.xy / high)
        };
        if high.is_finite() && low.is_finite() && low >= 0.0 { (high, low) } else { (f64::NAN, f64::NAN) }
    }

    /// Angle of the major axis from +x towards +y, radians in (-pi/2, pi/2]; 0 for a round source.
    #[must_use]
    pub fn orientation(&self) -> f64 {
        // Adding 0 makes -0 positive: pi/2, not -pi/2.
        0.5 * (2.0 * self.xy + 0.0).atan2(self.xx - self.yy)
    }

    /// `J C J^T`: the covariance after a linear map `[[a, b], [c, d]]` of the coordinates.
    #[must_use]
    pub fn mapped(&self, j: [[f64; 2]; 2]) -> Self {
        let [[a, b], [c, d]] = j;
        // Rows of J C.
        let (u0, u1) = (a * self.xx + b * self.xy, a * self.xy + b * self.yy);
        let (v0, v1) = (c * self.xx + d * self.xy, c * self.xy + d * self.yy);
        Self { xx: u0 * a + u1 * b, xy: u0 * c + u1 * d, yy: v0 * c + v1 * d }
    }
}

/// The ellipse of a covariance: what catalogues say about the shape of a source. Everything is NaN where the covariance
/// is not positive semidefinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EllipseShape {
    /// 1-sigma length of the semimajor axis, pixels.
    #[doc(alias = "A_IMAGE")]
    pub semimajor_axis: f64,
    /// 1-sigma length of the semiminor axis, pixels.
    #[doc(alias = "B_IMAGE")]
    pub semiminor_axis: f64,
    /// Angle of the major axis from +x towards +y, radians.
    #[doc(alias = "THETA_IMAGE")]
    pub orientation: f64,
    /// Eigenvalues of the covariance, the larger first, square pixels.
    pub eigenvalues: (f64, f64),
}

impl EllipseShape {
    /// The ellipse of a (regularized) covariance.
    #[must_use]
    pub fn new(covariance: &Covariance) -> Self {
        let (high, low) = covariance.eigenvalues();
        Self {
            semimajor_axis: high.sqrt(),
            semiminor_axis: low.sqrt(),
            orientation: covariance.orientation(),
            eigenvalues: (high, low),
        }
    }

    /// Full width at half maximum of the circular Gaussian with the same mean variance, pixels:
    /// `2 sqrt(ln 2 (a^2 + b^2))`.
    #[must_use]
    pub fn fwhm(&self) -> f64 {
        let (a, b) = (self.semimajor_axis, self.semiminor_axis);
        2.0 * (std::f64::consts::LN_2 * (a * a + b * b)).sqrt()
    }

    /// `sqrt(1 - b^2 / a^2)`.
    #[must_use]
    pub fn eccentricity(&self) -> f64 {
        (1.0 - self.eigenvalues.1 / self.eigenvalues.0).sqrt()
    }

    /// `a / b`.
    #[must_use]
    pub fn elongation(&self) -> f64 {
        self.semimajor_axis / self.semiminor_axis
    }

    /// `1 - b / a`.
    #[must_use]
    pub fn ellipticity(&self) -> f64 {
        1.0 - self.semiminor_axis / self.semimajor_axis
    }

    /// The coefficients `(cxx, cyy, cxy)` of the ellipse `cxx x^2 + cxy x y + cyy y^2 = R^2` about the centre, per
    /// square pixel.
    #[must_use]
    #[doc(alias = "CXX_IMAGE")]
    pub fn coefficients(&self) -> (f64, f64, f64) {
        let (sin, cos) = self.orientation.sin_cos();
        let (a, b) = (self.semimajor_axis, self.semiminor_axis);
        let sq = |v: f64| v * v;
        (
            sq(cos / a) + sq(sin / b),
            sq(sin / a) + sq(cos / b),
            2.0 * cos * sin * (1.0 / (a * a) - 1.0 / (b * b)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-14 * b.abs().max(1.0), "{a} {b}");
    }

    #[test]
    fn axes_of_a_turned_ellipse() {
        // Variances 9 and 1, turned by 30 degrees.
        let (s, c) = 0.5235987755982988_f64.sin_cos();
        let m = Covariance { xx: 9.0 * c * c + s * s, xy: 8.0 * s * c, yy: 9.0 * s * s + c * c };
        let e = EllipseShape::new(&m);
        close(e.semimajor_axis, 3.0);
        close(e.semiminor_axis, 1.0);
        close(e.orientation, 0.5235987755982988);
        close(e.elongation(), 3.0);
        close(e.ellipticity(), 2.0 / 3.0);
        close(e.eccentricity(), (8.0_f64 / 9.0).sqrt());
        let (cxx, cyy, cxy) = e.coefficients();
        // The end of the major axis lies on R = 1.
        let (x, y) = (3.0 * c, 3.0 * s);
        close(cxx * x * x + cyy * y * y + cxy * x * y, 1.0);
        assert!(!m.is_singular() && !m.is_invalid());
        assert_eq!(m.regularized(), m);
    }

    #[test]
    fn what_is_not_resolved_is_widened() {
        let point = Covariance { xx: 0.0, xy: 0.0, yy: 0.0 };
        assert!(point.is_singular());
        assert_eq!(point.regularized(), Covariance { xx: 1.0 / 12.0, xy: 0.0, yy: 1.0 / 12.0 });
        let thin = Covariance { xx: 2.0, xy: 2.0, yy: 2.0 }.regularized();
        close(thin.min_eigenvalue(), 1.0 / 12.0);
        close(thin.max_eigenvalue(), 4.0);
        close(thin.orientation(), FRAC_PI_4);
        let upright = Covariance { xx: 0.0, xy: -0.0, yy: 3.0 };
        assert_eq!(upright.orientation(), FRAC_PI_2);
    }

    #[test]
    fn what_is_no_ellipse_is_nan() {
        let bad = Covariance { xx: 1.0, xy: 2.0, yy: 1.0 };
        assert!(bad.is_invalid() && !bad.is_singular());
        assert!(EllipseShape::new(&bad.regularized()).semimajor_axis.is_nan());
        assert!(!Covariance::NAN.is_invalid() && !Covariance::NAN.is_singular());
        assert!(Covariance::NAN.eigenvalues().0.is_nan());
    }

    #[test]
    fn maps_are_applied() {
        let c = Covariance { xx: 2.0, xy: 0.5, yy: 1.0 };
        let m = c.mapped([[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(m, Covariance { xx: 1.0, xy: 0.5, yy: 2.0 });
    }
}
