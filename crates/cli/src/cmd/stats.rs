//! `skyphot stats FILE`: sigma-clipped statistics.

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use skyphot::core::Pixel;
use skyphot::pipeline::{Exposure, InputSection, load};
use skyphot::stats::{CenterFunc, ClippedStats, SigmaClip, SpreadFunc, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{GlobalArgs, InputArgs};
use crate::failure::Usage;
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  skyphot stats image.fits\n  skyphot stats 'image.fits[SCI]' --dq 'image.fits[DQ]' --sigma 2.5 --json"
)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Clipping limit, standard deviations
    #[arg(long, default_value_t = 3.0)]
    sigma: f64,
    /// Clipping passes, 0 for as many as needed
    #[arg(long, default_value_t = 5)]
    maxiters: usize,
    /// Centre that values are clipped around
    #[arg(long, value_enum, default_value_t = Cen::Median)]
    cenfunc: Cen,
    /// Width that the limit is counted in
    #[arg(long, value_enum, default_value_t = Spread::Std)]
    stdfunc: Spread,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cen {
    Median,
    Mean,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Spread {
    Std,
    MadStd,
}

#[derive(Debug, Serialize)]
struct Answer {
    file: String,
    unit: Option<String>,
    shape: (usize, usize),
    mean: f64,
    median: f64,
    std: f64,
    pixels_used: usize,
    pixels_rejected: usize,
    pixels_bad: usize,
    lower_limit: f64,
    upper_limit: f64,
    iterations: usize,
}

pub(crate) fn run(args: &StatsArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    if args.sigma.is_nan() || args.sigma <= 0.0 {
        return Err(Usage::error(format!("--sigma {} is not a number > 0", args.sigma), "--sigma 3"));
    }
    let clip = SigmaClip {
        max_iters: (args.maxiters > 0).then_some(args.maxiters),
        center: match args.cenfunc {
            Cen::Median => CenterFunc::Median,
            Cen::Mean => CenterFunc::Mean,
        },
        spread: match args.stdfunc {
            Spread::Std => SpreadFunc::Std,
            Spread::MadStd => SpreadFunc::MadStd,
        },
        ..SigmaClip::new(args.sigma)
    };
    let mut section = InputSection::default();
    args.input.planes.apply(&mut section);
    let any =
        load(&args.input.file, &section).with_context(|| format!("skyphot stats {}", args.input.file))?;
    with_exposure!(any, e => answer(&e, &clip, args, global))
}

fn answer<T: Pixel>(
    e: &Exposure<T>,
    clip: &SigmaClip,
    args: &StatsArgs,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    e.require_good_pixels()?;
    let s: ClippedStats = sigma_clipped_stats(&e.image()?, clip, &global.exec()?)?;
    let a = Answer {
        file: args.input.file.clone(),
        unit: e.unit.clone(),
        shape: e.data.dim(),
        mean: s.mean,
        median: s.median,
        std: s.std,
        pixels_used: s.n_used,
        pixels_rejected: s.n_rejected,
        pixels_bad: s.n_bad,
        lower_limit: s.lower,
        upper_limit: s.upper,
        iterations: s.iterations,
    };
    if global.json {
        return output::json(&a);
    }
    let unit = a.unit.as_deref().unwrap_or("");
    output::text(&format!(
        "{}: {} x {} pixels\nmean    {} {unit}\nmedian  {} {unit}\nstd     {} {unit}\n\
         used {} pixels, clipped {}, bad {}; {} passes, limits {} .. {}\n",
        a.file,
        a.shape.1,
        a.shape.0,
        a.mean,
        a.median,
        a.std,
        a.pixels_used,
        a.pixels_rejected,
        a.pixels_bad,
        a.iterations,
        a.lower_limit,
        a.upper_limit
    ))
}
