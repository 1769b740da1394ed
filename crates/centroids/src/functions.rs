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

/// Centre of a two-dimensional Gaussian (free amplitude, widths and angle, no constant) fitted to all good pixels of a
/// background-subtracted cutout, weighted by `1 / error` if the image has errors.
///
/// The fit converges to the minimum of the sum of squares to about 1e-8 pixels.
#[must_use]
pub fn centroid_2dg<T: Pixel>(image: &Image<'_, T>) -> Centroid {
    kernel::gaussian2d(&mut stamp(image, true))
}
