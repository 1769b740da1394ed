//! `skyphot aperture FILE`: photometry at given positions.

use anyhow::Context;
use clap::Args;
use skyphot::core::{Pixel, Point};
use skyphot::pipeline::{
    ApertureSection, Exposure, InputSection, add_sky_columns, load, measure, positions_of, table_meta,
};
use skyphot::with_exposure;

use crate::args::{ApertureArgs, GlobalArgs, InputArgs, TableOutput};
use crate::cmd;
use crate::failure::Usage;
use crate::progress::Progress;

#[derive(Debug, Args)]
#[command(after_help = "\
Fluxes are sums over the circle in the unit of the image, less local_bkg times the area where --annulus is given.
Without --annulus the image should be free of background.

Examples:
  skyphot aperture image.fits --positions stars.ecsv --circle 3,5 --annulus 20,25 -o phot.ecsv
  skyphot aperture image.fits --error 'image.fits[ERR]' --positions '100.5,200;310,42.25' --circle 4")]
pub(crate) struct ApertureCmd {
    #[command(flatten)]
    input: InputArgs,
    /// Catalogue with pixel positions (x_centroid y_centroid, x_center y_center, x y ...), - for ECSV on standard
    /// input, or the positions themselves: X,Y;X,Y;...
    #[arg(long, value_name = "CAT|X,Y;...", allow_hyphen_values = true)]
    positions: String,
    #[command(flatten)]
    aperture: ApertureArgs,
    #[command(flatten)]
    table: TableOutput,
}

pub(crate) fn run(args: &ApertureCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let (mut planes, mut section) = (InputSection::default(), ApertureSection::default());
    args.input.planes.apply(&mut planes);
    args.aperture.apply(&mut section);
    let positions = read_positions(&args.positions)?;
    let place = || format!("skyphot aperture {}", args.input.file);
    let any = load(&args.input.file, &planes).with_context(place)?;
    with_exposure!(any, e => photometry(&e, &positions, &planes, &section, args, global)).with_context(place)
}

/// Positions as typed, or those of a catalogue.
pub(crate) fn read_positions(text: &str) -> anyhow::Result<Vec<Point>> {
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
                Ok(p)
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
            Ok(positions_of(&table, text)?)
        }
    }
}

fn photometry<T: Pixel>(
    e: &Exposure<T>,
    positions: &[Point],
    planes: &InputSection,
    section: &ApertureSection,
    args: &ApertureCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let progress = Progress::new(global);
    progress.step("photometry");
    e.require_good_pixels()?;
    require_inside(positions, e.data.dim(), &progress)?;
    let errors = e.total_error(planes.gain)?;
    let mut table = match &errors {
        Some(err) => measure(&e.image_with_error(err)?, positions, section, &global.exec()?)?,
        None => measure(&e.image()?, positions, section, &global.exec()?)?,
    };
    add_sky_columns(&mut table, e.sky.as_ref(), positions, &global.exec()?)?;
    for n in &e.notes {
        progress.note(&format!("note: {n}"));
    }
    let parameters = serde_json::json!({
        "input": planes, "aperture": section, "positions": args.positions,
    });
    let own = std::mem::replace(&mut table.meta, table_meta("aperture", &e.file, &e.sha256, &parameters));
    for (k, v) in own.iter() {
        if table.meta.get(k).is_none() {
            table.meta.set(k, v.clone());
        }
    }
    if let Some(unit) = &e.unit {
        let names: Vec<String> = table.names().iter().map(|n| (*n).to_owned()).collect();
        for n in names.iter().filter(|n| n.starts_with("flux") || *n == "local_bkg") {
            table.column_mut(n)?.unit.get_or_insert_with(|| unit.clone());
        }
    }
    drop(progress);
    cmd::write_table(&args.table.output, &table, global)
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
