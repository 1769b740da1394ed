//! Levenberg-Marquardt on the normal equations.
//!
//! Marquardt 1963, J. SIAM 11, 431, with the scale-invariant damping of the diagonal; More 1978 for the test of the
//! step against the predicted reduction.

use crate::{Bounds, Fit, FitError, FitStatus, NormalEquations, Result};

/// A least-squares problem with `N` parameters.
///
/// Implementations fill in the normal equations directly, so that no residual vector has to be stored, sums can be
/// shared between entries, and the fit itself never allocates.
pub trait Problem<const N: usize> {
    /// The normal equations at `p`. An answer that is not finite marks a point outside the domain of the model; the
    /// fit then tries a shorter step.
    fn normal_equations(&mut self, p: &[f64; N]) -> NormalEquations<N>;
}

/// Levenberg-Marquardt minimiser for small dense problems with analytic derivatives.
///
/// ```
/// use skyphot_fit::{Bounds, LevenbergMarquardt, NormalEquations, Problem};
///
/// /// `a * exp(-b t)` through four points.
/// struct Decay([(f64, f64); 4]);
/// impl Problem<2> for Decay {
///     fn normal_equations(&mut self, &[a, b]: &[f64; 2]) -> NormalEquations<2> {
///         let mut n = NormalEquations::default();
///         for (t, y) in self.0 {
///             let e = (-b * t).exp();
///             n.add(a * e - y, &[e, -a * t * e]);
///         }
///         n
///     }
/// }
/// let data = [0.0, 1.0, 2.0, 3.0].map(|t: f64| (t, 5.0 * (-0.7 * t).exp()));
/// let fit = LevenbergMarquardt::default().fit(&mut Decay(data), [1.0, 1.0], &Bounds::default())?;
/// assert!((fit.parameters[1] - 0.7).abs() < 1e-10);
/// # Ok::<(), skyphot_fit::FitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(alias = "TRFLSQFitter")]
#[doc(alias = "LevMarLSQFitter")]
pub struct LevenbergMarquardt {
    /// The fit has converged when no parameter moves by more than this times its size (but at least 0.001). Default 1e-9.
    pub step_tolerance: f64,
    /// It has also converged when a step lowers the sum of squares by less than this fraction, twice in a row.
    /// Default 0 (only the steps count).
    pub cost_tolerance: f64,
    /// Largest number of model evaluations. Default 200.
    pub max_evaluations: usize,
    /// First damping. Default 1e-3.
    pub initial_damping: f64,
}

impl Default for LevenbergMarquardt {
    fn default() -> Self {
        Self { step_tolerance: 1e-9, cost_tolerance: 0.0, max_evaluations: 200, initial_damping: 1e-3 }
    }
}

/// Damping above which no further step is tried.
const MAX_DAMPING: f64 = 1e12;

/// Relative change of a sum of squares that drowns in its rounding errors.
const RESOLUTION: f64 = 1e-15;

