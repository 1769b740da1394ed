//! Reading fixtures and comparing with them.

use serde_json::Value;
use skyphot_core::testing::uniform;

pub(crate) fn number(v: &Value) -> f64 {
    match v {
        Value::String(s) => s.parse().unwrap(),
        _ => v.as_f64().unwrap(),
    }
}

pub(crate) fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

pub(crate) fn pair(v: &Value) -> (usize, usize) {
    (v[0].as_u64().unwrap() as usize, v[1].as_u64().unwrap() as usize)
}

/// Compares a map with the digest of another: some of its values, and two sums that see every pixel.
pub(crate) fn compare(what: &str, found: &[f64], digest: &Value, tolerance: f64) {
    assert_eq!(found.len() as u64, digest["size"].as_u64().unwrap(), "{what}: size");
    let step = digest["step"].as_u64().unwrap() as usize;
    for (i, (a, b)) in found.iter().step_by(step).zip(numbers(&digest["values"])).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}: value {}: found {a}, expected {b}", i * step);
    }
    let weighted = sum(found.iter().enumerate().map(|(i, v)| v * uniform(17, i as u64)));
    let size = sum(found.iter().map(|v| v.abs()));
    for (name, found) in [("sum", sum(found.iter().copied())), ("weighted", weighted)] {
        let expected = number(&digest[name]);
        assert!(
            (found - expected).abs() <= tolerance + 1e-14 * size,
            "{what}: {name}: found {found}, expected {expected}"
        );
    }
}

/// A sum with the rounding errors carried along (Neumaier 1974).
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut rest) = (0.0_f64, 0.0);
    for v in values {
        let t = total + v;
        rest += if total.abs() >= v.abs() { (total - t) + v } else { (v - t) + total };
        total = t;
    }
    total + rest
}
