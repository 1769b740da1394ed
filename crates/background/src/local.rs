//! The background around single positions.

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
        let tasks = positions.len().div_ceil(POSITIONS_PER_TASK);
        let parts = exec.map_init(tasks, Scratch::default, |scratch, task| {
            let first = task * POSITIONS_PER_TASK;
            positions[first..(first + POSITIONS_PER_TASK).min(positions.len())]
                .iter()
                .map(|&p| {
                    let flags = self.gather(image, p, &mut scratch.values);
                    let v = reducer.reduce(scratch);
                    (v.level, v.n, flags)
                })
                .collect::<Vec<_>>()
        });
        let mut all = LocalBackgrounds::default();
        for (value, n, flags) in parts.into_iter().flatten() {
            all.value.push(value);
            all.n_pixels.push(n);
            all.flags.push(flags);
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
            for (x, i) in overlap.image_cols.clone().zip(overlap.box_cols.clone()) {
                if !in_annulus(i, j) {
                    continue;
                }
                any = true;
                let v = data[[y, x]];
                if mask.is_some_and(|m| m[[y, x]]) {
                    flags |= LocalBackgroundFlags::MASKED_PIXELS;
                } else if v.is_finite() {
                    out.push(v.to_f64());
                } else {
                    flags |= LocalBackgroundFlags::NON_FINITE_PIXELS;
                }
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
    fn radii_are_checked() {
        assert!(LocalBackground::new(0.0, 2.0, Estimator::Mean).is_err());
        assert!(LocalBackground::new(3.0, 3.0, Estimator::Mean).is_err());
        assert!(LocalBackground::new(3.0, f64::INFINITY, Estimator::Mean).is_err());
    }
}
