//! Tests against stored answers of photutils and scipy, and of properties.

mod estimators;
mod inputs;
mod local;
mod maps;
mod properties;
mod reference;
mod zoom;
