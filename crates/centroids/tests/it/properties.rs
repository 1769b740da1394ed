//! Shapes and windowed centroids next to photutils (`tests/reference/gen_properties.py`).
#![allow(clippy::unwrap_used)]

use ndarray::s;
use serde_json::Value;
use skyphot_centroids::{
    CentroidError, CentroidFlags, WindowedConfig, centroid_windowed, data_properties, gini,
};
use skyphot_core::{Exec, Image, Point};

use super::{numbers, scene};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/properties.json")).unwrap()
}

fn close(found: &[f64], expected: &[f64], tolerance: f64, size: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(expected) {
        let same = f == e || (f.is_nan() && e.is_nan());
        assert!(same || (f - e).abs() <= tolerance * e.abs().max(size), "{what}: found {f}, expected {e}");
    }
}

#[test]
fn shapes_are_those_of_photutils() {
    let scene = scene();
    for c in fixture()["properties"].as_array().unwrap() {
        let (x, y, half) = (c["x"].as_f64().unwrap(), c["y"].as_f64().unwrap(), c["half"].as_u64().unwrap());
        let (x, y, half) = (x as usize, y as usize, half as usize);
        let cut = s![y - half..=y + half, x - half..=x + half];
        let masked = c["kind"] == "masked";
        let image =
            Image::new(if masked { scene.data_nan.slice(cut) } else { scene.data.slice(cut) }).unwrap();
        let image = if masked { image.with_mask(scene.mask.slice(cut)).unwrap() } else { image };
        let p = data_properties(&image);
        let what = format!("{x} {y} {half} {masked}");
        let flatten = |v: &Value| v.as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>();
        close(&[p.centroid.x, p.centroid.y], &numbers(&c["centroid"]), 1e-12, 0.0, &what);
        let size = p.flux.abs() * 100.0;
        close(p.moments.as_flattened(), &flatten(&c["moments"]), 1e-12, size, &what);
        close(p.moments_central.as_flattened(), &flatten(&c["moments_central"]), 1e-12, size, &what);
        let v = &p.covariance;
        close(&[v.xx, v.xy, v.yy], &numbers(&c["covariance"]), 1e-10, 1.0, &what);
        let s = &p.shape;
        let shape = [
            s.semimajor_axis,
            s.semiminor_axis,
            s.orientation.to_degrees(),
            s.fwhm(),
            s.eccentricity(),
            s.elongation(),
            s.ellipticity(),
        ];
        close(&shape, &numbers(&c["shape"]), 1e-10, 1.0, &what);
        let (cxx, cyy, cxy) = s.coefficients();
        close(&[cxx, cyy, cxy], &numbers(&c["ellipse"]), 1e-10, 1.0, &what);
        let one = |key: &str| [c[key].as_f64().unwrap_or(f64::NAN)];
        close(&[p.flux], &one("flux"), 1e-12, 0.0, &what);
        close(&[p.area as f64], &one("area"), 0.0, 0.0, &what);
        close(&[p.min_value], &one("min"), 1e-14, 1.0, &what);
        close(&[p.max_value], &one("max"), 1e-14, 1.0, &what);
        close(&[p.gini], &one("gini"), 1e-12, 0.0, &what);
        assert_eq!(p.gini, gini(&image));
        close(&[p.equivalent_radius], &one("equivalent_radius"), 1e-14, 0.0, &what);
        // Theirs are rows and columns.
        let index = |i: Option<(usize, usize)>| i.map(|(x, y)| vec![y as f64, x as f64]).unwrap();
        close(&index(p.min_value_index), &numbers(&c["min_index"]), 0.0, 0.0, &what);
        close(&index(p.max_value_index), &numbers(&c["max_index"]), 0.0, 0.0, &what);
    }
}

#[test]
fn windowed_centroids_are_those_of_photutils() {
    let scene = scene();
    let mut compared = 0;
    for c in fixture()["windowed"].as_array().unwrap() {
        let mut image = Image::new(scene.data.view()).unwrap().with_error(scene.error.view()).unwrap();
        if c["mask"].as_bool().unwrap() {
            image = image.with_mask(scene.mask.view()).unwrap();
        }
        let start: Vec<Point> =
            c["start"].as_array().unwrap().iter().map(numbers).map(|p| Point::new(p[0], p[1])).collect();
        let sigma = numbers(&c["sigma"]);
        let found = centroid_windowed(&image, &start, &sigma, &WindowedConfig::default()).unwrap();
        let (x, y, ex, ey) = (numbers(&c["x"]), numbers(&c["y"]), numbers(&c["x_err"]), numbers(&c["y_err"]));
        for i in 0..start.len() {
            if c["fallback"][i].as_bool().unwrap() {
                continue;
            }
            let what = format!("source {i} mask {}", c["mask"]);
            close(&[found.x[i], found.y[i]], &[x[i], y[i]], 1e-10, 1.0, &what);
            let e = &found.position_covariance[i];
            close(&[e.xx.sqrt(), e.yy.sqrt()], &[ex[i], ey[i]], 1e-9, 0.0, &what);
            compared += 1;
        }
        for n in [1, 2, 3, 7] {
            let exec = Exec::with_threads(std::num::NonZeroUsize::new(n).unwrap()).unwrap();
            let config = WindowedConfig { exec, ..WindowedConfig::default() };
            let again = centroid_windowed(&image, &start, &sigma, &config).unwrap();
            assert_eq!(format!("{again:?}"), format!("{found:?}"));
        }
        assert_eq!(found.to_table().unwrap().n_rows(), start.len());
    }
    assert!(compared >= 8, "{compared}");
}

#[test]
fn windows_that_cannot_be() {
    let scene = scene();
    let image = Image::new(scene.data.view()).unwrap();
    let config = WindowedConfig::default();
    let at = [Point::new(20.0, 15.0), Point::new(-5.0, 3.0), Point::new(f64::NAN, 3.0)];
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9] {
        assert!(matches!(
            centroid_windowed(&image, &at, &[sigma], &config),
            Err(CentroidError::InvalidWindow(_))
        ));
    }
    assert!(centroid_windowed(&image, &at, &[1.0, 2.0], &config).is_err());
    let c = centroid_windowed(&image, &at, &[1.5], &config).unwrap();
    assert!(c.x[0].is_finite());
    assert!(c.x[1].is_nan() && c.flags[1] == CentroidFlags::OUTSIDE);
    assert!(c.x[2].is_nan() && c.flags[2] == CentroidFlags::OUTSIDE);
    let negative = scene.data.mapv(|v| -v);
    let c = centroid_windowed(&Image::new(negative.view()).unwrap(), &at[..1], &[2.0], &config).unwrap();
    assert!(c.x[0].is_nan() && c.flags[0].contains(CentroidFlags::NO_SIGNAL));
    let nothing = ndarray::Array2::from_elem((5, 5), f64::NAN);
    let p = data_properties(&Image::new(nothing.view()).unwrap());
    assert!(p.flux.is_nan() && p.area == 0 && p.max_value_index.is_none() && p.gini.is_nan());
}
