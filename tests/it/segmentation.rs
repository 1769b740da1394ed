//! Label images of the benchmark fields and of real files, pixel for pixel (`tests/reference/gen_segmentation_files.py`).

use std::path::{Path, PathBuf};

use ndarray::ArrayView2;
use serde_json::Value;
use skyphot::core::testing::test_data;
use skyphot::core::{Exec, FlagSet, Image, Pixel};
use skyphot::detection::Threshold;
use skyphot::io::{HduSelector, ImageFile};
use skyphot::segmentation::{
    Connectivity, DeblendConfig, DeblendMode, DetectConfig, SegmentationImage, deblend_sources,
    detect_sources,
};

/// CRC-32 of the little-endian pixels, as zlib has it.
fn crc32(labels: ArrayView2<'_, i32>) -> u32 {
    let table: Vec<u32> = (0..256)
        .map(|i| (0..8).fold(i, |c: u32, _| if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }))
        .collect();
    !labels
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .fold(!0, |c, b| table[((c ^ u32::from(b)) & 255) as usize] ^ (c >> 8))
}

/// Compares all label images of a file; the names of those that differ.
fn compare<T: Pixel>(name: &str, path: &Path, case: &Value) -> Vec<String> {
    let mut different = Vec::new();
    let hdu = HduSelector::Index(case["hdu"].as_u64().unwrap() as usize);
    let data = ImageFile::open(path).unwrap().read_image::<T>(&hdu).unwrap();
    let image = Image::new(data.view()).unwrap();
    let threshold = Threshold::Scalar(case["threshold"].as_f64().unwrap());
    let mut expected = case["labels"].as_array().unwrap().iter();
    let mut check = |what: &str, segm: &SegmentationImage| {
        let e = expected.next().unwrap();
        let found = (segm.len() as u64, u64::from(crc32(segm.data())));
        assert_eq!(found.0, e[0].as_u64().unwrap(), "{name}: {what}");
        if found.1 != e[1].as_u64().unwrap() {
            different.push(what.to_owned());
        }
        let flags: u64 = segm.flags().iter().map(|f| u64::from(f.to_bits())).sum();
        assert!(e[2].as_u64().is_none_or(|e| e == flags), "{name}: flags of {what}: {flags}, expected {e}");
    };
    let exec = Exec::default();
    for connectivity in [Connectivity::Eight, Connectivity::Four] {
        let config = DetectConfig { connectivity, exec: exec.clone() };
        let segm = detect_sources(&image, &threshold, 5, &config).unwrap();
        check(&format!("{connectivity:?}"), &segm);
        for mode in [DeblendMode::Exponential, DeblendMode::Linear, DeblendMode::Sinh] {
            let config = DeblendConfig { mode, connectivity, exec: exec.clone(), ..Default::default() };
            let parts = deblend_sources(&image, &segm, 5, &config).unwrap();
            check(&format!("{connectivity:?}, {mode:?}"), &parts);
        }
    }
    different
}

fn compare_all(key: &str, path: impl Fn(&str) -> Option<PathBuf>) {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/segmentation.json")).unwrap();
    let mut wrong = Vec::new();
    for (name, case) in fixture[key].as_object().unwrap() {
        let Some(path) = path(name) else { continue };
        let different = if case["single"].as_bool().unwrap() {
            compare::<f32>(name, &path, case)
        } else {
            compare::<f64>(name, &path, case)
        };
        if !different.is_empty() {
            wrong.push(format!("{name}: {different:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn real_images_have_the_labels_of_photutils() {
    compare_all("files", test_data);
}

#[test]
fn benchmark_fields_have_the_labels_of_photutils() {
    let Some(folder) = std::env::var_os("SKYPHOT_BENCH_INPUTS") else {
        eprintln!("skipped: SKYPHOT_BENCH_INPUTS (made by tests/bench/make_inputs.py) is not set");
        return;
    };
    compare_all("fields", |name| Some(Path::new(&folder).join(format!("{name}.fits"))));
}
