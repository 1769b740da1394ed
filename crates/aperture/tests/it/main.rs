//! Answers of photutils 3.1.1, and properties that must hold.

mod cutouts;
mod morphology;
mod neighbors;
mod photometry;
mod profiles;
mod properties;
mod regions;
mod scene;
mod shapes;
mod statistics;
