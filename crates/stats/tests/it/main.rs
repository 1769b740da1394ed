//! Comparisons with astropy and photutils (`tests/reference/gen_stats.py`), and thread counts.

#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::testing::{field, uniform};
use skyphot_core::{Exec, Image};
use skyphot_stats::{
    Axis, CenterFunc, ClippedStatsOptions, EffectiveGain, SigmaClip, SigmaClippedStats, SpreadFunc,
    biweight_location, biweight_midvariance, biweight_scale, calc_total_error, mad_std, mean_std, median,
    median_absolute_deviation, mmm_mode, mode_estimate, percentile, sextractor_mode, sigma_clip,
    sigma_clipped_stats, sigma_clipped_stats_with,
};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/stats.json")).unwrap()
}

fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s.parse().unwrap(),
        _ => v.as_f64().unwrap_or(f64::NAN),
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

/// Relative to the size of the value, or of `scale` if that is larger.
fn close(what: &str, found: f64, expected: f64, scale: f64, tolerance: f64) {
    if found.is_nan() && expected.is_nan() {
        return;
    }
    let error = (found - expected).abs() / expected.abs().max(scale);
    assert!(error <= tolerance, "{what}: found {found:?}, expected {expected:?}, relative error {error:e}");
}

fn named_field(name: &str) -> Array2<f64> {
    match name {
        "small" => field(40, 50, 11, 6, 3.0),
        "large" => field(300, 260, 12, 40, 5.0),
        "tiny" => field(3, 4, 13, 1, 1.0),
        _ => panic!("no field {name}"),
    }
}

fn dirty(mut data: Array2<f64>) -> (Array2<f64>, Array2<bool>) {
    let nx = data.ncols();
    let u = |y: usize, x: usize| uniform(77, (y * nx + x) as u64);
    let mask = Array2::from_shape_fn(data.dim(), |(y, x)| u(y, x) < 0.03);
    for ((y, x), v) in data.indexed_iter_mut() {
        match u(y, x) {
            u if u > 0.97 && u < 0.98 => *v = f64::NAN,
            u if u > 0.98 && u < 0.985 => *v = f64::INFINITY,
            u if u > 0.985 && u < 0.99 => *v = f64::NEG_INFINITY,
            _ => {}
        }
    }
    (data, mask)
}

fn named_clip(name: &str) -> SigmaClip {
    let sigma = SigmaClip::new;
    match name {
        "default" => SigmaClip::default(),
        "sigma2_converged" => sigma(2.0).with_max_iters(None),
        "one_iteration" => sigma(3.0).with_max_iters(Some(1)),
        "asymmetric" => SigmaClip { sigma_lower: 4.0, sigma_upper: 1.5, max_iters: Some(10), ..sigma(3.0) },
        "mean" => SigmaClip { center: CenterFunc::Mean, ..sigma(2.5) },
        "mad" => SigmaClip { spread: SpreadFunc::MadStd, max_iters: Some(10), ..sigma(3.0) },
        "mean_mad" => SigmaClip { center: CenterFunc::Mean, spread: SpreadFunc::MadStd, ..sigma(3.0) },
        "grow" => SigmaClip { grow: 1.5, ..sigma(3.0) },
        "grow_mad" => SigmaClip { grow: 2.0, spread: SpreadFunc::MadStd, max_iters: Some(3), ..sigma(4.0) },
        _ => panic!("no clipping {name}"),
    }
}

fn place(mask: &Array2<bool>) -> (i64, i64) {
    let set = mask.iter().enumerate().filter(|(_, m)| **m).map(|(i, _)| i as i64);
    set.fold((0, 0), |(n, s), i| (n + 1, s + i * (i % 1009 + 1)))
}

