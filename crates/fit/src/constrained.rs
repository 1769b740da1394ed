//! Fits of any model with fixed, bounded and tied parameters.

use crate::{DenseNormal, DenseSystem, FitError, FitStatus, Result, SystemFit};

/// What is known of one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Constraint {
    /// Fitted without limits.
    #[default]
    Free,
    /// Fitted within limits; infinite ends are no limit.
    Bounded(f64, f64),
    /// As given.
    Fixed,
    /// Always `factor` times the parameter number `to` (from 0), which must not be tied itself, plus `offset`.
    Tied {
        /// Number of the other parameter.
        to: usize,
        /// What it is multiplied by.
        factor: f64,
        /// What is added.
        offset: f64,
    },
}

/// A fit by [`fit_constrained`].
#[derive(Debug, Clone, PartialEq)]
pub struct ConstrainedFit {
    /// All parameters.
    pub parameters: Vec<f64>,
    /// Weighted sum of squared residuals there.
    pub chi2: f64,
    /// Covariance of all parameters, row by row, if the weights are `1 / error`: 0 for fixed ones, carried over for tied
    /// ones. `None` if a parameter is not determined.
    pub covariance: Option<Vec<f64>>,
    /// Number of parameters that were fitted.
    pub n_free: usize,
    /// Steps accepted.
    pub iterations: usize,
    /// Evaluations of the model with its derivatives.
    pub evaluations: usize,
    /// Why it ended.
    pub status: FitStatus,
}

impl ConstrainedFit {
    /// Standard deviations: the roots of the diagonal of the covariance.
    #[must_use]
    pub fn errors(&self) -> Option<Vec<f64>> {
        let n = self.parameters.len();
        self.covariance.as_ref().map(|c| (0..n).map(|i| c[i * n + i].sqrt()).collect())
    }

    /// `chi2` over the degrees of freedom; `None` without any.
    #[must_use]
    pub fn reduced_chi2(&self, n_points: usize) -> Option<f64> {
        (n_points > self.n_free).then(|| self.chi2 / (n_points - self.n_free) as f64)
    }
}

