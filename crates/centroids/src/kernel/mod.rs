//! Measurements on one small cutout.

mod com;
mod gaussian1d;
mod gaussian2d;
mod quadratic;
mod stamp;
mod surface;
mod symmetry;

pub(crate) use com::com;
pub(crate) use gaussian1d::gaussian1d;
pub(crate) use gaussian2d::gaussian2d;
pub(crate) use quadratic::quadratic;
pub(crate) use stamp::Stamp;
pub(crate) use symmetry::{radius_for, symmetry};
