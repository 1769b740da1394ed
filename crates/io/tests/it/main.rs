//! Files of other programs, and files of our own read back.

mod astropy;
mod compressed;
mod errors;
mod images;
mod tables;
