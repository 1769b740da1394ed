//! `skyphot config`: the commented default configuration, or a recipe.

use clap::Args;

use crate::args::GlobalArgs;
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  skyphot config > my.toml      # edit, then\n  skyphot run image.fits --config my.toml -o results
  skyphot config --recipe xdf > mine.toml
  skyphot run --recipe mine.toml image.fits -o results"
)]
pub(crate) struct ConfigArgs {
    /// A recipe instead: xdf, roman-forced, jwst-miri, miri-exercise, ground-gradient or nircam-psf
    #[arg(long, value_name = "NAME")]
    recipe: Option<String>,
}

pub(crate) fn run(args: &ConfigArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if let Some(name) = &args.recipe {
        if global.json {
            return output::json(&skyphot::pipeline::Recipe::load(name)?);
        }
        return output::text(skyphot::pipeline::recipe_text(name)?);
    }
    if global.json {
        return output::json(&skyphot::pipeline::RunConfig::default());
    }
    output::text(skyphot::pipeline::DEFAULT_CONFIG)
}
