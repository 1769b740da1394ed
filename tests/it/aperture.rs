//! Reference and end-to-end tests: aperture.
