//! Noise.

use ndarray::{Array2, ArrayView2};
use rand_distr::{Distribution, Normal, Poisson};
use rand_pcg::Pcg64;
use skyphot_core::random::NumpyRandom;

use crate::error::require;
use crate::{Result, SimulationError};

/// Distribution of the pixels of [`make_noise_image`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoiseDistribution {
    /// Normal distribution.
    Gaussian {
        /// Mean.
        mean: f64,
        /// Standard deviation, not negative.
        std: f64,
    },
    /// Poisson distribution.
    Poisson {
        /// Mean, not negative.
        mean: f64,
    },
}

/// An image of independent random pixels, shape `(ny, nx)`. The same seed gives the same image on every
/// machine: that of numpy's `default_rng`, and so of photutils.
///
/// ```
/// use skyphot_simulation::{NoiseDistribution, make_noise_image};
/// let noise = make_noise_image((100, 200), NoiseDistribution::Gaussian { mean: 5.0, std: 2.0 }, 1)?;
/// assert!((noise.mean().unwrap() - 5.0).abs() < 0.1);
/// # Ok::<(), skyphot_simulation::SimulationError>(())
/// ```
///
/// # Errors
/// [`SimulationError::InvalidParameter`] for a negative or non-finite mean or width.
pub fn make_noise_image(
    shape: (usize, usize),
    distribution: NoiseDistribution,
    seed: u64,
) -> Result<Array2<f64>> {
    match distribution {
        NoiseDistribution::Gaussian { mean, std } => {
            require(mean.is_finite(), "the mean of the noise", "finite", mean)?;
            require(std >= 0.0 && std.is_finite(), "the width of the noise", "finite and not negative", std)?;
        }
        NoiseDistribution::Poisson { mean } => {
            require(
                mean >= 0.0 && mean.is_finite(),
                "the mean of Poisson noise",
                "finite and not negative",
                mean,
            )?;
        }
    }
    let mut random = NumpyRandom::new(seed);
    Ok(Array2::from_shape_simple_fn(shape, || match distribution {
        NoiseDistribution::Gaussian { mean, std } => random.normal(mean, std),
        NoiseDistribution::Poisson { mean } => random.poisson(mean),
    }))
}

/// Replaces each value by a Poisson draw of that mean. The same seed gives the same image on every
/// machine: that of numpy's `default_rng`, and so of photutils.
///
/// # Errors
/// [`SimulationError::NotAMean`] for a negative or non-finite value.
pub fn apply_poisson_noise(data: ArrayView2<'_, f64>, seed: u64) -> Result<Array2<f64>> {
    if let Some(((y, x), &value)) = data.indexed_iter().find(|(_, v)| !(**v >= 0.0 && v.is_finite())) {
        return Err(SimulationError::NotAMean { x, y, value });
    }
    let mut random = NumpyRandom::new(seed);
    Ok(data.map(|v| random.poisson(*v)))
}

/// A Poisson draw; 0 for a mean of 0, the mean itself where it is beyond what the generator can do.
pub(crate) fn poisson(rng: &mut Pcg64, mean: f64) -> f64 {
    if mean <= 0.0 { 0.0 } else { Poisson::new(mean).map_or(mean, |d| d.sample(rng)) }
}

/// A draw of the unit normal distribution.
pub(crate) fn unit_normal(rng: &mut Pcg64) -> f64 {
    Normal::new(0.0, 1.0).map_or(0.0, |d| d.sample(rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(v: &Array2<f64>) -> (f64, f64) {
        let mean = v.mean().unwrap();
        (mean, v.mapv(|x| (x - mean) * (x - mean)).mean().unwrap())
    }

    #[test]
    fn mean_and_variance() {
        let shape = (300, 300);
        let n = 90_000.0_f64;
        let (m, v) = moments(
            &make_noise_image(shape, NoiseDistribution::Gaussian { mean: -3.0, std: 2.0 }, 5).unwrap(),
        );
        assert!((m + 3.0).abs() < 4.0 * 2.0 / n.sqrt() && (v / 4.0 - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
        for mean in [0.3, 8.0, 5000.0] {
            let image = make_noise_image(shape, NoiseDistribution::Poisson { mean }, 6).unwrap();
            let (m, v) = moments(&image);
            assert!((m - mean).abs() < 4.0 * (mean / n).sqrt(), "{m}");
            assert!((v / mean - 1.0).abs() < 4.0 * ((2.0 + 1.0 / mean) / n).sqrt(), "{v}");
            assert!(image.iter().all(|v| v.fract() == 0.0));
        }
    }

    #[test]
    fn poisson_of_an_image() {
        let d = Array2::from_shape_fn((50, 60), |(y, x)| (y * x) as f64);
        let a = apply_poisson_noise(d.view(), 3).unwrap();
        assert_eq!(a, apply_poisson_noise(d.view(), 3).unwrap());
        assert_ne!(a, apply_poisson_noise(d.view(), 4).unwrap());
        assert_eq!(a[[0, 5]], 0.0);
        let bad = apply_poisson_noise(ndarray::arr2(&[[1.0, -2.0]]).view(), 0).unwrap_err();
        assert_eq!(bad, SimulationError::NotAMean { x: 1, y: 0, value: -2.0 });
    }
}
