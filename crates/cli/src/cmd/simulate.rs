//! `skyphot simulate SCENE.toml`: a synthetic image and its truth.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::scene::{EXAMPLE_SCENE, SceneSpec, simulate_scene};
use skyphot::pipeline::{checksum, table_meta, write_map};

use crate::args::GlobalArgs;
use crate::failure::Usage;
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
A scene says how large the image is, what is on the sky (stars of any PSF, Gaussians, Moffat profiles,
Sersic galaxies, at random places or from a catalogue), and what the detector adds. The same scene and
seed give the same pixels, with any number of threads.

Examples:
  skyphot simulate --example > scene.toml      # edit, then
  skyphot simulate scene.toml -o image.fits --truth truth.ecsv --error error.fits
  skyphot simulate scene.toml -o again.fits --seed 7")]
pub(crate) struct SimulateCmd {
    /// Scene, as --example prints one
    #[arg(required_unless_present = "example")]
    scene: Option<String>,
    /// Print a commented scene
    #[arg(long, conflicts_with = "scene")]
    example: bool,
    /// Seed to use instead of that of the scene
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Image to write: .fits or .fits.gz
    #[arg(short, long, value_name = "FILE", required_unless_present = "example", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Catalogue of the sources [default: the name of the image with _truth.ecsv]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    truth: Option<PathBuf>,
    /// Map of the 1-sigma errors
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    error: Option<PathBuf>,
    /// The image without noise
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    model: Option<PathBuf>,
}

pub(crate) fn run(args: &SimulateCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let (Some(file), Some(image)) = (&args.scene, &args.output) else {
        return output::text(EXAMPLE_SCENE);
    };
    let place = || format!("skyphot simulate {file}");
    let truth = args.truth.clone().unwrap_or_else(|| truth_beside(image));
    let outputs = [Some(image), Some(&truth), args.error.as_ref(), args.model.as_ref()];
    let outputs: Vec<&PathBuf> = outputs.into_iter().flatten().collect();
    if (1..outputs.len()).any(|k| outputs[..k].contains(&outputs[k])) {
        return Err(Usage::error(
            "two outputs have the same name",
            "--truth, --error and --model with others",
        ));
    }
    let text = std::fs::read_to_string(file).with_context(|| format!("reading the scene {file}"))?;
    let mut scene = SceneSpec::from_toml(&text).with_context(place)?;
    if let Some(seed) = args.seed {
        scene.seed = seed;
    }
    let progress = Progress::new(global);
    progress.step("simulating");
    let folder = Path::new(file).parent().unwrap_or_else(|| Path::new("."));
    let made = simulate_scene(&scene, folder, &global.exec()?).with_context(place)?;
    let mut header = made.header.clone();
    header.add_history(&format!("skyphot simulate {file}, seed {}", scene.seed));
    let write = |path: &Path, pixels: &ndarray::Array2<f64>| {
        write_map(path, pixels.mapv(|v| v as f32).view(), &header, global.force)
    };
    progress.step("writing");
    write(image, &made.image)?;
    for (path, pixels) in [(&args.error, &made.error), (&args.model, &made.model)] {
        if let Some(path) = path {
            write(path, pixels)?;
        }
    }
    let mut table = made.truth;
    let parameters = serde_json::to_value(&scene)?;
    cmd::set_meta(&mut table, table_meta("simulate", file, &checksum(Path::new(file))?, &parameters));
    cmd::write_table(&truth, &table, global)?;
    drop(progress);
    if global.json {
        return output::json(&serde_json::json!({
            "image": image, "truth": truth, "sources": table.n_rows(), "shape": scene.shape, "seed": scene.seed,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    let (ny, nx) = scene.shape;
    let n = table.n_rows();
    output::text(&format!("{}: {nx} x {ny} pixels, {n} sources in {}\n", image.display(), truth.display()))
}

/// `image.fits.gz` becomes `image_truth.ecsv`.
fn truth_beside(image: &Path) -> PathBuf {
    let name = image.file_name().map_or_else(|| "image".into(), |n| n.to_string_lossy().into_owned());
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(s, _)| s);
    image.with_file_name(format!("{stem}_truth.ecsv"))
}
