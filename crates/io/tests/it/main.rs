//! Files of other programs, and files of our own read back.

#![allow(clippy::unwrap_used)]

mod asdf;
mod astropy;
mod compressed;
mod errors;
mod images;
mod moc;
mod psf;
mod regions;
mod tables;
