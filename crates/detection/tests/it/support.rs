//! Images and parameters of the fixtures.

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::testing::{field, uniform};
use skyphot_core::{Exec, Point, Table};
use skyphot_detection::{DaoStarFinder, IrafStarFinder, PeakConfig, StarFinder, Threshold};
use skyphot_filter::Footprint;

pub(crate) const SHAPE: (usize, usize) = (120, 150);

/// The images of the generator, with their masks.
pub(crate) fn image(name: &str) -> (Array2<f64>, Option<Array2<bool>>) {
    let index = |y: usize, x: usize| (y * SHAPE.1 + x) as u64;
    let base = || field(SHAPE.0, SHAPE.1, 31, 40, 2.0);
    match name {
        "plain" => (base() - 104.0, None),
        "bad" => {
            let mut data = base() - 104.0;
            for ((y, x), v) in data.indexed_iter_mut() {
                if uniform(77, index(y, x)) > 0.9995 {
                    *v = f64::NAN;
                }
            }
            let mask = Array2::from_shape_fn(SHAPE, |(y, x)| {
                uniform(78, index(y, x)) > 0.998 || ((40..55).contains(&y) && (60..90).contains(&x))
            });
            (data, Some(mask))
        }
        "steps" => ((base() - 104.0).mapv(|v| (v * 0.2).floor().min(12.0)), None),
        "negative" => (base() - 2000.0, None),
        "constant" => (Array2::from_elem(SHAPE, 7.0), None),
        "levels" => {
            (Array2::from_shape_fn(SHAPE, |(y, x)| (uniform(5, index(y, x)) * 6.0).floor() - 2.0), None)
        }
        _ => panic!("no image {name}"),
    }
}

pub(crate) fn ramp(low: f64, slope: f64) -> Array2<f64> {
    Array2::from_shape_fn(SHAPE, |(y, x)| low + slope * x as f64 + slope * y as f64)
}

pub(crate) fn template(ny: usize, nx: usize) -> Array2<f64> {
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (dx, dy) = (x as f64 - (nx / 2) as f64, y as f64 - (ny / 2) as f64);
        let q = 1.0 + (dx * dx + dy * dy) / 5.4;
        1.0 / (q * q)
    })
}

pub(crate) fn level(v: &Value) -> Threshold {
    match v {
        Value::Object(o) => ramp(o["low"].as_f64().unwrap(), o["slope"].as_f64().unwrap()).into(),
        v => v.as_f64().unwrap().into(),
    }
}

fn pair(v: &Value) -> (usize, usize) {
    match v.as_u64() {
        Some(n) => (n as usize, n as usize),
        None => (v[0].as_u64().unwrap() as usize, v[1].as_u64().unwrap() as usize),
    }
}

fn range(v: &Value) -> Option<(f64, f64)> {
    v.as_array().map(|a| (a[0].as_f64().unwrap(), a[1].as_f64().unwrap()))
}

fn points(v: &Value) -> Vec<Point> {
    v.as_array().unwrap().iter().map(|p| Point::new(p[0].as_f64().unwrap(), p[1].as_f64().unwrap())).collect()
}

/// Applies the parameters of a case, named as in photutils, to fields of ours.
macro_rules! apply {
    ($finder:ident, $parameters:expr, $($key:literal => $field:ident = $f:expr;)*) => {
        for (key, v) in $parameters.as_object().unwrap() {
            match key.as_str() {
                "threshold" | "fwhm" | "kernel" => {}
                $($key => $finder.$field = $f(v),)*
                other => panic!("parameter {other}"),
            }
        }
    };
}

pub(crate) fn dao(p: &Value) -> DaoStarFinder {
    let mut f = DaoStarFinder::new(level(&p["threshold"]), p["fwhm"].as_f64().unwrap()).unwrap();
    apply! { f, p,
        "ratio" => ratio = |v: &Value| v.as_f64().unwrap();
        "theta" => theta_deg = |v: &Value| v.as_f64().unwrap();
        "sigma_radius" => sigma_radius = |v: &Value| v.as_f64().unwrap();
        "sharpness_range" => sharpness_range = range;
        "roundness_range" => roundness_range = range;
        "exclude_border" => exclude_border = |v: &Value| v.as_bool().unwrap();
        "n_brightest" => n_brightest = |v: &Value| v.as_u64().map(|n| n as usize);
        "peak_max" => peak_max = Value::as_f64;
        "xycoords" => xycoords = |v: &Value| Some(points(v));
        "min_separation" => min_separation = Value::as_f64;
        "scale_threshold" => scale_threshold = |v: &Value| v.as_bool().unwrap();
    }
    f
}

