//! The sky in a rectangular annulus around a segment.

use skyphot_core::BoundingBox;
use skyphot_stats::kernel::{clip_unsorted, mean_std, median_in_place};
use skyphot_stats::{SigmaClip, sextractor_mode};

use crate::catalog::images::CatalogImages;

/// The inner rectangle is this many times the bounding box.
const INNER: f64 = 1.5;

/// Fewer pixels give no background.
pub(crate) const MIN_PIXELS: usize = 10;

/// The background around a bounding box and the number of pixels it comes from: SExtractor's mode of what is neither
/// masked nor part of a source, clipped at 3 sigma about the median; 0 for fewer than 10 pixels.
pub(crate) fn local_background(
    images: &CatalogImages<'_>,
    b: &BoundingBox,
    width: usize,
    values: &mut Vec<f64>,
    row: &mut Vec<f64>,
) -> Result<(f64, usize), BoundingBox> {
    let (ny, nx) = b.shape();
    let center = b.center();
    let (in_x, in_y) = (0.5 * INNER * nx as f64, 0.5 * INNER * ny as f64);
    let (out_x, out_y) = (in_x + width as f64, in_y + width as f64);
    let bbox =
        BoundingBox::from_float(center.x - out_x, center.x + out_x, center.y - out_y, center.y + out_y);
    values.clear();
    let Some(clipped) = images.clip(&bbox)? else { return Ok((0.0, 0)) };
    let n = clipped.shape().1;
    for y in clipped.y_min..clipped.y_max {
        let dy = (y as f64 - center.y).abs();
        if dy >= out_y {
            continue;
        }
        row.resize(n, 0.0);
        images.read(&*images.data, clipped.x_min, y, row);
        images.masked(clipped.x_min, y, n, |i| row[i] = f64::NAN);
        images.labels(clipped.x_min, y, n, |i, l| {
            let dx = ((clipped.x_min + i as i64) as f64 - center.x).abs();
            if l == 0 && dx < out_x && !(dx < in_x && dy < in_y) && row[i].is_finite() {
                values.push(row[i]);
            }
        });
    }
    let n = values.len();
    if n < MIN_PIXELS {
        return Ok((0.0, n));
    }
    let clip = SigmaClip::new(3.0).with_max_iters(Some(20));
    let r = clip_unsorted(values, &clip);
    // What a later, wider interval holds again counts.
    let within = |v: &f64| *v >= r.lower && *v <= r.upper;
    if values.iter().filter(|v| within(v)).count() == r.n_used() {
        return Ok((sextractor_mode(r.median, r.mean, r.std), n));
    }
    values.retain(within);
    let (mean, std) = mean_std(values);
    Ok((sextractor_mode(median_in_place(values), mean, std), n))
}
