//! The crate against astropy and on pixels.

mod pictures;
mod reference;
