//! Headers for tests and fixtures.

use std::num::NonZeroUsize;

use serde_json::Value;
use skyphot_core::testing::uniform;
use skyphot_core::{Exec, HeaderView};

/// A header as a list of keywords and values.
#[derive(Debug, Clone, Default)]
pub struct Cards(pub Vec<(String, String)>);

impl Cards {
    /// From an object `{keyword: value}`.
    pub fn from_json(v: &Value) -> Self {
        Self(
            v.as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
                .collect(),
        )
    }

    /// From lines `KEY = value`.
    pub fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter_map(|l| l.split_once('='))
                .map(|(k, v)| (k.trim().to_owned(), v.trim().trim_matches('\'').trim().to_owned()))
                .collect(),
        )
    }

    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.0.retain(|c| c.0 != key);
        self.0.push((key.to_owned(), value.to_string()));
        self
    }

    pub fn without(mut self, key: &str) -> Self {
        self.0.retain(|c| c.0 != key);
        self
    }
}

impl HeaderView for Cards {
    fn get_str(&self, key: &str) -> Option<String> {
        self.0.iter().rev().find(|c| c.0.eq_ignore_ascii_case(key)).map(|c| c.1.clone())
    }

    fn keys(&self) -> Vec<String> {
        self.0.iter().map(|c| c.0.clone()).collect()
    }
}

pub fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/it/fixtures/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).unwrap()
}

/// Numbers, with "nan" for NaN.
pub fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Uniform numbers in a range.
pub fn range(seed: u64, n: usize, lo: f64, hi: f64) -> Vec<f64> {
    (0..n as u64).map(|i| lo + (hi - lo) * uniform(seed, i)).collect()
}

/// Distance of two directions along the larger of the two coordinates, degrees on the sky.
pub fn sky_error(a: (f64, f64), b: (f64, f64)) -> f64 {
    let d = (a.0 - b.0).rem_euclid(360.0);
    let d = d.min(360.0 - d) * b.1.to_radians().cos();
    d.abs().max((a.1 - b.1).abs())
}

/// 1, 2, 3 and 7 threads.
pub fn execs() -> Vec<Exec> {
    [1, 2, 3, 7].map(|n| Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap()).to_vec()
}
