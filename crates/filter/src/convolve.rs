//! Direct convolution with small kernels.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Pixel};

use crate::kernel::{correlate, window};
use crate::{Boundary, Kernel};

/// Convolves an image with a kernel, pixel by pixel, without any normalization.
///
/// `out[y, x] = sum kernel[j, i] * data[y + cy - j, x + cx - i]` where the centre of the kernel is `(cy, cx) = (ny / 2,
/// nx / 2)` (integer division) and `boundary` says what lies outside. The products are added in the order of the
/// image's pixels and weights of at most 2.2e-16 are left out, as in `scipy.ndimage.convolve`: with `f64` data the
/// answers are the same bits. NaN spreads over the kernel.
///
/// The work is the number of pixels times the number of kernel values.
///
/// ```
/// use ndarray::{Array2, arr2};
/// use skyphot_core::Exec;
/// use skyphot_filter::{Boundary, Kernel, convolve};
/// let mut data = Array2::<f32>::zeros((5, 5));
/// data[[2, 2]] = 1.0;
/// let kernel = Kernel::from_array(arr2(&[[0.0, 1.0, 0.0], [2.0, 4.0, 3.0], [0.0, 0.0, 0.0]]))?;
/// let out = convolve(data.view(), &kernel, Boundary::default(), &Exec::default());
/// assert_eq!((out[[2, 2]], out[[2, 1]], out[[2, 3]], out[[1, 2]]), (4.0, 2.0, 3.0, 1.0));
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
#[must_use]
pub fn convolve<T: Pixel>(
    data: ArrayView2<'_, T>,
    kernel: &Kernel,
    boundary: Boundary,
    exec: &Exec,
) -> Array2<f64> {
    let (ny, nx) = data.dim();
    let mut out = Array2::zeros((ny, nx));
    let rows = window::tile_rows(nx, 2 * kernel.shape().0);
    let Some(slice) = out.as_slice_mut().filter(|s| !s.is_empty()) else { return out };
    let convolver = Convolver::new(kernel, nx, boundary);
    exec.for_each_chunk_mut(slice, rows * nx, |tile, chunk| {
        let y0 = tile * rows;
        convolver.fill(data, y0..y0 + chunk.len() / nx, &mut Vec::new(), chunk);
    });
    out
}

/// [`convolve()`] a few rows at a time, for code that needs no more than a band of the convolved image at once.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Exec;
/// use skyphot_filter::{Boundary, Convolver, Kernel, convolve};
/// let data = Array2::from_shape_fn((20, 30), |(y, x)| (x * y) as f32);
/// let kernel = Kernel::gaussian(1.0, 1.0, 0.0, (5, 5))?;
/// let whole = convolve(data.view(), &kernel, Boundary::Nearest, &Exec::serial());
/// let (mut scratch, mut band) = (Vec::new(), Vec::new());
/// Convolver::new(&kernel, 30, Boundary::Nearest).rows(data.view(), 4..9, &mut scratch, &mut band);
/// assert_eq!(band[..30], whole.as_slice().unwrap()[4 * 30..5 * 30]);
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Convolver {
    /// Place in the band (see [`window`]) and weight of every tap; of the column alone if there are `along`.
    taps: Vec<(usize, f64)>,
    /// The taps along a row, for a kernel that is done in two steps.
    along: Option<Vec<(usize, f64)>>,
    nx: usize,
    before: (usize, usize),
    after: (usize, usize),
    boundary: Boundary,
}

impl Convolver {
    /// For images of `nx` columns.
    #[must_use]
    pub fn new(kernel: &Kernel, nx: usize, boundary: Boundary) -> Self {
        let weights = kernel.data();
        let (ky, kx) = weights.dim();
        let after = (ky / 2, kx / 2);
        let width = nx + kx - 1;
        // Seen from the output pixel the kernel is turned round: its last value meets the first pixel.
        let taps = (0..ky)
            .flat_map(|r| (0..kx).map(move |c| (r * width + c, weights[[ky - 1 - r, kx - 1 - c]])))
            .filter(|(_, w)| w.abs() > f64::EPSILON)
            .collect();
        Self { taps, along: None, nx, before: (ky - 1 - after.0, kx - 1 - after.1), after, boundary }
    }

    /// As [`new`](Self::new), but a kernel that is the product of a column and a row (a Gaussian along the axes, a box)
    /// is applied as two short ones: much faster, and the sums differ from those of [`convolve()`] in the last bits.
    #[must_use]
    pub fn fast(kernel: &Kernel, nx: usize, boundary: Boundary) -> Self {
        let mut this = Self::new(kernel, nx, boundary);
        if let Some((column, row)) = kernel.separate() {
            let width = nx + row.len() - 1;
            let taps = |v: &[f64], step: usize| -> Vec<(usize, f64)> {
                v.iter().rev().enumerate().map(|(i, w)| (i * step, *w)).filter(|(_, w)| *w != 0.0).collect()
            };
            this.taps = taps(&column, width);
            this.along = Some(taps(&row, 1));
        }
        this
    }

