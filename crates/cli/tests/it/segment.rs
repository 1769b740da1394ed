//! `skyphot segment`: label images, catalogues, pictures, and images in parts.

use std::path::Path;

use ndarray::{Array2, s};
use skyphot::core::testing::{field, test_data};
use skyphot::io::{FitsFile, FitsHdu, HduSelector, Header, read_table, write_fits};

use crate::support::{folder, ok, skyphot, write};

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

fn labels(path: &Path) -> Array2<f64> {
    let file = FitsFile::open(path).expect("a label image");
    file.read_image(&HduSelector::name("SEGMENTATION")).expect("labels")
}

/// The catalogue without what names the file.
fn rows(path: impl AsRef<Path>) -> String {
    let text = String::from_utf8(read(path)).expect("text");
    text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join("\n")
}

#[test]
fn segment_writes_everything_it_promises() {
    let dir = folder();
    let d = dir.path();
    let r = ok(d, &["segment", "image.fits", "--deblend", "-o", "out", "--regions", "out.reg"]);
    for f in ["catalog.ecsv", "segmentation.fits", "overlay.png", "labels.png", "out.reg"] {
        assert!(r.out.contains(f), "{f} is not named in\n{}", r.out);
    }
    let t = read_table(d.join("out/catalog.ecsv")).unwrap();
    assert!(t.n_rows() >= 8, "{} of 12 stars", t.n_rows());
    for key in ["version", "date", "input", "input_sha256", "pixel_convention", "parameters", "kron_params"] {
        assert!(t.meta.get(key).is_some(), "{key} is not in the metadata");
    }
    // Labels and catalogue belong together.
    let image = labels(&d.join("out/segmentation.fits"));
    assert_eq!(image.dim(), (130, 150));
    let area = t.f64("area").unwrap();
    for (label, area) in t.f64("label").unwrap().iter().zip(area) {
        assert_eq!(image.iter().filter(|v| *v == label).count() as f64, area);
    }
    let (x, y) = (t.f64("x_centroid").unwrap(), t.f64("y_centroid").unwrap());
    assert!(x.iter().zip(&y).all(|(x, y)| *x > -0.5 && *x < 149.5 && *y > -0.5 && *y < 129.5));
    let regions = skyphot::io::read_regions(d.join("out.reg")).unwrap();
    assert!(regions.regions.len() >= t.n_rows());
    assert!(read(d.join("out/overlay.png")).starts_with(b"\x89PNG"));
    // Nothing is overwritten unless it may be, and nothing is lost then.
    let again = skyphot(d, &["segment", "image.fits", "--deblend", "-o", "out"]);
    assert_eq!((again.code, again.err.contains("--force")), (1, true), "{}", again.err);
    ok(d, &["segment", "image.fits", "--deblend", "-o", "out", "--force"]);
}

#[test]
fn one_two_and_three_threads_and_any_tiles_give_the_same_bytes() {
    let dir = folder();
    let d = dir.path();
    write(&d.join("large.fits"), &field(350, 450, 3, 150, 2.0));
    let call = |out: &str, more: &[&str]| {
        ok(d, &[&["segment", "large.fits", "--deblend", "-o", out], more].concat());
    };
    call("one", &["--threads", "1"]);
    for threads in ["2", "3"] {
        call(threads, &["--threads", threads]);
        for f in ["catalog.ecsv", "segmentation.fits", "overlay.png", "labels.png"] {
            assert_eq!(read(d.join("one").join(f)), read(d.join(threads).join(f)), "{f}, {threads} threads");
        }
    }
    let n = read_table(d.join("one/catalog.ecsv")).unwrap().n_rows();
    assert!(n > 60, "{n}");
    for tile in ["64", "100", "512", "1000"] {
        call(tile, &["--tile", tile, "--no-pictures"]);
        for f in ["catalog.ecsv", "segmentation.fits"] {
            assert_eq!(read(d.join("one").join(f)), read(d.join(tile).join(f)), "{f}, tiles of {tile}");
        }
    }
    // Tables of every column, and of SExtractor's.
    for columns in ["all", "sextractor", "label,ra,dec,flux_radius(0.2),circular_flux(12),gini"] {
        let common = ["--columns", columns, "--no-pictures", "--no-segmentation", "--force"];
        call("a", &common);
        call("b", &[&common[..], &["--tile", "128", "--threads", "2"]].concat());
        assert_eq!(read(d.join("a/catalog.ecsv")), read(d.join("b/catalog.ecsv")), "{columns}");
    }
}

