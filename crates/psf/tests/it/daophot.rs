//! DAOPHOT's PSF built from stars of known PSFs.

use ndarray::{Array2, Array3};
use skyphot_core::testing::{noise, uniform};
use skyphot_core::{Exec, Image, Point};
use skyphot_psf::{
    DaophotBuilder, DaophotCore, DaophotFunction, DaophotPsf, DaophotResult, Derivatives, EpsfFlags,
    EpsfStars, ExtractConfig, PolynomialPsf, PolynomialPsfConfig, PsfError, PsfModel, Source, Sources,
    StarCatalog, StarField, Window, extract_stars, render,
};

const FIELD: (usize, usize) = (300, 360);

/// Stars on a lattice with a jitter.
fn places(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let u = |k: usize, i: u64| uniform(901, 3 * k as u64 + i);
    let columns = (n as f64 * 1.2).sqrt().ceil() as usize;
    let step = (320.0 / columns as f64, 260.0 / n.div_ceil(columns) as f64);
    let at = |k: usize| {
        let (i, j) = ((k % columns) as f64, (k / columns) as f64);
        (20.0 + step.0 * (i + 0.3 * u(k, 0)), 20.0 + step.1 * (j + 0.3 * u(k, 1)))
    };
    let flux = (0..n).map(|k| 2e4 + 6e4 * u(k, 2)).collect();
    let (x, y) = (0..n).map(at).unzip();
    (x, y, flux)
}

fn scene(truth: &dyn PsfModel, n: usize, sigma: f64) -> (Array2<f64>, Vec<Point>) {
    let (x, y, flux) = places(n);
    let sources = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut image = render(truth, &sources, FIELD, Some((41, 41)), &Exec::serial());
    for (i, v) in image.iter_mut().enumerate() {
        *v += sigma * noise(902, i as u64);
    }
    // As a finder would have them.
    let found = (0..n as u64).map(|k| {
        let off = |i: u64| 0.2 * (uniform(903, 2 * k + i) - 0.5);
        Point::new(x[k as usize] + off(0), y[k as usize] + off(1))
    });
    (image, found.collect())
}

fn stars(image: &Image<'_, f64>, found: Vec<Point>, size: usize) -> EpsfStars {
    let config = ExtractConfig { size: (size, size), ..Default::default() };
    extract_stars(&[StarField::new(*image)], &[StarCatalog::at_pixels(found)], &config).unwrap().stars
}

fn values(psf: &dyn PsfModel, x: f64, y: f64, half: i64, radius: f64) -> Vec<f64> {
    let n = 2 * half as usize + 1;
    let w = Window::new(x.round() as i64 - half, y.round() as i64 - half, n, n);
    let mut out = vec![0.0; w.len()];
    psf.evaluate(&Source { x, y, shape: &[] }, w, &mut out);
    for (k, v) in out.iter_mut().enumerate() {
        let (dx, dy) = ((w.x_min + (k % n) as i64) as f64 - x, (w.y_min + (k / n) as i64) as f64 - y);
        if dx * dx + dy * dy > radius * radius {
            *v = 0.0;
        }
    }
    out
}

/// Largest difference over the peak within a radius, both of unit sum there.
fn difference(a: &dyn PsfModel, b: &dyn PsfModel, at: (f64, f64), radius: f64) -> f64 {
    let half = radius.ceil() as i64;
    let (a, b) = (values(a, at.0, at.1, half, radius), values(b, at.0, at.1, half, radius));
    let (sa, sb) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    let peak = b.iter().fold(0.0_f64, |m, v| m.max(v / sb));
    a.iter().zip(&b).map(|(a, b)| (a / sa - b / sb).abs() / peak).fold(0.0, f64::max)
}

/// A tilted Moffat function with a table that is a different one at every place.
fn varying() -> DaophotPsf {
    let core = DaophotCore {
        function: DaophotFunction::Moffat25,
        x_hwhm: 1.6,
        y_hwhm: 1.4,
        tilt: 0.1,
        ..Default::default()
    };
    let table = Array3::from_shape_fn((3, 53, 53), |(k, j, i)| {
        let (x, y) = ((i as f64 - 26.0) / 2.0, (j as f64 - 26.0) / 2.0);
        let bell = (-(x * x + y * y) / 8.0).exp();
        match k {
            0 => 0.002 * bell * (x * x - 2.0),
            1 => 0.003 * bell * (x * x - y * y) / 4.0,
            _ => 0.003 * bell * x * y / 4.0,
        }
    });
    let config = PolynomialPsfConfig {
        zero: (180.0, 150.0),
        scale: (180.0, 150.0),
        oversampling: 2.0,
        ..Default::default()
    };
    let table = PolynomialPsf::new(table.view(), &PolynomialPsf::terms_of_degree(1), config).unwrap();
    DaophotPsf::new(core, Some(table), 12.0).unwrap()
}

