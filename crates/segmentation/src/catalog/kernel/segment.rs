//! What the pixels of one segment say.

use skyphot_centroids::{Covariance, EllipseShape};
use skyphot_core::BoundingBox;

use crate::catalog::images::CatalogImages;

/// Sums up to the third order, `m[i][j] = sum y^i x^j I`.
pub(crate) type Moments = [[f64; 4]; 4];

/// The measurement of a segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Isophotal {
    /// Pixels of the segment that are neither masked nor non-finite.
    pub(crate) n_good: usize,
    /// All pixels of the segment.
    pub(crate) n_segment: usize,
    /// The segment has masked pixels, non-finite data, non-finite errors.
    pub(crate) any_masked: bool,
    pub(crate) any_non_finite: bool,
    pub(crate) any_non_finite_error: bool,
    /// Sums over good pixels.
    pub(crate) sum: f64,
    pub(crate) variance: f64,
    pub(crate) background: f64,
    /// Extremes of the good pixels and where they are first met, in the whole image `(x, y)`.
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) min_at: (i64, i64),
    pub(crate) max_at: (i64, i64),
    /// Moments from the corner of the bounding box, and about the centroid.
    pub(crate) moments: Moments,
    pub(crate) central: Moments,
    /// Centroid from the corner of the bounding box.
    pub(crate) cutout_centroid: (f64, f64),
    /// Centroid in the whole image.
    pub(crate) centroid: (f64, f64),
    pub(crate) raw_covariance: Covariance,
    pub(crate) covariance: Covariance,
    pub(crate) shape: EllipseShape,
    /// Variances and covariance of the centroid.
    pub(crate) centroid_error: Covariance,
}

impl Isophotal {
    /// A segment without a pixel.
    pub(crate) fn nothing() -> Self {
        SegmentPixels::default().evaluate(&BoundingBox { x_min: 0, x_max: 0, y_min: 0, y_max: 0 })
    }

    pub(crate) fn all_masked(&self) -> bool {
        self.n_good == 0
    }
}

/// The pixels of one segment that are not masked, kept from one source to the next.
#[derive(Debug, Default)]
pub(crate) struct SegmentPixels {
    /// Rows of the list: `y` and the end of its pixels.
    rows: Vec<(i64, usize)>,
    x: Vec<i64>,
    pub(crate) data: Vec<f64>,
    /// What moments are taken of: convolved data, 0 where it is negative or not finite.
    weight: Vec<f64>,
    error: Vec<f64>,
    background: Vec<f64>,
    row: [Vec<f64>; 4],
    member: Vec<bool>,
}

fn row_sums(sums: &mut Moments, dy: f64, row: [f64; 4]) {
    let mut power = 1.0;
    for m in sums.iter_mut() {
        for (m, r) in m.iter_mut().zip(row) {
            *m += power * r;
        }
        power *= dy;
    }
}

impl SegmentPixels {
    /// Measures the segment `label` whose bounding box lies within the window.
    pub(crate) fn measure(&mut self, images: &CatalogImages<'_>, label: i32, b: &BoundingBox) -> Isophotal {
        let n = b.shape().1;
        let (mut any_masked, mut any_non_finite, mut any_non_finite_error) = (false, false, false);
        let mut n_segment = 0;
        self.rows.clear();
        self.x.clear();
        self.data.clear();
        self.weight.clear();
        self.error.clear();
        self.background.clear();
        for buffer in &mut self.row {
            buffer.resize(n, 0.0);
        }
        self.member.resize(n, false);
        let [data_row, weight_row, error_row, background_row] = &mut self.row;
        for y in b.y_min..b.y_max {
            let planes = [&images.error, &images.convolved, &images.background].into_iter().flatten();
            images.ahead(b, y, std::iter::once(&*images.data).chain(planes.map(|p| &**p)));
            let (mut first, mut last, mut count) = (usize::MAX, 0, 0);
            let member = &mut self.member[..n];
            images.labels(b.x_min, y, n, |i, l| {
                member[i] = l == label;
                if l == label {
                    first = first.min(i);
                    last = i;
                    count += 1;
                }
            });
            if count == 0 {
                continue;
            }
            n_segment += count;
            let (x0, n) = (b.x_min + first as i64, last + 1 - first);
            let member = &mut self.member[first..=last];
            images.read(&*images.data, x0, y, &mut data_row[..n]);
            any_non_finite |= member.iter().zip(&data_row[..n]).any(|(m, v)| *m && !v.is_finite());
            if let Some(e) = &images.error {
                images.read(&**e, x0, y, &mut error_row[..n]);
                any_non_finite_error |= member.iter().zip(&error_row[..n]).any(|(m, e)| *m && !e.is_finite());
            }
            images.masked(x0, y, n, |i| {
                any_masked |= member[i];
                member[i] = false;
            });
            if let Some(c) = &images.convolved {
                images.read(&**c, x0, y, &mut weight_row[..n]);
            }
            if let Some(p) = &images.background {
                images.read(&**p, x0, y, &mut background_row[..n]);
            }
            let weights = if images.convolved.is_some() { &*weight_row } else { &*data_row };
            let pick = |from: &[f64], to: &mut Vec<f64>| {
                to.extend(member.iter().zip(from).filter(|(m, _)| **m).map(|(_, v)| *v));
            };
            self.x.extend(member.iter().enumerate().filter(|(_, m)| **m).map(|(i, _)| x0 + i as i64));
            pick(&data_row[..n], &mut self.data);
            self.weight.extend(
                member
                    .iter()
                    .zip(&weights[..n])
                    .filter(|(m, _)| **m)
                    .map(|(_, &w)| if w.is_finite() && w > 0.0 { w } else { 0.0 }),
            );
            if images.error.is_some() {
                pick(&error_row[..n], &mut self.error);
            }
            if images.background.is_some() {
                pick(&background_row[..n], &mut self.background);
            }
            self.rows.push((y, self.x.len()));
        }
        let mut out = self.evaluate(b);
        out.any_masked = any_masked;
        out.any_non_finite = any_non_finite;
        out.any_non_finite_error = any_non_finite_error;
        out.n_segment = n_segment;
        out
    }

