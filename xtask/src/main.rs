//! Automation of the workspace: `cargo xtask --help`.
//!
//! Everything continuous integration does is here, so that it can be run on any machine: `.ci/run` only calls
//! `cargo xtask ci`. This package depends on no crate of the project.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user")]

mod bench;
mod ci;
mod fixtures;
mod fuzz;
mod graph;
mod layers;
mod peers;
mod python;
mod readme;
mod regress;
mod release;
mod run;
mod tidy;
mod unused;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Automation of the skyphot workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything: lint, tests and doctests, docs, graph, demo, fixtures, accuracy. One summary line at the end.
    Ci,
    /// The README's test command.
    Test,
    /// fmt --check, clippy -D warnings, layers, tidy.
    Lint,
    /// The documentation of every crate, with warnings as errors.
    Docs,
    /// Writes the crate graph and the layer table into ARCHITECTURE.md.
    Graph {
        /// Only compare, fail if ARCHITECTURE.md is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Regenerates the reference fixtures with the pinned Python peers.
    Fixtures {
        /// Only compare, fail if a committed fixture differs from what the peers say now.
        #[arg(long)]
        check: bool,
        /// Only generators whose name contains this.
        name: Option<String>,
    },
    /// Accuracy against stored reference answers: a table of quantity, max, q99 and budget.
    Regress {
        /// Only this topic (background, stats, detection, aperture, wcs).
        topic: Option<String>,
        /// Writes the table of WCS headers into docs/accuracy.md instead.
        #[arg(long, conflicts_with = "topic")]
        write: bool,
    },
    /// Fuzzes the readers of headers and transform graphs, all targets at once.
    Fuzz {
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Builds the Python package's wheel, installs it into a fresh environment and runs its tests.
    Python {
        /// An optimised wheel, as users get it.
        #[arg(long)]
        release: bool,
    },
    /// Times us and the peers alternately on the same inputs, after comparing values.
    Bench(bench::Args),
    /// Checks that a release could be made.
    Release {
        /// Publish nothing (the only mode there is).
        #[arg(long, required = true)]
        dry_run: bool,
        /// Also pass with uncommitted changes.
        #[arg(long)]
        allow_dirty: bool,
    },
}

fn main() -> ExitCode {
    match execute(&Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("xtask: {e:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a task; `false` means that it ran and found something wrong.
fn execute(task: &Task) -> Result<bool> {
    match task {
        Task::Ci => ci::all(),
        Task::Test => ci::test(),
        Task::Lint => ci::lint(),
        Task::Docs => ci::docs(),
        Task::Graph { check } => graph::update(*check).map(|()| true),
        Task::Fixtures { check, name } => fixtures::all(*check, name.as_deref()).map(|o| !o.is_failure()),
        Task::Regress { write: true, .. } => regress::write().map(|()| true),
        Task::Regress { topic, .. } => regress::all(topic.as_deref()).map(|()| true),
        Task::Fuzz { seconds } => fuzz::all(*seconds).map(|o| !o.is_failure()),
        Task::Python { release } => python::all(*release).map(|o| !o.is_failure()),
        Task::Bench(args) => bench::all(args),
        Task::Release { allow_dirty, .. } => release::dry_run(*allow_dirty),
    }
}
