//! Numbers of astropy.visualization and numpy (fixture of tests/reference/gen_plot.py).

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::{Image, testing};
use skyphot_plot::{HistEq, Histogram, HistogramConfig, ImageNorm, Interval, Stretch, ZScaleConfig};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/visualization.json")).unwrap()
}

fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s.parse().unwrap(),
        v => v.as_f64().unwrap(),
    }
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

#[track_caller]
fn close(found: f64, expected: f64, what: &str) {
    if expected.is_nan() || expected.is_infinite() {
        assert!(
            found.is_nan() == expected.is_nan() && (found.is_nan() || found == expected),
            "{what}: {found} {expected}"
        );
    } else {
        let difference = (found - expected).abs();
        assert!(difference <= 1e-12 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
    }
}

fn image(entry: &Value) -> Array2<f64> {
    let p = numbers(&entry["field"]);
    let (ny, nx) = (p[0] as usize, p[1] as usize);
    let mut d = testing::field(ny, nx, p[2] as u64, p[3] as usize, p[4]);
    if entry["holes"].as_bool().unwrap() {
        for (i, v) in d.iter_mut().enumerate() {
            if testing::uniform(99, i as u64) < 0.2 {
                *v = f64::NAN;
            }
        }
    }
    d
}

#[test]
fn stretches() {
    let f = fixture();
    let x = numbers(&f["x"]);
    for (name, answers) in f["stretches"].as_object().unwrap() {
        let s: Stretch = name.parse().unwrap();
        for ((x, apply), inverse) in
            x.iter().zip(numbers(&answers["apply"])).zip(numbers(&answers["inverse"]))
        {
            close(s.apply(*x), apply, &format!("{name} of {x}"));
            close(s.inverse(*x), inverse, &format!("inverse {name} of {x}"));
        }
    }
}

#[test]
fn intervals() {
    for entry in fixture()["fields"].as_array().unwrap() {
        let data = image(entry);
        let image = Image::new(data.view()).unwrap();
        for (text, limits) in entry["intervals"].as_object().unwrap() {
            let (lo, hi) = text.parse::<Interval>().unwrap().limits(&image).unwrap();
            close(lo, number(&limits[0]), text);
            close(hi, number(&limits[1]), text);
        }
        for z in entry["zscale"].as_array().unwrap() {
            let mut c = ZScaleConfig::default();
            for (key, v) in z["config"].as_object().unwrap() {
                match key.as_str() {
                    "n_samples" => c.n_samples = v.as_u64().unwrap() as usize,
                    "contrast" => c.contrast = number(v),
                    "max_reject" => c.max_reject = number(v),
                    "min_npixels" => c.min_npixels = v.as_u64().unwrap() as usize,
                    "krej" => c.krej = number(v),
                    "max_iterations" => c.max_iterations = v.as_u64().unwrap() as usize,
                    other => panic!("{other}"),
                }
            }
            let (lo, hi) = Interval::ZScale(c).limits(&image).unwrap();
            close(lo, number(&z["limits"][0]), &format!("{c:?}"));
            close(hi, number(&z["limits"][1]), &format!("{c:?}"));
        }
    }
}

#[test]
fn masked_pixels_count_like_nan() {
    let f = fixture();
    let entry = f["fields"].as_array().unwrap().iter().find(|e| e["holes"] == true).unwrap();
    let holes = image(entry);
    let mask = holes.mapv(f64::is_nan);
    let filled = holes.mapv(|v| if v.is_nan() { 1e9 } else { v });
    let image = Image::new(filled.view()).unwrap().with_mask(mask.view()).unwrap();
    for (text, limits) in entry["intervals"].as_object().unwrap() {
        let (lo, hi) = text.parse::<Interval>().unwrap().limits(&image).unwrap();
        close(lo, number(&limits[0]), text);
        close(hi, number(&limits[1]), text);
    }
}

#[test]
fn norms() {
    for entry in fixture()["fields"].as_array().unwrap() {
        let data = image(entry);
        let image = Image::new(data.view()).unwrap();
        let samples = numbers(&entry["samples"]);
        for n in entry["norms"].as_array().unwrap() {
            let (interval, stretch) = (n["interval"].as_str().unwrap(), n["stretch"].as_str().unwrap());
            let mut norm =
                ImageNorm::new(&image, &interval.parse().unwrap(), &stretch.parse().unwrap()).unwrap();
            norm.clip = n["clip"].as_bool().unwrap();
            for (v, out) in samples.iter().zip(numbers(&n["out"])) {
                close(norm.apply(*v), out, &format!("{interval} {stretch} of {v}"));
            }
        }
    }
}

#[test]
fn histogram_equalisation() {
    for entry in fixture()["fields"].as_array().unwrap() {
        let data = image(entry);
        let h = HistEq::new(data.iter().copied().collect()).unwrap();
        let e = &entry["histeq"];
        for ((x, apply), inverse) in
            numbers(&e["x"]).iter().zip(numbers(&e["apply"])).zip(numbers(&e["inverse"]))
        {
            close(h.apply(*x), apply, "histeq");
            close(h.inverse(*x), inverse, "inverse histeq");
        }
        let image = Image::new(data.view()).unwrap();
        let norm = ImageNorm::new(&image, &Interval::MinMax, &Stretch::HistEq).unwrap();
        for (x, apply) in numbers(&e["x"]).iter().zip(numbers(&e["apply"])) {
            close(norm.apply(norm.vmin + x * (norm.vmax - norm.vmin)), apply, "norm with histeq");
        }
    }
}

#[test]
fn histograms() {
    for entry in fixture()["fields"].as_array().unwrap() {
        let data = image(entry);
        let e = &entry["histogram"];
        let interval = "percentile:1,98.3".parse().unwrap();
        let config =
            HistogramConfig { bins: e["bins"].as_u64().unwrap() as usize, interval, ..Default::default() };
        let h = Histogram::new(&Image::new(data.view()).unwrap(), &config).unwrap();
        assert_eq!(h.counts.iter().map(|c| *c as f64).collect::<Vec<_>>(), numbers(&e["counts"]));
        assert_eq!((h.below as f64, h.above as f64), (number(&e["below"]), number(&e["above"])));
        for (edge, expected) in h.edges.iter().zip(numbers(&e["edges"])) {
            close(*edge, expected, "edge");
        }
    }
}
