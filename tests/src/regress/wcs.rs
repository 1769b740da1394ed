//! World coordinate systems against astropy: every header of the test data and of astropy's own tests.

use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use skyphot::core::testing::test_data;
use skyphot::core::{Exec, HeaderView, Point, SkyCoord};
use skyphot::io::{FitsFile, Header};
use skyphot::pipeline::fits_wcs;
use skyphot::wcs::{LookupKind, LookupReference, LookupTable, LookupTables, Wcs};

use super::scene::numbers;
use super::{Error, Tally};

/// One system of a header, and how far it is from astropy's.
#[derive(Debug, Clone)]
pub struct HeaderRow {
    /// File and HDU.
    pub name: String,
    /// Alternate system, empty for the primary one.
    pub key: String,
    /// Three-letter code of the header, and the projection behind it where that is another; empty without a sky.
    pub projection: String,
    /// Distortions that are applied.
    pub distortion: String,
    /// Largest difference of pixel-to-sky, degrees on the sky.
    pub sky: f64,
    /// Largest difference of sky-to-pixel, pixels.
    pub pixel: f64,
    /// Largest error of there and back, pixels.
    pub round_trip: f64,
    /// Why nothing could be compared, or what else there is to know.
    pub note: String,
}

impl HeaderRow {
    /// The projection is evaluated in single precision by wcslib.
    #[must_use]
    pub fn is_csc(&self) -> bool {
        self.projection == "CSC"
    }
}

/// Folder of the fixtures.
pub(super) fn fixture(name: &str) -> Result<Value, Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/regress/fixtures/wcs").join(name);
    Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
}

pub(super) fn compare(tally: &mut Tally) -> Result<(), Error> {
    for row in headers()? {
        if row.projection.is_empty() {
            continue;
        }
        let csc = if row.is_csc() { " (CSC)" } else { "" };
        let (sky, pixel, trip) = if row.is_csc() { (2e-5, 1e-3, 0.5) } else { (1e-9, 1e-6, 1e-8) };
        tally.absolute(&format!("headers, pixel to sky, deg{csc}"), sky, &[row.sky], &[0.0]);
        tally.absolute(&format!("headers, sky to pixel, px{csc}"), pixel, &[row.pixel], &[0.0]);
        tally.absolute(&format!("headers, there and back, px{csc}"), trip, &[row.round_trip], &[0.0]);
    }
    Ok(())
}

