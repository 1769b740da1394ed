//! Hot loops and measurements: plain arrays in, numbers out.

pub(crate) mod cutout;
pub(crate) mod local_maxima;
pub(crate) mod marginal;
pub(crate) mod moments;
pub(crate) mod pairwise;
pub(crate) mod ties;
