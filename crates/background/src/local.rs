//! The background around single positions.

use std::ops::Range;

use ndarray::{ArrayView1, s};
use skyphot_core::{BoundingBox, Exec, Image, Pixel, Point};
use skyphot_stats::SigmaClip;

use crate::boxes::{Reducer, Scratch};
use crate::error::check;
use crate::{Estimator, LocalBackgroundFlags, LocalBackgrounds, Result};

/// Positions that one task measures.
const POSITIONS_PER_TASK: usize = 64;

/// The background in a circular annulus: the pixels whose centres lie in `inner_radius <= r < outer_radius`.
///
/// ```
/// use ndarray::Array2;
/// use skyphot_background::{Estimator, LocalBackground};
/// use skyphot_core::{Exec, Image, Point};
/// let data = Array2::<f64>::from_elem((101, 101), 3.0);
/// let local = LocalBackground::new(5.0, 10.0, Estimator::Median)?;
/// let positions = [Point::new(50.0, 50.0), Point::new(-50.0, 0.0)];
/// let found = local.measure(&Image::new(data.view())?, &positions, &Exec::serial());
/// assert_eq!(found.value[0], 3.0);
/// assert!(found.value[1].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LocalBackground {
    inner_radius: f64,
    outer_radius: f64,
    estimator: Estimator,
    sigma_clip: Option<SigmaClip>,
}

impl LocalBackground {
    /// An annulus of the given radii, pixels, with clipping at 3 sigma in at most 10 iterations.
    ///
    /// # Errors
    /// [`BackgroundError`](crate::BackgroundError) unless `0 < inner_radius < outer_radius`, both finite, and the
    /// parameters of the estimator are in range.
    pub fn new(inner_radius: f64, outer_radius: f64, estimator: Estimator) -> Result<Self> {
        check(
            inner_radius > 0.0 && inner_radius.is_finite(),
            "inner_radius",
            "finite and greater than 0",
            inner_radius,
        )?;
        check(
            outer_radius > inner_radius && outer_radius.is_finite(),
            "outer_radius",
            "finite and greater than inner_radius",
            outer_radius,
        )?;
        estimator.validate()?;
        let sigma_clip = Some(SigmaClip::new(3.0).with_max_iters(Some(10)));
        Ok(Self { inner_radius, outer_radius, estimator, sigma_clip })
    }

    /// The same annulus with other clipping; `None` = off. `grow` must be 0.
    ///
    /// # Errors
    /// [`BackgroundError`](crate::BackgroundError) for a clipping parameter out of range.
    pub fn with_sigma_clip(mut self, sigma_clip: Option<SigmaClip>) -> Result<Self> {
        if let Some(clip) = &sigma_clip {
            clip.validate()?;
            check(clip.grow == 0.0, "grow of the sigma clipping of a background", "0", clip.grow)?;
        }
        self.sigma_clip = sigma_clip;
        Ok(self)
    }

    /// Inner radius, pixels.
    #[must_use]
    pub fn inner_radius(&self) -> f64 {
        self.inner_radius
    }

    /// Outer radius, pixels.
    #[must_use]
    pub fn outer_radius(&self) -> f64 {
        self.outer_radius
    }

    /// The backgrounds around all positions (pixels).
    ///
    /// # Flags
    /// See [`LocalBackgroundFlags`]. A position without good pixels gets NaN.
    #[must_use]
    pub fn measure<T: Pixel>(
        &self,
        image: &Image<'_, T>,
        positions: &[Point],
        exec: &Exec,
    ) -> LocalBackgrounds {
        let reducer = Reducer { clip: self.sigma_clip.as_ref(), level: &self.estimator, rms: None };
        let order = by_place(positions);
        let tasks = order.len().div_ceil(POSITIONS_PER_TASK);
        let parts = exec.map_init(tasks, Scratch::default, |scratch, task| {
            let first = task * POSITIONS_PER_TASK;
            order[first..(first + POSITIONS_PER_TASK).min(order.len())]
                .iter()
                .map(|&k| {
                    let flags = self.gather(image, positions[k], &mut scratch.values);
                    let v = reducer.reduce(scratch);
                    (v.level, v.n, flags)
                })
                .collect::<Vec<_>>()
        });
        let n = positions.len();
        let mut all = LocalBackgrounds {
            value: vec![f64::NAN; n],
            n_pixels: vec![0; n],
            flags: vec![LocalBackgroundFlags::empty(); n],
        };
        for (&k, (value, n, flags)) in order.iter().zip(parts.into_iter().flatten()) {
            (all.value[k], all.n_pixels[k], all.flags[k]) = (value, n, flags);
        }
        all
    }

