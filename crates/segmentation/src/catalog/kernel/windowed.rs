//! The centroid under a Gaussian window that follows it (SExtractor's XWIN_IMAGE).

use skyphot_centroids::Covariance;
use skyphot_core::{BoundingBox, FWHM_TO_SIGMA};

use super::aperture::mirror_center;
use super::quadratic::CentroidResult;
use super::segment::Isophotal;
use super::stamp::{Stamp, StampRequest, UNCORRECTED};
use crate::catalog::images::CatalogImages;

const MAX_ITERATIONS: usize = 16;
const LEAST_STEP: f64 = 1e-4;
const STEP_FACTOR: f64 = 2.0;
const MIN_HALF_LIGHT: f64 = 0.5;

/// A position or a step.
type Place = (f64, f64);

/// Sums over the window about one position.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    flux: f64,
    x: f64,
    y: f64,
}

/// Calls `f(index, dx, dy, weight)` for the pixels of the stamp that count.
fn window_pixels(stamp: &Stamp, (xc, yc): (f64, f64), sigma: f64, mut f: impl FnMut(usize, f64, f64, f64)) {
    let b = stamp.bbox();
    let scale = -1.0 / (2.0 * sigma * sigma);
    let limit = (4.0 * sigma) * (4.0 * sigma);
    let out = stamp.excluded() | UNCORRECTED;
    // A Gaussian is the product of one along x and one along y.
    let columns: Vec<(f64, f64)> = (b.x_min..b.x_max)
        .map(|x| {
            let dx = x as f64 - xc;
            (dx, (dx * dx * scale).exp())
        })
        .collect();
    for (j, y) in (b.y_min..b.y_max).enumerate() {
        let dy = y as f64 - yc;
        let y2 = dy * dy;
        if y2 > limit {
            continue;
        }
        let row = (y2 * scale).exp();
        let classes = &stamp.class[j * stamp.nx..][..columns.len()];
        for (i, (&(dx, column), class)) in columns.iter().zip(classes).enumerate() {
            if dx * dx + y2 <= limit && class & out == 0 {
                f(j * stamp.nx + i, dx, dy, row * column);
            }
        }
    }
}

/// The windowed centroid. `half_light` is the radius that holds half of the Kron flux.
pub(crate) fn centroid_windowed(
    images: &CatalogImages<'_>,
    iso: &Isophotal,
    half_light: f64,
    request: &StampRequest,
    stamp: &mut Stamp,
) -> Result<CentroidResult, BoundingBox> {
    let nothing = CentroidResult { position: (f64::NAN, f64::NAN), error: Covariance::NAN, fallback: true };
    if !half_light.is_finite() {
        return Ok(nothing);
    }
    let isophotal = CentroidResult { position: iso.centroid, error: iso.centroid_error, fallback: true };
    let start = iso.centroid;
    if !(start.0.is_finite() && start.1.is_finite()) {
        return Ok(isophotal);
    }
    let sigma = 2.0 * half_light.max(MIN_HALF_LIGHT) * FWHM_TO_SIGMA;
    let radius = 4.0 * sigma;
    let half = (radius + 1.5) as i64;
    if ((2 * half + 1) as f64).powi(2) > images.max_aperture_size() {
        return Ok(isophotal);
    }
    let mut position = start;
    let mut loaded: Option<(i64, i64)> = None;
    // The position of the last window, its sums and its step.
    let mut last: Option<(Place, Sums, Place)> = None;
    let mut step = 1.0_f64;
    for _ in 0..MAX_ITERATIONS {
        if step.is_nan() || step <= LEAST_STEP {
            break;
        }
        let center = mirror_center(position);
        if loaded != Some(center) {
            let b = BoundingBox {
                x_min: center.0 - half,
                x_max: center.0 + half + 1,
                y_min: center.1 - half,
                y_max: center.1 + half + 1,
            };
            let Some(clipped) = images.clip(&b)? else {
                position = (f64::NAN, f64::NAN);
                break;
            };
            stamp.load(images, &clipped, &StampRequest { center, ..*request });
            loaded = Some(center);
        }
        let mut s = Sums::default();
        window_pixels(stamp, position, sigma, |k, dx, dy, w| {
            let v = stamp.value[k] * w;
            s.flux += v;
            s.x += v * dx;
            s.y += v * dy;
        });
        let moved = (s.x / s.flux, s.y / s.flux);
        step = (moved.0 * moved.0 + moved.1 * moved.1).sqrt();
        last = Some((position, s, moved));
        position.0 += moved.0 * STEP_FACTOR;
        position.1 += moved.1 * STEP_FACTOR;
    }
    let Some((at, s, moved)) = last else { return Ok(isophotal) };
    if !(s.flux.is_finite() && s.flux > 0.0 && position.0.is_finite() && position.1.is_finite()) {
        return Ok(isophotal);
    }
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    let (mut v0, mut vxx, mut vyy, mut vxy) = (0.0, 0.0, 0.0, 0.0);
    let with_error = !stamp.variance.is_empty();
    window_pixels(stamp, at, sigma, |k, dx, dy, w| {
        let v = stamp.value[k] * w;
        xx += v * dx * dx;
        yy += v * dy * dy;
        xy += v * dx * dy;
        if with_error {
            let e2 = w * w * stamp.variance[k];
            v0 += e2;
            vxx += e2 * dx * dx;
            vyy += e2 * dy * dy;
            vxy += e2 * dx * dy;
        }
    });
    let xx = xx / s.flux - moved.0 * moved.0;
    let yy = yy / s.flux - moved.1 * moved.1;
    let xy = xy / s.flux - moved.0 * moved.1;
    let (dx, dy) = (start.0 - position.0, start.1 - position.1);
    let (cxx, cyy, cxy) = iso.shape.coefficients();
    let far = dx * dx > 1.0 && dy * dy > 1.0 && cxx * dx * dx + cxy * dx * dy + cyy * dy * dy > 1.0;
    if far || xx < 0.0 || yy < 0.0 || xx * yy - xy * xy < 0.0 {
        return Ok(isophotal);
    }
    let error = if with_error {
        let norm = STEP_FACTOR * STEP_FACTOR / (s.flux * s.flux);
        let pixel = v0 * Covariance::PIXEL_VARIANCE * norm;
        Covariance { xx: vxx * norm + pixel, xy: vxy * norm, yy: vyy * norm + pixel }
    } else {
        Covariance::NAN
    };
    Ok(CentroidResult { position, error, fallback: false })
}
