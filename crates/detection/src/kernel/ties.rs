//! Peaks of equal value that lie too close to each other.
//!
//! A peak is the maximum of its neighbourhood, so two peaks within the separation of each other have the same value
//! (saturated stars, data of few levels). One of them is kept.

use std::cmp::Ordering;
use std::collections::HashMap;

/// A peak pixel and the size of the plateau it stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Peak {
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) n_pixels: usize,
}

/// Replaces every group of touching peaks by its pixel nearest to the centroid of the group (the first of equals). Takes
/// and returns peaks row by row. Diagonal neighbours touch from a separation of sqrt(2) pixels on; below 1 pixel
/// nothing does.
pub(crate) fn collapse_plateaus(peaks: &[(usize, usize)], separation: f64) -> Vec<Peak> {
    let mut parent: Vec<usize> = (0..peaks.len()).collect();
    let mut touching = false;
    if separation >= 1.0 {
        let reach: &[i64] = if separation * separation >= 2.0 { &[-1, 0, 1] } else { &[0] };
        for (i, &(y, x)) in peaks.iter().enumerate() {
            if i > 0 && peaks[i - 1] == (y, x.wrapping_sub(1)) {
                touching = true;
                join(&mut parent, i, i - 1);
            }
            for dx in reach {
                let Some(above) = y.checked_sub(1).zip(x.checked_add_signed(*dx as isize)) else { continue };
                if let Ok(j) = peaks[..i].binary_search(&above) {
                    touching = true;
                    join(&mut parent, i, j);
                }
            }
        }
    }
    if !touching {
        return peaks.iter().map(|&(y, x)| Peak { y, x, n_pixels: 1 }).collect();
    }
    // Groups by their root: count and sums.
    let roots: Vec<usize> = (0..peaks.len()).map(|i| root(&mut parent, i)).collect();
    let mut groups: HashMap<usize, (i128, i128, i128)> = HashMap::new();
    for (&r, &(y, x)) in roots.iter().zip(peaks) {
        let g = groups.entry(r).or_default();
        *g = (g.0 + 1, g.1 + y as i128, g.2 + x as i128);
    }
    // Squared distance from the centroid, times the count, less a constant of the group: whole numbers.
    let mut best: HashMap<usize, (i128, usize)> = HashMap::new();
    for (i, (&r, &(y, x))) in roots.iter().zip(peaks).enumerate() {
        let (n, sy, sx) = groups[&r];
        let (y, x) = (y as i128, x as i128);
        let d = n * (y * y + x * x) - 2 * (y * sy + x * sx);
        best.entry(r)
            .and_modify(|b| {
                if d < b.0 {
                    *b = (d, i)
                }
            })
            .or_insert((d, i));
    }
    let mut kept: Vec<(usize, usize)> = best.iter().map(|(r, (_, i))| (*i, groups[r].0 as usize)).collect();
    kept.sort_unstable();
    kept.into_iter().map(|(i, n_pixels)| Peak { y: peaks[i].0, x: peaks[i].1, n_pixels }).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

fn join(parent: &mut [usize], i: usize, j: usize) {
    let (a, b) = (root(parent, i), root(parent, j));
    let (low, high) = (a.min(b), a.max(b));
    parent[high] = low;
}

/// Of peaks with one value that are `separation` pixels or less apart, keeps the one of the largest plateau, then the
/// first row by row; a peak falls only to one that is kept. `values` goes with `peaks`; both come row by row.
pub(crate) fn remove_tied(peaks: Vec<Peak>, values: &[f64], separation: f64) -> Vec<Peak> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    if sorted.windows(2).all(|w| w[0] != w[1]) {
        return peaks;
    }
    let mut order: Vec<usize> = (0..peaks.len()).collect();
    order.sort_by(|&a, &b| {
        values[b]
            .partial_cmp(&values[a])
            .unwrap_or(Ordering::Equal)
            .then(peaks[b].n_pixels.cmp(&peaks[a].n_pixels))
            .then(a.cmp(&b))
    });
    let mut keep = vec![true; peaks.len()];
    let cell = separation.max(1.0);
    let mut grid: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        if group.len() < 2 {
            continue;
        }
        grid.clear();
        for &i in group {
            let p = peaks[i];
            let at = ((p.y as f64 / cell) as i64, (p.x as f64 / cell) as i64);
            let near = |j: &usize| {
                let (dy, dx) = (p.y as f64 - peaks[*j].y as f64, p.x as f64 - peaks[*j].x as f64);
                dy * dy + dx * dx <= separation * separation
            };
            let taken = (at.0 - 1..=at.0 + 1)
                .flat_map(|cy| (at.1 - 1..=at.1 + 1).map(move |cx| (cy, cx)))
                .any(|c| grid.get(&c).is_some_and(|v| v.iter().any(near)));
            if taken {
                keep[i] = false;
            } else {
                grid.entry(at).or_default().push(i);
            }
        }
    }
    peaks.into_iter().zip(keep).filter(|(_, k)| *k).map(|(p, _)| p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plateau_becomes_its_middle() {
        let square: Vec<(usize, usize)> = (3..6).flat_map(|y| (7..10).map(move |x| (y, x))).collect();
        assert_eq!(collapse_plateaus(&square, 2.0), [Peak { y: 4, x: 8, n_pixels: 9 }]);
        // Two pixels are equally far from their middle: the first stays.
        assert_eq!(collapse_plateaus(&[(1, 1), (1, 2)], 1.0), [Peak { y: 1, x: 1, n_pixels: 2 }]);
        // A diagonal pair touches only from sqrt(2) on.
        assert_eq!(collapse_plateaus(&[(1, 2), (2, 1)], 1.2).len(), 2);
        assert_eq!(collapse_plateaus(&[(1, 2), (2, 1)], 1.5).len(), 1);
        assert_eq!(collapse_plateaus(&[(1, 1), (1, 2)], 0.5).len(), 2);
        // Arms that meet only at the end are one group.
        let u = [(0, 0), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)];
        assert_eq!(collapse_plateaus(&u, 1.0).len(), 1);
    }

    #[test]
    fn of_tied_peaks_one_is_kept() {
        let p = |y, x, n_pixels| Peak { y, x, n_pixels };
        let kept = remove_tied(vec![p(0, 0, 1), p(0, 3, 4), p(0, 6, 1), p(9, 9, 1)], &[5.0; 4], 3.0);
        assert_eq!(kept, [p(0, 3, 4), p(9, 9, 1)]);
        // Only what is kept removes others: the third is too close to the second alone.
        let kept = remove_tied(vec![p(0, 0, 1), p(0, 3, 1), p(0, 6, 1)], &[5.0; 3], 3.0);
        assert_eq!(kept, [p(0, 0, 1), p(0, 6, 1)]);
        assert_eq!(remove_tied(vec![p(0, 0, 1), p(0, 1, 1)], &[1.0, 2.0], 3.0).len(), 2);
    }
}
