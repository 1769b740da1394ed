//! Pixels that no neighbour exceeds.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, CowArray};
use skyphot_core::{Exec, Pixel};
use skyphot_filter::{Boundary, Footprint, maximum_filter};

use crate::Threshold;

/// Rows of one piece of work.
pub(crate) const ROWS: usize = 64;
/// Neighbours that are compared one by one.
const NEAR: usize = 36;
/// Comparisons per pixel after which a running maximum of everything is cheaper.
const BUDGET: usize = 64;

/// What to search for.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    /// `true` = neither a peak nor a rival.
    pub(crate) mask: Option<ArrayView2<'a, bool>>,
    /// Peaks lie above it.
    pub(crate) threshold: &'a Threshold,
    /// Where the rivals are.
    pub(crate) footprint: &'a Footprint,
    /// Rows at the lower and upper, columns at the left and right edge without peaks.
    pub(crate) border: (usize, usize),
}

/// `(y, x)` of all pixels above the threshold that are the maximum of their neighbourhood, row by row. Every pixel of a
/// tie is one. Masked and non-finite pixels take no part; where the neighbourhood reaches over the edge of the image it
/// meets the value 0.
pub(crate) fn local_maxima<T: Pixel>(
    data: ArrayView2<'_, T>,
    search: &Search<'_>,
    exec: &Exec,
) -> Vec<(usize, usize)> {
    let (ny, nx) = data.dim();
    let (by, bx) = search.border;
    if 2 * by >= ny || 2 * bx >= nx || is_constant(data) {
        return Vec::new();
    }
    if let Some(rivals) = Rivals::new(search.footprint) {
        let standard = data.as_standard_layout();
        let mask = search.mask.map(CowArray::from);
        let mask = mask.as_ref().map(|m| m.as_standard_layout());
        if let (Some(values), mask) = (standard.as_slice(), mask.as_ref().and_then(|m| m.as_slice())) {
            let scan = Scan { shape: (ny, nx), rivals: &rivals, mask, search };
            let parts = exec.map_init(ny.div_ceil(ROWS), Vec::new, |flags, i| {
                let mut found = Vec::new();
                let rows = i * ROWS..((i + 1) * ROWS).min(ny);
                scan.rows(values, 0, rows, flags, &mut found).then_some(found)
            });
            if let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() {
                return parts.concat();
            }
        }
    }
    by_filter(data, search, exec)
}

/// All pixels have the same value (NaN equals nothing).
fn is_constant<T: Pixel>(data: ArrayView2<'_, T>) -> bool {
    let first = data[[0, 0]];
    data.iter().all(|v| *v == first)
}

/// The neighbours of a pixel, nearest first: most pixels fail at one of the first.
#[derive(Debug)]
pub(crate) struct Rivals {
    /// `(dy, dx)`.
    offsets: Vec<(i64, i64)>,
    /// Reach to lower and higher indices, `(y, x)`.
    pub(crate) before: (usize, usize),
    pub(crate) after: (usize, usize),
    /// The four nearest neighbours belong to it.
    cross: bool,
    /// The whole footprint as runs `(dy, dx, length)` along rows, nearest rows first.
    runs: Vec<(i64, i64, usize)>,
}

impl Rivals {
    /// `None` if the footprint does not hold the pixel itself.
    pub(crate) fn new(footprint: &Footprint) -> Option<Self> {
        let (fy, fx) = footprint.shape();
        let mut offsets = footprint.offsets();
        let n = offsets.len();
        offsets.retain(|o| *o != (0, 0));
        if offsets.len() == n {
            return None;
        }
        offsets.sort_by_key(|(dy, dx)| dy * dy + dx * dx);
        let cross = [(-1, 0), (0, -1), (0, 1), (1, 0)].iter().all(|o| offsets.iter().take(4).any(|p| p == o));
        let before = (fy / 2, fx / 2);
        let mut runs: Vec<(i64, i64, usize)> = Vec::new();
        for (dy, dx) in footprint.offsets() {
            match runs.last_mut() {
                Some((y, x, n)) if *y == dy && *x + *n as i64 == dx => *n += 1,
                _ => runs.push((dy, dx, 1)),
            }
        }
        runs.sort_by_key(|r| r.0.abs());
        Some(Self { offsets, before, after: (fy - 1 - before.0, fx - 1 - before.1), cross, runs })
    }
}

