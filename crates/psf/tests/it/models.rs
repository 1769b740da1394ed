//! Values and derivatives of the models.

use ndarray::{Array2, Array3, s};
use serde_json::Value;
use skyphot_core::Point;
use skyphot_core::testing::uniform;
use skyphot_psf::{
    AiryDiskPrf, AiryDiskPsf, CircularGaussianPrf, CircularGaussianPsf, CircularGaussianSigmaPrf,
    Derivatives, GaussianPrf, GaussianPsf, GriddedPsf, ImagePsf, ImagePsfConfig, MoffatPrf, MoffatPsf,
    PsfModel, Source, Window,
};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/models.json")).unwrap()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Differences are measured against the largest value of the row.
fn close(what: &str, found: &[f64], expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= tolerance * size, "{what}[{i}]: {f} instead of {e} (largest {size})");
    }
}

fn model(name: &str, p: &[f64]) -> Box<dyn PsfModel> {
    match name {
        "GaussianPsf" => Box::new(GaussianPsf::new(p[0], p[1], p[2]).unwrap()),
        "CircularGaussianPsf" => Box::new(CircularGaussianPsf::new(p[0]).unwrap()),
        "GaussianPrf" => Box::new(GaussianPrf::new(p[0], p[1], p[2]).unwrap()),
        "CircularGaussianPrf" => Box::new(CircularGaussianPrf::new(p[0]).unwrap()),
        "CircularGaussianSigmaPrf" => Box::new(CircularGaussianSigmaPrf::new(p[0]).unwrap()),
        "MoffatPsf" => Box::new(MoffatPsf::new(p[0], p[1]).unwrap()),
        "MoffatPrf" => Box::new(MoffatPrf::new(p[0], p[1]).unwrap()),
        "AiryDiskPsf" => Box::new(AiryDiskPsf::new(p[0]).unwrap()),
        "AiryDiskPrf" => Box::new(AiryDiskPrf::new(p[0]).unwrap()),
        _ => panic!("{name}"),
    }
}

fn check(what: &str, model: &dyn PsfModel, source: &Source<'_>, w: Window, case: &Value, tolerance: f64) {
    let mut value = vec![0.0; w.len()];
    model.evaluate(source, w, &mut value);
    close(&format!("{what} value"), &value, &case["value"], tolerance);
    let mut d = Derivatives::default();
    model.derivatives(source, w, true, &mut d);
    close(&format!("{what} value with derivatives"), &d.value, &case["value"], tolerance);
    close(&format!("{what} dx"), &d.dx, &case["dx"], tolerance);
    close(&format!("{what} dy"), &d.dy, &case["dy"], tolerance);
    for (k, found) in d.shape.iter().enumerate() {
        close(&format!("{what} dshape {k}"), found, &case["dshape"][k], tolerance);
    }
    let e = model.extent(source);
    close(&format!("{what} box"), &[e.x.0, e.x.1, e.y.0, e.y.1], &case["box"], 1e-14);
}

#[test]
fn analytic_models_are_those_of_photutils() {
    let all = fixture();
    for (name, cases) in all["analytic"].as_object().unwrap() {
        for (i, case) in cases.as_array().unwrap().iter().enumerate() {
            let shape = numbers(&case["shape"]);
            let m = model(name, &shape);
            assert_eq!(m.shape_parameters().iter().map(|p| p.value).collect::<Vec<_>>(), shape);
            let s = Source { x: case["x"].as_f64().unwrap(), y: case["y"].as_f64().unwrap(), shape: &shape };
            check(&format!("{name} {i}"), m.as_ref(), &s, Window::new(9, 19, 5, 5), case, 1e-10);
        }
    }
}

fn samples(ny: usize, nx: usize, seed: u64, wide: f64) -> Array2<f64> {
    Array2::from_shape_fn((ny, nx), |(y, x)| {
        let (dx, dy) = (x as f64 - (nx as f64 - 1.0) / 2.0, y as f64 - (ny as f64 - 1.0) / 2.0);
        let q = 1.0 + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy) / wide;
        (1.0 + 0.05 * uniform(seed, (y * nx + x) as u64)) / (q * q)
    })
}

#[test]
fn image_models_are_those_of_photutils() {
    for (i, case) in fixture()["image"].as_array().unwrap().iter().enumerate() {
        let shape = numbers(&case["shape"]);
        let os = numbers(&case["oversampling"]);
        let data = samples(shape[0] as usize, shape[1] as usize, 60 + case["plane"].as_u64().unwrap(), 20.0);
        let config = ImagePsfConfig {
            oversampling: (os[0] as usize, os[1] as usize),
            origin: (!case["origin"].is_null()).then(|| {
                let o = numbers(&case["origin"]);
                (o[0], o[1])
            }),
            extrapolate: case["extrapolate"].as_bool().unwrap(),
        };
        let m = ImagePsf::new(data.view(), config).unwrap();
        let s = Source { x: case["x"].as_f64().unwrap(), y: case["y"].as_f64().unwrap(), shape: &[] };
        check(&format!("image {i}"), &m, &s, Window::new(8, 18, 7, 7), case, 1e-10);
    }
}

