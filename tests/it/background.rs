//! Reference and end-to-end tests: background.
