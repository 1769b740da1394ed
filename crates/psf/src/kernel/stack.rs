//! The residuals of many stars at the samples of an ePSF.

use skyphot_stats::SigmaClip;
use skyphot_stats::kernel::{clip_unsorted, median_in_place};

/// No pixel.
pub(crate) const NONE: u32 = u32::MAX;

/// Half the width in samples of the box around a sample whose pixels count for it.
pub(crate) fn half_width(oversampling: usize) -> f64 {
    if oversampling < 2 { 0.5 } else { (0.375 * oversampling as f64).max(1.0) }
}

/// For every sample of one axis the pixel of a cutout that counts for it: pixel `c` of `n_pixels` lies at sample
/// `u = oversampling (c - center) + origin` and counts for the samples in `(u - w, u + w]`.
pub(crate) fn pixels_of_samples(
    n_pixels: usize,
    center: f64,
    oversampling: usize,
    origin: f64,
    n_samples: usize,
) -> Vec<u32> {
    let w = half_width(oversampling);
    let mut map = vec![NONE; n_samples];
    for c in 0..n_pixels {
        let u = oversampling as f64 * (c as f64 - center) + origin;
        let mut k = (u - w).floor() + 1.0;
        while k <= u + w {
            if k >= 0.0 && k < n_samples as f64 {
                map[k as usize] = c as u32;
            }
            k += 1.0;
        }
    }
    map
}

/// One star's residuals, row by row, NaN where a pixel is bad, with the pixels of the samples.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) residual: Vec<f64>,
    pub(crate) nx: usize,
    pub(crate) rows: Vec<u32>,
    pub(crate) cols: Vec<u32>,
}

/// Clipped median of the layers at the samples of grid row `y`; NaN where there is none.
pub(crate) fn median_row(layers: &[Layer], y: usize, clip: Option<&SigmaClip>, out: &mut [f64]) {
    let n = layers.len();
    let mut columns = vec![0.0; out.len() * n];
    let mut count = vec![0_usize; out.len()];
    for layer in layers {
        let row = layer.rows[y];
        if row == NONE {
            continue;
        }
        let line = &layer.residual[row as usize * layer.nx..(row as usize + 1) * layer.nx];
        for ((c, count), column) in layer.cols.iter().zip(&mut count).zip(columns.chunks_exact_mut(n)) {
            if *c == NONE {
                continue;
            }
            let v = line[*c as usize];
            if v.is_finite() {
                column[*count] = v;
                *count += 1;
            }
        }
    }
    for ((o, column), count) in out.iter_mut().zip(columns.chunks_exact_mut(n.max(1))).zip(count) {
        let values = &mut column[..count];
        *o = match clip {
            _ if values.is_empty() => f64::NAN,
            Some(clip) => clip_unsorted(values, clip).median,
            None => median_in_place(values),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_at_most_one_pixel_and_the_nearest() {
        for (os, center) in [(1, 3.2), (2, 2.9), (3, 3.4), (4, 3.0), (5, 2.51)] {
            let n = 7 * os + 1 - (7 * os) % 2;
            let origin = (n as f64 - 1.0) / 2.0;
            let map = pixels_of_samples(7, center, os, origin, n);
            for (k, c) in map.iter().enumerate().filter(|(_, c)| **c != NONE) {
                let u = os as f64 * (f64::from(*c) - center) + origin;
                assert!((k as f64 - u).abs() <= half_width(os), "{os} {k} {u}");
            }
            assert!(map.iter().filter(|c| **c != NONE).count() >= 7);
        }
    }
}
