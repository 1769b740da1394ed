//! `skyphot aperture` with shapes, regions and neighbours, and `skyphot stats --region`.

use std::f64::consts::PI;
use std::path::Path;

use ndarray::Array2;
use skyphot::core::{Column, Table};
use skyphot::io::{Header, TableOptions, read_table, write_image, write_table};

use crate::support::{folder, ok, skyphot, write};

/// `flat.fits`: 100 x 80 pixels of value 2, 0.36 arcsec per pixel, north up.
fn flat() -> tempfile::TempDir {
    let dir = folder();
    let mut h = Header::new();
    for (k, v) in [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN")] {
        h.set(k, v, "").expect("a card");
    }
    for (k, v) in [
        ("CRPIX1", 50.0),
        ("CRPIX2", 40.0),
        ("CRVAL1", 202.48),
        ("CRVAL2", 47.2),
        ("CDELT1", -1e-4),
        ("CDELT2", 1e-4),
        ("LTV1", -1000.0),
    ] {
        h.set(k, v, "").expect("a card");
    }
    let data = Array2::from_elem((80, 100), 2.0_f64);
    write_image(dir.path().join("flat.fits"), data.view(), Some(&h), true).expect("an image");
    dir
}

fn column(path: &Path, name: &str) -> Vec<f64> {
    let t = read_table(path).expect("a table");
    t.f64(name).unwrap_or_else(|e| panic!("{e}"))
}

fn near(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= tolerance * w.abs(), "{got:?} {want:?}");
    }
}

#[test]
fn every_shape_has_its_area() {
    let dir = flat();
    let (d, out) = (dir.path(), dir.path().join("p.ecsv"));
    ok(
        d,
        &[
            "aperture",
            "flat.fits",
            "--positions",
            "40.3,30.2;60,41.5",
            "--circle",
            "3,0.72arcsec",
            "--ellipse",
            "5,2,30",
            "--rectangle",
            "4,3,10",
            "--rectangle",
            "0.72arcsec,0.36arcsec,0",
            "-o",
            "p.ecsv",
            "--plot",
            "p.png",
        ],
    );
    for (k, area) in [9.0 * PI, 4.0 * PI, 10.0 * PI, 12.0, 2.0].into_iter().enumerate() {
        // On the sky the plate scale decides, known here to 1e-7.
        near(&column(&out, &format!("area_{k}")), &[area; 2], 1e-6);
        near(&column(&out, &format!("flux_{k}")), &[2.0 * area; 2], 1e-6);
    }
    assert!(std::fs::read(d.join("p.png")).unwrap().starts_with(b"\x89PNG"));

    ok(
        d,
        &[
            "aperture",
            "flat.fits",
            "--positions",
            "40,30",
            "--circle",
            "3",
            "--annulus",
            "5,10,6,45",
            "--stats",
            "-o",
            "s.ecsv",
        ],
    );
    near(&column(&d.join("s.ecsv"), "local_bkg"), &[2.0], 1e-14);
    assert!(column(&d.join("s.ecsv"), "flux")[0].abs() < 1e-12);
    // Centres exactly on the rim do not count.
    near(&column(&d.join("s.ecsv"), "center_aper_area"), &[25.0], 0.0);
    assert_eq!(column(&d.join("s.ecsv"), "std"), [0.0]);
}

#[test]
fn sizes_from_the_columns_of_the_positions() {
    let dir = flat();
    let d = dir.path();
    let t = Table::from_columns([
        Column::new("x", vec![20.0, 50.0, 70.0]),
        Column::new("y", vec![20.0, 30.0, 40.0]),
        Column::new("a", vec![2.0, 3.0, f64::NAN]),
        Column::new("b", vec![1.0, 2.0, 1.0]),
        Column::new("pa", vec![0.0, 1.0, 1.0]).with_unit("rad"),
        Column::new("seeing", vec![0.72, 0.36, 0.36]).with_unit("arcsec"),
        Column::new("sky", vec![1.0, 1.5, 2.0]),
    ])
    .unwrap();
    write_table(d.join("cat.ecsv"), &t, &TableOptions::default()).unwrap();
    let r =
        ok(d, &["aperture", "flat.fits", "--positions", "cat.ecsv", "--ellipse", "2*a,b,pa", "-o", "p.ecsv"]);
    assert!(r.err.contains("1 of 3 sources have sizes that make no aperture"), "{}", r.err);
    let area = column(&d.join("p.ecsv"), "area");
    near(&area[..2], &[4.0 * PI, 12.0 * PI], 1e-12);
    assert!(area[2].is_nan());
    assert_eq!(column(&d.join("p.ecsv"), "x_center"), [20.0, 50.0, 70.0]);
    ok(
        d,
        &[
            "aperture",
            "flat.fits",
            "--positions",
            "cat.ecsv",
            "--circle",
            "seeing",
            "--local-background",
            "sky",
            "-o",
            "q.ecsv",
        ],
    );
    let flux = column(&d.join("q.ecsv"), "flux");
    near(&flux[..2], &[4.0 * PI, 0.5 * PI], 1e-6);
    assert!(flux[2].abs() < 1e-9);
}

