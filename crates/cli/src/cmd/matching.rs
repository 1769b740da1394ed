//! `skyphot match A B`: counterparts in another catalogue.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use skyphot::core::{Column, Exec, Point, SkyCoord, Table};
use skyphot::pipeline::{checksum, positions_of, table_meta};
use skyphot::wcs::sky::{
    CatalogMatch, CrossMatchConfig, cross_match_sky, cross_match_xy, match_to_catalog_sky,
    match_to_catalog_xy,
};

use crate::args::GlobalArgs;
use crate::failure::Usage;
use crate::progress::Progress;
use crate::sky::{sky_column_names, sky_columns, sky_of};
use crate::{cmd, output};

#[derive(Debug, Args)]
#[command(after_help = "\
Each row of A is joined with the nearest row of B within --radius; rows without one are left out. The table has the columns
of A, those of B (with _2 where A has the name too), separation (arcsec, or pix with --radius 1.5px), and ambiguous: more
than one row of B lies within the radius. A row of B may be joined with several rows of A unless --mutual is given.

Examples:
  skyphot match stars.ecsv gaia.csv --radius 0.5arcsec -o matched.ecsv
  skyphot match stars.ecsv catalog.fits --radius 1arcsec --mutual --columns 'ra,dec;RAJ2000,DEJ2000' -o matched.fits
  skyphot match a.ecsv b.ecsv --radius 1.5px --nth 2")]
pub(crate) struct MatchArgs {
    /// First catalogue, - for ECSV on standard input
    a: String,
    /// Second catalogue
    b: String,
    /// Largest separation, with its unit: arcsec, arcmin, deg, mas, or px to match pixel positions
    #[arg(long, value_name = "0.5arcsec")]
    radius: Radius,
    /// The N-th nearest instead of the nearest row of B
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    nth: u32,
    /// Only pairs in which each is the nearest of the other
    #[arg(long, conflicts_with = "nth")]
    mutual: bool,
    /// Columns with the positions (degrees; pixels with --radius in px), for B after a semicolon where they have other
    /// names [default: ra,dec and other usual names; x_centroid,y_centroid ...]
    #[arg(long, value_name = "RA,DEC[;RA,DEC]")]
    columns: Option<String>,
    /// Table to write: .ecsv .fits .csv .parquet .vot .xml, or - for ECSV on standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// A radius with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Radius {
    /// Arcseconds on the sky.
    Sky(f64),
    /// Pixels in the plane.
    Pixels(f64),
}

impl FromStr for Radius {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let t = text.trim();
        let at =
            t.find(|c: char| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E') || c == '"' || c == '\'');
        let (number, unit) = t.split_at(at.unwrap_or(t.len()));
        let v: f64 = number.trim().parse().map_err(|_| format!("'{text}' is not a number with a unit"))?;
        if !(v > 0.0 && v.is_finite()) {
            return Err("expected a radius > 0".to_owned());
        }
        match unit.trim() {
            "arcsec" | "as" | "\"" => Ok(Self::Sky(v)),
            "arcmin" | "am" | "'" => Ok(Self::Sky(v * 60.0)),
            "deg" | "d" => Ok(Self::Sky(v * 3600.0)),
            "mas" => Ok(Self::Sky(v / 1000.0)),
            "px" | "pix" => Ok(Self::Pixels(v)),
            "" => Err(format!("{v} of what? Give a unit: {v}arcsec or {v}px")),
            u => Err(format!("unknown unit '{u}': expected arcsec, arcmin, deg, mas or px")),
        }
    }
}

/// Positions of both catalogues.
enum Positions {
    Sky(Vec<SkyCoord>, Vec<SkyCoord>),
    Plane(Vec<Point>, Vec<Point>),
}

pub(crate) fn run(args: &MatchArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    let place = || format!("skyphot match {} {}", args.a, args.b);
    let (columns_a, columns_b) = columns(args.columns.as_deref())?;
    let a = cmd::read_table(&args.a).with_context(|| format!("reading '{}'", args.a))?;
    let b = cmd::read_table(&args.b).with_context(|| format!("reading '{}'", args.b))?;
    let exec = global.exec()?;
    let positions = match args.radius {
        Radius::Sky(_) => Positions::Sky(on_sky(&a, &args.a, &columns_a)?, on_sky(&b, &args.b, &columns_b)?),
        Radius::Pixels(_) => {
            Positions::Plane(in_plane(&a, &args.a, &columns_a)?, in_plane(&b, &args.b, &columns_b)?)
        }
    };
    let found = matched(&positions, args, &exec).with_context(place)?;
    let rows: Vec<usize> = (0..a.n_rows()).filter(|i| found.index[*i].is_some()).collect();
    let partners: Vec<usize> = rows.iter().filter_map(|i| found.index[*i]).collect();
    let separations: Vec<f64> = rows.iter().map(|i| found.separation[*i]).collect();
    let ambiguous: Vec<bool> = rows.iter().map(|i| found.ambiguous[*i]).collect();

    let mut joined = a.take(&rows);
    for column in b.take(&partners).columns() {
        let mut name = column.name().to_owned();
        let mut k = 2;
        while joined.has(&name) {
            name = format!("{}_{k}", column.name());
            k += 1;
        }
        joined.push(column.clone().renamed(name))?;
    }
    let unit = if matches!(args.radius, Radius::Sky(_)) { "arcsec" } else { "pix" };
    let n_ambiguous = ambiguous.iter().filter(|v| **v).count();
    for (name, column) in [
        ("separation", Column::new("separation", separations.clone()).with_unit(unit)),
        (
            "ambiguous",
            Column::new("ambiguous", ambiguous).with_description("other rows of B lie within the radius too"),
        ),
    ] {
        if joined.has(name) {
            joined.remove(name)?;
        }
        joined.push(column)?;
    }
    let sum = |file: &str| if file == "-" { Ok(String::new()) } else { checksum(file.as_ref()) };
    let parameters = json!({
        "a": args.a, "b": args.b, "b_sha256": sum(&args.b)?, "radius": separation_text(args.radius), "nth": args.nth,
        "mutual": args.mutual, "columns": args.columns,
    });
    joined.meta = table_meta("match", &args.a, &sum(&args.a)?, &parameters);
    cmd::write_table(&args.output, &joined, global)?;
    let median = median(&separations);
    if global.json && args.output.as_os_str() != "-" {
        return output::json(&json!({
            "a": args.a, "b": args.b, "rows_a": a.n_rows(), "rows_b": b.n_rows(), "matched": rows.len(),
            "ambiguous": n_ambiguous, "median_separation": median, "separation_unit": unit,
        }));
    }
    let note = match median {
        Some(m) => format!(", median separation {m:.4} {unit}"),
        None => String::new(),
    };
    let text = format!(
        "{} of {} rows of {} matched with {} rows of {}, {n_ambiguous} ambiguous{note}",
        rows.len(),
        a.n_rows(),
        args.a,
        b.n_rows(),
        args.b
    );
    if args.output.as_os_str() == "-" {
        Progress::new(global).note(&format!("note: {text}"));
        return Ok(());
    }
    if global.quiet { Ok(()) } else { output::text(&format!("{text}\n")) }
}

