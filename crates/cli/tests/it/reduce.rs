//! `reduce`: masters, errors, cosmic rays, what is wrong with the files.

use std::path::Path;

use ndarray::{Array2, s};
use skyphot::io::{FitsFile, HduSelector, Header, write_image};

use crate::support::{ok, skyphot};

fn frame(path: &Path, data: &Array2<f64>, seconds: f64) {
    let mut h = Header::new();
    h.set("BUNIT", "adu", "").expect("a plain FITS file");
    h.set("EXPTIME", seconds, "").expect("a plain FITS file");
    h.set("BIASSEC", "[41:48,1:30]", "").expect("a plain FITS file");
    h.set("TRIMSEC", "[1:40,1:30]", "").expect("a plain FITS file");
    h.set("CRPIX1", 20.5, "").expect("a plain FITS file");
    write_image(path, data.view(), Some(&h), true).expect("a plain FITS file");
}

/// Image, errors, mask and header.
type Planes = (Array2<f64>, Option<Array2<f64>>, Option<Array2<bool>>, Header);

fn planes(path: &Path) -> Planes {
    let f = FitsFile::open(path).expect("a plain FITS file");
    let has = |n: &str| f.find(&HduSelector::name(n)).is_ok();
    let error = has("ERR").then(|| f.read_image(&HduSelector::name("ERR")).expect("a plain FITS file"));
    let mask = has("MASK").then(|| f.read_mask(&HduSelector::name("MASK")).expect("a plain FITS file"));
    (
        f.read_image(&HduSelector::Index(0)).expect("a plain FITS file"),
        error,
        mask,
        f.hdus()[0].header.clone(),
    )
}

/// Raw frames of 30 rows: 40 columns of sky, 8 of overscan whose level rises from row to row.
fn raw(sky: f64, flat: f64) -> Array2<f64> {
    let mut a = Array2::from_shape_fn((30, 48), |(y, x)| {
        100.0 + y as f64 + if x < 40 { 5.0 + sky * if x < 20 { flat } else { 2.0 - flat } } else { 0.0 }
    });
    // Ripple that is the same on both sides of the mean.
    a.slice_mut(s![.., 40..;2]).mapv_inplace(|v| v + 1.0);
    a.slice_mut(s![.., 41..;2]).mapv_inplace(|v| v - 1.0);
    a
}

#[test]
fn masters_and_a_frame() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let sections = ["--overscan", "BIASSEC", "--trim", "TRIMSEC"];
    for k in 0..3_i32 {
        let shift = f64::from(k - 1);
        frame(&d.join(format!("bias{k}.fits")), &(raw(0.0, 1.0) + shift), 0.0);
        let mut dark = raw(20.0, 1.0);
        // One hit in one of the darks: the median does not see it.
        if k == 1 {
            dark[[3, 4]] += 500.0;
        }
        frame(&d.join(format!("dark{k}.fits")), &dark, 100.0);
        frame(&d.join(format!("flat{k}.fits")), &raw(1000.0 * f64::from(k + 1), 0.8), 1.0);
    }
    let three = |what: &str| (0..3).map(|k| format!("{what}{k}.fits")).collect::<Vec<_>>();
    let run = |files: &[String], more: &[&str]| {
        let all: Vec<&str> = ["reduce"]
            .into_iter()
            .chain(files.iter().map(String::as_str))
            .chain(more.iter().copied())
            .collect();
        ok(d, &all).out
    };
    run(&three("bias"), &[&sections[..], &["--combine", "median", "-o", "bias.fits"]].concat());
    let (bias, error, mask, header) = planes(&d.join("bias.fits"));
    // The overscan takes each frame's shift out: 5 is left, without scatter.
    assert_eq!(bias.dim(), (30, 40));
    assert!(bias.iter().all(|v| *v == 5.0) && error.unwrap().iter().all(|v| *v == 0.0));
    assert!(mask.unwrap().iter().all(|m| !m));
    assert_eq!(skyphot::core::HeaderView::get_f64(&header, "CRPIX1"), Some(20.5));
    run(
        &three("dark"),
        &[&sections[..], &["--bias", "bias.fits", "--combine", "median", "-o", "dark.fits"]].concat(),
    );
    assert!(planes(&d.join("dark.fits")).0.iter().all(|v| *v == 20.0));
    run(
        &three("flat"),
        &[&sections[..], &["--bias", "bias.fits", "--normalize", "-o", "flat.fits"]].concat(),
    );
    let flat = planes(&d.join("flat.fits")).0;
    // The median of a frame is the mean of 0.8 and 1.2 of its light.
    assert!((flat[[7, 3]] - 0.8).abs() < 1e-7 && (flat[[7, 30]] - 1.2).abs() < 1e-7);
    // Light 300 in 50 s: 10 of dark, gain 2, read noise 6.
    let mut science = raw(0.0, 1.0);
    science.slice_mut(s![.., ..20]).mapv_inplace(|v| v + 10.0 + 300.0 * 0.8);
    science.slice_mut(s![.., 20..40]).mapv_inplace(|v| v + 10.0 + 300.0 * 1.2);
    science[[12, 9]] += 4000.0;
    frame(&d.join("raw.fits"), &science, 50.0);
    let all = [
        &sections[..],
        &["--bias", "bias.fits", "--dark", "dark.fits", "--scale-dark", "--flat", "flat.fits", "--gain", "2"],
        &["--read-noise", "6", "--cosmic-rays", "-o", "out.fits", "--json"],
    ]
    .concat();
    let json: serde_json::Value = serde_json::from_str(&run(&["raw.fits".to_owned()], &all)).unwrap();
    assert_eq!(
        (json["cosmic_ray_pixels"].as_u64(), json["bad_pixels"].as_u64()),
        (Some(1), Some(1)),
        "{json}"
    );
    assert_eq!(json["unit"], "electron");
    let (image, error, mask, header) = planes(&d.join("out.fits"));
    assert!(image.iter().all(|v| (v - 600.0).abs() < 1e-3), "{:?}", image.slice(s![12, 5..14]));
    let mask = mask.unwrap();
    assert!(mask[[12, 9]] && mask.iter().filter(|m| **m).count() == 1);
    // sqrt(gain * counts + read noise^2) electrons over the flat; masters without scatter add nothing.
    let error = error.unwrap();
    for (x, f) in [(3, 0.8), (30, 1.2)] {
        let expected = (2.0 * (300.0 * f + 10.0) + 36.0_f64).sqrt() / f;
        assert!((error[[5, x]] / expected - 1.0).abs() < 1e-5, "{} and {expected}", error[[5, x]]);
    }
    assert_eq!(skyphot::core::HeaderView::get_str(&header, "BUNIT").as_deref(), Some("electron"));
    assert!(skyphot::core::HeaderView::get_str(&header, "BIASSEC").is_none());
}

