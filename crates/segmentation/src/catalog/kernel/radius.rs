//! The circle that holds a fraction of the flux.

use skyphot_core::{BoundingBox, Point};
use skyphot_geometry::{Coverage, OverlapMethod, circle_coverage};

use super::aperture::{ApertureScratch, lane_sum};
use super::brent::brent;
use super::stamp::{Stamp, StampRequest};
use crate::catalog::images::CatalogImages;

/// No circle is smaller.
const MIN_RADIUS: f64 = 0.1;

/// Radii are found to this, pixels.
const TOLERANCE: f64 = 1e-9;

/// What the search needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RadiusTask {
    pub(crate) center: Point,
    pub(crate) kron_flux: f64,
    /// No circle is larger, pixels.
    pub(crate) max_radius: f64,
    pub(crate) local_background: f64,
}

impl RadiusTask {
    /// The box of the largest circle; `None` if there is no answer.
    pub(crate) fn bbox(&self, images: &CatalogImages<'_>) -> Option<BoundingBox> {
        let (c, r) = (self.center, self.max_radius);
        if !(c.is_finite() && self.kron_flux.is_finite() && r.is_finite()) || self.kron_flux == 0.0 {
            return None;
        }
        let span = |v: f64| (v + r + 0.5).ceil() - (v - r + 0.5).floor();
        (span(c.x) * span(c.y) <= images.max_aperture_size())
            .then(|| BoundingBox::from_float(c.x - r, c.x + r, c.y - r, c.y + r))
    }
}

/// Radii of the circles that hold the given fractions of the Kron flux; NaN where there is none.
pub(crate) fn flux_radii(
    images: &CatalogImages<'_>,
    task: &RadiusTask,
    fractions: &[f64],
    request: &StampRequest,
    scratch: &mut ApertureScratch,
    out: &mut Vec<f64>,
) -> Result<(), BoundingBox> {
    out.clear();
    out.resize(fractions.len(), f64::NAN);
    let Some(bbox) = task.bbox(images) else { return Ok(()) };
    let Some(clipped) = images.clip(&bbox)? else { return Ok(()) };
    scratch.prepare(images, &clipped, request, task.local_background);
    let ApertureScratch { stamp, cover, .. } = scratch;
    stamp.narrow(&clipped);
    // A pixel farther out than the largest circle is never touched.
    for (f, out) in fractions.iter().zip(out.iter_mut()) {
        *out = solve(stamp, cover, task, *f);
    }
    stamp.restore();
    Ok(())
}

fn solve(stamp: &Stamp, cover: &mut Coverage, task: &RadiusTask, fraction: f64) -> f64 {
    let norm = task.kron_flux * fraction;
    let window = stamp.bbox();
    let mut excess = |r: f64| 1.0 - enclosed(stamp, cover, task.center, r, &window) / norm;
    let step = 0.1 * task.max_radius;
    let mut upper = task.max_radius;
    if upper <= MIN_RADIUS {
        return f64::NAN;
    }
    let low = (MIN_RADIUS, excess(MIN_RADIUS));
    while upper > MIN_RADIUS {
        let high = (upper, excess(upper));
        if let Some(r) = brent(&mut excess, low, high, TOLERANCE, 100) {
            return r;
        }
        upper -= step;
    }
    f64::NAN
}

/// Flux within a circle.
fn enclosed(stamp: &Stamp, cover: &mut Coverage, center: Point, r: f64, window: &BoundingBox) -> f64 {
    circle_coverage(center, r, OverlapMethod::Exact, window, cover);
    let mut partial = cover.partial();
    let mut sum = 0.0;
    for s in cover.segments() {
        let row = &stamp.value[s.y * stamp.nx..(s.y + 1) * stamp.nx];
        sum += lane_sum(&row[s.full_start..s.full_end]);
        let (left, rest) = partial.split_at(s.full_start - s.start);
        let (right, rest) = rest.split_at(s.end - s.full_end);
        partial = rest;
        for (v, w) in row[s.start..s.full_start].iter().zip(left) {
            sum += v * w;
        }
        for (v, w) in row[s.full_end..s.end].iter().zip(right) {
            sum += v * w;
        }
    }
    sum
}
