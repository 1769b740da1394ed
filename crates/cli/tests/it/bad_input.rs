//! Wrong calls and bad data: a clear message, the right exit code, nothing half-written.

use std::path::Path;

use ndarray::Array2;

use crate::support::{Ran, files, folder, ok, skyphot, write};

/// Runs something that must fail with a code, with words in its message, without leaving a file.
fn fails(dir: &Path, args: &[&str], code: i32, words: &[&str]) -> Ran {
    let before = files(dir);
    let r = skyphot(dir, args);
    assert_eq!(r.code, code, "{args:?}\n{}{}", r.out, r.err);
    assert!(!r.err.contains("panicked"), "{}", r.err);
    for w in words {
        assert!(r.err.contains(w), "{args:?} should say {w:?}:\n{}", r.err);
    }
    assert_eq!(files(dir), before, "{args:?} left files behind");
    r
}

#[test]
fn files_that_are_not_there_or_not_images() {
    let dir = folder();
    let d = dir.path();
    fails(d, &["run", "nope.fits", "-o", "out"], 1, &["nope.fits", "no such file"]);
    std::fs::write(d.join("text.fits"), "hello, this is not FITS at all\n".repeat(200)).unwrap();
    fails(d, &["run", "text.fits", "-o", "out"], 1, &["neither FITS nor ASDF"]);
    let whole = std::fs::read(d.join("image.fits")).unwrap();
    std::fs::write(d.join("short.fits"), &whole[..whole.len() / 2]).unwrap();
    fails(d, &["run", "short.fits", "-o", "out"], 1, &["truncated"]);
    std::fs::write(d.join("empty.fits"), "").unwrap();
    fails(d, &["stats", "empty.fits"], 1, &["empty"]);
    fails(d, &["stats", "image.fits[SCI]"], 1, &["no HDU [SCI]", "the file has"]);
    fails(d, &["stats", "image.fits[7]"], 1, &["no HDU [7]"]);
}

#[test]
fn images_that_cannot_be_measured() {
    let dir = folder();
    let d = dir.path();
    write(&d.join("nan.fits"), &Array2::from_elem((40, 50), f64::NAN));
    for command in
        [&["run", "nan.fits", "-o", "out"][..], &["stats", "nan.fits"], &["background", "nan.fits"]]
    {
        fails(d, command, 1, &["no good pixel", "2000"]);
    }
    write(&d.join("mask.fits"), &Array2::ones((130, 150)));
    fails(d, &["run", "image.fits", "--mask", "mask.fits", "-o", "out"], 1, &["no good pixel"]);
    write(&d.join("small.fits"), &Array2::ones((13, 15)));
    fails(d, &["run", "image.fits", "--mask", "small.fits", "-o", "out"], 1, &["(13, 15)", "(130, 150)"]);
}

#[test]
fn one_and_three_dimensions() {
    let dir = folder();
    let d = dir.path();
    std::fs::write(d.join("one.fits"), raw_fits(&[100])).unwrap();
    fails(d, &["run", "one.fits", "-o", "out"], 1, &["two-dimensional", "1-D image of shape (100)"]);
    std::fs::write(d.join("three.fits"), raw_fits(&[10, 12, 5])).unwrap();
    fails(d, &["run", "three.fits", "-o", "out"], 1, &["two-dimensional", "3-D image of shape (5, 12, 10)"]);
}

/// A FITS file of zeros, BITPIX -32, with the given axes (fastest first).
fn raw_fits(axes: &[usize]) -> Vec<u8> {
    let mut cards = vec![
        "SIMPLE  =                    T".to_owned(),
        "BITPIX  =                  -32".to_owned(),
        format!("NAXIS   = {:20}", axes.len()),
    ];
    for (i, n) in axes.iter().enumerate() {
        cards.push(format!("NAXIS{}  = {n:20}", i + 1));
    }
    cards.push("END".into());
    let mut bytes: Vec<u8> = cards.iter().flat_map(|c| format!("{c:80}").into_bytes()).collect();
    bytes.resize(2880, b' ');
    bytes.resize(2880 + (4 * axes.iter().product::<usize>()).div_ceil(2880) * 2880, 0);
    bytes
}

