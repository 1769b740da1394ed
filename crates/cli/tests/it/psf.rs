//! `skyphot psf` and `skyphot epsf`.

#![allow(clippy::unwrap_used)]

use ndarray::Array2;
use skyphot::core::testing::{noise, uniform};
use skyphot::core::{Exec, Point};
use skyphot::io::{Header, read_image, read_table, write_psf_grid};
use skyphot::psf::{CircularGaussianPrf, GriddedPsf, PsfModel, Source, Sources, Window, render};

use crate::support::{ok, skyphot, write};

const FWHM: f64 = 2.6;

/// 24 stars on a lattice with a jitter, one with a near neighbour; noise 1.
fn scene() -> (Array2<f64>, Vec<(f64, f64, f64)>) {
    let mut stars: Vec<(f64, f64, f64)> = (0..24_u64)
        .map(|k| {
            let u = |i: u64| uniform(501, 3 * k + i);
            let (i, j) = ((k % 6) as f64, (k / 6) as f64);
            (15.0 + 26.0 * i + 4.0 * u(0), 16.0 + 29.0 * j + 4.0 * u(1), 2000.0 + 4000.0 * u(2))
        })
        .collect();
    let (x, y, _) = stars[7];
    stars.push((x + 3.1, y + 1.2, 1500.0));
    let model = CircularGaussianPrf::new(FWHM).unwrap();
    let column = |f: fn(&(f64, f64, f64)) -> f64| stars.iter().map(f).collect::<Vec<f64>>();
    let (x, y, flux) = (column(|s| s.0), column(|s| s.1), column(|s| s.2));
    let s = Sources { x: &x, y: &y, flux: &flux, shape: &[], local_bkg: &[] };
    let mut image = render(&model, &s, (125, 165), Some((31, 31)), &Exec::serial());
    for (i, v) in image.iter_mut().enumerate() {
        *v += noise(502, i as u64);
    }
    (image, stars)
}

fn nearest(t: &skyphot::core::Table, x: f64, y: f64) -> usize {
    let (xs, ys) = (t.f64("x_fit").unwrap(), t.f64("y_fit").unwrap());
    (0..xs.len())
        .min_by(|&a, &b| (xs[a] - x).hypot(ys[a] - y).total_cmp(&(xs[b] - x).hypot(ys[b] - y)))
        .unwrap()
}

fn rms(data: &Array2<f64>) -> f64 {
    (data.iter().map(|v| v * v).sum::<f64>() / data.len() as f64).sqrt()
}

#[test]
fn stars_are_found_fitted_and_subtracted() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (image, stars) = scene();
    write(&d.join("image.fits"), &image);
    write(&d.join("error.fits"), &Array2::ones(image.dim()));
    let psf = format!("gaussian:{FWHM}");
    let common =
        ["psf", "image.fits", "--psf", &psf, "--error", "error.fits", "--iterate", "all", "--group", "6"];
    let mut args = common.to_vec();
    args.extend(["-o", "t.ecsv", "--residual", "r.fits", "--model", "m.fits", "--plot", "r.png", "--json"]);
    let r = ok(d, &args);
    let t = read_table(d.join("t.ecsv")).unwrap();
    assert_eq!(t.n_rows(), stars.len(), "{}", r.err);
    let json: serde_json::Value = serde_json::from_str(&r.out).unwrap();
    assert_eq!(json["sources"].as_u64(), Some(stars.len() as u64));
    assert!(json["psf"].as_str().unwrap().contains("2.6 px"));
    let (flux, err) = (t.f64("flux_fit").unwrap(), t.f64("flux_err").unwrap());
    for (x, y, f) in &stars {
        let i = nearest(&t, *x, *y);
        let off = (t.f64("x_fit").unwrap()[i] - x).hypot(t.f64("y_fit").unwrap()[i] - y);
        assert!(off < 0.05 && (flux[i] - f).abs() < 5.0 * err[i], "{x} {y}: {off} {} {f}", flux[i]);
    }
    let residual = read_image::<f64>(d.join("r.fits")).unwrap().data;
    let model = read_image::<f64>(d.join("m.fits")).unwrap().data;
    assert!((&residual + &model - &image).iter().all(|v| v.abs() < 1e-9));
    assert!((rms(&residual) - 1.0).abs() < 0.05, "{}", rms(&residual));
    assert!(std::fs::read(d.join("r.png")).unwrap().starts_with(b"\x89PNG"));
    for key in ["version", "psf", "parameters", "pixel_convention"] {
        assert!(t.meta.get(key).is_some(), "{key}");
    }
    // Nothing depends on the number of threads.
    for n in ["1", "3"] {
        let mut args = common.to_vec();
        args.extend(["-o", "u.ecsv", "--force", "--threads", n]);
        ok(d, &args);
        assert_eq!(read_table(d.join("u.ecsv")).unwrap().f64("flux_fit").unwrap(), flux);
    }
}

