//! The `skyphot` command.
fn main() {}
