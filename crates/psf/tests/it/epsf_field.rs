//! Stars of a field: selection, known PSFs found again, PSFs that vary, trends with pixel phase.

use ndarray::{Array2, s};
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point};
use skyphot_psf::{
    CircularGaussianPrf, EpsfBuilder, EpsfGridConfig, EpsfStars, ExtractConfig, MoffatPrf, PsfModel,
    SelectionFlags, Source, Sources, StarCatalog, StarField, StarSelection, Window, build_epsf_grid,
    extract_stars, render, select_stars,
};

struct Field {
    image: Array2<f64>,
    positions: Vec<Point>,
}

/// `n` x `n` stars, 28 pixels apart, with fluxes over a factor of 30 and the noise of their photons.
fn field<M: PsfModel>(n: usize, seed: u64, model: impl Fn(f64) -> M) -> Field {
    let size = 28 * n + 20;
    let mut image = Array2::zeros((size, size));
    let mut positions = Vec::new();
    for k in 0..(n * n) as u64 {
        let at = |i: u64, cell: u64| 24.0 + 28.0 * cell as f64 + uniform(seed, 3 * k + i);
        let (x, y) = (at(0, k % n as u64), at(1, k / n as u64));
        let flux = 3e4 * 30.0_f64.powf(uniform(seed, 3 * k + 2));
        let m = model(x / size as f64);
        let sources = Sources { x: &[x], y: &[y], flux: &[flux], shape: &[], local_bkg: &[] };
        image = image + render(&m, &sources, (size, size), Some((41, 41)), &Exec::serial());
        positions.push(Point::new(x, y));
    }
    for ((y, x), v) in image.indexed_iter_mut() {
        let sigma = (100.0 + f64::max(*v, 0.0)).sqrt();
        *v += sigma * noise(seed + 1, (y * size + x) as u64);
    }
    Field { image, positions }
}

fn stars(f: &Field, size: usize) -> EpsfStars {
    let rough = f.positions.iter().enumerate().map(|(i, p)| {
        let off = |k: u64| 0.4 * (uniform(77, 2 * i as u64 + k) - 0.5);
        Point::new(p.x + off(0), p.y + off(1))
    });
    let image = Image::new(f.image.view()).unwrap();
    let config = ExtractConfig { size: (size, size), ..Default::default() };
    let catalog = StarCatalog::at_pixels(rough.collect());
    extract_stars(&[StarField::new(image)], &[catalog], &config).unwrap().stars
}

/// Largest difference of an ePSF from a model within a radius, in units of the peak.
fn error<M: PsfModel>(data: ndarray::ArrayView2<'_, f64>, os: usize, model: &M, radius: f64) -> f64 {
    let (ny, nx) = data.dim();
    let shape: Vec<f64> = model.shape_parameters().iter().map(|p| p.value).collect();
    let value = |x: f64, y: f64| {
        let mut v = [0.0];
        model.evaluate(&Source { x: -x, y: -y, shape: &shape }, Window::new(0, 0, 1, 1), &mut v);
        v[0]
    };
    let place = |i: usize, n: usize| (i as f64 - (n as f64 - 1.0) / 2.0) / os as f64;
    let inside = |y: usize, x: usize| place(x, nx).hypot(place(y, ny)) <= radius;
    let off = data
        .indexed_iter()
        .filter(|((y, x), _)| inside(*y, *x))
        .map(|((y, x), v)| (v - value(place(x, nx), place(y, ny))).abs());
    off.fold(0.0, f64::max) / value(0.0, 0.0)
}

#[test]
fn known_psfs_are_found_within_one_percent() {
    for (name, fwhm) in [("undersampled", 1.6), ("sampled", 2.3), ("wide", 4.0)] {
        let model = CircularGaussianPrf::new(fwhm).unwrap();
        let f = field(14, 400, |_| CircularGaussianPrf::new(fwhm).unwrap());
        let r = EpsfBuilder::default().build(&stars(&f, 21)).unwrap();
        let e = error(r.data(), 4, &model, 5.5);
        assert!(e < 0.01, "{name} {e}");
        let off: Vec<f64> = r.stars.centers().iter().zip(&f.positions).map(|(a, b)| a.x - b.x).collect();
        let mean = off.iter().sum::<f64>() / off.len() as f64;
        assert!(mean.abs() < 0.01, "{name} {mean}");
        let bias = r.phase_bias(6);
        for t in [&bias.center_x, &bias.center_y, &bias.odd_x, &bias.odd_y] {
            assert!(t.amplitude < 0.01, "{name} {t:?}");
        }
        assert!(bias.uniformity_p_value > 1e-3);
        let gallery = r.gallery(12, 3).unwrap();
        assert_eq!(gallery.dim(), (4 * 22 - 1, 3 * 45 - 2));
    }
}

