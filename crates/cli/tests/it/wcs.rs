//! `wcs`, `match`, `area-map` and the coordinates of `info`.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use skyphot::core::testing::{field, test_data};
use skyphot::core::{Column, HeaderView, Table};
use skyphot::io::{Header, TableOptions, read_image, read_table, write_image, write_table};
use tempfile::TempDir;

use crate::support::{ok, skyphot};

/// Of `wcs/astropy/dist_lookup.fits.gz`.
const REAL: (f64, f64) = (5.534375112013677, -72.05376003075484);

/// `sky.fits`: 150 x 130 pixels of 0.36 arcsec at (150, +2.2) in FK5, with a SIP term.
fn sky_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut h = Header::new();
    for (k, v) in [("CTYPE1", "RA---TAN-SIP"), ("CTYPE2", "DEC--TAN-SIP"), ("RADESYS", "FK5")] {
        h.set(k, v, "").unwrap();
    }
    for (k, v) in [
        ("CRPIX1", 75.5),
        ("CRPIX2", 65.5),
        ("CRVAL1", 150.0),
        ("CRVAL2", 2.2),
        ("CD1_1", -1e-4),
        ("CD1_2", 0.0),
        ("CD2_1", 0.0),
        ("CD2_2", 1e-4),
        ("A_ORDER", 2.0),
        ("B_ORDER", 2.0),
        ("A_2_0", 1e-5),
        ("B_1_1", -2e-5),
    ] {
        h.set(k, v, "").unwrap();
    }
    write_image(dir.path().join("sky.fits"), field(130, 150, 11, 12, 2.0).view(), Some(&h), true).unwrap();
    dir
}

fn json(d: &Path, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&ok(d, args).out).unwrap()
}

fn catalog(path: &Path, columns: Vec<Column>) {
    write_table(path, &Table::from_columns(columns).unwrap(), &TableOptions::default()).unwrap();
}

#[test]
fn there_and_back_by_hand() {
    let dir = sky_folder();
    let d = dir.path();
    let sky = json(d, &["wcs", "sky.fits", "--to-sky", "10.25,20.5;-3,7", "--json"]);
    let p = &sky["positions"][0];
    let text = format!("{},{}", p["ra"], p["dec"]);
    let back = json(d, &["wcs", "sky.fits", "--to-pixel", &text, "--json"]);
    let x = |k: &str| back["positions"][0][k].as_f64().unwrap();
    assert!((x("x") - 10.25).abs() < 1e-6 && (x("y") - 20.5).abs() < 1e-6, "{back}");
    // Sexagesimal in, text out; native coordinates are FK5, 20 mas from ICRS.
    let r = ok(d, &["wcs", "sky.fits", "--to-pixel", "10:00:00,+02:12:00", "--frame", "native"]);
    assert!(r.out.contains("74.5") && r.out.contains("10:00:00.0000 +02:12:00.000"), "{}", r.out);
    let galactic = ok(d, &["wcs", "sky.fits", "--to-sky", "0,0", "--frame", "galactic"]).out;
    assert!(galactic.starts_with("# x y l b  (Galactic)"), "{galactic}");
    let off = ok(d, &["wcs", "sky.fits", "--to-pixel", "330,-2.2"]).out;
    assert!(off.contains("not on the image plane"), "{off}");
}