#[test]
fn forced_photometry_keeps_positions_and_any_psf_will_do() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (image, stars) = scene();
    write(&d.join("image.fits"), &image);
    let at: Vec<String> = stars.iter().map(|s| format!("{},{}", s.0, s.1)).collect();
    let at = at.join(";");
    let run = |psf: &str, name: &str| {
        let r = ok(
            d,
            &[
                "psf",
                "image.fits",
                "--psf",
                psf,
                "--positions",
                &at,
                "--fixed-positions",
                "--group",
                "6",
                "-o",
                name,
            ],
        );
        assert!(r.out.is_empty());
        read_table(d.join(name)).unwrap()
    };
    let exact = run(&format!("gaussian:{FWHM}"), "g.ecsv");
    assert_eq!(exact.f64("x_fit").unwrap(), stars.iter().map(|s| s.0).collect::<Vec<_>>());
    for (f, s) in exact.f64("flux_fit").unwrap().iter().zip(&stars) {
        assert!((f / s.2 - 1.0).abs() < 0.02, "{f} {}", s.2);
    }
    // The same PSF as a grid of images, and one built from the stars.
    let one = CircularGaussianPrf::new(FWHM).unwrap();
    let plane = Array2::from_shape_fn((101, 101), |(j, i)| {
        let at = |k: usize| (50.0 - k as f64) / 4.0;
        let mut out = [0.0];
        one.evaluate(&Source { x: at(i), y: at(j), shape: &[FWHM] }, Window::new(0, 0, 1, 1), &mut out);
        out[0]
    });
    let cube = ndarray::stack(ndarray::Axis(0), &[plane.view(), plane.view()]).unwrap();
    let grid = [Point::new(0.0, 60.0), Point::new(160.0, 60.0)];
    write_psf_grid(d.join("grid.fits"), cube.view(), &grid, (4, 4), Header::new(), false).unwrap();
    assert!(GriddedPsf::new(cube.view(), &grid, (4, 4)).is_ok());
    ok(
        d,
        &[
            "epsf",
            "image.fits",
            "-o",
            "epsf.fits",
            "--size",
            "15",
            "--oversampling",
            "2",
            "--plot",
            "epsf.png",
            "--stars",
            "s.ecsv",
        ],
    );
    assert!(read_table(d.join("s.ecsv")).unwrap().n_rows() >= 15);
    for (psf, tolerance) in [("grid.fits", 0.02), ("epsf.fits", 0.05), ("moffat:2.6,40", 0.05)] {
        let t = run(psf, &format!("{}.ecsv", psf.replace([':', ','], "_")));
        let (a, b) = (t.f64("flux_fit").unwrap(), exact.f64("flux_fit").unwrap());
        for (a, b) in a.iter().zip(b) {
            assert!((a / b - 1.0).abs() < tolerance, "{psf}: {a} {b}");
        }
    }
}

#[test]
fn a_psf_is_built_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (mut image, stars) = scene();
    image += 50.0;
    write(&d.join("image.fits"), &image);
    let r = ok(
        d,
        &[
            "psf",
            "image.fits",
            "--psf",
            "build",
            "--psf-size",
            "15",
            "--oversampling",
            "2",
            "--subtract-background",
            "--box",
            "40",
            "-o",
            "t.csv",
            "--residual",
            "r.fits",
        ],
    );
    assert!(r.err.contains("effective PSF from"), "{}", r.err);
    assert!(read_table(d.join("t.csv")).unwrap().n_rows() + 1 >= stars.len());
    let residual = read_image::<f64>(d.join("r.fits")).unwrap().data;
    assert!(rms(&residual) < 4.0, "{}", rms(&residual));
    let note = ok(d, &["psf", "image.fits", "--psf", "gaussian:2.6", "-o", "u.csv"]).err;
    assert!(note.contains("--subtract-background"), "{note}");
}

