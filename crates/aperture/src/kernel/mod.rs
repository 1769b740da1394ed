//! Hot loops: coverage and rows of pixels in, numbers out.

pub(crate) mod cumulative;
pub(crate) mod dilate;
pub(crate) mod gather;
pub(crate) mod moments;
pub(crate) mod neighbors;
pub(crate) mod order_stats;
pub(crate) mod prefetch;
pub(crate) mod sort;
pub(crate) mod sum;
pub(crate) mod window;
