//! The command as a user runs it: exit codes, messages, files.

mod bad_input;
mod help;
mod jobs;
mod profiles;
mod real_files;
mod support;
mod threads;
mod wcs;
