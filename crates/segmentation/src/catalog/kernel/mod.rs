//! Measurements of one source: boxes and numbers in, numbers out.

pub(crate) mod aperture;
pub(crate) mod brent;
pub(crate) mod kron;
pub(crate) mod local_background;
pub(crate) mod perimeter;
pub(crate) mod quadratic;
pub(crate) mod radius;
pub(crate) mod segment;
pub(crate) mod stamp;
pub(crate) mod windowed;
