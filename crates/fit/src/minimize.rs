//! Minima of any function of several parameters.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient, IterState, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::neldermead::NelderMead;
use argmin::solver::quasinewton::{BFGS, LBFGS};

use crate::transform::Transform;
use crate::{Constraint, FitError, FitStatus, Result};

/// How [`minimize`] looks for the minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MinimizeMethod {
    /// The simplex method (Nelder & Mead 1965, Computer J. 7, 308): no derivatives, for kinks and up to about ten
    /// parameters.
    NelderMead,
    /// The quasi-Newton method of Broyden, Fletcher, Goldfarb and Shanno with the line search of More & Thuente 1994:
    /// smooth functions.
    #[default]
    Bfgs,
    /// The same with the memory of the last steps only (Liu & Nocedal 1989, Math. Prog. 45, 503): many parameters.
    Lbfgs {
        /// Number of steps that are remembered, at least 1.
        memory: usize,
    },
}

/// Parameters of [`minimize`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimize {
    /// The method.
    pub method: MinimizeMethod,
    /// Largest number of evaluations of the function, those for numerical derivatives included. Default 20000.
    pub max_evaluations: usize,
    /// The search ends when starting it again lowers the value by less than this, relative to the value. Default 1e-14.
    pub tolerance: f64,
}

impl Default for Minimize {
    fn default() -> Self {
        Self { method: MinimizeMethod::default(), max_evaluations: 20_000, tolerance: 1e-14 }
    }
}

/// A minimum found by [`minimize`].
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// All parameters.
    pub parameters: Vec<f64>,
    /// The value there: the lowest that was seen.
    pub value: f64,
    /// Evaluations of the function.
    pub evaluations: usize,
    /// Why it ended.
    pub status: FitStatus,
}

/// Searches again from the best place at most so often.
const MAX_RUNS: usize = 40;
/// The first step, relative to the size of the parameters.
const FIRST_STEP: f64 = 0.1;

/// A minimum of a function of any number of parameters near a start, with a [`Constraint`] for each parameter, all free if
/// there are none. The methods are those of the library argmin. Limits are kept by a change of variables (James & Roos 1975,
/// Comp. Phys. Comm. 10, 343), so the function is never called outside them. Values that are not finite count as
/// infinite.
///
/// BFGS and L-BFGS differentiate by central differences; [`minimize_with_gradient`] is for functions that know
/// their gradient. Sums of squares are better served by [`fit_constrained`](crate::fit_constrained).
///
/// ```
/// use skyphot_fit::{Constraint, Minimize, MinimizeMethod, minimize};
/// // The median minimises the sum of absolute deviations.
/// let data = [3.0, 1.0, 7.0, 4.0, 100.0];
/// let options = Minimize { method: MinimizeMethod::NelderMead, ..Default::default() };
/// let found = minimize(&[0.5], &[], &options, |p| data.iter().map(|d| (d - p[0]).abs()).sum())?;
/// assert!((found.parameters[0] - 4.0).abs() < 1e-6);
/// # Ok::<(), skyphot_fit::FitError>(())
/// ```
///
/// # Errors
/// [`FitError::InvalidBounds`], [`FitError::InvalidTie`], and [`FitError::InvalidStart`] if the function is not finite at
/// the start or there are not as many constraints as parameters.
#[doc(alias = "scipy.optimize.minimize")]
pub fn minimize(
    start: &[f64],
    constraints: &[Constraint],
    options: &Minimize,
    mut f: impl FnMut(&[f64]) -> f64,
) -> Result<Minimum> {
    run(start, constraints, options, false, &mut |p, _| f(p))
}

