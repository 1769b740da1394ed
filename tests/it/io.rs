//! Every shared FITS file against what astropy reads from it.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use skyphot::core::testing::test_data;
use skyphot::core::{ColumnData, HeaderView, Table};
use skyphot::io::{FitsFile, HduInfo, HduSelector, IoError, PixelType, read_image, read_table};

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files_below(&path));
        } else {
            out.push(path);
        }
    }
    out.sort();
    out
}

fn reference(root: &Path, file: &Path) -> Value {
    let name = file.strip_prefix(root).unwrap().to_str().unwrap().replace('/', "__");
    let text = fs::read_to_string(root.join("refs").join(format!("{name}.json")))
        .unwrap_or_else(|e| panic!("{name}: no reference: {e}"));
    serde_json::from_str(&text).unwrap()
}

/// JSON numbers, and the strings that stand for what JSON cannot write.
fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s
            .to_lowercase()
            .replace("infinity", "inf")
            .parse()
            .unwrap_or_else(|_| panic!("{v} is not a number")),
        Value::Null => f64::NAN,
        _ => v.as_f64().unwrap_or_else(|| panic!("{v} is not a number")),
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// All pixels, plane by plane, as `f64`.
fn all_pixels(file: &FitsFile, hdu: &HduInfo) -> Vec<f64> {
    let n = hdu.shape.len();
    let planes: usize = hdu.shape[..n - 2].iter().product();
    let choice = HduSelector::Index(hdu.index);
    let mut out = Vec::new();
    for p in 0..planes {
        match hdu.pixel_type() {
            PixelType::F32 => {
                out.extend(file.read_plane::<f32>(&choice, p).unwrap().iter().map(|&v| f64::from(v)));
            }
            PixelType::F64 => out.extend(file.read_plane::<f64>(&choice, p).unwrap()),
        }
    }
    out
}