#[test]
fn wrong_requests_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    write(&d.join("image.fits"), &scene().0);
    for (args, code, text) in [
        (&["--psf", "gaussian:0"][..], 2, "gaussian:FWHM"),
        (&["--psf", "moffat:3"], 2, "moffat:FWHM,BETA"),
        (&["--psf", "gaussian:2", "--iterate", "all"], 2, "--group"),
        (&["--psf", "gaussian:2", "--fixed-positions"], 2, "--positions"),
        (&["--psf", "gaussian:2", "--fit-shape", "4"], 1, "odd"),
        (&["--psf", "gaussian:2", "--finder", "peaks"], 2, "--positions"),
        (&["--psf", "nothere.fits"], 1, "nothere.fits"),
        (&["--psf", "gauss:2"], 2, "gaussian:FWHM, moffat:FWHM,BETA"),
        (&["--psf", "gaussian:2", "--refine", "100"], 2, "--crowded"),
        (&["--psf", "gaussian:2", "--crowded", "--refine", "3"], 2, "--refine"),
        (&["--psf", "gaussian:2", "--positions", "-900,-900"], 1, "none of the"),
    ] {
        let mut all = vec!["psf", "image.fits"];
        all.extend(args);
        let r = skyphot(d, &all);
        assert_eq!(r.code, code, "{args:?}\n{}", r.err);
        assert!(r.err.contains(text), "{args:?}: {}", r.err);
        assert!(!r.err.contains("panicked"), "{}", r.err);
    }
    let r = skyphot(d, &["epsf", "image.fits", "-o", "e.fits", "--size", "151"]);
    assert_eq!(r.code, 1, "{}", r.err);
    assert!(r.err.contains("no star is fit"), "{}", r.err);
}

#[test]
fn daophot_and_grids_come_with_pictures_and_reports() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (image, stars) = scene();
    write(&d.join("image.fits"), &image);
    write(&d.join("error.fits"), &Array2::ones(image.dim()));
    for (name, more) in [
        ("daophot", &["--daophot", "1", "--function", "gaussian"][..]),
        ("grid", &["--grid", "2,1", "--oversampling", "2"]),
    ] {
        let (fits, png, table) = (format!("{name}.fits"), format!("{name}.png"), format!("{name}.ecsv"));
        let mut args =
            vec!["epsf", "image.fits", "--size", "15", "-o", &fits, "--plot", &png, "--stars", &table];
        args.extend(more);
        let r = ok(d, &args);
        assert!(r.out.contains("candidates") && r.err.contains("stars for the PSF"), "{}{}", r.out, r.err);
        assert!(std::fs::read(d.join(&png)).unwrap().starts_with(b"\x89PNG"));
        let t = read_table(d.join(&table)).unwrap();
        // The star with a neighbour is a candidate that was turned down.
        assert!(t.n_rows() >= stars.len() - 1, "{}", t.n_rows());
        let (used, fitted) = (t.column("selected").unwrap().to_f64().unwrap(), t.f64("x_fit").unwrap());
        assert!(used.iter().zip(&fitted).all(|(u, x)| (*u == 1.0) == x.is_finite()), "{used:?} {fitted:?}");
        ok(
            d,
            &[
                "psf",
                "image.fits",
                "--error",
                "error.fits",
                "--psf",
                &fits,
                "-o",
                "t.csv",
                "--residual",
                "r.fits",
                "--force",
            ],
        );
        let (t, (x, y, f)) = (read_table(d.join("t.csv")).unwrap(), stars[0]);
        let flux = t.f64("flux_fit").unwrap()[nearest(&t, x, y)];
        assert!((flux / f - 1.0).abs() < 0.05, "{name}: {flux} {f}");
        let residual = read_image::<f64>(d.join("r.fits")).unwrap().data;
        assert!(rms(&residual) < 4.0, "{name}: {}", rms(&residual));
    }
}

#[test]
fn crowded_mode_and_artificial_stars() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (image, stars) = scene();
    write(&d.join("image.fits"), &image);
    let psf = format!("gaussian:{FWHM}");
    let common =
        ["psf", "image.fits", "--psf", &psf, "--crowded", "--completeness", "6", "--zero-point", "25"];
    let mags = ["--completeness-mags", "16,25,3", "--json"];
    let one = ok(d, &[&common[..], &mags, &["-o", "t.ecsv", "--threads", "1"]].concat());
    let t = read_table(d.join("t.ecsv")).unwrap();
    assert_eq!(t.n_rows(), stars.len());
    assert!(t.has("chi") && t.has("sharpness") && t.has("iter_detected"));
    let c = read_table(d.join("t_completeness.ecsv")).unwrap();
    let fraction = c.f64("completeness").unwrap();
    assert_eq!((c.n_rows(), fraction[0], fraction[3]), (4, 1.0, 0.0));
    assert!(c.f64("bias").unwrap()[0].abs() < 0.02);
    let json: serde_json::Value = serde_json::from_str(&one.out).unwrap();
    assert!(json["half_complete_mag"].as_f64().is_some_and(|m| (17.0..25.0).contains(&m)), "{json}");
    // No terminal, no progress.
    assert!(one.err.lines().all(|l| l.starts_with("note:")), "{}", one.err);
    ok(d, &[&common[..], &mags, &["-o", "u.ecsv", "--threads", "3"]].concat());
    let u = read_table(d.join("u_completeness.ecsv")).unwrap();
    assert_eq!(c.f64("bias").unwrap()[..2], u.f64("bias").unwrap()[..2]);
}

