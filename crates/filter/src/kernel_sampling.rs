//! How a Gaussian becomes values of pixels.

/// How [`Kernel::gaussian_fwhm_sampled`](crate::Kernel::gaussian_fwhm_sampled) finds the value of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelSampling {
    /// Mean of `n` x `n` values within it. Default: 10.
    #[doc(alias = "oversample")]
    Oversample(usize),
    /// Value at its centre.
    #[doc(alias = "center")]
    Center,
    /// Mean of the values at its corners.
    #[doc(alias = "linear_interp")]
    Interp,
    /// Integral over it.
    #[doc(alias = "integrate")]
    Integrate,
}

impl Default for KernelSampling {
    fn default() -> Self {
        Self::Oversample(10)
    }
}

impl KernelSampling {
    /// The value of a pixel at distance `d` along one axis, up to a constant: all ways are products over the axes.
    pub(crate) fn value(self, d: f64, sigma: f64) -> f64 {
        let at = |x: f64| {
            let u = x / sigma;
            (-0.5 * u * u).exp()
        };
        match self {
            Self::Center => at(d),
            Self::Interp => at(d - 0.5) + at(d + 0.5),
            Self::Oversample(n) => {
                let (n, middle) = (n as f64, 0.5 * (n as f64 - 1.0));
                let mut sum = 0.0;
                let mut k = 0.0;
                while k < n {
                    sum += at(d + (k - middle) / n);
                    k += 1.0;
                }
                sum
            }
            Self::Integrate => {
                let scale = 1.0 / (sigma * std::f64::consts::SQRT_2);
                // From the centre outwards, where differences of the complementary function keep their digits.
                let (low, high) = ((d.abs() - 0.5) * scale, (d.abs() + 0.5) * scale);
                libm::erfc(low) - libm::erfc(high)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KernelSampling;
    use crate::{FilterError, Kernel};

    #[test]
    fn ways_agree_for_a_wide_gaussian() {
        let of = |s| Kernel::gaussian_fwhm_sampled(40.0, (9, 7), s).unwrap();
        let integral = of(KernelSampling::Integrate);
        for s in [KernelSampling::Center, KernelSampling::Interp, KernelSampling::Oversample(3)] {
            let k = of(s);
            assert!((k.data().sum() - 1.0).abs() < 1e-14);
            for (a, b) in k.data().iter().zip(integral.data()) {
                assert!((a / b - 1.0).abs() < 2e-3, "{s:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn an_integral_is_what_many_points_tend_to() {
        let of = |s| Kernel::gaussian_fwhm_sampled(1.3, (7, 7), s).unwrap();
        let (integral, many) = (of(KernelSampling::Integrate), of(KernelSampling::Oversample(4000)));
        for (a, b) in integral.data().iter().zip(many.data()) {
            assert!((a / b - 1.0).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn no_points() {
        let e = Kernel::gaussian_fwhm_sampled(2.0, (3, 3), KernelSampling::Oversample(0)).unwrap_err();
        assert!(matches!(e, FilterError::InvalidParameter { name: "oversampling", .. }), "{e}");
    }
}
