//! End-to-end tests on real files and against the peers' answers.

mod aperture;
mod background;
mod detection;
mod io;
mod stats;
