//! Every header of the shared data folder that can be read without decompression, against its reference values.

use std::path::Path;

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::testing::test_data;
use skyphot_core::{Exec, HeaderView, Point, SkyCoord};
use skyphot_wcs::{
    LinearWcs, LookupKind, LookupReference, LookupTable, LookupTables, ProjectionCode, Wcs, WcsError,
};

use crate::common::{Cards, numbers, sky_error};

/// One header of a file, and its image as `f64` if it is 32-bit float.
struct Hdu {
    cards: Cards,
    data: Option<Array2<f64>>,
}

fn card(record: &[u8]) -> Option<(String, String)> {
    let text: String = record.iter().map(|b| char::from(*b)).collect();
    let key = text.get(..8)?.trim().to_owned();
    if text.get(8..10)? != "= " {
        return None;
    }
    let rest = text[10..].trim();
    let value = if let Some(quoted) = rest.strip_prefix('\'') {
        let mut out = String::new();
        let mut chars = quoted.chars().peekable();
        while let Some(c) = chars.next() {
            if c == '\'' {
                if chars.peek() == Some(&'\'') {
                    chars.next();
                } else {
                    break;
                }
            }
            out.push(c);
        }
        out.trim_end().to_owned()
    } else {
        rest.split('/').next().unwrap_or("").trim().to_owned()
    };
    (!value.is_empty()).then_some((key, value))
}

fn records(bytes: &[u8]) -> Cards {
    Cards(bytes.chunks(80).take_while(|r| !r.starts_with(b"END     ")).filter_map(card).collect())
}

fn read(path: &Path) -> Vec<Hdu> {
    let bytes = std::fs::read(path).unwrap();
    let name = path.to_string_lossy().into_owned();
    if name.ends_with(".head") {
        let cards = String::from_utf8_lossy(&bytes).lines().filter_map(|l| card(l.as_bytes())).collect();
        return vec![Hdu { cards: Cards(cards), data: None }];
    }
    if name.ends_with(".hdr") {
        return vec![Hdu { cards: records(&bytes), data: None }];
    }
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        loop {
            let Some(block) = bytes.get(at..at + 2880) else { return out };
            at += 2880;
            if block.chunks(80).any(|r| r.starts_with(b"END     ")) {
                break;
            }
        }
        let cards = records(&bytes[start..at]);
        let int = |k: &str| cards.get_i64(k).unwrap_or(0);
        let naxis = int("NAXIS");
        let mut size = if naxis == 0 { 0 } else { int("BITPIX").abs() / 8 };
        for i in 1..=naxis {
            size *= int(&format!("NAXIS{i}"));
        }
        size += int("PCOUNT") * int("BITPIX").abs() / 8;
        let data = (int("BITPIX") == -32 && naxis == 2 && (at + size as usize) <= bytes.len()).then(|| {
            let v = bytes[at..at + size as usize]
                .chunks(4)
                .map(|b| f64::from(f32::from_be_bytes([b[0], b[1], b[2], b[3]])))
                .collect();
            Array2::from_shape_vec((int("NAXIS2") as usize, int("NAXIS1") as usize), v).unwrap()
        });
        out.push(Hdu { cards, data });
        at += (size as usize).div_ceil(2880) * 2880;
    }
    out
}

fn tables(hdus: &[Hdu], header: &Cards) -> LookupTables {
    let mut out = LookupTables::default();
    for r in LookupReference::find(header.0.iter().map(|c| (c.0.as_str(), c.1.as_str()))) {
        let extension = hdus.iter().find(|h| {
            h.cards.get_str("EXTNAME").is_some_and(|n| n == r.extname())
                && h.cards.get_i64("EXTVER").unwrap_or(1) == r.extver
        });
        let Some((cards, data)) = extension.and_then(|h| Some((&h.cards, h.data.as_ref()?))) else {
            continue;
        };
        let view = if r.transposed { data.t() } else { data.view() };
        let table = Some(LookupTable::from_header(view, cards).unwrap());
        match r.kind {
            LookupKind::D2im => out.d2im[r.axis - 1] = table,
            LookupKind::Cpdis => out.cpdis[r.axis - 1] = table,
        }
    }
    out
}

#[test]
fn every_header_of_the_data_folder() {
    let Some(refs) = test_data("refs") else { return };
    let root = refs.parent().unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&refs)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".json") && !n.starts_with("workflow") && !n.starts_with("asdf"))
        .collect();
    names.sort();
    let mut bad = Vec::new();
    let mut done = 0;
    for name in &names {
        let file = name.trim_end_matches(".json").replace("__", "/");
        let path = root.join(&file);
        if !path.exists() || [".gz", ".fz", ".bz2", ".Z", ".asdf"].iter().any(|e| file.ends_with(e)) {
            continue;
        }
        let json: Value = serde_json::from_str(&std::fs::read_to_string(refs.join(name)).unwrap()).unwrap();
        let single = vec![json.clone()];
        let list = json.get("hdus").and_then(Value::as_array).unwrap_or(&single);
        if !list.iter().any(|h| h.get("wcs").is_some()) {
            continue;
        }
        let hdus = read(&path);
        for (i, expected) in list.iter().enumerate() {
            let Some(w) = expected.get("wcs") else { continue };
            let Some(hdu) = hdus.get(i) else {
                bad.push(format!("{file}[{i}]: no such HDU"));
                continue;
            };
            done += 1;
            if let Err(e) = compare(&hdus, &hdu.cards, w) {
                bad.push(format!("{file}[{i}]: {e}"));
            } else {
                println!("{file}[{i}] ok");
            }
        }
    }
    assert!(done > 60, "only {done} headers");
    assert!(bad.is_empty(), "{} of {done}:\n{}", bad.len(), bad.join("\n"));
}

