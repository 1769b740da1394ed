//! The table of what the core misses.

use ndarray::Array3;
use skyphot_core::Exec;
use skyphot_fit::DenseNormal;

use super::star::Pixels;
use crate::error::Result;
use crate::{PolynomialPsf, PolynomialPsfConfig, PsfModel};

/// Updates of the table with the stars where they are.
const UPDATES: usize = 4;
/// Residuals beyond so many times the scatter lose their weight (DAOPHOT's 2 sigma, steep).
const CLIP: f64 = 3.0;

/// A table that grows.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) data: Array3<f64>,
    pub(super) terms: Vec<(u32, u32)>,
    pub(super) config: PolynomialPsfConfig,
}

impl Table {
    /// An empty table that reaches beyond `radius`, for a field in which stars lie.
    pub(super) fn new(radius: f64, degree: u32, samples: usize, stars: &[&Pixels]) -> Self {
        let terms = PolynomialPsf::terms_of_degree(degree);
        let half = (radius * samples as f64).ceil() as usize + 2;
        let range = |f: fn(&Pixels) -> f64| {
            let (lo, hi) = stars
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), s| (lo.min(f(s)), hi.max(f(s))));
            (((lo + hi) * 0.5).round(), ((hi - lo) * 0.5).max(1.0))
        };
        let (x, y) = (range(|s| s.center.x), range(|s| s.center.y));
        let config = PolynomialPsfConfig {
            zero: (x.0, y.0),
            scale: (x.1, y.1),
            oversampling: samples as f64,
            origin: Some((half as f64, half as f64)),
            factor: 1.0,
        };
        Self { data: Array3::zeros((terms.len(), 2 * half + 1, 2 * half + 1)), terms, config }
    }

    pub(super) fn model(&self) -> Result<PolynomialPsf> {
        PolynomialPsf::new(self.data.view(), &self.terms, self.config)
    }

    fn variables(&self, s: &Pixels) -> Vec<f64> {
        let c = &self.config;
        let (u, v) = ((s.center.x - c.zero.0) / c.scale.0, (s.center.y - c.zero.1) / c.scale.1);
        self.terms.iter().map(|(a, b)| u.powi(*a as i32) * v.powi(*b as i32)).collect()
    }

    /// Adds what is left of the stars: at every sample the weighted mean, or the polynomial of the position, of the
    /// residuals of the pixels within a sample of it. `core` are the values of the core on the pixels of each star.
    pub(super) fn update(&mut self, stars: &[&Pixels], core: &[Vec<f64>], exec: &Exec) -> Result<()> {
        for _ in 0..UPDATES {
            let model = self.model()?;
            let left: Vec<Vec<(f64, f64)>> = exec.map(stars.len(), |i| {
                let s = stars[i];
                let mut table = vec![0.0; s.window.len()];
                model.evaluate(&s.source(), s.window, &mut table);
                (0..s.data.len())
                    .map(|k| {
                        let m = core[i][k] + table[k];
                        (s.data[k] / s.flux - m, s.certainty(k, m))
                    })
                    .collect()
            });
            let mut sizes: Vec<f64> =
                left.iter().flatten().filter(|(_, w)| *w > 0.0).map(|(r, w)| r.abs() * w.sqrt()).collect();
            if sizes.is_empty() {
                return Ok(());
            }
            let middle = sizes.len() / 2;
            let scatter = 1.4826 * *sizes.select_nth_unstable_by(middle, f64::total_cmp).1;
            self.add(stars, &left, (CLIP * scatter).max(f64::MIN_POSITIVE));
        }
        Ok(())
    }

    fn add(&mut self, stars: &[&Pixels], left: &[Vec<(f64, f64)>], clip: f64) {
        let m = self.terms.len();
        let (_, ny, nx) = self.data.dim();
        let (products, origin) = (m * (m + 1) / 2, (nx / 2) as f64);
        let per = products + m;
        let mut sums = vec![0.0; ny * nx * per];
        for (s, left) in stars.iter().zip(left) {
            let u = self.variables(s);
            for (k, (r, w)) in left.iter().enumerate().filter(|(_, l)| l.1 > 0.0) {
                let (dx, dy) = s.offset(k);
                let at = |d: f64| d * self.config.oversampling + origin;
                let (x, y) = (at(dx), at(dy));
                let w = w / (1.0 + (r.abs() * w.sqrt() / clip).powi(8));
                for (j, b) in [(y.floor(), y.floor() + 1.0 - y), (y.floor() + 1.0, y - y.floor())] {
                    for (i, a) in [(x.floor(), x.floor() + 1.0 - x), (x.floor() + 1.0, x - x.floor())] {
                        if j < 0.0 || i < 0.0 || j >= ny as f64 || i >= nx as f64 {
                            continue;
                        }
                        let sums = &mut sums[(j as usize * nx + i as usize) * per..][..per];
                        let (w, mut n) = (w * a * b, 0);
                        for p in 0..m {
                            for q in p..m {
                                sums[n] += w * u[p] * u[q];
                                n += 1;
                            }
                            sums[products + p] += w * u[p] * r;
                        }
                    }
                }
            }
        }
        let mut equations = DenseNormal::new(m);
        let (free, mut step) = (vec![true; m], vec![0.0; m]);
        for (cell, sums) in sums.chunks_exact(per).enumerate() {
            if !(sums[0] > 0.0) {
                continue;
            }
            equations.clear();
            let mut n = 0;
            for p in 0..m {
                for q in p..m {
                    equations.add_product(p, q, sums[n]);
                    n += 1;
                }
                // The step solves A step = -gradient.
                equations.add_gradient(p, -sums[products + p]);
            }
            // Samples that few stars saw get a polynomial that is not steep.
            if equations.step(0.01, &free, &mut step) && step.iter().all(|v| v.is_finite()) {
                for (p, v) in step.iter().enumerate() {
                    self.data[[p, cell / nx, cell % nx]] += v;
                }
            }
        }
    }
}
