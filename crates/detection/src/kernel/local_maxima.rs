//! Pixels that no neighbour exceeds.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use skyphot_core::{Exec, Pixel};
use skyphot_filter::{Boundary, Footprint, maximum_filter};

use crate::Threshold;

/// Rows of one piece of work.
const ROWS: usize = 64;
/// Pixels looked at together before any is tested alone.
const BLOCK: usize = 32;
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
    let (fy, fx) = search.footprint.shape();
    let has_centre = search.footprint.data()[[fy / 2, fx / 2]];
    if has_centre {
        let standard = data.as_standard_layout();
        let mask = search.mask.map(CowArray::from);
        let mask = mask.as_ref().map(|m| m.as_standard_layout());
        let rivals = Rivals::new(search.footprint, nx);
        if let Some(found) = by_comparison(&standard, mask.as_ref(), search, &rivals, exec) {
            return found;
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
struct Rivals {
    /// `(dy, dx)`.
    offsets: Vec<(i64, i64)>,
    /// The same as distances in memory.
    linear: Vec<isize>,
    /// Reach to lower and higher indices, `(y, x)`.
    before: (usize, usize),
    after: (usize, usize),
}

impl Rivals {
    fn new(footprint: &Footprint, nx: usize) -> Self {
        let (fy, fx) = footprint.shape();
        let mut offsets = footprint.offsets();
        offsets.retain(|o| *o != (0, 0));
        offsets.sort_by_key(|(dy, dx)| dy * dy + dx * dx);
        let linear = offsets.iter().map(|(dy, dx)| (dy * nx as i64 + dx) as isize).collect();
        let before = (fy / 2, fx / 2);
        Self { offsets, linear, before, after: (fy - 1 - before.0, fx - 1 - before.1) }
    }
}

type Contiguous<'a, T> = CowArray<'a, T, Ix2>;

/// Tests the pixels above the threshold one by one. `None` if that turns out to be slow (plateaus).
fn by_comparison<T: Pixel>(
    data: &Contiguous<'_, T>,
    mask: Option<&Contiguous<'_, bool>>,
    search: &Search<'_>,
    rivals: &Rivals,
    exec: &Exec,
) -> Option<Vec<(usize, usize)>> {
    let (ny, nx) = data.dim();
    let (by, bx) = search.border;
    let values = data.as_slice()?;
    let masked = match mask {
        Some(m) => Some(m.as_slice()?),
        None => None,
    };
    let is_masked = |i: usize| masked.is_some_and(|m| m[i]);
    // The footprint's box lies inside the image.
    let inside = |y: usize, x: usize| {
        y >= rivals.before.0 && y + rivals.after.0 < ny && x >= rivals.before.1 && x + rivals.after.1 < nx
    };
    let parts = exec.map_chunks(ny - 2 * by, ROWS, |rows| {
        let mut found = Vec::new();
        let mut left = rows.len() * nx * BUDGET;
        for y in rows.start + by..rows.end + by {
            let row = &values[y * nx..(y + 1) * nx];
            let mut x0 = bx;
            while x0 < nx - bx {
                let x1 = (x0 + BLOCK).min(nx - bx);
                let block = &row[x0..x1];
                let any = match search.threshold {
                    Threshold::Scalar(t) => any_above(block, *t),
                    Threshold::Image(t) => block.iter().enumerate().any(|(k, v)| v.to_f64() > t[[y, x0 + k]]),
                };
                if any {
                    for (k, value) in block.iter().enumerate() {
                        let x = x0 + k;
                        let v = value.to_f64();
                        let above = v > search.threshold.at(x, y);
                        if !above || !v.is_finite() || is_masked(y * nx + x) {
                            continue;
                        }
                        let at = y * nx + x;
                        let wins = if inside(y, x) {
                            let beaten = rivals.linear.iter().position(|o| {
                                let i = at.wrapping_add_signed(*o);
                                let n = values[i].to_f64();
                                n > v && n.is_finite() && !is_masked(i)
                            });
                            left = left.checked_sub(beaten.unwrap_or(rivals.linear.len()))?;
                            beaten.is_none()
                        } else {
                            left = left.checked_sub(rivals.offsets.len())?;
                            v >= 0.0
                                && rivals.offsets.iter().all(|(dy, dx)| {
                                    let (yy, xx) = (y as i64 + dy, x as i64 + dx);
                                    if yy < 0 || xx < 0 || yy >= ny as i64 || xx >= nx as i64 {
                                        return true;
                                    }
                                    let i = yy as usize * nx + xx as usize;
                                    let n = values[i].to_f64();
                                    !(n > v && n.is_finite() && !is_masked(i))
                                })
                        };
                        if wins {
                            found.push((y, x));
                        }
                    }
                }
                x0 = x1;
            }
        }
        Some(found)
    });
    let parts: Option<Vec<_>> = parts.into_iter().collect();
    Some(parts?.concat())
}

/// Some value of a block lies above the threshold.
#[inline]
fn any_above<T: Pixel>(block: &[T], threshold: f64) -> bool {
    let mut any = false;
    for v in block {
        any |= v.to_f64() > threshold;
    }
    any
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
