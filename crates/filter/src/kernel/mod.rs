//! Hot loops: slices in, numbers out.

pub(crate) mod bspline;
pub(crate) mod correlate;
pub(crate) mod expand;
pub(crate) mod extremum;
pub(crate) mod window;
