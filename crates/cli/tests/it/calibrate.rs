//! `skyphot calibrate`: against astropy, and what is told about mistakes.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use skyphot::core::testing::{noise, uniform};
use skyphot::io::read_table;

use crate::support::{ok, skyphot};

/// As in tests/reference/gen_calibrate.py.
fn catalogues(dir: &Path) {
    let n = 160_u64;
    let flux = |i: u64| if i.is_multiple_of(23) { -5.0 } else { 10_f64.powf(1.0 + 3.5 * uniform(3, i)) };
    let ra = |i: u64| 150.0 + (i % 16) as f64 * 0.002 + 1e-5 * uniform(1, i);
    let dec = |i: u64| 2.0 + (i / 16) as f64 * 0.002 + 1e-5 * uniform(2, i);
    let mut phot = "id,ra,dec,flux,flux_err\n".to_owned();
    for i in 0..n {
        let error = 2.0 + 0.01 * flux(i).abs();
        writeln!(phot, "{},{},{},{},{error}", i + 1, ra(i), dec(i), flux(i)).expect("it is written");
    }
    let mut reference = "ra,dec,colour,m\n".to_owned();
    for j in 0..170_u64 {
        let k = 7 * j % n;
        let (a, d, colour, m) = if j < 150 {
            let colour = 2.0 * uniform(6, k);
            let bright = if flux(k) > 0.0 { flux(k) } else { 5.0 };
            let m = 25.3 - 2.5 * bright.log10() + 0.08 * (colour - 0.7) + 0.02 * noise(7, k);
            let other = if j.is_multiple_of(17) { 1.5 } else { 0.0 };
            (ra(k) + 3e-5 * (uniform(4, k) - 0.5), dec(k) + 3e-5 * (uniform(5, k) - 0.5), colour, m + other)
        } else {
            (150.001 + 0.002 * (j - 150) as f64, 2.001, 0.0, 15.0)
        };
        writeln!(reference, "{a},{d},{colour},{m}").expect("it is written");
    }
    std::fs::write(dir.join("phot.csv"), phot).expect("it is written");
    std::fs::write(dir.join("ref.csv"), reference).expect("it is written");
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_array().expect("a list").iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn near(what: &str, found: &[f64], expected: &[f64], slack: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= slack * b.abs().max(1.0) || a.is_nan() && b.is_nan(), "{what} {i}: {a} {b}");
    }
}

