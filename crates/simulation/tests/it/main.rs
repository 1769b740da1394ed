//! Models against closed forms, scenes against their truth.
#![allow(clippy::unwrap_used)]

mod models;
mod scenes;
