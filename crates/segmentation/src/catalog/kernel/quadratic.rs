//! The maximum of a quadratic surface through the 3 x 3 pixels around the peak of a segment.

use skyphot_centroids::Covariance;
use skyphot_core::BoundingBox;

use super::segment::Isophotal;
use crate::catalog::images::CatalogImages;

/// A centroid with its variances; `fallback` says that it is not what the method gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CentroidResult {
    /// Position in the whole image.
    pub(crate) position: (f64, f64),
    pub(crate) error: Covariance,
    pub(crate) fallback: bool,
}

/// Rows of the pseudo-inverse: coefficients of 1, x, y, xy, x^2, y^2 from the nine pixels.
type Inverse = [[f64; 9]; 6];

fn design(k: usize) -> [f64; 6] {
    let (x, y) = ((k % 3) as f64 - 1.0, (k / 3) as f64 - 1.0);
    [1.0, x, y, x * y, x * x, y * y]
}

/// The least-squares solution for the pixels that are fitted; `None` if they do not determine it.
fn pseudo_inverse(fitted: &[bool; 9]) -> Option<Inverse> {
    // Normal equations with the nine unit vectors on the right.
    let mut m = [[0.0; 6 + 9]; 6];
    for k in (0..9).filter(|&k| fitted[k]) {
        let d = design(k);
        for i in 0..6 {
            for j in 0..6 {
                m[i][j] += d[i] * d[j];
            }
            m[i][6 + k] = d[i];
        }
    }
    for i in 0..6 {
        let pivot = (i..6).max_by(|&a, &b| m[a][i].abs().total_cmp(&m[b][i].abs()))?;
        m.swap(i, pivot);
        if m[i][i].abs() < 1e-9 {
            return None;
        }
        let top = m[i].map(|v| v / m[i][i]);
        m[i] = top;
        for (r, row) in m.iter_mut().enumerate() {
            if r != i && row[i] != 0.0 {
                let f = row[i];
                for (v, t) in row.iter_mut().zip(&top) {
                    *v -= f * t;
                }
            }
        }
    }
    let mut out = [[0.0; 9]; 6];
    for (o, row) in out.iter_mut().zip(&m) {
        o.copy_from_slice(&row[6..]);
    }
    Some(out)
}

/// The first pixel of the box that is no good pixel of the segment, or is one of value 0.
fn first_zero(images: &CatalogImages<'_>, label: i32, b: &BoundingBox) -> Option<(i64, i64)> {
    let n = b.shape().1;
    let mut row = vec![0.0; n];
    for y in b.y_min..b.y_max {
        images.read(&*images.data, b.x_min, y, &mut row);
        images.masked(b.x_min, y, n, |i| row[i] = 0.0);
        images.labels(b.x_min, y, n, |i, l| {
            if l != label {
                row[i] = 0.0;
            }
        });
        if let Some(i) = row.iter().position(|v| !v.is_finite() || *v == 0.0) {
            return Some((b.x_min + i as i64, y));
        }
    }
    None
}

/// Fits the peak of a segment.
pub(crate) fn centroid_quadratic(
    images: &CatalogImages<'_>,
    label: i32,
    b: &BoundingBox,
    iso: &Isophotal,
) -> CentroidResult {
    let isophotal = CentroidResult { position: iso.centroid, error: iso.centroid_error, fallback: true };
    let (ny, nx) = b.shape();
    if ny < 3 || nx < 3 || iso.all_masked() {
        return isophotal;
    }
    // The peak of the box where everything but the segment is 0.
    let (xp, yp) =
        if iso.max > 0.0 { iso.max_at } else { first_zero(images, label, b).unwrap_or(iso.max_at) };
    if xp == b.x_min || xp == b.x_max - 1 || yp == b.y_min || yp == b.y_max - 1 {
        return CentroidResult { position: (xp as f64, yp as f64), error: Covariance::NAN, fallback: true };
    }
    let mut value = [0.0; 9];
    let mut variance = [0.0; 9];
    let mut fitted = [true; 9];
    for (j, y) in (yp - 1..=yp + 1).enumerate() {
        let row = &mut value[3 * j..3 * j + 3];
        images.read(&*images.data, xp - 1, y, row);
        for (f, v) in fitted[3 * j..].iter_mut().zip(row.iter()) {
            *f = v.is_finite();
        }
        images.masked(xp - 1, y, 3, |i| fitted[3 * j + i] = false);
        if let Some(e) = &images.error {
            images.read(&**e, xp - 1, y, &mut variance[3 * j..3 * j + 3]);
        }
    }
    for k in 0..9 {
        if !fitted[k] {
            (value[k], variance[k]) = (0.0, 0.0);
        }
        variance[k] *= variance[k];
    }
    let Some(inverse) = pseudo_inverse(&fitted) else { return isophotal };
    let c = inverse.map(|row| row.iter().zip(&value).map(|(a, b)| a * b).sum::<f64>());
    let [_, c10, c01, c11, c20, c02] = c;
    let det = 4.0 * c20 * c02 - c11 * c11;
    if det <= 0.0 || c20 > 0.0 {
        return isophotal;
    }
    let x = (c01 * c11 - 2.0 * c02 * c10) / det;
    let y = (c10 * c11 - 2.0 * c20 * c01) / det;
    let (px, py) = (x + xp as f64, y + yp as f64);
    let within = |p: f64, low: i64, high: i64| p > low as f64 && p < (high - 1) as f64;
    if !(within(px, b.x_min, b.x_max) && within(py, b.y_min, b.y_max)) {
        return isophotal;
    }
    let error = if images.error.is_some() {
        let gx = [
            0.0,
            -2.0 * c02 / det,
            c11 / det,
            (c01 + 2.0 * c11 * x) / det,
            -4.0 * c02 * x / det,
            (-2.0 * c10 - 4.0 * c20 * x) / det,
        ];
        let gy = [
            0.0,
            c11 / det,
            -2.0 * c20 / det,
            (c10 + 2.0 * c11 * y) / det,
            (-2.0 * c01 - 4.0 * c02 * y) / det,
            -4.0 * c20 * y / det,
        ];
        let mut e = Covariance { xx: 0.0, xy: 0.0, yy: 0.0 };
        for k in 0..9 {
            let (mut ux, mut uy) = (0.0, 0.0);
            for i in 0..6 {
                ux += gx[i] * inverse[i][k];
                uy += gy[i] * inverse[i][k];
            }
            e.xx += ux * ux * variance[k];
            e.xy += ux * uy * variance[k];
            e.yy += uy * uy * variance[k];
        }
        e
    } else {
        Covariance::NAN
    };
    CentroidResult { position: (px, py), error, fallback: false }
}
