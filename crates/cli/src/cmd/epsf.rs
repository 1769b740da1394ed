//! `skyphot epsf FILE`: a PSF from the stars of an image.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use skyphot::core::{Pixel, Point};
use skyphot::io::Header;
use skyphot::pipeline::spec::Shape;
use skyphot::pipeline::{
    BackgroundSection, BuiltPsf, DetectSection, EpsfOptions, Exposure, InputSection, PsfKind, StoredPixel,
    build_psf, estimate_background, load, psf_gallery, table_meta,
};
use skyphot::psf::{DaophotFunction, StarCatalog};
use skyphot::stats::{SigmaClip, sigma_clipped_stats};
use skyphot::with_exposure;

use crate::args::{BackgroundArgs, DetectArgs, GlobalArgs, InputArgs};
use crate::cmd::aperture::{read_positions, require_inside};
use crate::cmd::psf_stars::{Sky, StarArgs, cutout};
use crate::progress::Progress;
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Stars come from --positions, or else bright ones without neighbours are found. The sky is subtracted: the
two-dimensional background with --subtract-background, else the clipped median. The PSF is written as an
image with the keywords OVERSAMP, PSF_X0 and PSF_Y0; with --grid as a cube in the layout of STPSF; with
--daophot as keywords of the analytic core and a cube of the table. --psf of skyphot psf reads all of them.

The picture shows the PSF, the field with the stars used and turned down, the brightest stars used and
what is left of them, in units of their peaks.

Examples:
  skyphot epsf field.fits --subtract-background -o epsf.fits --plot epsf.png
  skyphot epsf field.fits --positions stars.ecsv --size 25 --oversampling 4 --stars report.ecsv -o epsf.fits
  skyphot epsf field.fits --grid 3,3 --psf-stars 900 -o grid.fits --plot grid.png
  skyphot epsf field.fits --daophot 1 --saturation 50000 -o daophot.fits --plot daophot.png")]
pub(crate) struct EpsfCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Stars: a catalogue with pixel positions, - for ECSV on standard input, or X,Y;X,Y;...
    #[arg(long, value_name = "CAT|X,Y;...", allow_hyphen_values = true, help_heading = "Stars for the PSF")]
    positions: Option<String>,
    #[command(flatten)]
    choice: StarArgs,
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
    #[arg(long, value_name = "NX,NY", help_heading = "PSF", conflicts_with = "daophot")]
    grid: Option<GridSize>,
    /// Part of its size by which a cell of --grid reaches into its neighbours for stars
    #[arg(long, value_name = "F", default_value_t = 0.25, requires = "grid", help_heading = "PSF")]
    overlap: f64,
    /// DAOPHOT's kind of PSF instead: an analytic core and a table of what it misses, constant over the image (0), linear
    /// (1) or quadratic (2) in the position
    #[arg(
        long,
        value_name = "DEGREE",
        num_args = 0..=1,
        default_missing_value = "0",
        value_parser = clap::value_parser!(u32).range(0..=2),
        help_heading = "PSF"
    )]
    daophot: Option<u32>,
    /// Its analytic function [default: the one that fits best]
    #[arg(
        long,
        value_parser = ["gaussian", "moffat15", "moffat25", "lorentz", "penny1", "penny2"],
        requires = "daophot",
        help_heading = "PSF"
    )]
    function: Option<String>,
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
    /// Table of all candidates to write: why a star was turned down, its residuals if it was used
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    stars: Option<PathBuf>,
    /// Picture of the PSF, the field, the stars used and their residuals: .png or .svg
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

impl EpsfCmd {
    fn kind(&self) -> PsfKind {
        match (self.grid, self.daophot) {
            (Some(GridSize(nx, ny)), _) => PsfKind::Grid { nx, ny },
            (None, Some(degree)) => {
                let function = self.function.as_deref().and_then(DaophotFunction::of_name);
                PsfKind::Daophot { function, degree }
            }
            (None, None) => PsfKind::Epsf,
        }
    }
}

pub(crate) fn run(args: &EpsfCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    args.input.planes.apply(&mut planes);
    let (mut section, mut background) = (DetectSection::default(), BackgroundSection::default());
    args.detect.apply(&mut section);
    args.background.apply(&mut background);
    let place = || format!("skyphot epsf {}", args.input.file);
    let positions = args.positions.as_deref().map(read_positions).transpose().with_context(place)?;
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => build(e, &planes, &section, &background, positions, args, global))
        .with_context(place)
}