#[test]
fn clipping_as_astropy() {
    let f = fixture();
    let cases = f["clipping"].as_array().unwrap();
    assert_eq!(cases.len(), 54);
    for case in cases {
        let (name, clip_name) = (case["field"].as_str().unwrap(), case["clip"].as_str().unwrap());
        let masked = case["masked"].as_bool().unwrap();
        let what = format!("{name} {clip_name} masked {masked}");
        let (data, mask) = if masked {
            dirty(named_field(name))
        } else {
            let d = named_field(name);
            let m = Array2::from_elem(d.dim(), false);
            (d, m)
        };
        let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
        let clip = named_clip(clip_name);
        let options = ClippedStatsOptions { std_ddof: 1, ..Default::default() };
        let s = sigma_clipped_stats_with(&image, &clip, &options, &Exec::serial()).unwrap();
        close(&format!("{what} mean"), s.mean, number(&case["mean"]), 0.0, 1e-12);
        close(&format!("{what} median"), s.median, number(&case["median"]), 0.0, 1e-15);
        close(&format!("{what} std"), s.std, number(&case["std1"]), 0.0, 1e-12);
        assert_eq!(s.n_used + s.n_rejected + s.n_bad, data.len());
        for (key, axis) in [("axis_None", None), ("axis_0", Some(Axis::Y)), ("axis_1", Some(Axis::X))] {
            let Some(expected) = case.get(key) else { continue };
            let c = sigma_clip(&image, &clip, axis, &Exec::serial()).unwrap();
            let what = format!("{what} {key}");
            for (side, found) in [("lower", &c.lower), ("upper", &c.upper)] {
                let bounds = numbers(&expected[side]);
                assert_eq!(found.len(), bounds.len(), "{what}");
                for (found, expected) in found.iter().zip(&bounds) {
                    close(&format!("{what} {side}"), *found, *expected, 1.0, 1e-12);
                }
            }
            let m = numbers(&expected["mask"]);
            assert_eq!(place(&c.mask), (m[0] as i64, m[1] as i64), "{what}");
            assert_eq!(m[0] as usize, c.n_rejected + c.n_bad, "{what}");
        }
    }
}

#[test]
fn summary_as_astropy() {
    let f = &fixture()["summary"];
    let (data, mask) = dirty(named_field("small"));
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    let s = SigmaClippedStats::new(&image, &SigmaClip::new(2.5), &Exec::serial()).unwrap();
    for (key, found) in [
        ("min", s.min()),
        ("max", s.max()),
        ("sum", s.sum()),
        ("mean", s.mean()),
        ("median", s.median()),
        ("mode", s.mode(3.0, 2.0)),
        ("mode_2.5_1.5", s.mode(2.5, 1.5)),
        ("std", s.std(0)),
        ("std1", s.std(1)),
        ("var1", s.var(1)),
        ("biweight_location", s.biweight_location(6.0, None)),
        ("biweight_scale", s.biweight_scale(9.0, None)),
        ("mad_std", s.mad_std()),
    ] {
        close(key, found, number(&f[key]), 0.0, 1e-12);
    }
}

#[test]
fn a_mask_value_is_left_out() {
    let f = &fixture()["mask_value"];
    let data = named_field("small").mapv(f64::round_ties_even);
    let options = ClippedStatsOptions { mask_value: Some(number(&f["value"])), ..Default::default() };
    let image = Image::new(data.view()).unwrap();
    let s = sigma_clipped_stats_with(&image, &SigmaClip::default(), &options, &Exec::serial()).unwrap();
    for (found, expected) in [s.mean, s.median, s.std].into_iter().zip(numbers(&f["stats"])) {
        close("mask_value", found, expected, 0.0, 1e-12);
    }
    assert!(s.n_bad > 0);
}

#[test]
fn estimators_as_astropy_and_photutils() {
    for f in fixture()["estimators"].as_array().unwrap() {
        let data = named_field(f["field"].as_str().unwrap());
        let v = data.as_slice().unwrap();
        let (mean, std) = mean_std(v);
        let m = median(v);
        for (key, found) in [
            ("median", m),
            ("mean", mean),
            ("std", std),
            ("mad", median_absolute_deviation(v)),
            ("mad_std", mad_std(v)),
            ("mad_rms", mad_std(v)),
            ("biweight_location", biweight_location(v, 6.0, None)),
            ("biweight_bkg", biweight_location(v, 6.0, None)),
            ("biweight_location_c3_m", biweight_location(v, 3.0, Some(101.5))),
            ("biweight_midvariance", biweight_midvariance(v, 9.0, None, false)),
            ("biweight_midvariance_modified", biweight_midvariance(v, 6.0, None, true)),
            ("biweight_rms", biweight_scale(v, 9.0, None, false)),
            ("biweight_scale_m", biweight_scale(v, 9.0, Some(100.5), false)),
            ("sextractor", sextractor_mode(m, mean, std)),
            ("mmm", mmm_mode(m, mean)),
            ("mode", mode_estimate(m, mean, 3.0, 2.0)),
        ] {
            close(key, found, number(&f[key]), 0.0, 1e-12);
        }
        let expected = numbers(&f["percentiles"]);
        for (p, expected) in [0.0, 0.1, 12.5, 50.0, 84.13, 99.9, 100.0].into_iter().zip(expected) {
            close("percentile", percentile(v, p).unwrap(), expected, 0.0, 1e-13);
        }
    }
}

