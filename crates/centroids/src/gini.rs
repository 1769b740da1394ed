//! The Gini coefficient.

use skyphot_core::{Image, Pixel};

/// Gini coefficient of the absolute values of the good pixels: 0 if all are equal, 1 if one pixel has all the light
/// (Lotz et al. 2004, AJ 128, 163, eq. 6). 0 for a single pixel or if all are 0; NaN without a good pixel.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Image;
/// let data = arr2(&[[0.0, 0.0], [0.0, 5.0]]);
/// assert_eq!(skyphot_centroids::gini(&Image::new(data.view())?), 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn gini<T: Pixel>(image: &Image<'_, T>) -> f64 {
    let mut values: Vec<f64> = image
        .data()
        .indexed_iter()
        .filter(|((y, x), _)| !image.is_bad(*x, *y))
        .map(|(_, v)| v.to_f64())
        .collect();
    gini_of(&mut values)
}

/// The same of finite values, which are overwritten.
pub(crate) fn gini_of(values: &mut [f64]) -> f64 {
    let n = values.len() as f64;
    if values.is_empty() {
        return f64::NAN;
    }
    for v in values.iter_mut() {
        *v = v.abs();
    }
    values.sort_unstable_by(f64::total_cmp);
    let total: f64 = values.iter().sum();
    if values.len() == 1 || total == 0.0 {
        return 0.0;
    }
    let weighted: f64 = values.iter().enumerate().map(|(i, v)| (2.0 * (i as f64 + 1.0) - n - 1.0) * v).sum();
    weighted / (total * (n - 1.0))
}