fn check_image(name: &str, file: &FitsFile, hdu: &HduInfo, image: &Value) {
    let shape: Vec<usize> =
        image["shape_numpy"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
    assert_eq!(hdu.shape, shape, "{name}");
    if !hdu.has_pixels() || shape.len() < 2 {
        return;
    }
    let pixels = all_pixels(file, hdu);
    assert_eq!(pixels.len() as u64, image["size"].as_u64().unwrap(), "{name}");
    let nan = pixels.iter().filter(|v| v.is_nan()).count();
    assert_eq!(nan as u64, image["n_nan"].as_u64().unwrap_or(0), "{name}: NaN pixels");
    let finite = || pixels.iter().copied().filter(|v| v.is_finite());
    // astropy scales 16-bit integers in f32: there the last bit may differ.
    let scaled = hdu.bitpix > 0 && image["dtype"].as_str().unwrap().starts_with('f');
    let near = |a: f64, b: f64| same(a, b) || (scaled && (a - b).abs() <= 2e-7 * b.abs());
    for sample in image["samples"].as_array().unwrap() {
        let index = sample["index_numpy"].as_array().unwrap();
        let flat = index.iter().zip(&shape).fold(0, |at, (i, n)| at * n + i.as_u64().unwrap() as usize);
        let expected = number(&sample["value"]);
        assert!(near(pixels[flat], expected), "{name}: {index:?}: {} is not {expected}", pixels[flat]);
    }
    if nan < pixels.len() {
        let (min, max) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        assert!(near(min, number(&image["min"])), "{name}: minimum {min}, expected {}", image["min"]);
        assert!(near(max, number(&image["max"])), "{name}: maximum {max}, expected {}", image["max"]);
        let sum: f64 = finite().sum();
        let scale: f64 = finite().map(f64::abs).sum();
        let expected = number(&image["sum"]);
        let tolerance = if scaled { 1e-7 } else { 1e-13 };
        assert!((sum - expected).abs() <= tolerance * scale, "{name}: sum {sum}, expected {expected}");
    }
    if let Some((ny, nx)) = hdu.image_shape() {
        // A cutout of the last rows and columns.
        let (h, w) = (ny.min(7), nx.min(5));
        let b =
            skyphot::core::BoundingBox::new((nx - w) as i64, nx as i64, (ny - h) as i64, ny as i64).unwrap();
        let cut = file.read_cutout::<f64>(&HduSelector::Index(hdu.index), &b).unwrap();
        let whole = file.read_image::<f64>(&HduSelector::Index(hdu.index)).unwrap();
        for ((y, x), &v) in cut.indexed_iter() {
            assert!(same(v, whole[[ny - h + y, nx - w + x]]), "{name}: cutout");
        }
    }
}

fn check_table(name: &str, table: &Table, expected: &Value) {
    let rows = expected["nrows"].as_u64().unwrap() as usize;
    let skipped: Vec<String> = match table.meta.get("skipped_columns") {
        Some(skyphot::core::MetaValue::List(l)) => l.iter().map(|v| v.as_str().unwrap().to_owned()).collect(),
        _ => Vec::new(),
    };
    let mut seen: Vec<String> = Vec::new();
    for c in expected["columns"].as_array().unwrap() {
        let column = c["name"].as_str().unwrap().trim();
        if skipped.iter().any(|s| s.starts_with(&format!("{column} ("))) {
            continue;
        }
        let first_of_name = !seen.iter().any(|s| s == column);
        seen.push(column.to_owned());
        let found = table.column(column).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(found.len(), rows, "{name}: {column}");
        assert_eq!(
            found.unit.as_deref(),
            c["unit"].as_str().map(str::trim).filter(|u| !u.is_empty()),
            "{name}: {column}"
        );
        let first = &expected["first_row"][column];
        if rows == 0 || first.is_null() || !first_of_name {
            continue;
        }
        let mut values = Vec::new();
        flatten(first, &mut values);
        for (k, v) in values.iter().take(found.width()).enumerate() {
            match (found.data(), v) {
                // `array of 32`
                (_, Value::String(v)) if v.starts_with("array of ") => {
                    assert_eq!(v["array of ".len()..], found.width().to_string(), "{name}: {column}");
                }
                (ColumnData::Str(s), Value::String(v)) => {
                    assert_eq!(s[k].trim_end(), v.trim_end(), "{name}: {column}")
                }
                (ColumnData::Bool(b), Value::Bool(v)) => assert_eq!(b[k], *v, "{name}: {column}"),
                (ColumnData::Bool(b), v) => {
                    assert_eq!(f64::from(u8::from(b[k])), number(v), "{name}: {column}")
                }
                _ if found.is_missing(0) => {}
                (_, v) => {
                    let (a, b) = (f64_at(found, k), number(v));
                    assert!(
                        same(a, b) || (a - b).abs() <= 2e-7 * b.abs(),
                        "{name}: {column}: {a} is not {b}"
                    );
                }
            }
        }
    }
}

/// The scalars of nested lists.
fn flatten(v: &Value, out: &mut Vec<Value>) {
    match v {
        Value::Array(list) => list.iter().for_each(|v| flatten(v, out)),
        v => out.push(v.clone()),
    }
}

fn f64_at(column: &skyphot::core::Column, k: usize) -> f64 {
    column.to_f64().unwrap()[k]
}

#[test]
fn every_file_reads_as_its_reference_says() {
    let Some(folder) = test_data("fits") else { return };
    let root = folder.parent().unwrap();
    let mut sound = 0;
    for path in files_below(&folder) {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if name.contains("damaged") {
            continue;
        }
        let expected = reference(root, &path);
        let file = match FitsFile::open(&path) {
            // The second card is not BITPIX, which cfitsio refuses; there are no data in it.
            Err(IoError::Fits { .. }) if name.ends_with("verify.fits") => continue,
            other => other.unwrap_or_else(|e| panic!("{e}")),
        };
        assert!(file.warnings().is_empty(), "{name}: {:?}", file.warnings());
        let hdus = expected["hdus"].as_array().unwrap();
        assert_eq!(file.hdus().len(), hdus.len(), "{name}");
        for (hdu, expected) in file.hdus().iter().zip(hdus) {
            let name = format!("{name}, HDU {}", hdu.index);
            if hdu.index > 0 {
                // astropy's own name for compressed images without one.
                let default = if hdu.compressed { "COMPRESSED_IMAGE" } else { "" };
                assert_eq!(
                    hdu.name.as_deref().unwrap_or(default),
                    expected["name"].as_str().unwrap(),
                    "{name}"
                );
                assert_eq!(hdu.version, expected["ver"].as_i64().unwrap(), "{name}");
            }
            for (key, value) in expected["header"].as_object().unwrap() {
                let found = hdu.header.get_str(key);
                // Groups that are none: the file says NAXIS = 0, which astropy repairs as it reads.
                if name.contains("group_invalid") && key.starts_with("NAXIS") {
                    assert_eq!(hdu.header.get_i64("NAXIS"), Some(0));
                    continue;
                }
                match value {
                    Value::Null => assert_eq!(found, None, "{name}: {key}"),
                    Value::Bool(b) => assert_eq!(hdu.header.get_bool(key), Some(*b), "{name}: {key}"),
                    Value::String(s) => {
                        assert_eq!(found.unwrap_or_default().trim(), s.trim(), "{name}: {key}")
                    }
                    n => assert_eq!(hdu.header.get_f64(key), n.as_f64(), "{name}: {key}"),
                }
            }
            if let Some(image) = expected.get("image") {
                check_image(&name, &file, hdu, image);
            }
            if let Some(t) = expected.get("table") {
                let table = file.read_table(&HduSelector::Index(hdu.index)).unwrap_or_else(|e| panic!("{e}"));
                check_table(&name, &table, t);
            }
        }
        sound += 1;
    }
    assert!(sound > 70, "{sound}");
}

/// What may be read of a damaged file, and the error of the rest.
fn read_everything(path: &Path) -> Result<usize, IoError> {
    let file = FitsFile::open(path)?;
    let mut read = 0;
    for hdu in file.hdus() {
        let choice = HduSelector::Index(hdu.index);
        if hdu.is_table() {
            file.read_table(&choice)?;
            read += 1;
        } else if hdu.has_pixels() {
            file.read_image::<f64>(&choice)?;
            read += 1;
        }
        file.verify_checksum(&choice)?;
    }
    Ok(read)
}

#[test]
fn damaged_files_fail_cleanly() {
    let Some(folder) = test_data("fits/made/damaged") else { return };
    for path in files_below(&folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let result = read_everything(&path);
        match name {
            "bad_checksum.fits" => assert_eq!(result.unwrap(), 5),
            "no_padding.fits" => assert_eq!(result.unwrap(), 1),
            "trailing_junk.fits" => {
                assert_eq!(result.unwrap(), 1);
                assert_eq!(FitsFile::open(&path).unwrap().warnings().len(), 1);
            }
            _ => {
                let e = result.unwrap_err();
                let kind = matches!(
                    (name, &e),
                    ("empty.fits", IoError::Empty(_))
                        | ("not_fits.fits", IoError::NotFits { .. })
                        | ("truncated.fits.gz" | "truncated.fits.bz2", IoError::Compression { .. })
                        | (
                            "truncated_data.fits"
                                | "absurd_naxis.fits"
                                | "header_only.fits"
                                | "mef_truncated_in_ext2.fits",
                            IoError::Truncated { .. }
                        )
                        | (
                            "half_header.fits"
                                | "illegal_bitpix.fits"
                                | "missing_end.fits"
                                | "negative_naxis.fits"
                                | "rice_corrupt_heap.fits.fz",
                            IoError::Fits { .. }
                        )
                );
                assert!(kind, "{name}: {e}");
                assert!(e.to_string().contains(name), "{e}");
            }
        }
    }
    // What comes before the damage is read.
    let part = folder.join("mef_truncated_in_ext2.fits");
    assert_eq!(read_image::<f32>(&part).unwrap().data.dim(), (48, 60));
}

#[test]
fn every_shared_image_is_read_or_refused() {
    let Some(real) = test_data("real") else { return };
    let root = real.parent().unwrap();
    let mut images = 0;
    for folder in ["real", "ground", "wcs", "psf", "jwst"] {
        for path in files_below(&root.join(folder)) {
            let name = path.to_str().unwrap();
            if !name.contains(".fit") {
                continue;
            }
            let file = FitsFile::open(&path).unwrap_or_else(|e| panic!("{e}"));
            for hdu in file.hdus() {
                let choice = HduSelector::Index(hdu.index);
                if hdu.is_table() {
                    file.read_table(&choice).unwrap_or_else(|e| panic!("{e}"));
                } else if hdu.image_shape().is_some() {
                    file.read_image::<f32>(&choice).unwrap_or_else(|e| panic!("{e}"));
                    images += 1;
                } else {
                    assert!(
                        matches!(file.read_image::<f32>(&choice), Err(IoError::WrongHdu { .. })),
                        "{name}"
                    );
                }
            }
            match read_image::<f32>(&path) {
                Ok(_) | Err(IoError::NothingSuitable { .. }) => {}
                Err(e) => panic!("{e}"),
            }
        }
    }
    assert!(images > 60, "{images}");
}

#[test]
fn catalogues_of_other_programs_are_read() {
    let Some(ecsv) = test_data("jwst/complex_2021_level3_F560W_cat.ecsv") else { return };
    let t = read_table(&ecsv).unwrap();
    assert!(t.n_rows() > 100);
    let ra = t.column("sky_centroid.ra").unwrap();
    assert_eq!(ra.unit.as_deref(), Some("deg"));
    assert!(t.f64("sky_centroid.dec").unwrap().iter().all(|d| d.abs() <= 90.0));
    let root = ecsv.parent().unwrap().parent().unwrap();
    let votable = read_table(root.join("real/spitzer_example_catalog.xml")).unwrap();
    assert_eq!((votable.n_columns(), votable.column("l").unwrap().unit.as_deref()), (16, Some("deg")));
    assert_eq!(votable.f64("l").unwrap()[0], 18.384317);
    for folder in ["jwst", "roman", "ground", "psf"] {
        let folder = root.join(folder);
        for path in files_below(&folder).iter().filter(|p| p.extension().is_some_and(|e| e == "ecsv")) {
            assert!(read_table(path).unwrap_or_else(|e| panic!("{e}")).n_rows() > 0);
        }
    }
}

#[test]
fn a_data_quality_plane_is_bits() {
    let Some(path) = test_data("jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits") else { return };
    let file = FitsFile::open(&path).unwrap();
    let dq = file.read_dq(&HduSelector::name("DQ")).unwrap();
    let plain = file.read_image::<f64>(&HduSelector::name("dq")).unwrap();
    assert!(dq.iter().zip(&plain).all(|(&a, &b)| f64::from(a) == b));
    assert!(dq.iter().any(|&v| v & 1 == 1));
    assert!(file.read_dq(&HduSelector::name("SCI")).is_err());
}
