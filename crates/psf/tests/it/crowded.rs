//! Crowded fields and what could go wrong in them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ndarray::Array2;
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point};
use skyphot_detection::DaoStarFinder;
use skyphot_psf::{
    ArtificialStars, CircularGaussianPrf, CrowdedConfig, CrowdedPhotometry, EpsfBuilder, EpsfRefiner,
    InitialParameters, PsfConfig, PsfFlags, PsfModel, PsfPhotometry, Source, SourceGrouper, Sources, Window,
    completeness, fit, fit_crowded, render,
};

const FWHM: f64 = 2.5;

struct Field {
    x: Vec<f64>,
    y: Vec<f64>,
    flux: Vec<f64>,
    data: Array2<f64>,
    error: Array2<f64>,
}

/// `n` stars, `density` per pixel, noise of unit width.
fn field(n: usize, density: f64, seed: u64) -> Field {
    let side = (n as f64 / density).sqrt();
    let at = |k: u64| -> Vec<f64> { (0..n as u64).map(|i| side * uniform(seed + k, i)).collect() };
    let (x, y) = (at(0), at(1));
    let flux: Vec<f64> = (0..n as u64).map(|i| 60.0 / (0.01 + uniform(seed + 2, i))).collect();
    let shape = (side as usize + 1, side as usize + 1);
    let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut data =
        render(&CircularGaussianPrf::new(FWHM).unwrap(), &s, shape, Some((25, 25)), &Exec::serial());
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(seed + 3, (j * shape.1 + i) as u64));
    Field { x, y, flux, data, error: Array2::from_elem(shape, 1.0) }
}

fn crowded(f: &Field, exec: &Exec) -> CrowdedPhotometry {
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let mut config = CrowdedConfig::new(FWHM);
    config.psf.exec = exec.clone();
    config.sub_shape = Some((21, 21));
    let finder = DaoStarFinder::crowded(4.0, FWHM).unwrap();
    fit_crowded(&image, &CircularGaussianPrf::new(FWHM).unwrap(), &finder, None, &config).unwrap()
}

/// Found sources next to a star within a radius, nearest first.
fn near(p: &PsfPhotometry, x: f64, y: f64, radius: f64) -> Option<usize> {
    let d = |i: usize| (p.x_fit[i] - x).hypot(p.y_fit[i] - y);
    (0..p.len()).filter(|i| d(*i) < radius).min_by(|a, b| d(*a).total_cmp(&d(*b)))
}

#[test]
fn most_stars_are_found_and_measured_within_their_errors() {
    let f = field(400, 0.01, 40);
    let c = crowded(&f, &Exec::serial());
    let p = &c.photometry;
    let (mut bright, mut found, mut pulls) = (0, 0, Vec::new());
    for k in 0..f.x.len() {
        if f.flux[k] < 100.0 {
            continue;
        }
        bright += 1;
        if let Some(i) = near(p, f.x[k], f.y[k], 0.5 * FWHM) {
            found += 1;
            pulls.push((p.flux_fit[i] - f.flux[k]) / p.flux_err[i]);
        }
    }
    assert!(found as f64 > 0.93 * bright as f64, "{found} of {bright}");
    pulls.sort_by(f64::total_cmp);
    let q = |t: f64| pulls[(t * pulls.len() as f64) as usize];
    assert!(q(0.5).abs() < 0.3, "{}", q(0.5));
    let width = 0.5 * (q(0.8413) - q(0.1587));
    assert!((0.8..1.3).contains(&width), "{width}");
    // Nearly everything found is a star.
    let real = (0..p.len())
        .filter(|&i| (0..f.x.len()).any(|k| (f.x[k] - p.x_fit[i]).hypot(f.y[k] - p.y_fit[i]) < 0.5 * FWHM))
        .count();
    assert!(real as f64 > 0.95 * p.len() as f64, "{real} of {}", p.len());
    assert!(c.passes[0].found > 200 && c.passes.len() > 1);
    let mut chi: Vec<f64> = c.chi.iter().copied().filter(|v| v.is_finite()).collect();
    chi.sort_by(f64::total_cmp);
    assert!((0.8..1.1).contains(&chi[chi.len() / 2]), "{}", chi[chi.len() / 2]);
    assert!(c.to_table().unwrap().has("sharpness"));
}

#[test]
fn threads_do_not_matter() {
    let f = field(150, 0.01, 41);
    let one = format!("{:?}", crowded(&f, &Exec::serial()).to_table().unwrap());
    for n in [2, 3] {
        let exec = Exec::with_threads(NonZeroUsize::new(n).unwrap()).unwrap();
        assert!(format!("{:?}", crowded(&f, &exec).to_table().unwrap()) == one, "{n}");
    }
}

