//! Median filter of small maps.

use ndarray::{Array2, ArrayView2};

/// Median of every `size = (ny, nx)` window that ignores NaN; pixels beyond the edge count as NaN, so windows shrink
/// at the borders.
///
/// For an even number of values the median is the mean of the middle two. A window without a value gives NaN. A
/// window of even size reaches one pixel further down (left) than up (right), as in `scipy.ndimage`.
///
/// The work grows with the area of the window: meant for background meshes and small cutouts.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_filter::nan_median_filter;
/// let m = arr2(&[[1.0, 2.0, 3.0], [4.0, f64::NAN, 6.0], [7.0, 8.0, 99.0]]);
/// let f = nan_median_filter(m.view(), (3, 3));
/// assert_eq!(f[[1, 1]], 5.0);
/// assert_eq!(f[[0, 0]], 2.0);
/// ```
#[must_use]
#[doc(alias = "generic_filter")]
pub fn nan_median_filter(map: ArrayView2<'_, f64>, size: (usize, usize)) -> Array2<f64> {
    let (ny, nx) = map.dim();
    let (wy, wx) = (size.0.max(1), size.1.max(1));
    let mut window = Vec::with_capacity(wy * wx);
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        window.clear();
        for j in y.saturating_sub(wy / 2)..(y + wy - wy / 2).min(ny) {
            for i in x.saturating_sub(wx / 2)..(x + wx - wx / 2).min(nx) {
                let v = map[[j, i]];
                if !v.is_nan() {
                    window.push(v);
                }
            }
        }
        median_in_place(&mut window)
    })
}

/// Median of values without NaN, which are reordered; NaN of none.
fn median_in_place(v: &mut [f64]) -> f64 {
    let n = v.len();
    if n == 0 {
        return f64::NAN;
    }
    let (lower, &mut upper, _) = v.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return upper;
    }
    let below = lower.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    0.5 * (below + upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn a_window_of_one_changes_nothing() {
        let m = arr2(&[[1.0, 5.0], [-2.0, 0.5]]);
        assert_eq!(nan_median_filter(m.view(), (1, 1)), m);
    }

    #[test]
    fn windows_larger_than_the_map_give_its_median_everywhere() {
        let m = arr2(&[[1.0, 5.0, 2.0]]);
        assert_eq!(nan_median_filter(m.view(), (7, 7)), arr2(&[[2.0, 2.0, 2.0]]));
    }

    #[test]
    fn windows_without_values_stay_nan() {
        let m = arr2(&[[f64::NAN, f64::NAN, 2.0, 4.0]]);
        let f = nan_median_filter(m.view(), (3, 3));
        assert!(f[[0, 0]].is_nan());
        assert_eq!(f[[0, 1]], 2.0);
        assert_eq!(f[[0, 2]], 3.0);
    }
}
