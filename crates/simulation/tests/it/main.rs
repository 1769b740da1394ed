//! Models against closed forms, scenes against their truth.
#![allow(clippy::unwrap_used)]

mod datasets;
mod models;
mod scenes;
