//! Comparison with astropy 8.0.2 (wcslib 8.6). The fixtures are made by `tests/reference/gen_wcs.py`.
#![allow(clippy::unwrap_used, clippy::neg_cmp_op_on_partial_ord, unreachable_pub)]

mod common;
mod distortions;
mod gwcs;
mod hostile;
mod projections;
mod quirks;
mod shared;
mod sky;
