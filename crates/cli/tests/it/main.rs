//! The command as a user runs it: exit codes, messages, files.

mod bad_input;
mod calibrate;
mod forced;
mod help;
mod jobs;
mod profiles;
mod psf;
mod real_files;
mod reduce;
mod segment;
mod shapes;
mod support;
mod texts;
mod threads;
mod wcs;
