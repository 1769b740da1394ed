//! `skyphot plot FILE`: a picture.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::core::{BoundingBox, Pixel};
use skyphot::pipeline::{Exposure, InputSection, load, overlay_of, positions_of};
use skyphot::plot::{ColorMap, HistogramConfig, Interval, PlotConfig, Stretch, plot_histogram, plot_image};
use skyphot::with_exposure;

use crate::args::{GlobalArgs, InputArgs};
use crate::cmd;
use crate::failure::Usage;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  skyphot plot image.fits -o image.png
  skyphot plot image.fits --overlay stars.ecsv --radius 8 --zoom 100:400,250:500 -o stars.png
  skyphot plot 'image.fits[SCI]' --stretch log --interval percentile:99.5 --cmap gray_r -o image.svg
  skyphot plot image.fits --hist -o histogram.png")]
pub(crate) struct PlotArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Picture to write: .png or .svg
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Catalogue whose sources are circled
    #[arg(long, value_name = "CAT")]
    overlay: Option<String>,
    /// Radius of the circles, pixels
    #[arg(long, default_value_t = 5.0, value_name = "R")]
    radius: f64,
    /// linear, log, sqrt, asinh, sinh, squared, power:A, histeq
    #[arg(long, default_value = "asinh")]
    stretch: Stretch,
    /// Values from black to white: zscale, minmax, percentile:P, or LOW,HIGH in data units
    #[arg(long, default_value = "percentile:99.5", allow_hyphen_values = true)]
    interval: Interval,
    /// Colour map: gray, gray_r, viridis, magma, inferno, plasma, cividis ...
    #[arg(long, default_value = "gray")]
    cmap: ColorMap,
    /// Part of the image, pixels: first:last of x, then of y (the last is left out)
    #[arg(long, value_name = "X0:X1,Y0:Y1")]
    zoom: Option<String>,
    /// Draw the histogram of the pixel values instead
    #[arg(long, conflicts_with_all = ["overlay", "zoom"])]
    hist: bool,
    /// No colour bar
    #[arg(long)]
    no_color_bar: bool,
}

pub(crate) fn run(args: &PlotArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    args.input.planes.apply(&mut planes);
    if args.radius.is_nan() || args.radius <= 0.0 {
        return Err(Usage::error(format!("--radius {} is not a number > 0", args.radius), "--radius 5"));
    }
    let place = || format!("skyphot plot {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => draw(&e, args, global)).with_context(place)
}

fn draw<T: Pixel>(e: &Exposure<T>, args: &PlotArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    e.require_good_pixels()?;
    let image = e.image()?;
    let title = Some(args.input.file.rsplit('/').next().unwrap_or_default().to_owned());
    if args.hist {
        let config = HistogramConfig { title, unit: e.unit.clone(), ..HistogramConfig::default() };
        plot_histogram(&image, &config)?.save(&args.output, global.force)?;
        return Ok(());
    }
    let config = PlotConfig {
        interval: args.interval,
        stretch: args.stretch,
        colormap: args.cmap,
        color_bar: !args.no_color_bar,
        zoom: args.zoom.as_deref().map(|z| zoom(z, e.data.dim())).transpose()?,
        title,
        unit: e.unit.clone(),
        ..PlotConfig::default()
    };
    let overlays = match &args.overlay {
        Some(cat) => {
            let table = cmd::read_table(cat).with_context(|| format!("reading the catalogue {cat}"))?;
            vec![overlay_of(&positions_of(&table, cat)?, args.radius)]
        }
        None => Vec::new(),
    };
    plot_image(&image, &overlays, &config)?.save(&args.output, global.force)?;
    Ok(())
}

/// `X0:X1,Y0:Y1` as a box that lies on an image of shape `(ny, nx)`.
fn zoom(text: &str, (ny, nx): (usize, usize)) -> anyhow::Result<BoundingBox> {
    let bad = || {
        Usage::error(
            format!("--zoom '{text}' is not X0:X1,Y0:Y1 on the image of {nx} x {ny} pixels"),
            format!("--zoom 0:{},0:{}", nx.div_ceil(2), ny.div_ceil(2)),
        )
    };
    let range = |t: &str, n: usize| -> Option<(i64, i64)> {
        let (a, b) = t.split_once(':')?;
        let (a, b): (i64, i64) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
        (0 <= a && a < b && b <= n as i64).then_some((a, b))
    };
    let (x, y) = text.split_once(',').ok_or_else(bad)?;
    let (x, y) = (range(x, nx).ok_or_else(bad)?, range(y, ny).ok_or_else(bad)?);
    Ok(BoundingBox::new(x.0, x.1, y.0, y.1)?)
}
