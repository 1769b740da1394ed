//! Commands as the README states them, so that what is promised there and what is run here cannot drift apart.

use anyhow::{Context, Result};

use crate::{run, workspace};

/// Runs the first command of a fenced block of README.md that starts with `prefix`, with more variables of the environment.
pub(crate) fn step(prefix: &str, variables: &[(&str, &str)]) -> Result<run::Outcome> {
    let text = workspace::read(&workspace::root().join("README.md"))?;
    let line = find(&text, prefix)
        .with_context(|| format!("README.md has no fenced command that starts with `{prefix}`"))?;
    let mut words = line.split_whitespace();
    words.next();
    run::step(run::cargo().args(words).envs(variables.iter().copied()))
}

fn find<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let mut fenced = false;
    text.lines().map(str::trim).find_map(|line| {
        if line.starts_with("```") {
            fenced = !fenced;
            return None;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let line = line.split(" #").next().unwrap_or(line).trim();
        (fenced && line.starts_with(prefix)).then_some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_fences_only() {
        let text = "Run cargo test --all\ncargo test x\n```sh\n$ cargo run --release -- demo   # shows\n\
                    cargo test --workspace\n```\ncargo test later\n";
        assert_eq!(find(text, "cargo test"), Some("cargo test --workspace"));
        assert_eq!(find(text, "cargo run"), Some("cargo run --release -- demo"));
        assert_eq!(find(text, "cargo doc"), None);
    }
}
