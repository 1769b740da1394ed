//! Running commands and keeping account of steps.

use std::ffi::OsStr;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It was not run, and why.
    Skipped(String),
    /// It found something wrong.
    Failed(String),
}

impl Outcome {
    pub(crate) const fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// Steps with their times.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steps: Vec<(&'static str, Duration, Outcome)>,
}

impl Report {
    /// Runs one step with its output on the terminal as it comes; a failure does not stop later steps.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome>) {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work().unwrap_or_else(|e| Outcome::Failed(format!("{e:#}")));
        match &outcome {
            Outcome::Passed => {}
            Outcome::Skipped(why) => println!("{name}: skipped: {why}"),
            Outcome::Failed(why) => println!("{name}: FAILED: {why}"),
        }
        self.steps.push((name, start.elapsed(), outcome));
    }

    /// Prints one line, `true` if nothing failed.
    pub(crate) fn summary(&self, title: &str) -> bool {
        let failed = self.steps.iter().any(|(_, _, o)| o.is_failure());
        let total: Duration = self.steps.iter().map(|(_, t, _)| *t).sum();
        let steps: Vec<String> = self
            .steps
            .iter()
            .map(|(name, time, outcome)| match outcome {
                Outcome::Passed => format!("{name} {}", seconds(*time)),
                Outcome::Skipped(_) => format!("{name} skipped"),
                Outcome::Failed(_) => format!("{name} FAILED {}", seconds(*time)),
            })
            .collect();
        println!(
            "\n{title}: {} in {} ({})",
            if failed { "FAILED" } else { "ok" },
            seconds(total),
            steps.join(", ")
        );
        !failed
    }
}

/// `12.3s` or `4m05s`.
pub(crate) fn seconds(t: Duration) -> String {
    let s = t.as_secs_f64();
    if s < 60.0 { format!("{s:.1}s") } else { format!("{}m{:02}s", t.as_secs() / 60, t.as_secs() % 60) }
}

/// A command in the root of the workspace, without the variables `cargo run` set for this program.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut c = Command::new(program);
    c.current_dir(workspace::root());
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            c.env_remove(&key);
        }
    }
    c
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs with inherited input and output; an exit status other than 0 is an error.
pub(crate) fn checked(command: &mut Command) -> Result<()> {
    let line = describe(command);
    println!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// As [`checked`], as the outcome of a step.
pub(crate) fn step(command: &mut Command) -> Result<Outcome> {
    checked(command).map(|()| Outcome::Passed)
}

/// Standard output of a command that must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = describe(command);
    let out = command.output().with_context(|| format!("cannot start `{line}`"))?;
    if !out.status.success() {
        bail!("`{line}` ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    String::from_utf8(out.stdout).with_context(|| format!("`{line}` did not print UTF-8"))
}

fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|w| w.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
