//! Loops over slices.

pub(crate) mod reduce;
pub(crate) mod zscale;
