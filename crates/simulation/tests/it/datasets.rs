//! Tables, images and noise of photutils.datasets.

use ndarray::Array2;
use serde_json::Value;
use skyphot_core::tree::Node;
use skyphot_core::{Column, Table};
use skyphot_simulation::{
    Discretize, Gaussian2D, ModelImageConfig, ModelParamsConfig, Moffat2D, NoiseDistribution, Sersic2D,
    SourceModel, apply_poisson_noise, make_4gaussians_image, make_100gaussians_image, make_gwcs,
    make_model_image, make_model_params, make_noise_image, make_random_models_table, make_wcs,
};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/datasets.json")).unwrap()
}

fn number(v: &Value) -> f64 {
    v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap())
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(number).collect()
}

fn pair(v: &Value) -> (usize, usize) {
    (v[0].as_u64().unwrap() as usize, v[1].as_u64().unwrap() as usize)
}

fn close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * w.abs().max(1.0), "{what}: {g} {w}");
    }
}

fn check(image: &Array2<f64>, want: &Value, tolerance: f64, what: &str) {
    assert_eq!(image.dim(), pair(&want["shape"]), "{what}");
    let sum = |f: &dyn Fn(usize, usize, usize) -> f64| -> f64 {
        let nx = image.ncols();
        image.indexed_iter().map(|((y, x), v)| v * f(y, x, y * nx + x)).sum()
    };
    let squares: f64 = image.iter().map(|v| v * v).sum();
    let got = [
        sum(&|_, _, _| 1.0),
        squares,
        sum(&|_, x, _| x as f64),
        sum(&|y, _, _| y as f64),
        sum(&|_, _, i| (i % 97) as f64),
    ];
    close(&got, &["sum", "squares", "x", "y", "mod"].map(|k| number(&want[k])), tolerance, what);
    let flat: Vec<f64> = image.iter().copied().collect();
    let at: Vec<f64> = numbers(&want["at"]).iter().map(|i| flat[*i as usize]).collect();
    close(&at, &numbers(&want["values"]), tolerance, what);
}

#[test]
fn random_tables() {
    for case in fixture()["params"].as_array().unwrap() {
        let config = ModelParamsConfig {
            min_separation: number(&case["separation"]),
            border_size: pair(&case["border"]),
            seed: case["seed"].as_u64().unwrap(),
            ..Default::default()
        };
        let n = case["n"].as_u64().unwrap() as usize;
        let ranges = [("flux", (500.0, 20000.0)), ("sigma", (1.0, 2.0))];
        let t = make_model_params(pair(&case["shape"]), n, &ranges, &config).unwrap();
        for name in ["x_0", "y_0", "flux", "sigma"] {
            close(&t.f64(name).unwrap(), &numbers(&case[name]), 1e-14, name);
        }
    }
    let t = make_random_models_table(6, &[("a", (1.0, 2.0)), ("b", (-3.0, 7.0))], 11).unwrap();
    for name in ["a", "b"] {
        close(&t.f64(name).unwrap(), &numbers(&fixture()["table"][name]), 1e-14, name);
    }
    let config = ModelParamsConfig { border_size: (30, 2), ..Default::default() };
    let text = make_model_params((60, 60), 3, &[], &config).unwrap_err().to_string();
    assert!(text.contains("border along y"), "{text}");
    assert!(make_model_params((60, 60), 3, &[("x_0", (0.0, 1.0))], &ModelParamsConfig::default()).is_err());
}

#[test]
fn images_of_models() {
    for case in fixture()["images"].as_array().unwrap() {
        let columns = case["table"].as_object().unwrap();
        let table = Table::from_columns(columns.iter().map(|(n, v)| Column::new(n, numbers(v)))).unwrap();
        let name = case["model"].as_str().unwrap();
        let model: &dyn SourceModel = match name {
            "gaussian" => &Gaussian2D,
            "moffat" => &Moffat2D,
            _ => &Sersic2D,
        };
        let o = &case["options"];
        let discretize = match o["discretize_method"].as_str() {
            Some("interp") => Discretize::Interp,
            Some("oversample") => {
                Discretize::Oversample(o["discretize_oversample"].as_u64().unwrap() as usize)
            }
            Some("integrate") => Discretize::Integrate,
            _ => Discretize::Center,
        };
        let config = ModelImageConfig {
            bbox_factor: o["bbox_factor"].as_f64(),
            model_shape: o.get("model_shape").map(pair),
            discretize,
            ..Default::default()
        };
        let image = make_model_image((60, 80), model, &table, &config).unwrap();
        check(&image, &case["image"], 1e-11, &format!("{name} {o}"));
    }
}

#[test]
fn noise_of_a_seed() {
    for case in fixture()["noises"].as_array().unwrap() {
        let seed = case["seed"].as_u64().unwrap();
        let kind = case["kind"].as_str().unwrap();
        let image = match kind {
            "gaussian" => {
                let d =
                    NoiseDistribution::Gaussian { mean: number(&case["mean"]), std: number(&case["std"]) };
                make_noise_image((40, 50), d, seed)
            }
            "poisson" => {
                make_noise_image((40, 50), NoiseDistribution::Poisson { mean: number(&case["mean"]) }, seed)
            }
            _ => {
                let ramp = Array2::from_shape_fn((40, 50), |(y, x)| (y * 50 + x) as f64 / 7.0);
                apply_poisson_noise(ramp.view(), seed)
            }
        };
        check(&image.unwrap(), &case["image"], 1e-13, kind);
    }
}

#[test]
fn example_images() {
    let all = fixture();
    let want = &all["examples"];
    check(&make_4gaussians_image(true).unwrap(), &want["four"], 1e-12, "four");
    check(&make_4gaussians_image(false).unwrap(), &want["four_clean"], 1e-12, "four without noise");
    check(&make_100gaussians_image(true).unwrap(), &want["hundred"], 1e-12, "hundred");
    check(&make_100gaussians_image(false).unwrap(), &want["hundred_clean"], 1e-12, "hundred without noise");
}

#[test]
fn example_systems_have_their_parts() {
    let cards = make_wcs((300, 500), false);
    let get = |k: &str| cards.iter().find(|c| c.key == k).map(|c| format!("{:?}", c.value));
    assert!(get("CRPIX1").unwrap().contains("250") && get("CTYPE1").unwrap().contains("RA---TAN"));
    let tree = make_gwcs((300, 500), true);
    assert!(
        tree.path("steps.1.frame.name").and_then(Node::as_str) == Some("galactic"),
        "{}",
        tree.describe()
    );
}