#[test]
fn catalogues_gain_the_other_kind_of_position() {
    let dir = sky_folder();
    let d = dir.path();
    let (x, y) = (vec![3.0, 70.25, 149.0], vec![8.5, 60.0, 2.0]);
    catalog(&d.join("xy.csv"), vec![Column::new("x", x.clone()), Column::new("y", y.clone())]);
    ok(d, &["wcs", "sky.fits", "--table", "xy.csv", "-o", "radec.ecsv"]);
    let t = read_table(d.join("radec.ecsv")).unwrap();
    assert_eq!(t.column("ra").unwrap().unit.as_deref(), Some("deg"));
    let only = t.select(&["ra", "dec"]).unwrap();
    write_table(d.join("only.ecsv"), &only, &TableOptions::default()).unwrap();
    ok(d, &["wcs", "sky.fits", "--table", "only.ecsv", "-o", "back.fits"]);
    let back = read_table(d.join("back.fits")).unwrap();
    for (a, b) in [("x", &x), ("y", &y)] {
        for (a, b) in back.f64(a).unwrap().iter().zip(b) {
            assert!((a - b).abs() < 1e-7, "{a} {b}");
        }
    }
}

#[test]
fn a_header_with_sip() {
    let dir = sky_folder();
    let d = dir.path();
    let r = ok(d, &["wcs", "sky.fits", "--to-fits-sip", "sip.fits", "--max-error", "1e-4"]);
    assert!(r.out.contains("TAN-SIP of order 2"), "{}", r.out);
    let at =
        |file: &str| json(d, &["wcs", file, "--to-sky", "140,3", "--json"])["positions"][0]["ra"].as_f64();
    assert!((at("sip.fits").unwrap() - at("sky.fits").unwrap()).abs() < 1e-7);
    assert_eq!(skyphot(d, &["wcs", "sky.fits", "--to-fits-sip", "sip.fits"]).code, 1, "it exists");
}

#[test]
fn info_describes_the_sky() {
    let dir = sky_folder();
    let d = dir.path();
    let text = ok(d, &["info", "sky.fits"]).out;
    for words in ["TAN-SIP", "FK5", "0.36", "arcsec per pixel", "position angle", "east is left", "corners"] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    let info = json(d, &["info", "sky.fits", "--json"]);
    let wcs = &info["hdus"][0]["wcs"];
    assert!((wcs["centre_icrs_deg"][0].as_f64().unwrap() - 150.0).abs() < 1e-4, "{wcs}");
    assert_eq!(wcs["footprint_icrs_deg"].as_array().unwrap().len(), 4);
    assert_eq!(wcs["mirrored"], false);
}

#[test]
fn area_maps() {
    let dir = sky_folder();
    let d = dir.path();
    let j = json(d, &["area-map", "sky.fits", "-o", "pam.fits", "--json"]);
    assert!((j["nominal_area_arcsec2"].as_f64().unwrap() - 0.1296).abs() < 1e-9, "{j}");
    let map = read_image::<f64>(d.join("pam.fits")).unwrap();
    assert_eq!(map.data.dim(), (130, 150));
    // dA = (1 + 2 A20 u) (1 + B11 u) at v = 0.
    let u = 149.0 - 74.5;
    let expected = (1.0 + 2e-5 * u) * (1.0 - 2e-5 * u);
    assert!((map.data[[64, 149]] - expected).abs() < 1e-6, "{}", map.data[[64, 149]]);
    // It carries the WCS of the image.
    ok(d, &["wcs", "pam.fits", "--to-sky", "0,0"]);
    let r = skyphot(d, &["area-map", "sky.fits", "-o", "pam.fits"]);
    assert!(r.code == 1 && r.err.contains("--force"), "{}", r.err);
}

