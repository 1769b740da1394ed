//! The residuals of many stars at the samples of an ePSF.

use skyphot_stats::kernel::{clip_sorted, median_sorted};
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

/// No pixel.
pub(crate) const NONE: u32 = u32::MAX;

/// Half the width in samples of the box around a sample whose pixels count for it.
pub(crate) fn half_width(oversampling: usize) -> f64 {
    if oversampling < 2 { 0.5 } else { (0.375 * oversampling as f64).max(1.0) }
}

/// For every pixel of one axis of a cutout the samples it counts for, as a range: pixel `c` of `n_pixels` lies at sample
/// `u = oversampling (c - center) + origin` and counts for the samples in `(u - w, u + w]`.
pub(crate) fn samples_of_pixels(
    n_pixels: usize,
    center: f64,
    oversampling: usize,
    origin: f64,
    n_samples: usize,
) -> Vec<(u32, u32)> {
    let w = half_width(oversampling);
    let limit = n_samples as f64;
    let mut taken = 0.0;
    let range = |c: usize| {
        let u = oversampling as f64 * (c as f64 - center) + origin;
        // Rounding must not give a sample to two pixels.
        let first = ((u - w).floor() + 1.0).clamp(taken, limit);
        let end = ((u + w).floor() + 1.0).clamp(first, limit);
        taken = end;
        (first as u32, end as u32)
    };
    (0..n_pixels).map(range).collect()
}

/// The pixel that counts for every sample, [`NONE`] where there is none.
pub(crate) fn pixels_of_samples(samples: &[(u32, u32)], n_samples: usize) -> Vec<u32> {
    let mut map = vec![NONE; n_samples];
    for (c, (first, end)) in samples.iter().enumerate() {
        map[*first as usize..*end as usize].fill(c as u32);
    }
    map
}

/// One star's residuals, row by row, NaN where a pixel is bad, with the pixels of the samples.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) residual: Vec<f64>,
    pub(crate) nx: usize,
    pub(crate) rows: Vec<u32>,
    /// First sample and that behind the last one of every column of pixels.
    pub(crate) samples: Vec<(u32, u32)>,
}

/// Columns of values that are sorted side by side.
const LANES: usize = 4;

/// Clipped median of the layers at the samples of grid row `y`; NaN where there is none.
pub(crate) fn median_row(
    layers: &[Layer],
    y: usize,
    clip: Option<&SigmaClip>,
    scratch: &mut Scratch,
    out: &mut [f64],
) {
    let n = layers.len();
    let Scratch { columns, next, line } = scratch;
    // Values are written before they are read: what is left of an earlier row does not matter.
    let n = n.next_multiple_of(BLOCK);
    columns.resize(out.len().div_ceil(LANES) * n, Row([0.0; LANES]));
    next.clear();
    next.extend((0..out.len().next_multiple_of(LANES)).map(|x| x / LANES * n));
    for layer in layers {
        let row = layer.rows[y];
        if row == NONE {
            continue;
        }
        let values = &layer.residual[row as usize * layer.nx..(row as usize + 1) * layer.nx];
        for (v, (first, end)) in values.iter().zip(&layer.samples) {
            if v.is_finite() {
                let first = *first as usize;
                for (i, next) in next[first..*end as usize].iter_mut().enumerate() {
                    columns[*next].0[(first + i) % LANES] = *v;
                    *next += 1;
                }
            }
        }
    }
    let groups = out.chunks_mut(LANES).zip(columns.chunks_exact_mut(n.max(1))).zip(next.chunks_exact(LANES));
    for (g, ((out, rows), next)) in groups.enumerate() {
        let count: [usize; LANES] = std::array::from_fn(|lane| next[lane] - g * n);
        let longest = count.into_iter().max().unwrap_or(0);
        let rows = &mut rows[..longest.next_multiple_of(BLOCK)];
        for (lane, count) in count.iter().enumerate() {
            for row in &mut rows[*count..] {
                row.0[lane] = f64::INFINITY;
            }
        }
        sort_lanes(rows);
        if let Some(clip) = clip.filter(|c| c.spread == SpreadFunc::Std) {
            let median = clipped_medians(rows, count, clip);
            out.copy_from_slice(&median[..out.len()]);
            continue;
        }
        for (lane, (o, count)) in out.iter_mut().zip(count).enumerate() {
            line.clear();
            line.extend(rows[..count].iter().map(|r| r.0[lane]));
            *o = match clip {
                Some(clip) => clip_sorted(line, clip).median,
                None => median_sorted(line),
            };
        }
    }
}

