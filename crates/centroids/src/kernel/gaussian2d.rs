//! A two-dimensional Gaussian fitted to all pixels.
//!
//! The model is `a exp(-(p dx^2 + 2 q dx dy + r dy^2) / 2)`, so that every derivative is the Gaussian times a
//! polynomial of second degree in `dx`, `dy`. All entries of the normal equations are then combinations of 15 moments
//! of the squared Gaussian and 6 of its product with the residual, and along a row the Gaussian itself follows from two
//! multiplications per pixel.

use skyphot_fit::{Bounds, FitStatus, LevenbergMarquardt, NormalEquations, Problem};

use super::Stamp;
use super::stamp::LANES;
use crate::{Centroid, CentroidFlags};

/// Parameters `a`, `x0`, `y0`, `p`, `q`, `r`.
struct Gaussian<'a> {
    stamp: &'a mut Stamp,
}

impl Problem<6> for Gaussian<'_> {
    fn normal_equations(&mut self, &[a, x0, y0, p, q, r]: &[f64; 6]) -> NormalEquations<6> {
        let mut n = NormalEquations::default();
        if !(p > 0.0 && r > 0.0 && p * r > q * q) {
            n.chi2 = f64::NAN;
            return n;
        }
        let Moments { m, t, chi2 } = moments(self.stamp, a, x0, y0, [p, q, r]);
        n.chi2 = chi2;
        // Every derivative is g times a combination of two of the monomials 1, dx, dy, dx^2, dx dy, dy^2.
        const ONE: (usize, usize) = (0, 0);
        let jacobian: [[(f64, (usize, usize)); 2]; 6] = [
            [(1.0, ONE), (0.0, ONE)],
            [(a * p, (1, 0)), (a * q, (0, 1))],
            [(a * q, (1, 0)), (a * r, (0, 1))],
            [(-0.5 * a, (2, 0)), (0.0, ONE)],
            [(-a, (1, 1)), (0.0, ONE)],
            [(-0.5 * a, (0, 2)), (0.0, ONE)],
        ];
        for (i, u) in jacobian.iter().enumerate() {
            n.jtr[i] = u.iter().map(|(c, e)| c * t[e.0][e.1]).sum();
            for (j, v) in jacobian.iter().enumerate().skip(i) {
                let mut sum = 0.0;
                for (c, e) in u {
                    for (d, f) in v {
                        sum += c * d * m[e.0 + f.0][e.1 + f.1];
                    }
                }
                n.jtj[i][j] = sum;
            }
        }
        n
    }
}

/// `m[i][j]`: sums of `w^2 g^2 dx^i dy^j`; `t[i][j]`: sums of `w^2 g res dx^i dy^j`; `chi2`: sum of `w^2 res^2`,
/// where `res = a g - d`.
struct Moments {
    m: [[f64; 5]; 5],
    t: [[f64; 3]; 3],
    chi2: f64,
}

/// The moments over the whole stamp, with the widest vectors of the machine. Only additions and multiplications in a
/// fixed order are used, so the width does not change a bit.
fn moments(stamp: &mut Stamp, a: f64, x0: f64, y0: f64, shape: [f64; 3]) -> Moments {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide(stamp: &mut Stamp, a: f64, x0: f64, y0: f64, shape: [f64; 3]) -> Moments {
            moments_body(stamp, a, x0, y0, shape)
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the feature was found just now.
            #[allow(unsafe_code)]
            return unsafe { wide(stamp, a, x0, y0, shape) };
        }
    }
    moments_body(stamp, a, x0, y0, shape)
}

#[inline(always)]
fn moments_body(stamp: &mut Stamp, a: f64, x0: f64, y0: f64, shape: [f64; 3]) -> Moments {
    let mut out = Moments { m: [[0.0; 5]; 5], t: [[0.0; 3]; 3], chi2: 0.0 };
    let stride = stamp.stride;
    let curve = (-shape[0]).exp();
    for y in 0..stamp.ny {
        let dy = y as f64 - y0;
        fill_row(&mut stamp.row[..stamp.nx], x0, dy, shape, curve);
        let data = &stamp.data[y * stride..(y + 1) * stride];
        let sums = if stamp.weighted {
            let weight2 = &stamp.weight2[y * stride..(y + 1) * stride];
            row_sums::<true>(&stamp.row, data, weight2, a, x0)
        } else {
            row_sums::<false>(&stamp.row, data, data, a, x0)
        };
        let mut power = 1.0;
        for j in 0..5 {
            for (m, s) in out.m.iter_mut().zip(&sums).take(5 - j) {
                m[j] += s * power;
            }
            if j < 3 {
                for (t, s) in out.t.iter_mut().zip(&sums[5..8]).take(3 - j) {
                    t[j] += s * power;
                }
            }
            power *= dy;
        }
        out.chi2 += sums[8];
    }
    out
}

/// The Gaussian of unit amplitude along a row, from its largest pixel outwards.
#[inline(always)]
fn fill_row(row: &mut [f64], x0: f64, dy: f64, [p, q, r]: [f64; 3], curve: f64) {
    let last = row.len() - 1;
    let start = (x0 - q * dy / p + 0.5).clamp(0.0, last as f64) as usize;
    let dx = start as f64 - x0;
    let top = (-0.5 * (p * dx * dx + 2.0 * q * dx * dy + r * dy * dy)).exp();
    row[start] = top;
    let (mut g, mut ratio) = (top, (-p * (dx + 0.5) - q * dy).exp());
    for v in &mut row[start + 1..] {
        g *= ratio;
        ratio *= curve;
        *v = g;
    }
    let (mut g, mut ratio) = (top, (p * (dx - 0.5) + q * dy).exp());
    for v in row[..start].iter_mut().rev() {
        g *= ratio;
        ratio *= curve;
        *v = g;
    }
}

