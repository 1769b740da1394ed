//! `skyphot forced`: many images, interruptions, broken files.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use skyphot::core::Table;
use skyphot::io::read_table;

use crate::support::{ok, skyphot};

const SCENE: &str = r#"
shape = [SIDE, SIDE]
zero-point = 25.0
[background]
level = 50.0
[noise]
gain = 2.0
poisson = true
read-noise = 4.0
[wcs]
ra = 150.0
dec = 2.0
scale = 0.2
[header]
FILTER = "r"
MJD-OBS = 60000.5
EXPTIME = 30.0
[[sources]]
model = "psf"
psf = "gaussian:2.5"
catalogue = "stars.csv"
"#;

/// `n` images of the same stars and the list of them; one star is beside the image.
fn images(dir: &Path, n: usize, side: usize, stars: usize) -> Vec<String> {
    let mut list = "id,ra,dec,flux\n".to_owned();
    let mut random = skyphot::core::random::NumpyRandom::new(5);
    for i in 0..stars {
        let mut at = || 0.2 / 3600.0 * (side as f64 - 30.0) * (random.next_f64() - 0.5);
        let (ra, dec) = (150.0 + at(), 2.0 + at());
        list += &format!("{},{ra},{dec},{}\n", i + 1, 40.0 * 1.3_f64.powi((i % 20) as i32));
    }
    std::fs::write(dir.join("stars.csv"), &list).expect("it is written");
    list += &format!("{},151.0,2.0,0.0\n", stars + 1);
    std::fs::write(dir.join("list.csv"), &list).expect("it is written");
    std::fs::write(dir.join("scene.toml"), SCENE.replace("SIDE", &side.to_string())).expect("it is written");
    (0..n)
        .map(|i| {
            let name = format!("visit{i:03}.fits");
            let seed = i.to_string();
            ok(
                dir,
                &[
                    "simulate",
                    "scene.toml",
                    "--seed",
                    &seed,
                    "-o",
                    &name,
                    "--truth",
                    "t.ecsv",
                    "--force",
                    "-q",
                ],
            );
            name
        })
        .collect()
}

fn forced<'a>(images: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut all =
        vec!["forced", "--positions", "list.csv", "--circle", "3,5", "--annulus", "10,16", "--gain", "2"];
    all.extend(more);
    all.extend(images.iter().map(String::as_str));
    all
}

