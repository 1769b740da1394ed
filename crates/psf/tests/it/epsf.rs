//! ePSFs against photutils (`tests/reference/gen_epsf.py`), on scenes by formula.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use serde_json::Value;
use skyphot_centroids::CentroidMethod;
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point, SkyCoord, SkyTransform};
use skyphot_psf::{
    AliasPassband, CatalogPositions, EpsfBuilder, EpsfFitShape, EpsfFlags, EpsfResult, EpsfStar, EpsfStars,
    ExtractConfig, ImagePsf, ImagePsfConfig, Recentering, SmoothingKernel, StarCatalog, StarField,
    StarTransform, extract_stars,
};
use skyphot_stats::SigmaClip;

const NY: usize = 200;
const NX: usize = 260;
const COLUMNS: u64 = 9;
const ROWS: u64 = 7;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/epsf.json")).unwrap()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn points(v: &Value) -> Vec<Point> {
    v.as_array().unwrap().iter().map(numbers).map(|v| Point::new(v[0], v[1])).collect()
}

struct Star {
    x: f64,
    y: f64,
    peak: f64,
    dx: f64,
    dy: f64,
}

fn truth(seed: u64, k: u64, shift: (f64, f64)) -> Star {
    let u: Vec<f64> = (5 * k..5 * k + 5).map(|i| uniform(seed, i)).collect();
    Star {
        x: 18.0 + 28.0 * (k % COLUMNS) as f64 + 2.0 * u[0] + shift.0,
        y: 16.0 + 28.0 * (k / COLUMNS) as f64 + 2.0 * u[1] + shift.1,
        peak: 200.0 / (0.02 + u[2]),
        dx: u[3] - 0.5,
        dy: u[4] - 0.5,
    }
}

fn scene(seed: u64, width: f64, sigma: f64, shift: (f64, f64)) -> Array2<f64> {
    let mut image = Array2::from_shape_fn((NY, NX), |(y, x)| sigma * noise(seed + 1, (y * NX + x) as u64));
    for k in 0..COLUMNS * ROWS {
        let s = truth(seed, k, shift);
        for ((y, x), v) in image.indexed_iter_mut() {
            let (dx, dy) = (x as f64 - s.x, y as f64 - s.y);
            let q = 1.0
                + (dx * dx + 0.3 * dx * dy + 1.2 * dy * dy + 0.02 * dx * dx * dx / (1.0 + dx * dx)) / width;
            *v += s.peak / (q * q * q);
        }
    }
    image
}

fn catalog(seed: u64) -> Vec<Point> {
    (0..COLUMNS * ROWS)
        .map(|k| truth(seed, k, (0.0, 0.0)))
        .map(|s| Point::new(s.x + 0.6 * s.dx, s.y + 0.6 * s.dy))
        .collect()
}

fn stars(image: &Image<'_, f64>, seed: u64, size: (usize, usize), flux: Option<Vec<f64>>) -> EpsfStars {
    let config = ExtractConfig { size, ..Default::default() };
    let catalog = StarCatalog { flux, ..StarCatalog::at_pixels(catalog(seed)) };
    let found = extract_stars(&[StarField::new(*image)], &[catalog], &config).unwrap();
    assert!(found.rejected.is_empty());
    found.stars
}

/// Largest difference in units of the largest value.
fn distance(a: ArrayView2<'_, f64>, b: &Value) -> f64 {
    let b = numbers(b);
    assert_eq!(a.len(), b.len());
    let peak = b.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / peak
}

fn star_distance(stars: &EpsfStars, expected: &Value) -> (f64, f64) {
    let (centers, fluxes) = (points(&expected["center"]), numbers(&expected["flux"]));
    assert_eq!(centers.len(), stars.n_cutouts());
    let place = stars.centers().iter().zip(&centers).map(|(a, b)| a.distance(*b)).fold(0.0, f64::max);
    let flux = stars.fluxes().iter().zip(&fluxes).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    (place, flux)
}

