//! `skyphot wcs FILE`: coordinates from pixels to the sky and back.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::json;
use skyphot::core::{Column, MetaValue, Point, SkyCoord, Table};
use skyphot::io::{FitsHdu, ImageHdu};
use skyphot::pipeline::{PIXEL_CONVENTION, positions_of};
use skyphot::wcs::SkyFrame;
use skyphot::wcs::sky::{format_dms, format_hms, parse_position};

use crate::args::GlobalArgs;
use crate::failure::Usage;
use crate::progress::Progress;
use crate::sky::{ImageWcs, sky_columns, sky_of};
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Pixels are 0-based: the centre of the first pixel is 0,0. Positions on the sky are ICRS unless --frame says otherwise, in
degrees or as 13:29:52.7,+47:11:43. Without an action the system is described.

Examples:
  skyphot wcs image.fits
  skyphot wcs image.fits --to-sky '100.5,200;310,42.25'
  skyphot wcs image.fits --to-pixel 13:29:52.7,+47:11:43
  skyphot wcs image.fits --table stars.ecsv -o stars_sky.ecsv      # x, y gain ra, dec
  skyphot wcs image.fits --table gaia.csv -o gaia_xy.csv           # ra, dec gain x, y
  skyphot wcs 'mosaic.fits[SCI,2]' --system A --to-sky 0,0 --frame galactic")]
pub(crate) struct WcsCmd {
    /// Image with a WCS or GWCS: FILE, FILE[EXT], FILE[EXT,VER] or FILE[2]; or cards in a text file such as SCAMP's .head
    file: String,
    /// Pixel positions to convert, 0-based
    #[arg(long, value_name = "X,Y;...", allow_hyphen_values = true, group = "action")]
    to_sky: Option<String>,
    /// Positions on the sky to convert: degrees, or hours and degrees with colons
    #[arg(long, value_name = "RA,DEC;...", allow_hyphen_values = true, group = "action")]
    to_pixel: Option<String>,
    /// Catalogue to convert, - for ECSV on standard input: with pixel positions it gains ra and dec, with ra and dec it
    /// gains x and y
    #[arg(long, value_name = "CAT", group = "action")]
    table: Option<String>,
    /// Write the system as a FITS header with SIP distortion, good to --max-error
    #[arg(long, value_name = "FILE", group = "action")]
    to_fits_sip: Option<PathBuf>,
    /// Largest error of --to-fits-sip over the image, pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 0.01, requires = "to_fits_sip")]
    max_error: f64,
    /// Frame of the positions on the sky
    #[arg(long, value_enum, default_value_t = Frame::Icrs)]
    frame: Frame,
    /// Alternate system of the header, A to Z
    #[arg(long, value_name = "LETTER")]
    system: Option<char>,
    /// Table to write with --table: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Frames to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Frame {
    /// International Celestial Reference System
    Icrs,
    /// FK5, equinox J2000
    Fk5,
    /// FK4, equinox B1950
    Fk4,
    /// Galactic longitude and latitude
    Galactic,
    /// Ecliptic longitude and latitude, J2000
    Ecliptic,
    /// That of the file
    Native,
}

impl Frame {
    fn sky_frame(self, native: SkyFrame) -> SkyFrame {
        match self {
            Self::Icrs => SkyFrame::Icrs,
            Self::Fk5 => SkyFrame::Fk5 { equinox: 2000.0 },
            Self::Fk4 => SkyFrame::Fk4 { equinox: 1950.0 },
            Self::Galactic => SkyFrame::Galactic,
            Self::Ecliptic => SkyFrame::Ecliptic { equinox: 2000.0 },
            Self::Native => native,
        }
    }
}

/// Names of longitude and latitude.
fn names(frame: SkyFrame) -> (&'static str, &'static str) {
    match frame {
        SkyFrame::Galactic => ("l", "b"),
        SkyFrame::Ecliptic { .. } => ("ecliptic_lon", "ecliptic_lat"),
        _ => ("ra", "dec"),
    }
}

