//! Constrained fits next to scipy and astropy (`tests/reference/gen_fit.py`).

#![allow(clippy::unwrap_used)]

mod minimize;

use serde_json::Value;
use skyphot_fit::{ConstrainedFit, Constraint, SystemFit, fit_constrained};

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/constrained.json")).unwrap()
}

/// A Gaussian on a straight line: amplitude, mean, width, level, slope.
fn fit(all: &Value, start: &[f64], constraints: &[Constraint]) -> ConstrainedFit {
    let (x, y, sigma) = (numbers(&all["x"]), numbers(&all["y"]), numbers(&all["sigma"]));
    fit_constrained(
        start,
        constraints,
        &SystemFit { step_tolerance: 1e-12, ..Default::default() },
        |p, add| {
            for ((x, y), s) in x.iter().zip(&y).zip(&sigma) {
                let u = (x - p[1]) / p[2];
                let e = (-0.5 * u * u).exp();
                let d = [e, p[0] * e * u / p[2], p[0] * e * u * u / p[2], 1.0, *x].map(|v| v / s);
                add((p[0] * e + p[3] + p[4] * x - y) / s, &d);
            }
        },
    )
    .unwrap()
}

#[test]
fn constrained_fits_are_those_of_scipy() {
    let all = fixture();
    for case in all["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let constraints: Vec<Constraint> = case["constraints"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                let number = |i: usize| c[i].as_f64().unwrap();
                match c[0].as_str().unwrap() {
                    "free" => Constraint::Free,
                    "fixed" => Constraint::Fixed,
                    "bounded" => Constraint::Bounded(number(1), number(2)),
                    _ => Constraint::Tied { to: number(1) as usize, factor: number(2), offset: number(3) },
                }
            })
            .collect();
        let f = fit(&all, &[2.0, 4.0, 1.5, 0.5, 0.0], &constraints);
        assert!(f.status.is_success(), "{name}: {f:?}");
        for (i, (a, b)) in f.parameters.iter().zip(numbers(&case["parameters"])).enumerate() {
            assert!((a - b).abs() < 1e-6, "{name} parameter {i}: {a} instead of {b}");
        }
        let chi2 = case["chi2"].as_f64().unwrap();
        assert!((f.chi2 / chi2 - 1.0).abs() < 1e-9, "{name}: {} {chi2}", f.chi2);
        let errors = f.errors().unwrap();
        let expected = numbers(&case["covariance"]);
        for (k, (a, b)) in f.covariance.unwrap().iter().zip(&expected).enumerate() {
            let size = (errors[k / 5] * errors[k % 5]).max(1e-300);
            assert!((a - b).abs() < 1e-5 * size, "{name} covariance {k}: {a} instead of {b}");
        }
    }
}

#[test]
fn ties_are_those_of_astropy() {
    let all = fixture();
    let tied = [
        Constraint::Free,
        Constraint::Free,
        Constraint::Fixed,
        Constraint::Tied { to: 0, factor: 0.2, offset: 0.0 },
        Constraint::Free,
    ];
    let f = fit(&all, &[2.0, 4.0, 1.1, 0.5, 0.0], &tied);
    for (a, b) in f.parameters.iter().zip(numbers(&all["astropy"]["parameters"])) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}