impl LevenbergMarquardt {
    /// Fits from `start` (moved into the bounds first).
    ///
    /// # Errors
    /// [`FitError::InvalidStart`] if the model is not finite there.
    pub fn fit<const N: usize, P: Problem<N>>(
        &self,
        problem: &mut P,
        start: [f64; N],
        bounds: &Bounds<N>,
    ) -> Result<Fit<N>> {
        let mut p = bounds.clamp(start);
        let mut now = problem.normal_equations(&p);
        if !now.is_finite() {
            return Err(FitError::InvalidStart { start: p.to_vec() });
        }
        let (mut lambda, mut grow) = (self.initial_damping, 4.0);
        let (mut iterations, mut evaluations, mut flat) = (0, 1, 0);
        let status = loop {
            let free: [bool; N] = std::array::from_fn(|i| !bounds.blocks(i, p[i], now.jtr[i]));
            if now.chi2 == 0.0 || !free.contains(&true) {
                break FitStatus::Converged;
            }
            let Some(step) = now.step(lambda, &free) else {
                lambda = (lambda * 10.0).max(1e-12);
                if lambda > MAX_DAMPING {
                    break FitStatus::Singular;
                }
                continue;
            };
            let trial = bounds.clamp(std::array::from_fn(|i| p[i] + step[i]));
            let moved: [f64; N] = std::array::from_fn(|i| trial[i] - p[i]);
            let small = self.is_small(&moved, &p);
            if small && lambda <= 1.0 && moved.iter().all(|m| *m == 0.0) {
                break FitStatus::Converged;
            }
            let predicted = predicted_reduction(&now, &moved);
            let whole = (0..N).all(|i| trial[i] == p[i] + step[i]);
            if whole && predicted <= RESOLUTION * now.chi2 && lambda <= 0.01 {
                // The sum of squares cannot tell the difference any more, the gradient still can.
                p = trial;
                break FitStatus::Converged;
            }
            if evaluations >= self.max_evaluations {
                break FitStatus::MaxIterations;
            }
            let next = problem.normal_equations(&trial);
            evaluations += 1;
            let gain = now.chi2 - next.chi2;
            if next.is_finite() && gain >= 0.0 {
                let ratio = if predicted > 0.0 { gain / predicted } else { 1.0 };
                let relative = gain / now.chi2;
                p = trial;
                now = next;
                iterations += 1;
                // A small step counts only if it is not small because of the damping.
                if small && lambda <= 1.0 {
                    break FitStatus::Converged;
                }
                flat = if relative <= self.cost_tolerance { flat + 1 } else { 0 };
                if self.cost_tolerance > 0.0 && flat == 2 {
                    break FitStatus::Converged;
                }
                if ratio > 0.75 {
                    lambda *= 0.1;
                } else if ratio < 0.25 {
                    lambda *= 3.0;
                }
                grow = 4.0;
            } else {
                // Rounding hides the gain of a step this small: this is the minimum.
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
        Ok(Fit {
            parameters: p,
            chi2: now.chi2,
            covariance: now.covariance(),
            iterations,
            evaluations,
            status,
        })
    }

    fn is_small<const N: usize>(&self, moved: &[f64; N], p: &[f64; N]) -> bool {
        (0..N).all(|i| moved[i].abs() <= self.step_tolerance * p[i].abs().max(1e-3))
    }
}

/// Decrease of the sum of squares that the linear model promises for a step.
fn predicted_reduction<const N: usize>(n: &NormalEquations<N>, step: &[f64; N]) -> f64 {
    let mut linear = 0.0;
    let mut quadratic = 0.0;
    for i in 0..N {
        linear += n.jtr[i] * step[i];
        for j in 0..N {
            quadratic += step[i] * n.jtj[i.min(j)][i.max(j)] * step[j];
        }
    }
    -2.0 * linear - quadratic
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley as a sum of two squares.
    struct Rosenbrock;
    impl Problem<2> for Rosenbrock {
        fn normal_equations(&mut self, &[x, y]: &[f64; 2]) -> NormalEquations<2> {
            let mut n = NormalEquations::default();
            n.add(10.0 * (y - x * x), &[-20.0 * x, 10.0]);
            n.add(1.0 - x, &[-1.0, 0.0]);
            n
        }
    }

    #[test]
    fn follows_a_bent_valley() {
        let f = LevenbergMarquardt::default().fit(&mut Rosenbrock, [-1.2, 1.0], &Bounds::default()).unwrap();
        assert!(f.status.is_success(), "{f:?}");
        assert!((f.parameters[0] - 1.0).abs() < 1e-9 && (f.parameters[1] - 1.0).abs() < 1e-9);
        assert!(f.evaluations < 60, "{}", f.evaluations);
    }

    #[test]
    fn stays_within_bounds() {
        let b = Bounds::new([-2.0, -2.0], [0.5, 2.0]).unwrap();
        let f = LevenbergMarquardt::default().fit(&mut Rosenbrock, [-1.2, 1.0], &b).unwrap();
        assert!(f.status.is_success(), "{f:?}");
        assert!((f.parameters[0] - 0.5).abs() < 1e-12 && (f.parameters[1] - 0.25).abs() < 1e-8, "{f:?}");
        assert!(Bounds::new([1.0], [0.0]).is_err());
    }

    /// A straight line through points: the answer and its covariance are known.
    struct Line;
    impl Problem<2> for Line {
        fn normal_equations(&mut self, &[a, b]: &[f64; 2]) -> NormalEquations<2> {
            let mut n = NormalEquations::default();
            for (x, y) in [(0.0, 1.0), (1.0, 3.0), (2.0, 4.0), (3.0, 8.0)] {
                n.add(a + b * x - y, &[1.0, x]);
            }
            n
        }
    }

    #[test]
    fn covariance_of_a_line() {
        let f = LevenbergMarquardt::default().fit(&mut Line, [0.0, 0.0], &Bounds::default()).unwrap();
        // normal equations: n = 4, Sx = 6, Sxx = 14, Sy = 16, Sxy = 35
        assert!((f.parameters[0] - 0.7).abs() < 1e-9 && (f.parameters[1] - 2.2).abs() < 1e-9, "{f:?}");
        let c = f.covariance.unwrap();
        assert!(
            (c[0][0] - 0.7).abs() < 1e-12 && (c[1][1] - 0.2).abs() < 1e-12 && (c[0][1] + 0.3).abs() < 1e-12
        );
        assert!((f.reduced_chi2(4).unwrap() - f.chi2 / 2.0).abs() < 1e-15);
        assert!(f.scaled_covariance(2).is_none());
    }

    /// The second parameter has no effect.
    struct Dead;
    impl Problem<2> for Dead {
        fn normal_equations(&mut self, &[a, _]: &[f64; 2]) -> NormalEquations<2> {
            let mut n = NormalEquations::default();
            n.add(a - 3.0, &[1.0, 0.0]);
            n.add(a - 4.0, &[1.0, 0.0]);
            n
        }
    }

    #[test]
    fn bad_problems_are_reported() {
        let f = LevenbergMarquardt::default().fit(&mut Dead, [0.0, 0.0], &Bounds::default()).unwrap();
        assert_eq!((f.status, f.covariance), (FitStatus::Singular, None));
        let e = LevenbergMarquardt::default().fit(&mut Line, [f64::NAN, 0.0], &Bounds::default());
        assert!(matches!(e, Err(FitError::InvalidStart { .. })));
    }
}