#[test]
fn total_error_as_photutils() {
    let f = &fixture()["total_error"];
    let mut data = field(4, 5, 21, 1, 2.0) - 100.0;
    data[[2, 2]] = f64::NAN;
    let u = |seed| Array2::from_shape_fn((4, 5), |(y, x)| uniform(seed, (y * 5 + x) as u64));
    let bkg = u(22) + 1.0;
    let mut gain = u(23) * 3.0;
    gain[[1, 2]] = 0.0;
    for (key, gain) in [("scalar", EffectiveGain::Scalar(2.5)), ("map", EffectiveGain::Map(gain.view()))] {
        let t = calc_total_error(data.view(), bkg.view(), gain).unwrap();
        for (found, expected) in t.iter().zip(numbers(&f[key])) {
            close(key, *found, expected, 0.0, 1e-15);
        }
    }
}

#[test]
fn threads_strides_and_masks_do_not_change_a_bit() {
    let (data, mask) = dirty(field(700, 900, 3, 60, 4.0));
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    // The same image, bad pixels as NaN.
    let marked = Array2::from_shape_fn(data.dim(), |i| if mask[i] { f64::NAN } else { data[i] });
    let marked =
        Image::new(marked.view()).map(|i| sigma_clipped_stats(&i, &SigmaClip::default(), &Exec::serial()));
    for clip in [SigmaClip::default(), SigmaClip { spread: SpreadFunc::MadStd, ..SigmaClip::default() }] {
        let one = sigma_clipped_stats(&image, &clip, &Exec::serial()).unwrap();
        let lanes = sigma_clip(&image, &clip, Some(Axis::Y), &Exec::serial()).unwrap();
        for threads in [1, 2, 3, 7] {
            let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
            assert_eq!(sigma_clipped_stats(&image, &clip, &exec).unwrap(), one);
            assert_eq!(sigma_clip(&image, &clip, Some(Axis::Y), &exec).unwrap(), lanes);
        }
    }
    let one = sigma_clipped_stats(&image, &SigmaClip::default(), &Exec::serial()).unwrap();
    let marked = marked.unwrap().unwrap();
    assert_eq!((marked.n_used, marked.median), (one.n_used, one.median));
    close("masked as NaN", marked.mean, one.mean, 0.0, 1e-13);
    // Transposed: other rows, same numbers.
    let turned = Image::new(data.t()).unwrap().with_mask(mask.t()).unwrap();
    let turned = sigma_clipped_stats(&turned, &SigmaClip::default(), &Exec::serial()).unwrap();
    assert_eq!((turned.n_used, turned.median, turned.iterations), (one.n_used, one.median, one.iterations));
    close("turned", turned.std, one.std, 0.0, 1e-13);
}

#[test]
fn nothing_left_is_nan() {
    let data = Array2::from_elem((300, 300), f32::NAN);
    let image = Image::new(data.view()).unwrap();
    let s = sigma_clipped_stats(&image, &SigmaClip::default(), &Exec::serial()).unwrap();
    assert!(s.mean.is_nan() && s.median.is_nan() && s.std.is_nan());
    assert_eq!((s.n_used, s.n_bad), (0, 90_000));
    let s = SigmaClippedStats::new(&image, &SigmaClip::default(), &Exec::serial()).unwrap();
    assert!(s.is_empty() && s.min().is_nan() && s.biweight_location(6.0, None).is_nan());
    let c = sigma_clip(&image, &SigmaClip::default(), Some(Axis::X), &Exec::serial()).unwrap();
    assert!(c.lower.iter().all(|v| v.is_nan()) && c.mask.iter().all(|m| *m));
    // One good pixel among 90,000.
    let mut data = data;
    data[[123, 45]] = 3.0;
    let image = Image::new(data.view()).unwrap();
    let s = sigma_clipped_stats(&image, &SigmaClip::default(), &Exec::serial()).unwrap();
    assert_eq!((s.mean, s.median, s.std, s.n_used), (3.0, 3.0, 0.0, 1));
}
