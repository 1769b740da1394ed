//! `skyphot config`: the commented default configuration.

use clap::Args;

use crate::args::GlobalArgs;
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  skyphot config > my.toml      # edit, then\n  skyphot run image.fits --config my.toml -o results"
)]
pub(crate) struct ConfigArgs {}

pub(crate) fn run(_args: &ConfigArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if global.json {
        return output::json(&skyphot::pipeline::RunConfig::default());
    }
    output::text(skyphot::pipeline::DEFAULT_CONFIG)
}