#[test]
fn a_limit_of_memory_cuts_the_image() {
    let dir = folder();
    let d = dir.path();
    write(&d.join("large.fits"), &field(1100, 1300, 3, 600, 2.0));
    let r = ok(
        d,
        &["segment", "large.fits", "--deblend", "-o", "cut", "--no-pictures", "--max-memory", "100MiB"],
    );
    assert!(r.err.contains("plan: ") && r.err.contains("tiles"), "{}", r.err);
    ok(d, &["segment", "large.fits", "--deblend", "-o", "whole", "--no-pictures"]);
    for f in ["catalog.ecsv", "segmentation.fits"] {
        assert_eq!(read(d.join("whole").join(f)), read(d.join("cut").join(f)), "{f}");
    }
    let all = ok(d, &["segment", "large.fits", "-o", "fits", "--no-pictures", "--max-memory", "4GiB"]);
    assert!(!all.err.contains("plan"), "{}", all.err);
    let small = skyphot(d, &["segment", "large.fits", "-o", "no", "--max-memory", "1MiB"]);
    assert!(small.code != 0 && small.err.contains("MiB"), "{}", small.err);
}

/// Planes, kernels and thresholds in parts are those of the whole.
#[test]
fn planes_go_with_the_image() {
    let dir = folder();
    let d = dir.path();
    let mut data = field(260, 300, 5, 60, 2.0);
    data.slice_mut(s![100..110, 50..60]).fill(f64::NAN);
    let sci = data.mapv(|v| v as f32);
    let error = Array2::from_shape_fn(data.dim(), |(y, _)| 1.5 + y as f32 / 260.0);
    let dq = Array2::from_shape_fn(data.dim(), |(y, x)| i32::from(x == 200 && y % 2 == 0));
    let weight = error.mapv(|e| if e > 2.45 { 0.0 } else { 1.0 / (e * e) });
    write_fits(
        d.join("mef.fits"),
        &[
            FitsHdu::image("SCI", sci.view(), Header::new()),
            FitsHdu::image("ERR", error.view(), Header::new()),
            FitsHdu::image("DQ", dq.view(), Header::new()),
            FitsHdu::image("WHT", weight.view(), Header::new()),
        ],
        true,
    )
    .unwrap();
    std::fs::write(d.join("k.conv"), "CONV NORM\n# a kernel\n1 2 1\n2 4 2\n1 2 1\n").unwrap();
    for (i, flags) in [
        vec!["--error", "mef.fits[ERR]", "--dq", "mef.fits[DQ]"],
        vec!["--error", "mef.fits[ERR]", "--noise", "error", "--kernel", "k.conv"],
        vec!["--weight", "mef.fits[WHT]", "--gain", "2.5"],
        vec!["--weight", "mef.fits[ERR]", "--weight-type", "rms", "--kernel", "none"],
        vec!["--threshold", "9.5", "--connectivity", "4", "--no-background", "--local-background", "20"],
        vec!["--detect-image", "mef.fits[SCI]", "--neighbors", "mask", "--kron", "2.5,1.4,3"],
    ]
    .into_iter()
    .enumerate()
    {
        let common = ["segment", "mef.fits[SCI]", "--deblend", "--no-pictures", "-o"];
        let (whole, parts) = (format!("w{i}"), format!("p{i}"));
        ok(d, &[&common[..], &[&whole], &flags].concat());
        ok(d, &[&common[..], &[&parts, "--tile", "90"], &flags].concat());
        for f in ["catalog.ecsv", "segmentation.fits"] {
            assert_eq!(read(d.join(&whole).join(f)), read(d.join(&parts).join(f)), "{flags:?} {f}");
        }
        assert!(read_table(d.join(whole).join("catalog.ecsv")).unwrap().n_rows() > 15, "{flags:?}");
    }
    // No source has a masked pixel.
    let image = labels(&d.join("w0/segmentation.fits"));
    assert!(image.indexed_iter().all(|((y, x), l)| *l == 0.0 || dq[[y, x]] == 0 && sci[[y, x]].is_finite()));
    // The detection image gives the shapes, the image the fluxes: here they are the same.
    ok(
        d,
        &[
            "segment",
            "mef.fits[SCI]",
            "--deblend",
            "--no-pictures",
            "-o",
            "own",
            "--neighbors",
            "mask",
            "--kron",
            "2.5,1.4,3",
        ],
    );
    assert_eq!(rows(d.join("own/catalog.ecsv")), rows(d.join("w5/catalog.ecsv")));
}