/// A search in rows of an image.
#[derive(Debug)]
pub(crate) struct Scan<'a, 's> {
    /// Shape of the image.
    pub(crate) shape: (usize, usize),
    pub(crate) rivals: &'a Rivals,
    /// Of the whole image, row by row.
    pub(crate) mask: Option<&'a [bool]>,
    pub(crate) search: &'a Search<'s>,
}

impl Scan<'_, '_> {
    /// Appends the peaks of the image's rows `rows`. `values` holds whole rows from row `first` of the image on, as far up
    /// and down as the neighbourhood reaches on the image. Returns false as soon as that turns out to be slow (plateaus).
    pub(crate) fn rows<T: Pixel>(
        &self,
        values: &[T],
        first: usize,
        rows: Range<usize>,
        flags: &mut Vec<u8>,
        found: &mut Vec<(usize, usize)>,
    ) -> bool {
        let (ny, nx) = self.shape;
        let (by, bx) = self.search.border;
        let row_of = |y: usize| &values[(y - first) * nx..(y - first + 1) * nx];
        let mut left = rows.len() * nx * BUDGET;
        let linear: Vec<isize> =
            self.rivals.offsets.iter().map(|(dy, dx)| (dy * nx as i64 + dx) as isize).collect();
        flags.resize(nx, 0);
        let mut constant = Vec::new();
        for y in rows.start.max(by)..rows.end.min(ny - by) {
            let row = row_of(y);
            let image_row;
            let threshold: &[f64] = match self.search.threshold {
                Threshold::Scalar(t) => {
                    constant.resize(nx, *t);
                    &constant
                }
                Threshold::Image(t) => {
                    image_row = t.row(y);
                    match image_row.as_slice() {
                        Some(s) => s,
                        None => {
                            constant.clear();
                            constant.extend(image_row.iter());
                            &constant
                        }
                    }
                }
            };
            // With a mask the nearest neighbours may not count.
            let near = (self.rivals.cross && self.mask.is_none() && y > 0 && y + 1 < ny)
                .then(|| (row_of(y - 1), row_of(y + 1)));
            flag_candidates(flags, row, threshold, near);
            for (block, some) in flags.chunks(8).enumerate() {
                if some.iter().all(|f| *f == 0) {
                    continue;
                }
                for (k, _) in some.iter().enumerate().filter(|(_, f)| **f != 0) {
                    let x = block * 8 + k;
                    if x < bx || x >= nx - bx {
                        continue;
                    }
                    let (wins, cost) = self.wins(values, first, (y, x), &linear);
                    if wins {
                        found.push((y, x));
                    }
                    left = match left.checked_sub(cost) {
                        Some(l) => l,
                        None => return false,
                    };
                }
            }
        }
        true
    }

