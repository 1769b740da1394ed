//! Maximum and minimum filters.

use ndarray::{Array2, ArrayView2};
use skyphot_core::{Exec, Pixel};

use crate::kernel::{extremum, window};
use crate::{Boundary, Footprint};

/// The largest value in the neighbourhood of every pixel.
///
/// NaN is passed over; a neighbourhood of nothing but NaN gives `-inf`. `boundary` says what lies outside
/// (`Boundary::Constant(f64::NEG_INFINITY)` = nothing). The cost per pixel grows with the number of rows of the
/// neighbourhood, for a full rectangle only with the logarithm of its sides.
///
/// ```
/// use ndarray::arr2;
/// use skyphot_core::Exec;
/// use skyphot_filter::{Boundary, Footprint, maximum_filter};
/// let d = arr2(&[[1.0, 2.0, 9.0], [4.0, 3.0, 0.0]]);
/// let m = maximum_filter(d.view(), &Footprint::rectangle(3, 3)?, Boundary::default(), &Exec::serial());
/// assert_eq!(m, arr2(&[[4.0, 9.0, 9.0], [4.0, 9.0, 9.0]]));
/// # Ok::<(), skyphot_filter::FilterError>(())
/// ```
#[must_use]
pub fn maximum_filter<T: Pixel>(
    data: ArrayView2<'_, T>,
    footprint: &Footprint,
    boundary: Boundary,
    exec: &Exec,
) -> Array2<f64> {
    filter(data, footprint, boundary, exec, 1.0)
}

/// The smallest value in the neighbourhood of every pixel; see [`maximum_filter`].
#[must_use]
pub fn minimum_filter<T: Pixel>(
    data: ArrayView2<'_, T>,
    footprint: &Footprint,
    boundary: Boundary,
    exec: &Exec,
) -> Array2<f64> {
    filter(data, footprint, boundary, exec, -1.0)
}

/// `sign` -1 turns the maximum into the minimum.
fn filter<T: Pixel>(
    data: ArrayView2<'_, T>,
    footprint: &Footprint,
    boundary: Boundary,
    exec: &Exec,
    sign: f64,
) -> Array2<f64> {
    let (ny, nx) = data.dim();
    let mut out = Array2::from_elem((ny, nx), f64::NEG_INFINITY);
    let (fy, fx) = footprint.shape();
    let before = (fy / 2, fx / 2);
    let after = (fy - 1 - before.0, fx - 1 - before.1);
    let rows = window::tile_rows(nx, fy);
    let runs = footprint.runs();
    if let Some(slice) = out.as_slice_mut().filter(|s| !s.is_empty()) {
        exec.for_each_chunk_mut(slice, rows * nx, |tile, chunk| {
            let y0 = tile * rows;
            let y1 = y0 + chunk.len() / nx;
            let mut band = window::band(data, (y0, y1), before, after, boundary);
            for v in &mut band.values {
                *v = if v.is_nan() { f64::NEG_INFINITY } else { *v * sign };
            }
            if footprint.is_full() {
                rectangle(chunk, nx, &mut band, footprint.shape());
            } else {
                by_runs(chunk, nx, band, &runs);
            }
            if sign < 0.0 {
                chunk.iter_mut().for_each(|v| *v = -*v);
            }
        });
    }
    out
}

/// The power of two that is not above `n` but above `n / 2`.
fn power_below(n: usize) -> usize {
    1 << n.ilog2()
}

/// Full rectangles: along the rows, then along the columns, with windows that double.
fn rectangle(out: &mut [f64], nx: usize, band: &mut window::Band, (fy, fx): (usize, usize)) {
    let width = band.width;
    let p = power_below(fx);
    for row in band.values.chunks_exact_mut(width) {
        let mut step = 1;
        while step < p {
            extremum::double(row, step);
            step *= 2;
        }
        if fx > p {
            extremum::double(row, fx - p);
        }
    }
    // The same along y: whole rows take the place of values.
    let n_rows = band.values.len() / width;
    let lift = |values: &mut [f64], step: usize| {
        for y in 0..n_rows.saturating_sub(step) {
            let (a, b) = values.split_at_mut((y + step) * width);
            extremum::raise(&mut a[y * width..(y + 1) * width], &b[..width]);
        }
    };
    let p = power_below(fy);
    let mut step = 1;
    while step < p {
        lift(&mut band.values, step);
        step *= 2;
    }
    if fy > p {
        lift(&mut band.values, fy - p);
    }
    for (r, o) in out.chunks_exact_mut(nx).enumerate() {
        o.copy_from_slice(&band.values[r * width..r * width + nx]);
    }
}

/// Any shape: every run of consecutive pixels is covered by two windows of a power of two.
fn by_runs(out: &mut [f64], nx: usize, band: window::Band, runs: &[(usize, usize, usize)]) {
    let width = band.width;
    let mut level = band.values;
    let longest = runs.iter().map(|r| r.2).max().unwrap_or(1);
    let mut size = 1;
    while size <= longest {
        for &(dy, x, len) in runs.iter().filter(|r| power_below(r.2) == size) {
            for (r, o) in out.chunks_exact_mut(nx).enumerate() {
                let row = &level[(r + dy) * width..(r + dy + 1) * width];
                extremum::raise(o, &row[x..x + nx]);
                if len > size {
                    extremum::raise(o, &row[x + len - size..x + len - size + nx]);
                }
            }
        }
        level.chunks_exact_mut(width).for_each(|row| extremum::double(row, size));
        size *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skyphot_core::testing::uniform;

    fn slow(data: &Array2<f64>, footprint: &Footprint, boundary: Boundary) -> Array2<f64> {
        let (ny, nx) = data.dim();
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            footprint.offsets().iter().fold(f64::NEG_INFINITY, |m, (dy, dx)| {
                match (boundary.index(y as i64 + dy, ny), boundary.index(x as i64 + dx, nx)) {
                    (Some(a), Some(b)) => m.max(data[[a, b]]),
                    _ => m.max(boundary.fill()),
                }
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn equals_the_definition(ny in 1_usize..50, nx in 1_usize..50, fy in 1_usize..9, fx in 1_usize..9,
                                 seed in 0_u64..1000, full in any::<bool>(), mode in 0..3) {
            // Coarse values, so that there are ties.
            let d = Array2::from_shape_fn((ny, nx), |(y, x)| {
                let u = uniform(seed, (y * nx + x) as u64);
                if u > 0.95 { f64::NAN } else { (u * 40.0).floor() - 20.0 }
            });
            let mut shape = Array2::from_shape_fn((fy, fx), |(y, x)| full || uniform(seed + 1, (y * fx + x) as u64) < 0.5);
            shape[[fy - 1, 0]] = true;
            let f = Footprint::from_array(shape).unwrap();
            let boundary = [Boundary::Constant(0.0), Boundary::Reflect, Boundary::Wrap][mode as usize];
            prop_assert_eq!(maximum_filter(d.view(), &f, boundary, &Exec::serial()), slow(&d, &f, boundary));
            let negative = d.mapv(|v| -v);
            let low = minimum_filter(negative.view(), &f, boundary, &Exec::default());
            let high = match boundary {
                Boundary::Constant(_) => slow(&d, &f, Boundary::Constant(-0.0)),
                b => slow(&d, &f, b),
            };
            prop_assert_eq!(low.mapv(|v| -v), high);
        }
    }
}
