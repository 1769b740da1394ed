//! Bytes to numbers and numbers to bytes.

pub(crate) mod decode;
pub(crate) mod encode;