    /// The pixel is good and beats its neighbourhood; and how many neighbours it was compared with.
    fn wins<T: Pixel>(
        &self,
        values: &[T],
        first: usize,
        (y, x): (usize, usize),
        linear: &[isize],
    ) -> (bool, usize) {
        let (ny, nx) = self.shape;
        let is_masked = |i: usize| self.mask.is_some_and(|m| m[i + first * nx]);
        let at = (y - first) * nx + x;
        let v = values[at].to_f64();
        if !v.is_finite() || is_masked(at) {
            return (false, 1);
        }
        let beats = |i: usize| {
            let n = values[i].to_f64();
            !(n > v && n.is_finite() && !is_masked(i))
        };
        let r = self.rivals;
        let inside = y >= r.before.0 && y + r.after.0 < ny && x >= r.before.1 && x + r.after.1 < nx;
        if inside {
            let near = if self.mask.is_some() { linear.len() } else { NEAR.min(linear.len()) };
            if let Some(n) = linear[..near].iter().position(|o| !beats(at.wrapping_add_signed(*o))) {
                return (false, n + 1);
            }
            if near == linear.len() {
                return (true, near);
            }
            // What comes so far mostly wins: whole runs at a time.
            let mut cost = near;
            for (dy, dx, n) in &r.runs {
                let start = at.wrapping_add_signed((dy * nx as i64 + dx) as isize);
                cost += n / 4;
                if any_exceeds(&values[start..start + n], v) {
                    return (false, cost);
                }
            }
            return (true, cost);
        }
        // Beyond the edge lies the value 0.
        let wins = v >= 0.0
            && r.offsets.iter().all(|(dy, dx)| {
                let (yy, xx) = (y as i64 + dy, x as i64 + dx);
                let outside = yy < 0 || xx < 0 || yy >= ny as i64 || xx >= nx as i64;
                outside || beats((yy as usize - first) * nx + xx as usize)
            });
        (wins, r.offsets.len())
    }
}

/// Some finite value exceeds `v`.
#[inline]
fn any_exceeds<T: Pixel>(values: &[T], v: f64) -> bool {
    let mut any = false;
    for n in values {
        let n = n.to_f64();
        any |= (n > v) & (n <= f64::MAX);
    }
    any
}

/// Marks (not 0) the pixels of a row that lie above the threshold and, if the rows below and above are given, are not
/// exceeded by one of the four nearest neighbours.
#[allow(unsafe_code)]
fn flag_candidates<T: Pixel>(flags: &mut [u8], row: &[T], threshold: &[f64], near: Option<(&[T], &[T])>) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2; the body is the plain code below.
        unsafe { flag_candidates_avx2(flags, row, threshold, near) };
        return;
    }
    flag_candidates_plain(flags, row, threshold, near);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[allow(unsafe_code)]
unsafe fn flag_candidates_avx2<T: Pixel>(
    flags: &mut [u8],
    row: &[T],
    threshold: &[f64],
    near: Option<(&[T], &[T])>,
) {
    flag_candidates_plain(flags, row, threshold, near);
}

#[inline(always)]
fn flag_candidates_plain<T: Pixel>(
    flags: &mut [u8],
    row: &[T],
    threshold: &[f64],
    near: Option<(&[T], &[T])>,
) {
    let n = row.len();
    let (flags, threshold) = (&mut flags[..n], &threshold[..n]);
    let Some((below, above)) = near.filter(|_| n > 2) else {
        for x in 0..n {
            flags[x] = u8::from(row[x].to_f64() > threshold[x]);
        }
        return;
    };
    // Infinite neighbours are bad pixels, which hide nothing.
    let exceeds = |a: T, v: f64| {
        let a = a.to_f64();
        (a > v) & (a <= f64::MAX)
    };
    let m = n - 2;
    let (centre, left, right) = (&row[1..1 + m], &row[..m], &row[2..2 + m]);
    let (below, above) = (&below[1..1 + m], &above[1..1 + m]);
    let (out, limit) = (&mut flags[1..1 + m], &threshold[1..1 + m]);
    for x in 0..m {
        let v = centre[x].to_f64();
        let beaten = exceeds(left[x], v) | exceeds(right[x], v) | exceeds(below[x], v) | exceeds(above[x], v);
        out[x] = u8::from((v > limit[x]) & !beaten);
    }
    for x in [0, n - 1] {
        flags[x] = u8::from(row[x].to_f64() > threshold[x]);
    }
}