/// Sums over a row of `w^2 g^2 dx^k` (k = 0..4), `w^2 g res dx^k` (k = 0..2) and `w^2 res^2`, `res = a g - d`.
#[inline(always)]
fn row_sums<const WEIGHTED: bool>(row: &[f64], data: &[f64], weight2: &[f64], a: f64, x0: f64) -> [f64; 9] {
    let mut s = [[0.0; LANES]; 9];
    let mut dx: [f64; LANES] = std::array::from_fn(|k| k as f64 - x0);
    let (row, data) = (row.as_chunks::<LANES>().0, data.as_chunks::<LANES>().0);
    let weight2 = weight2.as_chunks::<LANES>().0;
    for ((g, d), w) in row.iter().zip(data).zip(weight2) {
        for k in 0..LANES {
            let (g, x) = (g[k], dx[k]);
            let res = a * g - d[k];
            let (wg, wr) = if WEIGHTED { (w[k] * g, w[k] * res) } else { (g, res) };
            let mut gg = wg * g;
            let mut gr = wg * res;
            s[8][k] += wr * res;
            s[0][k] += gg;
            s[5][k] += gr;
            gg *= x;
            gr *= x;
            s[1][k] += gg;
            s[6][k] += gr;
            gg *= x;
            gr *= x;
            s[2][k] += gg;
            s[7][k] += gr;
            gg *= x;
            s[3][k] += gg;
            s[4][k] += gg * x;
            dx[k] = x + LANES as f64;
        }
    }
    s.map(|l| (l[0] + l[2]) + (l[1] + l[3]))
}

/// Narrowest start value of sigma, pixels.
const MIN_SIGMA: f64 = 0.3;
/// Evaluations of the model before a fit is given up. Ordinary stars take about ten.
const MAX_EVALUATIONS: usize = 100;

/// Start values from the moments of the pixels above the lowest one. Bad pixels count as zero.
fn start(s: &Stamp, low: f64, high: f64) -> Option<[f64; 6]> {
    // Moments about the middle of the stamp; the lower-order ones move them to the centroid.
    let (xm, ym) = (0.5 * (s.nx - 1) as f64, 0.5 * (s.ny - 1) as f64);
    let (mut total, mut sx, mut sy, mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
    for y in 0..s.ny {
        let (mut t, mut tx, mut txx) = (0.0, 0.0, 0.0);
        for (x, (d, w)) in s.data_row(y).iter().zip(s.weight2_row(y)).enumerate() {
            let v = if *w > 0.0 { d - low } else { 0.0 };
            let dx = x as f64 - xm;
            t += v;
            tx += v * dx;
            txx += v * dx * dx;
        }
        let dy = y as f64 - ym;
        total += t;
        sx += tx;
        sy += t * dy;
        xx += txx;
        xy += tx * dy;
        yy += t * dy * dy;
    }
    let (cx, cy) = (sx / total, sy / total);
    let (mut xx, mut xy, mut yy) = (xx / total - cx * cx, xy / total - cx * cy, yy / total - cy * cy);
    let min = MIN_SIGMA * MIN_SIGMA;
    if xx < min || yy < min || xx * yy - xy * xy < min * min {
        (xx, yy) = (xx.max(min), yy.max(min));
        xy = 0.0;
    }
    let det = xx * yy - xy * xy;
    let p = [high - low, cx + xm, cy + ym, yy / det, -xy / det, xx / det];
    p.iter().all(|v| v.is_finite()).then_some(p)
}

pub(crate) fn gaussian2d(s: &mut Stamp) -> Centroid {
    if s.n_good == 0 {
        return Centroid::failed(s.flags);
    }
    if s.n_good < 6 {
        return Centroid::failed(s.flags | CentroidFlags::TOO_FEW_PIXELS);
    }
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (d, w) in s.data.iter().zip(&s.weight2) {
        if *w > 0.0 {
            low = low.min(*d);
            high = high.max(*d);
        }
    }
    let flags = s.flags;
    if high <= low {
        return Centroid::failed(flags | CentroidFlags::NO_SIGNAL);
    }
    let (nx, ny) = (s.nx as f64, s.ny as f64);
    // A centre further out than the size of the stamp says nothing about the source on it.
    const INF: f64 = f64::INFINITY;
    let bounds = Bounds::new([-INF, -nx, -ny, -INF, -INF, -INF], [INF, 2.0 * nx, 2.0 * ny, INF, INF, INF]);
    let solver = LevenbergMarquardt { max_evaluations: MAX_EVALUATIONS, ..LevenbergMarquardt::default() };
    let fit = start(s, low, high)
        .zip(bounds.ok())
        .and_then(|(p, bounds)| solver.fit(&mut Gaussian { stamp: s }, p, &bounds).ok());
    let Some(fit) = fit else {
        return Centroid::failed(flags | CentroidFlags::NO_SIGNAL);
    };
    let [_, x, y, ..] = fit.parameters;
    let mut flags = flags;
    if fit.status != FitStatus::Converged {
        flags |= CentroidFlags::NOT_CONVERGED;
    }
    if !(x >= -0.5 && x <= nx - 0.5 && y >= -0.5 && y <= ny - 0.5) {
        flags |= CentroidFlags::OUTSIDE_CUTOUT;
    }
    Centroid::new(x, y, flags)
}
