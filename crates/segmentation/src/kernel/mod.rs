//! Hot loops: slices in, numbers out.

pub(crate) mod label_stats;
