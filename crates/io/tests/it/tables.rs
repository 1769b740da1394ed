//! Our tables read back.

use std::path::PathBuf;

use proptest::prelude::*;
use skyphot_core::{Column, ColumnData, Exec, Meta, MetaValue, Table};
use skyphot_io::{TableFormat, TableOptions, read_table, read_table_from, write_table, write_table_to};

/// What `gen_io.py --verify` expects.
fn sample() -> Table {
    let mut flux = Column::new("flux", vec![0.1, 1.0 / 3.0, 1e-300]).with_unit("adu");
    flux.description = Some("total: flux, \"all\" of it".into());
    flux.format = Some(".5f".into());
    let mut t = Table::from_columns([
        Column::new("id", vec![1_i64, 2, 3]).with_mask(vec![false, true, false]),
        flux.with_mask(vec![false, false, true]),
        Column::new("nan", vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
        Column::new("single", vec![0.1_f32, 1e-40, 3e38]),
        Column::new("small", vec![-1_i16, 0, 32767]),
        Column::new("byte", vec![0_u8, 128, 255]),
        Column::new("unsigned", vec![0_u32, 1, u32::MAX]),
        Column::new("name", ["one", "two & <2>", "it's \"3\""].map(str::to_owned).to_vec()),
        Column::new("flag", vec![true, false, true]),
        Column::new_array("vector", (0..6).map(f64::from).collect::<Vec<_>>(), 2).unwrap(),
    ])
    .unwrap();
    t.meta.set("EXPTIME", 30.5);
    t.meta.set("n_sources", 3_i64);
    t.meta.set("a longer name", "text: with, \"marks\" ".to_owned() + &"and length ".repeat(20) + "end");
    t.meta.set("good", true);
    let mut nested = Meta::new();
    nested.set("sigma", 3.0);
    nested.set("sizes", vec![MetaValue::Int(3), MetaValue::Float(0.5), MetaValue::Null]);
    t.meta.set("config", nested);
    t
}

/// Equal but for NaN, which equals itself here; values of missing rows do not count.
fn same(a: &Column, b: &Column) -> bool {
    if a.len() != b.len() || a.width() != b.width() || a.data().type_name() != b.data().type_name() {
        return false;
    }
    (0..a.len()).all(|row| {
        a.is_missing(row) == b.is_missing(row)
            && (a.is_missing(row)
                || (row * a.width()..(row + 1) * a.width()).all(|i| match (a.data(), b.data()) {
                    (ColumnData::F64(x), ColumnData::F64(y)) => {
                        x[i].to_bits() == y[i].to_bits() || (x[i].is_nan() && y[i].is_nan())
                    }
                    (ColumnData::F32(x), ColumnData::F32(y)) => {
                        x[i].to_bits() == y[i].to_bits() || (x[i].is_nan() && y[i].is_nan())
                    }
                    (ColumnData::Str(x), ColumnData::Str(y)) => x[i] == y[i],
                    (ColumnData::Bool(x), ColumnData::Bool(y)) => x[i] == y[i],
                    (x, _) => {
                        let _ = x;
                        a.to_i64().ok().map(|v| v[i]) == b.to_i64().ok().map(|v| v[i])
                    }
                }))
    })
}

fn assert_same(a: &Table, b: &Table, what: &str) {
    assert_eq!(a.names(), b.names(), "{what}");
    for (x, y) in a.columns().iter().zip(b.columns()) {
        assert!(same(x, y), "{what}: {x:?}\nread: {y:?}");
        assert_eq!((&x.unit, &x.description), (&y.unit, &y.description), "{what}: {}", x.name());
    }
}

#[test]
fn formats_that_keep_everything() {
    let dir = tempfile::tempdir().unwrap();
    let t = sample();
    for name in ["a.ecsv", "a.parquet", "a.ecsv.gz"] {
        let path = dir.path().join(name);
        write_table(&path, &t, &TableOptions::default()).unwrap();
        let back = read_table(&path).unwrap();
        assert_same(&t, &back, name);
        assert_eq!(t.meta, back.meta, "{name}");
        assert_eq!(back.column("flux").unwrap().format.as_deref(), Some(".5f"), "{name}");
    }
}

#[test]
fn fits_keeps_values_units_and_scalar_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let t = sample();
    for name in ["a.fits", "b.fits.gz"] {
        let path = dir.path().join(name);
        write_table(&path, &t, &TableOptions::default()).unwrap();
        let back = read_table(&path).unwrap();
        // A missing number of a float column is NaN in FITS.
        assert!(back.f64("flux").unwrap()[2].is_nan());
        let mut expected = t.clone();
        *expected.column_mut("flux").unwrap() = back.column("flux").unwrap().clone();
        assert_same(&expected, &back, name);
        assert_eq!(back.column("flux").unwrap().unit.as_deref(), Some("adu"));
        assert_eq!(back.column("flux").unwrap().description.as_deref(), Some("total: flux, \"all\" of it"));
        assert_eq!(back.f64("flux").unwrap()[..2], [0.1, 1.0 / 3.0]);
        assert_eq!(back.meta.get("EXPTIME"), Some(&MetaValue::Float(30.5)));
        assert_eq!(back.meta.get("N_SOURCES"), Some(&MetaValue::Int(3)));
        assert_eq!(back.meta.get("A LONGER NAME"), t.meta.get("a longer name"));
        assert_eq!(
            back.meta.get("CONFIG").unwrap().as_str().unwrap(),
            r#"{"sigma":3.0,"sizes":[3,0.5,null]}"#
        );
    }
}

