//! ASDF files against what Python's asdf makes of them.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use skyphot_core::testing::test_data;
use skyphot_core::tree::{ArrayNode, DType, Node, ScalarKind, Value};
use skyphot_io::{AsdfFile, ChecksumStatus, FitsFile, IoError};

/// All `.asdf` files below a folder of the test data.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut todo: Vec<PathBuf> = test_data(folder).into_iter().collect();
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|e| e == "asdf") {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

fn reference(path: &Path) -> Json {
    let root = test_data("refs").unwrap();
    let relative = path.strip_prefix(root.parent().unwrap()).unwrap();
    let name = relative.to_str().unwrap().replace('/', "__") + ".json";
    serde_json::from_str(&fs::read_to_string(root.join(name)).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn number(v: &Json) -> f64 {
    match v.as_str() {
        Some("NaN") => f64::NAN,
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        None if v.is_boolean() => f64::from(u8::from(v == true)),
        _ => v.as_f64().unwrap_or_else(|| panic!("not a number: {v}")),
    }
}

fn same(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

fn indices(v: &Json) -> Vec<usize> {
    v.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

/// Compares every element through the hash, and the statistics.
fn check_array(array: &ArrayNode, entry: &Json, place: &str) {
    assert_eq!(array.shape(), indices(&entry["shape_numpy"]), "{place}");
    if let Some(hash) = entry.get("sha256_le_f8") {
        let data = array.to_f64().unwrap();
        // There is no hash of data with NaN, whose bits are not the same everywhere.
        if let Some(hash) = hash.as_str() {
            let bytes: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
            assert_eq!(hex(&bytes), hash, "{place}");
        }
        for (key, n) in [
            ("n_nan", data.iter().filter(|v| v.is_nan()).count()),
            ("n_inf", data.iter().filter(|v| v.is_infinite()).count()),
        ] {
            assert_eq!(entry[key].as_u64(), Some(n as u64), "{place} {key}");
        }
        statistics(&data, entry, place);
    } else if let Some(hash) = entry.get("sha256_le_i8") {
        let data = array.read::<i64>().unwrap();
        let bytes: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(hex(&bytes), hash.as_str().unwrap(), "{place}");
        statistics(&data.mapv(|v| v as f64), entry, place);
    } else if let Some(hash) = entry.get("sha256_le_u8") {
        let data = array.read::<u64>().unwrap();
        let bytes: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(hex(&bytes), hash.as_str().unwrap(), "{place}");
    } else if let Some(values) = entry.get("values") {
        let text = array.read_text().unwrap();
        let expected: Vec<&str> = values.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        assert_eq!(text.into_iter().collect::<Vec<_>>(), expected, "{place}");
    } else if let Some(first) = entry.get("first") {
        assert!(matches!(array.dtype(), DType::Record(_)), "{place}");
        assert!(!first.as_array().unwrap().is_empty());
    } else {
        complex(&array.read_complex().unwrap(), entry, place);
        return;
    }
    if let Some(samples) = entry.get("samples") {
        for s in samples.as_array().unwrap() {
            let at = indices(&s["index_numpy"]);
            let window: Vec<_> = at.iter().map(|&i| i..i + 1).collect();
            let found = array.read_window::<f64>(&window).unwrap();
            assert!(same(*found.first().unwrap(), number(&s["value"])), "{place} {at:?}");
        }
    }
}

fn statistics(data: &ArrayD<f64>, entry: &Json, place: &str) {
    let mut finite: Vec<f64> = data.iter().copied().filter(|v| v.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    if finite.is_empty() || entry["mean"].is_null() {
        return;
    }
    let n = finite.len() as f64;
    let mean = finite.iter().sum::<f64>() / n;
    let std = (finite.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = finite.iter().map(|v| v.abs()).sum::<f64>() / n + f64::MIN_POSITIVE;
    for (name, found) in [("min", finite[0]), ("max", finite[finite.len() - 1]), ("mean", mean)] {
        let expected = number(&entry[name]);
        assert!(
            same(found, expected) || (found - expected).abs() <= 1e-12 * scale,
            "{place} {name}: {found} {expected}"
        );
    }
    let expected = number(&entry["std"]);
    assert!(
        same(std, expected) || (std - expected).abs() <= 1e-9 * expected + 1e-12 * scale,
        "{place} std: {std} {expected}"
    );
    let (lo, hi) = (finite[(finite.len() - 1) / 2], finite[finite.len() / 2]);
    let median = lo + (hi - lo) / 2.0;
    let expected = number(&entry["median"]);
    assert!((median - expected).abs() <= 1e-6 * expected.abs(), "{place} median: {median} {expected}");
}

/// The reference writes `{"re": ..., "im": ...}`, or `(nan+0j)` for single precision.
fn complex(data: &ArrayD<(f64, f64)>, entry: &Json, place: &str) {
    for s in entry["samples"].as_array().unwrap() {
        let found = data[&indices(&s["index_numpy"])[..]];
        if let Some(re) = s["value"].get("re") {
            assert!(
                same(found.0, number(re)) && same(found.1, number(&s["value"]["im"])),
                "{place}: {found:?}"
            );
        } else if s["value"].as_str() == Some("0j") {
            assert_eq!(found, (0.0, 0.0), "{place}");
        }
    }
}

fn check_value(node: &Node, expected: &Json, place: &str) {
    let ok = match (node.value(), expected) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Int(_) | Value::Float(_), Json::Number(_) | Json::String(_)) => {
            same(node.as_f64().unwrap(), number(expected))
        }
        (Value::String(a), Json::String(b)) => **a == **b,
        (Value::Sequence(a), Json::Array(b)) => {
            a.iter().zip(b).enumerate().for_each(|(i, (a, b))| check_value(a, b, &format!("{place}/{i}")));
            a.len() == b.len()
        }
        (Value::Complex(re, im), Json::Object(o)) => {
            same(*re, number(&o["re"])) && same(*im, number(&o["im"]))
        }
        // What Python makes an object of, the tree keeps as it is written.
        (Value::Mapping(m), Json::Object(o)) => {
            o.iter().for_each(|(k, v)| {
                if let Some(found) = m.get(k) {
                    check_value(found, v, &format!("{place}/{k}"));
                }
            });
            true
        }
        _ => false,
    };
    assert!(ok, "{place}: {} {expected}", node.describe());
}

#[test]
fn every_file_as_python_reads_it() {
    let mut arrays = 0;
    let mut values = 0;
    for path in files("asdf").into_iter().chain(files("roman")).chain(files("jwst")) {
        if path.parent().is_some_and(|p| p.ends_with("damaged")) {
            continue;
        }
        let json = reference(&path);
        let file = AsdfFile::open(&path).unwrap_or_else(|e| panic!("{e}"));
        let name = path.display();
        let exploded = path.file_stem().is_some_and(|s| s == "exploded");
        assert!(file.warnings().is_empty(), "{name}: {:?}", file.warnings());
        let blocks = json["blocks"].as_array().unwrap();
        assert_eq!(file.blocks().len(), blocks.len(), "{name}");
        for (i, (found, block)) in file.blocks().iter().zip(blocks).enumerate() {
            assert_eq!(
                found.compression().unwrap_or_default(),
                block["compression"].as_str().unwrap(),
                "{name}"
            );
            if !found.is_streamed() {
                assert_eq!(found.allocated(), block["allocated"].as_u64().unwrap(), "{name}");
                assert_eq!(found.used(), block["used"].as_u64().unwrap(), "{name}");
                assert_eq!(found.data_size(), block["data_size"].as_u64().unwrap(), "{name}");
            }
            assert_ne!(file.verify_checksum(i).unwrap(), ChecksumStatus::Wrong, "{name} block {i}");
        }
        for entry in json["tree"].as_array().unwrap() {
            let at = entry["path"].as_str().unwrap();
            let place = format!("{name} {at}");
            let Some(node) = file.tree().path(at) else { panic!("{place}: not in the tree") };
            match entry["kind"].as_str().unwrap() {
                "array" | "quantity" if exploded => {
                    let error = node.as_array().unwrap().to_f64().unwrap_err().to_string();
                    assert!(error.contains("exploded0"), "{error}");
                }
                "array" => {
                    check_array(node.as_array().unwrap_or_else(|| panic!("{place}")), entry, &place);
                    arrays += 1;
                }
                "quantity" => {
                    if let Some(array) = node.magnitude().as_array() {
                        check_array(array, entry, &place);
                        arrays += 1;
                    }
                    assert!(node.unit().is_some() || node.get("unit").is_some(), "{place}");
                }
                "value" => {
                    check_value(node, &entry["value"], &place);
                    values += 1;
                }
                _ => {}
            }
        }
    }
    if test_data("asdf").is_some() {
        assert!(arrays > 200 && values > 800, "{arrays} {values}");
    }
}

#[test]
fn damaged_files_fail_cleanly_or_keep_what_is_whole() {
    for path in files("asdf/made/damaged") {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let file = AsdfFile::open(&path);
        let read = |key: &str| file.as_ref().unwrap().array(key).unwrap().to_f64();
        match stem {
            "no_magic" => assert!(file.unwrap_err().to_string().contains("#ASDF ")),
            "bad_yaml" => assert!(matches!(file.unwrap_err(), IoError::Asdf { line: Some(_), .. })),
            "truncated_yaml" => assert!(file.unwrap_err().to_string().contains("'...'")),
            "checksum_mismatch" => {
                // As in Python, where a sum is not looked at unless asked for.
                read("img").unwrap();
                assert_eq!(file.as_ref().unwrap().verify_checksum(0).unwrap(), ChecksumStatus::Wrong);
            }
            "comp_unknown" => assert!(read("img").unwrap_err().to_string().contains("'zzzz'")),
            "corrupt_zlib" => assert!(read("img").unwrap_err().to_string().contains("zlib")),
            "missing_block" => {
                let error = read("smooth").unwrap_err().to_string();
                assert!(error.contains("no such block"), "{error}");
            }
            "truncated_block" | "absurd_block_size" => {
                assert!(!file.as_ref().unwrap().warnings().is_empty());
                let all = ["img", "smooth"].map(|k| read(k).is_err());
                assert!(all.contains(&true), "{stem} {all:?}");
            }
            _ => panic!("a damaged file that no test knows: {stem}"),
        }
    }
}

#[test]
fn trees_in_fits_files() {
    for name in [
        "det_image_seq1_MIRIMAGE_F560Wexp1_cal.fits.gz",
        "det_image_seq2_MIRIMAGE_F770Wexp2_cal.fits.gz",
        "jw01227_nrcalong_f444w_cutout_cal.fits",
        "jw12345-o002_t001_miri_f770w-sub256_i2d.fits.gz",
        "jw12345002001_02101_00001_mirimage_sub256_cal.fits",
        "seed_det_image_seq1_MIRIMAGE_F560Wexp1_cal_zeroed.fits.gz",
    ] {
        let Some(path) = test_data(&format!("jwst/{name}")) else { return };
        let json = reference(&path);
        let fits = FitsFile::open(&path).unwrap();
        assert!(fits.has_asdf());
        let file = fits.asdf().unwrap();
        let wcs = file.tree().path("meta.wcs").unwrap_or_else(|| panic!("{name}: no WCS"));
        assert!(wcs.is("gwcs/wcs"), "{name}");
        assert_eq!(file.blocks().len(), json["asdf_extension"]["blocks"].as_array().unwrap().len(), "{name}");
        for hdu in json["hdus"].as_array().unwrap() {
            let Some(image) = hdu.get("image") else { continue };
            let key = hdu["name"].as_str().unwrap().to_lowercase();
            let key = if key == "sci" { "data".to_owned() } else { key };
            let Some(array) = file.tree().get(&key).and_then(Node::as_array) else { continue };
            check_array(array, image, &format!("{name} {key}"));
        }
        for (path, array) in file.arrays() {
            array.read_bytes().unwrap_or_else(|e| panic!("{name} {path}: {e}"));
        }
    }
}

#[test]
fn records_masks_and_windows() {
    let Some(path) = test_data("asdf/made/structured.asdf") else { return };
    let file = AsdfFile::open(path).unwrap();
    let rec = file.array("rec").unwrap();
    assert_eq!(rec.dtype().to_string(), "{id: int32, xy: float64[2], name: ascii[5], flag: bool8}");
    assert_eq!(rec.field("id").unwrap().read::<i32>().unwrap().as_slice().unwrap(), [0, 1, 2, 3, 4, 5]);
    let xy = rec.field("xy").unwrap().to_f64().unwrap();
    assert_eq!((xy[[0, 1]], xy[[1, 0]]), (0.13102665871477093, 0.3489434757826462));
    assert_eq!(rec.field("name").unwrap().read_text().unwrap()[[1]], "abc");
    assert!(!rec.field("flag").unwrap().read::<bool>().unwrap()[[0]]);
    assert!(rec.field("nope").unwrap_err().to_string().contains("xy"));
    assert!(rec.to_f64().is_err());

    // Windows of views with all kinds of strides are what a slice of the whole is.
    let file = AsdfFile::open(test_data("asdf/made/views.asdf").unwrap()).unwrap();
    for (name, array) in file.arrays() {
        let whole = array.to_f64().unwrap();
        let window: Vec<_> = array.shape().iter().map(|&n| n / 3..n - n / 4).collect();
        let found = array.read_window::<f64>(&window).unwrap();
        let slices: Vec<_> = window.iter().map(|w| ndarray::SliceInfoElem::from(w.clone())).collect();
        assert_eq!(found, whole.slice(&slices[..]), "{name}");
    }
}

fn hand_made(tree: &str, blocks: &[u8]) -> skyphot_io::Result<AsdfFile> {
    let mut bytes =
        format!("#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n--- !core/asdf-1.1.0\n{tree}\n...\n")
            .into_bytes();
    bytes.extend_from_slice(blocks);
    AsdfFile::from_bytes("made.asdf", bytes)
}

fn block(compression: &[u8; 4], allocated: u64, used: u64, size: u64, data: &[u8]) -> Vec<u8> {
    let mut out = b"\xd3BLK\x00\x30\0\0\0\0".to_vec();
    out.extend_from_slice(compression);
    for n in [allocated, used, size] {
        out.extend_from_slice(&n.to_be_bytes());
    }
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(data);
    out
}

#[test]
fn hostile_files_are_refused() {
    let array = |extra: &str| format!("a: !core/ndarray-1.0.0 {{source: 0, byteorder: little, {extra}}}");
    let small = block(b"\0\0\0\0", 16, 16, 16, &[0; 16]);
    let error = |tree: &str, blocks: &[u8]| match hand_made(tree, blocks) {
        Err(e) => e.to_string(),
        Ok(f) => match f.array("a").map(ArrayNode::to_f64) {
            Ok(Ok(v)) => panic!("{tree}: read as {:?}", v.shape()),
            Ok(Err(e)) => e.to_string(),
            Err(e) => e.to_string(),
        },
    };
    // Ten gigabytes announced by a small file, in the tree, in the block, and in both.
    let huge = array("datatype: float64, shape: [1250000000]");
    assert!(error(&huge, &small).contains("needs 10000000000 bytes"));
    let n = 10_000_000_000;
    assert!(error(&huge, &block(b"\0\0\0\0", n, n, n, &[0; 16])).contains("end early"));
    for codec in [b"zlib", b"bzp2", b"lz4\0", b"zstd"] {
        assert!(error(&huge, &block(codec, 16, 16, n, &[0; 16])).contains("cannot come out"));
    }
    // Sizes beyond 64 bits, and strides that repeat or leave the block.
    let m = u64::MAX;
    for blocks in
        [block(b"\0\0\0\0", m, m, m, &[0; 16]), block(b"\0\0\0\0", 16, m, m, &[0; 16]), small.clone()]
    {
        for extra in [
            "datatype: float64, shape: [18446744073709551615, 18446744073709551615]",
            "datatype: float64, shape: [9223372036854775807]",
            "datatype: int8, shape: [4], strides: [9223372036854775807]",
            "datatype: int8, shape: [4], strides: [-1]",
            "datatype: int8, shape: [100000, 100000], strides: [0, 0]",
            "datatype: int8, shape: [4], offset: 18446744073709551615",
            "datatype: int8, shape: [4], offset: 9223372036854775807",
            "datatype: int8, shape: [4], offset: 17",
            "datatype: int8, shape: [1, 33], strides: [9223372036854775807, 1]",
            "datatype: [ascii, 1000000000000], shape: [1]",
            "datatype: [ascii, 0], shape: [1000000000000]",
            "datatype: [[ascii, 0]], shape: [1000000000000]",
            "datatype: [], shape: [1000000000000]",
            "datatype: float128, shape: [1]",
            "datatype: float64, shape: ['*', 0]",
            "datatype: float64, shape: [-1]",
            "datatype: float64, shape: 5",
            "datatype: float64",
        ] {
            error(&array(extra), &blocks);
        }
    }
    // An axis of length 1 may have any stride.
    let one = hand_made(&array("datatype: int8, shape: [1, 16], strides: [9223372036854775807, 1]"), &small)
        .unwrap();
    assert_eq!(one.array("a").unwrap().to_f64().unwrap().len(), 16);
    assert!(error("a: !core/ndarray-1.0.0 {data: [[1, 2], [3]]}", &[]).contains("lists differ"));
    assert!(
        error("a: !core/ndarray-1.0.0 {data: [1], datatype: [ascii, 99999999999]}", &[]).contains("too many")
    );
    assert!(error("a: &x [*x]", &[]).contains("cycles"));
    assert!(error(&format!("a: {}", "[".repeat(1_000_000)), &[]).contains("line"));
    assert!(error(&format!("a:\n {}", "- ".repeat(1_000_000)), &[]).contains("deeper"));
    assert!(
        error("a: !core/ndarray-1.0.0 {source: 'http://x/y.asdf', datatype: int8, shape: [1]}", &[])
            .contains("another file")
    );
}

const MARKS: &[u8] = b"{}[]:,-&*!#\n '\"0198";

#[test]
fn broken_bytes_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n.max(1) as u64) as usize
    };
    let walk = |bytes: Vec<u8>| {
        if let Ok(file) = AsdfFile::from_bytes("broken.asdf", bytes) {
            for (_, array) in file.arrays() {
                let _ = array.read_bytes();
                let _ = array.to_f64();
                let _ = array.read_mask();
                if let DType::Scalar(ScalarKind::Ucs4(_) | ScalarKind::Ascii(_), _) = array.dtype() {
                    let _ = array.read_text();
                }
                let window: Vec<_> = array.shape().iter().map(|&n| n / 2..n).collect();
                let _ = array.read_window::<f32>(&window);
            }
            for i in 0..file.blocks().len() {
                let _ = file.verify_checksum(i);
            }
        }
    };
    for path in files("asdf") {
        let bytes = fs::read(&path).unwrap();
        if bytes.len() > 100_000 {
            continue;
        }
        // Most of what can break is in the tree and the headers of blocks.
        let text =
            bytes.windows(5).position(|w| w == b"\n...\n").map_or(bytes.len(), |i| i + 80).min(bytes.len());
        for round in 0..6 {
            let mut broken = bytes.clone();
            if round == 0 {
                broken.truncate(1 + random(bytes.len() - 1));
            } else {
                for _ in 0..1 + random(8) {
                    let at = random(if round % 2 == 1 { text } else { bytes.len() });
                    broken[at] = match random(3) {
                        0 => random(256) as u8,
                        1 => broken[at] ^ 1 << random(8),
                        _ => MARKS[random(MARKS.len())],
                    };
                }
            }
            walk(broken);
        }
    }
}