#[test]
fn sources_come_to_rest_wherever_they_are_on_their_pixels() {
    let f = field(600, 0.012, 70);
    let c = crowded(&f, &Exec::serial());
    let restless = c.photometry.flags.iter().filter(|v| v.contains(PsfFlags::NO_CONVERGENCE)).count();
    // Pairs that can hardly be told apart may exchange flux for ever.
    assert!(restless as f64 <= 0.01 * c.len() as f64, "{restless} of {}", c.len());
}

#[test]
fn a_close_pair_becomes_two_and_wide_sources_are_not_sharp() {
    let model = CircularGaussianPrf::new(FWHM).unwrap();
    let s = Sources {
        x: &[20.0, 21.7, 45.0],
        y: &[20.0, 20.6, 40.0],
        flux: &[4000.0, 3000.0, 0.0],
        shape: &[],
        local_bkg: &[],
    };
    let mut data = render(&model, &s, (60, 60), Some((25, 25)), &Exec::serial());
    let wide = CircularGaussianPrf::new(3.2).unwrap();
    let w = Sources { x: &[45.0], y: &[40.0], flux: &[500.0], shape: &[], local_bkg: &[] };
    data += &render(&wide, &w, (60, 60), Some((25, 25)), &Exec::serial());
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(5, (j * 60 + i) as u64));
    let error = Array2::from_elem((60, 60), 1.0);
    let f = Field { x: vec![], y: vec![], flux: vec![], data, error };
    let c = crowded(&f, &Exec::serial());
    let p = &c.photometry;
    let (a, b) = (near(p, 20.0, 20.0, 0.5).unwrap(), near(p, 21.7, 20.6, 0.5).unwrap());
    assert!(a != b && (p.flux_fit[a] - 4000.0).abs() < 100.0 && (p.flux_fit[b] - 3000.0).abs() < 100.0);
    assert!(c.passes.iter().map(|r| r.split).sum::<usize>() + c.passes[1].found > 0);
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let config = CrowdedConfig { split_chi: f64::INFINITY, ..CrowdedConfig::new(FWHM) };
    // This finder leaves out what is left of a wide source: it is not round.
    let c = fit_crowded(&image, &model, &DaoStarFinder::new(4.0, FWHM).unwrap(), None, &config).unwrap();
    let wide = near(&c.photometry, 45.0, 40.0, 0.5).unwrap();
    assert!(c.sharpness[wide] > 0.3 && c.chi[wide] > 2.0, "{} {}", c.sharpness[wide], c.chi[wide]);
}

/// Stars with noise of unit width on 60 x 60 pixels.
fn stars(x: &[f64], y: &[f64], flux: &[f64], seed: u64) -> Field {
    let s = Sources { x, y, flux, shape: &[], local_bkg: &[] };
    let mut data =
        render(&CircularGaussianPrf::new(FWHM).unwrap(), &s, (60, 60), Some((25, 25)), &Exec::serial());
    data.indexed_iter_mut().for_each(|((j, i), v)| *v += noise(seed, (j * 60 + i) as u64));
    let error = Array2::from_elem((60, 60), 1.0);
    Field { x: x.to_vec(), y: y.to_vec(), flux: flux.to_vec(), data, error }
}

#[test]
fn stars_in_a_row_are_told_apart() {
    // Neighbours share pixels: both may find the one between them.
    for seed in 60..66 {
        let f = stars(&[28.4, 27.1, 26.8], &[30.2, 32.1, 34.4], &[350.0, 240.0, 200.0], seed);
        let c = crowded(&f, &Exec::serial());
        let p = &c.photometry;
        assert_eq!(p.len(), 3, "{seed}: {:?}", (&p.x_fit, &p.y_fit, &p.flux_fit));
        for k in 0..3 {
            let i = near(p, f.x[k], f.y[k], 0.6).unwrap();
            assert!((p.flux_fit[i] - f.flux[k]).abs() < 4.5 * p.flux_err[i], "{seed}: {k}");
        }
    }
}

