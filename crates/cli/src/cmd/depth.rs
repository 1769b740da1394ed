//! `skyphot depth FILE`: how deep an image is.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use ndarray::Array2;
use skyphot::aperture::{ImageDepth, ImageDepthConfig};
use skyphot::core::{Image, Pixel, Point};
use skyphot::pipeline::{
    BackgroundSection, Exposure, InputSection, Length, estimate_background, load, table_meta,
};
use skyphot::plot::{Color, ColorMap, Interval, Overlay, PlotConfig, plot_image};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{BackgroundArgs, GlobalArgs, InputArgs};
use crate::failure::Usage;
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Puts circles on random places without sources; the limit is so many times the scatter of their
fluxes. The image should be free of background (--subtract-background). Sources are what --mask
says, or what --mask-sources finds.

Examples:
  skyphot depth image.fits --radius 4 --mask sources.fits --zero-point 25.9
  skyphot depth image.fits --radius 0.2arcsec --subtract-background --mask-sources 3 --mask-pad 5")]
pub(crate) struct DepthCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Radius of the circles: pixels, or with a unit (0.2arcsec: by the WCS at the image's centre)
    #[arg(long, value_name = "R", allow_hyphen_values = true, help_heading = "Depth")]
    radius: Length,
    /// The limit is so many standard deviations
    #[arg(long, default_value_t = 5.0, value_name = "N", help_heading = "Depth")]
    nsigma: f64,
    /// Circles of every iteration
    #[arg(long, default_value_t = 1000, value_name = "N", help_heading = "Depth")]
    apertures: usize,
    /// Iterations, each with circles of its own
    #[arg(long, default_value_t = 10, value_name = "N", help_heading = "Depth")]
    iterations: usize,
    /// Circles of one iteration must not overlap (fewer may be found)
    #[arg(long, help_heading = "Depth")]
    no_overlap: bool,
    /// Distance that circles keep from masked pixels besides their radius, pixels
    #[arg(long, default_value_t = 0.0, value_name = "PIXELS", help_heading = "Depth")]
    mask_pad: f64,
    /// Mask pixels so many standard deviations above the clipped median
    #[arg(long, value_name = "N", help_heading = "Depth")]
    mask_sources: Option<f64>,
    /// Magnitude of a flux of 1
    #[arg(
        long,
        default_value_t = 0.0,
        value_name = "MAG",
        allow_hyphen_values = true,
        help_heading = "Depth"
    )]
    zero_point: f64,
    /// Seed of the random places
    #[arg(long, default_value_t = 0, help_heading = "Depth")]
    seed: u64,
    /// Table of the iterations: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Picture of the image with the circles of the first iteration: .png or .svg
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
    /// Estimate and subtract the two-dimensional background first
    #[arg(long, help_heading = "Depth")]
    subtract_background: bool,
    #[command(flatten)]
    background: BackgroundArgs,
}

