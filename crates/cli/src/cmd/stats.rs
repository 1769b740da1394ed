//! `skyphot stats FILE`: sigma-clipped statistics.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use skyphot::aperture::StatsConfig;
use skyphot::core::{Column, Pixel, Point};
use skyphot::pipeline::{
    Exposure, InputSection, Shapes, add_sky_columns, load, shape_statistics, table_meta,
};
use skyphot::stats::{CenterFunc, ClippedStats, SigmaClip, SpreadFunc, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{GlobalArgs, InputArgs};
use crate::cmd;
use crate::failure::Usage;
use crate::output;
use crate::overlay::{Drawn, RED, draw_apertures};
use crate::progress::Progress;
use crate::regions::{place_regions, read_region_file};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  skyphot stats image.fits\n  skyphot stats 'image.fits[SCI]' --dq 'image.fits[DQ]' --sigma 2.5 --json\n  skyphot stats image.fits --region nebula.reg -o nebula.ecsv --plot nebula.png"
)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Clipping limit, standard deviations
    #[arg(long, default_value_t = 3.0, allow_hyphen_values = true, help_heading = "Clipping")]
    sigma: f64,
    /// Clipping passes, 0 for as many as needed
    #[arg(long, default_value_t = 5, help_heading = "Clipping")]
    maxiters: usize,
    /// Centre that values are clipped around
    #[arg(long, value_enum, default_value_t = Cen::Median, help_heading = "Clipping")]
    cenfunc: Cen,
    /// Width that the limit is counted in
    #[arg(long, value_enum, default_value_t = Spread::Std, help_heading = "Clipping")]
    stdfunc: Spread,
    /// Statistics in every shape of a region file (DS9 or CASA) instead of the whole image: a table
    #[arg(long, value_name = "FILE", help_heading = "Regions")]
    region: Option<PathBuf>,
    /// Table of the regions: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "-",
        requires = "region",
        help_heading = "Regions"
    )]
    output: PathBuf,
    /// Picture of the regions on the image: .png or .svg
    #[arg(long, value_name = "FILE", requires = "region", help_heading = "Regions")]
    plot: Option<PathBuf>,
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
    match &args.region {
        None => with_exposure!(any, e => answer(&e, &clip, args, global)),
        Some(path) => {
            let place = || format!("skyphot stats {}", args.input.file);
            with_exposure!(any, e => in_regions(e, path, clip, &section, args, global)).with_context(place)
        }
    }
}

/// One row for each shape of a region file.
fn in_regions<T: Pixel>(
    mut e: Exposure<T>,
    path: &Path,
    clip: SigmaClip,
    planes: &InputSection,
    args: &StatsArgs,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    e.require_good_pixels()?;
    let file = read_region_file(path)?;
    let regions = place_regions(&file, path, &e, &progress);
    regions.exclude(&mut e.mask, e.data.dim());
    if regions.shapes.is_empty() {
        anyhow::bail!("{} has no shape with an area that can be put on the image", path.display());
    }
    let errors = e.total_error(planes.gain)?;
    let image = match &errors {
        Some(err) => e.image_with_error(err)?,
        None => e.image()?,
    };
    let exec = global.exec()?;
    let shapes = Shapes::Each(regions.shapes.into_iter().map(Some).collect());
    let config = StatsConfig {
        sigma_clip: Some(clip),
        unit: e.unit.clone(),
        exec: exec.clone(),
        ..StatsConfig::default()
    };
    let found = shape_statistics(&image, &regions.positions, &shapes, None, &config)?;
    let mut table = found.to_table();
    let coordinate = |get: fn(&Point) -> f64| regions.positions.iter().map(get).collect::<Vec<f64>>();
    let x = Column::new("x_center", coordinate(|p| p.x)).with_unit("pix");
    let y = Column::new("y_center", coordinate(|p| p.y)).with_unit("pix");
    table.insert(1, x.with_description("column of the region's centre, 0-based"))?;
    table.insert(2, y.with_description("row of the region's centre, 0-based"))?;
    if regions.names.iter().any(Option::is_some) {
        let names: Vec<String> = regions.names.iter().map(|n| n.clone().unwrap_or_default()).collect();
        table.insert(1, Column::new("name", names).with_description("text of the region"))?;
    }
    add_sky_columns(&mut table, e.sky.as_ref(), &regions.positions, &exec)?;
    let parameters = serde_json::json!({
        "input": planes, "region": path, "sigma": args.sigma, "maxiters": args.maxiters,
    });
    cmd::set_meta(&mut table, table_meta("stats", &e.file, &e.sha256, &parameters));
    drop(progress);
    cmd::write_table(&args.output, &table, global)?;
    if let Some(path) = &args.plot {
        let names =
            regions.names.iter().enumerate().map(|(i, n)| n.clone().unwrap_or_else(|| (i + 1).to_string()));
        let overlays = [Drawn { shapes: &shapes, color: RED }];
        draw_apertures(
            &image,
            &regions.positions,
            &overlays,
            names.collect(),
            path,
            &args.input.file,
            global,
        )?;
    }
    Ok(())
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
