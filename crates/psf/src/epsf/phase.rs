//! Pixel-phase errors.

use skyphot_core::Point;

/// Bins of the pixel phase along each axis in the test of uniformity.
const UNIFORMITY_BINS: usize = 4;

/// Probability of a chi-squared at least as large by chance.
pub(crate) fn chi2_survival(chi2: f64, degrees: f64) -> f64 {
    if !(degrees > 0.0) || chi2.is_nan() {
        return f64::NAN;
    }
    upper_gamma(0.5 * degrees, 0.5 * chi2.max(0.0))
}

/// The regularised upper incomplete gamma function Q(a, x): a series below `a + 1`, a continued fraction above (Lentz).
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..10_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return (1.0 - front * sum).clamp(0.0, 1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let an = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        let delta = d * c;
        h *= delta;
        if (delta - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (front * h).clamp(0.0, 1.0)
}

/// Probability of phases at least as unevenly spread by chance, from 4 bins along each axis.
pub(crate) fn uniformity_p_value(centers: &[Point]) -> f64 {
    if centers.is_empty() {
        return f64::NAN;
    }
    let expected = centers.len() as f64 / UNIFORMITY_BINS as f64;
    let mut chi2 = 0.0;
    for f in [|p: &Point| p.x, |p: &Point| p.y] {
        let mut count = [0.0; UNIFORMITY_BINS];
        for p in centers {
            let bin = (f(p).rem_euclid(1.0) * UNIFORMITY_BINS as f64) as usize;
            count[bin.min(UNIFORMITY_BINS - 1)] += 1.0;
        }
        chi2 += count.iter().map(|n| (n - expected) * (n - expected) / expected).sum::<f64>();
    }
    chi2_survival(chi2, 2.0 * (UNIFORMITY_BINS as f64 - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survival_function() {
        // scipy.stats.chi2.sf
        for (x, k, p) in [
            (1.0, 1.0, 0.317_310_507_862_911_15),
            (12.5, 6.0, 0.051_699_974_835_848_345),
            (100.0, 6.0, 2.509_303_552_201_055e-19),
            (3.0, 10.0, 0.981_424_063_777_859_3),
        ] {
            let q: f64 = chi2_survival(x, k);
            assert!((q / p - 1.0).abs() < 1e-9, "{x} {k} {q} {p}");
        }
        assert!(chi2_survival(1.0, 0.0).is_nan());
    }
}