/// The same with a running maximum: any footprint, any data, two images of scratch space.
fn by_filter<T: Pixel>(data: ArrayView2<'_, T>, search: &Search<'_>, exec: &Exec) -> Vec<(usize, usize)> {
    let (ny, nx) = data.dim();
    let (by, bx) = search.border;
    let is_good = |y: usize, x: usize| data[[y, x]].is_finite() && !search.mask.is_some_and(|m| m[[y, x]]);
    // Bad pixels take the lowest value, so that they beat nobody.
    let lowest = data.iter().filter(|v| v.is_finite()).map(|v| v.to_f64()).fold(f64::INFINITY, f64::min);
    let filled =
        Array2::from_shape_fn((ny, nx), |(y, x)| if is_good(y, x) { data[[y, x]].to_f64() } else { lowest });
    let highest = maximum_filter(filled.view(), search.footprint, Boundary::Constant(0.0), exec);
    let parts = exec.map_chunks(ny - 2 * by, ROWS, |rows| {
        let mut found = Vec::new();
        for y in rows.start + by..rows.end + by {
            for x in bx..nx - bx {
                let v = filled[[y, x]];
                if v == highest[[y, x]] && v > search.threshold.at(x, y) && is_good(y, x) {
                    found.push((y, x));
                }
            }
        }
        found
    });
    parts.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use skyphot_core::testing::uniform;

    fn coarse(ny: usize, nx: usize, seed: u64, steps: f64) -> Array2<f64> {
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            let u = uniform(seed, (y * nx + x) as u64);
            if u > 0.98 { f64::NAN } else { (u * steps).floor() - steps * 0.5 }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn comparing_equals_filtering(ny in 1_usize..40, nx in 1_usize..40, fy in 1_usize..6, fx in 1_usize..6,
                                      seed in 0_u64..1000, masked in any::<bool>(), border in 0_usize..3,
                                      circle in any::<bool>()) {
            let d = coarse(ny, nx, seed, 12.0);
            let m = Array2::from_shape_fn((ny, nx), |(y, x)| uniform(seed + 9, (y * nx + x) as u64) > 0.9);
            let footprint = if circle {
                Footprint::circle(fy as f64 * 0.7).unwrap()
            } else {
                Footprint::rectangle(fy, fx).unwrap()
            };
            let threshold = if seed % 2 == 0 {
                Threshold::Scalar(-2.0)
            } else {
                Threshold::Image(Array2::from_shape_fn((ny, nx), |(y, x)| (y + x) as f64 * 0.1 - 3.0))
            };
            let search = Search {
                mask: masked.then(|| m.view()),
                threshold: &threshold,
                footprint: &footprint,
                border: (border, border / 2),
            };
            let a = local_maxima(d.view(), &search, &Exec::serial());
            let b = if 2 * border >= ny || 2 * (border / 2) >= nx || is_constant(d.view()) {
                Vec::new()
            } else {
                by_filter(d.view(), &search, &Exec::serial())
            };
            prop_assert_eq!(a, b);
        }
    }

    #[test]
    fn a_footprint_without_its_centre_asks_for_a_tie() {
        let mut d = Array2::<f64>::zeros((5, 6));
        d[[2, 2]] = 4.0;
        d[[2, 3]] = 4.0;
        d[[0, 5]] = 9.0;
        let mut shape = Array2::from_elem((3, 3), true);
        shape[[1, 1]] = false;
        let footprint = Footprint::from_array(shape).unwrap();
        let search =
            Search { mask: None, threshold: &Threshold::Scalar(1.0), footprint: &footprint, border: (0, 0) };
        assert_eq!(local_maxima(d.view(), &search, &Exec::serial()), [(2, 2), (2, 3)]);
    }

    #[test]
    fn plateaus_do_not_take_for_ever() {
        let mut d = Array2::<f32>::zeros((200, 200));
        d[[3, 3]] = -1.0;
        let footprint = Footprint::circle(20.0).unwrap();
        let search =
            Search { mask: None, threshold: &Threshold::Scalar(-0.5), footprint: &footprint, border: (0, 0) };
        assert_eq!(local_maxima(d.view(), &search, &Exec::serial()).len(), 200 * 200 - 1);
    }
}
