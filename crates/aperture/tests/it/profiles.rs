//! Profiles, curves of growth, depth and moments next to photutils'.
#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use serde_json::Value;
use skyphot_aperture::{
    Aperture, ApertureError, ApertureStats, CircularAperture, CurveOfGrowth, CurvesOfGrowth, GrowthShape,
    ImageDepth, ImageDepthConfig, Normalization, ProfileConfig, RadialProfile, RadialProfiles, StatsConfig,
    aperture_cutout,
};
use skyphot_core::testing::noise;
use skyphot_core::{Exec, Image, Point};
use skyphot_stats::SigmaClip;

use crate::scene::{Scene, assert_close, assert_near, method, number, numbers, positions, scene};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/profiles.json")).unwrap()
}

fn point(v: &Value) -> Point {
    Point::new(number(&v[0]), number(&v[1]))
}

/// The scene without its sky.
fn flat(dirty: bool) -> Scene {
    let mut s = scene(dirty);
    s.data.map_inplace(|v| *v -= 100.0);
    s
}

#[test]
fn radial_profiles_are_those_of_photutils() {
    let mut fitted = 0;
    for c in fixture()["profiles"].as_array().unwrap() {
        let s = flat(c["dirty"].as_bool().unwrap());
        let image = s.image(true);
        let config = ProfileConfig { method: method(c), ..ProfileConfig::default() };
        let (edges, at) = (numbers(&c["edges"]), point(&c["position"]));
        let mut p = RadialProfile::new(&image, at, &edges, &config).unwrap();
        let what = format!("{at:?} {} dirty {}", c["method"], c["dirty"]);
        assert_close(&p.radius, &numbers(&c["radius"]), 0.0, &what);
        // Differences of sums of some thousands.
        assert_near(&p.profile, &numbers(&c["profile"]), 1e-10, 1.0, &what);
        assert_near(p.profile_err.as_ref().unwrap(), &numbers(&c["profile_err"]), 1e-10, 0.1, &what);
        assert_near(&p.area, &numbers(&c["area"]), 1e-10, 1.0, &what);
        let (r, v) = p.data_profile(&image);
        if c["data"].is_null() {
            assert!(r.is_empty() && v.is_empty());
        } else {
            assert_eq!(r.len() as u64, c["data"][2].as_u64().unwrap(), "{what}");
            let n = r.len().min(40);
            assert_close(&r[..n], &numbers(&c["data"][0]), 1e-15, &what);
            assert_near(&v[..n], &numbers(&c["data"][1]), 1e-14, 100.0, &what);
        }
        if !c["gaussian"].is_null() {
            let (g, m) = (p.gaussian_fit().unwrap(), p.moffat_fit().unwrap());
            let (min, theirs) = (numbers(&c["gaussian"]["minimum"]), numbers(&c["gaussian"]["photutils"]));
            assert_close(&[g.amplitude, g.stddev], &min, 1e-6, &format!("Gaussian {what}"));
            assert_close(&[g.fwhm()], &theirs[2..], 1e-4, &format!("Gaussian of photutils {what}"));
            let (min, theirs) = (numbers(&c["moffat"]["minimum"]), numbers(&c["moffat"]["photutils"]));
            assert_close(&[m.amplitude, m.gamma, m.alpha], &min, 1e-6, &format!("Moffat {what}"));
            assert_close(&[m.fwhm()], &theirs[3..], 1e-3, &format!("Moffat of photutils {what}"));
            fitted += 1;
        }
        p.normalize(Normalization::Sum);
        assert_close(&[p.normalization], &[number(&c["normalization"])], 1e-10, &what);
        assert_near(&p.profile, &numbers(&c["normalized"]), 1e-10, 1.0, &what);
        let unit = 0.1 / p.normalization.abs();
        assert_near(p.profile_err.as_ref().unwrap(), &numbers(&c["normalized_err"]), 1e-10, unit, &what);
    }
    assert!(fitted > 4);
}

