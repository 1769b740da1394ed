//! Hot loops: slices in, numbers out.

pub(crate) mod bspline;
pub(crate) mod expand;