fn compare(hdus: &[Hdu], cards: &Cards, w: &Value) -> Result<(), String> {
    let made = Wcs::from_header_with(cards, None, tables(hdus, cards));
    if w.get("error").is_some() {
        // astropy refuses two headers for the unit of a third, spectral axis, which we do not use.
        return Ok(());
    }
    if w["lon_axis"].as_i64() == Some(-1) || w["ctype"][0] == "LINEAR" {
        if !matches!(made, Err(WcsError::NoCelestialAxes { .. })) {
            return Err(format!("expected no celestial axes, found {made:?}"));
        }
        let wcs = LinearWcs::from_header(cards, None).unwrap();
        let g = &w["grid"];
        for (i, (x, y)) in numbers(&g["x"]).into_iter().zip(numbers(&g["y"])).enumerate() {
            let world = wcs.pixel_to_world(&[x, y]).unwrap();
            let (a, b) = (numbers(&g["lon"])[i], numbers(&g["lat"])[i]);
            let back = wcs.world_to_pixel(&world).unwrap();
            if (world[0] - a).abs().max((world[1] - b).abs()) > 1e-12 || (back[0] - x).abs() > 1e-10 {
                return Err(format!("linear axes: {world:?}, expected {a} {b}"));
            }
        }
        return Ok(());
    }
    let wcs = made.map_err(|e| e.to_string())?;
    let g = &w["grid"];
    let col = |k: &str| numbers(&g[k]);
    let (x, y, lon, lat) = (col("x"), col("y"), col("lon"), col("lat"));
    let points: Vec<Point> = x.iter().zip(&y).map(|(x, y)| Point::new(*x, *y)).collect();
    let to_sky = wcs.all_pix2world(&points, &Exec::serial());
    let worst = |a: &[SkyCoord], lon: &[f64], lat: &[f64]| -> Result<f64, String> {
        let mut d = 0.0_f64;
        for (i, s) in a.iter().enumerate() {
            if s.lon.is_nan() != lon[i].is_nan() {
                return Err(format!("{:?} -> {s:?}, expected {} {}", points[i], lon[i], lat[i]));
            }
            if !s.lon.is_nan() {
                d = d.max(sky_error((s.lon, s.lat), (lon[i], lat[i])));
            }
        }
        Ok(d)
    };
    let d = worst(&to_sky.sky, &lon, &lat)?;
    // astropy evaluates CSC in single precision and inverts the polynomial of ZPN to 1e-13 of its coefficients.
    let csc = wcs.projection().code() == ProjectionCode::Csc;
    let tolerance = match wcs.projection().code() {
        ProjectionCode::Csc => 2e-5,
        ProjectionCode::Zpn => 1e-10,
        _ => 1e-11,
    };
    if d > tolerance {
        return Err(format!("sky differs by {d:.2e} deg, {:?}", to_sky.sky[0]));
    }
    if g.get("lon_core_only").is_some() {
        let core = wcs.wcs_pix2world(&points, &Exec::serial());
        let d = worst(&core.sky, &col("lon_core_only"), &col("lat_core_only"))?;
        if d > 1e-11 {
            return Err(format!("core differs by {d:.2e} deg"));
        }
    }
    // The reference's inverse starts from its own positions; so does this one.
    let sky: Vec<SkyCoord> =
        lon.iter().zip(&lat).map(|(lon, lat)| SkyCoord { lon: *lon, lat: *lat }).collect();
    let back = wcs.all_world2pix(&sky, &Exec::serial());
    let (bx, by) = (col("x_back"), col("y_back"));
    let mut d = 0.0_f64;
    for (i, p) in back.points.iter().enumerate() {
        if sky[i].lon.is_nan() {
            continue;
        }
        if p.x.is_nan() && !bx[i].is_nan() {
            return Err(format!("{:?} -> {:?}, expected {} {}", sky[i], back.status[i], bx[i], by[i]));
        }
        if !bx[i].is_nan() {
            d = d.max((p.x - bx[i]).abs().max((p.y - by[i]).abs()));
        }
    }
    if d > if csc { 1e-3 } else { 1e-6 } {
        return Err(format!("pixels differ by {d:.2e} px"));
    }
    let mut trip = 0.0_f64;
    for (p, q) in wcs.all_world2pix(&to_sky.sky, &Exec::serial()).points.iter().zip(&points) {
        if !p.x.is_nan() {
            trip = trip.max(p.distance(*q));
        }
    }
    if trip > if csc { 1.0 } else { 1e-8 } {
        return Err(format!("round trip {trip:.2e} px"));
    }
    Ok(())
}
