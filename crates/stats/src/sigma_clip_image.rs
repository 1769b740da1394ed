//! Sigma clipping that keeps the place of every pixel.

use ndarray::{Array2, ArrayView1};
use skyphot_core::{Exec, Image, Pixel};

use crate::clipped_stats::clip_all;
use crate::{CenterFunc, Result, SigmaClip, SpreadFunc, kernel};

/// The direction along which pixels are clipped together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Along y: every column is clipped on its own (numpy's `axis=0`).
    Y,
    /// Along x: every row is clipped on its own (numpy's `axis=1`).
    X,
}

/// Pixels rejected by sigma clipping.
#[derive(Debug, Clone, PartialEq)]
pub struct Clipped {
    /// `true` where a pixel was clipped or bad from the start, `(ny, nx)`.
    pub mask: Array2<bool>,
    /// Lower bounds of the last iteration: one value, or one per column or row. NaN where there was no good pixel.
    pub lower: Vec<f64>,
    /// Upper bounds of the last iteration.
    pub upper: Vec<f64>,
    /// Number of good pixels that were clipped.
    pub n_rejected: usize,
    /// Number of pixels that were masked or not finite from the start.
    pub n_bad: usize,
    /// Iterations done (the most of any row or column).
    pub iterations: usize,
}

/// Sigma clipping of an image as a whole (`axis` = `None`) or of its columns or rows one by one.
///
/// Without [`SigmaClip::grow`] the bounds of the last iteration are applied to all good pixels, so that a pixel that an
/// early iteration rejected is kept if it lies within them. With `grow` everything ever rejected stays so, and pixels
/// within that radius of one (along the axis, if one is given) are rejected too. Both as in `astropy.stats.sigma_clip`.
///
/// # Errors
/// [`StatsError::InvalidParameter`](crate::StatsError::InvalidParameter) from [`SigmaClip::validate`].
pub fn sigma_clip<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    axis: Option<Axis>,
    exec: &Exec,
) -> Result<Clipped> {
    clip.validate()?;
    Ok(clip_plane(image, clip, axis, None, exec))
}

/// [`sigma_clip`] with checked parameters and a value that marks bad pixels.
pub(crate) fn clip_plane<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    axis: Option<Axis>,
    mask_value: Option<f64>,
    exec: &Exec,
) -> Clipped {
    let (ny, nx) = image.shape();
    let data = image.data();
    let bad = Array2::from_shape_fn((ny, nx), |(y, x)| {
        image.is_bad(x, y) || mask_value.is_some_and(|v| data[[y, x]].to_f64() == v)
    });
    let lane_of = |lane: usize| -> (ArrayView1<'_, T>, ArrayView1<'_, bool>) {
        match axis {
            Some(Axis::Y) => (data.column(lane), bad.column(lane)),
            _ => (data.row(lane), bad.row(lane)),
        }
    };
    let good = |(d, b): (ArrayView1<'_, T>, ArrayView1<'_, bool>), out: &mut Vec<f64>| {
        out.extend(d.iter().zip(b).filter(|(_, b)| !**b).map(|(v, _)| v.to_f64()));
    };
    let (mask, bounds) = if clip.grow > 0.0 {
        grow_clip(image, clip, axis, &bad, exec)
    } else {
        let bounds: Vec<(f64, f64, usize)> = match axis {
            None => {
                let b = clip_all(image, clip, mask_value, exec).0;
                vec![(b.lower, b.upper, b.iterations)]
            }
            Some(a) => {
                exec.map_init(if a == Axis::Y { nx } else { ny }, Vec::new, |values: &mut Vec<f64>, i| {
                    values.clear();
                    good(lane_of(i), values);
                    let b = kernel::clip_unsorted(values, clip);
                    (b.lower, b.upper, b.iterations)
                })
            }
        };
        let mut mask = bad.clone();
        for ((y, x), m) in mask.indexed_iter_mut() {
            let (lower, upper, _) = bounds[lane(axis, y, x)];
            let v = data[[y, x]].to_f64();
            *m |= v < lower || v > upper;
        }
        (mask, bounds)
    };
    let n_bad = bad.iter().filter(|b| **b).count();
    Clipped {
        n_rejected: mask.iter().filter(|m| **m).count() - n_bad,
        n_bad,
        lower: bounds.iter().map(|b| b.0).collect(),
        upper: bounds.iter().map(|b| b.1).collect(),
        iterations: bounds.iter().map(|b| b.2).max().unwrap_or(0),
        mask,
    }
}

