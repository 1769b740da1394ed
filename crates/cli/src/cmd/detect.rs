//! `skyphot detect FILE`: point sources and peaks.

use anyhow::Context;
use clap::Args;
use skyphot::core::{Pixel, Table};
use skyphot::pipeline::{
    BackgroundSection, DetectSection, Detected, Exposure, InputSection, Noise, add_sky_columns, detect,
    estimate_background, load, table_meta,
};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{BackgroundArgs, DetectArgs, GlobalArgs, InputArgs, TableOutput};
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
The image should be free of background: --subtract-background estimates and subtracts it first; otherwise the clipped
median of the image is subtracted and the clipped standard deviation is the sigma of --threshold.

Examples:
  skyphot detect image.fits --subtract-background --fwhm 3 --threshold 5sigma -o stars.ecsv
  skyphot detect 'image.fits[SCI]' --finder peaks --box-size 31 --centroid 2dg --threshold 250 -o peaks.csv
  skyphot detect image.fits --finder iraf --fwhm auto | head")]
pub(crate) struct DetectCmd {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    detect: DetectArgs,
    #[command(flatten)]
    table: TableOutput,
    /// Estimate and subtract the two-dimensional background first
    #[arg(long)]
    subtract_background: bool,
    #[command(flatten)]
    background: BackgroundArgs,
}

pub(crate) fn run(args: &DetectCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    let (mut detect, mut background) = (DetectSection::default(), BackgroundSection::default());
    args.input.planes.apply(&mut planes);
    args.detect.apply(&mut detect);
    args.background.apply(&mut background);
    let place = || format!("skyphot detect {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => find(e, &planes, &detect, &background, args, global)).with_context(place)
}

fn find<T: Pixel>(
    mut e: Exposure<T>,
    planes: &InputSection,
    section: &DetectSection,
    background: &BackgroundSection,
    args: &DetectCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    let exec = global.exec()?;
    e.require_good_pixels()?;
    let found = if args.subtract_background {
        progress.step("background");
        let (bkg, notes) = estimate_background(&e.image()?, background, &exec)?;
        e.notes.extend(notes);
        let rms = bkg.background_rms().mapv(Pixel::to_f64);
        bkg.subtract_from(&mut e.data)?;
        progress.step("detection");
        detect(&e.image()?, &Noise::Map(rms.view()), section, &exec)?
    } else {
        progress.step("statistics");
        let s = sigma_clipped_stats(&e.image()?, &SigmaClip::default(), &exec)?;
        e.data.mapv_inplace(|v| T::from_f64(v.to_f64() - s.median));
        progress.step("detection");
        detect(&e.image()?, &Noise::Scalar(s.std), section, &exec)?
    };
    let notes: Vec<String> = e.notes.iter().chain(&found.notes).cloned().collect();
    let parameters = serde_json::json!({
        "input": planes, "detect": section,
        "background": args.subtract_background.then_some(background),
    });
    let mut table = with_meta(&e, &found, &parameters);
    add_sky_columns(&mut table, e.sky.as_ref(), &found.positions, &exec)?;
    for n in &notes {
        progress.note(&format!("note: {n}"));
    }
    drop(progress);
    cmd::write_table(&args.table.output, &table, global)?;
    if global.json && args.table.output.as_os_str() != "-" {
        return output::json(&serde_json::json!({
            "file": args.input.file, "sources": found.table.n_rows(), "fwhm": found.fwhm, "notes": notes,
        }));
    }
    Ok(())
}

fn with_meta<T: Pixel>(e: &Exposure<T>, found: &Detected, parameters: &serde_json::Value) -> Table {
    let mut t = found.table.clone();
    let own = std::mem::replace(&mut t.meta, table_meta("detect", &e.file, &e.sha256, parameters));
    for (k, v) in own.iter() {
        if t.meta.get(k).is_none() {
            t.meta.set(k, v.clone());
        }
    }
    t.meta.set("fwhm_px", found.fwhm);
    t
}
