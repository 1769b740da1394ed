//! Scenes against astropy and scipy.
#![allow(clippy::unwrap_used)]

mod scene;