#[test]
fn clipping_and_errors_of_masters() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for (k, v) in [10.0, 11.0, 12.0, 13.0, 14.0, 900.0].into_iter().enumerate() {
        let mut a = Array2::from_elem((6, 5), v);
        if k == 0 {
            a[[1, 2]] = f64::NAN;
        }
        write_image(d.join(format!("f{k}.fits")), a.view(), None, true).unwrap();
    }
    let files = "f0.fits f1.fits f2.fits f3.fits f4.fits f5.fits";
    let call = |more: &str| {
        let all = format!("reduce {files} {more} --force");
        ok(d, &all.split_whitespace().collect::<Vec<_>>());
    };
    let pixel = |name: &str| {
        let (data, error, _, _) = planes(&d.join(name));
        (data[[0, 0]], data[[1, 2]], error.unwrap()[[0, 0]])
    };
    call("--clip 5,3 -o c.fits");
    // Standard deviation of 10..14 is the root of 2, over the root of 5.
    let (all, without, error) = pixel("c.fits");
    assert!((all, without) == (12.0, 12.5) && (error - 0.4_f64.sqrt()).abs() < 1e-6);
    call("--reject 1,1 -o c.fits");
    assert_eq!(pixel("c.fits").0, 12.5);
    call("--combine sum -o c.fits");
    assert_eq!(pixel("c.fits").0, 960.0);
    // The master's error adds in squares: no other error here than that of 0.6325 and read noise of 3.
    call("--clip 5,3 -o master.fits");
    ok(d, &["reduce", "f1.fits", "--bias", "master.fits", "--read-noise", "3", "-o", "r.fits"]);
    let (data, error, _, _) = planes(&d.join("r.fits"));
    // 11 - 12 = -1 counts: no electrons, read noise alone.
    assert_eq!(data[[0, 0]], -1.0);
    assert!((error.unwrap()[[0, 0]] - 9.4_f64.sqrt()).abs() < 1e-6);
}

#[test]
fn what_is_wrong_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    frame(&d.join("raw.fits"), &raw(10.0, 1.0), 5.0);
    write_image(d.join("small.fits"), Array2::<f64>::zeros((4, 4)).view(), None, true).unwrap();
    std::fs::write(d.join("notes.fits"), "text").unwrap();
    for (args, code, text) in [
        (vec!["raw.fits", "--bias", "small.fits"], 1, "(4, 4)"),
        (vec!["raw.fits", "small.fits"], 1, "(4, 4)"),
        (vec!["raw.fits", "--trim", "[1:99,1:3]"], 1, "reaches beyond the image"),
        (vec!["raw.fits", "--trim", "NOSUCH"], 2, "NOSUCH"),
        (vec!["raw.fits", "--dark", "small.fits", "--scale-dark"], 2, "EXPTIME"),
        (vec!["raw.fits", "--gain", "0"], 1, "gain"),
        (vec!["raw.fits", "--clip", "0,3"], 2, "--clip"),
        (vec!["raw.fits", "--cosmic-rays"], 2, "--read-noise"),
        (vec!["notes.fits"], 1, "notes.fits"),
        (vec!["missing.fits"], 1, "missing.fits"),
    ] {
        let all: Vec<&str> = ["reduce"].into_iter().chain(args).chain(["-o", "o.fits"]).collect();
        let r = skyphot(d, &all);
        assert_eq!(r.code, code, "{all:?}\n{}", r.err);
        assert!(r.err.contains(text), "{all:?}\n{}", r.err);
        assert!(!d.join("o.fits").exists(), "{all:?}");
    }
    ok(d, &["reduce", "raw.fits", "-o", "o.fits"]);
    assert_eq!(skyphot(d, &["reduce", "raw.fits", "-o", "o.fits"]).code, 1);
}
