//! One source taken apart: levels, peaks, flooding, contrast.

pub(crate) mod contrast;
mod flood;
mod heap;
pub(crate) mod levels;
pub(crate) mod markers;
pub(crate) mod one;
pub(crate) mod source;