#[test]
fn gridded_models_are_those_of_photutils() {
    let all = fixture();
    let grid: Vec<Point> = all["gridded"]["grid"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| Point::new(p[0].as_f64().unwrap(), p[1].as_f64().unwrap()))
        .collect();
    let mut data = Array3::zeros((6, 29, 25));
    for i in 0..6 {
        data.slice_mut(s![i, .., ..]).assign(&samples(29, 25, 80 + i as u64, 15.0 + 3.0 * i as f64));
    }
    for (i, case) in all["gridded"]["cases"].as_array().unwrap().iter().enumerate() {
        let n = case["n"].as_u64().unwrap() as usize;
        let m = GriddedPsf::new(data.slice(s![..n, .., ..]), &grid[..n], (3, 2)).unwrap();
        let s = Source { x: case["x"].as_f64().unwrap(), y: case["y"].as_f64().unwrap(), shape: &[] };
        let (px, py) = (numbers(&case["px"]), numbers(&case["py"]));
        let mut d = Derivatives::default();
        let mut found = [Vec::new(), Vec::new(), Vec::new()];
        for (x, y) in px.iter().zip(&py) {
            m.derivatives(&s, Window::new(*x as i64, *y as i64, 1, 1), false, &mut d);
            found[0].push(d.value[0]);
            found[1].push(d.dx[0]);
            found[2].push(d.dy[0]);
        }
        for (f, name) in found.iter().zip(["value", "dx", "dy"]) {
            close(&format!("gridded {i} {name}"), f, &case[name], 1e-10);
        }
        let e = m.extent(&s);
        close(&format!("gridded {i} box"), &[e.x.0, e.x.1, e.y.0, e.y.1], &case["box"], 1e-14);
    }
}

/// A model that only says what it is worth: its derivatives come from differences.
#[derive(Debug)]
struct Plain<M>(M);
impl<M: PsfModel> PsfModel for Plain<M> {
    fn name(&self) -> &'static str {
        "Plain"
    }
    fn shape_parameters(&self) -> Vec<skyphot_psf::ShapeParameter> {
        self.0.shape_parameters()
    }
    fn evaluate(&self, source: &Source<'_>, window: Window, out: &mut [f64]) {
        self.0.evaluate(source, window, out);
    }
    fn extent(&self, source: &Source<'_>) -> skyphot_psf::Extent {
        self.0.extent(source)
    }
}

#[test]
fn derivatives_are_those_of_differences() {
    fn same<M: PsfModel>(m: M, shape: &[f64]) {
        let w = Window::new(3, 2, 8, 9);
        let s = Source { x: 6.3, y: 6.8, shape };
        let (mut a, mut b) = (Derivatives::default(), Derivatives::default());
        m.derivatives(&s, w, true, &mut a);
        let name = m.name();
        Plain(m).derivatives(&s, w, true, &mut b);
        let pairs = [(&a.dx, &b.dx), (&a.dy, &b.dy)];
        for (k, (a, b)) in pairs.into_iter().chain(a.shape.iter().zip(&b.shape)).enumerate() {
            let size = a.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            for (a, b) in a.iter().zip(b) {
                assert!((a - b).abs() < 1e-8 * size + 1e-13, "{name} {k}: {a} {b}");
            }
        }
    }
    same(GaussianPsf::new(2.0, 3.0, 25.0).unwrap(), &[2.0, 3.0, 25.0]);
    same(GaussianPrf::new(2.0, 3.0, 25.0).unwrap(), &[2.0, 3.0, 25.0]);
    same(GaussianPrf::new(2.0, 3.0, 0.0).unwrap(), &[2.0, 3.0, 0.0]);
    same(CircularGaussianPsf::new(2.2).unwrap(), &[2.2]);
    same(CircularGaussianPrf::new(1.2).unwrap(), &[1.2]);
    same(CircularGaussianSigmaPrf::new(1.2).unwrap(), &[1.2]);
    same(MoffatPsf::new(2.0, 2.5).unwrap(), &[2.0, 2.5]);
    same(MoffatPrf::new(2.0, 2.5).unwrap(), &[2.0, 2.5]);
    same(AiryDiskPsf::new(3.0).unwrap(), &[3.0]);
    same(AiryDiskPrf::new(3.0).unwrap(), &[3.0]);
}

#[test]
fn wrong_models_are_refused() {
    assert!(GaussianPsf::new(0.0, 1.0, 0.0).is_err());
    assert!(CircularGaussianPrf::new(f64::NAN).is_err());
    assert_eq!(
        MoffatPsf::new(2.0, 1.0).unwrap_err().to_string(),
        "beta must be a finite number greater than 1, found 1"
    );
    let mut data = Array2::<f64>::ones((5, 5));
    assert!(ImagePsf::new(data.slice(s![..3, ..]), ImagePsfConfig::default()).is_err());
    data[[2, 3]] = f64::NAN;
    assert_eq!(
        ImagePsf::new(data.view(), ImagePsfConfig::default()).unwrap_err().to_string(),
        "PSF image must be finite everywhere, found NaN at x = 3, y = 2"
    );
    let cube = Array3::<f64>::ones((3, 5, 5));
    let grid = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)].map(Point::from);
    assert!(GriddedPsf::new(cube.view(), &grid, (1, 1)).is_err());
    assert!(GriddedPsf::new(cube.view(), &grid[..2], (1, 1)).is_err());
}
