//! Detection in signal to noise.

use ndarray::{Array2, s};
use skyphot_core::{Image, Pixel};
use skyphot_detection::Threshold;
use skyphot_filter::{Boundary, Kernel, convolve};

use crate::error::Result;
use crate::{DetectConfig, SegmentationImage, detect_sources};

/// The signal to noise ratio of a source of the shape of `kernel` at every pixel, for noise that differs from pixel to
/// pixel: `sum(k d / e^2) / sqrt(sum(k^2 / e^2))` with the errors `e` of the image, 1 everywhere if it has none.
///
/// Bad pixels, those whose error is not a positive number, and what lies beyond the edges do not take part; the ratio is 0
/// where no pixel does. The scale of the kernel does not matter. The image must be background-subtracted.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// use skyphot_filter::Kernel;
/// use skyphot_segmentation::matched_filter;
/// // A star of the shape of the kernel, with an error of 2: its signal to noise is flux / 2 sqrt(sum k^2).
/// let kernel = Kernel::gaussian_fwhm(3.0, (9, 9))?;
/// let mut data = Array2::zeros((21, 21));
/// data.slice_mut(ndarray::s![6..15, 6..15]).assign(&kernel.data().mapv(|k| 50.0 * k));
/// let error = Array2::from_elem((21, 21), 2.0);
/// let sn = matched_filter(&Image::new(data.view())?.with_error(error.view())?, &kernel, &Default::default());
/// let expected = 25.0 * kernel.data().mapv(|k| k * k).sum().sqrt();
/// assert!((sn[[10, 10]] - expected).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # References
/// Turin 1960, IRE Trans. Inf. Theory 6, 311; Barbary 2016, JOSS 1, 58 (on noise maps).
#[doc(alias = "filter_type")]
#[must_use]
pub fn matched_filter<T: Pixel>(image: &Image<'_, T>, kernel: &Kernel, config: &DetectConfig) -> Array2<f64> {
    let (ny, nx) = image.shape();
    let data = image.data();
    let (error, mask) = (image.error(), image.mask());
    let weight = Array2::from_shape_fn((ny, nx), |p| {
        let e = error.as_ref().map_or(1.0, |e| e[p].to_f64());
        let good = data[p].is_finite() && e > 0.0 && e.is_finite() && mask.as_ref().is_none_or(|m| !m[p]);
        if good { 1.0 / (e * e) } else { 0.0 }
    });
    let signal =
        Array2::from_shape_fn((ny, nx), |p| if weight[p] > 0.0 { data[p].to_f64() * weight[p] } else { 0.0 });
    // A correlation is a convolution with the kernel turned around.
    let k = kernel.data();
    let turned = k.slice(s![..;-1, ..;-1]).to_owned();
    let squared = turned.mapv(|k| k * k);
    let with = |image: Array2<f64>, kernel: Array2<f64>| {
        // The shape is that of a kernel, and so are the values.
        Kernel::from_array(kernel).map_or_else(
            |_| image.clone(),
            |kernel| convolve(image.view(), &kernel, Boundary::Constant(0.0), &config.exec),
        )
    };
    let mut out = with(signal, turned);
    let noise = with(weight, squared);
    out.zip_mut_with(&noise, |s, n| *s = if *n > 0.0 { *s / n.sqrt() } else { 0.0 });
    out
}

/// Finds the sources of an image by the signal to noise ratio of [`matched_filter`]: at least `n_pixels` connected pixels
/// above `n_sigma`. Returns the ratio too, which is what to deblend on. Bad pixels belong to no source.
///
/// # Errors
/// Those of [`detect_sources`].
pub fn detect_sources_matched<T: Pixel>(
    image: &Image<'_, T>,
    kernel: &Kernel,
    n_sigma: f64,
    n_pixels: usize,
    config: &DetectConfig,
) -> Result<(SegmentationImage, Array2<f64>)> {
    let ratio = matched_filter(image, kernel, config);
    let (data, error, mask) = (image.data(), image.error(), image.mask());
    let bad = Array2::from_shape_fn(image.shape(), |p| {
        let e = error.as_ref().map_or(1.0, |e| e[p].to_f64());
        !data[p].is_finite() || !e.is_finite() || e <= 0.0 || mask.as_ref().is_some_and(|m| m[p])
    });
    let image = Image::new(ratio.view())?.with_mask(bad.view())?;
    let segm = detect_sources(&image, &Threshold::Scalar(n_sigma), n_pixels, config)?;
    Ok((segm, ratio))
}
