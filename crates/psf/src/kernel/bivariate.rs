//! Probability of a correlated bivariate normal distribution in rectangles.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::quadrature::Legendre;

/// `P(X > h, Y > k)` for unit variances and correlation `rho`, after Drezner & Wesolowsky 1990 (J. Stat. Comput. Simul.
/// 35, 101): the correlation is turned on from 0 along `rho = sin(angle)`.
pub(crate) fn upper(h: f64, k: f64, rho: f64, rule: &Legendre) -> f64 {
    let tail = |t: f64| 0.5 * libm::erfc(t * FRAC_1_SQRT_2);
    let independent = tail(h) * tail(k);
    let end = rho.clamp(-1.0, 1.0).asin();
    // The integrand sharpens towards an angle of 90 degrees: ever shorter pieces, halving the distance to it.
    let mut sum = 0.0;
    let quarter = 0.5 * PI;
    let (mut from, to, sign) = (0.0, end.abs(), end.signum());
    while from < to {
        let piece = if from < 0.5 { 0.5 } else { (quarter - from) * 0.35 };
        let next = if to - from < piece * 1.5 { to } else { from + piece };
        let half = 0.5 * (next - from);
        for (x, w) in rule.iter() {
            let (s, c) = (sign * (from + half * (1.0 + x))).sin_cos();
            sum += half * w * (-(h * h + k * k - 2.0 * h * k * s) / (2.0 * c * c)).exp();
        }
        from = next;
    }
    independent + sign * sum / (2.0 * PI)
}

/// Probability between the edges of a pixel, from the four corners of the lattice.
pub(crate) fn rectangle(corners: [f64; 4]) -> f64 {
    let [lower_left, lower_right, upper_left, upper_right] = corners;
    (lower_left - lower_right - upper_left + upper_right).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_at_the_origin() {
        let rule = Legendre::new(20);
        for rho in [-0.999, -0.9, -0.3, 0.0, 0.4, 0.95, 0.9999] {
            let expected = 0.25 + f64::asin(rho) / (2.0 * PI);
            assert!((upper(0.0, 0.0, rho, &rule) - expected).abs() < 1e-14, "{rho}");
        }
        // X = Y in the limit: P(X > max(h, k)).
        let p = upper(0.3, -0.4, 1.0 - 1e-9, &rule);
        assert!((p - 0.5 * libm::erfc(0.3 * FRAC_1_SQRT_2)).abs() < 1e-12, "{p}");
    }
}
