//! Comparisons with photutils (`tests/reference/gen_psf.py`), closed forms, robustness and thread counts.

#![allow(clippy::unwrap_used)]

mod crowded;
mod daophot;
mod epsf;
mod epsf_field;

mod models;
mod photometry;
mod tools;
