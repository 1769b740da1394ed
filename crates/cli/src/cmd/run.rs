//! `skyphot run FILE -o DIR`: the whole job.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::{self, PsfSpec, Recipe, RecipeSummary, RunConfig, RunOptions, RunSummary};

use crate::args::{ApertureArgs, BackgroundArgs, DetectArgs, GlobalArgs, OutputArgs, PlaneArgs};
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
Writes catalog.ecsv (or the --format asked for), background.fits, rms.fits, overlay.png, report.md and run.json.
With --detect-method segment also segmentation.fits and labels.png, with --psf psf_catalog, psf_residual.fits and, if
the PSF is built, psf.fits and psf.png. Flags win over the configuration file.

With --recipe the steps of that recipe are run instead: xdf (galaxies in ellipses with annuli), roman-forced (a Roman
exposure at the positions of a catalogue), jwst-miri (stars on MIRI exposures, zero point, colours), ground-gradient (a
background in two dimensions), nircam-psf (PSF photometry with a grid of PSFs), miri-exercise (a MIRI exposure with a
gradient of random height added and removed), or a file of your own; `skyphot config --recipe NAME` prints it. Its
tables, pictures and report.md are written.

Examples:
  skyphot run image.fits -o results
  skyphot run 'image.fits[SCI]' --dq 'image.fits[DQ]' --config my.toml --format fits -o results
  skyphot run image.fits --box 32 --threshold 3sigma --circle 4,6 --annulus 10,15 -o results
  skyphot run --recipe ground-gradient image.fit.bz2 -o results
  skyphot run --recipe roman-forced x_cal.asdf --with positions=cat.ecsv --with area=pam.asdf --with ee=ee.ecsv -o results")]
pub(crate) struct RunArgs {
    /// Image: FILE, FILE[EXT], FILE[EXT,VER] or FILE[2]; of ASDF files FILE or FILE[roman.data]. With a recipe one or more
    #[arg(value_name = "FILE", required = true)]
    images: Vec<String>,
    #[command(flatten)]
    planes: PlaneArgs,
    /// Recipe: its name, or a file ending in .toml
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    recipe: Option<String>,
    /// File that the recipe asks for; several times for several images, in their order
    #[arg(long, value_name = "NAME=FILE", requires = "recipe")]
    with: Vec<String>,
    /// Leave out the recipe's pictures: tables, images and the text of the report only
    #[arg(long, requires = "recipe")]
    no_pictures: bool,
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
    /// PSF photometry too, with this PSF: as for skyphot psf; the [psf] section of the configuration says more
    #[arg(long, value_name = "gaussian:FWHM|moffat:FWHM,BETA|FILE|build", help_heading = "PSF photometry")]
    psf: Option<PsfSpec>,
    #[command(flatten)]
    files: OutputArgs,
}

pub(crate) fn run(args: &RunArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if let Some(name) = &args.recipe {
        return run_recipe(name, args, global);
    }
    let [file] = args.images.as_slice() else {
        return Err(crate::failure::Usage::error(
            format!("one image is worked on at a time, not {}", args.images.len()),
            "several images are for --recipe",
        ));
    };
    let mut config = read_config(args.config.as_deref())?;
    args.planes.apply(&mut config.input);
    args.background.apply(&mut config.background);
    if let Some(method) = &args.detect_method {
        config.detect.method.clone_from(method);
    }
    args.detect.apply(&mut config.detect);
    if let (Some(threshold), "segment") = (args.detect.threshold, config.detect.method.as_str()) {
        config.segment.threshold = threshold;
    }
    args.aperture.apply(&mut config.aperture);
    if let Some(psf) = &args.psf {
        config.psf.psf = Some(psf.to_string());
    }
    args.files.apply(&mut config.output);
    let progress = Progress::new(global);
    let summary = pipeline::run(
        file,
        &config,
        &RunOptions {
            output: &args.output,
            overwrite: global.force,
            exec: global.exec()?,
            progress: &|step| progress.step(step),
        },
    )
    .with_context(|| format!("skyphot run {file}"))?;
    drop(progress);
    if global.json { output::json(&summary) } else { print(&summary, args, global) }
}

fn run_recipe(name: &str, args: &RunArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot run --recipe {name}");
    let mut recipe = Recipe::load(name).with_context(place)?;
    if args.no_pictures {
        recipe = recipe.without_pictures();
    }
    let mut companions: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for w in &args.with {
        let Some((key, file)) = w.split_once('=') else {
            return Err(crate::failure::Usage::error(
                format!("--with {w} is not NAME=FILE"),
                "for example --with positions=catalog.ecsv",
            ));
        };
        companions.entry(key.trim().to_owned()).or_default().push(file.to_owned());
    }
    let progress = Progress::new(global);
    let options = RunOptions {
        output: &args.output,
        overwrite: global.force,
        exec: global.exec()?,
        progress: &|step| progress.step(step),
    };
    let summary = pipeline::run_recipe(&recipe, &args.images, &companions, &options).with_context(place)?;
    drop(progress);
    if global.json { output::json(&summary) } else { print_recipe(&summary, args, global) }
}

fn print_recipe(s: &RecipeSummary, args: &RunArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if global.quiet {
        return Ok(());
    }
    let mut text = format!("{}\n", s.recipe.title);
    for i in &s.images {
        let rows: Vec<String> = i.tables.iter().map(|(k, n)| format!("{k} {n}")).collect();
        text +=
            &format!("{}: {}\n", i.file, if rows.is_empty() { "no table".into() } else { rows.join(", ") });
    }
    for n in &s.notes {
        text += &format!("note: {n}\n");
    }
    if global.verbose {
        for (step, t) in &s.seconds {
            text += &format!("{t:9.3} s  {step}\n");
        }
    }
    let total: f64 = s.seconds.iter().map(|s| s.1).sum();
    text += &format!("{} files in {}, see report.md ({total:.1} s)\n", s.files.len(), args.output.display());
    output::text(&text)
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