pub(crate) fn iraf(p: &Value) -> IrafStarFinder {
    let mut f = IrafStarFinder::new(level(&p["threshold"]), p["fwhm"].as_f64().unwrap()).unwrap();
    apply! { f, p,
        "sigma_radius" => sigma_radius = |v: &Value| v.as_f64().unwrap();
        "sharpness_range" => sharpness_range = range;
        "roundness_range" => roundness_range = range;
        "exclude_border" => exclude_border = |v: &Value| v.as_bool().unwrap();
        "n_brightest" => n_brightest = |v: &Value| v.as_u64().map(|n| n as usize);
        "peak_max" => peak_max = Value::as_f64;
        "xycoords" => xycoords = |v: &Value| Some(points(v));
        "min_separation" => min_separation = Value::as_f64;
        "min_n_pixels" => min_n_pixels = |v: &Value| v.as_u64().unwrap() as usize;
    }
    f
}

pub(crate) fn star(p: &Value) -> StarFinder {
    let (ny, nx) = pair(&p["kernel"]);
    let mut f = StarFinder::new(level(&p["threshold"]), template(ny, nx).view()).unwrap();
    apply! { f, p,
        "exclude_border" => exclude_border = |v: &Value| v.as_bool().unwrap();
        "n_brightest" => n_brightest = |v: &Value| v.as_u64().map(|n| n as usize);
        "peak_max" => peak_max = Value::as_f64;
        "min_separation" => min_separation = Value::as_f64;
    }
    f
}

pub(crate) fn peaks(p: &Value) -> (Threshold, PeakConfig) {
    let mut c = PeakConfig { exec: Exec::default(), ..Default::default() };
    apply! { c, p,
        "box_size" => box_size = pair;
        "border_width" => border_width = pair;
        "n_peaks" => n_peaks = |v: &Value| v.as_u64().map(|n| n as usize);
        "min_separation" => min_separation = Value::as_f64;
        "footprint" => footprint = |v: &Value| {
            let rows = v.as_array().unwrap();
            let n = rows[0].as_array().unwrap().len();
            let on = |v: &Value| v.as_u64().map_or_else(|| v.as_f64().unwrap() != 0.0, |u| u != 0);
            Some(Footprint::from_array(Array2::from_shape_fn((rows.len(), n), |(y, x)| on(&rows[y][x]))).unwrap())
        };
        "centroid" => centroid = |v: &Value| Some(match v.as_str().unwrap() {
            "com" => skyphot_centroids::CentroidMethod::Com,
            _ => skyphot_centroids::CentroidMethod::Gaussian2d,
        });
    }
    (level(&p["threshold"]), c)
}

/// A number of a fixture; NaN and infinities are strings there.
pub(crate) fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

/// All columns of photutils within `relative` of its values.
pub(crate) fn compare(what: &str, case: &Value, ours: &Table, relative: f64) {
    assert_eq!(ours.n_rows() as u64, case["n"].as_u64().unwrap(), "{what}: number of sources");
    let Some(table) = case["table"].as_object() else { return };
    let names: Vec<&str> = table.keys().map(String::as_str).collect();
    assert_eq!(ours.names()[..names.len()], names[..], "{what}: columns");
    for (name, expected) in table {
        let values = ours.f64(name).unwrap();
        for (row, (e, v)) in expected.as_array().unwrap().iter().zip(&values).enumerate() {
            let (e, mut v) = (number(e), *v);
            if name == "orientation" && (v - e).abs() > 90.0 {
                // An axis: -90 and 90 degrees are the same.
                v -= 180.0 * (v - e).signum();
            }
            let same = (e.is_nan() && v.is_nan()) || e == v || (e - v).abs() <= relative * e.abs() + 1e-11;
            assert!(same, "{what}: {name}[{row}] is {v}, photutils has {e}");
        }
    }
}