/// As [`minimize`], of a function that also writes its derivatives by all parameters, tied and fixed ones too.
///
/// ```
/// use skyphot_fit::{Minimize, minimize_with_gradient};
/// let found = minimize_with_gradient(&[-1.2, 1.0], &[], &Minimize::default(), |p, gradient| {
///     let (a, b) = (1.0 - p[0], p[1] - p[0] * p[0]);
///     gradient.copy_from_slice(&[-2.0 * a - 400.0 * p[0] * b, 200.0 * b]);
///     a * a + 100.0 * b * b
/// })?;
/// assert!((found.parameters[0] - 1.0).abs() < 1e-6 && (found.parameters[1] - 1.0).abs() < 1e-6);
/// # Ok::<(), skyphot_fit::FitError>(())
/// ```
///
/// # Errors
/// As for [`minimize`].
pub fn minimize_with_gradient(
    start: &[f64],
    constraints: &[Constraint],
    options: &Minimize,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Result<Minimum> {
    run(start, constraints, options, true, &mut f)
}

/// The function in the variables of the search, with an account of what was seen.
struct Target<'a> {
    f: &'a mut dyn FnMut(&[f64], &mut [f64]) -> f64,
    transform: &'a Transform,
    with_gradient: bool,
    all: Vec<f64>,
    by_all: Vec<f64>,
    evaluations: usize,
    most: usize,
    best: (Vec<f64>, f64),
    /// Where the gradient of the last evaluation belongs.
    last: Vec<f64>,
    /// Values that are not finite end the search instead of counting as infinite.
    strict: bool,
    /// What values are multiplied by.
    scale: f64,
    used_up: bool,
}

impl Target<'_> {
    fn value(&mut self, q: &[f64]) -> Option<f64> {
        self.transform.expand(q, &mut self.all);
        self.evaluations += 1;
        let v = (self.f)(&self.all, &mut self.by_all);
        self.last.clear();
        self.last.extend_from_slice(q);
        if !v.is_finite() {
            return None;
        }
        if v < self.best.1 {
            self.best = (q.to_vec(), v);
        }
        Some(v)
    }

    fn gradient(&mut self, q: &[f64]) -> Option<Vec<f64>> {
        if self.with_gradient {
            if self.last != q {
                self.value(q)?;
            }
            let g = self.transform.pull_back(q, &self.by_all);
            return g.iter().all(|v| v.is_finite()).then_some(g);
        }
        let mut at = q.to_vec();
        let mut g = Vec::with_capacity(q.len());
        for i in 0..q.len() {
            let h = f64::EPSILON.cbrt() * q[i].abs().max(1e-2);
            let mut side = |s: f64| {
                at[i] = q[i] + s * h;
                Some((self.value(&at)?, at[i]))
            };
            let ((a, at_a), (b, at_b)) = (side(1.0)?, side(-1.0)?);
            g.push((a - b) / (at_a - at_b));
            at[i] = q[i];
        }
        Some(g)
    }
}

/// The target as the library wants it.
struct Shared<'a, 'b>(&'a RefCell<Target<'b>>);

fn stop() -> Error {
    Error::msg("the evaluations are used up or a value is not finite")
}

impl CostFunction for Shared<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;
    fn cost(&self, q: &Vec<f64>) -> std::result::Result<f64, Error> {
        let mut t = self.0.borrow_mut();
        // The simplex method wants a value for each of its first corners.
        if t.evaluations >= t.most {
            t.used_up = true;
            return if t.strict || t.evaluations > t.most + q.len() + 1 {
                Err(stop())
            } else {
                t.evaluations += 1;
                Ok(f64::INFINITY)
            };
        }
        match t.value(q) {
            Some(v) => Ok(v * t.scale),
            None if t.strict => Err(stop()),
            None => Ok(f64::INFINITY),
        }
    }
}

impl Gradient for Shared<'_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;
    fn gradient(&self, q: &Vec<f64>) -> std::result::Result<Vec<f64>, Error> {
        let mut t = self.0.borrow_mut();
        if t.evaluations >= t.most {
            t.used_up = true;
            return Err(stop());
        }
        let scale = t.scale;
        t.gradient(q).map(|g| g.into_iter().map(|v| v * scale).collect()).ok_or_else(stop)
    }
}