/// Whole runs: fitted positions and fluxes agree as far as the reference's fits have converged (they stop when the sum
/// of squares changes by less than 1e-8 of itself, which leaves some 1e-6 pixels), and so do the ePSFs made with them.
fn compare(r: &EpsfResult, f: &Value, tolerance: f64) {
    let history = f["history"].as_array().unwrap();
    assert_eq!(r.iterations.len(), history.len());
    for (i, h) in r.iterations.iter().zip(history) {
        let n = i.number;
        assert_eq!(i.stage.name(), h["stage"].as_str().unwrap());
        assert_eq!(i.converged, h["converged"].as_bool().unwrap(), "{n}");
        assert_eq!(i.n_fit_failed as u64, h["n_failed"].as_u64().unwrap(), "{n}");
        let close = |a: f64, name: &str| {
            let b = h[name].as_f64().unwrap();
            assert!((a - b).abs() < 10.0 * tolerance, "{n} {name} {a} {b}");
        };
        close(i.max_center_shift, "max_shift");
        close(i.common_center_shift, "common_shift");
        close(i.max_epsf_change, "change");
        let one_star = 1.0 / r.stars.n_cutouts() as f64;
        assert!((i.converged_fraction - h["fraction"].as_f64().unwrap()).abs() <= 1.01 * one_star, "{n}");
        if !h["epsf"].is_null() {
            let d = distance(i.epsf.view(), &h["epsf"]);
            // Nothing has been fitted before the first ePSF.
            assert!(d < if n == 1 { 1e-9 } else { tolerance }, "{n} {d:e}");
        }
    }
    let f = &f["result"];
    let d = distance(r.data(), &f["epsf"]);
    let (place, flux) = star_distance(&r.stars, &f["stars"]);
    assert!(d < tolerance && place < tolerance && flux < tolerance, "{d:e} {place:e} {flux:e}");
    assert_eq!(r.n_iterations as u64, f["n_iterations"].as_u64().unwrap());
    assert_eq!(r.excluded_star_indices().len(), f["excluded"].as_array().unwrap().len());
    let shape =
        f["fit_shape"].as_array().map(|v| (v[0].as_u64().unwrap() as usize, v[1].as_u64().unwrap() as usize));
    assert_eq!(r.fit_shape, shape);
    match (&r.smoothing_kernel, f["kernel"].is_null()) {
        (None, true) => {}
        (Some(k), false) => {
            let expected: Vec<f64> = f["kernel"].as_array().unwrap().iter().flat_map(numbers).collect();
            assert!(k.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
        }
        (k, _) => panic!("{k:?}"),
    }
    let (a, b) = (r.center_asymmetry.unwrap(), numbers(&f["asymmetry"]));
    // The simplex ends at 1e-5 samples.
    assert!((a.x - b[0]).abs() < 2e-5 && (a.y - b[1]).abs() < 2e-5, "{a:?} {b:?}");
}

#[test]
fn defaults_follow_the_reference() {
    let f = &fixture()["default"];
    let data = scene(300, 3.0, 0.5, (0.0, 0.0));
    let stars = stars(&Image::new(data.view()).unwrap(), 300, (11, 11), None);
    let (place, flux) = star_distance(&stars, &f["initial"]);
    assert!(place < 1e-12 && flux < 1e-12, "{place} {flux}");
    let builder = EpsfBuilder { max_iters: 6, refinement_iters: 2, ..Default::default() };
    compare(&builder.build(&stars).unwrap(), f, 5e-6);
}

#[test]
fn a_step_from_the_same_stars_gives_the_same_epsf() {
    let f = &fixture()["default"];
    let data = scene(300, 3.0, 0.5, (0.0, 0.0));
    let stars = stars(&Image::new(data.view()).unwrap(), 300, (11, 11), None);
    let given = &f["steps"][0]["stars"];
    let moved: EpsfStars = stars
        .cutouts()
        .zip(points(&given["center"]).iter().zip(numbers(&given["flux"])))
        .map(|(s, (p, flux))| {
            let mut s: EpsfStar = s.clone();
            let (x, y) = s.origin();
            s.set_cutout_center(Point::new(p.x - x as f64, p.y - y as f64)).unwrap();
            s.set_flux(flux).unwrap();
            s
        })
        .collect();
    let samples = Array2::from_shape_vec((45, 45), numbers(&f["history"][0]["epsf"])).unwrap();
    let config = ImagePsfConfig { oversampling: (4, 4), ..Default::default() };
    let initial = ImagePsf::new(samples.view(), config).unwrap();
    let one = EpsfBuilder { max_iters: 1, refinement_iters: 0, wing_smoothing: false, ..Default::default() };
    let r = one.build_with(&moved, Some(&initial), |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!(r.initial_epsf.as_ref().unwrap(), &samples);
    let d = distance(r.data(), &f["steps"][1]["epsf"]);
    let (place, flux) = star_distance(&r.stars, &f["steps"][1]["stars"]);
    assert!(d < 1e-9 && place < 2e-6 && flux < 1e-6, "{d:e} {place:e} {flux:e}");
}

#[test]
fn options_follow_the_reference() {
    let f = &fixture()["options"];
    let data = scene(310, 5.0, 0.3, (0.0, 0.0));
    let index = |y: usize, x: usize| (y * NX + x) as u64;
    let mask = Array2::from_shape_fn((NY, NX), |(y, x)| uniform(312, index(y, x)) < 0.01);
    let error = Array2::from_shape_fn((NY, NX), |(y, x)| 0.3 + 0.2 * uniform(313, index(y, x)));
    let image =
        Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap().with_error(error.view()).unwrap();
    let flux = (0..COLUMNS * ROWS).map(|k| 20.0 * truth(310, k, (0.0, 0.0)).peak).collect();
    let stars = stars(&image, 310, (13, 11), Some(flux));
    let (place, flux) = star_distance(&stars, &f["initial"]);
    assert!(place < 1e-12 && flux < 1e-12, "{place} {flux}");
    let builder = EpsfBuilder {
        oversampling: (3, 2),
        smoothing: SmoothingKernel::Quartic,
        recentering: Recentering::Method(CentroidMethod::Com),
        sigma_clip: None,
        fit_shape: EpsfFitShape::Fixed(5, 7),
        max_iters: 4,
        center_accuracy: 1e-6,
        shape: Some((41, 31)),
        recentering_box: (5, 7),
        alias_passband: AliasPassband::Upto(0.75),
        ..Default::default()
    };
    compare(&builder.build(&stars).unwrap(), f, 5e-6);
    let builder = EpsfBuilder {
        oversampling: (1, 1),
        smoothing: SmoothingKernel::None,
        alias_passband: AliasPassband::None,
        sigma_clip: Some(SigmaClip::new(2.5).with_max_iters(None)),
        fit_shape: EpsfFitShape::Cutout,
        max_iters: 3,
        recentering_max_iters: 1,
        wing_smoothing: false,
        center_accuracy: 1e-6,
        ..Default::default()
    };
    compare(&builder.build(&stars).unwrap(), &f["plain"], 5e-6);

    // Bad pixels are filled in better than by the reference's triangles.
    let whole = numbers(&f["whole"]);
    let off = |v: &[f64]| v.iter().zip(&whole).map(|(a, b)| (a / b - 1.0).powi(2)).sum::<f64>().sqrt();
    let ours = self::stars(&image, 310, (13, 11), None).fluxes();
    let (ours, theirs) = (off(&ours), off(&numbers(&f["estimated"])));
    assert!(ours < theirs, "{ours} {theirs}");
}

/// A gnomonic projection as in `gen_epsf.py`.
struct Tan {
    reference: (f64, f64),
}

const POLE: (f64, f64) = (150.0, 40.0);
const CD: [[f64; 2]; 2] = [[-1e-4, 2e-5], [2e-5, 1e-4]];

impl SkyTransform for Tan {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        let (u, v) = (p.x - self.reference.0, p.y - self.reference.1);
        let xi = (CD[0][0] * u + CD[0][1] * v).to_radians();
        let eta = (CD[1][0] * u + CD[1][1] * v).to_radians();
        let (a0, d0) = (POLE.0.to_radians(), POLE.1.to_radians());
        let q = d0.cos() - eta * d0.sin();
        let lon = a0 + xi.atan2(q);
        let lat = (d0.sin() + eta * d0.cos()).atan2(xi.hypot(q));
        Some(SkyCoord { lon: lon.to_degrees(), lat: lat.to_degrees() })
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        let (a, d) = ((s.lon - POLE.0).to_radians(), s.lat.to_radians());
        let d0 = POLE.1.to_radians();
        let c = d0.sin() * d.sin() + d0.cos() * d.cos() * a.cos();
        let xi = (d.cos() * a.sin() / c).to_degrees();
        let eta = ((d0.cos() * d.sin() - d0.sin() * d.cos() * a.cos()) / c).to_degrees();
        let det = CD[0][0] * CD[1][1] - CD[0][1] * CD[1][0];
        let x = (CD[1][1] * xi - CD[0][1] * eta) / det;
        let y = (CD[0][0] * eta - CD[1][0] * xi) / det;
        Some(Point::new(x + self.reference.0, y + self.reference.1))
    }
}

#[test]
fn linked_stars_follow_the_reference() {
    let f = &fixture()["linked"];
    let shifts = [(0.0, 0.0), (0.27, -0.41), (-0.36, 0.22)];
    let scenes = shifts.map(|s| scene(320, 3.0, 0.5, s));
    let fields: Vec<_> = scenes
        .iter()
        .zip(shifts)
        .map(|(image, s)| {
            let tan = Tan { reference: (99.0 + s.0, 89.0 + s.1) };
            StarField::new(Image::new(image.view()).unwrap())
                .with_transform(StarTransform::new(Arc::new(tan)))
        })
        .collect();
    let (ra, dec) = (numbers(&f["ra"]), numbers(&f["dec"]));
    let sky = ra.iter().zip(&dec).map(|(a, d)| SkyCoord { lon: *a, lat: *d }).collect();
    let config = ExtractConfig { size: (13, 13), ..Default::default() };
    let found = extract_stars(&fields, &[StarCatalog::on_sky(sky)], &config).unwrap();
    assert_eq!((found.stars.len(), found.stars.n_cutouts()), (63, 189));
    let (place, flux) = star_distance(&found.stars, &f["initial"]);
    assert!(place < 1e-8 && flux < 1e-12, "{place} {flux}");
    let builder =
        EpsfBuilder { max_iters: 3, refinement_iters: 1, wing_smoothing: false, ..Default::default() };
    compare(&builder.build(&found.stars).unwrap(), f, 1e-5);
}

fn small_scene() -> (Array2<f64>, EpsfStars) {
    let data = scene(330, 3.0, 0.5, (0.0, 0.0));
    let found = stars(&Image::new(data.view()).unwrap(), 330, (11, 11), None);
    (data, found)
}

#[test]
fn threads_do_not_change_a_bit() {
    let (_, stars) = small_scene();
    let run = |threads: usize| {
        let exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
        EpsfBuilder { max_iters: 3, refinement_iters: 1, exec, ..Default::default() }.build(&stars).unwrap()
    };
    let one = run(1);
    for threads in [2, 3, 7] {
        let r = run(threads);
        assert_eq!(r.epsf, one.epsf, "{threads} threads");
        assert_eq!(r.stars.centers(), one.stars.centers());
        assert_eq!(r.stars.fluxes(), one.stars.fluxes());
    }
}

#[test]
fn bad_stars_are_reported_and_do_no_harm() {
    let (data, stars) = small_scene();
    let clean = EpsfBuilder::default().build(&stars).unwrap();
    let mut data = data;
    let mut mask = Array2::from_elem(data.dim(), false);
    let places = catalog(330);
    // A hole in the core, a masked core, a star of nothing but NaN, a saturated one.
    let box_of = |k: usize, half: usize| {
        let (x, y) = (places[k].x.round() as usize, places[k].y.round() as usize);
        (y - half..y + half + 1)
            .flat_map(move |y| (x - half..x + half + 1).map(move |x| [y, x]))
            .collect::<Vec<_>>()
    };
    box_of(0, 0).into_iter().for_each(|p| data[p] = f64::NAN);
    box_of(1, 3).into_iter().for_each(|p| mask[p] = true);
    box_of(2, 8).into_iter().for_each(|p| data[p] = f64::NAN);
    box_of(3, 1).into_iter().for_each(|p| data[p] = 1e5);
    let mut catalog = StarCatalog::at_pixels(places.clone());
    let CatalogPositions::Pixels(p) = &mut catalog.positions else { unreachable!() };
    p.extend(
        [(2.0, 50.0), (NX as f64 - 1.0, NY as f64 - 1.0), (f64::NAN, 3.0), (1e300, -1e300)].map(Point::from),
    );
    let image = Image::new(data.view()).unwrap().with_mask(mask.view()).unwrap();
    let config = ExtractConfig { size: (11, 11), saturation: Some(5e4) };
    let found = extract_stars(&[StarField::new(image)], &[catalog], &config).unwrap();
    let why: Vec<(usize, EpsfFlags)> = found.rejected.iter().map(|r| (r.row, r.flags)).collect();
    let outside = EpsfFlags::OUTSIDE_IMAGE;
    assert_eq!(
        why,
        [
            (2, EpsfFlags::NO_GOOD_PIXELS),
            (63, outside),
            (64, outside),
            (65, EpsfFlags::NON_FINITE_POSITION),
            (66, outside)
        ]
    );
    let flags: Vec<EpsfFlags> = found.stars.cutouts().map(EpsfStar::flags).collect();
    assert!(flags[0].contains(EpsfFlags::PARTLY_MASKED));
    assert!(flags[2].contains(EpsfFlags::SATURATED));
    let r = EpsfBuilder::default().build(&found.stars).unwrap();
    assert_eq!(r.excluded_star_indices(), [1]);
    let excluded = r.stars.cutouts().nth(1).unwrap();
    assert!(excluded.flags().contains(EpsfFlags::FIT_BOX_MASKED | EpsfFlags::EXCLUDED));
    let d = r.data().iter().zip(clean.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let peak = clean.data().iter().fold(0.0_f64, |m, v| m.max(*v));
    assert!(d < 0.01 * peak, "{d}");
    let table = r.star_table().unwrap();
    assert_eq!(table.n_rows(), 62);
    assert_eq!(r.iteration_table().unwrap().n_rows(), r.iterations.len());
}

#[test]
fn stars_that_cannot_make_an_epsf() {
    let build = |stars: &EpsfStars| EpsfBuilder { max_iters: 5, ..Default::default() }.build(stars);
    let message = |r: skyphot_psf::Result<EpsfResult>| r.unwrap_err().to_string();
    assert!(message(build(&EpsfStars::default())).contains("at least one star"));
    let star = |a: Array2<f64>| EpsfStar::new(a.view(), None).unwrap();
    let one = |a| EpsfStars::from_iter([star(a)]);
    assert!(message(build(&one(Array2::ones((2, 9))))).contains("at least 3 pixels"));
    assert!(message(build(&one(Array2::zeros((9, 9))))).contains("no star has a pixel"));
    // Negative light, a plane, a point: whatever comes of it, it comes to an end.
    let _ = build(&one(Array2::from_elem((9, 9), -1.0)));
    let _ = build(&one(Array2::ones((9, 9))));
    let point = Array2::from_shape_fn((9, 9), |p| if p == (4, 4) { 1.0 } else { 0.0 });
    let _ = build(&one(point));
    // One good star alone: gaps in the grid are filled.
    let g = Array2::from_shape_fn((15, 15), |(y, x)| {
        (-((y as f64 - 7.2).powi(2) + (x as f64 - 6.9).powi(2)) / 5.0).exp()
    });
    let r = build(&one(g.clone())).unwrap();
    let c = r.stars.centers()[0];
    assert!(c.distance(Point::new(6.9, 7.2)) < 0.1, "{c:?}");
    // Positions at the edge of the cutout: the fit boxes do not fit.
    let aside = EpsfStars::from_iter([star(g.clone()).at(Point::new(1.0, 7.0)).unwrap()]);
    assert!(message(build(&aside)).contains("fits of all 1 stars failed"));
    let builder = EpsfBuilder { shape: Some((21, 21)), ..Default::default() };
    assert!(message(builder.build(&one(g.clone()))).contains("need at least 61 x 61 samples"));
    for builder in [
        EpsfBuilder { oversampling: (0, 4), ..Default::default() },
        EpsfBuilder { max_iters: 0, ..Default::default() },
        EpsfBuilder { center_accuracy: f64::NAN, ..Default::default() },
        EpsfBuilder { converged_fraction: 1.5, ..Default::default() },
        EpsfBuilder { fit_shape: EpsfFitShape::Fixed(4, 5), ..Default::default() },
        EpsfBuilder { recentering_box: (1, 5), ..Default::default() },
        EpsfBuilder { alias_passband: AliasPassband::Upto(1.0), ..Default::default() },
        EpsfBuilder { norm_radius: Some(-1.0), ..Default::default() },
        EpsfBuilder { smoothing: SmoothingKernel::Custom(Array2::zeros((0, 3))), ..Default::default() },
    ] {
        assert!(builder.build(&one(g.clone())).is_err(), "{builder:?}");
    }
}

#[test]
fn the_building_can_be_watched_and_stopped() {
    let (_, stars) = small_scene();
    let mut seen = Vec::new();
    let r = EpsfBuilder::default()
        .build_with(&stars, None, |i| {
            seen.push(i.number);
            if i.number == 2 { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!((seen, r.n_iterations, r.iterations.len()), (vec![1, 2], 2, 2));
}

#[test]
fn the_norm_radius_scales() {
    let (_, stars) = small_scene();
    let builder =
        EpsfBuilder { max_iters: 2, refinement_iters: 0, norm_radius: Some(3.0), ..Default::default() };
    let r = builder.build(&stars).unwrap();
    let (ny, nx) = r.data().dim();
    let inside = |(y, x): (usize, usize)| {
        (y as f64 - (ny as f64 - 1.0) / 2.0).hypot(x as f64 - (nx as f64 - 1.0) / 2.0) <= 12.0
    };
    let sum: f64 = r.data().indexed_iter().filter(|(p, _)| inside(*p)).map(|(_, v)| v).sum();
    assert!((sum - 16.0).abs() < 1e-10);
}