#[test]
fn a_blend_beyond_doubt_is_two_sources_even_if_their_fluxes_are_uncertain() {
    for seed in 70..76 {
        let f = stars(&[30.2, 31.1], &[30.0, 30.4], &[2200.0, 300.0], seed);
        let p = crowded(&f, &Exec::serial()).photometry;
        assert_eq!(p.len(), 2, "{seed}: {:?}", (&p.x_fit, &p.y_fit, &p.flux_fit));
        let sum: f64 = p.flux_fit.iter().sum();
        assert!((sum - 2500.0).abs() < 30.0, "{seed}: {sum}");
        for k in 0..2 {
            let i = near(&p, f.x[k], f.y[k], 0.6).unwrap();
            assert!((p.flux_fit[i] - f.flux[k]).abs() < 4.5 * p.flux_err[i], "{seed}: {k}");
        }
    }
    // A star alone stays one.
    for seed in 80..100 {
        let f = stars(&[30.2], &[30.0], &[2200.0], seed);
        let bright = crowded(&f, &Exec::serial()).photometry.flux_fit.iter().filter(|v| **v > 100.0).count();
        assert_eq!(bright, 1, "{seed}");
    }
}

#[test]
fn the_psf_may_be_made_better_on_the_way() {
    let f = field(100, 0.002, 42);
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let finder = DaoStarFinder::crowded(4.0, FWHM).unwrap();
    let wrong = CircularGaussianPrf::new(2.8).unwrap();
    let right = |_: &Image<'_, f64>, stars: &PsfPhotometry, _: &dyn PsfModel| {
        assert!(stars.len() > 20);
        Ok(Some(Arc::new(CircularGaussianPrf::new(FWHM)?) as Arc<dyn PsfModel>))
    };
    let config = CrowdedConfig { split_chi: f64::INFINITY, ..CrowdedConfig::new(FWHM) };
    let median = |c: &CrowdedPhotometry| {
        let mut v = c.chi.clone();
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    let before = fit_crowded(&image, &wrong, &finder, None, &config).unwrap();
    let after = fit_crowded(&image, &wrong, &finder, Some(&right), &config).unwrap();
    assert!(after.model.is_some() && after.passes[0].refined);
    assert!(median(&after) < median(&before), "{} {}", median(&after), median(&before));
}

#[test]
fn the_psf_is_made_from_the_stars_themselves() {
    let f = field(300, 0.003, 46);
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let finder = DaoStarFinder::crowded(4.0, FWHM).unwrap();
    let wrong = CircularGaussianPrf::new(2.9).unwrap();
    let refiner = EpsfRefiner { n_stars: 100, size: (17, 17), ..EpsfRefiner::default() };
    let config = CrowdedConfig { max_passes: 3, ..CrowdedConfig::new(FWHM) };
    let c = fit_crowded(&image, &wrong, &finder, Some(&refiner), &config).unwrap();
    // The truth is known: the PSF within 1 % of its peak ...
    let psf = c.model.as_deref().unwrap();
    let window = Window::new(0, 0, 11, 11);
    let values = |model: &dyn PsfModel, shape: &[f64]| {
        let mut v = vec![0.0; window.len()];
        model.evaluate(&Source { x: 5.2, y: 4.9, shape }, window, &mut v);
        v
    };
    let (own, truth) = (values(psf, &[]), values(&CircularGaussianPrf::new(FWHM).unwrap(), &[FWHM]));
    let peak = truth.iter().copied().fold(0.0, f64::max);
    for (a, b) in own.iter().zip(&truth) {
        assert!((a - b).abs() < 0.01 * peak, "{a} instead of {b}, peak {peak}");
    }
    // ... and the fluxes of bright stars.
    let mut ratio: Vec<f64> = (0..f.x.len())
        .filter(|k| f.flux[*k] > 500.0)
        .filter_map(|k| {
            near(&c.photometry, f.x[k], f.y[k], 0.5).map(|i| c.photometry.flux_fit[i] / f.flux[k])
        })
        .collect();
    ratio.sort_by(f64::total_cmp);
    assert!(ratio.len() > 20 && (ratio[ratio.len() / 2] - 1.0).abs() < 0.01, "{ratio:?}");
    // Most of the brightest stars are saturated: the PSF is made from others.
    let cut = f.data.mapv(|v| v.min(100.0));
    let image = Image::new(cut.view()).unwrap().with_error(f.error.view()).unwrap();
    let builder = EpsfBuilder { oversampling: (2, 2), ..EpsfBuilder::default() };
    let few = EpsfRefiner { n_stars: 25, builder, ..refiner };
    let c = fit_crowded(&image, &wrong, &finder, Some(&few), &config).unwrap();
    let own = values(c.model.as_deref().unwrap(), &[]);
    for (a, b) in own.iter().zip(&truth) {
        assert!((a - b).abs() < 0.03 * peak, "{a} instead of {b}, peak {peak}");
    }
    // Too few stars keep the PSF.
    let none = EpsfRefiner { max_flux: 0.0, ..EpsfRefiner::default() };
    assert!(fit_crowded(&image, &wrong, &finder, Some(&none), &config).unwrap().model.is_none());
}

