//! Circular annuli and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::circle::{any_outside, circle_bbox, rows};
use crate::kernel::{SampledDisc, fill_exact, push_difference};
use crate::{Coverage, OverlapMethod};

/// Fills `out` with what the annulus between `r_in` and `r_out` covers of a window. Weights are those of the outer
/// circle less those of the inner one and never negative. `0 < r_in < r_out`, the centre finite and all within 1e9
/// pixels.
pub fn annulus_coverage(
    center: Point,
    r_in: f64,
    r_out: f64,
    method: OverlapMethod,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let bbox = circle_bbox(center, r_out);
    let Some(common) = bbox.intersection(window) else {
        out.reset(false, true);
        return;
    };
    out.reset(true, common != bbox);
    let mut rings = out.rings().take().unwrap_or_default();
    let (outer, inner) = &mut *rings;
    outer.reset(true, false);
    inner.reset(true, false);
    match method {
        OverlapMethod::Exact => {
            fill_exact(center, r_out, &common, window, outer);
            if let Some(part) = circle_bbox(center, r_in).intersection(&common) {
                fill_exact(center, r_in, &part, window, inner);
            }
            push_difference(outer, inner, out);
        }
        OverlapMethod::Center | OverlapMethod::Subpixel(_) => {
            let n = method.subpixels().max(1);
            // Both circles are sampled at the places that the bounding box of the annulus defines.
            let disc = |r, window: &BoundingBox| SampledDisc::new(center, r, n, bbox, *window);
            let (from, to) = rows(&common, window);
            disc(r_out, window).push_rows(from, to, outer);
            disc(r_in, window).push_rows(from, to, inner);
            push_difference(outer, inner, out);
            if common != bbox {
                let (outer_disc, inner_disc) = (disc(r_out, &bbox), disc(r_in, &bbox));
                let outside = any_outside(&bbox, &common, |j, c| {
                    outer.reset(true, false);
                    inner.reset(true, false);
                    outer_disc.push_rows(j, j + 1, outer);
                    inner_disc.push_rows(j, j + 1, inner);
                    push_difference(outer, inner, c);
                });
                out.set_outside(outside);
            }
        }
    }
    *out.rings() = Some(rings);
}