/// Room for the values of one row of samples.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    columns: Vec<Row>,
    /// Where the next value of each column goes.
    next: Vec<usize>,
    line: Vec<f64>,
}

/// Values of the columns side by side, aligned as a wide register wants them.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
struct Row([f64; LANES]);

/// Rows that are sorted and merged at a time, held in registers meanwhile.
const BLOCK: usize = 8;

/// Sorts every lane by itself, smallest first. No value may be NaN; the number of rows is a multiple of 8.
fn sort_lanes(rows: &mut [Row]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: a `Row` is four numbers with the size and alignment of the register, for which every bit pattern is
        // a value, and the slice is borrowed as long as the registers are.
        #[allow(unsafe_code)]
        let registers = unsafe { std::slice::from_raw_parts_mut(rows.as_mut_ptr().cast(), rows.len()) };
        // SAFETY: the feature was found just now.
        #[allow(unsafe_code)]
        return unsafe { wide::sort(registers) };
    }
    narrow::sort(rows);
}

/// Batcher's bitonic sort (1968, AFIPS 32, 307) with all comparisons in one direction, from blocks of eight on, which are
/// sorted by a network of 19 comparisons (Knuth, The Art of Computer Programming 3, 5.3.4). The comparisons do not depend
/// on the values, so that all lanes do the same; those with rows beyond the end, which would hold infinities, are left
/// out.
macro_rules! bitonic_sort {
    ($(#[$feature:meta])* $row:ty, $ordered:path) => {
        $(#[$feature])*
        pub(super) fn sort(rows: &mut [$row]) {
            for block in rows.as_chunks_mut::<BLOCK>().0 {
                bitonic_sort!(@exchange $ordered, block, 0 2, 1 3, 4 6, 5 7, 0 4, 1 5, 2 6, 3 7, 0 1, 2 3, 4 5, 6 7, 2 4, 3 5, 1 4, 3 6, 1 2, 3 4, 5 6);
            }
            let mut size = 2 * BLOCK;
            while size / 2 < rows.len() {
                for part in rows.chunks_mut(size) {
                    // The first half against the second half backwards.
                    if part.len() > size / 2 {
                        let (low, high) = part.split_at_mut(size / 2);
                        let missing = low.len() - high.len();
                        for (a, b) in low[missing..].iter_mut().zip(high.iter_mut().rev()) {
                            (*a, *b) = $ordered(*a, *b);
                        }
                    }
                    let mut d = size / 4;
                    while d >= BLOCK {
                        for pair in part.chunks_mut(2 * d).filter(|p| p.len() > d) {
                            let (low, high) = pair.split_at_mut(d);
                            for (a, b) in low.iter_mut().zip(high) {
                                (*a, *b) = $ordered(*a, *b);
                            }
                        }
                        d /= 2;
                    }
                }
                for block in rows.as_chunks_mut::<BLOCK>().0 {
                    bitonic_sort!(@exchange $ordered, block, 0 4, 1 5, 2 6, 3 7, 0 2, 1 3, 4 6, 5 7, 0 1, 2 3, 4 5, 6 7);
                }
                size *= 2;
            }
        }
    };
    (@exchange $ordered:path, $block:expr, $($i:literal $j:literal),*) => {{
        let mut r = *$block;
        $((r[$i], r[$j]) = $ordered(r[$i], r[$j]);)*
        *$block = r;
    }};
}

mod narrow {
    use super::{BLOCK, LANES, Row};

    #[inline(always)]
    fn ordered(a: Row, b: Row) -> (Row, Row) {
        let (mut low, mut high) = (a, b);
        for i in 0..LANES {
            let swap = b.0[i] < a.0[i];
            low.0[i] = if swap { b.0[i] } else { a.0[i] };
            high.0[i] = if swap { a.0[i] } else { b.0[i] };
        }
        (low, high)
    }

    bitonic_sort!(Row, ordered);
}

/// The same comparisons in wide registers.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{__m256d, _mm256_max_pd, _mm256_min_pd};

    use super::BLOCK;

    #[inline]
    #[target_feature(enable = "avx2")]
    fn ordered(a: __m256d, b: __m256d) -> (__m256d, __m256d) {
        (_mm256_min_pd(b, a), _mm256_max_pd(a, b))
    }

    bitonic_sort!(
        #[target_feature(enable = "avx2")]
        __m256d,
        ordered
    );
}

/// Below this part of the sum of squares that was added up, the rounding errors of what was taken away again show.
const REFRESH: f64 = 1e-6;

/// Medians of the sorted values of all lanes after clipping by their standard deviations; NaN without values.
fn clipped_medians(rows: &[Row], count: [usize; LANES], clip: &SigmaClip) -> [f64; LANES] {
    let pivot: [f64; LANES] =
        std::array::from_fn(|lane| if count[lane] == 0 { 0.0 } else { middle(rows, lane, 0, count[lane]) });
    let (mut s1, mut s2) = ([0.0; LANES], [0.0; LANES]);
    let shortest = count.into_iter().min().unwrap_or(0);
    for row in &rows[..shortest] {
        for lane in 0..LANES {
            let d = row.0[lane] - pivot[lane];
            s1[lane] += d;
            s2[lane] += d * d;
        }
    }
    std::array::from_fn(|lane| {
        let mut sums = (s1[lane], s2[lane]);
        add_moments(&rows[shortest..count[lane]], lane, pivot[lane], &mut sums);
        clipped_median(&rows[..count[lane]], lane, pivot[lane], sums, clip)
    })
}

fn add_moments(rows: &[Row], lane: usize, pivot: f64, sums: &mut (f64, f64)) {
    for row in rows {
        let d = row.0[lane] - pivot;
        sums.0 += d;
        sums.1 += d * d;
    }
}

/// Median of the sorted values `start .. end` of a lane.
fn middle(rows: &[Row], lane: usize, start: usize, end: usize) -> f64 {
    let (low, high) = ((start + end - 1) / 2, (start + end) / 2);
    if low == high { rows[low].0[lane] } else { 0.5 * (rows[low].0[lane] + rows[high].0[lane]) }
}

/// Median of the sorted values of a lane after clipping; `sums` are those of the deviations from the pivot and of their
/// squares. They are not taken again in every iteration: what is rejected is taken away from them.
fn clipped_median(rows: &[Row], lane: usize, pivot: f64, sums: (f64, f64), clip: &SigmaClip) -> f64 {
    let (mut start, mut end) = (0, rows.len());
    let (mut s1, mut s2) = sums;
    let mut fresh = s2;
    for _ in 0..clip.max_iters.unwrap_or(usize::MAX) {
        if start == end {
            break;
        }
        let (least, most) = (rows[start].0[lane], rows[end - 1].0[lane]);
        if end - start == 2 {
            // Two values lie one standard deviation from their middle: the last digit of the sums must not decide.
            return clip_sorted(&[least, most], clip).median;
        }
        if least == most {
            // Nor must it reject values that are equal.
            break;
        }
        if s2 < REFRESH * fresh {
            let mut again = (0.0, 0.0);
            add_moments(&rows[start..end], lane, pivot, &mut again);
            (s1, s2) = again;
            fresh = s2;
        }
        let n = (end - start) as f64;
        let mean = s1 / n;
        let spread = (s2 / n - mean * mean).max(0.0).sqrt();
        let center = match clip.center {
            CenterFunc::Median => middle(rows, lane, start, end),
            CenterFunc::Mean => pivot + mean,
        };
        let reach = |sigma: f64| if sigma == f64::INFINITY { f64::INFINITY } else { spread * sigma };
        let (lower, upper) = (center - reach(clip.sigma_lower), center + reach(clip.sigma_upper));
        let before = (start, end);
        let mut drop = |v: f64| {
            let d = v - pivot;
            s1 -= d;
            s2 -= d * d;
        };
        while start < end && rows[start].0[lane] < lower {
            drop(rows[start].0[lane]);
            start += 1;
        }
        while start < end && rows[end - 1].0[lane] > upper {
            end -= 1;
            drop(rows[end].0[lane]);
        }
        if (start, end) == before {
            break;
        }
    }
    if start == end { f64::NAN } else { middle(rows, lane, start, end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skyphot_core::testing::{noise, uniform};

    #[test]
    fn every_sample_has_at_most_one_pixel_and_the_nearest() {
        for (os, center) in [(1, 3.2), (2, 2.9), (3, 3.4), (4, 3.0), (5, 2.51)] {
            let n = 7 * os + 1 - (7 * os) % 2;
            let origin = (n as f64 - 1.0) / 2.0;
            let map = pixels_of_samples(&samples_of_pixels(7, center, os, origin, n), n);
            for (k, c) in map.iter().enumerate().filter(|(_, c)| **c != NONE) {
                let u = os as f64 * (f64::from(*c) - center) + origin;
                assert!((k as f64 - u).abs() <= half_width(os), "{os} {k} {u}");
            }
            assert!(map.iter().filter(|c| **c != NONE).count() >= 7);
        }
    }

    #[test]
    fn lanes_are_sorted() {
        for n in [0, 8, 16, 24, 40, 64, 104, 128, 200, 264] {
            let value = |k: usize, lane: usize| (noise(3, (k * LANES + lane) as u64) * 4.0).round() / 2.0;
            let mut rows: Vec<Row> = (0..n)
                .map(|k| Row(std::array::from_fn(|lane| if k > 90 { f64::INFINITY } else { value(k, lane) })))
                .collect();
            let before = rows.clone();
            sort_lanes(&mut rows);
            for lane in 0..LANES {
                let mut v: Vec<f64> = before.iter().map(|r| r.0[lane]).collect();
                v.sort_by(f64::total_cmp);
                assert!(rows.iter().zip(&v).all(|(r, v)| r.0[lane] == *v), "{n} {lane}");
            }
        }
    }

    /// In one lane next to shorter ones.
    fn fast(sorted: &[f64], clip: &SigmaClip) -> f64 {
        let rows: Vec<Row> = sorted.iter().map(|v| Row([0.0, *v, 1.0, *v])).collect();
        clipped_medians(&rows, [0, rows.len(), rows.len() / 2, rows.len() / 3], clip)[1]
    }

    proptest! {
        #[test]
        fn fast_clipping_is_the_slow_one(
            seed in 0_u64..1000, n in 1_usize..300, tail in 0.0_f64..4.0, sigma in 1.0_f64..4.0, mean: bool,
        ) {
            let mut v: Vec<f64> =
                (0..n as u64).map(|i| 7.0 + noise(seed, i) * (tail * uniform(seed + 1, i) * 3.0).exp()).collect();
            v.sort_by(f64::total_cmp);
            let center = if mean { CenterFunc::Mean } else { CenterFunc::Median };
            let clip = SigmaClip { center, ..SigmaClip::new(sigma).with_max_iters(Some(10)) };
            prop_assert_eq!(fast(&v, &clip), clip_sorted(&v, &clip).median);
        }
    }

    #[test]
    fn two_values_at_their_own_deviation_stay() {
        let clip = SigmaClip::new(1.0).with_max_iters(Some(10));
        for i in 0..1000 {
            let mut v = [noise(1, i), noise(2, i)].map(|d| 7.0 + 3.0 * d);
            v.sort_by(f64::total_cmp);
            assert_eq!(fast(&v, &clip), clip_sorted(&v, &clip).median, "{v:?}");
        }
    }

    #[test]
    fn equal_values_and_giants() {
        let clip = SigmaClip::new(3.0).with_max_iters(None);
        assert_eq!(fast(&[0.1; 40], &clip), 0.1);
        let mut v = vec![1.0; 30];
        v.extend([1.5, 1e12, 1e300]);
        assert_eq!(fast(&v, &clip), clip_sorted(&v, &clip).median);
        assert!(fast(&[], &clip).is_nan());
    }
}
