//! Circles and pixels.

use skyphot_core::{BoundingBox, Point};

use crate::kernel::{SampledDisc, circle_area, fill_exact};
use crate::{Coverage, OverlapMethod};

/// The area common to a circle of radius `r` about the origin and the rectangle `x0..x1` by `y0..y1`.
///
/// ```
/// use skyphot_geometry::circle_pixel_overlap;
/// assert!((circle_pixel_overlap(0.0, 1.0, 0.0, 1.0, 1.0) - std::f64::consts::FRAC_PI_4).abs() < 1e-15);
/// assert_eq!(circle_pixel_overlap(5.0, 6.0, 0.0, 1.0, 1.0), 0.0);
/// ```
#[must_use]
#[doc(alias = "circular_overlap_single_exact")]
pub fn circle_pixel_overlap(x0: f64, x1: f64, y0: f64, y1: f64, r: f64) -> f64 {
    circle_area(x0, x1, y0, y1, r)
}

/// The smallest box of whole pixels that contains a circle, as [`BoundingBox::from_float`] has it.
#[must_use]
#[inline]
pub fn circle_bbox(center: Point, r: f64) -> BoundingBox {
    // Without a call of the mathematical library, of which every position would need four.
    let floor = |v: f64| {
        let k = v as i64;
        k.saturating_sub(i64::from((k as f64) > v))
    };
    let ceil = |v: f64| {
        let k = v as i64;
        k.saturating_add(i64::from((k as f64) < v))
    };
    BoundingBox {
        x_min: floor(center.x - r + 0.5),
        x_max: ceil(center.x + r + 0.5),
        y_min: floor(center.y - r + 0.5),
        y_max: ceil(center.y + r + 0.5),
    }
}

/// Fills `out` with what a circle covers of a window. `r` must be positive, the centre finite and all within 1e9
/// pixels.
pub fn circle_coverage(
    center: Point,
    r: f64,
    method: OverlapMethod,
    window: &BoundingBox,
    out: &mut Coverage,
) {
    let bbox = circle_bbox(center, r);
    let Some(common) = bbox.intersection(window) else {
        out.reset(false, true);
        return;
    };
    out.reset(true, common != bbox);
    match method {
        OverlapMethod::Exact => fill_exact(center, r, &common, window, out),
        OverlapMethod::Center | OverlapMethod::Subpixel(_) => {
            let n = method.subpixels().max(1);
            let (from, to) = rows(&common, window);
            SampledDisc::new(center, r, n, bbox, *window).push_rows(from, to, out);
            if common != bbox {
                let all = SampledDisc::new(center, r, n, bbox, bbox);
                out.set_outside(any_outside(&bbox, &common, |j, c| all.push_rows(j, j + 1, c)));
            }
        }
    }
}

/// The rows of a part of a window.
pub(crate) fn rows(common: &BoundingBox, window: &BoundingBox) -> (usize, usize) {
    ((common.y_min - window.y_min) as usize, (common.y_max - window.y_min) as usize)
}

/// A pixel of nonzero weight of `bbox` lies outside `common`; `push` adds a row of the whole bounding box.
pub(crate) fn any_outside(
    bbox: &BoundingBox,
    common: &BoundingBox,
    mut push: impl FnMut(usize, &mut Coverage),
) -> bool {
    let columns = (common.x_min - bbox.x_min) as usize..(common.x_max - bbox.x_min) as usize;
    let mut row = Coverage::new();
    for y in bbox.y_min..bbox.y_max {
        row.reset(true, false);
        push((y - bbox.y_min) as usize, &mut row);
        let row_is_in = (common.y_min..common.y_max).contains(&y);
        let mut weights = row.partial().iter();
        for s in row.segments() {
            let out = |from: usize, to: usize| {
                from < to && !(row_is_in && columns.start <= from && to <= columns.end)
            };
            if out(s.full_start, s.full_end) {
                return true;
            }
            for (x, &w) in (s.start..s.full_start).chain(s.full_end..s.end).zip(weights.by_ref()) {
                if w > 0.0 && out(x, x + 1) {
                    return true;
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_those_of_the_edges() {
        for x in [0.0, -0.5, 0.5, 3.2, -7.9, 1e9, -1e9, 1e17, -1e17, 1e300, -1e300] {
            for r in [0.1, 0.5, 1.0, 2.7, 1e9] {
                let c = Point::new(x, -x);
                let b = BoundingBox::from_float(c.x - r, c.x + r, c.y - r, c.y + r);
                assert_eq!(circle_bbox(c, r), b, "{x} {r}");
            }
        }
    }
}
