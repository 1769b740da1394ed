//! Hot loops: slices in, numbers out. All of it is plain `+ - * /` and `sqrt` on small arrays, so that the bits do not
//! depend on how wide the machine's vectors are.

mod lanes;
pub(crate) mod program;
pub(crate) mod tan_sip;