#[test]
fn curves_of_growth_are_those_of_photutils() {
    for c in fixture()["growth"].as_array().unwrap() {
        let s = flat(c["dirty"].as_bool().unwrap());
        let shape = match c["shape"].as_str().unwrap() {
            "circle" => GrowthShape::Circle,
            "square" => GrowthShape::Square,
            _ => GrowthShape::Ellipse { axis_ratio: 0.6, theta: 0.7 },
        };
        let (radii, at) = (numbers(&c["radii"]), point(&c["position"]));
        let mut g = CurveOfGrowth::new(&s.image(true), at, &radii, shape, &ProfileConfig::default()).unwrap();
        let what = format!("{at:?} {} dirty {}", c["shape"], c["dirty"]);
        assert_near(&g.profile, &numbers(&c["profile"]), 1e-10, 1.0, &what);
        assert_close(g.profile_err.as_ref().unwrap(), &numbers(&c["profile_err"]), 1e-10, &what);
        assert_close(&g.area, &numbers(&c["area"]), 1e-10, &what);
        g.normalize(Normalization::Max);
        assert_close(&[g.normalization], &[number(&c["normalization"])], 1e-10, &what);
        if c["at"].is_null() {
            assert!(matches!(g.ee_at_radius(&[1.0]), Err(ApertureError::TooFewValues { .. })), "{what}");
            continue;
        }
        let ee = g.ee_at_radius(&numbers(&c["at"])).unwrap();
        assert_near(&ee, &numbers(&c["ee_at"]), 1e-10, 1.0, &what);
        let r = g.radius_at_ee(&numbers(&c["ee"])).unwrap();
        assert_near(&r, &numbers(&c["radius_at"]), 1e-9, 1.0, &what);
    }
}

#[test]
fn depth_is_that_of_photutils_with_the_same_seed() {
    let (ny, nx) = (150, 170);
    let data = Array2::from_shape_fn((ny, nx), |(y, x)| noise(77, (y * nx + x) as u64));
    let mask = Array2::from_shape_fn((ny, nx), |(y, x)| (x * 31 + y * 17) % 1999 < 2);
    for c in fixture()["depth"].as_array().unwrap() {
        let mut image = Image::new(data.view()).unwrap();
        if c["masked"].as_bool().unwrap() {
            image = image.with_mask(mask.view()).unwrap();
        }
        let k = &c["config"];
        let mut config = ImageDepthConfig {
            n_apertures: k["n_apertures"].as_u64().unwrap() as usize,
            n_iters: k["n_iters"].as_u64().unwrap() as usize,
            seed: k["seed"].as_u64().unwrap(),
            zeropoint: k["zeropoint"].as_f64().unwrap_or(0.0),
            n_sigma: k["n_sigma"].as_f64().unwrap_or(5.0),
            mask_pad: k["mask_pad"].as_f64().unwrap_or(0.0),
            overlap: k["overlap"].as_bool().unwrap_or(true),
            ..ImageDepthConfig::default()
        };
        if !c["clip"].as_bool().unwrap() {
            config.sigma_clip = None;
        }
        let d = ImageDepth::measure(&image, number(&c["radius"]), &config).unwrap();
        let used: Vec<f64> = d.n_apertures_used.iter().map(|n| *n as f64).collect();
        assert_close(&used, &numbers(&c["used"]), 0.0, "apertures");
        for (p, e) in d.positions[0].iter().zip(positions(&c["first"])) {
            assert!((p.x - e.x).abs() < 1e-12 && (p.y - e.y).abs() < 1e-12, "{p:?} {e:?}");
        }
        assert_near(&d.fluxes.last().unwrap()[..5], &numbers(&c["fluxes"]), 1e-10, 1.0, "fluxes");
        assert_close(&d.flux_limits, &numbers(&c["flux_limits"]), 1e-10, "flux limits");
        assert_near(&d.mag_limits, &numbers(&c["mag_limits"]), 1e-10, 1.0, "magnitude limits");
        assert_close(&[d.flux_limit], &[number(&c["flux_limit"])], 1e-10, "flux limit");
        assert_near(&[d.mag_limit], &[number(&c["mag_limit"])], 1e-10, 1.0, "magnitude limit");
        let again =
            ImageDepth::measure_at(&image, number(&c["radius"]), d.positions.clone(), &config).unwrap();
        assert_eq!(again.flux_limits, d.flux_limits);
        assert_eq!(d.to_table().n_rows(), d.len());
    }
    let image = Image::new(data.view()).unwrap();
    let none = ImageDepth::measure(&image, 90.0, &ImageDepthConfig::default());
    assert!(matches!(none, Err(ApertureError::NoRoom { .. })));
    let all = Array2::from_elem((ny, nx), true);
    let masked = Image::new(data.view()).unwrap().with_mask(all.view()).unwrap();
    assert!(ImageDepth::measure(&masked, 3.0, &ImageDepthConfig::default()).is_err());
}

