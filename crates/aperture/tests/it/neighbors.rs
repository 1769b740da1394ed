//! Pixels of neighbours, next to photutils.

use ndarray::Array2;
use serde_json::Value;
use skyphot_aperture::{
    ApertureError, AperturePhotometry, CircularAperture, EllipticalAperture, NeighborMethod, Neighbors,
    OverlapMethod, PhotometryConfig, PixelShape, PolygonAperture,
};
use skyphot_core::Point;

use crate::scene::{NX, NY, assert_close, numbers, positions, scene};

#[test]
fn neighbours_are_treated_as_in_photutils() {
    let all: Value = serde_json::from_str(include_str!("fixtures/neighbors.json")).unwrap();
    let labels: Vec<i32> = numbers(&all["labels"]).iter().map(|v| *v as i32).collect();
    let own: Vec<i32> = numbers(&all["own"]).iter().map(|v| *v as i32).collect();
    let labels = Array2::from_shape_vec((NY, NX), labels).unwrap();
    let places = positions(&all["positions"]);
    let s = scene(true);
    let image = s.image(true);
    let triangle = [(-2.0, -3.0), (9.0, 1.0), (1.0, 6.0)].map(|(x, y)| Point::new(x, y));
    let shapes: [PixelShape; 3] = [
        CircularAperture::new(4.2).unwrap().into(),
        EllipticalAperture::new(9.0, 4.0, 0.7).unwrap().into(),
        PolygonAperture::new(triangle.to_vec()).unwrap().into(),
    ];
    let mut seen = 0;
    for c in all["cases"].as_array().unwrap() {
        let how = [
            NeighborMethod::Mask,
            NeighborMethod::Correct,
            NeighborMethod::SourceOnly,
            NeighborMethod::BackgroundOnly,
        ]
        .into_iter()
        .find(|h| h.name() == c["how"])
        .unwrap();
        let method = if c["method"] == "exact" { OverlapMethod::Exact } else { OverlapMethod::Center };
        let config = PhotometryConfig { method, ..PhotometryConfig::default() };
        let shape = &shapes[c["shape"].as_u64().unwrap() as usize];
        let neighbors = Neighbors::new(labels.view(), &own, how);
        let p = AperturePhotometry::measure_with_neighbors(&image, &places, &[shape], &neighbors, &config)
            .unwrap();
        let what = format!("{} {} {}", c["shape"], c["how"], c["method"]);
        for (i, (f, e)) in p.flags(0).iter().zip(numbers(&c["flags"])).enumerate() {
            assert_eq!(f64::from(f.bits()), e, "flags {what}, position {i}");
            seen |= f.bits();
        }
        assert_close(p.flux(0), &numbers(&c["flux"]), 1e-11, &format!("flux {what}"));
        assert_close(p.flux_err(0), &numbers(&c["flux_err"]), 1e-11, &format!("flux_err {what}"));
        assert_close(p.area(0), &numbers(&c["area"]), 1e-11, &format!("area {what}"));
        // The same shape at every position, given one by one.
        let each = vec![shape.clone(); places.len()];
        let q =
            AperturePhotometry::measure_each(&image, &places, &[&each], Some(&neighbors), &config).unwrap();
        assert!(p.flux(0).iter().zip(q.flux(0)).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    assert_eq!(seen & (64 | 128), 64 | 128);
}

#[test]
fn labels_are_checked() {
    let s = scene(false);
    let image = s.image(false);
    let (config, r) = (PhotometryConfig::default(), CircularAperture::new(2.0).unwrap());
    let labels = Array2::from_elem((NY, NX), 3);
    let at = [Point::new(5.0, 5.0)];
    let run = |l: &Array2<i32>, own: &[i32]| {
        let n = Neighbors::new(l.view(), own, NeighborMethod::Mask);
        AperturePhotometry::measure_with_neighbors(&image, &at, &[&r], &n, &config)
    };
    assert!(matches!(run(&labels, &[]), Err(ApertureError::LabelCount { expected: 1, found: 0 })));
    assert!(matches!(run(&labels, &[4]), Err(ApertureError::UnknownLabel { label: 4 })));
    assert!(matches!(run(&Array2::zeros((3, 3)), &[0]), Err(ApertureError::Core(_))));
    assert!(run(&labels, &[3]).is_ok() && run(&labels, &[0]).is_ok());
    let none: [&[CircularAperture]; 1] = [&[]];
    assert!(matches!(
        AperturePhotometry::measure_each(&image, &at, &none, None, &config),
        Err(ApertureError::ShapeCount { expected: 1, found: 0 })
    ));
}
