//! Files that astropy wrote (`tests/reference/gen_io.py`).

use std::path::PathBuf;

use skyphot_core::{ColumnData, MetaValue, Table};
use skyphot_io::{FitsFile, HduKind, HduSelector, read_table};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

fn masked(t: &Table, name: &str) -> Vec<bool> {
    let c = t.column(name).unwrap();
    (0..c.len()).map(|i| c.is_missing(i)).collect()
}

fn data<'a>(t: &'a Table, name: &str) -> &'a ColumnData {
    t.column(name).unwrap().data()
}

#[test]
fn ecsv_with_mixin_columns_reads_as_plain_columns() {
    let t = read_table(fixture("mixins.ecsv")).unwrap();
    assert_eq!(
        t.names(),
        [
            "id",
            "flux",
            "m",
            "mf",
            "s",
            "ms",
            "q",
            "v",
            "sky_centroid.ra",
            "sky_centroid.dec",
            "t",
            "b",
            "u1",
            "u8",
            "f4"
        ]
    );
    assert_eq!(data(&t, "id"), &ColumnData::I32(vec![1, 2, 3]));
    let flux = t.column("flux").unwrap();
    assert_eq!(flux.unit.as_deref(), Some("Jy"));
    assert_eq!(flux.format.as_deref(), Some(".3f"));
    assert_eq!(flux.description.as_deref(), Some("a: \"quoted\" flux, #1"));
    let v = flux.to_f64().unwrap();
    assert!(v[0] == 1.5 && v[1].is_nan() && v[2] == f64::NEG_INFINITY);
    assert!(flux.mask().is_none());
    assert_eq!(masked(&t, "m"), [false, true, false]);
    assert_eq!(masked(&t, "mf"), [false, false, true]);
    assert_eq!(masked(&t, "ms"), [true, false, false]);
    assert_eq!(t.column("s").unwrap().as_str().unwrap(), ["a b", "c\"d", "e"]);
    assert_eq!(t.column("q").unwrap().unit.as_deref(), Some("deg"));
    assert_eq!(
        (t.column("v").unwrap().width(), data(&t, "v")),
        (2, &ColumnData::F64((0..6).map(f64::from).collect()))
    );
    assert_eq!(t.f64("sky_centroid.ra").unwrap(), [10.0, 20.0, 30.0]);
    assert_eq!(t.f64("sky_centroid.dec").unwrap(), [-5.0, 0.0, 5.0]);
    assert_eq!(data(&t, "b"), &ColumnData::Bool(vec![true, false, true]));
    assert_eq!(data(&t, "u8"), &ColumnData::U64(vec![0, 1, u64::MAX]));
    assert_eq!(data(&t, "f4"), &ColumnData::F32(vec![0.1, 1e-40, 3e38]));
    let Some(MetaValue::Map(nested)) = t.meta.get("nested") else { panic!("{:?}", t.meta) };
    assert_eq!(nested.get("small"), Some(&MetaValue::Float(-1.5e-10)));
    assert_eq!(nested.get("num"), Some(&MetaValue::Str("12".into())));
    assert_eq!(nested.get("long").unwrap().as_str().unwrap(), "word ".repeat(40));
    assert!(t.meta.get("__serialized_columns__").is_none());
}

/// `plain()` of the generator; `exact` formats keep every type, unit and mask.
fn check_plain(t: &Table, name: &str, exact: bool) {
    assert_eq!(t.column("id").unwrap().to_i64().unwrap(), [1, 2, 3], "{name}");
    assert_eq!(t.column("short").unwrap().to_i64().unwrap(), [-1, 0, 32767], "{name}");
    assert_eq!(t.f64("x").unwrap(), [0.1, 2.0, -3.5e-20], "{name}");
    assert_eq!(t.column("name").unwrap().as_str().unwrap(), ["one", "two & <2>", "three"], "{name}");
    assert_eq!(masked(t, "m"), [false, true, false], "{name}");
    assert_eq!(data(t, "b"), &ColumnData::Bool(vec![true, false, true]), "{name}");
    if exact {
        let f = t.f64("f").unwrap();
        assert!(f[0] == f64::from(0.1_f32) && f[1].is_nan() && f[2] == 3.0, "{name}");
        assert!(matches!(data(t, "f"), ColumnData::F32(_)), "{name}");
        assert!(matches!(data(t, "short"), ColumnData::I16(_)), "{name}");
        // VOTable has another name for it.
        let pixel = if name.ends_with("xml") { "pixel" } else { "pix" };
        assert_eq!(t.column("x").unwrap().unit.as_deref(), Some(pixel), "{name}");
        assert_eq!(t.column("v").unwrap().width(), 2, "{name}");
        assert_eq!(t.f64("v").unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "{name}");
    }
}