#[test]
fn regions_in_pixels_physical_and_on_the_sky() {
    let dir = flat();
    let d = dir.path();
    std::fs::write(
        d.join("a.reg"),
        "image\ncircle(41,31,3) # text={one}\nphysical\nellipse(1061,31,5,2,30)\nicrs\ncircle(202.48,47.2,0.72\")\n\
         box(202.48,47.2,0.72\",0.36\",0)\nimage\npolygon(11,11,21,11,21,16)\n-box(41,31,1,1,0)\npoint(5,5)\nvector(1,2,3,4)\n",
    )
    .unwrap();
    let r = ok(d, &["aperture", "flat.fits", "--region", "a.reg", "-o", "p.ecsv", "--plot", "p.svg"]);
    for note in ["line 12: skipped: the shape 'vector'", "1 points are left out"] {
        assert!(r.err.contains(note), "{note}: {}", r.err);
    }
    let out = d.join("p.ecsv");
    near(&column(&out, "area"), &[9.0 * PI - 1.0, 10.0 * PI, 4.0 * PI, 2.0, 25.0], 1e-6);
    near(&column(&out, "x_center")[..3], &[40.0, 60.0, 49.0], 1e-9);
    assert!(std::fs::read_to_string(&out).unwrap().lines().any(|l| l.starts_with("1 one ")));

    // Named apertures at the points.
    ok(d, &["aperture", "flat.fits", "--region", "a.reg", "--circle", "2", "-o", "q.ecsv"]);
    assert_eq!(column(&d.join("q.ecsv"), "x_center"), [4.0]);

    ok(d, &["stats", "flat.fits", "--region", "a.reg", "-o", "s.ecsv", "--plot", "s.png"]);
    assert_eq!(column(&d.join("s.ecsv"), "mean"), [2.0; 5]);
    assert_eq!(column(&d.join("s.ecsv"), "center_aper_area")[0], 24.0);

    std::fs::write(d.join("c.crtf"), "#CRTFv0\ncircle[[40pix, 30pix], 3pix]\n").unwrap();
    ok(d, &["aperture", "flat.fits", "--region", "c.crtf", "-o", "c.ecsv"]);
    near(&column(&d.join("c.ecsv"), "area"), &[9.0 * PI], 1e-12);
}

#[test]
fn pixels_of_neighbours() {
    let dir = flat();
    let d = dir.path();
    let labels = Array2::from_shape_fn((80, 100), |(_, x)| if x < 41 { 1.0 } else { 2.0 });
    write(&d.join("seg.fits"), &labels);
    let run = |how: &str| {
        ok(
            d,
            &[
                "aperture",
                "flat.fits",
                "--positions",
                "40,30",
                "--circle",
                "5",
                "--segmentation",
                "seg.fits",
                "--neighbors",
                how,
                "-o",
                "p.ecsv",
                "--force",
                "--stats",
            ],
        );
        (column(&d.join("p.ecsv"), "area")[0], column(&d.join("p.ecsv"), "center_aper_area")[0])
    };
    let (area, pixels) = run("mask");
    assert!(area < 0.6 * 25.0 * PI && pixels < 0.6 * 25.0 * PI);
    let (area, pixels) = run("correct");
    near(&[area, pixels], &[25.0 * PI, 69.0], 1e-12);
    let r = skyphot(d, &["aperture", "flat.fits", "--positions", "40,30", "--segmentation", "image.fits"]);
    assert!(r.code == 1 && r.err.contains("has shape (130, 150)"), "{}", r.err);
}
