//! The centre of greatest symmetry.

use ndarray::{Array2, s};
use skyphot_centroids::{CentroidError, CentroidFlags, CentroidMethod, centroid_symmetry};
use skyphot_core::{Image, Point};

use crate::{fixture, near, scene};

/// The search ends when its simplex is smaller than 1e-5 pixels; both take the same steps, up to rounding.
pub(crate) const SEARCH: f64 = 1e-10;
/// Along an edge photutils' climb to the largest mean ends at a gradient of 1e-10.
const EDGE: f64 = 1e-7;

#[test]
fn cutouts_as_photutils() {
    let scene = scene();
    let (mut at_edge, mut inside) = (0, 0);
    for case in fixture()["symmetry"].as_array().unwrap() {
        let int = |key: &str| case[key].as_u64().unwrap() as usize;
        let (x0, y0, ny, nx) = (int("x0"), int("y0"), int("ny"), int("nx"));
        let kind = case["kind"].as_str().unwrap();
        let area = s![y0..y0 + ny, x0..x0 + nx];
        let data = if kind == "nan" { &scene.data_nan } else { &scene.data };
        let mut image = Image::new(data.slice(area)).unwrap();
        if kind == "mask" {
            image = image.with_mask(scene.mask.slice(area)).unwrap();
        }
        let c = centroid_symmetry(&image, case["radius"].as_f64()).unwrap();
        let on_edge = c.flags.contains(CentroidFlags::SEARCH_EDGE);
        let tolerance = if on_edge { EDGE } else { SEARCH };
        near(&format!("{case}"), c.position, &case["xy"], tolerance);
        *(if on_edge { &mut at_edge } else { &mut inside }) += 1;
    }
    assert!(at_edge > 40 && inside > 80, "{at_edge} {inside}");
}

#[test]
fn symmetric_sources_and_flips() {
    let moffat = |(ny, nx): (usize, usize), x0: f64, y0: f64| {
        Array2::from_shape_fn((ny, nx), |(y, x)| {
            let (dx, dy) = (x as f64 - x0, y as f64 - y0);
            50.0 / (1.0 + (dx * dx + 0.6 * dx * dy + 1.4 * dy * dy) / 16.0).powi(2)
        })
    };
    for (x0, y0) in [(10.0, 9.0), (10.3, 9.4), (11.7, 8.1)] {
        let data = moffat((19, 21), x0, y0);
        let c = centroid_symmetry(&Image::new(data.view()).unwrap(), None).unwrap();
        assert!(c.flags.is_empty() && c.position.distance(Point::new(x0, y0)) < 2e-3, "{c:?}");
        let flipped =
            centroid_symmetry(&Image::new(data.slice(s![..;-1, ..;-1])).unwrap(), Some(4.0)).unwrap();
        let same = centroid_symmetry(&Image::new(data.view()).unwrap(), Some(4.0)).unwrap();
        assert!(
            (same.position.x + flipped.position.x - 20.0).abs() < 1e-4
                && (same.position.y + flipped.position.y - 18.0).abs() < 1e-4
        );
    }
}

#[test]
fn what_cannot_be_centred() {
    let data = Array2::from_shape_fn((9, 12), |(y, x)| (x * y) as f64);
    let image = Image::new(data.view()).unwrap();
    for radius in [0.99, 4.0, f64::NAN, f64::INFINITY, -1.0] {
        assert!(centroid_symmetry(&image, Some(radius)).is_err(), "{radius}");
    }
    assert!(centroid_symmetry(&image, Some(3.99)).is_ok());
    let thin = Image::new(data.slice(s![..3, ..])).unwrap();
    assert!(matches!(centroid_symmetry(&thin, Some(1.0)), Err(CentroidError::SymmetryRegion { .. })));
    let invalid = CentroidMethod::Symmetry { radius: Some(0.5) };
    assert!(matches!(invalid.validate(), Err(CentroidError::InvalidParameter { name: "radius", .. })));

    let flat = Array2::from_elem((9, 9), 2.0_f32);
    let c = centroid_symmetry(&Image::new(flat.view()).unwrap(), None).unwrap();
    assert!(!c.is_ok() && c.flags == CentroidFlags::NO_SIGNAL);
    // The area that is searched is masked.
    let data = Array2::from_shape_fn((9, 9), |(y, x)| (x + y * y) as f64);
    let mask = Array2::from_shape_fn((9, 9), |(y, x)| (1..8).contains(&y) && (1..8).contains(&x));
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    let c = centroid_symmetry(&image, None).unwrap();
    assert!(!c.is_ok() && c.flags.contains(CentroidFlags::TOO_FEW_PIXELS | CentroidFlags::MASKED_PIXELS));
}
