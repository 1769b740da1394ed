//! Tests against stored answers of photutils and scipy, and of properties.

#![allow(clippy::unwrap_used)]

mod estimators;
mod inputs;
mod local;
mod maps;
mod properties;
mod reference;
mod zoom;