#[test]
fn a_wrong_psf_shows_in_the_phases() {
    let f = field(10, 410, |_| CircularGaussianPrf::new(1.6).unwrap());
    let stars = stars(&f, 15);
    let mut r =
        EpsfBuilder { max_iters: 3, refinement_iters: 0, ..Default::default() }.build(&stars).unwrap();
    let good = r.phase_bias(6).center_x;
    // An ePSF that is too wide.
    let wide = EpsfBuilder { oversampling: (1, 1), max_iters: 3, ..Default::default() };
    r.epsf = wide.build(&stars).unwrap().epsf;
    let bad = r.phase_bias(6).center_x;
    assert!(bad.amplitude > 3.0 * good.amplitude, "{bad:?} {good:?}");
}

#[test]
fn a_varying_psf_is_followed() {
    let width = |u: f64| 2.0 + 1.5 * u;
    let f = field(13, 420, |u| CircularGaussianPrf::new(width(u)).unwrap());
    let config = EpsfGridConfig {
        cells: (2, 3),
        builder: EpsfBuilder { oversampling: (2, 2), ..Default::default() },
        ..Default::default()
    };
    let grid = build_epsf_grid(&stars(&f, 17), f.image.dim(), &config).unwrap();
    assert_eq!((grid.cells.len(), grid.psf.x_grid().len(), grid.psf.y_grid().len()), (6, 3, 2));
    let size = f.image.dim().1 as f64;
    for (cell, plane) in grid.cells.iter().zip(grid.psf.data().outer_iter()) {
        assert!(
            cell.result.is_some() && cell.n_stars >= 20 && !cell.widened,
            "{} {}",
            cell.n_stars,
            cell.widened
        );
        let truth = CircularGaussianPrf::new(width(cell.position.x / size)).unwrap();
        let (own, field) = (error(plane, 2, &truth, 5.0), error(grid.field.data(), 2, &truth, 5.0));
        // A cell at the edge of the field has an overlap on one side only: its stars are not of its middle on average.
        assert!(own < 0.07, "{own} {field}");
        if (cell.position.x / size - 0.5).abs() > 0.2 {
            assert!(own < 0.5 * field, "{own} {field}");
        }
    }
    // One star in a corner only: cells take what is nearest.
    let few: EpsfStars = stars(&f, 17).cutouts().take(25).cloned().collect();
    let config = EpsfGridConfig { cells: (2, 2), ..config };
    let grid = build_epsf_grid(&few, f.image.dim(), &config).unwrap();
    assert!(grid.cells.iter().filter(|c| c.widened).count() >= 2);
    assert!(
        build_epsf_grid(&few, f.image.dim(), &EpsfGridConfig { cells: (0, 2), ..config.clone() }).is_err()
    );
    assert!(build_epsf_grid(&few, f.image.dim(), &EpsfGridConfig { overlap: f64::NAN, ..config }).is_err());
}

