//! Pixel-phase errors.

use skyphot_core::Point;

use super::{EpsfResult, EpsfStar};

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

/// A quantity of many stars against their pixel phase along one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseTrend {
    /// Middles of the bins, -0.5 .. 0.5: where the star lies in its pixel.
    pub phase: Vec<f64>,
    /// Mean of the quantity in each bin; NaN in an empty one.
    pub mean: Vec<f64>,
    /// Error of the mean, from the spread within the bins.
    pub error: Vec<f64>,
    /// Number of stars in each bin.
    pub count: Vec<usize>,
    /// Amplitude of the sine wave of one period per pixel that fits best.
    pub amplitude: f64,
    /// Its error.
    pub amplitude_error: f64,
    /// Sum of the squared deviations of the means from their common mean in units of their errors.
    pub chi2: f64,
    /// Probability of a chi-squared at least as large without any trend; NaN with fewer than two bins.
    pub p_value: f64,
}

impl PhaseTrend {
    /// Looks for a trend of `values` with the phase of `positions` (one axis, pixels). Pairs that are not finite are left
    /// out.
    ///
    /// The quantity may be a residual of the ePSF, or, with dithered images, the deviation of a star's position or flux from
    /// its mean over all images, which shows the pixel-phase error of Anderson & King 2000 directly.
    ///
    /// ```
    /// use skyphot_psf::PhaseTrend;
    /// let x: Vec<f64> = (0..400).map(|i| 0.37 * f64::from(i)).collect();
    /// let noise = |i: usize| ((i * 7919 % 101) as f64 / 101.0 - 0.5) * 0.01;
    /// let wave = |x: f64| 0.02 * (2.0 * std::f64::consts::PI * x).sin();
    /// let biased: Vec<f64> = x.iter().enumerate().map(|(i, x)| wave(*x) + noise(i)).collect();
    /// let trend = PhaseTrend::new(&x, &biased, 8);
    /// assert!((trend.amplitude - 0.02).abs() < 0.002 && trend.p_value < 1e-6);
    /// ```
    #[must_use]
    pub fn new(positions: &[f64], values: &[f64], bins: usize) -> Self {
        let bins = bins.max(1);
        let pairs: Vec<(f64, f64)> = positions
            .iter()
            .zip(values)
            .filter(|(p, v)| p.is_finite() && v.is_finite())
            .map(|(p, v)| (p - (p + 0.5).floor(), *v))
            .collect();
        let bin = |phase: f64| (((phase + 0.5) * bins as f64) as usize).min(bins - 1);
        let (mut count, mut mean) = (vec![0_usize; bins], vec![0.0; bins]);
        for (p, v) in &pairs {
            count[bin(*p)] += 1;
            mean[bin(*p)] += v;
        }
        for (m, n) in mean.iter_mut().zip(&count) {
            *m /= *n as f64;
        }
        let square: f64 = pairs.iter().map(|(p, v)| (v - mean[bin(*p)]).powi(2)).sum();
        let used = count.iter().filter(|n| **n > 0).count();
        let freedom = pairs.len() as f64 - used as f64;
        let spread = if freedom > 0.0 { (square / freedom).sqrt() } else { f64::NAN };
        let error: Vec<f64> = count.iter().map(|n| spread / (*n as f64).sqrt()).collect();
        let total = pairs.iter().map(|p| p.1).sum::<f64>() / pairs.len() as f64;
        let deviation = |i: usize| ((mean[i] - total) / error[i]).powi(2);
        let chi2 = (0..bins).filter(|i| count[*i] > 0).map(deviation).sum();
        let wave = |f: fn(f64) -> f64| {
            let sum = |g: &dyn Fn(f64, f64) -> f64| {
                pairs.iter().map(|(p, v)| g(f(2.0 * std::f64::consts::PI * p), v - total)).sum::<f64>()
            };
            sum(&|w, v| w * v) / sum(&|w, _| w * w)
        };
        Self {
            phase: (0..bins).map(|i| (i as f64 + 0.5) / bins as f64 - 0.5).collect(),
            amplitude: wave(f64::sin).hypot(wave(f64::cos)),
            amplitude_error: spread * (2.0 / pairs.len() as f64).sqrt(),
            p_value: chi2_survival(chi2, used as f64 - 1.0),
            mean,
            error,
            count,
            chi2,
        }
    }
}

/// Trends of an ePSF's residuals with pixel phase: an ePSF that is right at all phases has none.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseBias {
    /// Residual of the central pixel over the flux and the ePSF's peak, against the phase along x.
    pub center_x: PhaseTrend,
    /// The same along y.
    pub center_y: PhaseTrend,
    /// Difference of the residuals right and left of the central pixel over the flux and the ePSF's peak, against the phase
    /// along x.
    pub odd_x: PhaseTrend,
    /// Difference of the residuals above and below it, against the phase along y.
    pub odd_y: PhaseTrend,
    /// Probability that positions without bias are spread over the phases at least as unevenly.
    pub uniformity_p_value: f64,
}

impl EpsfResult {
    /// Looks for trends of the residuals of the stars with their pixel phases, in `bins` bins along each axis.
    #[must_use]
    pub fn phase_bias(&self, bins: usize) -> PhaseBias {
        let peak = self.data().iter().fold(0.0_f64, |m, v| m.max(*v));
        let stars: Vec<&EpsfStar> = self.stars.good_cutouts().filter(|s| !s.fit_failed()).collect();
        let mut rows: [Vec<f64>; 3] = Default::default();
        for star in &stars {
            let residual = star.residual(&self.epsf);
            let (c, weights) = (star.cutout_center(), star.weights());
            let at = |dx: f64, dy: f64| {
                let (x, y) = ((c.x + 0.5).floor() + dx, (c.y + 0.5).floor() + dy);
                let (ny, nx) = star.shape();
                let there = x >= 0.0 && y >= 0.0 && x < nx as f64 && y < ny as f64;
                match there && weights[[y as usize, x as usize]] > 0.0 {
                    true => residual[[y as usize, x as usize]] / (star.flux() * peak),
                    false => f64::NAN,
                }
            };
            rows[0].push(at(0.0, 0.0));
            rows[1].push(at(1.0, 0.0) - at(-1.0, 0.0));
            rows[2].push(at(0.0, 1.0) - at(0.0, -1.0));
        }
        let x: Vec<f64> = stars.iter().map(|s| s.center().x).collect();
        let y: Vec<f64> = stars.iter().map(|s| s.center().y).collect();
        PhaseBias {
            center_x: PhaseTrend::new(&x, &rows[0], bins),
            center_y: PhaseTrend::new(&y, &rows[0], bins),
            odd_x: PhaseTrend::new(&x, &rows[1], bins),
            odd_y: PhaseTrend::new(&y, &rows[2], bins),
            uniformity_p_value: self.phase_p_value,
        }
    }
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
