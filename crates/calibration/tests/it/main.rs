//! Calibration against astropy, ccdproc and astroscrappy.

#![allow(clippy::unwrap_used)]

mod ccd;
mod cosmic_rays;
mod flux;

use serde_json::Value;

/// A number as the fixtures write it.
pub(crate) fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s.parse().unwrap(),
        v => v.as_f64().unwrap(),
    }
}

/// All numbers of nested lists.
pub(crate) fn numbers(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(a) => a.iter().flat_map(numbers).collect(),
        v => vec![number(v)],
    }
}

/// Equal to `tolerance`, relative above 1; NaN goes with NaN.
pub(crate) fn assert_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let same = (g - w).abs() <= tolerance * w.abs().max(1.0) || (g.is_nan() && w.is_nan()) || g == w;
        assert!(same, "{what}, entry {i}: {g}, expected {w}");
    }
}