#[test]
fn the_same_table_in_every_format() {
    for name in [
        "comma.ecsv",
        "plain.csv",
        "plain.parquet",
        "plain.fits",
        "tabledata.xml",
        "binary.xml",
        "binary2.xml",
    ] {
        let t = read_table(fixture(name)).unwrap_or_else(|e| panic!("{e}"));
        if name == "plain.parquet" {
            // astropy writes the mask of a parquet column as a column of its own.
            assert!(t.has("m"), "{:?}", t.names());
        }
        check_plain(&t, name, name != "plain.csv");
        if name.ends_with("ecsv") || name.ends_with("fits") || name.ends_with("parquet") {
            assert_eq!(t.meta.get("EXPTIME"), Some(&MetaValue::Float(30.5)), "{name}");
            assert_eq!(t.meta.get("OBJECT"), Some(&MetaValue::Str("M 13".into())), "{name}");
        }
        if !matches!(name, "plain.csv" | "plain.fits") {
            assert_eq!(t.column("x").unwrap().description.as_deref(), Some("x of the source"), "{name}");
        }
    }
}

#[test]
fn fits_columns_of_every_kind() {
    let file = FitsFile::open(fixture("odd.fits")).unwrap();
    let t = file.read_table(&HduSelector::name("odd")).unwrap();
    assert_eq!(data(&t, "unsigned"), &ColumnData::U32(vec![0, 1, u32::MAX]));
    assert_eq!(data(&t, "u2"), &ColumnData::I32(vec![0, 32768, 65535]));
    assert_eq!(data(&t, "signed8"), &ColumnData::I16(vec![-128, 0, 127]));
    assert_eq!(t.f64("scaled").unwrap(), [10.0, 10.5, 0.0]);
    assert_eq!(masked(&t, "null"), [false, true, false]);
    let bits = t.column("bits").unwrap();
    assert_eq!(bits.width(), 11);
    let expected: Vec<bool> = (0..3).flat_map(|i| (0..11).map(move |j| i * 11 % (j + 2) == 0)).collect();
    assert_eq!(bits.data(), &ColumnData::Bool(expected));
    assert_eq!(data(&t, "logical"), &ColumnData::Bool(vec![true, false, true]));
    assert_eq!(
        (t.column("vector").unwrap().width(), t.column("vector").unwrap().unit.as_deref()),
        (3, Some("mag"))
    );
    assert_eq!(t.f64("matrix").unwrap(), (0..12).map(f64::from).collect::<Vec<_>>());
    assert_eq!(
        t.column("strings").unwrap().as_str().unwrap(),
        ["a", "bb", "ccc", "d", "", "f", "g", "h", "iiii"]
    );
    assert_eq!(t.column("text").unwrap().as_str().unwrap(), ["ab", "c d", ""]);
    assert_eq!(t.f64("complex").unwrap(), [1.0, 2.0, 3.0, -4.0, 0.0, 0.0]);
    assert_eq!(data(&t, "long"), &ColumnData::I64(vec![-(1 << 62), 0, 1 << 62]));
    assert_eq!(
        t.meta.get("skipped_columns"),
        Some(&MetaValue::List(vec!["variable (variable length)".into()]))
    );
    assert_eq!(t.meta.get("ESO DET GAIN"), Some(&MetaValue::Float(1.25)));
    assert_eq!(t.meta.get("LONGNOTE").unwrap().as_str().unwrap(), "word ".repeat(30).trim_end());
    assert_eq!(t.meta.get("HISTORY"), Some(&MetaValue::List(vec!["made for a test".into()])));

    let info = file.table_hdu(&HduSelector::name("TEXT")).unwrap();
    assert_eq!(info.kind, HduKind::AsciiTable);
    let t = file.read_table(&HduSelector::Index(info.index)).unwrap();
    assert_eq!(t.column("name").unwrap().as_str().unwrap(), ["one", "two", "three"]);
    assert_eq!(t.column("n").unwrap().to_i64().unwrap(), [1, -20, 300]);
    assert_eq!(t.f64("x").unwrap(), [0.5, -1e10, 3e-5]);
    assert_eq!(t.f64("d").unwrap(), [0.1, 1.0 / 3.0, 2e300]);
}
