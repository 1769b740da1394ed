//! The command as a user runs it: exit codes, messages, files.

mod bad_input;
mod help;
mod jobs;
mod real_files;
mod support;
mod threads;
