use ndarray::Array2;
use serde_json::Value;
use skyphot_calibration::ccd::{
    CcdImage, CombineClip, CombineConfig, CombineMethod, DarkScaling, OverscanConfig, OverscanModel, Section,
    Unit, combine, create_deviation, flat_correct, gain_correct, subtract_dark, subtract_overscan,
};
use skyphot_core::testing::{noise, uniform};
use skyphot_stats::{CenterFunc, SigmaClip, SpreadFunc};

use crate::{assert_close, number, numbers};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/ccd.json")).unwrap()
}

fn unit(s: &str) -> Unit {
    s.parse().unwrap()
}

fn plane<T>((ny, nx): (usize, usize), f: impl Fn(u64) -> T) -> Array2<T> {
    Array2::from_shape_fn((ny, nx), |(y, x)| f((y * nx + x) as u64))
}

fn make(seed: u64, shape: (usize, usize), level: f64, with_error: bool, with_mask: bool) -> CcdImage<f64> {
    let mut c = CcdImage::new(plane(shape, |i| level + 20.0 * noise(seed, i)), unit("adu")).unwrap();
    if with_error {
        c = c.with_error(plane(shape, |i| 1.0 + 3.0 * uniform(seed + 1, i))).unwrap();
    }
    if with_mask {
        c = c.with_mask(plane(shape, |i| uniform(seed + 2, i) < 0.1)).unwrap();
    }
    c
}

/// Data and errors where both are good, masks where there are some, units always.
fn check(got: &CcdImage<f64>, want: &Value, what: &str) {
    let mask = got.mask().map(|m| m.iter().copied().collect::<Vec<_>>());
    let good = |v: Vec<f64>| -> Vec<f64> {
        v.into_iter()
            .enumerate()
            .filter(|(i, _)| !mask.as_ref().is_some_and(|m| m[*i]))
            .map(|v| v.1)
            .collect()
    };
    assert_close(&good(got.data().iter().copied().collect()), &good(numbers(&want["data"])), 1e-12, what);
    assert_eq!(got.error().is_none(), want["error"].is_null(), "{what}");
    if let Some(e) = got.error() {
        assert_close(&good(e.iter().copied().collect()), &good(numbers(&want["error"])), 1e-12, what);
    }
    match &mask {
        None => assert!(want["mask"].is_null(), "{what}"),
        Some(m) => {
            let m: Vec<f64> = m.iter().map(|m| f64::from(u8::from(*m))).collect();
            assert_close(&m, &numbers(&want["mask"]), 0.0, what);
        }
    }
    assert_eq!(got.unit(), &unit(want["unit"].as_str().unwrap()), "{what}");
}

#[test]
fn arithmetic_is_that_of_astropy() {
    let cases = fixture();
    let cases = cases["arithmetic"].as_array().unwrap();
    assert_eq!(cases.len(), 28);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let got = if let Some(v) = case["scalar"].as_f64() {
            let a = make(1, (6, 7), 100.0, true, true);
            let u = unit(case["scalar_unit"].as_str().unwrap());
            match name {
                "add" => a.add_scalar(v, &u).unwrap(),
                "subtract" => a.subtract_scalar(v, &u).unwrap(),
                "multiply" => a.multiply_scalar(v, &u),
                _ => a.divide_scalar(v, &u),
            }
        } else {
            let k = numbers(&case["case"]).iter().map(|v| *v == 1.0).collect::<Vec<_>>();
            let (a, b) = (make(1, (6, 7), 100.0, k[0], k[2]), make(5, (6, 7), 50.0, k[1], k[3]));
            let rho = number(&case["rho"]);
            match name {
                "add" => a.add_correlated(&b, rho),
                "subtract" => a.subtract_correlated(&b, rho),
                "multiply" => a.multiply_correlated(&b, rho),
                _ => a.divide_correlated(&b, rho),
            }
            .unwrap()
        };
        check(&got, case, &format!("{name} {}", case["case"]));
    }
}