    /// Rows above and below a row that its convolution needs.
    #[must_use]
    pub fn margins(&self) -> (usize, usize) {
        (self.before.0, self.after.0)
    }

    /// Rows `rows` of the convolved image, one after the other in `out`. `scratch` is working space; both are resized.
    ///
    /// # Panics
    /// If the image has another number of columns than announced, or not that many rows.
    pub fn rows<T: Pixel>(
        &self,
        data: ArrayView2<'_, T>,
        rows: Range<usize>,
        scratch: &mut Vec<f64>,
        out: &mut Vec<f64>,
    ) {
        let nx = data.ncols();
        assert_eq!(nx, self.nx, "columns of the image");
        out.resize(rows.len() * nx, 0.0);
        // A few rows at a time keep the working space in the cache.
        let step = self.after.0.max(8) * 2;
        for (i, part) in out.chunks_mut(step * nx.max(1)).enumerate() {
            let y0 = rows.start + i * step;
            self.fill(data, y0..(y0 + step).min(rows.end), scratch, part);
        }
    }

    fn fill<T: Pixel>(
        &self,
        data: ArrayView2<'_, T>,
        rows: Range<usize>,
        scratch: &mut Vec<f64>,
        out: &mut [f64],
    ) {
        let nx = data.ncols();
        let width =
            window::fill_band(scratch, data, (rows.start, rows.end), self.before, self.after, self.boundary);
        let Some(along) = &self.along else {
            for (r, out) in out.chunks_exact_mut(nx).enumerate() {
                correlate::weighted_row(out, &scratch[r * width..], &self.taps);
            }
            return;
        };
        let band = scratch.len();
        scratch.resize(band + width, 0.0);
        let (values, column) = scratch.split_at_mut(band);
        for (r, out) in out.chunks_exact_mut(nx).enumerate() {
            correlate::weighted_row(column, &values[r * width..], &self.taps);
            correlate::weighted_row(out, column, along);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;
    use skyphot_core::testing::uniform;

    fn image(ny: usize, nx: usize, seed: u64) -> Array2<f64> {
        Array2::from_shape_fn((ny, nx), |(y, x)| uniform(seed, (y * nx + x) as u64) - 0.5)
    }

    /// The definition, one pixel at a time.
    fn slow(data: &Array2<f64>, kernel: &Array2<f64>, boundary: Boundary) -> Array2<f64> {
        let ((ny, nx), (ky, kx)) = (data.dim(), kernel.dim());
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            let mut s = 0.0;
            for j in (0..ky).rev() {
                for i in (0..kx).rev() {
                    let yy = boundary.index((y + ky / 2) as i64 - j as i64, ny);
                    let xx = boundary.index((x + kx / 2) as i64 - i as i64, nx);
                    let v = match (yy, xx) {
                        (Some(a), Some(b)) => data[[a, b]],
                        _ => boundary.fill(),
                    };
                    s += kernel[[j, i]] * v;
                }
            }
            s
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn equals_the_definition(ny in 1_usize..40, nx in 1_usize..60, ky in 1_usize..7, kx in 1_usize..7,
                                 seed in 0_u64..1000, mode in 0..5) {
            let (d, k) = (image(ny, nx, seed), image(ky, kx, seed + 1));
            let boundary = [Boundary::Constant(0.25), Boundary::Nearest, Boundary::Reflect, Boundary::Mirror,
                            Boundary::Wrap][mode as usize];
            let kernel = Kernel::from_array(k.clone()).unwrap();
            let fast = convolve(d.view(), &kernel, boundary, &Exec::serial());
            prop_assert_eq!(fast, slow(&d, &k, boundary));
        }
    }

    #[test]
    fn two_steps_agree_with_one() {
        let d = image(23, 41, 5);
        for kernel in [
            Kernel::gaussian(1.3, 2.0, 0.0, (5, 7)).unwrap(),
            Kernel::from_array(Array2::from_shape_fn((4, 3), |(y, x)| (y as f64 - 0.5) * (x as f64 + 1.0)))
                .unwrap(),
        ] {
            assert!(kernel.separate().is_some());
            for boundary in [Boundary::Constant(0.0), Boundary::Reflect] {
                let one = convolve(d.view(), &kernel, boundary, &Exec::serial());
                let mut two = Vec::new();
                Convolver::fast(&kernel, 41, boundary).rows(d.view(), 0..23, &mut Vec::new(), &mut two);
                assert!(one.iter().zip(&two).all(|(a, b)| (a - b).abs() < 1e-13));
            }
        }
        assert!(Kernel::gaussian(1.0, 2.0, 0.7, (5, 5)).unwrap().separate().is_none());
    }

    #[test]
    fn strides_do_not_matter() {
        let d = image(17, 9, 3);
        let turned = d.t().as_standard_layout().to_owned();
        let kernel = Kernel::from_array(image(3, 5, 4)).unwrap();
        let a = convolve(d.view(), &kernel, Boundary::Reflect, &Exec::serial());
        let b = convolve(turned.t(), &kernel, Boundary::Reflect, &Exec::default());
        assert_eq!(a, b);
    }
}
