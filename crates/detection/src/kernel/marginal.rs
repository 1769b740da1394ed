//! DAOFIND's fits of 1-D Gaussians to the marginal distributions of a star (Stetson 1987, PASP 99, 191).

use crate::DensityKernel;

/// The axis a marginal distribution runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Along {
    X,
    Y,
}

/// Weights and sums of the kernel for one axis; one value serves all sources.
#[derive(Debug)]
pub(crate) struct Marginal {
    along: Along,
    /// Shape of the cutout.
    ky: usize,
    kx: usize,
    /// Triangular weights along the axis and across it.
    weight: Vec<f64>,
    across: Vec<f64>,
    /// Marginal distribution of the Gaussian and its derivative (up to a factor).
    model: Vec<f64>,
    slope: Vec<f64>,
    /// Offsets of the first moment that stands in where the fit fails.
    offset: Vec<f64>,
    sigma: f64,
    sum_w: f64,
    sum_m: f64,
    sum_mm: f64,
    sum_s: f64,
    sum_ss: f64,
    sum_ms: f64,
}

/// Triangle 1, 2, ..., c + 1, ..., 2, 1.
fn triangle(n: usize) -> Vec<f64> {
    let c = (n - 1) / 2;
    (0..n).map(|i| (c + 1 - i.abs_diff(c)) as f64).collect()
}

impl Marginal {
    pub(crate) fn new(kernel: &DensityKernel, along: Along) -> Self {
        let (ky, kx) = kernel.shape();
        let (n, m) = if along == Along::X { (kx, ky) } else { (ky, kx) };
        let (weight, across) = (triangle(n), triangle(m));
        let c = ((n - 1) / 2) as f64;
        let gaussian = kernel.gaussian();
        let mut model = vec![0.0; n];
        for ((y, x), g) in gaussian.indexed_iter() {
            let (i, k) = if along == Along::X { (x, y) } else { (y, x) };
            model[i] += g * across[k];
        }
        let slope: Vec<f64> = model.iter().enumerate().map(|(i, v)| v * (c - i as f64)).collect();
        let sum = |f: &dyn Fn(usize) -> f64| (0..n).map(|i| f(i) * weight[i]).sum::<f64>();
        // DAOFIND counts the offsets downwards in x, upwards in y.
        let sign = if along == Along::X { 1.0 } else { -1.0 };
        let (x_sigma, y_sigma) = kernel.sigmas();
        Self {
            along,
            ky,
            kx,
            offset: (0..n).map(|i| sign * (c - i as f64)).collect(),
            sigma: if along == Along::X { x_sigma } else { y_sigma },
            sum_w: weight.iter().sum(),
            sum_m: sum(&|i| model[i]),
            sum_mm: sum(&|i| model[i] * model[i]),
            sum_s: sum(&|i| slope[i]),
            sum_ss: sum(&|i| slope[i] * slope[i]),
            sum_ms: sum(&|i| model[i] * slope[i]),
            weight,
            across,
            model,
            slope,
        }
    }

    /// `(shift, height)` of the best Gaussian for a cutout: pixels from its central pixel, and data units. Both are NaN
    /// if the height is not positive.
    pub(crate) fn fit(&self, cutout: &[f64]) -> (f64, f64) {
        let n = self.weight.len();
        let (mut d, mut dm, mut ds, mut dx) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..n {
            let marginal: f64 = match self.along {
                Along::X => (0..self.ky).map(|k| cutout[k * self.kx + i] * self.across[k]).sum(),
                Along::Y => (0..self.kx).map(|k| cutout[i * self.kx + k] * self.across[k]).sum(),
            };
            let w = self.weight[i];
            d += marginal * w;
            dm += marginal * self.model[i] * w;
            ds += marginal * self.slope[i] * w;
            dx += marginal * self.offset[i] * w;
        }
        let numerator = dm - d * self.sum_m / self.sum_w;
        let denominator = self.sum_mm - self.sum_m * self.sum_m / self.sum_w;
        if numerator <= 0.0 || denominator <= 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let height = numerator / denominator;
        let mut shift =
            (self.sum_ms - (ds - self.sum_s * d)) / (height * self.sum_ss / (self.sigma * self.sigma));
        let half = n as f64 / 2.0;
        if shift.abs() > half {
            shift = if d == 0.0 { 0.0 } else { dx / d };
            if shift.abs() > half {
                shift = 0.0;
            }
        }
        (shift, height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centred_gaussian_is_found_at_the_centre() {
        let kernel = DensityKernel::new(3.0, 1.0, 0.0, 1.5).unwrap();
        let star: Vec<f64> = kernel.gaussian().iter().map(|g| 50.0 * g).collect();
        for along in [Along::X, Along::Y] {
            let (shift, height) = Marginal::new(&kernel, along).fit(&star);
            assert!(shift.abs() < 1e-12 && (height - 50.0).abs() < 1e-10);
            assert!(Marginal::new(&kernel, along).fit(&[0.0; 25]).0.is_nan());
        }
        assert_eq!(triangle(5), [1.0, 2.0, 3.0, 2.0, 1.0]);
    }
}