/// The start fluxes hold both stars and the boxes overlap: a full first step would send one of them away.
#[test]
fn close_pairs_do_not_run_away() {
    let model = CircularGaussianPrf::new(FWHM).unwrap();
    for (k, angle) in (0..12).map(|k| (k, f64::from(k) * 0.5)) {
        let (sin, cos) = angle.sin_cos();
        let (x, y) = ([20.3 + 1.4 * cos, 20.3 - 1.4 * cos], [20.6 + 1.4 * sin, 20.6 - 1.4 * sin]);
        let s = Sources { x: &x, y: &y, flux: &[165.0, 209.0], shape: &[], local_bkg: &[] };
        let data = render(&model, &s, (42, 42), Some((25, 25)), &Exec::serial());
        // Found at half the distance.
        let start = [0, 1].map(|i| Point::new(0.5 * (x[i] + 20.3), 0.5 * (y[i] + 20.6)));
        let config = PsfConfig {
            aperture_radius: Some(3.0),
            grouper: Some(SourceGrouper::new(10.0).unwrap()),
            ..PsfConfig::default()
        };
        let initial = InitialParameters::from_positions(&start);
        let p = fit(&Image::new(data.view()).unwrap(), &model, &initial, &config).unwrap();
        for i in 0..2 {
            let d = (p.x_fit[i] - x[i]).hypot(p.y_fit[i] - y[i]);
            assert!(d < 1e-5 && p.flags[i].is_empty(), "{k} {i}: {d} {:?}", p.flags[i]);
        }
    }
}

#[test]
fn a_group_of_ten_thousand_ends_soon_with_every_source_where_it_is() {
    let n = 10_000;
    let f = field(n, 0.006, 43);
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let start: Vec<Point> = f.x.iter().zip(&f.y).map(|(x, y)| Point::new(*x, *y)).collect();
    let initial = InitialParameters {
        flux: Some(f.flux.clone()),
        group_id: Some(vec![1; n]),
        ..InitialParameters::from_positions(&start)
    };
    let config = PsfConfig { xy_bounds: (Some(1.0), Some(1.0)), ..PsfConfig::default() };
    let p = fit(&image, &CircularGaussianPrf::new(FWHM).unwrap(), &initial, &config).unwrap();
    let ended = p.flags.iter().filter(|f| !f.contains(PsfFlags::NO_CONVERGENCE)).count();
    assert!(ended > 9900, "{ended}");
    assert!(p.flags.iter().all(|f| f.contains(PsfFlags::LOCAL_COVARIANCE)));
    let mut pull: Vec<f64> =
        (0..n).filter(|i| f.flux[*i] > 500.0).map(|i| (p.x_fit[i] - f.x[i]).abs() / p.x_err[i]).collect();
    pull.sort_by(f64::total_cmp);
    assert!(pull[pull.len() / 2] < 1.2, "{}", pull[pull.len() / 2]);
}