/// Compares every header that is there; those of files are left out without the test data.
///
/// # Errors
/// A fixture that cannot be read, or a header that cannot be used although astropy does.
pub fn headers() -> Result<Vec<HeaderRow>, Error> {
    let all = fixture("headers.json")?;
    let mut rows = Vec::new();
    for case in all["cases"].as_array().into_iter().flatten() {
        let name = case["name"].as_str().unwrap_or_default().to_owned();
        if let Some(row) = one(&name, case).map_err(|e| format!("{name}: {e}"))? {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The table of `docs/accuracy.md`. Differences are rounded up to a power of ten, so that they do not depend on the machine.
#[must_use]
pub fn header_table(rows: &[HeaderRow]) -> String {
    let mut out = String::from(
        "| header | system | projection | distortion | to sky, deg | to pixel, px | round trip, px | note |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for r in rows {
        let key = if r.key.is_empty() { "-" } else { &r.key };
        let numbers = if r.projection.is_empty() {
            ["-", "-", "-"].map(str::to_owned)
        } else {
            [r.sky, r.pixel, r.round_trip].map(decade)
        };
        let [a, b, c] = numbers;
        let text = |s: &str| if s.is_empty() { "-".to_owned() } else { s.replace('|', "/") };
        out += &format!(
            "| {} | {key} | {} | {} | {a} | {b} | {c} | {} |\n",
            r.name,
            text(&r.projection),
            text(&r.distortion),
            text(&r.note)
        );
    }
    out
}

/// The next power of ten, at least 1e-12.
fn decade(v: f64) -> String {
    if v.is_finite() { format!("1e{}", v.max(1e-12).log10().ceil()) } else { "none".to_owned() }
}

fn one(name: &str, case: &Value) -> Result<Option<HeaderRow>, Error> {
    let key = case["key"].as_str().unwrap_or_default();
    let Some(made) = read(name, case, key.chars().next())? else { return Ok(None) };
    let mut row = HeaderRow {
        name: name.to_owned(),
        key: key.to_owned(),
        projection: String::new(),
        distortion: String::new(),
        sky: f64::NAN,
        pixel: f64::NAN,
        round_trip: f64::NAN,
        note: String::new(),
    };
    if let Some(e) = case["error"].as_str() {
        let ours =
            made.map_or_else(|e| format!("here: {e}"), |_| "here that axis is not looked at".to_owned());
        row.note = format!("astropy: {e}; {ours}");
        return Ok(Some(row));
    }
    if case.get("linear").is_some() {
        return match made {
            Err(e) => {
                row.note = e.to_string().split(':').next().unwrap_or_default().to_owned();
                Ok(Some(row))
            }
            Ok(_) => Err("astropy finds no celestial axes".into()),
        };
    }
    let wcs = made?;
    (row.projection, row.distortion) = describe(&wcs);
    if row.is_csc() {
        row.note = "single precision in wcslib; two approximations, see known differences".to_owned();
    }
    let size = numbers(&case["size"]);
    let points: Vec<Point> = (0..25)
        .map(|i| {
            let t = |k: usize, n: f64| (0.4 * k as f64 - 0.3) * n - 0.5;
            Point::new(t(i % 5, size[0]), t(i / 5, size[1]))
        })
        .collect();
    let theirs: Vec<SkyCoord> = numbers(&case["lon"])
        .into_iter()
        .zip(numbers(&case["lat"]))
        .map(|(lon, lat)| SkyCoord { lon, lat })
        .collect();
    // What astropy's inverse of its own sky is, where that is not the position again.
    let mut back = points.clone();
    for o in case["other"].as_array().into_iter().flatten() {
        let v = numbers(o);
        back[v[0] as usize] = Point::new(v[1], v[2]);
    }
    let exec = Exec::default();
    let to_sky = wcs.all_pix2world(&points, &exec).sky;
    let to_pixel = wcs.all_world2pix(&theirs, &exec).points;
    let trip = wcs.all_world2pix(&to_sky, &exec).points;
    (row.sky, row.pixel, row.round_trip) = (0.0, 0.0, 0.0);
    for i in 0..points.len() {
        if theirs[i].lon.is_nan() != to_sky[i].lon.is_nan() {
            return Err(format!("{:?} is at {:?}, astropy {:?}", points[i], to_sky[i], theirs[i]).into());
        }
        if theirs[i].lon.is_nan() {
            continue;
        }
        row.sky = row.sky.max(apart(to_sky[i], theirs[i]));
        // Where astropy does not converge there is nothing to compare with.
        if back[i].is_finite() {
            let d = to_pixel[i].distance(back[i]);
            row.pixel = row.pixel.max(if d.is_nan() { f64::INFINITY } else { d });
            if back[i].distance(points[i]) < 0.5 {
                let d = trip[i].distance(points[i]);
                row.round_trip = row.round_trip.max(if d.is_nan() { f64::INFINITY } else { d });
            }
        }
    }
    Ok(Some(row))
}

/// The larger of the differences of both coordinates, degrees on the sky.
pub(super) fn apart(a: SkyCoord, b: SkyCoord) -> f64 {
    let d = (a.lon - b.lon).rem_euclid(360.0);
    (d.min(360.0 - d) * b.lat.to_radians().cos()).max((a.lat - b.lat).abs())
}

type Made = Result<Wcs, Error>;

/// The system of a case; `None` if its file is not there.
fn read(name: &str, case: &Value, key: Option<char>) -> Result<Option<Made>, Error> {
    if let Some(records) = case["records"].as_array() {
        let lines: Vec<&str> = records.iter().filter_map(Value::as_str).collect();
        let header = parse_lines(&lines);
        let tables = stored_tables(case, &header)?;
        return Ok(Some(Wcs::from_header_with(&header, key, tables).map_err(Into::into)));
    }
    let (file, hdu) = match name.strip_suffix(']').and_then(|n| n.rsplit_once('[')) {
        Some((file, hdu)) => (file, Some(hdu.parse::<usize>()?)),
        None => (name, None),
    };
    let Some(path) = test_data(file) else { return Ok(None) };
    let Some(hdu) = hdu else {
        let text = std::fs::read(&path)?.iter().map(|b| char::from(*b)).collect::<String>();
        let header = if text.matches('\n').count() > 5 {
            parse_lines(&text.lines().collect::<Vec<_>>())
        } else {
            Header::parse(text.as_bytes())
        };
        return Ok(Some(Wcs::from_header_with(&header, key, LookupTables::default()).map_err(Into::into)));
    };
    let fits = FitsFile::open(&path)?;
    let hdu = fits.hdus().get(hdu).ok_or("no such HDU")?;
    Ok(Some(fits_wcs(&fits, hdu, key).map_err(Into::into)))
}

fn parse_lines(lines: &[&str]) -> Header {
    let text: String = lines.iter().map(|l| format!("{:<80.80}", l)).collect();
    Header::parse(text.as_bytes())
}

fn stored_tables(case: &Value, header: &Header) -> Result<LookupTables, Error> {
    let mut out = LookupTables::default();
    for r in LookupReference::find(header.entries()) {
        let stored =
            case["tables"].as_array().into_iter().flatten().find(|t| {
                t["extname"].as_str() == Some(r.extname()) && t["extver"].as_i64() == Some(r.extver)
            });
        let Some(t) = stored else { continue };
        let rows = t["data"].as_array().map_or(0, Vec::len);
        let values = numbers(&t["data"]);
        let data = Array2::from_shape_vec((rows, values.len() / rows.max(1)), values)?;
        let pair = |k: &str| -> [f64; 2] {
            let v = numbers(&t[k]);
            [v[0], v[1]]
        };
        let table = Some(LookupTable::new(data.view(), pair("crpix"), pair("crval"), pair("cdelt"))?);
        match r.kind {
            LookupKind::D2im => out.d2im[r.axis - 1] = table,
            LookupKind::Cpdis => out.cpdis[r.axis - 1] = table,
        }
    }
    Ok(out)
}

/// Projection and distortions.
fn describe(wcs: &Wcs) -> (String, String) {
    let code = wcs.ctype()[0][5..8].to_owned();
    let behind = wcs.projection().code();
    let mut distortion = Vec::new();
    if wcs.sip().is_some() {
        distortion.push("SIP");
    }
    if wcs.tables().cpdis.iter().any(Option::is_some) {
        distortion.push("CPDIS");
    }
    if wcs.tables().d2im.iter().any(Option::is_some) {
        distortion.push("D2IM");
    }
    if matches!(code.as_str(), "TPV" | "TNX" | "ZPX") {
        distortion.push(match code.as_str() {
            "TPV" => "TPV",
            "TNX" => "TNX",
            _ => "ZPX",
        });
    }
    let projection = if behind.code() == code { code } else { behind.code().to_owned() };
    (projection, distortion.join(" + "))
}