#[test]
fn votable_keeps_values_units_and_metadata() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.vot");
    let t = sample();
    write_table(&path, &t, &TableOptions::default()).unwrap();
    let back = read_table(&path).unwrap();
    let mut expected = t.clone();
    // VOTable has no unsigned integers, and a missing float is NaN.
    *expected.column_mut("unsigned").unwrap() = Column::new("unsigned", vec![0_i64, 1, i64::from(u32::MAX)]);
    let flux = back.column("flux").unwrap();
    assert_eq!((flux.unit.as_deref(), flux.to_f64().unwrap()[1]), (Some("adu"), 1.0 / 3.0));
    *expected.column_mut("flux").unwrap() = flux.clone();
    assert_same(&expected, &back, "votable");
    assert_eq!(t.meta, back.meta);
}

#[test]
fn csv_keeps_values() {
    let t = sample();
    let mut bytes = Vec::new();
    write_table_to(&mut bytes, &t, TableFormat::Csv).unwrap();
    let back = read_table_from(&mut bytes.as_slice(), None).unwrap();
    assert_eq!(back.names(), t.names());
    assert_eq!(back.column("name").unwrap(), t.column("name").unwrap());
    assert!(same(back.column("nan").unwrap(), t.column("nan").unwrap()));
    assert!(back.column("id").unwrap().is_missing(1));
    assert_eq!(back.column("vector").unwrap().as_str().unwrap()[1], "[2.0,3.0]");
}

