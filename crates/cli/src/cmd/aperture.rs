//! `skyphot aperture FILE`: photometry at given positions.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use ndarray::Array2;
use skyphot::aperture::{ApertureStats, NeighborMethod, Neighbors, PhotometryConfig, StatsConfig};
use skyphot::core::{Column, Exec, Image, Pixel, Point, Table};
use skyphot::pipeline::{
    ApertureSection, Exposure, InputSection, ShapeSpec, Shapes, SkyMap, Sources, add_sky_columns, load,
    measure_shapes, overlap_method, positions_of, shape_statistics, sky_in, table_meta,
};
use skyphot::plot::Color;
use skyphot::with_exposure;

use crate::args::{GlobalArgs, InputArgs, ShapeArgs, TableOutput};
use crate::cmd;
use crate::failure::Usage;
use crate::overlay::{Drawn, RED, draw_apertures};
use crate::progress::Progress;
use crate::regions::{place_regions, read_region_file};

/// Positions up to which the picture shows the annuli of the local background.
const MAX_DRAWN_ANNULI: usize = 1000;

#[derive(Debug, Args)]
#[command(after_help = "\
Fluxes are sums over the aperture in the unit of the image, less the local sky times the area
where --annulus or --local-background is given; without them the image should be free of
background. With several apertures the columns are numbered: flux_0, flux_1, ... in the order
circles, ellipses, rectangles.

Examples:
  skyphot aperture image.fits --positions stars.ecsv --circle 3,5 --annulus 20,25 -o phot.ecsv
  skyphot aperture image.fits --error 'image.fits[ERR]' --positions '100.5,200' --circle 0.5arcsec
  skyphot aperture image.fits --positions galaxies.ecsv --ellipse 3*a,3*b,theta --stats
  skyphot aperture image.fits --region apertures.reg --plot apertures.png -o phot.csv")]
pub(crate) struct ApertureCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Catalogue with pixel positions (x_centroid y_centroid, x_center y_center, x y ...), - for ECSV on standard
    /// input, or the positions themselves: X,Y;X,Y;...
    #[arg(
        long,
        value_name = "CAT|X,Y;...",
        allow_hyphen_values = true,
        required_unless_present = "region",
        help_heading = "Sources"
    )]
    positions: Option<String>,
    /// Region file (DS9 or CASA) whose shapes are measured; its points are positions for the other apertures, its
    /// excluded shapes (-circle ...) are bad pixels
    #[arg(long, value_name = "FILE", conflicts_with = "positions", help_heading = "Sources")]
    region: Option<PathBuf>,
    #[command(flatten)]
    shapes: ShapeArgs,
    /// Segmentation image: pixels of other sources are left out or replaced. The source of a position is the column
    /// label of the positions, or else the label of its pixel
    #[arg(long, value_name = "FILE[EXT]", help_heading = "Sources")]
    segmentation: Option<String>,
    /// What happens to pixels of other sources
    #[arg(long, value_enum, default_value_t = NeighborArg::Mask, requires = "segmentation", help_heading = "Sources")]
    neighbors: NeighborArg,
    /// Statistics of the pixels of every aperture besides: mean, median, scatter, centroid, shape
    #[arg(long, help_heading = "Output")]
    stats: bool,
    #[command(flatten)]
    table: TableOutput,
    /// Picture of the apertures on the image: .png or .svg
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NeighborArg {
    /// They are left out
    Mask,
    /// They take the values opposite to them about the position
    Correct,
    /// All but the pixels of the source are left out, the background too
    SourceOnly,
    /// The pixels of all sources are left out
    BackgroundOnly,
}

