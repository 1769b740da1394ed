//! `skyphot area-map FILE`: the area of every pixel on the sky.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use skyphot::wcs::pixel_area_map;

use crate::args::GlobalArgs;
use crate::output;
use crate::progress::Progress;
use crate::sky::ImageWcs;

#[derive(Debug, Args)]
#[command(after_help = "\
The map holds the area of each pixel over the nominal one (PIXAR_SR in its header), with all distortions: an image in surface
brightness times the map is an image in flux. Pixels that are not on the sky are NaN.

Examples:
  skyphot area-map image.fits -o pam.fits
  skyphot area-map 'mosaic.fits[SCI,2]' -o pam.fits.fz --json")]
pub(crate) struct AreaMapArgs {
    /// Image with a WCS: FILE, FILE[EXT], FILE[EXT,VER] or FILE[2]
    file: String,
    /// Alternate system of the header, A to Z
    #[arg(long, value_name = "LETTER")]
    system: Option<char>,
    /// Image to write (.fits, .fits.gz, .fits.fz)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) fn run(args: &AreaMapArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot area-map {}", args.file);
    let wcs = ImageWcs::open(&args.file, args.system).with_context(place)?;
    let shape = wcs.shape.context("the header does not say how large the image is").with_context(place)?;
    let progress = Progress::new(global);
    for w in &wcs.warnings {
        progress.note(&format!("note: {w}"));
    }
    progress.step("pixel areas");
    let map = pixel_area_map(wcs.transform.as_ref(), wcs.nominal_area, shape, &global.exec()?);
    let square_arcsec = wcs.nominal_area * 3600.0 * 3600.0;
    let steradian = wcs.nominal_area.to_radians().to_radians();
    let mut header = wcs.cards.clone();
    header.set("EXTNAME", "AREA", "pixel area over the nominal area")?;
    header.set("PIXAR_SR", steradian, "[sr] nominal pixel area")?;
    header.set("PIXAR_A2", square_arcsec, "[arcsec2] nominal pixel area")?;
    skyphot::io::write_image(&args.output, map.view(), Some(&header), global.force).with_context(place)?;
    drop(progress);
    let good = map.iter().copied().filter(|v| v.is_finite());
    let (n, sum, lo, hi) = good
        .fold((0_usize, 0.0, f64::INFINITY, f64::NEG_INFINITY), |(n, s, lo, hi), v| {
            (n + 1, s + v, v.min(lo), v.max(hi))
        });
    anyhow::ensure!(n > 0, "no pixel of the image is on the sky");
    let mean = sum / n as f64;
    if global.json {
        return output::json(&json!({
            "file": args.file, "output": args.output, "shape": [shape.0, shape.1], "min": lo, "mean": mean, "max": hi,
            "pixels_off_sky": map.len() - n, "nominal_area_arcsec2": square_arcsec, "nominal_area_sr": steradian,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    output::text(&format!(
        "{}: {} x {} pixels, area {lo:.6} to {hi:.6}, mean {mean:.6}, of the nominal {square_arcsec:.6} arcsec2\n",
        args.output.display(),
        shape.1,
        shape.0
    ))
}
