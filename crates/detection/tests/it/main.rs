//! Finders against photutils 3.1.1 on images by formula (fixtures made by tests/reference/gen_detection.py), and
//! properties.

#![allow(clippy::unwrap_used)]

mod properties;
mod reference;
mod support;
