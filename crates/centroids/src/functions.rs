//! The methods as functions of one cutout.

use skyphot_core::{Image, Pixel};

use crate::kernel::{self, Stamp};
use crate::{Centroid, CentroidMethod, Result};

fn stamp<T: Pixel>(image: &Image<'_, T>, use_error: bool) -> Stamp {
    let (ny, nx) = image.shape();
    let mut s = Stamp::default();
    s.load(image, 0..ny, 0..nx, None, use_error);
    s
}

/// Centre of mass, `sum(x I) / sum(I)`, of a background-subtracted cutout. Negative pixels count. NaN if the pixels add
/// up to zero.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Image;
/// let data = arr2(&[[0.0, 0.0, 0.0], [0.0, 3.0, 1.0], [0.0, 0.0, 0.0]]);
/// let c = skyphot_centroids::centroid_com(&Image::new(data.view())?);
/// assert_eq!((c.position.x, c.position.y), (1.25, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn centroid_com<T: Pixel>(image: &Image<'_, T>) -> Centroid {
    kernel::com(&stamp(image, false))
}

/// Maximum of a quadratic surface fitted to a box of `(ny, nx)` pixels around the brightest pixel. If that lies on the
/// edge of the cutout, its position is returned with a flag.
///
/// # Errors
/// [`CentroidError`](crate::CentroidError) if the box is even or has fewer than 6 pixels.
pub fn centroid_quadratic<T: Pixel>(image: &Image<'_, T>, fit_box: (usize, usize)) -> Result<Centroid> {
    CentroidMethod::Quadratic { fit_box }.measure(image)
}

/// Centres of Gaussians fitted to the sums along columns and rows of a background-subtracted cutout. With errors the
/// sums are weighted by the inverse of their error. Bad pixels count as zero in the sums.
#[must_use]
pub fn centroid_1dg<T: Pixel>(image: &Image<'_, T>) -> Centroid {
    kernel::gaussian1d(&stamp(image, true))
}

/// Centre of the greatest symmetry under a turn by 180 degrees (Anderson 2016, WFC3 ISR 2016-12), of a
/// background-subtracted cutout with a positive source near its middle.
///
/// The place `(x, y)` where `mean |I(x + u, y + v) - I(x - u, y - v)|` is least over the offsets `(u, v)` within `radius`
/// pixels, half a pixel apart (one pixel from a radius of 6 on); `I` is a bicubic spline through the pixels. It sees only
/// the core of the source. `None` means a radius of 0.3 times the smaller side. The offsets must stay in the cutout, so the
/// centre is looked for within `(n - 1) / 2 - radius` pixels of the middle, from the brightest pixel there; at the edge of
/// that area it is flagged [`SEARCH_EDGE`](crate::CentroidFlags::SEARCH_EDGE). Pairs near bad pixels count less.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_core::Image;
/// let star = |x: f64, y: f64| (-((x - 10.3).powi(2) + (y - 9.6).powi(2)) / 8.0).exp();
/// let data = Array2::from_shape_fn((21, 21), |(y, x)| star(x as f64, y as f64));
/// let c = skyphot_centroids::centroid_symmetry(&Image::new(data.view())?, None)?;
/// assert!((c.position.x - 10.3).abs() < 1e-3 && (c.position.y - 9.6).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CentroidError`](crate::CentroidError) for a cutout of fewer than 4 pixels along an axis, or a radius that is less
/// than 1 pixel or not less than half the smaller side minus a half.
pub fn centroid_symmetry<T: Pixel>(image: &Image<'_, T>, radius: Option<f64>) -> Result<Centroid> {
    CentroidMethod::Symmetry { radius }.measure(image)
}

/// Centre of a two-dimensional Gaussian (free amplitude, widths and angle, no constant) fitted to all good pixels of a
/// background-subtracted cutout, weighted by `1 / error` if the image has errors.
///
/// The fit converges to the minimum of the sum of squares to about 1e-8 pixels.
#[must_use]
pub fn centroid_2dg<T: Pixel>(image: &Image<'_, T>) -> Centroid {
    kernel::gaussian2d(&mut stamp(image, true))
}
