//! The gamma function for positive arguments (Lanczos 1964, g = 7, nine terms; good to 1e-14).

const COEFFICIENTS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// Gamma function, `x > 0`.
pub(crate) fn gamma(x: f64) -> f64 {
    if x < 0.5 {
        return std::f64::consts::PI / ((std::f64::consts::PI * x).sin() * gamma(1.0 - x));
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let sum =
        COEFFICIENTS[1..].iter().enumerate().fold(COEFFICIENTS[0], |s, (i, c)| s + c / (x + 1.0 + i as f64));
    (2.0 * std::f64::consts::PI).sqrt() * t.powf(x + 0.5) * (-t).exp() * sum
}

/// Regularised lower incomplete gamma function `P(a, x)` by its power series, for `x` not much above `a`.
pub(crate) fn lower_gamma_fraction(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let (mut term, mut sum, mut k) = (a.recip(), a.recip(), a);
    while term > 1e-17 * sum {
        k += 1.0;
        term *= x / k;
        sum += term;
    }
    (sum * (a * x.ln() - x).exp() / gamma(a)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        let root_pi = std::f64::consts::PI.sqrt();
        for (x, expected) in
            [(0.5, root_pi), (1.0, 1.0), (2.0, 1.0), (5.0, 24.0), (8.0, 5040.0), (2.5, 0.75 * root_pi)]
        {
            assert!((gamma(x) / expected - 1.0).abs() < 1e-13, "{x}");
        }
    }

    #[test]
    fn incomplete_gamma_of_whole_numbers() {
        for x in [0.1_f64, 1.0, 5.0, 30.0] {
            assert!((lower_gamma_fraction(1.0, x) - (1.0 - (-x).exp())).abs() < 1e-13);
            assert!((lower_gamma_fraction(2.0, x) - (1.0 - (1.0 + x) * (-x).exp())).abs() < 1e-13);
        }
    }
}
