//! Answers of photutils 3.1.1, and properties that must hold.

mod photometry;
mod properties;
mod scene;
mod statistics;
