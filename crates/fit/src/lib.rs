#![doc = include_str!("../README.md")]
// `!(a <= b)` is how NaN is caught together with the rest.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod bounds;
mod constrained;
mod dense;
mod error;
mod fit;
mod levenberg_marquardt;
mod minimize;
mod nelder_mead;
mod normal;
mod pchip;
pub mod spline;
mod system;
mod transform;

pub use bounds::Bounds;
pub use constrained::{ConstrainedFit, Constraint, fit_constrained};
pub use dense::{DenseNormal, DenseSystem};
pub use error::{FitError, Result};
pub use fit::{Fit, FitStatus};
pub use levenberg_marquardt::{LevenbergMarquardt, Problem};
pub use minimize::{Minimize, MinimizeMethod, Minimum, minimize, minimize_with_gradient};
pub use nelder_mead::nelder_mead;
pub use normal::NormalEquations;
pub use pchip::Pchip;
pub use system::{System, SystemFit, SystemOutcome};