#[test]
fn matching_joins() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let arcsec = 1.0 / 3600.0;
    catalog(
        &d.join("a.ecsv"),
        vec![
            Column::new("id", vec![1_i64, 2, 3, 4]),
            Column::new("ra", vec![10.0, 10.0, 359.999_999, 200.0]),
            Column::new("dec", vec![0.0, 0.2 * arcsec, 0.0, 50.0]),
        ],
    );
    catalog(
        &d.join("b.csv"),
        vec![
            Column::new("id", vec![10_i64, 20, 30]),
            Column::new("RAJ2000", vec![10.0, 0.000_001, 200.0]),
            Column::new("DEJ2000", vec![0.05 * arcsec, 0.0, 50.0 + 2.0 * arcsec]),
        ],
    );
    let args = ["match", "a.ecsv", "b.csv", "--radius", "0.5arcsec", "-o", "m.ecsv"];
    let r = ok(d, &args);
    assert!(
        r.out.starts_with("3 of 4 rows of a.ecsv matched with 3 rows of b.csv, 0 ambiguous"),
        "{}",
        r.out
    );
    let m = read_table(d.join("m.ecsv")).unwrap();
    assert_eq!(m.names(), ["id", "ra", "dec", "id_2", "RAJ2000", "DEJ2000", "separation", "ambiguous"]);
    assert_eq!(m.column("id_2").unwrap().to_i64().unwrap(), [10, 10, 20]);
    let sep = m.f64("separation").unwrap();
    for (s, e) in sep.iter().zip([0.05, 0.15, 0.0072]) {
        assert!((s - e).abs() < 1e-7, "{sep:?}");
    }
    // Each row of B once.
    let j =
        json(d, &["match", "a.ecsv", "b.csv", "--radius", "500mas", "--mutual", "-o", "u.fits", "--json"]);
    assert_eq!((&j["matched"], &j["ambiguous"]), (&2.into(), &0.into()), "{j}");
    // The other way round one row of A has two neighbours, and a second nearest.
    let swapped = json(d, &["match", "b.csv", "a.ecsv", "--radius", "0.5arcsec", "-o", "s.ecsv", "--json"]);
    assert_eq!((&swapped["matched"], &swapped["ambiguous"]), (&2.into(), &1.into()), "{swapped}");
    ok(d, &["match", "b.csv", "a.ecsv", "--radius", "0.5arcsec", "--nth", "2", "-o", "n.ecsv"]);
    assert_eq!(read_table(d.join("n.ecsv")).unwrap().column("id_2").unwrap().to_i64().unwrap(), [2]);
    let columns = ["match", "a.ecsv", "b.csv", "--radius", "3arcsec", "--columns", "ra,dec;RAJ2000,DEJ2000"];
    assert_eq!(ok(d, &columns).out.lines().filter(|l| !l.starts_with('#')).count(), 5);
    // Nothing matched is a table without rows.
    ok(d, &["match", "a.ecsv", "b.csv", "--radius", "1e-9arcsec", "-o", "none.ecsv"]);
    assert_eq!(read_table(d.join("none.ecsv")).unwrap().n_rows(), 0);
}

#[test]
fn matching_pixels() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    catalog(&d.join("a.csv"), vec![Column::new("x", vec![1.0, 5.0]), Column::new("y", vec![1.0, 5.0])]);
    catalog(
        &d.join("b.csv"),
        vec![Column::new("x_centroid", vec![5.5, 1.0]), Column::new("y_centroid", vec![5.0, 9.0])],
    );
    ok(d, &["match", "a.csv", "b.csv", "--radius", "1px", "-o", "m.csv"]);
    let m = read_table(d.join("m.csv")).unwrap();
    assert_eq!((m.n_rows(), m.f64("separation").unwrap()[0]), (1, 0.5));
}

