//! Reference and end-to-end tests: io.
