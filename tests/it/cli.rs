//! Reference and end-to-end tests: cli.
