//! `skyphot background FILE`: the two-dimensional background.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::pipeline::{
    BackgroundSection, Exposure, InputSection, StoredPixel, estimate_background, load, write_map,
};
use skyphot::with_exposure;

use crate::args::{BackgroundArgs, GlobalArgs, InputArgs};
use crate::output;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
Maps have the shape, unit and header of the image.

Examples:
  skyphot background image.fits -o bkg.fits --rms rms.fits
  skyphot background image.fits --box 128 --estimator median --mask mask.fits --subtracted sub.fits")]
pub(crate) struct BackgroundCmd {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    background: BackgroundArgs,
    /// Background map to write (.fits, .fits.gz, .fits.fz)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Noise map (1 sigma of the background) to write
    #[arg(long, value_name = "FILE")]
    rms: Option<PathBuf>,
    /// Image less background to write
    #[arg(long, value_name = "FILE")]
    subtracted: Option<PathBuf>,
}

pub(crate) fn run(args: &BackgroundCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let (mut planes, mut section) = (InputSection::default(), BackgroundSection::default());
    args.input.planes.apply(&mut planes);
    args.background.apply(&mut section);
    let place = || format!("skyphot background {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => estimate(e, &section, args, global)).with_context(place)
}

fn estimate<T: StoredPixel>(
    mut e: Exposure<T>,
    section: &BackgroundSection,
    args: &BackgroundCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    e.require_good_pixels()?;
    progress.step("background");
    let (bkg, notes) = estimate_background(&e.image()?, section, &global.exec()?)?;
    for n in e.notes.iter().chain(&notes) {
        progress.note(&format!("note: {n}"));
    }
    progress.step("writing");
    if let Some(path) = &args.output {
        let map: ndarray::Array2<T> = bkg.background();
        write_map(path, map.view(), &e.header, global.force)?;
    }
    if let Some(path) = &args.rms {
        let map: ndarray::Array2<T> = bkg.background_rms();
        write_map(path, map.view(), &e.header, global.force)?;
    }
    if let Some(path) = &args.subtracted {
        bkg.subtract_from(&mut e.data)?;
        write_map(path, e.data.view(), &e.header, global.force)?;
    }
    drop(progress);
    let (median, rms) = (bkg.background_median(), bkg.background_rms_median());
    let (ny, nx) = bkg.background_mesh().dim();
    let size = bkg.box_size();
    if global.json {
        return output::json(&serde_json::json!({
            "file": args.input.file, "unit": e.unit, "background_median": median, "background_rms_median": rms,
            "box": [size.0, size.1], "meshes": [ny, nx],
        }));
    }
    let unit = e.unit.as_deref().unwrap_or("");
    output::text(&format!(
        "{}: background {median} {unit}, rms {rms} {unit} (medians of {ny} x {nx} boxes of {} x {} pixels)\n",
        args.input.file, size.0, size.1
    ))
}