#[test]
fn zero_points_are_those_of_astropy() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    catalogues(dir);
    let fixture: Value = serde_json::from_str(include_str!("fixtures/calibrate.json")).unwrap();
    let base =
        ["calibrate", "phot.csv", "--reference", "ref.csv", "--ref-mag-column", "m", "--force", "--json"];
    for case in fixture["cases"].as_array().unwrap() {
        let limit = case["limit"].as_f64().unwrap();
        let passes = case["maxiters"].as_u64().unwrap_or(0);
        let clip = format!("{},{passes}", case["sigma"]);
        let select = format!("mag_inst < {limit}");
        for (statistic, key) in [("mean", "mean"), ("median", "median")] {
            let more = ["--select", &select, "--clip", &clip, "--statistic", statistic, "-o", "cal.ecsv"];
            let r = ok(dir, &[&base[..], &more].concat());
            let summary: Value = serde_json::from_str(&r.out).unwrap();
            near(key, &[summary["zero_point"].as_f64().unwrap()], &[case[key].as_f64().unwrap()], 1e-11);
            near(
                "std",
                &[summary["zero_point_scatter"].as_f64().unwrap()],
                &[case["std"].as_f64().unwrap()],
                1e-9,
            );
        }
        let t = read_table(dir.join("cal.ecsv")).unwrap();
        near("mag_ab", &t.f64("mag_ab").unwrap(), &numbers(&case["mag_ab"]), 1e-11);
        for (f, j) in t.f64("flux_jy").unwrap().iter().zip(numbers(&case["flux_jy"])) {
            assert!(j.is_nan() || (f / j - 1.0).abs() < 1e-10, "{f} {j}");
        }
        let kept: Vec<bool> = case["kept"].as_array().unwrap().iter().map(|k| k.as_bool().unwrap()).collect();
        let found = t.column("zp_kept").unwrap().to_i64().unwrap();
        assert_eq!(found.iter().map(|k| *k != 0).collect::<Vec<_>>(), kept);
        let index = t.column("ref_index").unwrap().to_i64().unwrap();
        near(
            "index",
            &index.iter().map(|i| *i as f64).collect::<Vec<_>>(),
            &numbers(&fixture["matched"]),
            0.0,
        );
        near("separation", &t.f64("separation").unwrap(), &numbers(&fixture["separation"]), 1e-8);
        near("mag_inst", &t.f64("mag_inst").unwrap(), &numbers(&fixture["mag_inst"]), 1e-12);
    }
    // The colour term that was put in, and the picture.
    let more =
        ["--colour", "colour", "--pivot-colour", "0.7", "--clip", "3,10", "--plot", "zp.png", "-o", "c.fits"];
    let r = ok(dir, &[&base[..7], &more].concat());
    assert!(r.out.contains("colour term 0.08") || r.out.contains("colour term 0.07"), "{}", r.out);
    assert!(r.out.contains("zero point 25.3") || r.out.contains("zero point 25.29"), "{}", r.out);
    assert!(std::fs::read(dir.join("zp.png")).unwrap().starts_with(b"\x89PNG"));
    let t = read_table(dir.join("c.fits")).unwrap();
    assert!(t.meta.get("zero_point").is_some() || t.meta.get("ZERO_POINT").is_some() || t.n_rows() == 160);
    // Applied to sources with colours of their own; one has none.
    let text = std::fs::read_to_string(dir.join("phot.csv")).unwrap();
    let with: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(k, line)| match k {
            0 => format!("{line},g,r"),
            5 => format!("{line},,"),
            _ => format!("{line},{},18.0", 18.0 + 0.01 * k as f64),
        })
        .collect();
    std::fs::write(dir.join("colours.csv"), with.join("\n") + "\n").unwrap();
    let more = ["--colour", "colour", "--pivot-colour", "0.7", "--clip", "3,10", "-o", "own.ecsv"];
    let own = [&["calibrate", "colours.csv"], &base[2..], &more, &["--own-colour", "g,r"]].concat();
    let summary: Value = serde_json::from_str(&ok(dir, &own).out).unwrap();
    let (zp, term) = (summary["zero_point"].as_f64().unwrap(), summary["colour_term"].as_f64().unwrap());
    assert!((term - 0.08).abs() < 0.02, "{term}");
    let t = read_table(dir.join("own.ecsv")).unwrap();
    let correction = t.f64("colour_correction").unwrap();
    assert!(correction[4].is_nan());
    for (k, (m, i)) in t.f64("mag_ab").unwrap().iter().zip(t.f64("mag_inst").unwrap()).enumerate() {
        let expected = i + zp + if k == 4 { 0.0 } else { term * (0.01 * (k + 1) as f64 - 0.7) };
        assert!((m - expected).abs() < 1e-9 || m.is_nan() && i.is_nan(), "{k}: {m} {expected}");
    }
    // Instrumental magnitudes and fluxes give the same.
    ok(dir, &["calibrate", "cal.ecsv", "--mag-column", "mag_inst", "--zero-point", "25", "-o", "m.ecsv"]);
    let (m, c) = (read_table(dir.join("m.ecsv")).unwrap(), read_table(dir.join("cal.ecsv")).unwrap());
    near(
        "from magnitudes",
        &m.f64("mag_ab").unwrap(),
        &c.f64("mag_inst").unwrap().iter().map(|v| v + 25.0).collect::<Vec<_>>(),
        1e-12,
    );
}

