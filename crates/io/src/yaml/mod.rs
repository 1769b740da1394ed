//! YAML text to nodes.

mod builder;
mod scalar;

pub(crate) use builder::parse;