fn separation_text(r: Radius) -> String {
    match r {
        Radius::Sky(v) => format!("{v} arcsec"),
        Radius::Pixels(v) => format!("{v} px"),
    }
}

/// Names of the position columns of A and B.
type Names = Option<(String, String)>;

fn columns(text: Option<&str>) -> anyhow::Result<(Names, Names)> {
    let Some(text) = text else { return Ok((None, None)) };
    let pair = |t: &str| -> anyhow::Result<Names> {
        match t.split(',').map(str::trim).collect::<Vec<_>>()[..] {
            [x, y] if !x.is_empty() && !y.is_empty() => Ok(Some((x.to_owned(), y.to_owned()))),
            _ => Err(Usage::error(
                format!("--columns '{text}' is not a pair of names"),
                "--columns ra,dec or --columns 'ra,dec;RAJ2000,DEJ2000'",
            )),
        }
    };
    let (a, b) = text.split_once(';').unwrap_or((text, text));
    Ok((pair(a)?, pair(b)?))
}

fn on_sky(t: &Table, file: &str, names: &Names) -> anyhow::Result<Vec<SkyCoord>> {
    if let Some((lon, lat)) = names {
        return sky_of(t, lon, lat).with_context(|| format!("the positions of '{file}'"));
    }
    let Some((lon, lat)) = sky_columns(t) else {
        anyhow::bail!(
            "'{file}' has no positions on the sky: expected {}, found {} (--columns names them; skyphot wcs IMAGE --table \
             adds ra and dec to pixel positions)",
            sky_column_names(),
            t.names().join(", ")
        );
    };
    sky_of(t, lon, lat).with_context(|| format!("the positions of '{file}'"))
}

fn in_plane(t: &Table, file: &str, names: &Names) -> anyhow::Result<Vec<Point>> {
    match names {
        Some((x, y)) => {
            let (x, y) = (t.f64(x)?, t.f64(y)?);
            Ok(x.into_iter().zip(y).map(|(x, y)| Point::new(x, y)).collect())
        }
        None => Ok(positions_of(t, file)?),
    }
}

/// The matches within the radius.
fn matched(positions: &Positions, args: &MatchArgs, exec: &Exec) -> anyhow::Result<CatalogMatch> {
    let (in_degrees, limit) = match args.radius {
        Radius::Sky(v) => (true, v),
        Radius::Pixels(v) => (false, v),
    };
    let to_unit = if in_degrees { 3600.0 } else { 1.0 };
    let nth = args.nth as usize;
    let config = |radius: f64| CrossMatchConfig { radius, mutual: args.mutual, exec: exec.clone() };
    let mut m = match positions {
        Positions::Sky(a, b) if nth == 1 => cross_match_sky(a, b, &config(limit / 3600.0))?,
        Positions::Plane(a, b) if nth == 1 => cross_match_xy(a, b, &config(limit))?,
        Positions::Sky(a, b) => match_to_catalog_sky(a, b, nth, exec)?,
        Positions::Plane(a, b) => match_to_catalog_xy(a, b, nth, exec)?,
    };
    for i in 0..m.index.len() {
        m.separation[i] *= to_unit;
        if m.separation[i] <= limit * (1.0 + 1e-12) {
            // A farther neighbour within the radius is never the only one.
            m.ambiguous[i] |= nth > 1;
        } else {
            m.index[i] = None;
        }
    }
    Ok(m)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    v.get(v.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii() {
        assert_eq!("0.5arcsec".parse(), Ok(Radius::Sky(0.5)));
        assert_eq!("2 arcmin".parse(), Ok(Radius::Sky(120.0)));
        assert_eq!("1e-3deg".parse(), Ok(Radius::Sky(3.6)));
        assert_eq!("1.5px".parse(), Ok(Radius::Pixels(1.5)));
        assert_eq!("3\"".parse(), Ok(Radius::Sky(3.0)));
        for bad in ["1", "arcsec", "-1px", "0px", "3 parsec", "nanpx"] {
            assert!(bad.parse::<Radius>().is_err(), "{bad}");
        }
    }
}