fn bytes(dir: &Path, name: &str) -> Vec<u8> {
    std::fs::read(dir.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Everything but NaN is the same, and NaN is NaN.
fn same_rows(a: &Table, b: &Table) {
    assert_eq!(a.names(), b.names());
    for (c, d) in a.columns().iter().zip(b.columns()) {
        match (c.to_f64(), d.to_f64()) {
            (Ok(x), Ok(y)) => {
                let same = |(x, y): (&f64, &f64)| x == y || x.is_nan() && y.is_nan();
                assert!(x.len() == y.len() && x.iter().zip(&y).all(same), "{}", c.name());
            }
            _ => assert_eq!(c.data(), d.data(), "{}", c.name()),
        }
    }
}

#[test]
fn fluxes_errors_and_rows() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let names = images(dir, 3, 200, 60);
    let r = ok(dir, &forced(&names, &["--psf", "gaussian:2.5", "-o", "phot.parquet"]));
    assert!(r.out.contains("183 rows of 61 sources in 3 images"), "{}", r.out);
    assert!(!dir.join("phot.parquet.parts").exists());
    let t = read_table(dir.join("phot.parquet")).unwrap();
    assert_eq!(t.n_rows(), 183);
    let (flags, image) =
        (t.column("flags").unwrap().to_i64().unwrap(), t.column("image").unwrap().as_str().unwrap().to_vec());
    for k in 0..3 {
        assert!(image[k * 61..(k + 1) * 61].iter().all(|i| *i == names[k]));
        assert_eq!(flags[k * 61 + 60], 1, "off the image");
        assert!(flags[k * 61..k * 61 + 60].iter().all(|f| f & 1 == 0 && f & 32 != 0));
    }
    assert!(t.f64("mjd").unwrap().iter().all(|v| *v == 60000.5));
    assert!(t.f64("exptime").unwrap().iter().all(|v| *v == 30.0));
    assert!(t.f64("zero_point").unwrap().iter().all(|v| (v - 25.0).abs() < 1e-9));
    // What was put in comes out: the pulls of the PSF's fluxes are normal deviates, but for neighbours.
    let truth = read_table(dir.join("list.csv")).unwrap().f64("flux").unwrap();
    let (flux, error) = (t.f64("psf_flux").unwrap(), t.f64("psf_flux_err").unwrap());
    let mut pull: Vec<f64> =
        (0..183).filter(|i| i % 61 < 60).map(|i| (flux[i] - truth[i % 61]) / error[i]).collect();
    pull.sort_by(f64::total_cmp);
    let n = pull.len();
    let (low, middle, high) = (pull[n * 16 / 100], pull[n / 2], pull[n * 84 / 100]);
    assert!(middle.abs() < 0.4 && (0.7..1.5).contains(&(0.5 * (high - low))), "{low} {middle} {high}");
    // Limits are three errors, and what is below says so.
    let (f, e, l) = (t.f64("flux_0").unwrap(), t.f64("flux_err_0").unwrap(), t.f64("limit_0").unwrap());
    for i in 0..183 {
        assert!(l[i] == 3.0 * e[i] || l[i].is_nan());
        assert_eq!(flags[i] & 64 != 0, f[i] < l[i], "{i}");
    }
    // Other formats hold the same rows, one to seven threads the same bytes.
    ok(dir, &forced(&names, &["--psf", "gaussian:2.5", "-o", "phot.fits"]));
    same_rows(&t, &read_table(dir.join("phot.fits")).unwrap());
    for threads in ["1", "2", "3", "7"] {
        ok(
            dir,
            &forced(&names, &["--psf", "gaussian:2.5", "-o", "n.parquet", "--force", "--threads", threads]),
        );
        assert_eq!(bytes(dir, "n.parquet"), bytes(dir, "phot.parquet"), "{threads} threads");
    }
    // One image uses the threads within.
    ok(dir, &forced(&names[..1], &["-o", "one.parquet", "--threads", "3"]));
    ok(dir, &forced(&names[..1], &["-o", "two.parquet", "--threads", "1"]));
    assert_eq!(bytes(dir, "one.parquet"), bytes(dir, "two.parquet"));
    // Fluxes are those of the aperture command.
    let p: Vec<String> =
        (0..60).map(|i| format!("{},{}", t.f64("x").unwrap()[i], t.f64("y").unwrap()[i])).collect();
    let p = p.join(";");
    ok(
        dir,
        &[
            "aperture",
            "visit000.fits",
            "--positions",
            &p,
            "--circle",
            "3,5",
            "--annulus",
            "10,16",
            "-o",
            "a.ecsv",
        ],
    );
    let a = read_table(dir.join("a.ecsv")).unwrap();
    for c in ["flux_0", "flux_1", "local_bkg"] {
        let (x, y) = (a.f64(c).unwrap(), t.f64(c).unwrap());
        assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-6 * x.abs().max(1.0)), "{c}");
    }
    let r = ok(dir, &forced(&names, &["--only-on-image", "-o", "on.ecsv"]));
    assert!(r.out.contains("180 rows"), "{}", r.out);
}

