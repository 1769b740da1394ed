//! Dense normal equations of any size.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::System;

/// Up to this many parameters are solved for without allocations.
const FEW: usize = 4;

/// `J^T J`, `J^T r` and `r^T r` of `n` parameters, stored densely.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseNormal {
    n: usize,
    /// Upper triangle by rows, in an `n x n` square.
    jtj: Vec<f64>,
    jtr: Vec<f64>,
    chi2: f64,
}

impl DenseNormal {
    /// All zero.
    #[must_use]
    pub fn new(n: usize) -> Self {
        Self { n, jtj: vec![0.0; n * n], jtr: vec![0.0; n], chi2: 0.0 }
    }

    /// Back to zero.
    pub fn clear(&mut self) {
        self.jtj.fill(0.0);
        self.jtr.fill(0.0);
        self.chi2 = 0.0;
    }

    /// Number of parameters.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.n
    }

    /// `r^T r`.
    #[must_use]
    pub fn chi2(&self) -> f64 {
        self.chi2
    }

    /// `J^T r`.
    #[must_use]
    pub fn gradient(&self) -> &[f64] {
        &self.jtr
    }

    /// Adds one data point: its weighted residual and the derivatives of that residual by every parameter.
    #[inline]
    pub fn add(&mut self, residual: f64, jacobian: &[f64]) {
        self.add_residual(residual);
        for (i, &a) in jacobian.iter().enumerate().take(self.n) {
            self.jtr[i] += a * residual;
            let row = &mut self.jtj[i * self.n..(i + 1) * self.n];
            for (m, &b) in row[i..].iter_mut().zip(&jacobian[i..]) {
                *m += a * b;
            }
        }
    }

    /// Adds to `r^T r` alone.
    #[inline]
    pub fn add_residual(&mut self, residual: f64) {
        self.chi2 += residual * residual;
    }

    /// Adds to one entry of `J^T r`.
    #[inline]
    pub fn add_gradient(&mut self, i: usize, v: f64) {
        self.jtr[i] += v;
    }

    /// Adds to the entry `(i, j)` of `J^T J` (either order).
    #[inline]
    pub fn add_product(&mut self, i: usize, j: usize, v: f64) {
        let (i, j) = (i.min(j), i.max(j));
        self.jtj[i * self.n + j] += v;
    }

    fn entry(&self, i: usize, j: usize) -> f64 {
        self.jtj[i.min(j) * self.n + i.max(j)]
    }

    /// Cholesky factor of the free part, scaled to unit diagonal, with the scales.
    fn factor(&self, lambda: f64, free: &[bool]) -> Option<(Cholesky<f64, Dyn>, Vec<f64>)> {
        let scale: Vec<f64> = (0..self.n)
            .map(|i| {
                let d = self.entry(i, i);
                if free[i] && d > 0.0 { d.sqrt().recip() } else { 1.0 }
            })
            .collect();
        let m = DMatrix::from_fn(self.n, self.n, |i, j| match (i == j, free[i] && free[j]) {
            (true, false) => 1.0,
            (false, false) => 0.0,
            (true, true) => self.entry(i, i) * scale[i] * scale[i] * (1.0 + lambda),
            (false, true) => self.entry(i, j) * scale[i] * scale[j],
        });
        Some((m.cholesky()?, scale))
    }

    /// The lower Cholesky factor, row by row, of the free part of at most [`FEW`] parameters, scaled to unit diagonal, with the
    /// scales.
    fn small_factor(&self, lambda: f64, free: &[bool]) -> Option<([[f64; FEW]; FEW], [f64; FEW])> {
        let n = self.n;
        let mut scale = [1.0; FEW];
        for i in 0..n {
            let d = self.entry(i, i);
            if free[i] && d > 0.0 {
                scale[i] = d.sqrt().recip();
            }
        }
        let mut l = [[0.0; FEW]; FEW];
        for i in 0..n {
            for j in 0..=i {
                let mut v = match (i == j, free[i] && free[j]) {
                    (true, false) => 1.0,
                    (false, false) => 0.0,
                    (true, true) => self.entry(i, i) * scale[i] * scale[i] * (1.0 + lambda),
                    (false, true) => self.entry(i, j) * scale[i] * scale[j],
                };
                v -= l[i][..j].iter().zip(&l[j][..j]).map(|(a, b)| a * b).sum::<f64>();
                if i > j {
                    l[i][j] = v / l[j][j];
                } else if v > 0.0 {
                    l[i][i] = v.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some((l, scale))
    }

    /// Solves the equations of a factor in place.
    fn small_solve(&self, l: &[[f64; FEW]; FEW], v: &mut [f64; FEW]) {
        for i in 0..self.n {
            for k in 0..i {
                v[i] -= l[i][k] * v[k];
            }
            v[i] /= l[i][i];
        }
        for i in (0..self.n).rev() {
            for k in i + 1..self.n {
                v[i] -= l[k][i] * v[k];
            }
            v[i] /= l[i][i];
        }
    }

    /// The damped step, see [`System::solve`].
    pub fn step(&self, lambda: f64, free: &[bool], step: &mut [f64]) -> bool {
        if self.n <= FEW {
            let Some((factor, scale)) = self.small_factor(lambda, free) else { return false };
            let mut g = [0.0; FEW];
            for i in (0..self.n).filter(|i| free[*i]) {
                g[i] = -self.jtr[i] * scale[i];
            }
            self.small_solve(&factor, &mut g);
            for (i, s) in step.iter_mut().enumerate() {
                *s = g[i] * scale[i];
            }
            return step.iter().all(|s| s.is_finite());
        }
        let Some((factor, scale)) = self.factor(lambda, free) else { return false };
        let mut g = DVector::from_fn(self.n, |i, _| if free[i] { -self.jtr[i] * scale[i] } else { 0.0 });
        factor.solve_mut(&mut g);
        for (i, s) in step.iter_mut().enumerate() {
            *s = g[i] * scale[i];
        }
        step.iter().all(|s| s.is_finite())
    }

    /// Decrease of the sum of squares that the linear model promises for a step.
    #[must_use]
    pub fn predicted(&self, step: &[f64]) -> f64 {
        let (mut linear, mut quadratic) = (0.0, 0.0);
        for i in 0..self.n {
            linear += self.jtr[i] * step[i];
            let row = &self.jtj[i * self.n + i..(i + 1) * self.n];
            let s: f64 = row.iter().zip(&step[i..]).map(|(m, s)| m * s).sum::<f64>() - 0.5 * row[0] * step[i];
            quadratic += 2.0 * step[i] * s;
        }
        -2.0 * linear - quadratic
    }

    /// `(J^T J)^-1` over the free parameters, row by row (0 for the others). `None` if it is singular.
    #[must_use]
    pub fn covariance(&self, free: &[bool]) -> Option<Vec<f64>> {
        if self.n <= FEW {
            let (factor, scale) = self.small_factor(0.0, free)?;
            let mut c = vec![0.0; self.n * self.n];
            for j in (0..self.n).filter(|j| free[*j]) {
                let mut v = [0.0; FEW];
                v[j] = 1.0;
                self.small_solve(&factor, &mut v);
                for i in (0..self.n).filter(|i| free[*i]) {
                    c[i * self.n + j] = v[i] * scale[i] * scale[j];
                }
            }
            return c.iter().all(|v| v.is_finite()).then_some(c);
        }
        let (factor, scale) = self.factor(0.0, free)?;
        let inverse = factor.inverse();
        let n = self.n;
        let mut c = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                if free[i] && free[j] {
                    c[i * n + j] = inverse[(i, j)] * scale[i] * scale[j];
                }
            }
        }
        c.iter().all(|v| v.is_finite()).then_some(c)
    }
}

