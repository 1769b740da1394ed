//! The first moment of the light along the elliptical radius (Kron 1980, ApJS 43, 305).

use skyphot_centroids::EllipseShape;
use skyphot_core::{BoundingBox, Point};

use super::aperture::{ApertureScratch, ellipse_extent};
use super::stamp::StampRequest;
use crate::catalog::images::CatalogImages;

/// The moment is taken within this many semiaxes.
pub(crate) const SCALE: f64 = 6.0;

/// Sums of value times elliptical radius, and of value, over pixels within 6 semiaxes; `None` if there is no answer.
pub(crate) fn kron_sums(
    images: &CatalogImages<'_>,
    center: Point,
    shape: &EllipseShape,
    request: &StampRequest,
    scratch: &mut ApertureScratch,
) -> Result<Option<(f64, f64)>, BoundingBox> {
    let (a, b) = (shape.semimajor_axis * SCALE, shape.semiminor_axis * SCALE);
    let theta = shape.orientation;
    if !(center.is_finite() && a.is_finite() && b.is_finite() && theta.is_finite()) {
        return Ok(None);
    }
    let (half_w, half_h) = ellipse_extent(a, b, theta);
    let x0 = (center.x - half_w + 0.5).floor();
    let x1 = (center.x + half_w + 0.5).floor() + 1.0;
    let y0 = (center.y - half_h + 0.5).floor();
    let y1 = (center.y + half_h + 0.5).floor() + 1.0;
    if (x1 - x0) * (y1 - y0) > images.max_aperture_size() {
        return Ok(None);
    }
    let bbox = BoundingBox { x_min: x0 as i64, x_max: x1 as i64, y_min: y0 as i64, y_max: y1 as i64 };
    let Some(clipped) = images.clip(&bbox)? else { return Ok(None) };
    scratch.prepare(images, &clipped, request, 0.0);
    let stamp = &mut scratch.stamp;
    stamp.narrow(&clipped);
    let outer = stamp.bbox();
    let first = (clipped.x_min - outer.x_min) as usize;
    let n = clipped.shape().1;
    let (cxx, cyy, cxy) = shape.coefficients();
    let dx0 = clipped.x_min as f64 - center.x;
    let mut sums = ([0.0; 2], [0.0; 2]);
    for y in clipped.y_min..clipped.y_max {
        let at = (y - outer.y_min) as usize * stamp.nx + first;
        row_sums(&stamp.value[at..at + n], dx0, y as f64 - center.y, (cxx, cyy, cxy), &mut sums);
    }
    stamp.restore();
    Ok(Some((sums.0[0] + sums.0[1], sums.1[0] + sums.1[1])))
}

/// Adds a row of pixels, the first `dx0` right of the centre and all `dy` above it, in two lanes.
#[inline]
fn row_sums(
    row: &[f64],
    dx0: f64,
    dy: f64,
    (cxx, cyy, cxy): (f64, f64, f64),
    sums: &mut ([f64; 2], [f64; 2]),
) {
    // The pixels of this row within the ellipse, and a few more.
    let (b, c) = (cxy * dy, cyy * dy * dy - SCALE * SCALE);
    let disc = b * b - 4.0 * cxx * c;
    let margin = 1e-6 * (b * b + (4.0 * cxx * c).abs());
    if disc < -margin {
        return;
    }
    let half = (disc + margin).sqrt() / (2.0 * cxx) + 1e-6;
    let middle = -b / (2.0 * cxx) - dx0;
    let start = (middle - half).max(0.0) as usize;
    let end = ((middle + half).max(-1.0) + 1.0) as usize;
    let end = end.min(row.len());
    if start >= end {
        return;
    }
    let cyy_dy2 = cyy * dy * dy;
    let one = |i: usize, v: f64| {
        let dx = dx0 + i as f64;
        let r2 = cxx * dx * dx + cxy * dx * dy + cyy_dy2;
        let r = if r2 > 0.0 { r2 } else { 0.0 }.sqrt();
        let v = if r <= SCALE { v } else { 0.0 };
        (v * r, v)
    };
    let pairs = row[start..end].chunks_exact(2);
    let rest = pairs.remainder();
    let mut i = start;
    for p in pairs {
        for (k, &v) in p.iter().enumerate() {
            let (vr, v) = one(i + k, v);
            sums.0[k] += vr;
            sums.1[k] += v;
        }
        i += 2;
    }
    for &v in rest {
        let (vr, v) = one(i, v);
        sums.0[0] += vr;
        sums.1[0] += v;
    }
}
