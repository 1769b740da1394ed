//! Values of an image between its pixels.

use ndarray::{Array2, ArrayView2, Axis};

use crate::kernel::bspline::{basis, prefilter};
use crate::{EdgeMode, FilterError, Result, SplineOrder};

/// Pixels added at every edge with the value of the outermost one, so that the spline knows how the image goes on.
const PAD: usize = 12;

/// The B-spline through the pixels of an image at the points of a grid: rows at `y`, columns at `x`, pixels from 0. Beyond
/// the edge the image goes on with the value of its outermost pixel, and coordinates beyond are moved to it
/// (`scipy.ndimage.map_coordinates` with `mode='nearest'`).
///
/// ```
/// use ndarray::arr2;
/// use skyphot_filter::{SplineOrder, spline_at_grid};
/// let image = arr2(&[[0.0, 1.0, 2.0], [10.0, 11.0, 12.0]]);
/// let v = spline_at_grid(image.view(), &[0.5], &[0.25, 2.0], SplineOrder::Linear)?;
/// assert!((v[[0, 0]] - 5.25).abs() < 1e-12 && (v[[0, 1]] - 7.0).abs() < 1e-12);
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
///
/// # Errors
/// [`FilterError::InvalidParameter`] for an image without pixels or coordinates that are not finite.
#[doc(alias = "map_coordinates")]
pub fn spline_at_grid(
    image: ArrayView2<'_, f64>,
    y: &[f64],
    x: &[f64],
    order: SplineOrder,
) -> Result<Array2<f64>> {
    let (ny, nx) = image.dim();
    if ny == 0 || nx == 0 {
        return Err(FilterError::InvalidParameter {
            name: "image",
            expected: "at least one pixel",
            found: 0.0,
        });
    }
    if let Some(v) = y.iter().chain(x).find(|v| !v.is_finite()) {
        return Err(FilterError::InvalidParameter { name: "coordinates", expected: "finite", found: *v });
    }
    let degree = order.degree();
    let padded = |i: usize, n: usize| i.saturating_sub(PAD).min(n - 1);
    let mut c =
        Array2::from_shape_fn((ny + 2 * PAD, nx + 2 * PAD), |(j, i)| image[[padded(j, ny), padded(i, nx)]]);
    if degree > 1 {
        let mut line = Vec::new();
        for axis in [Axis(0), Axis(1)] {
            for mut lane in c.lanes_mut(axis) {
                line.clear();
                line.extend(lane.iter().copied());
                prefilter(&mut line, degree, EdgeMode::Reflect);
                lane.iter_mut().zip(&line).for_each(|(a, b)| *a = *b);
            }
        }
    }
    let (wx, wy) = (weights(x, nx, degree), weights(y, ny, degree));
    let mut out = Array2::zeros((y.len(), x.len()));
    let mut row = vec![0.0; nx + 2 * PAD];
    for (mut line, (first, w)) in out.rows_mut().into_iter().zip(&wy) {
        row.fill(0.0);
        for (k, w) in w.iter().enumerate() {
            for (r, v) in row.iter_mut().zip(c.row(first + k)) {
                *r += w * v;
            }
        }
        for (v, (first, w)) in line.iter_mut().zip(&wx) {
            *v = w.iter().zip(&row[*first..]).map(|(w, r)| w * r).sum();
        }
    }
    Ok(out)
}

/// The first coefficient of the padded lane that each coordinate takes, and the weights.
fn weights(at: &[f64], n: usize, degree: usize) -> Vec<(usize, Vec<f64>)> {
    at.iter()
        .map(|&u| {
            let u = u.clamp(0.0, (n - 1) as f64) + PAD as f64;
            if degree == 0 {
                return ((u + 0.5).floor() as usize, vec![1.0]);
            }
            let start = if degree % 2 == 1 { u.floor() } else { (u + 0.5).floor() } - (degree / 2) as f64;
            let w = (0..=degree).map(|k| basis(degree, u - start - k as f64)).collect();
            (start as usize, w)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_kept_and_edges_are_held() {
        let image = Array2::from_shape_fn((5, 7), |(y, x)| ((y * 7 + x * x) as f64).sin());
        for degree in 0..=5 {
            let order = SplineOrder::from_degree(degree).unwrap();
            let (ys, xs) = ([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            let same = spline_at_grid(image.view(), &ys, &xs, order).unwrap();
            for (a, b) in same.iter().zip(&image) {
                assert!((a - b).abs() < 1e-10, "degree {degree}");
            }
            let out = spline_at_grid(image.view(), &[-3.0], &[9.0], order).unwrap();
            assert!((out[[0, 0]] - image[[0, 6]]).abs() < 1e-10);
        }
        assert!(spline_at_grid(image.view(), &[f64::NAN], &[0.0], SplineOrder::Cubic).is_err());
    }
}