#[test]
fn moments_boxes_and_cutouts_are_those_of_photutils() {
    let all = fixture();
    let places = positions(&all["positions"]);
    for c in all["moments"].as_array().unwrap() {
        let s = scene(c["dirty"].as_bool().unwrap());
        let image = s.image(true);
        let config = StatsConfig {
            sigma_clip: c["clip"].as_f64().map(SigmaClip::new),
            local_background: Some(vec![100.0]),
            moments: true,
            ..StatsConfig::default()
        };
        let a = CircularAperture::new(5.0).unwrap();
        let stats = ApertureStats::measure(&image, &places, &a, &config).unwrap();
        let t = stats.to_table_of(&["bbox_xmin", "bbox_xmax", "bbox_ymin", "bbox_ymax"]);
        for (i, m) in stats.moments.as_ref().unwrap().iter().enumerate() {
            let flatten = |v: &Value| v.as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>();
            let raw = flatten(&c["moments"][i]);
            // Sums of products that cancel: relative to the sum of their sizes.
            let size = raw[0].abs().max(1.0) * 1e3;
            assert_near(m.raw.as_flattened(), &raw, 1e-10, size, "raw moments");
            assert_near(m.central.as_flattened(), &flatten(&c["moments_central"][i]), 1e-10, size, "central");
            let inertia = m.inertia_tensor();
            assert_near(inertia.as_flattened(), &flatten(&c["inertia"][i]), 1e-10, size, "inertia");
            for (k, name) in ["bbox_xmin", "bbox_xmax", "bbox_ymin", "bbox_ymax"].iter().enumerate() {
                assert_eq!(t.f64(name).unwrap()[i], number(&c["bbox"][i][k]), "{name}");
            }
            let Some(cut) = aperture_cutout(&image, places[i], &a, None, &config).unwrap() else {
                assert_eq!(number(&c["cutouts"][i][0][1]), 0.0);
                continue;
            };
            for (k, found) in
                [&cut.data, &cut.data_sum, cut.error_sum.as_ref().unwrap()].into_iter().enumerate()
            {
                let good: Vec<f64> = found.iter().copied().filter(|v| v.is_finite()).collect();
                let what = format!("cutout {k} of position {i}");
                let e = numbers(&c["cutouts"][i][k]);
                assert_eq!((found.len() as f64, good.len() as f64), (e[0], e[1]), "{what}");
                assert_near(&[good.iter().sum()], &e[2..], 1e-10, 10.0, &what);
            }
        }
    }
}

