//! Every column of every case within 1e-8 of photutils.

use serde_json::Value;
use skyphot_core::{Image, Table};
use skyphot_detection::{Outcome, ThresholdConfig, detect_threshold, find_peaks};
use skyphot_stats::SigmaClip;

use crate::support::{self, compare, number};

fn cases(text: &str) -> Vec<Value> {
    let v: Value = serde_json::from_str(text).unwrap();
    v["cases"].as_array().unwrap().clone()
}

fn run(kind: &str, case: &Value) -> Table {
    let (data, mask) = support::image(case["image"].as_str().unwrap());
    let mut image = Image::new(data.view()).unwrap();
    if let Some(m) = &mask {
        image = image.with_mask(m.view()).unwrap();
    }
    let p = &case["parameters"];
    let stars = match kind {
        "dao" => support::dao(p).find(&image),
        "iraf" => support::iraf(p).find(&image),
        "star" => support::star(p).find(&image),
        _ => {
            let (threshold, config) = support::peaks(p);
            return find_peaks(&image, threshold, &config).unwrap().to_table().unwrap();
        }
    }
    .unwrap();
    assert_eq!(stars.is_empty(), stars.outcome != Outcome::Found);
    stars.to_table().unwrap()
}

fn check(kind: &str, text: &str, relative: f64) {
    for (i, case) in cases(text).iter().enumerate() {
        let what = format!("{kind} case {i} on '{}' with {}", case["image"], case["parameters"]);
        compare(&what, case, &run(kind, case), relative);
    }
}

#[test]
fn dao() {
    check("dao", include_str!("fixtures/dao.json"), 1e-8);
}

#[test]
fn iraf() {
    check("iraf", include_str!("fixtures/iraf.json"), 1e-8);
}

#[test]
fn star() {
    check("star", include_str!("fixtures/star.json"), 1e-8);
}

#[test]
fn peaks() {
    check("peaks", include_str!("fixtures/peaks.json"), 1e-8);
}

#[test]
fn threshold() {
    for case in cases(include_str!("fixtures/threshold.json")) {
        let (data, mask) = support::image(case["image"].as_str().unwrap());
        let mut image = Image::new(data.view()).unwrap();
        if let Some(m) = &mask {
            image = image.with_mask(m.view()).unwrap();
        }
        let p = &case["parameters"];
        let mut config = ThresholdConfig {
            background: p.get("background").map(support::level),
            error: p.get("error").map(support::level),
            ..Default::default()
        };
        match p.get("sigma_clip") {
            Some(Value::Null) => config.sigma_clip = None,
            Some(v) => {
                let iters = Some(number(&v[1]) as usize);
                config.sigma_clip = Some(SigmaClip::new(number(&v[0])).with_max_iters(iters));
            }
            None => {}
        }
        let t = detect_threshold(&image, 2.5, &config).unwrap();
        for (found, key) in [(t[[0, 0]], "corner"), (t[[60, 75]], "middle"), (t.sum(), "sum")] {
            let expected = number(&case[key]);
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{case}: {key} is {found}");
        }
    }
}