/// A [`System`] of few parameters: a closure adds the data points to dense normal equations.
#[derive(Debug, Clone)]
pub struct DenseSystem<F> {
    fill: F,
    current: DenseNormal,
    trial: DenseNormal,
}

impl<F: FnMut(&[f64], &mut DenseNormal)> DenseSystem<F> {
    /// `fill(p, equations)` adds every data point at the parameters `p`.
    pub fn new(n: usize, fill: F) -> Self {
        Self { fill, current: DenseNormal::new(n), trial: DenseNormal::new(n) }
    }

    /// The equations at the current point.
    pub fn equations(&self) -> &DenseNormal {
        &self.current
    }
}

impl<F: FnMut(&[f64], &mut DenseNormal)> System for DenseSystem<F> {
    fn n_parameters(&self) -> usize {
        self.current.n
    }

    fn evaluate(&mut self, p: &[f64]) -> f64 {
        self.trial.clear();
        (self.fill)(p, &mut self.trial);
        let finite = self.trial.jtr.iter().chain(&self.trial.jtj).all(|v| v.is_finite());
        if finite { self.trial.chi2 } else { f64::NAN }
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.current, &mut self.trial);
    }

    fn gradient(&self) -> &[f64] {
        &self.current.jtr
    }

    fn solve(&mut self, lambda: f64, free: &[bool], step: &mut [f64]) -> bool {
        self.current.step(lambda, free, step)
    }

    fn predicted(&self, step: &[f64]) -> f64 {
        self.current.predicted(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FitStatus, SystemFit};

    fn rosenbrock(p: &[f64], n: &mut DenseNormal) {
        n.add(10.0 * (p[1] - p[0] * p[0]), &[-20.0 * p[0], 10.0]);
        n.add(1.0 - p[0], &[-1.0, 0.0]);
    }

    const FREE: ([f64; 2], [f64; 2]) = ([f64::NEG_INFINITY; 2], [f64::INFINITY; 2]);

    #[test]
    fn follows_a_bent_valley() {
        let mut p = [-1.2, 1.0];
        let mut s = DenseSystem::new(2, rosenbrock);
        let o = SystemFit::default().run(&mut s, &mut p, &FREE.0, &FREE.1, &[1.0; 2]).unwrap();
        assert!(o.status.is_success() && o.evaluations < 60, "{o:?}");
        assert!((p[0] - 1.0).abs() < 1e-9 && (p[1] - 1.0).abs() < 1e-9, "{p:?}");
    }

    #[test]
    fn bounds_hold_and_fixed_parameters_stay() {
        let mut p = [-1.2, 1.0];
        let mut s = DenseSystem::new(2, rosenbrock);
        let o = SystemFit::default().run(&mut s, &mut p, &[-2.0, -2.0], &[0.5, 2.0], &[1.0; 2]).unwrap();
        assert!(o.status.is_success(), "{o:?}");
        assert!((p[0] - 0.5).abs() < 1e-12 && (p[1] - 0.25).abs() < 1e-8, "{p:?}");
        let mut p = [0.3, 1.0];
        SystemFit::default().run(&mut s, &mut p, &[0.3, -2.0], &[0.3, 2.0], &[1.0; 2]).unwrap();
        assert_eq!(p[0], 0.3);
        assert!((p[1] - 0.09).abs() < 1e-9, "{p:?}");
        assert!(SystemFit::default().run(&mut s, &mut p, &[1.0, 0.0], &[0.0, 0.0], &[1.0; 2]).is_err());
    }

    #[test]
    fn a_dead_parameter_is_singular_and_a_line_has_its_covariance() {
        let mut dead = DenseSystem::new(2, |p: &[f64], n: &mut DenseNormal| n.add(p[0] - 3.0, &[1.0, 0.0]));
        let mut p = [0.0, 0.0];
        let o = SystemFit::default().run(&mut dead, &mut p, &FREE.0, &FREE.1, &[1.0; 2]).unwrap();
        assert_eq!(o.status, FitStatus::Singular);
        let mut line = DenseSystem::new(2, |p: &[f64], n: &mut DenseNormal| {
            for (x, y) in [(0.0, 1.0), (1.0, 3.0), (2.0, 4.0), (3.0, 8.0)] {
                n.add(p[0] + p[1] * x - y, &[1.0, x]);
            }
        });
        let mut p = [0.0, 0.0];
        SystemFit::default().run(&mut line, &mut p, &FREE.0, &FREE.1, &[1.0; 2]).unwrap();
        assert!((p[0] - 0.7).abs() < 1e-9 && (p[1] - 2.2).abs() < 1e-9, "{p:?}");
        let c = line.equations().covariance(&[true; 2]).unwrap();
        assert!((c[0] - 0.7).abs() < 1e-12 && (c[3] - 0.2).abs() < 1e-12 && (c[1] + 0.3).abs() < 1e-12);
        assert!((line.equations().covariance(&[false, true]).unwrap()[3] - 1.0 / 14.0).abs() < 1e-15);
    }
}