#[test]
fn batches_single_calls_and_threads_agree() {
    let s = flat(true);
    let image = s.image(true);
    let places: Vec<Point> =
        (0..400).map(|i| Point::new(f64::from(i) * 0.23, f64::from(i * 7 % 70))).collect();
    let radii = [0.0, 1.0, 2.5, 4.0, 7.0];
    let shape = GrowthShape::Ellipse { axis_ratio: 0.5, theta: 1.0 };
    let run = |n: usize| {
        let exec = Exec::with_threads(n.try_into().unwrap()).unwrap();
        let config = ProfileConfig { exec: exec.clone(), ..ProfileConfig::default() };
        let p = RadialProfiles::measure(&image, &places, &radii, &config).unwrap();
        let g = CurvesOfGrowth::measure(&image, &places, &radii[1..], shape, &config).unwrap();
        let bits = |v: &Array2<f64>| v.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        let fits = format!("{:?} {:?}", p.gaussian_fits(&exec), p.moffat_fits(&exec));
        let stats = StatsConfig { exec, ..StatsConfig::default() };
        let circle = CircularAperture::new(4.0).unwrap();
        let apertures: Vec<&dyn Aperture> = vec![&circle; places.len()];
        let each = ApertureStats::measure_each(&image, &places, &apertures, None, &stats).unwrap();
        let all = ApertureStats::measure(&image, &places, &circle, &stats).unwrap();
        assert_eq!(format!("{:?}", each.std), format!("{:?}", all.std));
        assert_eq!(each.len(), places.len());
        (bits(&p.profile), bits(&g.profile), fits, format!("{:?}", all.orientation))
    };
    let one = run(1);
    for n in [2, 3, 7] {
        assert!(run(n) == one, "{n} threads");
    }
    let config = ProfileConfig::default();
    let p = RadialProfiles::measure(&image, &places, &radii, &config).unwrap();
    let g = CurvesOfGrowth::measure(&image, &places, &radii[1..], shape, &config).unwrap();
    for k in [0, 17, 399] {
        let single = RadialProfile::new(&image, places[k], &radii, &config).unwrap();
        assert_eq!(format!("{:?}", p.get(k).unwrap()), format!("{single:?}"));
        let single = CurveOfGrowth::new(&image, places[k], &radii[1..], shape, &config).unwrap();
        assert_eq!(format!("{:?}", g.get(k).unwrap()), format!("{single:?}"));
    }
    assert!(p.get(400).is_none());
    assert_eq!(p.to_table().n_rows(), 400 * 4);
    assert_eq!(g.to_table().n_rows(), 400 * 4);
    let mut twice = p.clone();
    twice.normalize(Normalization::Max);
    twice.normalize(Normalization::Max);
    let top = twice.profile.row(100).iter().copied().fold(0.0, f64::max);
    assert!((top - 1.0).abs() < 1e-15);
    twice.unnormalize();
    assert!((&twice.profile - &p.profile).iter().all(|d| d.is_nan() || d.abs() < 1e-10));
}

#[test]
fn wrong_profiles_are_errors() {
    let s = scene(false);
    let image = s.image(false);
    let at = Point::new(10.0, 10.0);
    let config = ProfileConfig::default();
    for bad in
        [&[][..], &[1.0], &[2.0, 1.0], &[1.0, 1.0], &[-1.0, 2.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY]]
    {
        assert!(RadialProfile::new(&image, at, bad, &config).is_err(), "{bad:?}");
        assert!(CurveOfGrowth::new(&image, at, bad, GrowthShape::Square, &config).is_err(), "{bad:?}");
    }
    assert!(CurveOfGrowth::new(&image, at, &[0.0, 1.0], GrowthShape::Circle, &config).is_err());
    for (axis_ratio, theta) in [(0.0, 0.0), (1.1, 0.0), (f64::NAN, 0.0), (0.5, f64::NAN)] {
        let shape = GrowthShape::Ellipse { axis_ratio, theta };
        assert!(CurveOfGrowth::new(&image, at, &[1.0, 2.0], shape, &config).is_err());
    }
    let nowhere = RadialProfile::new(&image, Point::new(f64::NAN, 1.0), &[0.0, 1.0, 2.0], &config).unwrap();
    assert!(nowhere.profile.iter().all(|v| v.is_nan()) && nowhere.gaussian_fit().is_none());
    assert!(nowhere.profile_err.is_none() && nowhere.data_profile(&image).0.is_empty());
}
