//! Reference and end-to-end tests: detection.
