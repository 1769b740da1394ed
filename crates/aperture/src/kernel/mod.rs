//! Hot loops: coverage and rows of pixels in, numbers out.

pub(crate) mod gather;
pub(crate) mod moments;
pub(crate) mod prefetch;
pub(crate) mod sum;
