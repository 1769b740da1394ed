#![doc = include_str!("../README.md")]

mod bounds;
mod error;
mod fit;
mod levenberg_marquardt;
mod normal;

pub use bounds::Bounds;
pub use error::{FitError, Result};
pub use fit::{Fit, FitStatus};
pub use levenberg_marquardt::{LevenbergMarquardt, Problem};
pub use normal::NormalEquations;
