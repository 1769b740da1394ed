//! Weighted sums without the pixels of neighbours.

use skyphot_core::{BoundingBox, Pixel, Point};
use skyphot_geometry::Coverage;

use super::sum::{Counts, aperture_sum};
use crate::planes::Rows;
use crate::sums::OneSum;
use crate::{ApertureFlags, NeighborMethod};

/// Labels of pixels in row-major order and what to do with those of other sources.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) pixels: &'a [i32],
    pub(crate) method: NeighborMethod,
}

/// Half a pixel goes away from zero.
fn round(v: f64) -> i64 {
    v.round() as i64
}

impl Labels<'_> {
    /// The pixel belongs to another source than `label`.
    #[inline]
    fn is_other(&self, i: usize, label: i32) -> bool {
        let l = self.pixels[i];
        l > 0 && (self.method == NeighborMethod::BackgroundOnly || l != label)
    }

    /// The pixel is left out.
    #[inline]
    fn is_excluded(&self, i: usize, label: i32) -> bool {
        if self.method == NeighborMethod::SourceOnly {
            self.pixels[i] != label
        } else {
            self.is_other(i, label)
        }
    }
}

/// As [`aperture_sum`], for the source of a label at a position; `bbox` is the box of the shape there.
pub(crate) fn neighbor_sum<T: Pixel>(
    rows: &Rows<'_, T>,
    labels: Labels<'_>,
    label: i32,
    center: Point,
    bbox: &BoundingBox,
    cover: &Coverage,
    bkg: f64,
) -> OneSum {
    let off = label == 0 && labels.method != NeighborMethod::BackgroundOnly;
    let mut any = false;
    if !off {
        for s in cover.segments() {
            let at = s.y * rows.nx;
            any |= (at + s.start..at + s.end).any(|i| labels.is_excluded(i, label));
        }
    }
    if !any {
        return aperture_sum(rows, cover, bkg);
    }
    let ny = rows.data.len() / rows.nx.max(1);
    let mirror = Mirror::new(center, bbox, (ny, rows.nx));
    let is_bad = |i: usize| rows.mask.is_some_and(|m| m[i]) || !rows.data[i].is_finite();
    let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
    let (mut affected, mut uncorrected) = (false, false);
    let mut c = Counts::default();
    cover.for_each(|y, x, w| {
        let i = y * rows.nx + x;
        c.pixels += 1;
        if rows.mask.is_some_and(|m| m[i]) {
            c.masked += 1;
            return;
        }
        if !rows.data[i].is_finite() {
            c.non_finite += 1;
            return;
        }
        let mut from = i;
        let other = labels.is_other(i, label);
        affected |= other;
        if labels.method == NeighborMethod::Correct {
            if other {
                match mirror.of(x, y).map(|(mx, my)| my * rows.nx + mx) {
                    Some(k) if !labels.is_other(k, label) && !is_bad(k) => from = k,
                    _ => {
                        uncorrected = true;
                        return;
                    }
                }
            }
        } else if labels.is_excluded(i, label) {
            return;
        }
        c.valid += 1;
        flux += w * (rows.data[from].to_f64() - bkg);
        area += w;
        if let Some(e) = rows.error {
            c.bad_error |= !e[from].is_finite();
            let e = w * e[from].to_f64();
            var += e * e;
        }
    });
    let mut flags = c.flags(cover);
    flags.set(ApertureFlags::NEIGHBOR_PIXELS, affected);
    flags.set(ApertureFlags::UNCORRECTED_PIXELS, uncorrected);
    if flags.contains(ApertureFlags::NO_OVERLAP) {
        return OneSum::nan(flags);
    }
    let flux_err = if rows.error.is_some() { var.sqrt() } else { f64::NAN };
    OneSum { flux, flux_err, area, flags }
}

/// Opposite pixels about a position.
#[derive(Debug, Clone, Copy)]
struct Mirror {
    /// Twice the centre.
    x: i64,
    y: i64,
    part: BoundingBox,
}

impl Mirror {
    fn new(center: Point, bbox: &BoundingBox, (ny, nx): (usize, usize)) -> Self {
        let image = BoundingBox { x_min: 0, x_max: nx as i64, y_min: 0, y_max: ny as i64 };
        let part = bbox.intersection(&image).unwrap_or(image);
        // Rounded from the corner of what the reference cuts out.
        let twice = |c: f64, from: i64| 2 * (round(c - from as f64) + from);
        Self { x: twice(center.x, part.x_min), y: twice(center.y, part.y_min), part }
    }

    fn of(&self, x: usize, y: usize) -> Option<(usize, usize)> {
        let (mx, my) = (self.x - x as i64, self.y - y as i64);
        let p = &self.part;
        let inside = (p.x_min..p.x_max).contains(&mx) && (p.y_min..p.y_max).contains(&my);
        inside.then_some((mx as usize, my as usize))
    }
}