#[test]
fn nothing_to_find_is_no_failure() {
    let dir = folder();
    let d = dir.path();
    let r = ok(d, &["segment", "image.fits", "--threshold", "1e9", "-o", "none"]);
    assert!(r.out.contains("0 sources"), "{}", r.out);
    let (none, some) = (read_table(d.join("none/catalog.ecsv")).unwrap(), {
        ok(d, &["segment", "image.fits", "-o", "some", "--no-pictures"]);
        read_table(d.join("some/catalog.ecsv")).unwrap()
    });
    assert_eq!((none.n_rows(), none.names()), (0, some.names()));
    ok(d, &["segment", "image.fits", "--threshold", "1e9", "-o", "cut", "--tile", "40"]);
    assert_eq!(read(d.join("none/catalog.ecsv")), read(d.join("cut/catalog.ecsv")));
    // One value everywhere.
    write(&d.join("flat.fits"), &Array2::from_elem((40, 50), 7.0));
    assert!(ok(d, &["segment", "flat.fits", "-o", "flat"]).out.contains("0 sources"));
    // Not one good pixel, as a whole and in parts.
    write(&d.join("nan.fits"), &Array2::from_elem((40, 50), f64::NAN));
    for more in [&[][..], &["--tile", "20"]] {
        let r = skyphot(d, &[&["segment", "nan.fits", "-o", "nan"], more].concat());
        assert_eq!(r.code, 1, "{}", r.err);
        assert!(r.err.contains("no good pixel"), "{}", r.err);
    }
    // A source at the edge and one with a bad pixel say so.
    let mut data = Array2::from_shape_fn((80, 90), |(y, x)| ((y * 7 + x * 13) % 10) as f64 * 0.1);
    data.slice_mut(s![0..5, 20..26]).fill(50.0);
    data.slice_mut(s![40..46, 40..46]).fill(50.0);
    write(&d.join("edge.fits"), &data);
    ok(d, &["segment", "edge.fits", "-o", "edge", "--kernel", "none", "--no-pictures"]);
    let t = read_table(d.join("edge/catalog.ecsv")).unwrap();
    let flags = t.column("flags").unwrap().to_i64().unwrap();
    assert!(flags[0] & 16 != 0 && flags[1] & 16 == 0, "{flags:?}");
}

#[test]
fn every_format_holds_the_same_catalogue() {
    let dir = folder();
    let d = dir.path();
    let formats =
        [("ecsv", "ecsv"), ("fits", "fits"), ("csv", "csv"), ("parquet", "parquet"), ("votable", "xml")];
    let flux = formats.map(|(format, suffix)| {
        ok(d, &["segment", "image.fits", "-o", format, "--format", format, "--no-pictures"]);
        read_table(d.join(format).join(format!("catalog.{suffix}"))).unwrap().f64("kron_flux").unwrap()
    });
    assert!(!flux[0].is_empty() && flux.iter().all(|f| *f == flux[0]));
}