fn build<T: StoredPixel>(
    mut e: Exposure<T>,
    planes: &InputSection,
    section: &DetectSection,
    background: &BackgroundSection,
    positions: Option<Vec<Point>>,
    args: &EpsfCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    let exec = global.exec()?;
    e.require_good_pixels()?;
    if let Some(p) = &positions {
        anyhow::ensure!(!p.is_empty(), "the positions have no row: a PSF needs stars");
        require_inside(p, e.data.dim(), &progress)?;
    }
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
    for n in &e.notes {
        progress.note(&format!("note: {n}"));
    }
    let size = cutout(args.size);
    let (catalog, selected) = match positions {
        Some(p) => (StarCatalog::at_pixels(p), None),
        None => {
            let s = args.choice.choose(&image, &noise, section, args.size, &progress, &exec)?;
            (s.catalog(), Some(s))
        }
    };
    let options = EpsfOptions {
        kind: args.kind(),
        size,
        oversampling: (args.oversampling, args.oversampling),
        max_iterations: args.max_passes,
        saturation: args.choice.saturation,
        norm_radius: args.norm_radius,
        overlap: args.overlap,
        exec,
    };
    let (built, extracted) =
        build_psf(&image, &catalog, &options, |what| progress.step(&format!("building the PSF: {what}")))?;
    let mut header = Header::new();
    header.set("SW_FILE", cmd::title(&e.file), "image the PSF was built from")?;
    header.set("NSTARS", built.n_used(), "stars used")?;
    built.write(&args.output, header, global.force)?;
    if let Some(path) = &args.stars {
        let mut table = match &selected {
            Some(s) => built.report(s)?,
            None => built.star_table()?,
        };
        let parameters = serde_json::json!({
            "input": planes, "positions": args.positions, "size": [size.0, size.1], "oversampling": args.oversampling,
            "max-passes": args.max_passes, "kind": options.kind.to_string(), "saturation": options.saturation,
        });
        cmd::set_meta(&mut table, table_meta("epsf", &e.file, &e.sha256, &parameters));
        cmd::write_table(path, &table, global)?;
    }
    if let Some(path) = &args.plot {
        progress.step("picture");
        let candidates = selected.as_ref().map_or(Vec::new(), |s| s.positions.clone());
        let title = format!("PSF of {}", cmd::title(&e.file));
        psf_gallery(&image, &built, &candidates, &title)?.save(path, global.force)?;
    }
    drop(progress);
    let all = selected.as_ref().map_or(catalog.len(), skyphot::psf::SelectedStars::len);
    summary(&built, (all, extracted.rejected.len()), args, global)
}

fn summary(
    built: &BuiltPsf,
    (all, rejected): (usize, usize),
    args: &EpsfCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let (psfs, converged) = match built {
        BuiltPsf::Epsf(r) => (1, Some(usize::from(r.converged))),
        BuiltPsf::Grid(g) => {
            let results = g.cells.iter().filter_map(|c| c.result.as_ref());
            (g.cells.len(), Some(results.filter(|r| r.converged).count()))
        }
        BuiltPsf::Daophot(_) => (1, None),
    };
    let rms = if let BuiltPsf::Daophot(d) = built { Some(d.rms) } else { None };
    if global.json {
        let tried: Option<Vec<_>> = match built {
            BuiltPsf::Daophot(d) => Some(d.tried.iter().map(|(f, r)| (f.name(), *r)).collect()),
            _ => None,
        };
        return output::json(&serde_json::json!({
            "file": args.input.file, "psf": built.description(), "psfs": psfs, "stars": all,
            "stars_used": built.n_used(), "not_extracted": rejected, "iterations": built.n_iterations(),
            "converged": converged, "rms": rms, "functions": tried,
        }));
    }
    if global.quiet {
        return Ok(());
    }
    let mut text = format!("{}: {} of {all} candidates", args.input.file, built.description());
    if let (Some(n), Some(c)) = (built.n_iterations(), converged) {
        text += &format!(", {n} iterations, {c} of {psfs} converged");
    }
    if let Some(rms) = rms {
        text += &format!(", rms residual {:.2} % of the peak", 100.0 * rms);
    }
    output::text(&format!("{text}\nwritten to {}\n", args.output.display()))
}
