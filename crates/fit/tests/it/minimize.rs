//! Minima next to scipy (`tests/reference/gen_minimize.py`).

use serde_json::Value;
use skyphot_fit::{Constraint, Minimize, MinimizeMethod, Minimum, minimize, minimize_with_gradient};

use super::numbers;

const METHODS: [MinimizeMethod; 3] =
    [MinimizeMethod::NelderMead, MinimizeMethod::Bfgs, MinimizeMethod::Lbfgs { memory: 7 }];

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/minimize.json")).unwrap()
}

fn check(found: &Minimum, case: &Value, value: f64, place: f64, name: &str) {
    let best = case["value"].as_f64().unwrap();
    assert!(found.value <= best + value * best.abs(), "{name}: {} instead of {best}, {found:?}", found.value);
    for (i, (a, b)) in found.parameters.iter().zip(numbers(&case["parameters"])).enumerate() {
        assert!((a - b).abs() < place, "{name} parameter {i}: {a} instead of {b}");
    }
}

#[test]
fn likelihoods_and_robust_lines_are_those_of_scipy() {
    let all = fixture();
    let (x, y, z) = (numbers(&all["x"]), numbers(&all["y"]), numbers(&all["z"]));
    let cash = |p: &[f64]| -> f64 {
        let m = |x: f64| p[0] * (-0.5 * ((x - p[1]) / p[2]).powi(2)).exp() + p[3];
        x.iter().zip(&y).map(|(x, y)| 2.0 * (m(*x) - y * m(*x).ln())).sum()
    };
    let residual = |p: &[f64], i: usize| z[i] - p[0] - p[1] * x[i];
    let lorentz =
        |p: &[f64]| -> f64 { (0..x.len()).map(|i| (0.5 * (residual(p, i) / 0.2).powi(2)).ln_1p()).sum() };
    for method in METHODS {
        let options = Minimize { method, ..Default::default() };
        let name = format!("{method:?}");
        let start = numbers(&all["cash"]["start"]);
        let m = minimize(&start, &[], &options, cash).unwrap();
        assert!(m.status.is_success(), "{name}: {m:?}");
        check(&m, &all["cash"], 1e-10, 2e-5, &name);
        let limits = [
            Constraint::Bounded(0.1, 4.0),
            Constraint::Free,
            Constraint::Bounded(0.1, 10.0),
            Constraint::Bounded(2.2, f64::INFINITY),
        ];
        let m = minimize(&start, &limits, &options, cash).unwrap();
        check(&m, &all["cash_bounded"], 1e-10, 2e-5, &format!("{name} within limits"));
        let m = minimize(&numbers(&all["lorentz"]["start"]), &[], &options, lorentz).unwrap();
        check(&m, &all["lorentz"], 1e-10, 1e-5, &format!("{name} lorentz"));
    }
    // A function with kinks, which only the simplex method is made for.
    let options = Minimize { method: MinimizeMethod::NelderMead, ..Default::default() };
    let absolute = |p: &[f64]| -> f64 { (0..x.len()).map(|i| residual(p, i).abs()).sum() };
    let m = minimize(&numbers(&all["absolute"]["start"]), &[], &options, absolute).unwrap();
    check(&m, &all["absolute"], 1e-9, 1e-5, "absolute");
}

#[test]
fn twelve_dimensions_with_and_without_a_gradient() {
    let all = fixture();
    let value = |p: &[f64]| -> f64 {
        p.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
    };
    for method in [MinimizeMethod::Bfgs, MinimizeMethod::Lbfgs { memory: 10 }] {
        let options = Minimize { method, ..Default::default() };
        let with = minimize_with_gradient(&[-0.7; 12], &[], &options, |p, g| {
            g.fill(0.0);
            for i in 0..p.len() - 1 {
                let b = p[i + 1] - p[i] * p[i];
                g[i] += -400.0 * p[i] * b - 2.0 * (1.0 - p[i]);
                g[i + 1] += 200.0 * b;
            }
            value(p)
        })
        .unwrap();
        let without = minimize(&[-0.7; 12], &[], &options, value).unwrap();
        for (m, name) in [(&with, "with"), (&without, "without")] {
            assert!(m.value < 1e-12, "{method:?} {name}: {m:?}");
            for (a, b) in m.parameters.iter().zip(numbers(&all["rosenbrock"]["parameters"])) {
                assert!((a - b).abs() < 1e-5, "{method:?} {name}: {a} {b}");
            }
        }
        assert!(with.evaluations < without.evaluations / 5, "{} {}", with.evaluations, without.evaluations);
    }
}

#[test]
fn tied_parameters_follow() {
    let tied = [Constraint::Free, Constraint::Tied { to: 0, factor: -2.0, offset: 1.0 }];
    // (p - 1)^2 + (1 - 2 p - 4)^2 has its minimum where p - 1 + 2 (2 p + 3) = 0
    for method in METHODS {
        let options = Minimize { method, ..Default::default() };
        let m = minimize_with_gradient(&[3.0, 0.0], &tied, &options, |p, g| {
            g.copy_from_slice(&[2.0 * (p[0] - 1.0), 2.0 * (p[1] - 4.0)]);
            (p[0] - 1.0).powi(2) + (p[1] - 4.0).powi(2)
        })
        .unwrap();
        assert!(
            (m.parameters[0] + 1.0).abs() < 1e-6 && (m.parameters[1] - 3.0).abs() < 2e-6,
            "{method:?} {m:?}"
        );
    }
}