#[test]
fn wrong_numbers_are_usage_errors() {
    let dir = folder();
    let d = dir.path();
    fails(d, &["background", "image.fits", "--box", "200"], 2, &["box", "130"]);
    fails(d, &["background", "image.fits", "--box", "0"], 2, &["'0'"]);
    fails(d, &["background", "image.fits", "--filter", "4"], 2, &["odd"]);
    fails(d, &["aperture", "image.fits", "--positions", "10,10", "--circle=-3"], 2, &["-3", "> 0"]);
    fails(d, &["aperture", "image.fits", "--positions", "10,10", "--annulus", "9,5"], 2, &["annulus"]);
    fails(d, &["detect", "image.fits", "--threshold", "bright"], 2, &["bright", "5sigma"]);
    fails(d, &["detect", "image.fits", "--fwhm", "0"], 2, &["fwhm"]);
    fails(d, &["detect", "image.fits", "--finder", "sextractor"], 2, &["dao", "iraf", "star", "peaks"]);
    fails(d, &["stats", "image.fits", "--sigma=-1"], 2, &["-1"]);
    fails(d, &["plot", "image.fits", "-o", "p.png", "--zoom", "0:9999,0:10"], 2, &["zoom", "150 x 130"]);
    fails(d, &["plot", "image.fits", "-o", "p.png", "--stretch", "wobble"], 2, &["wobble", "asinh"]);
    fails(d, &["run", "image.fits"], 2, &["--output"]);
    fails(d, &["frobnicate"], 2, &["frobnicate"]);
    std::fs::write(d.join("c.toml"), "[detect]\nfindr = \"dao\"\n").unwrap();
    fails(d, &["run", "image.fits", "--config", "c.toml", "-o", "out"], 2, &["findr", "finder", "c.toml"]);
}

#[test]
fn positions_outside_are_flagged_and_all_outside_is_an_error() {
    let dir = folder();
    let d = dir.path();
    let r = ok(d, &["aperture", "image.fits", "--positions", "50,50;900,50", "--circle", "3"]);
    assert!(r.err.contains("1 of 2 positions lie outside"), "{}", r.err);
    let last = r.out.lines().last().unwrap();
    assert!(last.contains("nan") && last.starts_with('2'), "{last}");
    fails(d, &["aperture", "image.fits", "--positions", "900,50;901,2"], 1, &["none of the 2 positions"]);
    fails(d, &["aperture", "image.fits", "--positions", "cat.ecsv"], 1, &["cat.ecsv", "no such file"]);
    std::fs::write(d.join("cat.csv"), "a,b\n1,2\n").unwrap();
    fails(
        d,
        &["aperture", "image.fits", "--positions", "cat.csv"],
        1,
        &["no position columns", "x_centroid"],
    );
}

#[test]
fn an_existing_file_is_not_overwritten_unless_asked() {
    let dir = folder();
    let d = dir.path();
    ok(d, &["run", "image.fits", "-o", "out"]);
    let before = std::fs::read(d.join("out/catalog.ecsv")).unwrap();
    let r = fails(d, &["run", "image.fits", "-o", "out", "--threshold", "50sigma"], 1, &["exists"]);
    assert!(r.err.contains("--force"), "{}", r.err);
    assert_eq!(std::fs::read(d.join("out/catalog.ecsv")).unwrap(), before);
    ok(d, &["run", "image.fits", "-o", "out", "--threshold", "50sigma", "--force"]);
}

#[test]
fn nothing_found_is_an_empty_catalogue() {
    let dir = folder();
    let d = dir.path();
    write(
        &d.join("flat.fits"),
        &Array2::from_shape_fn((60, 60), |(y, x)| 10.0 + 0.01 * ((x * 7 + y * 3) % 5) as f64),
    );
    for format in ["ecsv", "fits", "csv", "parquet", "votable"] {
        let r = ok(d, &["run", "flat.fits", "-o", "out", "--format", format, "--force"]);
        assert!(r.out.contains("0 sources"), "{}", r.out);
    }
    for name in ["catalog.ecsv", "catalog.fits", "catalog.csv", "catalog.parquet", "catalog.xml"] {
        let t = skyphot::io::read_table(d.join("out").join(name)).unwrap();
        assert_eq!(t.n_rows(), 0, "{name}");
        assert!(t.has("x_centroid") && t.has("flux_0"), "{name}: {:?}", t.names());
    }
    let r = ok(d, &["detect", "flat.fits", "--finder", "peaks"]);
    assert!(r.err.contains("note:"), "{}", r.err);
}
