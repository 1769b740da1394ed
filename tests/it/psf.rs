//! PSF files of the shared data as photutils 3.1.1 reads and evaluates them (`tests/reference/gen_psf_tools.py`).

use serde_json::Value;
use skyphot::core::testing::test_data;
use skyphot::io::{FileSpec, HduSelector, read_psf_grid};
use skyphot::pipeline::PsfSpec;
use skyphot::psf::{Derivatives, GriddedPsf, PsfModel, Source, Window};

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn close(what: &str, found: &[f64], expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(1e-300, |m: f64, v| m.max(v.abs()));
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= tolerance * size, "{what}[{i}]: {f} instead of {e} (largest {size})");
    }
}

fn check(what: &str, model: &dyn PsfModel, cases: &Value, factor: f64) {
    for (k, case) in cases.as_array().unwrap().iter().enumerate() {
        let (x, y) = (case["x"].as_f64().unwrap(), case["y"].as_f64().unwrap());
        let w = Window::new(x.floor() as i64 - 1, y.floor() as i64 - 1, 4, 4);
        let s = Source { x, y, shape: &[] };
        let mut value = vec![0.0; 16];
        model.evaluate(&s, w, &mut value);
        value.iter_mut().for_each(|v| *v /= factor);
        close(&format!("{what} {k} value"), &value, &case["value"], 1e-10);
        if case["dx"].is_null() {
            continue;
        }
        let mut d = Derivatives::default();
        model.derivatives(&s, w, false, &mut d);
        for (name, v) in [("dx", &mut d.dx), ("dy", &mut d.dy)] {
            v.iter_mut().for_each(|v| *v /= factor);
            close(&format!("{what} {k} {name}"), v, &case[name], 1e-10);
        }
    }
}

#[test]
fn psf_files_are_those_of_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/psf_files.json")).unwrap();
    for grid in all["grids"].as_array().unwrap() {
        let name = grid["file"].as_str().unwrap();
        let Some(path) = test_data(name) else { return };
        let detector = grid["detector"].as_u64().map(|d| d as usize);
        let found = read_psf_grid(&path, detector).unwrap();
        let what = format!("{name} {detector:?}");
        let at: Vec<f64> = found.positions.iter().flat_map(|p| [p.x, p.y]).collect();
        let model = GriddedPsf::new(found.data.view(), &found.positions, found.oversampling).unwrap();
        // photutils sorts by y, then x.
        let mut sorted: Vec<(usize, [f64; 2])> =
            at.chunks_exact(2).map(|p| [p[0], p[1]]).enumerate().collect();
        sorted.sort_by(|a, b| a.1[1].total_cmp(&b.1[1]).then(a.1[0].total_cmp(&b.1[0])));
        let expected: Vec<Vec<f64>> = grid["positions"].as_array().unwrap().iter().map(numbers).collect();
        assert_eq!(sorted.iter().map(|p| p.1.to_vec()).collect::<Vec<_>>(), expected, "{what}");
        let sums: Vec<f64> = model.data().outer_iter().map(|p| p.sum()).collect();
        close(&format!("{what} sums"), &sums, &grid["sums"], 1e-10);
        let os = numbers(&grid["oversampling"]);
        assert_eq!(found.oversampling, (os[0] as usize, os[1] as usize), "{what}");
        if let Some(d) = grid["name"].as_str().filter(|d| *d != "None") {
            assert_eq!(found.detector.as_deref(), Some(d), "{what}");
        }
        check(&what, &model, &grid["cases"], 1.0);
    }
    let load = |name: &str, oversampling| {
        let file = FileSpec { path: test_data(name)?, hdu: HduSelector::Auto };
        PsfSpec::File(file).load(None, oversampling).unwrap()
    };
    for image in all["images"].as_array().unwrap() {
        let name = image["file"].as_str().unwrap();
        let os = image["oversampling"].as_u64().unwrap() as usize;
        let Some(psf) = load(name, Some(os)) else { return };
        // Files that sum to 1 are brought to unit flux.
        let factor = if os == 1 { 1.0 } else { (os * os) as f64 };
        check(name, psf.model.as_ref(), &image["cases"], factor);
    }
    for psfex in all["psfex"].as_array().unwrap() {
        let name = psfex["file"].as_str().unwrap();
        let Some(psf) = load(name, None) else { return };
        assert!(psf.description.contains("6 terms"), "{}", psf.description);
        check(name, psf.model.as_ref(), &psfex["cases"], 1.0);
    }
}

#[test]
fn a_grid_for_one_of_several_detectors_has_to_be_chosen() {
    let Some(path) = test_data("psf/mock/STDPSF_NRCSW_F150W_mock.fits") else { return };
    let e = read_psf_grid(&path, None).unwrap_err().to_string();
    assert!(e.contains("1 = A1") && e.contains("8 = B4"), "{e}");
    assert!(read_psf_grid(&path, Some(9)).is_err());
}