pub(crate) fn run(args: &DepthCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    if let Some(n) = args.mask_sources
        && !(n > 0.0 && n.is_finite())
    {
        return Err(Usage::error(format!("--mask-sources {n} is not a number > 0"), "--mask-sources 3"));
    }
    let (mut planes, mut background) = (InputSection::default(), BackgroundSection::default());
    args.input.planes.apply(&mut planes);
    args.background.apply(&mut background);
    let place = || format!("skyphot depth {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => depth(e, &planes, &background, args, global)).with_context(place)
}

fn depth<T: Pixel>(
    mut e: Exposure<T>,
    planes: &InputSection,
    background: &BackgroundSection,
    args: &DepthCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    let exec = global.exec()?;
    e.require_good_pixels()?;
    let (ny, nx) = e.data.dim();
    let radius = match args.radius {
        Length::Pixels(r) => r,
        sky => {
            let center = Point::new(0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0));
            let scale = e.sky.as_ref().and_then(|m| m.pixel_scale(center)).ok_or_else(|| {
                Usage::error("a radius on the sky needs an image with a celestial WCS", "--radius 4 (pixels)")
            })?;
            sky.to_pixels(scale)
        }
    };
    if !(radius > 0.0 && radius.is_finite()) {
        return Err(Usage::error(format!("--radius {} is not a length > 0", args.radius), "--radius 4"));
    }
    if args.subtract_background {
        progress.step("background");
        let (bkg, notes) = estimate_background(&e.image()?, background, &exec)?;
        bkg.subtract_from(&mut e.data)?;
        for n in notes {
            progress.note(&format!("note: {n}"));
        }
    }
    if let Some(n) = args.mask_sources {
        let s = sigma_clipped_stats(&e.image()?, &SigmaClip::default(), &exec)?;
        let limit = s.median + n * s.std;
        let bright = e.data.mapv(|v| v.to_f64() > limit);
        let mask: &mut Array2<bool> = e.mask.get_or_insert_with(|| Array2::from_elem((ny, nx), false));
        mask.zip_mut_with(&bright, |m, b| *m |= b);
    }
    progress.step("depth");
    let config = ImageDepthConfig {
        n_sigma: args.nsigma,
        mask_pad: args.mask_pad,
        n_apertures: args.apertures,
        n_iters: args.iterations,
        overlap: !args.no_overlap,
        seed: args.seed,
        zeropoint: args.zero_point,
        exec: exec.clone(),
        ..ImageDepthConfig::default()
    };
    let found = ImageDepth::measure(&e.image()?, radius, &config)?;
    if args.mask_sources.is_none() && planes.mask.is_none() {
        progress.note("note: circles fall on sources, too: --mask-sources 3 or a --mask keeps them off");
    }
    let parameters = serde_json::json!({
        "input": planes, "radius": args.radius, "nsigma": args.nsigma, "apertures": args.apertures,
        "iterations": args.iterations, "no-overlap": args.no_overlap, "mask-pad": args.mask_pad,
        "mask-sources": args.mask_sources, "zero-point": args.zero_point, "seed": args.seed,
        "background": args.subtract_background.then_some(background),
    });
    drop(progress);
    if let Some(path) = &args.output {
        let mut table = found.to_table();
        cmd::set_meta(&mut table, table_meta("depth", &e.file, &e.sha256, &parameters));
        if let Some(u) = &e.unit {
            table.column_mut("flux_limit")?.unit = Some(u.clone());
        }
        cmd::write_table(path, &table, global)?;
    }
    if let Some(path) = &args.plot {
        draw(&e.image()?, &found, radius, path, args, global)?;
    }
    if args.output.as_ref().is_some_and(|p| p.as_os_str() == "-") {
        return Ok(());
    }
    let used: usize = found.n_apertures_used.iter().sum();
    let scatter = spread(&found.flux_limits);
    if global.json {
        return output::json(&serde_json::json!({
            "file": args.input.file, "unit": e.unit, "radius_px": radius, "nsigma": args.nsigma,
            "flux_limit": found.flux_limit, "flux_limit_scatter": scatter, "mag_limit": found.mag_limit,
            "iterations": found.len(), "apertures": used,
        }));
    }
    let unit = e.unit.as_deref().map_or(String::new(), |u| format!(" {u}"));
    output::text(&format!(
        "{}: {} sigma in circles of radius {radius} px\nflux limit  {}{unit} (+- {} between {} iterations)\n\
         magnitude   {} (zero point {})\n{used} circles in all\n",
        args.input.file,
        args.nsigma,
        found.flux_limit,
        scatter,
        found.len(),
        found.mag_limit,
        args.zero_point
    ))
}

/// Standard deviation, 0 for one value.
fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}

fn draw<T: Pixel>(
    image: &Image<'_, T>,
    found: &ImageDepth,
    radius: f64,
    path: &std::path::Path,
    args: &DepthCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let places: &[Point] = found.positions.first().map_or(&[], |p| p);
    let overlay = Overlay::circles(places, radius).with_color(Color::DODGER_BLUE).with_line_width(1.0);
    let config = PlotConfig {
        title: Some(cmd::title(&args.input.file)),
        interval: Interval::Percentile(99.0),
        colormap: "gray_r".parse::<ColorMap>()?,
        ..PlotConfig::default()
    };
    cmd::save_picture(plot_image(image, &[overlay], &config), path, global)
}