#[test]
fn reduction_is_that_of_ccdproc() {
    let all = fixture();
    let want = &all["reduction"];
    let shape = (20, 18);
    let raw = make(11, shape, 300.0, false, false);
    let (mut data, ..) = raw.into_parts();
    for (y, mut row) in data.rows_mut().into_iter().enumerate() {
        row.slice_mut(ndarray::s![13..]).mapv_inplace(|v| v + 5.0 * y as f64 / 19.0);
    }
    let raw = CcdImage::new(data, unit("adu")).unwrap();
    check(&create_deviation(raw.clone(), 1.7, 5.0, false).unwrap(), &want["deviation"], "deviation");
    let columns = Section::from_fits("[14:18,:]", shape).unwrap();
    for (name, median, model) in [
        ("mean", false, OverscanModel::Rows),
        ("median", true, OverscanModel::Rows),
        ("polynomial", true, OverscanModel::Polynomial(2)),
        ("chebyshev", false, OverscanModel::Polynomial(3)),
    ] {
        let config = OverscanConfig { median, model, along_x: None };
        let got = subtract_overscan(&raw, &columns, &config).unwrap();
        check(&got, &want[format!("overscan_{name}")], name);
    }
    let rows = Section::from_fits("[:,18:20]", shape).unwrap();
    let config = OverscanConfig { along_x: Some(false), ..Default::default() };
    check(&subtract_overscan(&raw, &rows, &config).unwrap(), &want["overscan_rows"], "rows");
    let (a, dark) = (make(1, shape, 100.0, true, true), make(5, shape, 10.0, true, true));
    let scaling = DarkScaling::Exposure { image: 30.0, dark: 12.0 };
    check(&subtract_dark(&a, &dark, scaling).unwrap(), &want["dark"], "dark");
    check(&gain_correct(&a, 2.1, &unit("electron / adu")).unwrap(), &want["gain"], "gain");
    let flat = make(21, shape, 1000.0, true, false);
    check(&flat_correct(&a, &flat, None, None).unwrap(), &want["flat"], "flat");
    check(
        &flat_correct(&a, &flat, Some(990.0), Some(1003.0)).unwrap(),
        &want["flat_min"],
        "flat with a floor",
    );
}

#[test]
fn stacks_are_those_of_ccdproc() {
    let frames: Vec<CcdImage<f64>> = (0..7)
        .map(|k| {
            let (mut data, ..) = make(100 + k, (9, 8), 100.0, false, false).into_parts();
            if k == 3 {
                data.slice_mut(ndarray::s![2..5, 2..6]).mapv_inplace(|v| v + 900.0);
            }
            if k == 5 {
                data[[0, 0]] -= 700.0;
            }
            CcdImage::new(data, unit("adu")).unwrap()
        })
        .collect();
    for case in fixture()["stacks"].as_array().unwrap() {
        let masked = case["masked"] == 1;
        let f: Vec<CcdImage<f64>> = frames
            .iter()
            .zip(300..)
            .map(|(c, seed)| {
                let mask = plane((9, 8), |i| uniform(seed, i) < 0.2);
                if masked { c.clone().with_mask(mask).unwrap() } else { c.clone() }
            })
            .collect();
        let mut clip = CombineClip::default();
        for c in case["clips"].as_array().unwrap() {
            match c[0].as_str().unwrap() {
                "extrema" => {
                    clip.extrema = (c[1].as_u64().unwrap() as usize, c[2].as_u64().unwrap() as usize)
                }
                "minmax" => (clip.min, clip.max) = (number(&c[1]), number(&c[2])),
                _ => {
                    clip.sigma = Some(SigmaClip {
                        sigma_lower: number(&c[1]),
                        sigma_upper: number(&c[2]),
                        max_iters: Some(1),
                        center: if c[3] == "mean" { CenterFunc::Mean } else { CenterFunc::Median },
                        spread: if c[4] == "std" { SpreadFunc::Std } else { SpreadFunc::MadStd },
                        grow: 0.0,
                    });
                }
            }
        }
        let method = match case["name"].as_str().unwrap() {
            "average" => CombineMethod::Average,
            "median" => CombineMethod::Median,
            _ => CombineMethod::Sum,
        };
        let list = |k: &str| case.get(k).map(numbers);
        let config = CombineConfig {
            method,
            clip,
            scale: list("scale"),
            weights: list("weights"),
            ..Default::default()
        };
        let got = combine(f.as_slice(), &config).unwrap();
        let what = format!("{} {} {}", case["name"], case["masked"], case["clips"]);
        assert_close(&got.data.iter().copied().collect::<Vec<_>>(), &numbers(&case["data"]), 1e-12, &what);
        // ccdproc's error of a sum of weighted frames or of frames it scaled is that of the frames as they are.
        if case.get("weights").is_none() {
            assert_close(
                &got.error.iter().copied().collect::<Vec<_>>(),
                &numbers(&case["error"]),
                1e-12,
                &what,
            );
        }
        let mask: Vec<f64> = got.mask.iter().map(|m| f64::from(u8::from(*m))).collect();
        assert_close(&mask, &numbers(&case["mask"]), 0.0, &what);
    }
}