#[test]
fn a_crowded_field_makes_its_own_psf() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (image, stars) = scene();
    write(&d.join("image.fits"), &image);
    // The PSF to start with is a third too wide.
    let psf = format!("gaussian:{}", 1.3 * FWHM);
    let common = ["psf", "image.fits", "--psf", &psf, "--crowded", "--psf-size", "15", "--oversampling", "2"];
    ok(d, &[&common[..], &["-o", "a.ecsv", "--residual", "a.fits", "--max-passes", "1"]].concat());
    let options = ["--refine", "20", "-o", "b.ecsv", "--residual", "b.fits"];
    ok(d, &[&common[..], &options].concat());
    let residual = |name: &str| rms(&read_image(d.join(name)).unwrap().data);
    let (before, after) = (residual("a.fits"), residual("b.fits"));
    assert!(after < 2.0 && before > 2.0 * after, "{before} {after}");
    let t = read_table(d.join("b.ecsv")).unwrap();
    assert_eq!(t.n_rows(), stars.len());
    let (x, y, f) = stars[7];
    let flux = t.f64("flux_fit").unwrap()[nearest(&t, x, y)];
    assert!((flux / f - 1.0).abs() < 0.03, "{flux} {f}");

    // The same in a configuration.
    let text = |more: &str| {
        format!(
            "[psf]\npsf = \"{psf}\"\ncrowded = true\nrefine = 20\npsf-size = 15\noversampling = 2\n{more}[background]\nbox = 60\n"
        )
    };
    std::fs::write(d.join("c.toml"), text("")).unwrap();
    ok(d, &["run", "image.fits", "--config", "c.toml", "-o", "out"]);
    let t = read_table(d.join("out/psf_catalog.ecsv")).unwrap();
    assert!(t.has("chi") && t.has("iter_detected"));
    let flux = t.f64("flux_fit").unwrap()[nearest(&t, x, y)];
    assert!((flux / f - 1.0).abs() < 0.05, "{flux} {f}");
    std::fs::write(d.join("c.toml"), text("group = 5.0\n")).unwrap();
    let r = skyphot(d, &["run", "image.fits", "--config", "c.toml", "-o", "new"]);
    assert!(r.code == 2 && r.err.contains("group"), "{}", r.err);
}

#[test]
fn a_run_does_psf_photometry_too() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (mut image, stars) = scene();
    image += 50.0;
    write(&d.join("image.fits"), &image);
    std::fs::write(d.join("c.toml"), "[psf]\npsf-size = 15\noversampling = 2\n[background]\nbox = 40\n")
        .unwrap();
    let r = ok(d, &["run", "image.fits", "--config", "c.toml", "--psf", "build", "-o", "out"]);
    for name in ["psf_catalog.ecsv", "psf_residual.fits", "psf.fits", "psf.png"] {
        assert!(d.join("out").join(name).exists() && r.out.contains(name), "{name}: {}", r.out);
    }
    let t = read_table(d.join("out/psf_catalog.ecsv")).unwrap();
    assert_eq!(t.n_rows(), read_table(d.join("out/catalog.ecsv")).unwrap().n_rows());
    let (x, y, f) = stars[0];
    let flux = t.f64("flux_fit").unwrap()[nearest(&t, x, y)];
    assert!((flux / f - 1.0).abs() < 0.1, "{flux} {f}");
    let again = skyphot(d, &["run", "image.fits", "--config", "c.toml", "--psf", "build", "-o", "out"]);
    assert_eq!(again.code, 1);
    let wrong = skyphot(d, &["run", "image.fits", "--psf", "gaussian:x", "-o", "new"]);
    assert!(wrong.code == 2 && wrong.err.contains("gaussian:FWHM"), "{}", wrong.err);
}