    /// The good pixels of the annulus around a position.
    fn gather<T: Pixel>(&self, image: &Image<'_, T>, at: Point, out: &mut Vec<f64>) -> LocalBackgroundFlags {
        out.clear();
        if !at.is_finite() {
            return LocalBackgroundFlags::NO_OVERLAP;
        }
        let r = self.outer_radius;
        let bbox = BoundingBox::from_float(at.x - r, at.x + r, at.y - r, at.y + r);
        let Some(overlap) = bbox.overlap(image.shape()) else { return LocalBackgroundFlags::NO_OVERLAP };
        let (inner, outer) = (self.inner_radius * self.inner_radius, r * r);
        let (data, mask) = (image.data(), image.mask());
        // Pixel centres are taken from the lower left corner of the box, as the reference does: a centre on the edge
        // of the annulus then falls on the same side.
        let (x0, y0) = (bbox.x_min as f64 - 0.5 - at.x, bbox.y_min as f64 - 0.5 - at.y);
        let in_annulus = |i: usize, j: usize| {
            let (dx, dy) = (x0 + i as f64 + 0.5, y0 + j as f64 + 0.5);
            let d = dx * dx + dy * dy;
            d < outer && d >= inner
        };
        let mut flags = LocalBackgroundFlags::empty();
        let mut any = false;
        for (y, j) in overlap.image_rows.clone().zip(overlap.box_rows.clone()) {
            let dy = y0 + j as f64 + 0.5;
            for cols in runs(x0, dy * dy, inner, outer, &overlap.box_cols) {
                if cols.is_empty() {
                    continue;
                }
                any = true;
                let shift = |i: usize| i - overlap.box_cols.start + overlap.image_cols.start;
                let cols = shift(cols.start)..shift(cols.end);
                let bad = mask.as_ref().map(|m| m.slice(s![y, cols.clone()]));
                flags |= append(data.slice(s![y, cols]), bad, out);
            }
        }
        let (ny, nx) = bbox.shape();
        let outside = |i: usize, j: usize| !overlap.box_cols.contains(&i) || !overlap.box_rows.contains(&j);
        if (overlap.box_rows.len(), overlap.box_cols.len()) != (ny, nx)
            && (0..ny).any(|j| (0..nx).any(|i| outside(i, j) && in_annulus(i, j)))
        {
            flags |= LocalBackgroundFlags::PARTIAL_OVERLAP;
        }
        if !any {
            LocalBackgroundFlags::NO_OVERLAP
        } else if out.is_empty() {
            flags | LocalBackgroundFlags::NO_PIXELS
        } else {
            flags
        }
    }
}

/// The numbers of all positions in an order in which neighbours follow each other, so that their pixels are still in
/// the cache.
fn by_place(positions: &[Point]) -> Vec<usize> {
    const BAND: f64 = 32.0;
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (positions[a], positions[b]);
        (a.y / BAND).floor().total_cmp(&(b.y / BAND).floor()).then(a.x.total_cmp(&b.x))
    });
    order
}

/// The columns of a box that belong to the annulus in one row, left and right of the hole. `x0` is the left edge of
/// the box and `dy2` the squared distance of the row, both from the centre.
fn runs(x0: f64, dy2: f64, inner: f64, outer: f64, cols: &Range<usize>) -> [Range<usize>; 2] {
    let distance = |i: usize| {
        let dx = x0 + i as f64 + 0.5;
        dx * dx + dy2
    };
    let column = |dx: f64| ((dx - x0 - 0.5).max(0.0) as usize).clamp(cols.start, cols.end);
    // First guesses a pixel or two too wide, or too narrow for the hole; the distances decide.
    let reach = (outer - dy2).max(0.0).sqrt() + 2.0;
    let (mut first, mut last) = (column(-reach), column(reach));
    while first < last && distance(first) >= outer {
        first += 1;
    }
    while first < last && distance(last - 1) >= outer {
        last -= 1;
    }
    if dy2 >= inner {
        return [first..last, last..last];
    }
    let hole = (inner - dy2).sqrt() - 2.0;
    let (mut left, mut right) = if hole > 0.0 {
        (column(-hole).clamp(first, last), column(hole).clamp(first, last))
    } else {
        let nearest = column(0.0).clamp(first, last);
        match (nearest.saturating_sub(1).max(first)..(nearest + 3).min(last)).find(|&i| distance(i) < inner) {
            Some(i) => (i, i),
            None => return [first..last, last..last],
        }
    };
    while left > first && distance(left - 1) < inner {
        left -= 1;
    }
    while right < last && distance(right) < inner {
        right += 1;
    }
    [first..left, right..last]
}