#[test]
fn corrections_and_scales() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    std::fs::write(dir.join("p.csv"), "x,y,flux,flux_err\n3,4,100,10\n0,0,-1,10\n90,1,5,1\n").unwrap();
    std::fs::write(dir.join("ee.csv"), "radius,ee\n1,0.5\n3,0.9\n").unwrap();
    std::fs::write(
        dir.join("ap.csv"),
        "filter,eefraction,radius,apcorr,skyin,skyout\nA,0.5,2,1.5,5,8\nB,0.5,2,1.25,5,8\nB,0.8,4,1.05,5,8\n",
    )
    .unwrap();
    let mut area = ndarray::Array2::<f64>::ones((10, 12));
    area[[4, 3]] = 1.02;
    skyphot::io::write_image(dir.join("area.fits"), area.view(), None, true).unwrap();
    let mut h = skyphot::io::Header::new();
    h.set("BUNIT", "MJy/sr", "").unwrap();
    h.set("PIXAR_SR", 2.844e-13, "").unwrap();
    skyphot::io::write_image(dir.join("i.fits"), area.view(), Some(&h), true).unwrap();
    let run = |more: &[&str]| {
        ok(dir, &[&["calibrate", "p.csv", "--force", "-o", "o.ecsv"], more].concat());
        read_table(dir.join("o.ecsv")).unwrap()
    };
    let t = run(&["--zero-point", "25", "--ee-table", "ee.csv", "--aperture-radius", "2"]);
    near(
        "ee",
        &t.f64("mag_ab").unwrap(),
        &[25.0 - 2.5 * (100.0 / 0.7_f64).log10(), f64::NAN, 25.0 - 2.5 * (5.0 / 0.7_f64).log10()],
        1e-12,
    );
    let t = run(&[
        "--zero-point",
        "25",
        "--apcorr",
        "ap.csv",
        "--apcorr-row",
        "filter=B",
        "--aperture-radius",
        "3",
    ]);
    near("apcorr", &t.f64("flux_correction").unwrap(), &[1.15; 3], 1e-12);
    // One over aperture_photometry of CircularGaussianPRF(fwhm=12) at the mean position, photutils 3.1.1.
    let t = run(&["--zero-point", "25", "--psf", "gaussian:12", "--aperture-radius", "5"]);
    near("psf", &t.f64("flux_correction").unwrap()[..1], &[2.630_961_534_643_012], 1e-12);
    let t = run(&["--zero-point", "25", "--area-map", "area.fits", "--ab-minus-vega", "0.9", "--asinh", "5"]);
    near("area", &t.f64("flux_correction").unwrap(), &[1.02, 1.0, f64::NAN], 1e-12);
    near("vega", &t.f64("mag_vega").unwrap()[..1], &[25.0 - 2.5 * 102_f64.log10() - 0.9], 1e-12);
    let asinh = 25.0 - 2.5 / 10_f64.ln() * ((-0.1_f64).asinh() + 5_f64.ln());
    near("asinh", &t.f64("mag_asinh").unwrap()[1..2], &[asinh], 1e-12);
    let t = run(&["--image", "i.fits"]);
    near("scale", &t.f64("flux_jy").unwrap(), &[2.844e-5, -2.844e-7, 1.422e-6].map(|v: f64| v), 1e-18);
    near("errors", &t.f64("mag_ab_err").unwrap()[..1], &[2.5 / 10_f64.ln() * 0.1], 1e-12);
}

#[test]
fn mistakes_are_told() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = tmp.path();
    catalogues(dir);
    std::fs::write(dir.join("far.csv"), "ra,dec,m\n10,10,20\n").unwrap();
    std::fs::write(dir.join("pixels.csv"), "x,y,flux\n1,2,3\n").unwrap();
    let reference = ["--reference", "ref.csv", "--ref-mag-column", "m"];
    for (more, code, words) in [
        (vec!["phot.csv"], 2, "zero point"),
        (vec!["phot.csv", "--reference", "ref.csv"], 1, "no column 'mag'"),
        (vec!["phot.csv", "--reference", "far.csv", "--ref-mag-column", "m"], 1, "found 0 of 160"),
        (vec!["phot.csv", "--reference", "far.csv", "--ref-mag-column", "m"], 1, "0.5arcsec"),
        ([&["phot.csv"][..], &reference, &["--select", "mag_inst < -99"]].concat(), 1, "found 0 of 160"),
        ([&["phot.csv"][..], &reference, &["--select", "mg < 3"]].concat(), 1, "no column 'mg'"),
        ([&["phot.csv"][..], &reference, &["--select", "mg <"]].concat(), 2, "expression"),
        ([&["phot.csv"][..], &reference, &["--own-colour", "flux"]].concat(), 2, "--colour"),
        ([&["phot.csv"][..], &reference, &["--radius", "3"]].concat(), 2, "no angle"),
        ([&["phot.csv"][..], &reference, &["--flux", "f"]].concat(), 1, "no column 'f'"),
        ([&["pixels.csv"][..], &reference].concat(), 1, "no position columns"),
        (vec!["ref.csv", "--zero-point", "25"], 2, "table of fluxes"),
        (vec!["phot.csv", "--zero-point", "25", "--ee-table", "ref.csv"], 1, "encircled energy"),
        (vec!["phot.csv", "--image", "nothing.fits"], 1, "nothing.fits"),
    ] {
        let r = skyphot(dir, &[&["calibrate"], &more[..]].concat());
        assert!(r.code == code && r.err.contains(words), "{more:?}: {} {}", r.code, r.err);
    }
}
