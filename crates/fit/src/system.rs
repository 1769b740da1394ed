//! Least squares with a number of parameters that is known at run time only.

use crate::{FitError, FitStatus, Result};

/// A least-squares problem that keeps its own normal equations, dense or sparse.
///
/// `evaluate` fills in the equations of a trial point; `accept` makes the trial the current point, which is what
/// `gradient`, `solve` and `predicted` speak of.
pub trait System {
    /// Number of parameters.
    fn n_parameters(&self) -> usize;

    /// The weighted sum of squared residuals at `p`, with the normal equations kept as those of the trial point. Not
    /// finite outside the domain of the model.
    fn evaluate(&mut self, p: &[f64]) -> f64;

    /// The trial point becomes the current one.
    fn accept(&mut self);

    /// `J^T r` at the current point, half the gradient.
    fn gradient(&self) -> &[f64];

    /// The step of the damped equations `(J^T J + lambda diag(J^T J)) step = -J^T r` over the free parameters (0 for
    /// the others). `false` if they have no solution.
    fn solve(&mut self, lambda: f64, free: &[bool], step: &mut [f64]) -> bool;

    /// Decrease of the sum of squares that the linear model promises for a step.
    fn predicted(&self, step: &[f64]) -> f64;

    /// The largest change of a parameter in one step, so that one on which next to nothing depends does not run away. By
    /// default there is no limit.
    fn max_step(&self, _parameter: usize) -> f64 {
        f64::INFINITY
    }
}

/// Outcome of [`SystemFit::run`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SystemOutcome {
    /// Weighted sum of squared residuals at the end.
    pub chi2: f64,
    /// Steps accepted.
    pub iterations: usize,
    /// Evaluations of the model with its derivatives.
    pub evaluations: usize,
    /// Why it ended.
    pub status: FitStatus,
}

/// Levenberg-Marquardt with bounds on a [`System`] (Marquardt 1963; More 1978).
///
/// ```
/// use skyphot_fit::{DenseSystem, SystemFit};
/// // a line through three points
/// let mut line = DenseSystem::new(2, |p: &[f64], n| {
///     for (x, y) in [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)] {
///         n.add(p[0] + p[1] * x - y, &[1.0, x]);
///     }
/// });
/// let mut p = [0.0, 0.0];
/// let (lower, upper) = ([f64::NEG_INFINITY; 2], [f64::INFINITY; 2]);
/// SystemFit::default().run(&mut line, &mut p, &lower, &upper, &[1.0; 2])?;
/// assert!((p[0] - 1.0).abs() < 1e-9 && (p[1] - 2.0).abs() < 1e-9);
/// # Ok::<(), skyphot_fit::FitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "TRFLSQFitter")]
pub struct SystemFit {
    /// The fit has converged when no parameter moves by more than this times its scale. Default 1e-8.
    pub step_tolerance: f64,
    /// Largest number of model evaluations. Default 100.
    pub max_evaluations: usize,
    /// First damping. Default 1e-4.
    pub initial_damping: f64,
}

impl Default for SystemFit {
    fn default() -> Self {
        Self { step_tolerance: 1e-8, max_evaluations: 100, initial_damping: 1e-4 }
    }
}

/// Damping above which no further step is tried.
const MAX_DAMPING: f64 = 1e10;

/// A parameter that is bounded to positive values (a width) falls to no less than this fraction in one step: far from
/// the minimum the linear model would send it to its bound, where nothing depends on it any more.
const SHRINK: f64 = 0.25;

/// A step that is taken without looking where it leads, as a part of the tolerance.
const TINY: f64 = 0.01;

/// Damping that leaves a step as long as it would be without.
const UNDAMPED: f64 = 1e-2;

/// Relative change of a sum of squares that drowns in its rounding errors.
const RESOLUTION: f64 = 1e-14;