fn run(
    start: &[f64],
    constraints: &[Constraint],
    options: &Minimize,
    with_gradient: bool,
    f: &mut dyn FnMut(&[f64], &mut [f64]) -> f64,
) -> Result<Minimum> {
    let (transform, q) = Transform::new(start, constraints)?;
    let invalid = || FitError::InvalidStart { start: start.to_vec() };
    let mut target = Target {
        f,
        transform: &transform,
        with_gradient,
        all: start.to_vec(),
        by_all: vec![0.0; start.len()],
        evaluations: 0,
        most: options.max_evaluations,
        best: (q.clone(), f64::INFINITY),
        last: Vec::new(),
        strict: options.method != MinimizeMethod::NelderMead,
        scale: 1.0,
        used_up: false,
    };
    if start.iter().any(|v| !v.is_finite()) || target.value(&q).is_none() {
        return Err(invalid());
    }
    let shared = RefCell::new(target);
    let mut status = if q.is_empty() { FitStatus::Converged } else { FitStatus::Stalled };
    let mut step = FIRST_STEP;
    for _ in 0..if q.is_empty() { 0 } else { MAX_RUNS } {
        let (from, before) = shared.borrow().best.clone();
        let ended = match options.method {
            MinimizeMethod::NelderMead => simplex(&shared, &from, before, step, options),
            method => descend(&shared, &from, method, step, options),
        };
        let t = shared.borrow();
        if t.used_up {
            status = FitStatus::MaxIterations;
            break;
        }
        let gained = before - t.best.1;
        if !ended {
            // A value was not finite: nearer steps.
            step *= 0.1;
        }
        if !(gained > options.tolerance * before.abs()) && (ended || step < 1e-12) {
            status = FitStatus::Converged;
            break;
        }
    }
    let t = shared.into_inner();
    let (best, value) = t.best;
    let mut parameters = start.to_vec();
    transform.expand(&best, &mut parameters);
    Ok(Minimum { parameters, value, evaluations: t.evaluations, status })
}

/// One run of the simplex method; whether it came to its end.
fn simplex(shared: &RefCell<Target<'_>>, from: &[f64], value: f64, step: f64, options: &Minimize) -> bool {
    let mut corners = vec![from.to_vec()];
    for i in 0..from.len() {
        let mut p = from.to_vec();
        p[i] += step * p[i].abs().max(0.1);
        corners.push(p);
    }
    let tolerance = (options.tolerance * value.abs()).max(f64::MIN_POSITIVE);
    let Ok(solver) = NelderMead::new(corners).with_sd_tolerance(tolerance) else { return false };
    // The function is evaluated at least once per step.
    let steps = options.max_evaluations as u64 + 1;
    Executor::new(Shared(shared), solver)
        .configure(|state: IterState<Vec<f64>, (), (), (), (), f64>| state.max_iters(steps))
        .timer(false)
        .run()
        .is_ok()
}

