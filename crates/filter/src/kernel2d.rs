//! Convolution kernels.

use ndarray::{Array2, ArrayView2};

use crate::error::{FilterError, Result};
use crate::kernel_sampling::KernelSampling;

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

    /// A circular Gaussian of full width at half maximum `fwhm` (pixels) that sums up to 1, each value the mean over its
    /// pixel (10 x 10 points), in an array of shape `(ny, nx)`, both odd.
    ///
    /// ```
    /// use skyphot_filter::Kernel;
    /// let k = Kernel::gaussian_fwhm(3.0, (5, 5))?;
    /// assert!((k.data()[[2, 2]] - 0.103_247_396_693_348_45).abs() < 1e-15);
    /// # Ok::<(), skyphot_filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError::InvalidParameter`] for a width that is not positive or an even size.
    #[doc(alias = "make_2dgaussian_kernel")]
    pub fn gaussian_fwhm(fwhm: f64, shape: (usize, usize)) -> Result<Self> {
        Self::gaussian_fwhm_sampled(fwhm, shape, KernelSampling::default())
    }

    /// As [`gaussian_fwhm`](Self::gaussian_fwhm), with another way from the Gaussian to the values of the pixels.
    ///
    /// ```
    /// use skyphot_filter::{Kernel, KernelSampling};
    /// let k = Kernel::gaussian_fwhm_sampled(3.0, (5, 5), KernelSampling::Center)?;
    /// // exp(-4 ln 2 (1 / 3)^2) one pixel from the centre
    /// assert!((k.data()[[2, 3]] / k.data()[[2, 2]] - 0.5f64.powf(4.0 / 9.0)).abs() < 1e-15);
    /// # Ok::<(), skyphot_filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError::InvalidParameter`] for a width that is not positive, an even size or no points.
    #[doc(alias = "mode")]
    pub fn gaussian_fwhm_sampled(fwhm: f64, shape: (usize, usize), sampling: KernelSampling) -> Result<Self> {
        if !(fwhm > 0.0 && fwhm.is_finite()) {
            return Err(FilterError::InvalidParameter { name: "fwhm", expected: "positive", found: fwhm });
        }
        for n in [shape.0, shape.1] {
            if n % 2 == 0 {
                return Err(FilterError::InvalidParameter { name: "size", expected: "odd", found: n as f64 });
            }
        }
        if sampling == KernelSampling::Oversample(0) {
            return Err(FilterError::InvalidParameter {
                name: "oversampling",
                expected: "1 or more",
                found: 0.0,
            });
        }
        let sigma = fwhm * skyphot_core::FWHM_TO_SIGMA;
        let profile = |n: usize| -> Vec<f64> {
            let half = (n / 2) as f64;
            (0..n).map(|i| sampling.value(i as f64 - half, sigma)).collect()
        };
        let (column, row) = (profile(shape.0), profile(shape.1));
        Self::from_array(Array2::from_shape_fn(shape, |(y, x)| column[y] * row[x]))?.normalized()
    }

    /// The kernel of a SExtractor filter file: `CONV NORM` or `CONV NONORM`, then one line of values per row, the first
    /// row of the file below (row 0). Lines that start with `#` are comments. `NORM` kernels are divided by their sum.
    ///
    /// ```
    /// use skyphot_filter::Kernel;
    /// let k = Kernel::from_conv("CONV NORM\n# all-ground\n1 2 1\n2 4 2\n1 2 1\n")?;
    /// assert_eq!(k.data()[[1, 1]], 0.25);
    /// # Ok::<(), skyphot_filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError::KernelFile`] with the line that cannot be read.
    #[doc(alias = "FILTER_NAME")]
    pub fn from_conv(text: &str) -> Result<Self> {
        let bad = |line: usize, reason: String| FilterError::KernelFile { line: line + 1, reason };
        let mut lines =
            text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with('#'));
        let (at, first) = lines.next().ok_or_else(|| bad(0, "the file is empty".into()))?;
        let mut words = first.split_whitespace();
        if words.next() != Some("CONV") {
            return Err(bad(at, format!("expected CONV NORM or CONV NONORM, found {first:?}")));
        }
        let norm = match words.next() {
            Some("NORM") | None => true,
            Some("NONORM") => false,
            Some(w) => return Err(bad(at, format!("expected NORM or NONORM, found {w:?}"))),
        };
        let (mut values, mut nx, mut ny) = (Vec::new(), 0, 0);
        for (at, line) in lines {
            let start = values.len();
            for w in line.split_whitespace() {
                values
                    .push(w.parse::<f64>().map_err(|_| bad(at, format!("expected a number, found {w:?}")))?);
            }
            let n = values.len() - start;
            if ny > 0 && n != nx {
                return Err(bad(at, format!("expected {nx} values as in the rows before, found {n}")));
            }
            (nx, ny) = (n, ny + 1);
        }
        let data = Array2::from_shape_vec((ny, nx), values).map_err(|e| bad(0, e.to_string()))?;
        let kernel = Self::from_array(data)?;
        if norm { kernel.normalized() } else { Ok(kernel) }
    }

    /// The column and the row whose product the kernel is, to 1e-14 of its largest value; `None` if it is not a product.
    #[must_use]
    pub fn separate(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        let ((py, px), peak) =
            self.data.indexed_iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|(i, v)| (i, *v))?;
        if peak == 0.0 {
            return None;
        }
        let column: Vec<f64> = self.data.column(px).iter().map(|v| v / peak).collect();
        let row = self.data.row(py).to_vec();
        let exact =
            self.data.indexed_iter().all(|((y, x), v)| (column[y] * row[x] - v).abs() <= 1e-14 * peak.abs());
        exact.then_some((column, row))
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
