//! Hot loops: slices in, numbers out.

pub(crate) mod boxstats;
pub(crate) mod kdtree;
pub(crate) mod ranks;
pub(crate) mod scan;
