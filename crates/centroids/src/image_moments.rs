//! Moments of an image.

use ndarray::Array2;
use skyphot_core::{Image, Pixel, Point};

/// The moments `M[[i, j]] = sum (y - y0)^i (x - x0)^j I` for `i, j <= order` about a point: raw moments about `(0, 0)`,
/// central moments about the centroid. Bad pixels count as zero.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::{Image, Point};
/// let data = arr2(&[[1.0, 0.0], [0.0, 3.0]]);
/// let m = skyphot_centroids::image_moments(&Image::new(data.view())?, Point::default(), 1);
/// assert_eq!(m, arr2(&[[4.0, 3.0], [3.0, 3.0]]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn image_moments<T: Pixel>(image: &Image<'_, T>, center: Point, order: usize) -> Array2<f64> {
    let mut m = Array2::zeros((order + 1, order + 1));
    let mut row_sums = vec![0.0; order + 1];
    for (y, row) in image.data().outer_iter().enumerate() {
        row_sums.fill(0.0);
        for (x, v) in row.iter().enumerate() {
            if image.is_bad(x, y) {
                continue;
            }
            let (mut v, dx) = (v.to_f64(), x as f64 - center.x);
            for s in &mut row_sums {
                *s += v;
                v *= dx;
            }
        }
        let (mut power, dy) = (1.0, y as f64 - center.y);
        for i in 0..=order {
            for (j, s) in row_sums.iter().enumerate() {
                m[[i, j]] += power * s;
            }
            power *= dy;
        }
    }
    m
}