#[test]
fn wrong_calls_are_explained() {
    let dir = sky_folder();
    let d = dir.path();
    catalog(&d.join("a.csv"), vec![Column::new("flux", vec![1.0])]);
    write_image(d.join("plain.fits"), field(13, 15, 1, 1, 1.0).view(), None, true).unwrap();
    for (args, code, words) in [
        (&["wcs", "sky.fits", "--to-sky", "1"][..], 2, "'1' is not a pixel position"),
        (&["wcs", "sky.fits", "--to-pixel", "1,95"], 2, "'1,95' is not a position on the sky"),
        (&["wcs", "sky.fits", "--to-sky", "1,2", "--to-pixel", "1,2"], 2, "cannot be used with"),
        (&["wcs", "sky.fits", "--table", "a.csv"], 1, "no pixel positions"),
        (&["wcs", "sky.fits", "--system", "5"], 2, "--system '5'"),
        (&["wcs", "sky.fits", "--system", "B"], 1, "no celestial axes"),
        (&["wcs", "plain.fits"], 1, "skyphot info FILE"),
        (&["wcs", "sky.fits", "--to-fits-sip", "o.fits", "--max-error", "0"], 2, "--max-error 0"),
        (&["match", "a.csv", "a.csv", "--radius", "1"], 2, "1arcsec"),
        (&["match", "a.csv", "a.csv", "--radius", "1arcsec"], 1, "no positions on the sky"),
        (&["match", "a.csv", "a.csv", "--radius", "1px"], 1, "flux"),
        (&["match", "a.csv", "a.csv", "--radius", "1arcsec", "--columns", "ra"], 2, "pair of names"),
        (&["area-map", "plain.fits", "-o", "o.fits"], 1, "no celestial axes"),
    ] {
        let r = skyphot(d, args);
        assert_eq!(r.code, code, "{args:?}\n{}", r.err);
        assert!(r.err.contains(words) && !r.err.contains("panicked"), "{args:?}\n{}", r.err);
    }
}

/// The cards of `sky.fits` as lines of text.
fn head_file(d: &Path) {
    let image = read_image::<f64>(d.join("sky.fits")).unwrap();
    let lines: Vec<String> = image.header.to_records().iter().map(|r| r.trim_end().to_owned()).collect();
    std::fs::write(d.join("sky.head"), lines.join("\n") + "\nEND\n").unwrap();
}

#[test]
fn headers_in_text_files() {
    let dir = sky_folder();
    let d = dir.path();
    head_file(d);
    let at = |file: &str| json(d, &["wcs", file, "--to-sky", "10.5,20.25", "--json"])["positions"][0].clone();
    assert_eq!(at("sky.head"), at("sky.fits"));
    let info = ok(d, &["info", "sky.head"]).out;
    assert!(info.contains("header in a text file") && info.contains("TAN-SIP"), "{info}");
    // An image without coordinates borrows them.
    write_image(d.join("plain.fits"), field(130, 150, 11, 12, 2.0).view(), None, true).unwrap();
    let positions = ["--positions", "10.5,20.25", "--circle", "3", "-o"];
    ok(d, &[&["aperture", "plain.fits", "--wcs", "sky.head"][..], &positions, &["a.ecsv"]].concat());
    ok(d, &[&["aperture", "sky.fits"][..], &positions, &["b.ecsv"]].concat());
    let ra = |f: &str| read_table(d.join(f)).unwrap().f64("ra").unwrap()[0];
    assert_eq!(ra("a.ecsv"), ra("b.ecsv"));
    assert_eq!(skyphot(d, &["wcs", "sky.head[2]"]).code, 2);
}

#[test]
fn info_of_tables() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    catalog(&d.join("a.ecsv"), vec![Column::new("ra", vec![1.0, 2.0]).with_unit("deg")]);
    let text = ok(d, &["info", "a.ecsv"]).out;
    assert!(text.contains("table of 2 rows and 1 columns") && text.contains("deg"), "{text}");
    let j = json(d, &["info", "a.ecsv", "--json"]);
    assert_eq!((&j["rows"], &j["columns"][0]["name"]), (&2.into(), &"ra".into()), "{j}");
    std::fs::write(d.join("notes.txt"), "to do\n").unwrap();
    let r = skyphot(d, &["info", "notes.txt"]);
    assert!(
        r.code == 1 && r.err.contains("neither FITS nor ASDF") && r.err.contains("FITS or ASDF\n"),
        "{}",
        r.err
    );
}