/// The acceptance test at a small size: SKYPHOT_FORCED_IMAGES=200 SKYPHOT_FORCED_STARS=2000 is the full one.
#[test]
fn a_killed_run_goes_on_where_it_was() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let number = |name: &str, n: usize| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(n);
    let (n, stars) = (number("SKYPHOT_FORCED_IMAGES", 12), number("SKYPHOT_FORCED_STARS", 300));
    let mut names = images(dir, n, 400, stars);
    // Broken files: cut short, empty, no FITS, not there.
    let whole = bytes(dir, &names[1]);
    std::fs::write(dir.join("short.fits"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(dir.join("empty.fits"), "").unwrap();
    std::fs::write(dir.join("text.fits"), "this is no image").unwrap();
    for (k, broken) in ["short.fits", "empty.fits", "text.fits", "gone.fits"].iter().enumerate() {
        names.insert(2 * k + 1, (*broken).to_owned());
    }
    let started = Instant::now();
    let r = skyphot(dir, &forced(&names, &["--threads", "1", "-o", "calm.parquet"]));
    let calm = started.elapsed();
    assert_eq!(r.code, 1, "{}", r.err);
    assert!(r.err.contains(&format!("4 of {} images were skipped", n + 4)), "{}", r.err);
    for broken in ["short.fits", "empty.fits", "text.fits", "gone.fits"] {
        assert!(r.err.contains(&format!("skipped: {broken}: ")), "{}", r.err);
    }
    assert_eq!(read_table(dir.join("calm.parquet")).unwrap().n_rows(), n * (stars + 1));

    // Killed (SIGKILL) again and again, at whatever it is doing.
    let mut killed = 0;
    let parts = dir.join("killed.parquet.parts");
    let done = || {
        std::fs::read_dir(&parts).map_or(0, |d| {
            d.filter_map(Result::ok).filter(|e| e.path().extension().is_some_and(|e| e == "parquet")).count()
        })
    };
    for target in [1, n / 2, n - 1] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_skyphot"))
            .args(forced(&names, &["--threads", "1", "-o", "killed.parquet", "--resume", "-q"]))
            .current_dir(dir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let limit = Instant::now() + Duration::from_secs(600);
        while done() < target && child.try_wait().unwrap().is_none() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(1));
        }
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
        if dir.join("killed.parquet").exists() {
            break;
        }
    }
    assert!(killed > 0, "every run ended before it could be killed");
    if !dir.join("killed.parquet").exists() {
        // Without --resume nothing is thrown away or mixed up.
        let r = skyphot(dir, &forced(&names, &["-o", "killed.parquet"]));
        assert!(r.code == 1 && r.err.contains("--resume"), "{}", r.err);
        // A part that is damaged is made anew.
        let one = std::fs::read_dir(&parts).unwrap().filter_map(Result::ok).next().unwrap().path();
        std::fs::write(&one, "PAR1 not any more").unwrap();
    }
    let r = skyphot(dir, &forced(&names, &["--threads", "2", "-o", "killed.parquet", "--resume", "--json"]));
    assert_eq!(r.code, 1, "{}", r.err);
    assert!(
        bytes(dir, "killed.parquet") == bytes(dir, "calm.parquet"),
        "resumed and undisturbed runs differ"
    );
    assert!(!parts.exists());
    eprintln!(
        "{n} images x {} places in {calm:.1?}, killed {killed} times: {}",
        stars + 1,
        r.out.replace('\n', " ")
    );

    // Complete: nothing to do; other options: not the same.
    let r = skyphot(dir, &forced(&names, &["-o", "killed.parquet", "--resume"]));
    assert!(r.code == 0 && r.out.contains("complete already"), "{} {}", r.out, r.err);
    let r = skyphot(dir, &forced(&names, &["-o", "killed.parquet", "--resume", "--limit", "5"]));
    assert!(r.code == 1 && r.err.contains("--force"), "{}", r.err);
}

#[test]
fn nothing_to_measure_and_wrong_requests() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let names = images(dir, 1, 60, 3);
    let f = names[0].as_str();
    std::fs::write(dir.join("no.csv"), "x,y\n1,2\n").unwrap();
    std::fs::write(dir.join("none.csv"), "ra,dec\n").unwrap();
    skyphot::io::write_image(dir.join("bare.fits"), ndarray::Array2::<f64>::ones((9, 9)).view(), None, true)
        .unwrap();
    let call = |more: &[&str]| skyphot(dir, &[&["forced"], more].concat());
    for (more, code, words) in [
        (&[f, "--positions", "no.csv", "-o", "a.parquet"][..], 1, "no position columns"),
        (&[f, "--positions", "list.csv", "-o", "a.txt"], 1, ".parquet"),
        (&[f, "--positions", "list.csv", "-o", "a.parquet", "--circle", "fwhm"], 1, "no column 'fwhm'"),
        (&[f, "--positions", "list.csv", "-o", "a.parquet", "--circle", "0"], 2, "radius"),
        (&[f, "--positions", "list.csv", "-o", "a.parquet", "--annulus", "5,4"], 2, "annulus"),
        (&[f, "--positions", "list.csv", "-o", "a.parquet", "--limit", "0"], 2, "limit"),
        (&["bare.fits", "--positions", "list.csv", "-o", "a.parquet"], 1, "no world coordinate system"),
        (&[f, "--positions", "list.csv", "-o", "a.parquet", "--psf", "nothing.fits"], 1, "nothing.fits"),
        (&["--positions", "list.csv", "-o", "a.parquet"], 2, "IMAGES"),
    ] {
        let r = call(more);
        assert!(r.code == code && r.err.contains(words), "{more:?}: {} {}", r.code, r.err);
        assert!(!dir.join("a.parquet").exists() && !dir.join("a.parquet.parts").exists(), "{more:?}");
    }
    ok(dir, &["forced", f, "--positions", "none.csv", "-o", "empty.parquet"]);
    assert_eq!(read_table(dir.join("empty.parquet")).unwrap().n_rows(), 0);
    let r = call(&[f, "--positions", "none.csv", "-o", "empty.parquet"]);
    assert!(r.code == 1 && r.err.contains("--force"), "{}", r.err);
}

