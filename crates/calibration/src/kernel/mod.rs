//! Hot loops: bands of rows in, bands of rows out.

pub(crate) mod median;
