//! Hot loops: slices in, numbers out.

pub(crate) mod above;
pub(crate) mod deblend;
pub(crate) mod label_stats;
pub(crate) mod outline;
pub(crate) mod runs;
pub(crate) mod stream;
