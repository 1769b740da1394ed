//! Statistics of the boxes of a mesh and of single lists of pixels.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use skyphot_core::{Image, Pixel, Point};
use skyphot_stats::{SigmaClip, SpreadFunc};

use crate::kernel::boxstats::{ClipScratch, clipped_moments, clipped_run};
use crate::{BackgroundEstimator, Estimator, RmsEstimator};

/// Scratch space of one thread.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// The good pixels.
    pub(crate) values: Vec<f64>,
    clip: ClipScratch,
}

/// What a box has to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BoxValue {
    pub(crate) level: f64,
    pub(crate) rms: f64,
    /// Pixels used.
    pub(crate) n: usize,
    /// Good pixels before clipping.
    pub(crate) n_good: usize,
}

/// How good pixels become level and noise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reducer<'a> {
    pub(crate) clip: Option<&'a SigmaClip>,
    pub(crate) level: &'a Estimator,
    /// `None`: the noise is not needed.
    pub(crate) rms: Option<&'a RmsEstimator>,
}

impl Reducer<'_> {
    /// Level and noise of `scratch.values`, which are reordered.
    pub(crate) fn reduce(&self, scratch: &mut Scratch) -> BoxValue {
        let Scratch { values, clip } = scratch;
        let n_good = values.len();
        if n_good == 0 {
            return BoxValue { level: f64::NAN, rms: f64::NAN, n: 0, n_good };
        }
        let moments_do = self.level.needs_moments_only()
            && self.rms.is_none_or(RmsEstimator::needs_moments_only)
            && self.clip.is_none_or(|c| c.spread == SpreadFunc::Std);
        if moments_do {
            let m = clipped_moments(values, self.clip, clip);
            return BoxValue {
                level: self.level.of_moments(&m).unwrap_or(f64::NAN),
                rms: self.rms.and_then(|r| r.of_moments(&m)).unwrap_or(f64::NAN),
                n: m.n,
                n_good,
            };
        }
        values.sort_unstable_by(f64::total_cmp);
        let run = clipped_run(values, self.clip);
        if run.is_empty() {
            return BoxValue { level: f64::NAN, rms: f64::NAN, n: 0, n_good };
        }
        BoxValue {
            level: self.level.estimate(run),
            rms: self.rms.map_or(f64::NAN, |r| r.estimate(run)),
            n: run.len(),
            n_good,
        }
    }
}

/// The good pixels of a rectangle of the image, into `out`.
pub(crate) fn gather<T: Pixel>(
    image: &Image<'_, T>,
    coverage: Option<ArrayView2<'_, bool>>,
    rows: Range<usize>,
    cols: Range<usize>,
    out: &mut Vec<f64>,
) {
    out.clear();
    let data = image.data();
    let mask = image.mask();
    for y in rows {
        let row = data.slice(s![y, cols.clone()]);
        let start = out.len();
        match row.as_slice() {
            Some(r) => out.extend(r.iter().map(|v| v.to_f64())),
            None => out.extend(row.iter().map(|v| v.to_f64())),
        }
        let mut clean = true;
        for m in [mask, coverage].into_iter().flatten() {
            for (v, &bad) in out[start..].iter_mut().zip(m.slice(s![y, cols.clone()])) {
                if bad {
                    *v = f64::NAN;
                }
            }
        }
        for v in &out[start..] {
            clean &= v.is_finite();
        }
        if !clean {
            let mut len = start;
            for i in start..out.len() {
                let v = out[i];
                out[len] = v;
                len += usize::from(v.is_finite());
            }
            out.truncate(len);
        }
    }
}

/// Centres of the boxes that are not excluded, in pixels, row by row. Boxes cut by the upper or right edge have the
/// centre they would have if they were whole.
pub(crate) fn centers(excluded: &Array2<bool>, box_size: (usize, usize)) -> Vec<Point> {
    let at = |i: usize, size: usize| (i * size) as f64 + (size as f64 - 1.0) / 2.0;
    excluded
        .indexed_iter()
        .filter(|(_, e)| !**e)
        .map(|((j, i), _)| Point::new(at(i, box_size.1), at(j, box_size.0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathering_skips_what_is_bad() {
        let mut d = Array2::from_shape_fn((4, 5), |(y, x)| (10 * y + x) as f32);
        d[[1, 1]] = f32::NAN;
        d[[2, 2]] = f32::INFINITY;
        let mut mask = Array2::from_elem((4, 5), false);
        mask[[1, 2]] = true;
        let mut coverage = Array2::from_elem((4, 5), false);
        coverage[[2, 1]] = true;
        let image = Image::new(d.view()).unwrap().with_mask(mask.view()).unwrap();
        let mut out = Vec::new();
        gather(&image, Some(coverage.view()), 1..3, 1..4, &mut out);
        assert_eq!(out, [13.0, 23.0]);
        let image = Image::new(d.t()).unwrap();
        gather(&image, None, 0..2, 0..3, &mut out);
        assert_eq!(out, [0.0, 10.0, 20.0, 1.0, 21.0]);
    }
}