/// `background.fits` of an ASDF file has a FITS system in place of the GWCS, and says how good it is.
#[test]
fn maps_of_asdf_images_have_coordinates() {
    let Some(file) = test_data("roman/r0003201001001001005_0002_wfi01_f129_rad023_cal.asdf") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (d, file) = (dir.path(), file.display().to_string());
    ok(d, &["background", &file, "-o", "bkg.fits"]);
    let header = read_image::<f64>(d.join("bkg.fits")).unwrap().header;
    let error = header.get_f64("SIPMXERR").unwrap();
    assert!(error <= 0.01, "{error}");
    let at = |f: &str| {
        let j = json(d, &["wcs", f, "--to-sky", "200,20", "--json"]);
        ["ra", "dec"].map(|k| j["positions"][0][k].as_f64().unwrap())
    };
    let (a, b) = (at("bkg.fits"), at(&file));
    let off = ((a[0] - b[0]) * b[1].to_radians().cos()).hypot(a[1] - b[1]) * 3600.0 / 0.11;
    assert!(off <= error + 1e-6, "{off} {error}");
}

#[test]
fn jwst_exposures() {
    let Some(file) = test_data("jwst/jw12345002001_02101_00001_mirimage_sub256_cal.fits") else { return };
    let dir = tempfile::tempdir().unwrap();
    let (d, file) = (dir.path(), file.display().to_string());
    let info = json(d, &["info", &file, "--json"]);
    let dq = info["hdus"].as_array().unwrap().iter().find(|h| h["name"] == "DQ").unwrap();
    assert_eq!(dq["dq"][0]["name"], "DO_NOT_USE", "{dq}");
    // The map is that of the file, whose nominal area (PIXAR_SR) is rounded to three digits in its header.
    ok(d, &["area-map", &file, "-o", "pam.fits"]);
    let ours = read_image::<f64>(d.join("pam.fits")).unwrap().data;
    let spec = format!("{file}[AREA]");
    let theirs = read_image::<f64>(spec.as_str()).unwrap().data;
    let pairs = ours.iter().zip(&theirs).filter(|(a, b)| a.is_finite() && **b != 0.0);
    let (low, high) = pairs.map(|(a, b)| a / b).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    assert!(high - low < 1e-6 && (low - 1.0).abs() < 1e-4, "{low} {high}");
    // --area takes the AREA extension of such a file, not its image.
    let area = |area: &str, out: &str| {
        ok(d, &["aperture", &file, "--positions", "100,100", "--circle", "4", "--area", area, "-o", out]);
        read_table(d.join(out)).unwrap().f64("flux").unwrap()[0]
    };
    assert_eq!(area("auto", "a.ecsv"), area(&file, "b.ecsv"));
    let wrong = format!("{file}[SCI]");
    let r = skyphot(d, &["aperture", &file, "--positions", "100,100", "--area", &wrong]);
    assert!(r.code == 1 && r.err.contains("no map of pixel areas"), "{}", r.err);
}

#[test]
fn corners_of_a_bounding_box() {
    let Some(file) = test_data("jwst/seed_det_image_seq1_MIRIMAGE_F560Wexp1_cal_zeroed.fits.gz") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let text = ok(dir.path(), &["wcs", &file.display().to_string()]).out;
    assert!(text.contains("valid     for x 3.5 to 1027.5") && !text.contains("not on the sky"), "{text}");
}

#[test]
fn lookup_tables_of_real_files_are_used() {
    let Some(file) = test_data("wcs/astropy/dist_lookup.fits.gz") else { return };
    let dir = tempfile::tempdir().unwrap();
    let file = format!("{}[1]", file.display());
    // astropy.wcs 8.0.2, WCS(f[1].header, f).all_pix2world(100, 200, 0).
    let j = json(dir.path(), &["wcs", &file, "--to-sky", "100,200", "--frame", "native", "--json"]);
    let p = &j["positions"][0];
    let off = |k: &str, v: f64| (p[k].as_f64().unwrap() - v).abs();
    assert!(off("ra", REAL.0) < 1e-9 && off("dec", REAL.1) < 1e-9, "{j}");
}