impl SystemFit {
    /// Moves `p` (first into the bounds) to a minimum. `scale` is the natural size of a change of each parameter: 1 for
    /// pixels, the flux for fluxes; for a scale of 0 the size of the parameter itself is taken.
    ///
    /// # Errors
    /// [`FitError::InvalidStart`] if the model is not finite at the start, [`FitError::InvalidBounds`] for bounds that
    /// are upside down or NaN.
    ///
    /// # Panics
    /// If the slices differ in length from the number of parameters.
    pub fn run<S: System + ?Sized>(
        &self,
        system: &mut S,
        p: &mut [f64],
        lower: &[f64],
        upper: &[f64],
        scale: &[f64],
    ) -> Result<SystemOutcome> {
        let n = system.n_parameters();
        assert!(
            [p.len(), lower.len(), upper.len(), scale.len()] == [n; 4],
            "every slice needs {n} entries, one per parameter"
        );
        for i in 0..n {
            if !(lower[i] <= upper[i]) {
                return Err(FitError::InvalidBounds { index: i, lower: lower[i], upper: upper[i] });
            }
            p[i] = p[i].clamp(lower[i], upper[i]);
        }
        let mut chi2 = system.evaluate(p);
        if !chi2.is_finite() {
            return Err(FitError::InvalidStart { start: p.to_vec() });
        }
        system.accept();
        let mut buffers = Buffers { free: vec![true; n], step: vec![0.0; n], trial: vec![0.0; n] };
        let (mut lambda, mut grow) = (self.initial_damping, 4.0);
        let (mut iterations, mut evaluations) = (0, 1);
        let status = loop {
            let Buffers { free, step, trial } = &mut buffers;
            let g = system.gradient();
            for i in 0..n {
                free[i] = !((p[i] <= lower[i] && g[i] > 0.0) || (p[i] >= upper[i] && g[i] < 0.0))
                    && lower[i] < upper[i];
            }
            if chi2 == 0.0 || !free.contains(&true) {
                break FitStatus::Converged;
            }
            if !system.solve(lambda, free, step) {
                lambda = (lambda * 10.0).max(1e-12);
                if lambda > MAX_DAMPING {
                    break FitStatus::Singular;
                }
                continue;
            }
            let (mut small, mut tiny, mut moved, mut whole) = (true, true, false, true);
            for i in 0..n {
                let limit = system.max_step(i);
                trial[i] = (p[i] + step[i].max(-limit).min(limit)).clamp(lower[i], upper[i]);
                if lower[i] > 0.0 {
                    trial[i] = trial[i].max(SHRINK * p[i]);
                }
                whole &= trial[i] == p[i] + step[i];
                step[i] = trial[i] - p[i];
                let s = if scale[i] > 0.0 { scale[i] } else { p[i].abs().max(1e-3) };
                small &= step[i].abs() <= self.step_tolerance * s;
                tiny &= step[i].abs() <= TINY * self.step_tolerance * s;
                moved |= step[i] != 0.0;
            }
            if !moved {
                break if lambda <= 1.0 { FitStatus::Converged } else { FitStatus::Stalled };
            }
            let predicted = system.predicted(step);
            if whole && predicted <= RESOLUTION * chi2 && lambda <= 1.0 {
                // The sum of squares cannot tell the difference any more, the gradient still can.
                p.copy_from_slice(trial);
                break FitStatus::Converged;
            }
            if tiny && whole && lambda <= UNDAMPED {
                // A look at where this leads would tell nothing new.
                p.copy_from_slice(trial);
                break FitStatus::Converged;
            }
            if evaluations >= self.max_evaluations {
                break FitStatus::MaxIterations;
            }
            let next = system.evaluate(trial);
            evaluations += 1;
            let gain = chi2 - next;
            if next.is_finite() && gain >= 0.0 {
                let ratio = if predicted > 0.0 { gain / predicted } else { 1.0 };
                p.copy_from_slice(trial);
                system.accept();
                chi2 = next;
                iterations += 1;
                // A small step counts only if it is not small because of the damping.
                if small && lambda <= 1.0 {
                    break FitStatus::Converged;
                }
                if ratio > 0.75 {
                    lambda *= 0.1;
                } else if ratio < 0.25 {
                    lambda *= 3.0;
                }
                grow = 4.0;
            } else {
                if small && next.is_finite() {
                    break FitStatus::Converged;
                }
                lambda = (lambda * grow).max(1e-6);
                grow *= 2.0;
                if lambda > MAX_DAMPING {
                    break FitStatus::Stalled;
                }
            }
        };
        Ok(SystemOutcome { chi2, iterations, evaluations, status })
    }
}

struct Buffers {
    free: Vec<bool>,
    step: Vec<f64>,
    trial: Vec<f64>,
}