fn built(truth: &DaophotPsf, n: usize, sigma: f64, builder: &DaophotBuilder) -> DaophotResult {
    let (image, found) = scene(truth, n, sigma);
    let image = Image::new(image.view()).unwrap();
    builder.build(&stars(&image, found, 25)).unwrap()
}

#[test]
fn an_analytic_psf_is_found_again() {
    for (function, fraction) in [(DaophotFunction::Moffat25, 0.25), (DaophotFunction::Penny1, 0.3)] {
        let core =
            DaophotCore { function, x_hwhm: 1.7, y_hwhm: 1.3, tilt: 0.15, fraction, gaussian_tilt: 0.0 };
        let truth = DaophotPsf::new(core, None, 12.0).unwrap();
        let builder = DaophotBuilder { variation: None, exec: Exec::serial(), ..Default::default() };
        let r = built(&truth, 12, 0.0, &builder);
        assert_eq!(r.psf.core().function, function, "{:?}", r.tried);
        let c = r.psf.core();
        assert!(
            (c.x_hwhm - 1.7).abs() < 0.01 && (c.y_hwhm - 1.3).abs() < 0.01 && (c.tilt - 0.15).abs() < 0.01
        );
        assert!(r.rms < 1e-3 && r.tried.len() == 6, "{} {:?}", r.rms, r.tried);
        let (x, y, flux) = places(12);
        for (i, s) in r.stars.cutouts().enumerate() {
            assert!((s.center().x - x[i]).hypot(s.center().y - y[i]) < 0.003, "{i}");
            assert!((s.flux() / flux[i] - 1.0).abs() < 0.01, "{i}");
        }
    }
}

#[test]
fn a_varying_psf_is_found_again() {
    let truth = varying();
    let linear = DaophotBuilder {
        function: Some(DaophotFunction::Moffat25),
        variation: Some(1),
        ..Default::default()
    };
    let r = built(&truth, 90, 3.0, &linear);
    let constant = built(&truth, 90, 3.0, &DaophotBuilder { variation: Some(0), ..linear.clone() });
    let mut worst = (0.0_f64, 0.0_f64);
    for (i, j) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 2)] {
        for phase in [0.0, 0.3, 0.5] {
            let c = |k: i32, n: f64| if k == 2 { n / 2.0 } else { 40.0 + (n - 80.0) * f64::from(k) };
            let at = (c(i, 360.0) + phase, c(j, 300.0) - phase);
            worst.0 = worst.0.max(difference(&r.psf, &truth, at, 10.0));
            worst.1 = worst.1.max(difference(&constant.psf, &truth, at, 10.0));
        }
    }
    assert!(worst.0 < 0.01, "{worst:?} {} {:?}", r.rms, r.psf.core());
    assert!(worst.1 > 2.0 * worst.0, "{worst:?}");
    let (x, y, flux) = places(90);
    let off = |i: usize, p: Point| (p.x - x[i]).hypot(p.y - y[i]);
    let moved = r.stars.centers().iter().enumerate().map(|(i, p)| off(i, *p)).fold(0.0, f64::max);
    assert!(moved < 0.02, "{moved}");
    let bad = r.stars.fluxes().iter().zip(&flux).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);
    assert!(bad < 0.02, "{bad}");
    let t = r.star_table().unwrap();
    assert_eq!((t.n_rows(), t.f64("rms").unwrap().iter().filter(|v| **v < 0.02).count()), (90, 90));

    // Derivatives of what was built, by finite differences, with those of the variation over the image.
    let (w, mut d) = (Window::new(70, 60, 21, 21), Derivatives::default());
    r.psf.derivatives(&Source { x: 80.3, y: 70.7, shape: &[] }, w, false, &mut d);
    let at = |x: f64, y: f64| {
        let mut out = vec![0.0; w.len()];
        r.psf.evaluate(&Source { x, y, shape: &[] }, w, &mut out);
        out
    };
    let h = 1e-5;
    let (right, left, up, down) =
        (at(80.3 + h, 70.7), at(80.3 - h, 70.7), at(80.3, 70.7 + h), at(80.3, 70.7 - h));
    for k in 0..w.len() {
        assert!(((right[k] - left[k]) / (2.0 * h) - d.dx[k]).abs() < 1e-8, "{k}");
        assert!(((up[k] - down[k]) / (2.0 * h) - d.dy[k]).abs() < 1e-8, "{k}");
    }
}

