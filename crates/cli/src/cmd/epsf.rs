//! `skyphot epsf FILE`: an effective PSF from the stars of an image.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use ndarray::{Array3, Axis};
use skyphot::core::{Image, Pixel, Point};
use skyphot::io::{Header, write_psf_grid, write_psf_image};
use skyphot::pipeline::spec::Shape;
use skyphot::pipeline::{
    BackgroundSection, DetectSection, EpsfOptions, Exposure, InputSection, StoredPixel, build_epsf,
    estimate_background, load, table_meta,
};
use skyphot::plot::{PsfGridPlotConfig, plot_psf_grid};
use skyphot::psf::EpsfResult;
use skyphot::stats::{SigmaClip, sigma_clipped_stats};
use skyphot::with_exposure;

use super::psf::{Sky, bright_stars};
use crate::args::{BackgroundArgs, DetectArgs, GlobalArgs, InputArgs};
use crate::cmd::aperture::read_positions;
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Stars come from --positions, or else bright ones without neighbours are found. The sky is subtracted: the
two-dimensional background with --subtract-background, else the clipped median. The PSF is written as an
image with the keywords OVERSAMP, PSF_X0 and PSF_Y0; with --grid as a cube in the layout of STPSF. Both
are what --psf of skyphot psf reads.

Examples:
  skyphot epsf field.fits --subtract-background -o epsf.fits --plot epsf.png
  skyphot epsf field.fits --positions stars.ecsv --size 25 --oversampling 4 --stars report.ecsv -o epsf.fits
  skyphot epsf field.fits --grid 3,3 --psf-stars 900 -o grid.fits --plot grid.png")]
pub(crate) struct EpsfCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Stars: a catalogue with pixel positions, - for ECSV on standard input, or X,Y;X,Y;...
    #[arg(long, value_name = "CAT|X,Y;...", allow_hyphen_values = true, help_heading = "Stars")]
    positions: Option<String>,
    /// Most stars
    #[arg(long, value_name = "N", default_value_t = 200, help_heading = "Stars")]
    psf_stars: usize,
    /// Pixels above this make a star unfit, data units
    #[arg(long, value_name = "VALUE", help_heading = "Stars")]
    saturation: Option<f64>,
    /// Cutouts of the stars, pixels, odd [default: 25]
    #[arg(long, value_name = "N[,N]", help_heading = "PSF")]
    size: Option<Shape>,
    /// Samples per pixel
    #[arg(long, value_name = "N", default_value_t = 4, help_heading = "PSF")]
    oversampling: usize,
    /// Most iterations
    #[arg(long = "max-passes", value_name = "N", default_value_t = 10, help_heading = "PSF")]
    max_passes: usize,
    /// The PSF within this radius sums to 1, pixels [default: all of it]
    #[arg(long, value_name = "R", help_heading = "PSF")]
    norm_radius: Option<f64>,
    /// A PSF for each cell of a grid of NX columns and NY rows
    #[arg(long, value_name = "NX,NY", help_heading = "PSF")]
    grid: Option<GridSize>,
    /// Estimate and subtract the two-dimensional background first
    #[arg(long, help_heading = "Background")]
    subtract_background: bool,
    #[command(flatten)]
    detect: DetectArgs,
    #[command(flatten)]
    background: BackgroundArgs,
    /// FITS file to write
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: PathBuf,
    /// Table of the stars with their residuals and what was the matter with them, to write
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    stars: Option<PathBuf>,
    /// Picture of the PSF: .png or .svg
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
}

/// Columns and rows of a grid.
#[derive(Debug, Clone, Copy)]
struct GridSize(usize, usize);

impl std::str::FromStr for GridSize {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not NX,NY with numbers from 1 to 100");
        let (x, y) = text.split_once(',').ok_or_else(wrong)?;
        let n = |t: &str| t.trim().parse().ok().filter(|n| (1..=100).contains(n)).ok_or_else(wrong);
        Ok(Self(n(x)?, n(y)?))
    }
}

