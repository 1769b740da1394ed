//! From an image to the list of its peaks: what `find_peaks` and the star finders share.

use ndarray::ArrayView2;
use skyphot_core::{Exec, Pixel};
use skyphot_filter::Footprint;

use crate::Threshold;
use crate::error::Result;
use crate::kernel::local_maxima::{Search, local_maxima};
use crate::kernel::ties::{collapse_plateaus, remove_tied};

/// Where rivals of a peak are looked for.
#[derive(Debug)]
pub(crate) enum Neighbourhood {
    /// Within this many pixels; touching and tied peaks become one.
    Separation(f64),
    /// In any footprint; every pixel of a tie stays.
    Footprint(Footprint),
}

/// `(y, x)` of the peaks, row by row.
pub(crate) fn select_peaks<T: Pixel>(
    data: ArrayView2<'_, T>,
    mask: Option<ArrayView2<'_, bool>>,
    threshold: &Threshold,
    neighbourhood: &Neighbourhood,
    border: (usize, usize),
    exec: &Exec,
) -> Result<Vec<(usize, usize)>> {
    threshold.check("threshold", data.dim())?;
    let find =
        |footprint: &Footprint| local_maxima(data, &Search { mask, threshold, footprint, border }, exec);
    match neighbourhood {
        Neighbourhood::Footprint(f) => Ok(find(f)),
        Neighbourhood::Separation(separation) => {
            // A circle that holds the whole image wherever it is needs not grow further.
            let (ny, nx) = data.dim();
            let widest = (ny + nx) as f64;
            let peaks = find(&Footprint::circle(separation.min(widest))?);
            let peaks = collapse_plateaus(&peaks, *separation);
            let values: Vec<f64> = peaks.iter().map(|p| data[[p.y, p.x]].to_f64()).collect();
            Ok(remove_tied(peaks, &values, *separation).into_iter().map(|p| (p.y, p.x)).collect())
        }
    }
}

/// Numbers of the `n` largest values, largest first (equal values in their order); all in their order if there are not
/// more than `n`.
pub(crate) fn brightest(values: &[f64], n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(n);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_brightest_come_first() {
        assert_eq!(brightest(&[1.0, 5.0, 3.0, 5.0], 3), [1, 3, 2]);
    }
}