pub(crate) fn run(args: &WcsCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot wcs {}", args.file);
    if let Some(k) = args.system.filter(|k| !k.is_ascii_alphabetic()) {
        return Err(Usage::error(format!("--system '{k}' is not a letter"), "--system A"));
    }
    // What was typed is looked at before the file is opened.
    let points = args.to_sky.as_deref().map(typed_pixels).transpose()?;
    let positions = args.to_pixel.as_deref().map(typed_positions).transpose()?;
    let wcs = ImageWcs::open(&args.file, args.system).with_context(place)?;
    let frame = args.frame.sky_frame(wcs.frame_or_icrs());
    let progress = Progress::new(global);
    for w in &wcs.warnings {
        progress.note(&format!("note: {w}"));
    }
    drop(progress);
    if let Some(points) = points {
        let sky = wcs.to_sky(&points, frame, &global.exec()?);
        return print(&points, &sky, frame, true, global);
    }
    if let Some(sky) = positions {
        let points = wcs.to_pixel(&sky, frame, &global.exec()?);
        return print(&points, &sky, frame, false, global);
    }
    if let Some(file) = &args.table {
        return table(&wcs, file, frame, args, global).with_context(place);
    }
    if let Some(out) = &args.to_fits_sip {
        return fits_sip(&wcs, out, args, global).with_context(place);
    }
    if global.json {
        return output::json(&json!({ "file": args.file, "wcs": wcs.summary().json() }));
    }
    output::text(&format!("{}\n{}", args.file, wcs.summary().text("")))
}

fn typed_pixels(text: &str) -> anyhow::Result<Vec<Point>> {
    let wrong =
        |t: &str| Usage::error(format!("'{t}' is not a pixel position"), "--to-sky '100.5,200;310,42'");
    let points: Vec<Point> = text
        .split(';')
        .filter(|t| !t.trim().is_empty())
        .map(|t| {
            let (x, y) = t.split_once(',').ok_or_else(|| wrong(t))?;
            match (x.trim().parse::<f64>(), y.trim().parse::<f64>()) {
                (Ok(x), Ok(y)) if x.is_finite() && y.is_finite() => Ok(Point::new(x, y)),
                _ => Err(wrong(t)),
            }
        })
        .collect::<anyhow::Result<_>>()?;
    if points.is_empty() { Err(wrong(text)) } else { Ok(points) }
}

fn typed_positions(text: &str) -> anyhow::Result<Vec<SkyCoord>> {
    let hint = "--to-pixel '202.4696,47.1952;13:29:52.7,+47:11:43'";
    let wrong = |t: &str| Usage::error(format!("'{t}' is not a position on the sky"), hint);
    let sky: Vec<SkyCoord> = text
        .split(';')
        .filter(|t| !t.trim().is_empty())
        .map(|t| {
            let s = parse_position(t).map_err(|_| wrong(t))?;
            if s.lon.is_finite() && s.lat.abs() <= 90.0 { Ok(s) } else { Err(wrong(t)) }
        })
        .collect::<anyhow::Result<_>>()?;
    if sky.is_empty() { Err(wrong(text)) } else { Ok(sky) }
}

/// One line per position.
fn print(
    points: &[Point],
    sky: &[SkyCoord],
    frame: SkyFrame,
    to_sky: bool,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let (lon, lat) = names(frame);
    if global.json {
        let list: Vec<_> = points
            .iter()
            .zip(sky)
            .map(|(p, s)| json!({ "x": p.x, "y": p.y, lon: s.lon, lat: s.lat }))
            .collect();
        return output::json(&json!({ "frame": frame.to_string(), "positions": list }));
    }
    let sexagesimal = lon == "ra";
    let mut text =
        format!("# x y {lon} {lat}{}  ({frame})\n", if sexagesimal { " ra_hms dec_dms" } else { "" });
    for (p, s) in points.iter().zip(sky) {
        let found = if to_sky { s.lon.is_finite() } else { p.is_finite() };
        if !found {
            let what = if to_sky { "not on the sky" } else { "not on the image plane" };
            let given = if to_sky { format!("{} {}", p.x, p.y) } else { format!("{} {}", s.lon, s.lat) };
            text += &format!("# {given}: {what}\n");
            continue;
        }
        text += &format!("{:.6} {:.6} {:.9} {:+.9}", p.x, p.y, s.lon, s.lat);
        if sexagesimal {
            text += &format!(" {} {}", format_hms(s.lon, 4), format_dms(s.lat, 3));
        }
        text.push('\n');
    }
    output::text(&text)
}