/// Appends the good pixels of a run.
fn append<T: Pixel>(
    pixels: ArrayView1<'_, T>,
    bad: Option<ArrayView1<'_, bool>>,
    out: &mut Vec<f64>,
) -> LocalBackgroundFlags {
    let mut flags = LocalBackgroundFlags::empty();
    if bad.is_none()
        && let Some(p) = pixels.as_slice()
    {
        let mut clean = true;
        for v in p {
            clean &= v.is_finite();
        }
        if clean {
            out.extend(p.iter().map(|v| v.to_f64()));
            return flags;
        }
    }
    for (i, v) in pixels.iter().enumerate() {
        if bad.is_some_and(|b| b[i]) {
            flags |= LocalBackgroundFlags::MASKED_PIXELS;
        } else if v.is_finite() {
            out.push(v.to_f64());
        } else {
            flags |= LocalBackgroundFlags::NON_FINITE_PIXELS;
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn flags_tell_what_is_wrong() {
        let mut data = Array2::<f64>::from_elem((40, 40), 2.0);
        data[[20, 26]] = f64::NAN;
        let mut mask = Array2::from_elem((40, 40), false);
        mask[[0, 9]] = true;
        let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
        let local = LocalBackground::new(5.0, 8.0, Estimator::SExtractor).unwrap();
        let positions =
            [(20.0, 20.0), (3.0, 3.0), (-100.0, 3.0), (f64::NAN, 3.0), (30.0, 10.0)].map(Point::from);
        let found = local.measure(&image, &positions, &Exec::serial());
        assert_eq!(found.flags[0], LocalBackgroundFlags::NON_FINITE_PIXELS);
        assert_eq!(
            found.flags[1],
            LocalBackgroundFlags::MASKED_PIXELS | LocalBackgroundFlags::PARTIAL_OVERLAP
        );
        assert_eq!(found.flags[2], LocalBackgroundFlags::NO_OVERLAP);
        assert_eq!(found.flags[3], LocalBackgroundFlags::NO_OVERLAP);
        assert!(found.flags[4].is_empty());
        assert_eq!(found.value[0], 2.0);
        assert!(found.value[2].is_nan() && found.value[3].is_nan());
        assert_eq!(found.to_table().unwrap().n_rows(), found.len());
    }

    #[test]
    fn runs_hold_the_pixels_of_the_annulus() {
        for (x0, y0) in [(-5.5, -5.5), (-5.1, -6.2), (-6.0, -5.7), (3.0, -4.0), (-14.0, -6.0)] {
            for (r_in, r_out) in
                [(1.0_f64, 5.0_f64), (4.9, 5.0), (0.1, 2.0), (3.5, 4.5), (0.8, 1.5), (2.1, 9.0)]
            {
                let (inner, outer) = (r_in * r_in, r_out * r_out);
                for j in 0..12 {
                    let dy: f64 = y0 + f64::from(j) + 0.5;
                    let cols = 1..11_usize;
                    let ranges = runs(x0, dy * dy, inner, outer, &cols);
                    let found: Vec<usize> = ranges.into_iter().flatten().collect();
                    let expected: Vec<usize> = cols
                        .filter(|&i| {
                            let dx = x0 + i as f64 + 0.5;
                            let d = dx * dx + dy * dy;
                            d < outer && d >= inner
                        })
                        .collect();
                    assert_eq!(found, expected, "{x0} {y0} {r_in} {r_out} {j}");
                }
            }
        }
    }

    #[test]
    fn radii_are_checked() {
        assert!(LocalBackground::new(0.0, 2.0, Estimator::Mean).is_err());
        assert!(LocalBackground::new(3.0, 3.0, Estimator::Mean).is_err());
        assert!(LocalBackground::new(3.0, f64::INFINITY, Estimator::Mean).is_err());
    }
}
