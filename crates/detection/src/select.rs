//! From an image to the list of its peaks: ties, and the search of `find_peaks`.

use ndarray::ArrayView2;
use skyphot_core::{Exec, Pixel};
use skyphot_filter::Footprint;

use crate::Threshold;
use crate::error::Result;
use crate::kernel::local_maxima::{Search, local_maxima};
use crate::kernel::ties::{Peak, collapse_plateaus, remove_tied};

/// Where rivals of a peak are looked for.
#[derive(Debug)]
pub(crate) enum Neighbourhood {
    /// Within this many pixels; touching and tied peaks become one.
    Separation(f64),
    /// In any footprint; every pixel of a tie stays.
    Footprint(Footprint),
}

impl Neighbourhood {
    /// The footprint to search in an image of a shape.
    pub(crate) fn footprint(&self, (ny, nx): (usize, usize)) -> Result<Footprint> {
        match self {
            Self::Footprint(f) => Ok(f.clone()),
            // A circle that holds the whole image wherever it is needs not grow further.
            Self::Separation(s) => Ok(Footprint::circle(s.min((ny + nx) as f64))?),
        }
    }
}

/// Which of the local maxima (row by row) are peaks, with their values: all, or one of those that touch or are tied.
pub(crate) fn untie(peaks: &[(usize, usize)], values: &[f64], neighbourhood: &Neighbourhood) -> Vec<usize> {
    let Neighbourhood::Separation(separation) = neighbourhood else {
        return (0..peaks.len()).collect();
    };
    let number = |p: &Peak| peaks.binary_search(&(p.y, p.x)).ok();
    let collapsed = collapse_plateaus(peaks, *separation);
    let of_collapsed: Vec<f64> = collapsed.iter().filter_map(number).map(|i| values[i]).collect();
    remove_tied(collapsed, &of_collapsed, *separation).iter().filter_map(number).collect()
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
    let footprint = neighbourhood.footprint(data.dim())?;
    let peaks = local_maxima(data, &Search { mask, threshold, footprint: &footprint, border }, exec);
    let values: Vec<f64> = peaks.iter().map(|p| data[*p].to_f64()).collect();
    Ok(untie(&peaks, &values, neighbourhood).into_iter().map(|i| peaks[i]).collect())
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