/// A catalogue with the other kind of positions.
fn table(
    wcs: &ImageWcs,
    file: &str,
    frame: SkyFrame,
    args: &WcsCmd,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let mut t = cmd::read_table(file).with_context(|| format!("reading the catalogue '{file}'"))?;
    let (lon, lat) = names(frame);
    let exec = global.exec()?;
    let pixels = positions_of(&t, file);
    let given =
        if t.has(lon) && t.has(lat) { Some((lon, lat)) } else { sky_columns(&t).filter(|_| lon == "ra") };
    let (n, lost) = match (pixels, given) {
        // Pixels are what was measured; sky columns that are there already are replaced.
        (Ok(points), _) => {
            let sky = wcs.to_sky(&points, frame, &exec);
            put(&mut t, lon, "deg", &frame.to_string(), sky.iter().map(|s| s.lon).collect())?;
            put(&mut t, lat, "deg", &frame.to_string(), sky.iter().map(|s| s.lat).collect())?;
            (sky.len(), sky.iter().filter(|s| !s.lon.is_finite()).count())
        }
        (Err(_), Some((a, b))) => {
            let points = wcs.to_pixel(&sky_of(&t, a, b)?, frame, &exec);
            put(&mut t, "x", "pix", PIXEL_CONVENTION, points.iter().map(|p| p.x).collect())?;
            put(&mut t, "y", "pix", PIXEL_CONVENTION, points.iter().map(|p| p.y).collect())?;
            (points.len(), points.iter().filter(|p| !p.is_finite()).count())
        }
        (Err(e), None) => {
            return Err(anyhow::Error::new(e).context(format!(
                "the catalogue has no pixel positions and no positions on the sky ({lon},{lat})"
            )));
        }
    };
    t.meta.set("wcs", args.file.clone());
    t.meta.set("wcs_kind", wcs.kind.clone());
    if t.meta.get("pixel_convention").is_none() {
        t.meta.set("pixel_convention", PIXEL_CONVENTION);
    }
    if !wcs.warnings.is_empty() {
        let list = wcs.warnings.iter().map(|w| MetaValue::Str(w.clone())).collect();
        t.meta.set("wcs_notes", MetaValue::List(list));
    }
    if lost > 0 {
        Progress::new(global).note(&format!("note: {lost} of {n} positions have no counterpart (NaN)"));
    }
    cmd::write_table(&args.output, &t, global)?;
    if global.json && args.output.as_os_str() != "-" {
        return output::json(&json!({ "file": args.file, "rows": n, "without_counterpart": lost }));
    }
    Ok(())
}

/// Sets or replaces a column.
fn put(t: &mut Table, name: &str, unit: &str, text: &str, values: Vec<f64>) -> anyhow::Result<()> {
    let column = Column::new(name, values).with_unit(unit).with_description(text);
    if t.has(name) {
        *t.column_mut(name)? = column;
    } else {
        t.push(column)?;
    }
    Ok(())
}

fn fits_sip(wcs: &ImageWcs, out: &Path, args: &WcsCmd, global: &GlobalArgs) -> anyhow::Result<()> {
    if !(args.max_error > 0.0 && args.max_error.is_finite()) {
        return Err(Usage::error(
            format!("--max-error {} is not a number of pixels > 0", args.max_error),
            "--max-error 0.01",
        ));
    }
    let fit = wcs.to_fits_sip(args.max_error)?;
    let (ny, nx) = wcs.shape.unwrap_or((0, 0));
    let mut header = fit.cards;
    header.add_comment(&format!(
        "TAN-SIP fitted to {} of {} x {} pixels: largest error {:.2e} pixels",
        wcs.kind, nx, ny, fit.max_error
    ));
    let hdu = ImageHdu { header, ..ImageHdu::default() };
    skyphot::io::write_fits(out, &[FitsHdu::Image(hdu)], global.force)?;
    if global.json {
        return output::json(&json!({
            "file": args.file, "output": out, "sip_order": fit.order, "max_error_px": fit.max_error,
        }));
    }
    output::text(&format!(
        "{}: TAN-SIP of order {}, largest error {:.2e} pixels over {nx} x {ny}\n",
        out.display(),
        fit.order,
        fit.max_error
    ))
}