/// One run of a quasi-Newton method; whether it came to its end.
fn descend(
    shared: &RefCell<Target<'_>>,
    from: &[f64],
    method: MinimizeMethod,
    step: f64,
    options: &Minimize,
) -> bool {
    let (value, norm) = {
        let mut t = shared.borrow_mut();
        let Some(g) = t.gradient(from) else { return false };
        (t.best.1, g.iter().map(|v| v * v).sum::<f64>().sqrt())
    };
    if norm == 0.0 {
        return true;
    }
    // The first step goes along the gradient: made to be of a reasonable length.
    let size = from.iter().map(|v| v * v).sum::<f64>().sqrt().max(0.1);
    let scale = step * size / norm;
    shared.borrow_mut().scale = scale;
    let search = MoreThuenteLineSearch::<Vec<f64>, Vec<f64>, f64>::new();
    let tolerance = options.tolerance * value.abs() * scale;
    let steps = options.max_evaluations as u64 + 1;
    let n = from.len();
    match method {
        MinimizeMethod::Lbfgs { memory } => {
            let solver = LBFGS::new(search, memory.max(1))
                .with_tolerance_grad(0.0)
                .and_then(|s| s.with_tolerance_cost(tolerance));
            let Ok(solver) = solver else { return false };
            let run = Executor::new(Shared(shared), solver)
                .configure(|state| state.param(from.to_vec()).max_iters(steps))
                .timer(false)
                .run();
            run.is_ok_and(|r| {
                !matches!(
                    r.state().get_termination_reason(),
                    Some(argmin::core::TerminationReason::SolverExit(_))
                )
            })
        }
        _ => {
            let solver =
                BFGS::new(search).with_tolerance_grad(0.0).and_then(|s| s.with_tolerance_cost(tolerance));
            let Ok(solver) = solver else { return false };
            let unit: Vec<Vec<f64>> =
                (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
            Executor::new(Shared(shared), solver)
                .configure(|state| state.param(from.to_vec()).inv_hessian(unit).max_iters(steps))
                .timer(false)
                .run()
                .is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [MinimizeMethod; 3] =
        [MinimizeMethod::NelderMead, MinimizeMethod::Bfgs, MinimizeMethod::Lbfgs { memory: 5 }];

    fn options(method: MinimizeMethod) -> Minimize {
        Minimize { method, ..Default::default() }
    }

    #[test]
    fn functions_that_are_not_finite_everywhere() {
        for method in METHODS {
            // x - ln x has its minimum at 1 and ends at 0.
            let f = |p: &[f64]| p[0] - p[0].ln();
            let m = minimize(&[30.0], &[], &options(method), f).unwrap();
            assert!((m.parameters[0] - 1.0).abs() < 1e-5, "{method:?} {m:?}");
            assert!(minimize(&[-1.0], &[], &options(method), f).is_err());
            // Nothing finite but the start.
            let m = minimize(&[1.0, 2.0], &[], &options(method), |p| match p {
                [1.0, 2.0] => 5.0,
                _ => f64::NAN,
            })
            .unwrap();
            assert_eq!((m.parameters, m.value), (vec![1.0, 2.0], 5.0));
            // No minimum at all.
            let few = Minimize { max_evaluations: 300, ..options(method) };
            let m = minimize(&[1.0], &[], &few, |p| -p[0]).unwrap();
            assert!(!(m.parameters[0] < 1e3), "{method:?} {m:?}");
            assert!(m.evaluations <= 310, "{method:?} {m:?}");
        }
    }

    #[test]
    fn limits_hold_and_wrong_ones_are_refused() {
        let bounds =
            [Constraint::Bounded(-2.0, 0.5), Constraint::Bounded(-1.0, f64::INFINITY), Constraint::Fixed];
        for method in METHODS {
            let mut outside = false;
            let m = minimize(&[-1.2, -1.0, 7.0], &bounds, &options(method), |p| {
                outside |= !(-2.0..=0.5).contains(&p[0]) || p[1] < -1.0 || p[2] != 7.0;
                (1.0 - p[0]).powi(2) + 100.0 * (p[1] - p[0] * p[0]).powi(2)
            })
            .unwrap();
            assert!(!outside, "{method:?}");
            assert!((m.parameters[0] - 0.5).abs() < 1e-6 && (m.parameters[1] - 0.25).abs() < 1e-5, "{m:?}");
        }
        let o = Minimize::default();
        let f = |p: &[f64]| p[0] * p[0];
        assert!(minimize(&[0.0], &[Constraint::Bounded(1.0, 0.0)], &o, f).is_err());
        assert!(minimize(&[0.0], &[Constraint::Tied { to: 0, factor: 1.0, offset: 0.0 }], &o, f).is_err());
        assert!(minimize(&[0.0], &[Constraint::Free; 2], &o, f).is_err());
        assert!(minimize(&[f64::NAN], &[], &o, f).is_err());
        let fixed = minimize(&[3.0], &[Constraint::Fixed], &o, f).unwrap();
        assert_eq!((fixed.value, fixed.evaluations, fixed.status), (9.0, 1, FitStatus::Converged));
    }
}
