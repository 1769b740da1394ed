//! `skyphot completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  skyphot completions bash > ~/.local/share/bash-completion/completions/skyphot"
)]
pub(crate) struct CompletionsArgs {
    /// Shell to complete for
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut command = crate::args::Cli::command();
    clap_complete::generate(args.shell, &mut command, "skyphot", &mut std::io::stdout());
    Ok(())
}
