//! The crate against astropy and on pixels.

#![allow(clippy::unwrap_used)]

mod pictures;
mod reference;