#[test]
fn good_stars_are_told_from_bad() {
    let mut f = field(8, 430, |_| MoffatPrf::new(2.2, 3.5).unwrap());
    let at = |k: usize, dx: f64, dy: f64| Point::new(f.positions[k].x + dx, f.positions[k].y + dy);
    let mut positions = f.positions.clone();
    positions.push(at(3, 7.0, 2.0));
    positions.push(Point::new(3.0, 60.0));
    positions.push(Point::new(f64::NAN, 60.0));
    positions.push(Point::new(-1e300, f64::INFINITY));
    let add = |image: &mut Array2<f64>, p: Point, flux: f64, model: &dyn PsfModel| {
        let sources = Sources { x: &[p.x], y: &[p.y], flux: &[flux], shape: &[], local_bkg: &[] };
        let shape = image.dim();
        *image += &render(model, &sources, shape, Some((41, 41)), &Exec::serial());
    };
    add(&mut f.image, positions[64], 3e5, &MoffatPrf::new(2.2, 3.5).unwrap());
    // A galaxy on a star, a cosmic ray, bad pixels, a saturated core.
    add(&mut f.image, positions[10], 1e6, &CircularGaussianPrf::new(9.0).unwrap());
    let pixel = |k: usize| [positions[k].y.round() as usize, positions[k].x.round() as usize];
    f.image[pixel(20)] += 3e6;
    f.image[[pixel(21)[0], pixel(21)[1] + 1]] = f64::NAN;
    f.image[pixel(30)] = 1e7;
    let image = Image::new(f.image.view()).unwrap();
    let config = StarSelection { saturation: Some(9e6), ..Default::default() };
    let r = select_stars(&image, &positions, &config).unwrap();
    for (k, flag) in [
        (3, SelectionFlags::NEIGHBOR),
        (64, SelectionFlags::NEIGHBOR),
        (10, SelectionFlags::SHAPE),
        (20, SelectionFlags::SHAPE),
        (21, SelectionFlags::BAD_PIXELS),
        (30, SelectionFlags::SATURATED),
        (65, SelectionFlags::NEAR_EDGE),
        (66, SelectionFlags::NEAR_EDGE),
        (67, SelectionFlags::NEAR_EDGE),
    ] {
        assert!(r.flags[k].contains(flag), "{k} {:?}", r.flags[k]);
    }
    assert!(r.selected().len() >= 50, "{}", r.selected().len());
    let few = select_stars(&image, &positions, &StarSelection { brightest: Some(10), ..config }).unwrap();
    assert_eq!(few.selected().len(), 10);
    assert_eq!(few.to_table().unwrap().n_rows(), 68);
    let none = select_stars(&image, &positions, &StarSelection { min_snr: 1e9, ..config }).unwrap();
    assert!(none.selected().is_empty() && none.catalog().is_empty());
    assert!(select_stars(&image, &positions, &StarSelection { radius: f64::NAN, ..config }).is_err());
    let empty = Array2::from_elem((9, 9), f64::NAN);
    let r = select_stars(&Image::new(empty.slice(s![.., ..])).unwrap(), &positions[..3], &config).unwrap();
    assert!(r.selected().is_empty());
}

/// The highest pixel near a position.
fn highest(image: &Array2<f64>, p: Point) -> f64 {
    let (x, y) = (p.x.round() as usize, p.y.round() as usize);
    image.slice(s![y - 2..y + 3, x - 2..x + 3]).iter().fold(0.0, |m: f64, v| m.max(*v))
}

#[test]
fn stars_that_a_detector_cut_off_are_left_out() {
    let whole = field(8, 440, |_| MoffatPrf::new(2.2, 3.5).unwrap());
    let peaks: Vec<f64> = whole.positions.iter().map(|p| highest(&whole.image, *p)).collect();
    let mut sorted = peaks.clone();
    sorted.sort_by(f64::total_cmp);
    let of = |image: &Array2<f64>, flat_tops: bool| {
        let config = StarSelection { flat_tops, ..Default::default() };
        select_stars(&Image::new(image.view()).unwrap(), &whole.positions, &config).unwrap()
    };
    assert!(of(&whole.image, true).flags.iter().all(|f| !f.contains(SelectionFlags::FLAT_TOP)));
    // A sky that differs by half a percent was subtracted after a quarter, or three, of the stars were cut off.
    for level in [sorted[48], sorted[16]] {
        let mut cut = whole.image.clone();
        cut.indexed_iter_mut().for_each(|((_, x), v)| *v = v.min(level) + 1e-5 * level * x as f64);
        let (r, before) = (of(&cut, true), of(&cut, false));
        let mut worse = 0;
        for (k, peak) in peaks.iter().enumerate() {
            let flat = r.flags[k].contains(SelectionFlags::FLAT_TOP);
            assert!(flat || *peak < level, "{k} {peak} {level}");
            assert!(!flat || *peak > 0.97 * level, "{k} {peak} {level}");
            worse += usize::from(*peak > 1.3 * level && before.flags[k].is_empty());
        }
        // Their shapes alone do not show it.
        assert!(worse >= 5, "{worse}");
        assert!(
            r.to_table().unwrap().column("flags").unwrap().description.as_ref().unwrap().contains("flat")
        );
    }
    // A PSF that is flat itself.
    let mut flat = whole.image.clone();
    for (p, peak) in whole.positions.iter().zip(&peaks) {
        let (x, y) = (p.x as usize, p.y as usize);
        flat.slice_mut(s![y - 8..y + 9, x - 8..x + 9]).mapv_inplace(|v| v.min(0.15 * peak));
    }
    assert!(of(&flat, true).flags.iter().all(|f| !f.contains(SelectionFlags::FLAT_TOP)));
}
