//! What the subcommands do when all is well.

use skyphot::io::{read_image, read_table};

use crate::support::{folder, ok};

#[test]
fn run_writes_everything_it_promises() {
    let dir = folder();
    let d = dir.path();
    let r = ok(d, &["run", "image.fits", "-o", "out"]);
    assert!(r.out.contains("sources") && r.out.contains("written to out"), "{}", r.out);
    for f in ["catalog.ecsv", "background.fits", "rms.fits", "overlay.png", "report.md", "run.json"] {
        assert!(d.join("out").join(f).exists(), "{f}");
        assert!(r.out.contains(f), "{f} is not named in\n{}", r.out);
    }
    let t = read_table(d.join("out/catalog.ecsv")).unwrap();
    assert!(t.n_rows() >= 8, "{} of 12 stars", t.n_rows());
    for key in ["version", "date", "input", "input_sha256", "pixel_convention", "parameters", "fwhm_px"] {
        assert!(t.meta.get(key).is_some(), "{key} is not in the metadata");
    }
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(d.join("out/run.json")).unwrap()).unwrap();
    assert_eq!(json["n_sources"].as_u64().unwrap() as usize, t.n_rows());
    assert_eq!(json["parameters"]["detect"]["finder"], "dao");
    // The subtracted maps add up to the image.
    let (image, bkg) = (
        read_image::<f64>(d.join("image.fits")).unwrap(),
        read_image::<f64>(d.join("out/background.fits")).unwrap(),
    );
    assert_eq!(image.data.dim(), bkg.data.dim());
    ok(d, &["background", "image.fits", "--subtracted", "sub.fits", "-q"]);
    let sub = read_image::<f64>(d.join("sub.fits")).unwrap();
    let worst = (&image.data - &bkg.data - &sub.data).iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    assert!(worst < 1e-12, "{worst}");
}

#[test]
fn detect_then_aperture_then_plot() {
    let dir = folder();
    let d = dir.path();
    ok(d, &["detect", "image.fits", "--subtract-background", "--fwhm", "3", "-o", "stars.ecsv"]);
    ok(
        d,
        &[
            "aperture",
            "image.fits",
            "--positions",
            "stars.ecsv",
            "--circle",
            "3,5",
            "--annulus",
            "8,12",
            "-o",
            "p.fits",
        ],
    );
    let (stars, phot) = (read_table(d.join("stars.ecsv")).unwrap(), read_table(d.join("p.fits")).unwrap());
    assert_eq!(stars.n_rows(), phot.n_rows());
    assert_eq!(stars.f64("x_centroid").unwrap(), phot.f64("x_center").unwrap());
    for c in ["flux_0", "flux_1", "area_0", "local_bkg", "flags"] {
        assert!(phot.has(c), "{c}: {:?}", phot.names());
    }
    ok(d, &["plot", "image.fits", "--overlay", "stars.ecsv", "-o", "p.png"]);
    ok(d, &["plot", "image.fits", "--hist", "-o", "h.svg"]);
    assert!(std::fs::read(d.join("p.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(std::fs::read_to_string(d.join("h.svg")).unwrap().contains("<svg"));
}

#[test]
fn tables_flow_through_pipes() {
    let dir = folder();
    let r = ok(dir.path(), &["detect", "image.fits", "--brightest", "3"]);
    assert!(r.out.starts_with("# %ECSV"), "{}", r.out);
    assert_eq!(r.out.lines().filter(|l| !l.starts_with('#')).count(), 4, "a header line and three rows");
    assert!(r.err.is_empty(), "silent in a pipe: {}", r.err);
}

#[test]
fn info_and_stats_speak_json() {
    let dir = folder();
    let d = dir.path();
    let info: serde_json::Value =
        serde_json::from_str(&ok(d, &["info", "image.fits", "--json"]).out).unwrap();
    assert_eq!(info["hdus"][0]["shape"], serde_json::json!([130, 150]));
    let stats: serde_json::Value =
        serde_json::from_str(&ok(d, &["stats", "image.fits", "--json"]).out).unwrap();
    assert!((stats["median"].as_f64().unwrap() - 105.0).abs() < 2.0, "{stats}");
}

#[test]
fn the_demo_finds_its_stars() {
    let dir = folder();
    let r = ok(dir.path(), &["demo", "-o", "demo"]);
    assert!(r.out.contains("stars found;"), "{}", r.out);
    for f in ["field.fits", "truth.ecsv", "catalog.ecsv", "overlay.png", "comparison.ecsv"] {
        assert!(dir.path().join("demo").join(f).exists(), "{f}");
    }
    // Again: the demo may replace its own files.
    ok(dir.path(), &["demo", "-o", "demo"]);
}
