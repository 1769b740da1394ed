//! Weights on grids of any cell size next to photutils (`tests/reference/gen_grids.py`).

use serde_json::Value;
use skyphot_core::testing::uniform;
use skyphot_geometry::{
    OverlapMethod, circular_overlap_grid, elliptical_overlap_grid, rectangular_overlap_grid,
};

#[test]
fn weights_on_grids_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/grids.json")).unwrap();
    let numbers = |v: &Value| v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<_>>();
    for c in all["cases"].as_array().unwrap() {
        let (g, s) = (numbers(&c["grid"]), numbers(&c["shape"]));
        let (x, y, nx, ny) = ((g[0], g[1]), (g[2], g[3]), g[4] as usize, g[5] as usize);
        let n = c["n"].as_u64().unwrap() as usize;
        let exact = c["exact"] == true;
        let method = match (exact, n) {
            (true, _) => OverlapMethod::Exact,
            (_, 1) => OverlapMethod::Center,
            _ => OverlapMethod::Subpixel(n),
        };
        let found = [
            circular_overlap_grid(x, y, nx, ny, s[0], method).unwrap(),
            elliptical_overlap_grid(x, y, nx, ny, (s[0], s[1]), s[2], method).unwrap(),
            rectangular_overlap_grid(x, y, nx, ny, (s[0], s[1]), s[2], method).unwrap(),
        ];
        for (k, (w, e)) in found.iter().zip(c["weights"].as_array().unwrap()).enumerate() {
            let mixed: f64 = w.iter().zip(0..).map(|(w, i)| w * uniform(62, i)).sum();
            let tolerance = if exact { 1e-10 } else { 1e-12 };
            for (f, e) in [w.sum(), mixed].iter().zip(numbers(e)) {
                assert!((f - e).abs() <= tolerance * e.max(1.0), "shape {k}: found {f}, expected {e}: {c}");
            }
        }
    }
}

#[test]
fn senseless_grids_are_refused() {
    let (x, exact) = ((0.0, 1.0), OverlapMethod::Exact);
    for (shape, theta) in [((0.0, 1.0), 0.0), ((1.0, f64::NAN), 0.0), ((1.0, 1.0), f64::INFINITY)] {
        assert!(elliptical_overlap_grid(x, x, 2, 2, shape, theta, exact).is_err());
        assert!(rectangular_overlap_grid(x, x, 2, 2, shape, theta, exact).is_err());
    }
    assert!(elliptical_overlap_grid((1.0, 0.0), x, 2, 2, (1.0, 1.0), 0.0, exact).is_err());
    assert_eq!(elliptical_overlap_grid(x, x, 0, 3, (1.0, 1.0), 0.0, exact).unwrap().dim(), (3, 0));
}