/// A star, a piece of its wings behind a column of bad pixels, and a small star further away.
#[test]
fn pieces_of_wings_are_cleaned() {
    let dir = folder();
    let d = dir.path();
    let mut data = Array2::from_shape_fn((130, 150), |(y, x)| {
        let r2 = |cx: f64, cy: f64| (x as f64 - cx).powi(2) + (y as f64 - cy).powi(2);
        3000.0 / (1.0 + r2(60.0, 60.0) / 4.0) + 60.0 * (-r2(120.0, 100.0) / 8.0).exp()
    });
    data.slice_mut(s![.., 77..79]).fill(f64::NAN);
    write(&d.join("wings.fits"), &data);
    let call = |out: &str, more: &[&str]| {
        let common = ["segment", "wings.fits", "--threshold", "20", "--no-background", "--no-pictures", "-o"];
        ok(d, &[&common[..], &[out], more].concat());
        let areas = read_table(d.join(out).join("catalog.ecsv")).unwrap().f64("area").unwrap();
        (areas.len(), areas.iter().sum::<f64>(), labels(&d.join(out).join("segmentation.fits")))
    };
    for kernel in ["none", "1.5"] {
        let (before, area, raw) =
            call(&format!("raw-{kernel}"), &["--kernel", kernel, "--connectivity", "4"]);
        let more = ["--kernel", kernel, "--connectivity", "4", "--clean", "--max-memory", "4GiB"];
        let (after, cleaned_area, clean) = call(&format!("clean-{kernel}"), &more);
        assert_eq!((before, after, area), (3, 2, cleaned_area), "kernel {kernel}");
        // The piece now belongs to the star, and the small star is a source of its own.
        assert_ne!(raw[[60, 80]], raw[[60, 60]]);
        assert_eq!(clean[[60, 80]], clean[[60, 60]]);
        assert_ne!(clean[[100, 120]], clean[[60, 60]]);
        assert!(raw.iter().zip(&clean).all(|(r, c)| (*r == 0.0) == (*c == 0.0)));
    }
    let told = ok(
        d,
        &[
            "segment",
            "wings.fits",
            "--threshold",
            "20",
            "--no-background",
            "--kernel",
            "none",
            "--clean",
            "--clean-param",
            "1.5",
            "--no-pictures",
            "-o",
            "told",
        ],
    );
    assert!(told.out.contains("1 of the detections lay in the wings"), "{}", told.out);
    // Nothing is cleaned in parts, and that is said.
    for more in [&["--tile", "64"][..], &["--max-memory", "49MiB"]] {
        let call = [&["segment", "wings.fits", "--clean", "-o", "no"][..], more].concat();
        let r = skyphot(d, &call);
        assert!(r.code == 2 && r.err.contains("not cleaned in parts"), "{}", r.err);
    }
    std::fs::write(
        d.join("c.toml"),
        "[detect]\nmethod = \"segment\"\n[segment]\nthreshold = 20\nkernel = \"none\"\nclean = true\n",
    )
    .unwrap();
    ok(d, &["run", "wings.fits", "--config", "c.toml", "-o", "run"]);
    assert!(read_table(d.join("run/catalog.ecsv")).unwrap().n_rows() >= 1);
}

#[test]
fn segments_in_a_run() {
    let dir = folder();
    let d = dir.path();
    std::fs::write(d.join("c.toml"), "[detect]\nmethod = \"segment\"\n[segment]\ndeblend = true\n").unwrap();
    let r = ok(d, &["run", "image.fits", "--config", "c.toml", "-o", "run"]);
    assert!(r.out.contains("segmentation.fits"), "{}", r.out);
    ok(d, &["segment", "image.fits", "--deblend", "-o", "seg"]);
    let image = labels(&d.join("run/segmentation.fits"));
    assert_eq!(image, labels(&d.join("seg/segmentation.fits")));
    let (run, seg) =
        (read_table(d.join("run/catalog.ecsv")).unwrap(), read_table(d.join("seg/catalog.ecsv")).unwrap());
    for c in ["label", "x_centroid", "kron_flux", "kron_flux_err"] {
        assert_eq!(run.f64(c).unwrap(), seg.f64(c).unwrap(), "{c}");
    }
    assert!(run.has("flux_0") && run.has("flux_err_1"), "{:?}", run.names());
    for f in ["background.fits", "rms.fits", "overlay.png", "labels.png", "report.md", "run.json"] {
        assert!(d.join("run").join(f).exists(), "{f}");
    }
}

