//! The crate against astropy and on pixels.

#![allow(clippy::unwrap_used)]

mod figures;
mod pictures;
mod reference;
