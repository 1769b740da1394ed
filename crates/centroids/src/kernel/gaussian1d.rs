//! One-dimensional Gaussians fitted to the marginal sums.

use skyphot_fit::{Bounds, FitStatus, LevenbergMarquardt, NormalEquations, Problem};

use super::Stamp;
use crate::{Centroid, CentroidFlags};

/// `a exp(-p (x - m)^2 / 2)`; the parameters are `a`, `m`, `p`.
struct Marginal<'a> {
    data: &'a [f64],
    weight: &'a [f64],
}

impl Problem<3> for Marginal<'_> {
    fn normal_equations(&mut self, &[a, m, p]: &[f64; 3]) -> NormalEquations<3> {
        let mut n = NormalEquations::default();
        if p <= 0.0 {
            n.chi2 = f64::NAN;
            return n;
        }
        for (i, (d, w)) in self.data.iter().zip(self.weight).enumerate() {
            let dx = i as f64 - m;
            let g = (-0.5 * p * dx * dx).exp();
            n.add(w * (a * g - d), &[w * g, w * a * g * p * dx, -0.5 * w * a * g * dx * dx]);
        }
        n
    }
}

/// Narrowest start value of sigma, pixels.
const MIN_SIGMA: f64 = 0.3;

/// Centre of one marginal, and whether the fit converged; `None` without signal.
fn fit(data: &[f64], weight: &[f64]) -> Option<(f64, bool)> {
    let total: f64 = data.iter().sum();
    let (low, high) =
        data.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    if total == 0.0 || high <= low {
        return None;
    }
    let moment =
        |f: &dyn Fn(f64) -> f64| data.iter().enumerate().map(|(i, v)| f(i as f64) * v).sum::<f64>() / total;
    let mean = moment(&|x| x);
    let sigma = moment(&|x| (x - mean) * (x - mean)).abs().sqrt().max(MIN_SIGMA);
    let start = [high - low, mean, 1.0 / (sigma * sigma)];
    let f =
        LevenbergMarquardt::default().fit(&mut Marginal { data, weight }, start, &Bounds::default()).ok()?;
    Some((f.parameters[1], f.status == FitStatus::Converged))
}

pub(crate) fn gaussian1d(s: &Stamp) -> Centroid {
    if s.n_good == 0 {
        return Centroid::failed(s.flags);
    }
    let (mut dx, mut dy) = (vec![0.0; s.nx], vec![0.0; s.ny]);
    let (mut vx, mut vy) = (vec![0.0; s.nx], vec![0.0; s.ny]);
    for y in 0..s.ny {
        let rows = s.data_row(y).iter().zip(s.weight2_row(y)).enumerate();
        for (x, (v, w2)) in rows {
            dx[x] += v;
            dy[y] += v;
            if *w2 > 0.0 {
                // Variance of the sum; without errors only whether there is a good pixel matters.
                vx[x] += 1.0 / w2;
                vy[y] += 1.0 / w2;
            }
        }
    }
    let weight = |v: &mut [f64]| {
        for v in v {
            *v = match (*v > 0.0, s.has_error) {
                (false, _) => 0.0,
                (true, false) => 1.0,
                (true, true) => 1.0 / v.sqrt(),
            };
        }
    };
    weight(&mut vx);
    weight(&mut vy);
    match (fit(&dx, &vx), fit(&dy, &vy)) {
        (Some((x, okx)), Some((y, oky))) => {
            let flags = if okx && oky { CentroidFlags::empty() } else { CentroidFlags::NOT_CONVERGED };
            Centroid::new(x, y, s.flags | flags)
        }
        _ => Centroid::failed(s.flags | CentroidFlags::NO_SIGNAL),
    }
}