    /// Pieces of the list by rows.
    fn pieces(&self) -> impl Iterator<Item = (i64, std::ops::Range<usize>)> {
        let mut start = 0;
        self.rows.iter().map(move |&(y, end)| {
            let r = start..end;
            start = end;
            (y, r)
        })
    }

    fn evaluate(&self, b: &BoundingBox) -> Isophotal {
        let mut moments = Moments::default();
        for (y, r) in self.pieces() {
            let mut s = [0.0; 4];
            for (&x, &w) in self.x[r.clone()].iter().zip(&self.weight[r]) {
                let dx = (x - b.x_min) as f64;
                let (a, c) = (w * dx, w * (dx * dx));
                s[0] += w;
                s[1] += a;
                s[2] += c;
                s[3] += c * dx;
            }
            row_sums(&mut moments, (y - b.y_min) as f64, s);
        }
        let (xc, yc) = (moments[0][1] / moments[0][0], moments[1][0] / moments[0][0]);
        let mut central = Moments::default();
        let (mut v, mut vx, mut vy, mut vxy) = (0.0, 0.0, 0.0, 0.0);
        for (y, r) in self.pieces() {
            let dy = (y - b.y_min) as f64 - yc;
            let mut s = [0.0; 4];
            for (&x, &w) in self.x[r.clone()].iter().zip(&self.weight[r.clone()]) {
                let dx = (x - b.x_min) as f64 - xc;
                let (a, c) = (w * dx, w * (dx * dx));
                s[0] += w;
                s[1] += a;
                s[2] += c;
                s[3] += c * dx;
            }
            row_sums(&mut central, dy, s);
            if !self.error.is_empty() {
                for k in r {
                    if self.weight[k] > 0.0 && self.data[k].is_finite() {
                        let dx = (self.x[k] - b.x_min) as f64 - xc;
                        let e2 = self.error[k] * self.error[k];
                        v += e2;
                        vx += e2 * dx * dx;
                        vy += e2 * dy * dy;
                        vxy += e2 * dx * dy;
                    }
                }
            }
        }
        if !(xc.is_finite() && yc.is_finite()) {
            central = [[f64::NAN; 4]; 4];
            // The sum of the weights needs no centre.
            central[0][0] = moments[0][0];
        }
        let total = moments[0][0];
        let centroid_error = if self.error.is_empty() || !(total.is_finite() && total > 0.0) {
            Covariance::NAN
        } else {
            let norm = 1.0 / (total * total);
            let c = Covariance { xx: vx * norm, xy: vxy * norm, yy: vy * norm };
            let least = v * Covariance::PIXEL_VARIANCE * norm;
            if c.is_finite() && least.is_finite() { c.floored(least) } else { c }
        };
        let raw_covariance = Covariance::from_central_moments(&central);
        let covariance = raw_covariance.regularized();
        let shape = EllipseShape::new(&covariance);
        let mut out = Isophotal {
            n_good: 0,
            n_segment: 0,
            any_masked: false,
            any_non_finite: false,
            any_non_finite_error: false,
            sum: 0.0,
            variance: 0.0,
            background: 0.0,
            min: f64::NAN,
            max: f64::NAN,
            min_at: (-1, -1),
            max_at: (-1, -1),
            moments,
            central,
            cutout_centroid: (xc, yc),
            centroid: (xc + b.x_min as f64, yc + b.y_min as f64),
            raw_covariance,
            covariance,
            shape,
            centroid_error,
        };
        self.good_pixels(&mut out);
        out
    }

    fn good_pixels(&self, out: &mut Isophotal) {
        for (y, r) in self.pieces() {
            for k in r {
                let v = self.data[k];
                if !v.is_finite() {
                    continue;
                }
                if out.n_good == 0 || v < out.min {
                    (out.min, out.min_at) = (v, (self.x[k], y));
                }
                if out.n_good == 0 || v > out.max {
                    (out.max, out.max_at) = (v, (self.x[k], y));
                }
                out.n_good += 1;
                out.sum += v;
                if let Some(e) = self.error.get(k) {
                    out.variance += e * e;
                }
                if let Some(b) = self.background.get(k) {
                    out.background += b;
                }
            }
        }
        if out.n_good == 0 {
            (out.sum, out.variance, out.background) = (f64::NAN, f64::NAN, f64::NAN);
        }
        if self.error.is_empty() {
            out.variance = f64::NAN;
        }
        if self.background.is_empty() {
            out.background = f64::NAN;
        }
    }

    /// The Gini coefficient of the absolute values (Lotz et al. 2004, AJ 128, 163, eq. 6) of the segment measured last.
    pub(crate) fn gini(&mut self) -> f64 {
        self.weight.clear();
        self.weight.extend(self.data.iter().filter(|v| v.is_finite()).map(|v| v.abs()));
        let values = &mut self.weight;
        let n = values.len();
        match n {
            0 => return f64::NAN,
            1 => return 0.0,
            _ => {}
        }
        values.sort_unstable_by(f64::total_cmp);
        let (mut sum, mut ranked) = (0.0, 0.0);
        for (i, v) in values.iter().enumerate() {
            sum += v;
            ranked += (2.0 * (i + 1) as f64 - n as f64 - 1.0) * v;
        }
        let norm = sum / n as f64 * n as f64 * (n as f64 - 1.0);
        if norm == 0.0 { 0.0 } else { ranked / norm }
    }
}