/// The PSF of [`varying`] with the constant part of its table.
fn constant() -> DaophotPsf {
    let v = varying();
    let (core, table) = (*v.core(), v.table().unwrap());
    let first = table.data().slice(ndarray::s![..1, .., ..]).to_owned();
    let table =
        PolynomialPsf::new(first.view(), &PolynomialPsf::terms_of_degree(0), *table.config()).unwrap();
    DaophotPsf::new(core, Some(table), 12.0).unwrap()
}

#[test]
fn bad_stars_do_no_harm_and_threads_change_nothing() {
    let truth = constant();
    let (clean, found) = scene(&truth, 30, 3.0);
    let mut image = clean.clone();
    let pixel = |k: usize| [found[k].y.round() as usize, found[k].x.round() as usize];
    // A hot pixel, a bad one, a saturated star, a brighter neighbour, a star that is none, one at the edge.
    let [y, x] = pixel(3);
    image[[y + 3, x - 2]] += 5e4;
    image[pixel(4)] = f64::NAN;
    let (cut, [y, x]) = (0.3 * image[pixel(7)], pixel(7));
    image.slice_mut(ndarray::s![y - 8..y + 9, x - 8..x + 9]).mapv_inplace(|v| v.min(cut));
    let p = found[9];
    let near = Sources {
        x: &[p.x + 5.0, 5.0],
        y: &[p.y + 2.0, 150.0],
        flux: &[5e4, 5e4],
        shape: &[],
        local_bkg: &[],
    };
    image += &render(&truth, &near, FIELD, Some((41, 41)), &Exec::serial());
    let mut listed = found.clone();
    listed.extend([Point::new(300.0, 282.0), Point::new(5.0, 150.0)]);
    let extract = |image: &Array2<f64>, at: &[Point], saturation: Option<f64>| {
        let field = StarField::new(Image::new(image.view()).unwrap());
        let config = ExtractConfig { size: (25, 25), saturation };
        extract_stars(&[field], &[StarCatalog::at_pixels(at.to_vec())], &config).unwrap()
    };
    let of = |stars: &EpsfStars, n: usize| {
        let exec = Exec::with_threads(std::num::NonZeroUsize::new(n).unwrap()).unwrap();
        let function = Some(DaophotFunction::Moffat25);
        DaophotBuilder { function, exec, ..Default::default() }.build(stars).unwrap()
    };
    let bad = extract(&image, &listed, None);
    assert_eq!((bad.rejected.len(), bad.rejected[0].row), (1, 31));
    assert_eq!(bad.rejected[0].flags, EpsfFlags::OUTSIDE_IMAGE);
    let one = of(&bad.stars, 1);
    assert_eq!(one.psf, of(&bad.stars, 3).psf);
    // The star that is none is left out, and the others do little: pixels that are not as the PSF lose their weight.
    let excluded: Vec<usize> =
        (0..31).filter(|k| one.stars.cutouts().nth(*k).unwrap().is_excluded()).collect();
    assert_eq!(excluded, [30]);
    let off = |r: &DaophotResult| difference(&r.psf, &truth, (180.0, 150.0), 10.0);
    let clean = of(&extract(&clean, &found, None).stars, 1);
    assert!(off(&clean) < 0.003 && off(&one) < 0.005, "{} {}", off(&clean), off(&one));
    let flux = places(30).2;
    for (k, s) in one.stars.cutouts().take(30).enumerate() {
        // The saturated star and the one with a brighter neighbour show by what is left of them.
        let spoilt = [7, 9].contains(&k);
        assert_eq!(one.scatter[k] > 0.01, spoilt, "{k} {}", one.scatter[k]);
        assert!(spoilt || (s.flux() / flux[k] - 1.0).abs() < 0.02, "{k} {} {}", s.flux(), flux[k]);
    }
    // With the level of saturation known, its pixels are no part of it.
    let known = extract(&image, &listed, Some(0.99 * cut));
    assert!(known.stars.cutouts().nth(7).unwrap().flags().contains(EpsfFlags::SATURATED));

    let few = known.stars.filtered(|e| e.stars()[0].center().x < 60.0 && e.stars()[0].center().y < 200.0);
    let quadratic = DaophotBuilder { variation: Some(2), ..Default::default() };
    assert!(few.len() < 6);
    assert!(matches!(quadratic.build(&few), Err(PsfError::Epsf { .. })));
    assert!(matches!(quadratic.build(&EpsfStars::default()), Err(PsfError::Epsf { .. })));
    let wrong = DaophotBuilder { radius: Some(-1.0), ..Default::default() };
    assert!(matches!(wrong.build(&known.stars), Err(PsfError::InvalidParameter { .. })));
}
