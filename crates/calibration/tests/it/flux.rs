use serde_json::Value;
use skyphot_calibration::{
    EncircledEnergy, EnergyInterpolation, FluxScale, FluxUnit, MagnitudeSystem, ZeroPointConfig,
    ZeroPointStatistic, fit_zero_point, flam_of_jansky,
};
use skyphot_core::testing::{noise, uniform};
use skyphot_stats::SigmaClip;

use crate::{assert_close, number, numbers};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/flux.json")).unwrap()
}

#[test]
fn magnitudes_and_units_are_those_of_astropy() {
    let all = fixture();
    let f = &all["fluxes"];
    let (jansky, pivot) = (numbers(&f["jansky"]), number(&f["pivot"]));
    let map = |g: &dyn Fn(f64) -> f64| -> Vec<f64> { jansky.iter().map(|v| g(*v)).collect() };
    assert_close(&map(&|v| MagnitudeSystem::Ab.magnitude(v)), &numbers(&f["ab"]), 1e-13, "AB");
    assert_close(&map(&|v| FluxUnit::AbMagnitude.from_jansky(v)), &numbers(&f["ab"]), 1e-13, "AB unit");
    assert_close(&map(&|v| MagnitudeSystem::St { pivot }.magnitude(v)), &numbers(&f["st"]), 1e-13, "ST");
    let relative = |got: Vec<f64>, want: Vec<f64>, what: &str| {
        for (g, w) in got.iter().zip(&want) {
            assert!((g / w - 1.0).abs() < 1e-13, "{what}: {g} {w}");
        }
    };
    relative(map(&|v| flam_of_jansky(v, pivot)), numbers(&f["flam"]), "per wavelength");
    relative(map(&|v| FluxUnit::Cgs.from_jansky(v)), numbers(&f["cgs"]), "cgs");
    let s = &f["mjysr"];
    let scale = FluxScale::from_surface_brightness(1.0, number(&s["sr"])).unwrap();
    relative(vec![scale.jansky(number(&s["value"]))], vec![number(&s["jansky"])], "MJy/sr");
}

#[test]
fn encircled_energy_is_that_of_numpy_and_scipy() {
    let all = fixture();
    let e = &all["energy"];
    let (r, f, x) = (numbers(&e["radius"]), numbers(&e["fraction"]), numbers(&e["x"]));
    for (kind, name) in [(EnergyInterpolation::Linear, "linear"), (EnergyInterpolation::Pchip, "pchip")] {
        let ee = EncircledEnergy::new(&r, &f, kind).unwrap();
        let got: Vec<f64> = x.iter().map(|x| ee.at(*x)).collect();
        assert_close(&got, &numbers(&e[name]), 1e-14, name);
    }
}

#[test]
fn zero_points_are_those_of_astropy_and_numpy() {
    for case in fixture()["zero_points"].as_array().unwrap() {
        let seed = case["seed"].as_u64().unwrap();
        let n = case["n"].as_u64().unwrap();
        let inst: Vec<f64> = (0..n).map(|i| -12.0 + 6.0 * uniform(seed, i)).collect();
        let mut reference: Vec<f64> =
            (0..n).map(|i| inst[i as usize] + 24.75 + 0.05 * noise(seed + 10, i)).collect();
        for i in (0..n).step_by(9) {
            reference[i as usize] += 3.0 * noise(seed + 20, i);
        }
        let errors: Vec<f64> = (0..n).map(|i| 0.02 + 0.1 * uniform(seed + 30, i)).collect();
        let colours: Vec<f64> = (0..n).map(|i| 2.0 * uniform(seed + 40, i) - 0.5).collect();
        let kept: Vec<bool> = case["kept"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect();
        let clip = SigmaClip::new(number(&case["sigma"]))
            .with_max_iters(case["maxiters"].as_u64().map(|m| usize::try_from(m).unwrap()));
        let fit = |statistic| {
            let config = ZeroPointConfig { clip: clip.clone(), statistic, ..Default::default() };
            fit_zero_point(&inst, &reference, Some(&errors), None, None, &config).unwrap()
        };
        let median = fit(ZeroPointStatistic::Median);
        assert_close(
            &[median.value, median.scatter],
            &[number(&case["median"]), number(&case["std"])],
            1e-12,
            "median",
        );
        assert_eq!(median.kept, kept);
        assert_close(&[fit(ZeroPointStatistic::Mean).value], &[number(&case["mean"])], 1e-12, "mean");
        let weighted = fit(ZeroPointStatistic::WeightedMean);
        let want = [number(&case["weighted"]), number(&case["weighted_error"])];
        assert_close(&[weighted.value, weighted.error], &want, 1e-12, "weighted mean");
        // The line, through the same sources.
        let off = SigmaClip::new(f64::INFINITY);
        let config = ZeroPointConfig { clip: off, ..Default::default() };
        let line = fit_zero_point(&inst, &reference, None, Some(&colours), Some(&kept), &config).unwrap();
        let want = ["value", "value_error", "slope", "slope_error"].map(|k| number(&case[k]));
        let got = [line.value, line.error, line.colour_term, line.colour_term_error];
        assert_close(&got, &want, 1e-11, "line");
    }
}
