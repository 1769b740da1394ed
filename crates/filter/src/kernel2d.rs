//! Convolution kernels.

use ndarray::{Array2, ArrayView2};

use crate::error::{FilterError, Result};

/// A 2-D convolution kernel: finite values around the centre `(ny / 2, nx / 2)`.
///
/// ```
/// use skyphot_filter::Kernel;
/// let k = Kernel::gaussian(1.2, 1.2, 0.0, (7, 7))?.normalized()?;
/// assert!((k.data().sum() - 1.0).abs() < 1e-15);
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "Kernel2D")]
pub struct Kernel {
    data: Array2<f64>,
}

impl Kernel {
    /// A kernel of the given values, `kernel[[y, x]]`.
    ///
    /// # Errors
    /// [`FilterError::Empty`] or [`FilterError::NonFiniteKernel`].
    pub fn from_array(data: Array2<f64>) -> Result<Self> {
        if data.is_empty() {
            return Err(FilterError::Empty { what: "kernel", shape: data.dim() });
        }
        if let Some(((y, x), &value)) = data.indexed_iter().find(|(_, v)| !v.is_finite()) {
            return Err(FilterError::NonFiniteKernel { x, y, value });
        }
        Ok(Self { data: data.as_standard_layout().into_owned() })
    }

    /// The Gaussian of peak 1 with standard deviations `sigma_x` and `sigma_y` (pixels) along axes turned by `theta`
    /// (radians, counter-clockwise), sampled at the pixel centres of an array of shape `(ny, nx)`.
    ///
    /// # Errors
    /// [`FilterError::InvalidParameter`] for a width that is not positive, [`FilterError::Empty`].
    #[doc(alias = "Gaussian2DKernel")]
    #[doc(alias = "make_2dgaussian_kernel")]
    pub fn gaussian(sigma_x: f64, sigma_y: f64, theta: f64, shape: (usize, usize)) -> Result<Self> {
        for (name, s) in [("sigma_x", sigma_x), ("sigma_y", sigma_y)] {
            if !(s > 0.0 && s.is_finite()) {
                return Err(FilterError::InvalidParameter { name, expected: "positive", found: s });
            }
        }
        if !theta.is_finite() {
            return Err(FilterError::InvalidParameter { name: "theta", expected: "finite", found: theta });
        }
        let (sin, cos) = theta.sin_cos();
        Self::from_array(Array2::from_shape_fn(shape, |(y, x)| {
            let (dx, dy) = (x as f64 - (shape.1 / 2) as f64, y as f64 - (shape.0 / 2) as f64);
            let (u, v) = ((dx * cos + dy * sin) / sigma_x, (dy * cos - dx * sin) / sigma_y);
            (-0.5 * (u * u + v * v)).exp()
        }))
    }

    /// The kernel divided by its sum.
    ///
    /// # Errors
    /// [`FilterError::ZeroSum`] if the sum is 0 or vanishes against the values.
    pub fn normalized(&self) -> Result<Self> {
        let sum = self.data.sum();
        if sum.abs() <= 1e-14 * self.data.iter().map(|v| v.abs()).sum::<f64>() {
            return Err(FilterError::ZeroSum(sum));
        }
        Ok(Self { data: &self.data / sum })
    }

    /// The values, `(ny, nx)`.
    #[must_use]
    pub fn data(&self) -> ArrayView2<'_, f64> {
        self.data.view()
    }

    /// Shape `(ny, nx)`.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        self.data.dim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn what_is_refused() {
        assert!(Kernel::from_array(Array2::zeros((0, 3))).is_err());
        let e = Kernel::from_array(arr2(&[[1.0, f64::NAN]])).unwrap_err();
        assert_eq!(e.to_string(), "all kernel values must be finite, found NaN at x = 1, y = 0");
        assert!(Kernel::from_array(arr2(&[[1.0, -1.0]])).unwrap().normalized().is_err());
        assert!(Kernel::gaussian(0.0, 1.0, 0.0, (3, 3)).is_err());
    }

    #[test]
    fn a_turned_gaussian_is_the_gaussian_turned() {
        let a = Kernel::gaussian(2.0, 1.0, std::f64::consts::FRAC_PI_2, (7, 7)).unwrap();
        let b = Kernel::gaussian(1.0, 2.0, 0.0, (7, 7)).unwrap();
        assert!(a.data().iter().zip(b.data()).all(|(p, q)| (p - q).abs() < 1e-14));
        assert_eq!(a.data()[[3, 3]], 1.0);
    }
}
