//! `skyphot run FILE -o DIR`: the whole job.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::{self, RunConfig, RunOptions, RunSummary};

use crate::args::{ApertureArgs, BackgroundArgs, DetectArgs, GlobalArgs, InputArgs, OutputArgs};
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
Writes catalog.ecsv (or the --format asked for), background.fits, rms.fits, overlay.png, report.md and run.json.
With --detect-method segment also segmentation.fits and labels.png. Flags win over the configuration file.

Examples:
  skyphot run image.fits -o results
  skyphot run 'image.fits[SCI]' --dq 'image.fits[DQ]' --config my.toml --format fits -o results
  skyphot run image.fits --box 32 --threshold 3sigma --circle 4,6 --annulus 10,15 -o results")]
pub(crate) struct RunArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Configuration; `skyphot config` prints the defaults
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Folder for the results; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    background: BackgroundArgs,
    /// Point sources or peaks, or sources of any shape (segments), of which the [segment] section of the configuration
    /// says how [default: stars]
    #[arg(long, value_parser = ["stars", "segment"], help_heading = "Detection")]
    detect_method: Option<String>,
    #[command(flatten)]
    detect: DetectArgs,
    #[command(flatten)]
    aperture: ApertureArgs,
    #[command(flatten)]
    files: OutputArgs,
}

pub(crate) fn run(args: &RunArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut config = read_config(args.config.as_deref())?;
    args.input.planes.apply(&mut config.input);
    args.background.apply(&mut config.background);
    if let Some(method) = &args.detect_method {
        config.detect.method.clone_from(method);
    }
    args.detect.apply(&mut config.detect);
    if let (Some(threshold), "segment") = (args.detect.threshold, config.detect.method.as_str()) {
        config.segment.threshold = threshold;
    }
    args.aperture.apply(&mut config.aperture);
    args.files.apply(&mut config.output);
    let progress = Progress::new(global);
    let summary = pipeline::run(
        &args.input.file,
        &config,
        &RunOptions {
            output: &args.output,
            overwrite: global.force,
            exec: global.exec()?,
            progress: &|step| progress.step(step),
        },
    )
    .with_context(|| format!("skyphot run {}", args.input.file))?;
    drop(progress);
    if global.json { output::json(&summary) } else { print(&summary, args, global) }
}

/// The configuration file, or the defaults.
pub(crate) fn read_config(path: Option<&std::path::Path>) -> anyhow::Result<RunConfig> {
    let Some(path) = path else { return Ok(RunConfig::default()) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the configuration {}", path.display()))?;
    RunConfig::from_toml(&text).with_context(|| format!("configuration {}", path.display()))
}

fn print(s: &RunSummary, args: &RunArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if global.quiet {
        return Ok(());
    }
    let unit = s.unit.as_deref().unwrap_or("");
    let mut text = format!(
        "{}: {} x {} pixels, {} bad\nbackground {:.6} {unit}, rms {:.6} {unit}, FWHM {:.2} px\n{} sources, {} with flags\n",
        s.input,
        s.shape.1,
        s.shape.0,
        s.n_bad_pixels,
        s.background_median,
        s.background_rms_median,
        s.fwhm,
        s.n_sources,
        s.n_flagged
    );
    for n in &s.notes {
        text += &format!("note: {n}\n");
    }
    if global.verbose {
        for (step, t) in &s.seconds {
            text += &format!("{t:9.3} s  {step}\n");
        }
    }
    text += &format!("written to {}: {}\n", args.output.display(), s.files.join(", "));
    output::text(&text)
}
