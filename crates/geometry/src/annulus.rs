//! Circular annuli and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::circle::{any_outside, circle_bbox};
use crate::kernel::{ExactDisc, RowScratch, RowShape, SampledDisc, push_difference};
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
    let mut scratch = RowScratch::default();
    match method {
        OverlapMethod::Exact => {
            let outer = ExactDisc::<0>::new(center, r_out, window);
            let inner = ExactDisc::<0>::new(center, r_in, window);
            rows(&outer, &inner, &common, window, &mut scratch, out);
        }
        OverlapMethod::Center | OverlapMethod::Subpixel(_) => {
            let n = method.subpixels().max(1);
            let discs = |w| {
                // Both circles are sampled at the places that the bounding box of the annulus defines.
                (SampledDisc::new(center, r_out, n, bbox, w), SampledDisc::new(center, r_in, n, bbox, w))
            };
            let (outer, inner) = discs(*window);
            rows(&outer, &inner, &common, window, &mut scratch, out);
            if common != bbox {
                let (outer, inner) = discs(bbox);
                let outside = any_outside(&bbox, &common, |j, c| {
                    push_difference(&outer, &inner, j, &mut scratch, c);
                });
                out.set_outside(outside);
            }
        }
    }
}

#[inline(always)]
fn rows<S: RowShape>(
    outer: &S,
    inner: &S,
    common: &BoundingBox,
    window: &BoundingBox,
    scratch: &mut RowScratch,
    out: &mut Coverage,
) {
    for j in common.y_min - window.y_min..common.y_max - window.y_min {
        push_difference(outer, inner, j as usize, scratch, out);
    }
}
