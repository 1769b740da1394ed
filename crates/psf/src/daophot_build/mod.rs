//! Builds DAOPHOT's kind of PSF from stars.

mod builder;
mod core;
mod result;
mod star;
mod table;

pub use builder::DaophotBuilder;
pub use result::DaophotResult;
