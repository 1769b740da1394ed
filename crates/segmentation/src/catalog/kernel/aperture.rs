//! Sums in circles and ellipses of a cleaned stamp.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, Ellipse, OverlapMethod, circle_coverage};

use super::stamp::{BAD, MASKED, NEIGHBOR, NON_FINITE, Stamp, StampRequest, UNCORRECTED};
use crate::SegmentationFlags as Flags;
use crate::catalog::images::CatalogImages;

/// The shape of an aperture at a source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    Circle(f64),
    /// Semiaxes and the angle of the first, radians.
    Ellipse(f64, f64, f64),
}

impl Shape {
    /// The smallest box of whole pixels that contains the shape, `None` if it is absurdly large.
    pub(crate) fn bbox(&self, c: Point, max_size: f64) -> Option<BoundingBox> {
        let (ex, ey) = match *self {
            Self::Circle(r) => (r, r),
            Self::Ellipse(a, b, theta) => ellipse_extent(a, b, theta),
        };
        let nx = (c.x + ex + 1.5).floor() - (c.x - ex + 0.5).floor();
        let ny = (c.y + ey + 1.5).floor() - (c.y - ey + 0.5).floor();
        (nx * ny <= max_size).then(|| BoundingBox::from_float(c.x - ex, c.x + ex, c.y - ey, c.y + ey))
    }
}

/// Half the width and half the height of an ellipse.
pub(crate) fn ellipse_extent(a: f64, b: f64, theta: f64) -> (f64, f64) {
    let (sin, cos) = theta.sin_cos();
    let norm = |p: f64, q: f64| (p * p + q * q).sqrt();
    (norm(a * cos, b * sin), norm(a * sin, b * cos))
}

/// The pixel a position falls on, as it is mirrored at.
pub(crate) fn mirror_center(c: (f64, f64)) -> (i64, i64) {
    ((c.0 + 0.5) as i64, (c.1 + 0.5) as i64)
}

/// Flux, its error and what went wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ApertureSum {
    pub(crate) flux: f64,
    pub(crate) error: f64,
    pub(crate) flags: Flags,
}

impl ApertureSum {
    pub(crate) const UNDEFINED: Self = Self { flux: f64::NAN, error: f64::NAN, flags: Flags::KRON_UNDEFINED };
}

/// An aperture to be measured.
pub(crate) struct ApertureTask<'t, 'i> {
    pub(crate) images: &'t CatalogImages<'i>,
    pub(crate) request: StampRequest,
    pub(crate) center: Point,
    pub(crate) local_background: f64,
}

/// Buffers of [`ApertureTask`].
#[derive(Debug, Default)]
pub(crate) struct ApertureScratch {
    pub(crate) stamp: Stamp,
    pub(crate) cover: Coverage,
    /// What the stamp was loaded for, and the background that was subtracted.
    loaded: Option<(StampRequest, f64)>,
}

impl ApertureScratch {
    /// Nothing loaded is of use any more.
    pub(crate) fn forget(&mut self) {
        self.loaded = None;
    }

    /// Makes sure that the stamp holds a box with a local background subtracted.
    pub(crate) fn prepare(
        &mut self,
        images: &CatalogImages<'_>,
        b: &BoundingBox,
        request: &StampRequest,
        background: f64,
    ) {
        if self.loaded == Some((*request, background)) && self.stamp.covers(b) {
            return;
        }
        if !(self.loaded == Some((*request, 0.0)) && self.stamp.covers(b)) {
            let all = match self.loaded {
                Some((r, _)) if r == *request => self.stamp.bbox().union(b),
                _ => *b,
            };
            self.stamp.load(images, &all, request);
        }
        self.stamp.subtract(background);
        self.loaded = Some((*request, background));
    }
}