/// Exposures of every kind, as a whole and in parts.
#[test]
fn real_images() {
    let dir = folder();
    let d = dir.path();
    for name in [
        "real/HSC-0908120-056-small.fits",
        "real/M6707HH.fits.gz",
        "real/ukidss_image.fits",
        "jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits",
        "roman/r0003201001001001005_0002_wfi01_f129_cal.asdf",
        "fits/made/c_rice_f4_dither2.fits.fz",
    ] {
        let Some(path) = test_data(name) else { return };
        let path = path.to_str().unwrap();
        let common = ["segment", path, "--deblend", "--no-pictures", "--force", "-o"];
        ok(d, &[&common[..], &["whole"]].concat());
        ok(d, &[&common[..], &["parts", "--tile", "150"]].concat());
        for f in ["catalog.ecsv", "segmentation.fits"] {
            assert_eq!(read(d.join("whole").join(f)), read(d.join("parts").join(f)), "{name}: {f}");
        }
        let t = read_table(d.join("whole/catalog.ecsv")).unwrap();
        assert!(t.n_rows() > 0, "{name}");
    }
    // The WCS of the image is that of its labels.
    let Some(path) = test_data("real/ukidss_image.fits") else { return };
    ok(d, &["segment", path.to_str().unwrap(), "--no-pictures", "--force", "-o", "whole"]);
    let t = read_table(d.join("whole/catalog.ecsv")).unwrap();
    let first = (t.f64("x_centroid").unwrap()[0], t.f64("y_centroid").unwrap()[0]);
    let at = format!("{},{}", first.0, first.1);
    let sky = ok(d, &["wcs", "whole/segmentation.fits[1]", "--to-sky", &at, "--json"]).out;
    let json: serde_json::Value = serde_json::from_str(&sky).unwrap();
    let text = json.to_string();
    let ra = t.f64("ra").unwrap()[0];
    assert!(text.contains(&format!("{ra:.4}")[..6]), "{ra} {text}");
}

/// The coverage is that of the label image, as a whole and in parts.
#[test]
fn coverage_of_the_sources() {
    let dir = folder();
    let d = dir.path();
    let header = "SIMPLE  = T\nCTYPE1  = 'RA---TAN'\nCTYPE2  = 'DEC--TAN'\nCRPIX1  = 75\nCRPIX2  = 65\nCRVAL1  = 150.1\n\
                  CRVAL2  = 2.2\nCDELT1  = -5.5E-5\nCDELT2  = 5.5E-5\nEND\n";
    std::fs::write(d.join("sky.head"), header).unwrap();
    let common = ["segment", "image.fits", "--wcs", "sky.head", "--no-pictures", "-o"];
    ok(d, &[&common[..], &["a", "--moc", "a.fits"]].concat());
    ok(d, &[&common[..], &["b", "--moc", "b.fits", "--tile", "64"]].concat());
    ok(d, &[&common[..], &["c", "--moc", "c.json", "--moc-order", "15"]].concat());
    assert_eq!(read(d.join("a.fits")), read(d.join("b.fits")));
    assert!(String::from_utf8(read(d.join("c.json"))).unwrap().contains("\"15\""));
    // It is the map of the label image, and has the sources of the catalogue.
    let sky =
        skyphot::pipeline::AnyWcs::open(d.join("sky.head").to_str().unwrap(), None).unwrap().into_sky_map();
    let mask = labels(&d.join("a/segmentation.fits")).mapv(|l| l > 0.0);
    let moc = skyphot::io::Moc::from_mask(mask.view(), &sky, None).unwrap();
    assert_eq!(read(d.join("a.fits")), moc.to_fits().unwrap());
    let t = read_table(d.join("a/catalog.ecsv")).unwrap();
    let (ra, dec) = (t.f64("ra").unwrap(), t.f64("dec").unwrap());
    assert!(ra.len() >= 8);
    assert!(ra.iter().zip(&dec).all(|(a, d)| moc.contains(skyphot::core::SkyCoord { lon: *a, lat: *d })));
}