#[test]
fn tables_without_rows_or_columns() {
    let dir = tempfile::tempdir().unwrap();
    let mut t = sample().filter(&[false; 3]);
    t.meta = Meta::new();
    for format in ["ecsv", "fits", "parquet", "vot", "csv"] {
        let path = dir.path().join(format!("empty.{format}"));
        write_table(&path, &t, &TableOptions::default()).unwrap();
        let back = read_table(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(back.names(), t.names(), "{format}");
        assert_eq!(back.n_rows(), 0, "{format}");
        if format != "csv" && format != "vot" {
            assert_eq!(back.column("flux").unwrap().data().type_name(), "float64", "{format}");
            assert_eq!(back.column("flux").unwrap().unit.as_deref(), Some("adu"), "{format}");
        }
    }
    for format in ["ecsv", "fits", "parquet", "vot"] {
        let path = dir.path().join(format!("nothing.{format}"));
        write_table(&path, &Table::new(), &TableOptions::default()).unwrap();
        let back = read_table(&path).map(|t| t.n_columns());
        assert!(back.as_ref().is_ok_and(|&n| n == 0), "{format}: {back:?}");
    }
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let n = 20_000;
    let t = Table::from_columns([
        Column::new("id", (0..n as i64).collect::<Vec<_>>()),
        Column::new("v", (0..n).map(|i| skyphot_core::testing::noise(3, i as u64)).collect::<Vec<_>>()),
    ])
    .unwrap();
    let mut first: Option<Vec<u8>> = None;
    for threads in [1, 2, 3, 7] {
        let path = dir.path().join(format!("{threads}.ecsv"));
        let exec = Exec::with_threads(threads.try_into().unwrap()).unwrap();
        write_table(&path, &t, &TableOptions { exec, ..TableOptions::default() }).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(first.get_or_insert_with(|| bytes.clone()), &bytes, "{threads} threads");
        assert_eq!(read_table(&path).unwrap(), t);
    }
}

/// Leaves files in `$SKYPHOT_IO_OUT` for `gen_io.py --verify`.
#[test]
fn files_for_astropy() {
    let Some(folder) = std::env::var_os("SKYPHOT_IO_OUT").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let options = TableOptions { overwrite: true, ..TableOptions::default() };
    for format in ["ecsv", "fits", "fits.gz", "parquet", "vot", "csv"] {
        write_table(folder.join(format!("table.{format}")), &sample(), &options).unwrap();
    }
    crate::images::write_for_astropy(&folder);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_float_keeps_its_bits(values in prop::collection::vec(any::<f64>(), 1..40), singles in prop::collection::vec(any::<f32>(), 40)) {
        let n = values.len();
        let t = Table::from_columns([Column::new("a", values), Column::new("b", singles[..n].to_vec())]).unwrap();
        for format in [TableFormat::Ecsv, TableFormat::Csv] {
            let mut bytes = Vec::new();
            write_table_to(&mut bytes, &t, format).unwrap();
            let back = read_table_from(&mut bytes.as_slice(), Some(format)).unwrap();
            prop_assert!(same(t.column("a").unwrap(), back.column("a").unwrap()));
            if format == TableFormat::Ecsv {
                prop_assert!(same(t.column("b").unwrap(), back.column("b").unwrap()));
            }
        }
    }

    #[test]
    fn every_text_comes_back(texts in prop::collection::vec("[ -~\u{e4}\u{3b1}\u{1F600}]{1,12}", 1..20), meta in "\\PC{0,20}") {
        let mut t = Table::from_columns([Column::new("t", texts.clone())]).unwrap();
        t.meta.set("note", meta.as_str());
        t.meta.set(meta.as_str(), 1_i64);
        for format in [TableFormat::Ecsv, TableFormat::Csv, TableFormat::Parquet] {
            let mut bytes = Vec::new();
            write_table_to(&mut bytes, &t, format).unwrap();
            let back = read_table_from(&mut bytes.as_slice(), Some(format)).unwrap();
            if format != TableFormat::Csv {
                prop_assert_eq!(back.column("t").unwrap().as_str().unwrap(), &texts);
                prop_assert_eq!(&back.meta, &t.meta);
            }
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}", lines in prop::collection::vec("[ -~]{0,30}", 0..10)) {
        for format in [TableFormat::Ecsv, TableFormat::Csv, TableFormat::VoTable, TableFormat::Parquet, TableFormat::Fits] {
            let _ = read_table_from(&mut text.as_bytes(), Some(format));
        }
        let header = format!("# %ECSV 1.0\n# ---\n{}", lines.iter().map(|l| format!("# {l}\n")).collect::<String>());
        let _ = read_table_from(&mut header.as_bytes(), None);
    }
}