fn lane(axis: Option<Axis>, y: usize, x: usize) -> usize {
    match axis {
        None => 0,
        Some(Axis::Y) => x,
        Some(Axis::X) => y,
    }
}

/// The iteration with a growing mask. All rows or columns go on until none of them changes.
fn grow_clip<T: Pixel>(
    image: &Image<'_, T>,
    clip: &SigmaClip,
    axis: Option<Axis>,
    bad: &Array2<bool>,
    exec: &Exec,
) -> (Array2<bool>, Vec<(f64, f64, usize)>) {
    let (ny, nx) = image.shape();
    let data = image.data();
    let mut mask = bad.clone();
    let n_lanes = match axis {
        None => 1,
        Some(Axis::Y) => nx,
        Some(Axis::X) => ny,
    };
    // The disc, or its section along the axis.
    let r = clip.grow as i64;
    let offsets: Vec<(i64, i64)> = (-r..=r)
        .flat_map(|dy| (-r..=r).map(move |dx| (dy, dx)))
        .filter(|&(dy, dx)| {
            (dy * dy + dx * dx) as f64 <= clip.grow * clip.grow
                && match axis {
                    None => true,
                    Some(Axis::Y) => dx == 0,
                    Some(Axis::X) => dy == 0,
                }
        })
        .collect();
    let mut bounds = vec![(f64::NAN, f64::NAN, 0); n_lanes];
    for iteration in 1..=clip.limit() {
        bounds = exec.map(n_lanes, |i| {
            let pick = |(v, m): (&T, &bool)| (!*m).then(|| v.to_f64());
            let mut values: Vec<f64> = match axis {
                None => data.iter().zip(&mask).filter_map(pick).collect(),
                Some(Axis::Y) => data.column(i).iter().zip(mask.column(i)).filter_map(pick).collect(),
                Some(Axis::X) => data.row(i).iter().zip(mask.row(i)).filter_map(pick).collect(),
            };
            let (lower, upper) = one_interval(&mut values, clip);
            (lower, upper, iteration)
        });
        let mut rejected = Vec::new();
        for ((y, x), m) in mask.indexed_iter() {
            let (lower, upper, _) = bounds[lane(axis, y, x)];
            let v = data[[y, x]].to_f64();
            if !*m && (v < lower || v > upper) {
                rejected.push((y as i64, x as i64));
            }
        }
        if rejected.is_empty() {
            break;
        }
        for (y, x) in rejected {
            for (dy, dx) in &offsets {
                let (y, x) = (y + dy, x + dx);
                if (0..ny as i64).contains(&y) && (0..nx as i64).contains(&x) {
                    mask[[y as usize, x as usize]] = true;
                }
            }
        }
    }
    (mask, bounds)
}

/// The clipping interval of the values, once.
fn one_interval(values: &mut [f64], clip: &SigmaClip) -> (f64, f64) {
    let (mean, std) = kernel::mean_std(values);
    let need_median = clip.center == CenterFunc::Median || clip.spread == SpreadFunc::MadStd;
    let median = if need_median { kernel::median_in_place(values) } else { mean };
    let center = if clip.center == CenterFunc::Median { median } else { mean };
    let spread = match clip.spread {
        SpreadFunc::Std => std,
        SpreadFunc::MadStd => kernel::mad_in_place(values, median) * crate::MAD_TO_STD,
    };
    clip.bounds(center, spread)
}
