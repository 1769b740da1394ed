//! Pixels of an aperture without those of neighbours.

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

/// What is left of the pixels of a coverage without neighbours.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Left {
    pub(crate) counts: Counts,
    /// Pixels of other sources were among the good ones.
    affected: bool,
    uncorrected: bool,
}

impl Left {
    pub(crate) fn flags(&self, cover: &Coverage) -> ApertureFlags {
        let mut flags = self.counts.flags(cover);
        flags.set(ApertureFlags::NEIGHBOR_PIXELS, self.affected);
        flags.set(ApertureFlags::UNCORRECTED_PIXELS, self.uncorrected);
        flags
    }
}

/// The source at a position among its neighbours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    labels: Labels<'a>,
    label: i32,
    center: Point,
    bbox: BoundingBox,
}

impl<'a> Source<'a> {
    /// `bbox` is the box of the shape at its position.
    pub(crate) const fn new(labels: Labels<'a>, label: i32, center: Point, bbox: BoundingBox) -> Self {
        Self { labels, label, center, bbox }
    }

    /// A pixel of the coverage, or between the ends of a row, is one to be left out.
    pub(crate) fn touches(&self, nx: usize, cover: &Coverage) -> bool {
        if self.label == 0 && self.labels.method != NeighborMethod::BackgroundOnly {
            return false;
        }
        cover.segments().iter().any(|s| {
            let at = s.y * nx;
            (at + s.start..at + s.end).any(|i| self.labels.is_excluded(i, self.label))
        })
    }

    /// Visits what is left, `f(index, from, weight)`: pixel `index` counts with the value and error of pixel `from`.
    pub(crate) fn visit<T: Pixel>(
        &self,
        rows: &Rows<'_, T>,
        cover: &Coverage,
        mut f: impl FnMut(usize, usize, f64),
    ) -> Left {
        let (labels, label) = (self.labels, self.label);
        let ny = rows.data.len() / rows.nx.max(1);
        let mirror = Mirror::new(self.center, &self.bbox, (ny, rows.nx));
        let is_bad = |i: usize| rows.mask.is_some_and(|m| m[i]) || !rows.data[i].is_finite();
        let mut left = Left::default();
        cover.for_each(|y, x, w| {
            let i = y * rows.nx + x;
            let c = &mut left.counts;
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
            left.affected |= other;
            if labels.method == NeighborMethod::Correct {
                if other {
                    match mirror.of(x, y).map(|(mx, my)| my * rows.nx + mx) {
                        Some(k) if !labels.is_other(k, label) && !is_bad(k) => from = k,
                        _ => {
                            left.uncorrected = true;
                            return;
                        }
                    }
                }
            } else if labels.is_excluded(i, label) {
                return;
            }
            c.valid += 1;
            c.bad_error |= rows.error.is_some_and(|e| !e[from].is_finite());
            f(i, from, w);
        });
        left
    }
}

/// As [`aperture_sum`], without neighbours.
pub(crate) fn neighbor_sum<T: Pixel>(
    rows: &Rows<'_, T>,
    source: &Source<'_>,
    cover: &Coverage,
    bkg: f64,
) -> OneSum {
    if !source.touches(rows.nx, cover) {
        return aperture_sum(rows, cover, bkg);
    }
    let (mut flux, mut var, mut area) = (0.0, 0.0, 0.0);
    let left = source.visit(rows, cover, |_, from, w| {
        flux += w * (rows.data[from].to_f64() - bkg);
        area += w;
        if let Some(e) = rows.error {
            let e = w * e[from].to_f64();
            var += e * e;
        }
    });
    let flags = left.flags(cover);
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