/// Least squares of a model with any number of parameters and a [`Constraint`] for each, all free if there are none.
///
/// `model(p, add)` calls `add(residual, derivatives)` once per data point, with the weighted residual
/// `w (model - data)` and its derivatives by all parameters, tied and fixed ones too.
///
/// ```
/// use skyphot_fit::{Constraint, SystemFit, fit_constrained};
/// // y = a + b x with b = 2 a
/// let data = [(0.0, 1.1), (1.0, 2.9), (2.0, 5.2)];
/// let tied = [Constraint::Free, Constraint::Tied { to: 0, factor: 2.0, offset: 0.0 }];
/// let fit = fit_constrained(&[0.5, 0.0], &tied, &SystemFit::default(), |p, add| {
///     for (x, y) in data {
///         add(p[0] + p[1] * x - y, &[1.0, x]);
///     }
/// })?;
/// assert!((fit.parameters[1] - 2.0 * fit.parameters[0]).abs() < 1e-12);
/// # Ok::<(), skyphot_fit::FitError>(())
/// ```
///
/// # Errors
/// [`FitError::InvalidBounds`] for limits that are upside down or NaN, [`FitError::InvalidTie`] for a tie to itself, to
/// another tied parameter or to none, [`FitError::InvalidStart`] if the model is not finite at the start or there are not
/// as many constraints as parameters.
#[doc(alias = "TRFLSQFitter")]
#[doc(alias = "curve_fit")]
pub fn fit_constrained(
    start: &[f64],
    constraints: &[Constraint],
    options: &SystemFit,
    mut model: impl FnMut(&[f64], &mut dyn FnMut(f64, &[f64])),
) -> Result<ConstrainedFit> {
    let n = start.len();
    if !constraints.is_empty() && constraints.len() != n {
        return Err(FitError::InvalidStart { start: start.to_vec() });
    }
    let constraint = |i: usize| constraints.get(i).copied().unwrap_or_default();
    // Place of every fitted parameter among the fitted ones.
    let mut place = vec![None; n];
    let (mut p, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..n {
        let (lo, hi) = match constraint(i) {
            Constraint::Free => (f64::NEG_INFINITY, f64::INFINITY),
            Constraint::Bounded(lo, hi) => (lo, hi),
            Constraint::Fixed => continue,
            Constraint::Tied { to, factor, offset } => {
                let free_target = to < n && to != i && !matches!(constraint(to), Constraint::Tied { .. });
                if !(free_target && factor.is_finite() && offset.is_finite()) {
                    return Err(FitError::InvalidTie { index: i, to });
                }
                continue;
            }
        };
        if !(lo <= hi) {
            return Err(FitError::InvalidBounds { index: i, lower: lo, upper: hi });
        }
        place[i] = Some(p.len());
        p.push(start[i].clamp(lo, hi));
        lower.push(lo);
        upper.push(hi);
    }
    let m = p.len();
    let expand = |fitted: &[f64], all: &mut [f64]| {
        for i in 0..n {
            if let Some(k) = place[i] {
                all[i] = fitted[k];
            }
        }
        for i in 0..n {
            if let Constraint::Tied { to, factor, offset } = constraint(i) {
                all[i] = factor * all[to] + offset;
            }
        }
    };
    // Derivatives by the fitted parameters: each also moves those that are tied to it.
    let links: Vec<(usize, usize, f64)> = (0..n)
        .filter_map(|i| match constraint(i) {
            Constraint::Tied { to, factor, .. } => place[to].map(|k| (i, k, factor)),
            _ => place[i].map(|k| (i, k, 1.0)),
        })
        .collect();
    let mut all = start.to_vec();
    let (mut trial, mut row) = (start.to_vec(), vec![0.0; m]);
    let mut system = DenseSystem::new(m, |fitted: &[f64], normal: &mut DenseNormal| {
        expand(fitted, &mut trial);
        model(&trial, &mut |residual, derivatives| {
            row.fill(0.0);
            for &(i, k, factor) in &links {
                row[k] += factor * derivatives[i];
            }
            normal.add(residual, &row);
        });
    });
    let scale = vec![0.0; m];
    let outcome = options.run(&mut system, &mut p, &lower, &upper, &scale).map_err(|e| match e {
        FitError::InvalidStart { .. } => FitError::InvalidStart { start: start.to_vec() },
        e => e,
    })?;
    let free: Vec<bool> = lower.iter().zip(&upper).map(|(a, b)| a < b).collect();
    let covariance = system.equations().covariance(&free).map(|c| {
        let mut full = vec![0.0; n * n];
        for &(i, a, fi) in &links {
            for &(j, b, fj) in &links {
                full[i * n + j] = fi * fj * c[a * m + b];
            }
        }
        full
    });
    expand(&p, &mut all);
    Ok(ConstrainedFit {
        parameters: all,
        chi2: outcome.chi2,
        covariance,
        n_free: free.iter().filter(|f| **f).count(),
        iterations: outcome.iterations,
        evaluations: outcome.evaluations,
        status: outcome.status,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(p: &[f64], add: &mut dyn FnMut(f64, &[f64])) {
        for (x, y) in [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0), (3.0, 7.5)] {
            add(p[0] + p[1] * x - y, &[1.0, x]);
        }
    }

    #[test]
    fn wrong_constraints_are_refused() {
        let options = SystemFit::default();
        let fit = |c: &[Constraint]| fit_constrained(&[0.0, 1.0], c, &options, line);
        let tie = |to| Constraint::Tied { to, factor: 1.0, offset: 0.0 };
        assert!(matches!(fit(&[Constraint::Free, tie(1)]), Err(FitError::InvalidTie { index: 1, to: 1 })));
        assert!(matches!(fit(&[tie(1), tie(0)]), Err(FitError::InvalidTie { .. })));
        assert!(matches!(fit(&[tie(7), Constraint::Free]), Err(FitError::InvalidTie { .. })));
        let upside_down = [Constraint::Bounded(2.0, 1.0), Constraint::Free];
        assert!(matches!(fit(&upside_down), Err(FitError::InvalidBounds { index: 0, .. })));
        assert!(fit(&[Constraint::Free]).is_err());
    }

    #[test]
    fn nothing_to_fit_is_a_fit() {
        let options = SystemFit::default();
        let f = fit_constrained(&[1.0, 2.0], &[Constraint::Fixed; 2], &options, line).unwrap();
        assert_eq!((f.n_free, &f.parameters[..], f.status), (0, &[1.0, 2.0][..], FitStatus::Converged));
        assert!((f.chi2 - 0.25).abs() < 1e-15);
        let tied = [Constraint::Fixed, Constraint::Tied { to: 0, factor: 2.0, offset: 0.0 }];
        let f = fit_constrained(&[1.0, 9.0], &tied, &options, line).unwrap();
        assert_eq!(f.parameters, [1.0, 2.0]);
    }

    #[test]
    fn convergence_reasons() {
        let few = SystemFit { max_evaluations: 2, ..Default::default() };
        let curved = |p: &[f64], add: &mut dyn FnMut(f64, &[f64])| {
            add(10.0 * (p[1] - p[0] * p[0]), &[-20.0 * p[0], 10.0]);
            add(1.0 - p[0], &[-1.0, 0.0]);
        };
        let f = fit_constrained(&[-1.2, 1.0], &[], &few, curved).unwrap();
        assert_eq!(f.status, FitStatus::MaxIterations);
        let f = fit_constrained(&[-1.2, 1.0], &[], &SystemFit::default(), curved).unwrap();
        assert!(f.status.is_success() && (f.parameters[0] - 1.0).abs() < 1e-8);
        let dead = |p: &[f64], add: &mut dyn FnMut(f64, &[f64])| add(p[0] - 3.0, &[1.0, 0.0]);
        let f = fit_constrained(&[0.0, 0.0], &[], &SystemFit::default(), dead).unwrap();
        assert!(f.covariance.is_none());
        let e = fit_constrained(&[f64::NAN, 0.0], &[], &SystemFit::default(), line);
        assert!(matches!(e, Err(FitError::InvalidStart { .. })));
    }
}
