//! `skyphot demo`: the pipeline on a simulated field, and how measured compares with true.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use skyphot::core::{MetaValue, Table};
use skyphot::io::{CardValue, FitsHdu, Header, ImageHdu, TableOptions};
use skyphot::pipeline::spec::Numbers;
use skyphot::pipeline::{self, Comparison, RunConfig, RunOptions, RunSummary};
use skyphot::simulation::{Scene, SceneConfig, simulate};

use crate::args::GlobalArgs;
use crate::output;
use crate::progress::Progress;

/// Radius of the aperture that is compared with the truth, pixels.
const RADIUS: f64 = 4.0;

#[derive(Debug, Args)]
#[command(after_help = "\
Writes field.fits (image, errors, data quality), truth.ecsv, everything `skyphot run` writes, and comparison.ecsv.
Files of an earlier demo in the folder are replaced.

Example:
  skyphot demo -o my-demo --seed 7")]
pub(crate) struct DemoArgs {
    /// Folder for the results; made if it is not there
    #[arg(short, long, value_name = "DIR", default_value = "skyphot-demo")]
    output: PathBuf,
    /// Seed of the random numbers; the same seed gives the same field
    #[arg(long, default_value_t = 42)]
    seed: u64,
}

pub(crate) fn run(args: &DemoArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    let dir = &args.output;
    std::fs::create_dir_all(dir).with_context(|| format!("making the folder {}", dir.display()))?;
    progress.step("simulating");
    let scene_config = SceneConfig { seed: args.seed, exec: global.exec()?, ..SceneConfig::default() };
    let scene = simulate(&scene_config)?;
    let field = dir.join("field.fits");
    write_field(&field, &scene)?;
    let replace = TableOptions { overwrite: true, ..TableOptions::default() };
    skyphot::io::write_table(dir.join("truth.ecsv"), &scene.truth, &replace)?;

    let mut config = RunConfig::default();
    config.input.error = Some(plane(&field, "ERR"));
    config.input.dq = Some(plane(&field, "DQ"));
    config.aperture.circle = Numbers(vec![RADIUS]);
    let summary = pipeline::run(
        &field.display().to_string(),
        &config,
        &RunOptions {
            output: dir,
            overwrite: true,
            exec: global.exec()?,
            progress: &|step| progress.step(step),
        },
    )?;
    let catalog = skyphot::io::read_table(dir.join("catalog.ecsv"))?;
    let inside = scene_config.profile.encircled_energy(RADIUS);
    let comparison = pipeline::compare(&catalog, &scene.truth, "flux", inside)?;
    let table = comparison.to_table()?;
    skyphot::io::write_table(dir.join("comparison.ecsv"), &table, &replace)?;
    drop(progress);
    if global.json {
        return output::json(&serde_json::json!({
            "run": summary, "stars": comparison.n_stars, "stars_found": comparison.n_found,
            "galaxies_found": comparison.n_galaxies, "unknown": comparison.n_unknown,
        }));
    }
    if global.quiet { Ok(()) } else { output::text(&text(&summary, &comparison, &scene.truth, dir)) }
}

fn plane(file: &Path, name: &str) -> String {
    format!("{}[{name}]", file.display())
}

fn write_field(path: &Path, scene: &Scene) -> anyhow::Result<()> {
    let mut header = Header::new();
    for c in &scene.header {
        let value = match &c.value {
            MetaValue::Bool(b) => CardValue::Logical(*b),
            MetaValue::Int(i) => CardValue::Int(*i),
            MetaValue::Float(f) => CardValue::Float(*f),
            MetaValue::Str(s) => CardValue::Str(s.clone()),
            _ => continue,
        };
        header.set(&c.key, value, &c.comment)?;
    }
    let science =
        ImageHdu { data: Some(scene.data.view().into()), header: header.clone(), ..ImageHdu::default() };
    let planes = [
        FitsHdu::Image(science),
        FitsHdu::image("ERR", scene.error.view(), header),
        FitsHdu::image("DQ", scene.dq.view(), Header::new()),
    ];
    Ok(skyphot::io::write_fits(path, &planes, true)?)
}

fn text(s: &RunSummary, c: &Comparison, truth: &Table, dir: &Path) -> String {
    let mut t = format!(
        "Simulated field of {} x {} pixels: {} stars and {} galaxies, {} bad pixels\n\
         Measured: background {:.2}, rms {:.2}, FWHM {:.2} px, {} sources in {:.2} s\n\n",
        s.shape.1,
        s.shape.0,
        c.n_stars,
        truth.n_rows() - c.n_stars,
        s.n_bad_pixels,
        s.background_median,
        s.background_rms_median,
        s.fwhm,
        s.n_sources,
        s.seconds.iter().map(|(_, t)| t).sum::<f64>()
    );
    t += "   mag        stars  found          position   flux / true   expected   pull\n";
    t += "                                    rms (px)   (median)      scatter    width\n";
    for b in &c.bins {
        let number = |v: f64, width: usize, digits: usize| {
            if v.is_finite() { format!("{v:width$.digits$}") } else { format!("{:>width$}", "-") }
        };
        let _ = writeln!(
            t,
            "  {:4.0} - {:4.0}   {:4}   {:4}  {:5.1} %    {}      {}        {}     {}",
            b.mag_min,
            b.mag_max,
            b.n_true,
            b.n_found,
            100.0 * b.n_found as f64 / (b.n_true.max(1)) as f64,
            number(b.position_rms, 6, 3),
            number(b.flux_ratio, 6, 4),
            number(b.relative_error, 6, 4),
            number(b.pull_width, 5, 2),
        );
    }
    let _ = write!(
        t,
        "\n{} of {} stars found; {} galaxies, {} detections without a true source within 1.5 px.\n\
         Flux inside {RADIUS} px over the true flux there, of isolated stars without flags; a pull width of 1 means \
         that the errors are right.\nwritten to {}: field.fits, truth.ecsv, comparison.ecsv, {}\n",
        c.n_found,
        c.n_stars,
        c.n_galaxies,
        c.n_unknown,
        dir.display(),
        s.files.join(", ")
    );
    t
}