impl ApertureTask<'_, '_> {
    /// `Err` with the box that the window lacks.
    pub(crate) fn sum(
        &self,
        shape: &Shape,
        scratch: &mut ApertureScratch,
    ) -> Result<ApertureSum, BoundingBox> {
        let Some(bbox) = shape.bbox(self.center, self.images.max_aperture_size()) else {
            return Ok(ApertureSum::UNDEFINED);
        };
        let none = ApertureSum { flux: f64::NAN, error: f64::NAN, flags: Flags::KRON_NO_OVERLAP };
        let Some(clipped) = self.images.clip(&bbox)? else { return Ok(none) };
        scratch.prepare(self.images, &clipped, &self.request, self.local_background);
        let ApertureScratch { stamp, cover, .. } = scratch;
        stamp.narrow(&clipped);
        let window = stamp.bbox();
        match *shape {
            Shape::Circle(r) => circle_coverage(self.center, r, OverlapMethod::Exact, &window, cover),
            Shape::Ellipse(a, b, theta) => match Ellipse::new(a, b, theta) {
                Ok(e) => e.coverage(self.center, OverlapMethod::Exact, &window, cover),
                Err(_) => return Ok(ApertureSum::UNDEFINED),
            },
        }
        let sums = add_up(stamp, cover);
        let mut flags = Flags::empty();
        if sums.n_pixels == 0 && clipped != bbox {
            flags |= Flags::KRON_NO_OVERLAP;
        }
        if sums.n_pixels > 0 && clipped != bbox && cover.has_outside() {
            flags |= Flags::KRON_PARTIAL_OVERLAP;
        }
        let seen = sums.classes;
        flags.set(Flags::KRON_MASKED_PIXELS, seen & MASKED != 0);
        flags.set(Flags::KRON_NON_FINITE_DATA, sums.non_finite || !sums.sum.is_finite());
        flags.set(Flags::KRON_NEIGHBOR_PIXELS, seen & NEIGHBOR != 0);
        flags.set(Flags::KRON_UNCORRECTED_PIXELS, seen & UNCORRECTED != 0);
        let with_error = !stamp.variance.is_empty();
        flags.set(Flags::KRON_NON_FINITE_ERROR, with_error && !sums.variance.is_finite());
        let good = sums.any_member;
        let out = ApertureSum {
            flux: if good { sums.sum } else { f64::NAN },
            error: if good && with_error { sums.variance.sqrt() } else { f64::NAN },
            flags,
        };
        stamp.restore();
        Ok(out)
    }
}

#[derive(Debug, Default)]
struct Sums {
    sum: f64,
    variance: f64,
    classes: u8,
    /// A pixel is not finite and not masked.
    non_finite: bool,
    any_member: bool,
    n_pixels: usize,
}

/// Sum in four lanes of fixed order.
#[inline]
pub(crate) fn lane_sum(v: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let chunks = v.chunks_exact(4);
    let rest = chunks.remainder();
    for c in chunks {
        for (l, v) in lanes.iter_mut().zip(c) {
            *l += v;
        }
    }
    let mut sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
    for v in rest {
        sum += v;
    }
    sum
}

fn add_up(stamp: &Stamp, cover: &Coverage) -> Sums {
    let mut out = Sums::default();
    let excluded = stamp.excluded();
    let with_error = !stamp.variance.is_empty();
    let mut partial = cover.partial();
    for s in cover.segments() {
        let at = s.y * stamp.nx;
        let (full_start, full_end) = (at + s.full_start, at + s.full_end);
        if full_start < full_end {
            out.n_pixels += full_end - full_start;
            out.sum += lane_sum(&stamp.value[full_start..full_end]);
            if with_error {
                out.variance += lane_sum(&stamp.variance[full_start..full_end]);
            }
            for &c in &stamp.class[full_start..full_end] {
                out.classes |= c;
                out.non_finite |= c & BAD == NON_FINITE;
                out.any_member |= c & excluded == 0;
            }
        }
        let (weights, rest) = partial.split_at(s.n_partial());
        partial = rest;
        for (k, &w) in (at + s.start..full_start).chain(full_end..at + s.end).zip(weights) {
            if w > 0.0 {
                out.n_pixels += 1;
                out.sum += w * stamp.value[k];
                if with_error {
                    out.variance += w * w * stamp.variance[k];
                }
                let c = stamp.class[k];
                out.classes |= c;
                out.non_finite |= c & BAD == NON_FINITE;
                out.any_member |= c & excluded == 0;
            }
        }
    }
    out
}