pub(crate) fn run(args: &ApertureCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let mut planes = InputSection::default();
    args.input.planes.apply(&mut planes);
    let request = Request::new(args)?;
    let place = || format!("skyphot aperture {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => photometry(e, &request, &planes, args, global)).with_context(place)
}

/// What is to be measured, as far as the image is not needed to know it.
struct Request {
    section: ApertureSection,
    specs: Vec<ShapeSpec>,
    annulus: Option<ShapeSpec>,
    positions: Vec<Point>,
    table: Option<Table>,
    regions: Option<skyphot::io::RegionFile>,
}

impl Request {
    fn new(args: &ApertureCmd) -> anyhow::Result<Self> {
        let mut section = ApertureSection::default();
        args.shapes.apply(&mut section);
        let mut specs = args.shapes.shapes()?;
        if specs.is_empty() && args.region.is_none() {
            specs = ShapeSpec::circles("3,5")?;
        }
        let (positions, table) = match &args.positions {
            Some(text) => read_sources(text)?,
            None => (Vec::new(), None),
        };
        let regions = args.region.as_deref().map(read_region_file).transpose()?;
        Ok(Self { section, specs, annulus: args.shapes.annulus()?, positions, table, regions })
    }
}

/// Positions as typed, or those of a catalogue.
pub(crate) fn read_positions(text: &str) -> anyhow::Result<Vec<Point>> {
    Ok(read_sources(text)?.0)
}

/// Positions as typed, or those of a catalogue and the catalogue itself.
pub(crate) fn read_sources(text: &str) -> anyhow::Result<(Vec<Point>, Option<Table>)> {
    let typed: Option<Vec<Point>> = text
        .split(';')
        .filter(|t| !t.trim().is_empty())
        .map(|t| {
            let (x, y) = t.split_once(',')?;
            Some(Point::new(x.trim().parse().ok()?, y.trim().parse().ok()?))
        })
        .collect();
    match typed {
        Some(p) if !p.is_empty() => {
            if p.iter().all(|p| p.is_finite()) {
                Ok((p, None))
            } else {
                Err(Usage::error(
                    format!("a position of '{text}' is not finite"),
                    "--positions '100.5,200;310,42'",
                ))
            }
        }
        _ if text.trim().is_empty() => {
            Err(Usage::error("no positions", "--positions CATALOGUE or --positions '100.5,200;310,42'"))
        }
        _ => {
            let table = cmd::read_table(text)
                .with_context(|| format!("reading the positions '{text}' (a catalogue, or X,Y;X,Y;...)"))?;
            Ok((positions_of(&table, text)?, Some(table)))
        }
    }
}

/// The apertures of one run and where they are.
struct Placed {
    positions: Vec<Point>,
    shapes: Vec<Shapes>,
    names: Option<Vec<String>>,
}

fn photometry<T: Pixel>(
    mut e: Exposure<T>,
    request: &Request,
    planes: &InputSection,
    args: &ApertureCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    progress.step("photometry");
    let exec = global.exec()?;
    e.require_good_pixels()?;
    let sky = e.sky.clone();
    let placed = place(&mut e, request, args, sky.as_ref(), &progress)?;
    let positions = &placed.positions;
    require_inside(positions, e.data.dim(), &progress)?;
    let none = (0..positions.len()).filter(|&i| placed.shapes.iter().any(|s| s.at(i).is_none())).count();
    if none > 0 {
        progress
            .note(&format!("note: {none} of {} sources have sizes that make no aperture", positions.len()));
    }
    let errors = e.total_error(planes.gain)?;
    let image = match &errors {
        Some(err) => e.image_with_error(err)?,
        None => e.image()?,
    };
    let sources = Sources { positions, table: request.table.as_ref(), sky: sky.as_ref() };
    let local = match (&request.annulus, &args.shapes.local_background) {
        (Some(spec), _) => {
            let shapes = spec.resolve(&sources)?;
            Some((sky_in(&image, positions, &shapes, &request.section, &exec)?, Some(shapes)))
        }
        (None, Some(text)) => Some((sources.values(text)?, None)),
        (None, None) => None,
    };
    let background = local.as_ref().map(|(v, _)| v.clone());
    let method = overlap_method(&request.section.method)?;
    let config = PhotometryConfig {
        method,
        local_background: background.clone(),
        exec: exec.clone(),
        ..PhotometryConfig::default()
    };
    let segmentation =
        args.segmentation.as_deref().map(|f| labels(f, positions, request, e.data.dim())).transpose()?;
    let neighbors = segmentation.as_ref().map(|(pixels, of)| {
        let method = match args.neighbors {
            NeighborArg::Mask => NeighborMethod::Mask,
            NeighborArg::Correct => NeighborMethod::Correct,
            NeighborArg::SourceOnly => NeighborMethod::SourceOnly,
            NeighborArg::BackgroundOnly => NeighborMethod::BackgroundOnly,
        };
        Neighbors::new(pixels.view(), of, method)
    });
    let mut table = measure_shapes(&image, positions, &placed.shapes, neighbors.as_ref(), &config)?;
    if args.stats {
        let config = StatsConfig {
            sum_method: method,
            local_background: background,
            unit: e.unit.clone(),
            exec: exec.clone(),
            ..StatsConfig::default()
        };
        add_statistics(&mut table, &image, &placed, neighbors.as_ref(), &config)?;
    }
    if let Some(names) = &placed.names {
        table.insert(1, Column::new("name", names.clone()).with_description("text of the region"))?;
    }
    finish(&mut table, &e, request, planes, args, positions, &exec, &progress)?;
    drop(progress);
    cmd::write_table(&args.table.output, &table, global)?;
    if let Some(path) = &args.plot {
        let annulus = local.and_then(|(_, shapes)| shapes);
        let mut drawn: Vec<Drawn<'_>> =
            placed.shapes.iter().map(|shapes| Drawn { shapes, color: RED }).collect();
        // Those of a crowded field would hide it.
        if positions.len() <= MAX_DRAWN_ANNULI {
            drawn.extend(annulus.as_ref().map(|shapes| Drawn { shapes, color: Color::DODGER_BLUE }));
        }
        let names =
            placed.names.clone().unwrap_or_else(|| (1..=positions.len()).map(|i| i.to_string()).collect());
        draw_apertures(&image, positions, &drawn, names, path, &args.input.file, global)?;
    }
    Ok(())
}

/// Positions and apertures on the image; excluded regions go into its mask.
fn place<T: Pixel>(
    e: &mut Exposure<T>,
    request: &Request,
    args: &ApertureCmd,
    sky: Option<&SkyMap>,
    progress: &Progress,
) -> anyhow::Result<Placed> {
    let resolve = |positions: &[Point]| -> anyhow::Result<Vec<Shapes>> {
        let sources = Sources { positions, table: request.table.as_ref(), sky };
        Ok(request
            .specs
            .iter()
            .map(|s| s.resolve(&sources))
            .collect::<skyphot::pipeline::Result<Vec<_>>>()?)
    };
    let (Some(file), Some(path)) = (&request.regions, &args.region) else {
        let shapes = resolve(&request.positions)?;
        return Ok(Placed { positions: request.positions.clone(), shapes, names: None });
    };
    let regions = place_regions(file, path, e, progress);
    regions.exclude(&mut e.mask, e.data.dim());
    let named = |names: &[Option<String>]| {
        names
            .iter()
            .any(Option::is_some)
            .then(|| names.iter().map(|n| n.clone().unwrap_or_default()).collect())
    };
    match (request.specs.is_empty(), regions.shapes.is_empty(), regions.points.is_empty()) {
        (true, false, points) => {
            if !points {
                let n = regions.points.len();
                progress.note(&format!("note: {n} points are left out (--circle would measure them)"));
            }
            let names = named(&regions.names);
            let shapes = vec![Shapes::Each(regions.shapes.into_iter().map(Some).collect())];
            Ok(Placed { positions: regions.positions, shapes, names })
        }
        (false, shapes, false) => {
            if !shapes {
                let n = regions.shapes.len();
                progress.note(&format!(
                    "note: {n} shapes are left out (without --circle, --ellipse they are measured)"
                ));
            }
            let shapes = resolve(&regions.points)?;
            Ok(Placed { shapes, names: named(&regions.point_names), positions: regions.points })
        }
        (false, false, true) => {
            // Named apertures at the centres of the shapes.
            let shapes = resolve(&regions.positions)?;
            Ok(Placed { shapes, names: named(&regions.names), positions: regions.positions })
        }
        (true, true, false) => Err(Usage::error(
            format!("{} has points only, and no aperture was named for them", path.display()),
            "--circle 3 (or --ellipse, --rectangle)",
        )),
        (_, true, true) => anyhow::bail!("{} has no region that can be put on the image", path.display()),
    }
}

/// Labels of the pixels and of the positions.
fn labels(
    file: &str,
    positions: &[Point],
    request: &Request,
    shape: (usize, usize),
) -> anyhow::Result<(Array2<i32>, Vec<i32>)> {
    let pixels = skyphot::io::read_image::<f64>(file)
        .with_context(|| format!("reading the segmentation image {file}"))?
        .data
        .mapv(|v| v as i32);
    anyhow::ensure!(
        pixels.dim() == shape,
        "the segmentation image {file} has shape {:?} (ny, nx), but the image has shape {shape:?}",
        pixels.dim()
    );
    let of = match request.table.as_ref().filter(|t| t.has("label")) {
        Some(t) => t.f64("label")?.iter().map(|v| *v as i32).collect(),
        None => positions
            .iter()
            .map(|p| {
                let (x, y) = (p.x.round(), p.y.round());
                let inside = x >= 0.0 && y >= 0.0;
                inside.then(|| pixels.get((y as usize, x as usize)).copied()).flatten().unwrap_or(0)
            })
            .collect(),
    };
    Ok((pixels, of))
}

/// Columns of [`ApertureStats`] for every aperture, but for the sums that are there already.
fn add_statistics<T: Pixel>(
    table: &mut Table,
    image: &Image<'_, T>,
    placed: &Placed,
    neighbors: Option<&Neighbors<'_>>,
    config: &StatsConfig,
) -> anyhow::Result<()> {
    let flags_at = table.names().iter().position(|n| n.starts_with("flags")).unwrap_or(table.n_columns());
    let mut at = flags_at;
    for (k, shapes) in placed.shapes.iter().enumerate() {
        let found = shape_statistics(image, &placed.positions, shapes, neighbors, config)?;
        let numbered = format!("flags_{k}");
        for name in [numbered.as_str(), "flags"] {
            let Some(place) = table.names().iter().position(|n| *n == name) else { continue };
            let bits = table.remove(name)?.to_i64()?;
            let bits: Vec<i64> =
                bits.iter().zip(&found.flags).map(|(b, f)| b | i64::from(f.bits())).collect();
            table.insert(place, Column::new(name, bits).with_description("quality, see the metadata"))?;
        }
        let stats = found.to_table();
        for name in ApertureStats::DEFAULT_COLUMNS
            .iter()
            .filter(|n| !matches!(**n, "sum" | "sum_err" | "sum_aper_area"))
        {
            let column = stats.column(name)?.clone();
            let name = if placed.shapes.len() > 1 { format!("{name}_{k}") } else { (*name).to_owned() };
            table.insert(at, column.renamed(name))?;
            at += 1;
        }
    }
    Ok(())
}

/// Sky columns, metadata and units.
fn finish<T: Pixel>(
    table: &mut Table,
    e: &Exposure<T>,
    request: &Request,
    planes: &InputSection,
    args: &ApertureCmd,
    positions: &[Point],
    exec: &Exec,
    progress: &Progress,
) -> anyhow::Result<()> {
    add_sky_columns(table, e.sky.as_ref(), positions, exec)?;
    for n in &e.notes {
        progress.note(&format!("note: {n}"));
    }
    let parameters = serde_json::json!({
        "input": planes, "positions": args.positions, "region": args.region,
        "apertures": request.specs, "annulus": request.annulus,
        "annulus-stat": request.section.annulus_stat, "annulus-clip": request.section.annulus_clip,
        "local-background": args.shapes.local_background, "method": request.section.method,
        "segmentation": args.segmentation,
    });
    cmd::set_meta(table, table_meta("aperture", &e.file, &e.sha256, &parameters));
    if let Some(unit) = &e.unit {
        let names: Vec<String> = table.names().iter().map(|n| (*n).to_owned()).collect();
        for n in names.iter().filter(|n| n.starts_with("flux") || *n == "local_bkg") {
            table.column_mut(n)?.unit.get_or_insert_with(|| unit.clone());
        }
    }
    Ok(())
}

/// An error if no position lies on the image, a note if some do not.
pub(crate) fn require_inside(
    positions: &[Point],
    (ny, nx): (usize, usize),
    progress: &Progress,
) -> anyhow::Result<()> {
    let outside = positions
        .iter()
        .filter(|p| !(p.x >= -0.5 && p.y >= -0.5 && p.x <= nx as f64 - 0.5 && p.y <= ny as f64 - 0.5))
        .count();
    if outside > 0 && outside == positions.len() {
        anyhow::bail!(
            "none of the {outside} positions lies on the image of {nx} x {ny} pixels (positions are 0-based pixels)"
        );
    }
    if outside > 0 {
        progress.note(&format!("note: {outside} of {} positions lie outside the image", positions.len()));
    }
    Ok(())
}
