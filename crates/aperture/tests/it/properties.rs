//! What must hold for every measurement.
#![allow(clippy::unwrap_used)]

use std::num::NonZeroUsize;

use ndarray::{Array2, s};
use proptest::prelude::*;
use skyphot_aperture::{
    Aperture, ApertureFlags, ApertureMask, AperturePhotometry, ApertureStats, CircularAnnulus,
    CircularAperture, OverlapMethod, PhotometryConfig, StatsConfig, annulus_statistics,
};
use skyphot_core::testing::uniform;
use skyphot_core::{Exec, Image, Point};
use skyphot_stats::SigmaClip;

use crate::scene::{NX, NY, scene};

fn many_positions(n: u64) -> Vec<Point> {
    (0..n)
        .map(|i| {
            let (x, y) = (uniform(3, 2 * i), uniform(3, 2 * i + 1));
            if i % 97 == 5 {
                return Point::new(f64::NAN, y);
            }
            Point::new(x * (NX as f64 + 12.0) - 6.0, y * (NY as f64 + 12.0) - 6.0)
        })
        .collect()
}

fn bits(v: &[f64]) -> Vec<u64> {
    v.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn threads_do_not_change_a_bit() {
    let scene = scene(true);
    let image = scene.image(true);
    let positions = many_positions(3000);
    let (circle, ring) = (CircularAperture::new(3.0).unwrap(), CircularAnnulus::new(5.0, 8.0).unwrap());
    let clip = SigmaClip::new(2.5);
    let mut first: Option<(Vec<u64>, Vec<u64>, Vec<u64>)> = None;
    for threads in [1, 2, 3, 7] {
        let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
        let config = PhotometryConfig { exec: exec.clone(), ..PhotometryConfig::default() };
        let p = AperturePhotometry::measure(&image, &positions, &[&circle, &ring], &config).unwrap();
        let config =
            StatsConfig { sigma_clip: Some(clip.clone()), exec: exec.clone(), ..StatsConfig::default() };
        let s = ApertureStats::measure(&image, &positions, &ring, &config).unwrap();
        let sky = annulus_statistics(&image, &positions, &ring, Some(&clip), &exec).unwrap();
        let all_stats: Vec<f64> =
            ApertureStats::COLUMNS.iter().flat_map(|c| s.column(c).unwrap().to_vec()).collect();
        let phot = [p.flux(0), p.flux_err(1), p.area(1)].concat();
        let found = (bits(&phot), bits(&all_stats), bits(&[sky.median, sky.mean, sky.std].concat()));
        match &first {
            None => first = Some(found),
            Some(f) => assert_eq!(f, &found, "{threads} threads"),
        }
    }
}

#[test]
fn order_and_company_of_positions_do_not_matter() {
    let scene = scene(true);
    let image = scene.image(true);
    let positions = many_positions(700);
    let a = CircularAperture::new(4.2).unwrap();
    let config = PhotometryConfig::default();
    let all = AperturePhotometry::measure(&image, &positions, &[&a], &config).unwrap();
    let backwards: Vec<Point> = positions.iter().rev().copied().collect();
    let back = AperturePhotometry::measure(&image, &backwards, &[&a], &config).unwrap();
    let mut flux = back.flux(0).to_vec();
    flux.reverse();
    assert_eq!(bits(all.flux(0)), bits(&flux));
    for i in [0, 5, 333, 699] {
        let one = AperturePhotometry::measure(&image, &positions[i..=i], &[&a], &config).unwrap();
        assert_eq!(one.flux(0)[0].to_bits(), all.flux(0)[i].to_bits());
        assert_eq!(one.flags(0)[0], all.flags(0)[i]);
    }
}

#[test]
fn strides_do_not_matter() {
    let scene = scene(false);
    let positions = many_positions(200);
    let a = CircularAperture::new(4.2).unwrap();
    let config = PhotometryConfig::default();
    let plain = AperturePhotometry::measure(&scene.image(true), &positions, &[&a], &config).unwrap();
    let mut wide = Array2::from_elem((2 * NY, 3 * NX), f64::NAN);
    let mut wide_error = wide.clone();
    wide.slice_mut(s![..;2, ..;3]).assign(&scene.data);
    wide_error.slice_mut(s![..;2, ..;3]).assign(&scene.error);
    let image = Image::new(wide.slice(s![..;2, ..;3])).unwrap();
    let image = image.with_error(wide_error.slice(s![..;2, ..;3])).unwrap();
    let strided = AperturePhotometry::measure(&image, &positions, &[&a], &config).unwrap();
    assert_eq!(bits(plain.flux(0)), bits(strided.flux(0)));
    assert_eq!(bits(plain.flux_err(0)), bits(strided.flux_err(0)));
}

#[test]
fn bad_positions_and_backgrounds_are_flags() {
    let scene = scene(false);
    let image = scene.image(true);
    let positions = [
        Point::new(f64::NAN, 3.0),
        Point::new(20.0, f64::INFINITY),
        Point::new(20.0, 30.0),
        Point::new(40.0, 30.0),
        Point::new(1e300, -1e300),
    ];
    let a = CircularAperture::new(3.0).unwrap();
    let backgrounds = Some(vec![1.0, 1.0, f64::NAN, 100.0, 1.0]);
    let config = PhotometryConfig { local_background: backgrounds.clone(), ..PhotometryConfig::default() };
    let p = AperturePhotometry::measure(&image, &positions, &[&a], &config).unwrap();
    let flags: Vec<u32> = p.flags(0).iter().map(|f| f.bits()).collect();
    assert_eq!(flags, [65541, 65541, 131_072, 0, 5]);
    assert!(p.flux(0)[..3].iter().all(|f| f.is_nan()) && p.flux(0)[3].is_finite());
    assert!(p.flux_err(0)[2].is_finite() && (p.area(0)[2] - a.area()).abs() < 1e-13);
    let config = StatsConfig { local_background: backgrounds, ..StatsConfig::default() };
    let s = ApertureStats::measure(&image, &positions, &a, &config).unwrap();
    assert!(s.median[..3].iter().all(|f| f.is_nan()) && s.median[3].is_finite());
    assert_eq!(s.flags[0].bits(), 65541);
    assert!(s.flags[2].contains(ApertureFlags::NON_FINITE_BACKGROUND));
    let t = p.to_table();
    assert_eq!(t.names(), ["id", "x_center", "y_center", "flux", "flux_err", "area", "local_bkg", "flags"]);
}

#[test]
fn wrong_calls_are_errors() {
    let scene = scene(false);
    let image = scene.image(true);
    let a = CircularAperture::new(3.0).unwrap();
    let here = [Point::new(3.0, 4.0); 3];
    let measure = |apertures: &[&dyn Aperture], config: &PhotometryConfig| {
        AperturePhotometry::measure(&image, &here, apertures, config).map(|_| ()).unwrap_err().to_string()
    };
    assert!(measure(&[], &PhotometryConfig::default()).contains("at least one is needed"));
    let config = PhotometryConfig { local_background: Some(vec![1.0; 2]), ..PhotometryConfig::default() };
    assert_eq!(
        measure(&[&a], &config),
        "local_background needs 1 value or one for each of the 3 positions, found 2"
    );
    let config = PhotometryConfig { method: OverlapMethod::Subpixel(0), ..PhotometryConfig::default() };
    assert_eq!(measure(&[&a], &config), "subpixels must be from 1 to 10000, found 0");
    let clip = SigmaClip { grow: 2.0, ..SigmaClip::default() };
    assert!(annulus_statistics(&image, &here, &a, Some(&clip), &Exec::serial()).is_err());
}

#[test]
fn table_of_several_apertures() {
    let scene = scene(false);
    let (a, b) = (CircularAperture::new(3.0).unwrap(), CircularAnnulus::new(5.0, 8.0).unwrap());
    let here = [Point::new(30.0, 40.0), Point::new(0.0, 40.0)];
    let p = AperturePhotometry::measure(&scene.image(true), &here, &[&a, &b], &PhotometryConfig::default())
        .unwrap();
    let t = p.to_table();
    assert_eq!(
        t.names(),
        [
            "id",
            "x_center",
            "y_center",
            "flux_0",
            "flux_1",
            "flux_err_0",
            "flux_err_1",
            "area_0",
            "area_1",
            "flags_0",
            "flags_1",
            "flags"
        ]
    );
    assert_eq!(t.column("flags").unwrap().to_i64().unwrap(), [0, 2]);
    assert_eq!(t.meta.get("aperture0_r").unwrap().as_f64(), Some(3.0));
    assert_eq!(t.meta.get("aperture1").unwrap().as_str(), Some("CircularAnnulus"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_agree_with_the_mask(x in -4.0..84.0_f64, y in -4.0..74.0_f64, r in 0.1..15.0_f64, dirty: bool, center: bool) {
        let scene = scene(dirty);
        let image = scene.image(true);
        let method = if center { OverlapMethod::Center } else { OverlapMethod::Exact };
        let a = CircularAperture::new(r).unwrap();
        let here = [Point::new(x, y)];
        let config = PhotometryConfig { method, ..PhotometryConfig::default() };
        let p = AperturePhotometry::measure(&image, &here, &[&a], &config).unwrap();
        let mask = ApertureMask::new(&a, here[0], method).unwrap();
        let bad = Array2::from_shape_fn((NY, NX), |(y, x)| image.is_bad(x, y));
        let values = mask.get_values(scene.data.view(), Some(bad.view())).unwrap();
        let variance = scene.error.mapv(|e| e * e);
        let sum: f64 = values.iter().sum();
        if p.flux(0)[0].is_nan() {
            prop_assert!(values.is_empty());
        } else {
            prop_assert!((p.flux(0)[0] - sum).abs() <= 1e-12 * sum.abs());
            let mut var = 0.0;
            if let Some(w) = mask.to_image((NY, NX)) {
                for ((yx, &w), &v) in w.indexed_iter().zip(&variance) {
                    if w > 0.0 && !bad[yx] {
                        var += w * w * v;
                    }
                }
            }
            let err = p.flux_err(0)[0];
            prop_assert!((err - var.sqrt()).abs() <= 1e-12 * err || (err.is_nan() && var.is_nan()) || err == var.sqrt());
        }
    }

    #[test]
    fn flux_is_linear_and_a_background_is_subtracted(x in 3.0..75.0_f64, y in 3.0..65.0_f64, r in 0.5..6.0_f64, b in -50.0..150.0_f64) {
        let scene = scene(false);
        let a = CircularAperture::new(r).unwrap();
        let here = [Point::new(x, y)];
        let plain = AperturePhotometry::measure(&scene.image(false), &here, &[&a], &PhotometryConfig::default()).unwrap();
        let config = PhotometryConfig { local_background: Some(vec![b]), ..PhotometryConfig::default() };
        let less = AperturePhotometry::measure(&scene.image(false), &here, &[&a], &config).unwrap();
        let expected = plain.flux(0)[0] - b * plain.area(0)[0];
        prop_assert!((less.flux(0)[0] - expected).abs() < 1e-11 * plain.flux(0)[0]);
        let twice = scene.data.mapv(|v| 2.0 * v);
        let image = Image::new(twice.view()).unwrap();
        let double = AperturePhotometry::measure(&image, &here, &[&a], &PhotometryConfig::default()).unwrap();
        prop_assert_eq!(double.flux(0)[0], 2.0 * plain.flux(0)[0]);
    }

    #[test]
    fn single_precision_is_read_exactly(x in -3.0..83.0_f64, y in -3.0..73.0_f64, r in 0.5..9.0_f64) {
        let scene = scene(true);
        let data = scene.data.mapv(|v| v as f32);
        let back = data.mapv(f64::from);
        let a = CircularAperture::new(r).unwrap();
        let here = [Point::new(x, y)];
        let config = PhotometryConfig::default();
        let single = AperturePhotometry::measure(&Image::new(data.view()).unwrap(), &here, &[&a], &config).unwrap();
        let double = AperturePhotometry::measure(&Image::new(back.view()).unwrap(), &here, &[&a], &config).unwrap();
        prop_assert_eq!(single.flux(0)[0].to_bits(), double.flux(0)[0].to_bits());
        prop_assert_eq!(single.flags(0), double.flags(0));
    }
}
