//! Hot loops: slices in, numbers out.

pub(crate) mod tan_sip;
