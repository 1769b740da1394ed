//! Flags every subcommand has.

use std::num::NonZeroUsize;

use clap::Args;
use skyphot::core::Exec;

#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Threads to use; results never depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Overwrite files that exist
    #[arg(long, global = true)]
    pub(crate) force: bool,
    /// Print a machine-readable summary (JSON) on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress and no notes
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More notes
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

impl GlobalArgs {
    /// The threads asked for.
    pub(crate) fn exec(&self) -> anyhow::Result<Exec> {
        Ok(match self.threads {
            Some(n) => Exec::with_threads(n)?,
            None => Exec::all_cores(),
        })
    }
}