pub(crate) fn run(args: &EpsfCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    args.input.planes.apply(&mut planes);
    let (mut section, mut background) = (DetectSection::default(), BackgroundSection::default());
    args.detect.apply(&mut section);
    args.background.apply(&mut background);
    let place = || format!("skyphot epsf {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => build(e, &planes, &section, &background, args, global)).with_context(place)
}

fn build<T: StoredPixel>(
    mut e: Exposure<T>,
    planes: &InputSection,
    section: &DetectSection,
    background: &BackgroundSection,
    args: &EpsfCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    let exec = global.exec()?;
    e.require_good_pixels()?;
    let errors = e.total_error(planes.gain)?;
    let noise = if args.subtract_background {
        progress.step("background");
        let (bkg, notes) = estimate_background(&e.image()?, background, &exec)?;
        e.notes.extend(notes);
        let rms = bkg.background_rms().mapv(Pixel::to_f64);
        bkg.subtract_from(&mut e.data)?;
        Sky::Map(rms)
    } else {
        progress.step("statistics");
        let s = sigma_clipped_stats(&e.image()?, &SigmaClip::default(), &exec)?;
        e.data.mapv_inplace(|v| T::from_f64(v.to_f64() - s.median));
        Sky::Level(s.std)
    };
    let image = match &errors {
        Some(err) => e.image_with_error(err)?,
        None => e.image()?,
    };
    let size = args.size.map_or((25, 25), |s| (s.0, s.1));
    let stars = match &args.positions {
        Some(text) => read_positions(text)?,
        None => bright_stars(&image, 0.0, &noise, section, size, args.psf_stars, &progress, &exec)?,
    };
    let options = EpsfOptions {
        size,
        oversampling: (args.oversampling, args.oversampling),
        max_iterations: args.max_passes,
        saturation: args.saturation,
        norm_radius: args.norm_radius,
        exec,
    };
    for n in &e.notes {
        progress.note(&format!("note: {n}"));
    }
    let grid = args.grid.unwrap_or(GridSize(1, 1));
    let results = cells(&image, &stars, grid, &options, &progress)?;
    let os = options.oversampling;
    let mut header = Header::new();
    header.set("SW_FILE", cmd::title(&e.file), "image the PSF was built from")?;
    header.set(
        "NSTARS",
        results.iter().map(|r| r.result.stars.n_good_cutouts()).sum::<usize>(),
        "stars used",
    )?;
    let (ny, nx) = results[0].result.epsf.data().dim();
    let mut data = Array3::zeros((results.len(), ny, nx));
    for (k, r) in results.iter().enumerate() {
        data.index_axis_mut(Axis(0), k).assign(&r.result.epsf.data());
    }
    let at: Vec<Point> = results.iter().map(|r| r.center).collect();
    if args.grid.is_some() {
        write_psf_grid(&args.output, data.view(), &at, os, header, global.force)?;
    } else {
        let epsf = &results[0].result.epsf;
        write_psf_image(&args.output, epsf.data(), os, epsf.origin(), header, global.force)?;
    }
    if let Some(path) = &args.stars {
        let mut table = results[0].result.star_table()?;
        for (k, r) in results.iter().enumerate().skip(1) {
            let more = r.result.star_table()?;
            table = stacked(&table, &more).with_context(|| format!("stars of cell {}", k + 1))?;
        }
        let parameters = serde_json::json!({
            "input": planes, "positions": args.positions, "size": [size.0, size.1], "oversampling": args.oversampling,
            "max-passes": args.max_passes, "grid": args.grid.map(|g| [g.0, g.1]), "saturation": args.saturation,
        });
        cmd::set_meta(&mut table, table_meta("epsf", &e.file, &e.sha256, &parameters));
        cmd::write_table(path, &table, global)?;
    }
    if let Some(path) = &args.plot {
        let round = |v: f64| (v * 10.0).round() / 10.0;
        let xs: Vec<f64> = at[..grid.0].iter().map(|p| round(p.x)).collect();
        let ys: Vec<f64> = at.iter().step_by(grid.0).map(|p| round(p.y)).collect();
        let config = PsfGridPlotConfig {
            title: Some(format!("effective PSF of {}", cmd::title(&e.file))),
            ..PsfGridPlotConfig::default()
        };
        cmd::save_picture(plot_psf_grid(data.view(), &xs, &ys, &config), path, global)?;
    }
    drop(progress);
    summary(&results, args, global)
}

/// The PSF of one cell of the grid.
struct Cell {
    center: Point,
    result: EpsfResult,
    rejected: usize,
}

fn cells<T: Pixel>(
    image: &Image<'_, T>,
    stars: &[Point],
    grid: GridSize,
    options: &EpsfOptions,
    progress: &Progress,
) -> anyhow::Result<Vec<Cell>> {
    let (ny, nx) = image.shape();
    let (width, height) = (nx as f64 / grid.0 as f64, ny as f64 / grid.1 as f64);
    let mut out = Vec::with_capacity(grid.0 * grid.1);
    for j in 0..grid.1 {
        for i in 0..grid.0 {
            let center = Point::new((i as f64 + 0.5) * width - 0.5, (j as f64 + 0.5) * height - 0.5);
            let inside: Vec<Point> = stars
                .iter()
                .copied()
                .filter(|p| {
                    let cell = |v: f64, size: f64, n: usize| (((v + 0.5) / size) as usize).min(n - 1);
                    (cell(p.x, width, grid.0), cell(p.y, height, grid.1)) == (i, j)
                })
                .collect();
            let name = format!("cell {} of {}", j * grid.0 + i + 1, grid.0 * grid.1);
            let (result, extracted) = build_epsf(image, &inside, options, |it| {
                progress.step(&format!("PSF of {name}: {} {}", it.stage.name(), it.number));
            })
            .with_context(|| format!("{name} ({} stars)", inside.len()))?;
            out.push(Cell { center, result, rejected: extracted.rejected.len() });
        }
    }
    Ok(out)
}

/// Two tables of the same columns, one below the other.
fn stacked(a: &skyphot::core::Table, b: &skyphot::core::Table) -> anyhow::Result<skyphot::core::Table> {
    use skyphot::core::{Column, ColumnData};
    let mut out = skyphot::core::Table::new();
    for (x, y) in a.columns().iter().zip(b.columns()) {
        let data: ColumnData = match (x.data(), y.data()) {
            (ColumnData::F64(p), ColumnData::F64(q)) => [&p[..], q].concat().into(),
            (ColumnData::I64(p), ColumnData::I64(q)) => [&p[..], q].concat().into(),
            (ColumnData::U32(p), ColumnData::U32(q)) => [&p[..], q].concat().into(),
            (ColumnData::Bool(p), ColumnData::Bool(q)) => [&p[..], q].concat().into(),
            (ColumnData::Str(p), ColumnData::Str(q)) => [&p[..], q].concat().into(),
            _ => anyhow::bail!("column {} changes its type", x.name()),
        };
        let mut column = Column::new(x.name(), data);
        column.unit = x.unit.clone();
        column.description = x.description.clone();
        out.push(column)?;
    }
    Ok(out)
}

fn summary(results: &[Cell], args: &EpsfCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let used: usize = results.iter().map(|r| r.result.stars.n_good_cutouts()).sum();
    let all: usize = results.iter().map(|r| r.result.stars.n_cutouts() + r.rejected).sum();
    let converged = results.iter().filter(|r| r.result.converged).count();
    let most = results.iter().map(|r| r.result.n_iterations).max().unwrap_or(0);
    if global.json {
        return output::json(&serde_json::json!({
            "file": args.input.file, "psfs": results.len(), "stars": all, "stars_used": used,
            "iterations": most, "converged": converged,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    let psfs = if results.len() == 1 { "PSF".to_owned() } else { format!("{} PSFs", results.len()) };
    output::text(&format!(
        "{}: {psfs} from {used} of {all} stars, {most} iterations, {converged} of {} converged\nwritten to {}\n",
        args.input.file,
        results.len(),
        args.output.display()
    ))
}
