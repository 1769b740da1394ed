//! End-to-end tests on real files and against the peers' answers.
#![allow(clippy::unwrap_used)] // a test that cannot go on should stop there

mod aperture;
mod aperture_sky;
mod aperture_stats;
mod background;
mod datasets;
mod detection;
mod gwcs;
mod io;
mod psf;
mod psf_fields;
mod segmentation;
mod stats;
mod wcs;
mod workflow;