/// Places, fluxes and errors by astropy and photutils, see tests/reference/gen_calibrate.py.
#[test]
fn numbers_are_those_of_photutils() {
    use skyphot::core::testing::{field, uniform};
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let fixture: serde_json::Value = serde_json::from_str(include_str!("fixtures/forced.json")).unwrap();
    let mut names = Vec::new();
    for (k, seed) in [21_u64, 22].into_iter().enumerate() {
        let data = field(120, 150, seed, 30, 2.0);
        let mut h = skyphot::io::Header::new();
        for (key, v) in [
            ("CTYPE1", "RA---TAN"),
            ("CTYPE2", "DEC--TAN"),
            ("DATE-OBS", "2026-01-31T04:05:06.5"),
            ("FILTER", "i"),
        ] {
            h.set(key, v, "").unwrap();
        }
        let (d, s) = (0.2 / 3600.0, 0.01 / 3600.0);
        for (key, v) in [
            ("CRVAL1", 150.0),
            ("CRVAL2", 2.0),
            ("CRPIX1", 75.5),
            ("CRPIX2", 60.5 + k as f64),
            ("CD1_1", -d),
            ("CD1_2", s),
            ("CD2_1", s),
            ("CD2_2", d),
        ] {
            h.set(key, v, "").unwrap();
        }
        let name = format!("image{k}.fits");
        skyphot::io::write_image(dir.join(&name), data.view(), Some(&h), true).unwrap();
        let error = data.mapv(|v| 2.0 + 0.01 * v.abs());
        skyphot::io::write_image(dir.join(format!("error{k}.fits")), error.view(), None, true).unwrap();
        names.push(name);
    }
    let mut list = "ra,dec\n".to_owned();
    for i in 0..40_u64 {
        let ra = 150.0 + 36.0 / 3600.0 * (uniform(31, i) - 0.5);
        list += &format!("{ra},{}\n", 2.0 + 28.0 / 3600.0 * (uniform(32, i) - 0.5));
    }
    std::fs::write(dir.join("list.csv"), list).unwrap();
    for (k, expected) in fixture["images"].as_array().unwrap().iter().enumerate() {
        let error = format!("error{k}.fits");
        ok(
            dir,
            &[
                "forced",
                &names[k],
                "--positions",
                "list.csv",
                "--circle",
                "3,5",
                "--annulus",
                "8,12",
                "--error",
                &error,
                "-o",
                "f.parquet",
                "--force",
            ],
        );
        let t = read_table(dir.join("f.parquet")).unwrap();
        let numbers = |v: &serde_json::Value| -> Vec<f64> {
            v.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
        };
        let near = |name: &str, found: &[f64], expected: &[f64], slack: f64| {
            assert_eq!(found.len(), expected.len());
            for (i, (a, b)) in found.iter().zip(expected).enumerate() {
                assert!(
                    (a - b).abs() <= slack * b.abs().max(1.0) || a.is_nan() && b.is_nan(),
                    "{name} {i}: {a} {b}"
                );
            }
        };
        near("x", &t.f64("x").unwrap(), &numbers(&expected["x"]), 1e-9);
        near("y", &t.f64("y").unwrap(), &numbers(&expected["y"]), 1e-9);
        let inside: Vec<bool> =
            expected["inside"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect();
        let flags = t.column("flags").unwrap().to_i64().unwrap();
        assert_eq!(flags.iter().map(|f| f & 1 == 0).collect::<Vec<_>>(), inside);
        assert!(inside.contains(&true) && inside.contains(&false));
        let on = |name: &str| -> Vec<f64> {
            t.f64(name).unwrap().into_iter().zip(&inside).filter(|(_, i)| **i).map(|(v, _)| v).collect()
        };
        near("local_bkg", &on("local_bkg"), &numbers(&expected["local_bkg"]), 1e-10);
        for a in 0..2 {
            near("flux", &on(&format!("flux_{a}")), &numbers(&expected["flux"][a]), 1e-8);
            near("flux_err", &on(&format!("flux_err_{a}")), &numbers(&expected["flux_err"][a]), 1e-8);
        }
        near("mjd", &t.f64("mjd").unwrap()[..1], &[fixture["mjd"].as_f64().unwrap()], 1e-14);
        assert_eq!(t.column("filter").unwrap().as_str().unwrap()[0], "i");
    }
}

/// Exposures of Roman, JWST and from the ground in one call; the magnitudes of Roman's stars are those of the truth.
#[test]
fn exposures_of_every_kind() {
    use skyphot::core::testing::test_data;
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    let roman = "roman/r0003201001001001004_0001_wfi01_f106";
    let files = [
        format!("{roman}_cal.asdf"),
        "jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits".to_owned(),
        "real/M6707HH.fits.gz".to_owned(),
    ];
    let Some(paths) = files.iter().map(|f| test_data(f)).collect::<Option<Vec<_>>>() else { return };
    let paths: Vec<String> = paths.into_iter().map(|p| p.display().to_string()).collect();
    let data = |f: &str| test_data(f).unwrap().display().to_string();
    let truth_file = data(&format!("{roman}_truth.ecsv"));
    let truth = read_table(truth_file.as_str()).unwrap();
    let common = ["--circle", "3", "--annulus", "20,25", "-o"];
    let call = [&["forced", "--positions", &truth_file], &common[..], &["all.parquet"]].concat();
    let r = skyphot(dir, &[&call[..], &paths.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    assert!(
        r.err.is_empty() || !r.err.contains("skipped: /") || r.err.contains("world coordinate"),
        "{}",
        r.err
    );
    let t = read_table(dir.join("all.parquet")).unwrap();
    let n = truth.n_rows();
    assert!(t.n_rows() >= 2 * n, "{}", r.err);
    assert_eq!(t.column("filter").unwrap().as_str().unwrap()[0], "F106");
    assert_eq!(t.column("filter").unwrap().as_str().unwrap()[n], "F770W");
    assert!(t.f64("mjd").unwrap()[..2 * n].iter().all(|v| *v > 59_000.0));
    assert!(t.f64("zero_point").unwrap()[..2 * n].iter().all(|v| v.is_finite()));
    // The sky of MIRI is another one.
    assert!(t.column("flags").unwrap().to_i64().unwrap()[n..2 * n].iter().all(|f| *f == 1));

    let area = data("roman/roman_wfi_area_wfi01_sub768.asdf");
    let call = [
        &["forced", &paths[0], "--positions", &truth_file, "--area", &area],
        &common[..],
        &["roman.parquet"],
    ];
    ok(dir, &call.concat());
    let ee = data(&format!("{roman}_ee.ecsv"));
    let r = ok(
        dir,
        &["calibrate", "roman.parquet", "--ee-table", &ee, "--aperture-radius", "0.33", "-o", "cal.ecsv"],
    );
    assert!(r.out.contains("column zero_point"), "{}", r.out);
    let t = read_table(dir.join("cal.ecsv")).unwrap();
    let (mag, flags) = (t.f64("mag_ab").unwrap(), t.column("flags").unwrap().to_i64().unwrap());
    let kind = truth.column("type").unwrap().as_str().unwrap();
    let mut delta: Vec<f64> = truth
        .f64("F106")
        .unwrap()
        .iter()
        .enumerate()
        .filter(|(i, f)| kind[*i] == "PSF" && flags[*i] == 0 && **f > 4e-9)
        .map(|(i, f)| mag[i] + 2.5 * f.log10())
        .filter(|d| d.is_finite())
        .collect();
    delta.sort_by(f64::total_cmp);
    let median = delta[delta.len() / 2];
    eprintln!("{} stars of Roman: median {median:.5} mag", delta.len());
    assert!(delta.len() > 30 && median.abs() < 0.01, "{} {median}", delta.len());
}
