//! Reference and end-to-end tests: stats.