/// Nothing of this may panic or run on.
#[test]
fn odd_sources_get_flags() {
    let mut f = field(60, 0.01, 44);
    let (ny, nx) = f.data.dim();
    f.data[[10, 10]] = f64::NAN;
    f.data[[30, 30]] = f64::INFINITY;
    let mask = Array2::from_shape_fn((ny, nx), |(y, x)| x > 50 && y > 50);
    f.error[[20, 20]] = 0.0;
    f.error[[20, 21]] = f64::NAN;
    for v in f.data.slice_mut(ndarray::s![40..44, 20..24]).iter_mut() {
        *v = v.min(50.0);
    }
    let image = Image::new(f.data.view())
        .unwrap()
        .with_error(f.error.view())
        .unwrap()
        .with_mask(mask.view())
        .unwrap();
    let mut start: Vec<Point> = f.x.iter().zip(&f.y).map(|(x, y)| Point::new(*x, *y)).collect();
    let corner = (nx as f64 - 1.0, ny as f64 - 1.0);
    start.extend(
        [(0.0, 0.0), (-0.4, 3.0), corner, (-3.0, -3.0), (1e9, 4.0), (f64::NAN, 2.0), (60.0, 60.0)]
            .map(Point::from),
    );
    start.extend([Point::new(15.0, 15.0), Point::new(15.0, 15.0), Point::new(20.0, 20.0)]);
    let initial = InitialParameters {
        flux: Some(vec![100.0; start.len()]),
        ..InitialParameters::from_positions(&start)
    };
    // A PSF larger than the image.
    let huge = skyphot_psf::ImagePsf::new(
        Array2::from_shape_fn((401, 401), |(y, x)| {
            (-((x as f64 - 200.0).powi(2) + (y as f64 - 200.0).powi(2)) / 4.0).exp() / 12.0
        })
        .view(),
        skyphot_psf::ImagePsfConfig::default(),
    )
    .unwrap();
    let gauss = CircularGaussianPrf::new(FWHM).unwrap();
    let models: [&dyn PsfModel; 2] = [&huge, &gauss];
    for model in models {
        for (grouper, block_threshold) in [(None, 60), (Some(5.0), 60), (Some(1e3), 20)] {
            let config = PsfConfig {
                grouper: grouper.map(|r| SourceGrouper::new(r).unwrap()),
                block_threshold,
                max_evaluations: 20,
                exec: Exec::serial(),
                ..PsfConfig::default()
            };
            let p = fit(&image, model, &initial, &config).unwrap();
            let n = f.x.len();
            assert!(
                p.flags[n + 3].contains(PsfFlags::NO_OVERLAP)
                    && p.flags[n + 4].contains(PsfFlags::NO_OVERLAP)
            );
            assert!(p.flags[n + 5].contains(PsfFlags::NON_FINITE_POSITION));
            assert!(
                p.flags[n].contains(PsfFlags::N_PIXELS_FIT_PARTIAL)
                    && p.flags[n + 2].intersects(PsfFlags::N_PIXELS_FIT_PARTIAL | PsfFlags::FULLY_MASKED)
            );
            assert!(p.flags[n + 9].contains(PsfFlags::BAD_ERROR));
            let one = format!("{:?}", p.to_table().unwrap());
            for t in [2, 3] {
                let exec = Exec::with_threads(NonZeroUsize::new(t).unwrap()).unwrap();
                let config = PsfConfig { exec, ..config.clone() };
                let more = fit(&image, model, &initial, &config).unwrap();
                assert!(format!("{:?}", more.to_table().unwrap()) == one, "{t}");
            }
        }
        let finder = DaoStarFinder::new(5.0, FWHM).unwrap();
        let c = fit_crowded(&image, model, &finder, None, &CrowdedConfig::new(FWHM)).unwrap();
        assert!(c.len() > 10);
    }
    // Nothing to find, and an image of bad pixels.
    for v in [0.0, f64::NAN] {
        let flat = Array2::from_elem((20, 20), v);
        let finder = DaoStarFinder::new(5.0, FWHM).unwrap();
        let c =
            fit_crowded(&Image::new(flat.view()).unwrap(), &gauss, &finder, None, &CrowdedConfig::new(FWHM))
                .unwrap();
        assert!(c.is_empty() && c.residual.dim() == (20, 20));
    }
}

#[test]
fn fewer_of_the_fainter_artificial_stars_are_found() {
    let f = field(120, 0.008, 45);
    let image = Image::new(f.data.view()).unwrap().with_error(f.error.view()).unwrap();
    let finder = DaoStarFinder::crowded(4.0, FWHM).unwrap();
    let stars = ArtificialStars { per_flux: 24, tile: 40, ..ArtificialStars::new(vec![15.0, 60.0, 2000.0]) };
    let run = |threads: usize| {
        let mut config = CrowdedConfig::new(FWHM);
        config.psf.exec = Exec::with_threads(NonZeroUsize::new(threads).unwrap()).unwrap();
        completeness(&image, &CircularGaussianPrf::new(FWHM).unwrap(), &finder, &config, &stars).unwrap()
    };
    let c = run(1);
    assert_eq!(c.injected, [24; 3]);
    assert!(c.recovered[0] < 12 && c.recovered[1] > c.recovered[0] && c.recovered[2] >= 23, "{c:?}");
    assert!(c.bias[2].abs() < 0.02 && c.scatter[2] < 0.05 && c.position_error[2] < 0.05, "{c:?}");
    assert_eq!(c.to_table(25.0).unwrap().f64("completeness").unwrap()[2], c.fraction()[2]);
    assert_eq!(format!("{:?}", run(3)), format!("{c:?}"));
    let bad = ArtificialStars::new(vec![-1.0]);
    let model = CircularGaussianPrf::new(FWHM).unwrap();
    assert!(completeness(&image, &model, &finder, &CrowdedConfig::new(FWHM), &bad).is_err());
}
