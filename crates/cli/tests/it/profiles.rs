//! `skyphot profile` and `skyphot depth`.

use skyphot::io::read_table;

use crate::support::{folder, ok, skyphot, write};

/// A Gaussian of flux 1000 and sigma 2 at (30.25, 28.5) on a level of 10.
fn star() -> tempfile::TempDir {
    let dir = folder();
    let g = ndarray::Array2::from_shape_fn((61, 64), |(y, x)| {
        let r2 = (x as f64 - 30.25).powi(2) + (y as f64 - 28.5).powi(2);
        10.0 + 1000.0 / (8.0 * std::f64::consts::PI) * (-r2 / 8.0).exp()
    });
    write(&dir.path().join("star.fits"), &g);
    dir
}

#[test]
fn a_star_of_known_width_and_flux() {
    let dir = star();
    let d = dir.path();
    let args = [
        "profile",
        "star.fits",
        "--positions",
        "30.25,28.5",
        "--radii",
        "0.5:12:0.5",
        "--annulus",
        "16,24",
        "-o",
        "p.ecsv",
        "--summary",
        "s.ecsv",
        "--plot",
        "p.png",
    ];
    ok(d, &args);
    let t = read_table(d.join("p.ecsv")).unwrap();
    assert_eq!(t.n_rows(), 24);
    let (r, flux) = (t.f64("radius").unwrap(), t.f64("flux").unwrap());
    assert_eq!((r[0], r[23]), (0.5, 12.0));
    // The closed form for pixels that are flat inside: they widen the star by the variance of a pixel, 1/12.
    for (r, f) in r.iter().zip(&flux).skip(5) {
        let want = 1000.0 * (1.0 - (-r * r / (8.0 + 1.0 / 6.0)).exp());
        assert!((f - want).abs() < 2.0, "{r}: {f} {want}");
    }
    let ring = t.f64("ring_radius").unwrap();
    assert_eq!((ring[0], ring[1]), (0.25, 0.75));
    let s = read_table(d.join("s.ecsv")).unwrap();
    let one = |c: &str| s.f64(c).unwrap()[0];
    assert!(
        (one("fwhm_gaussian") - (4.0_f64 + 1.0 / 12.0).sqrt() * 2.354_82).abs() < 0.05,
        "{}",
        one("fwhm_gaussian")
    );
    assert!((one("r50") - 2.0 * 1.177_41).abs() < 0.05, "{}", one("r50"));
    assert!((one("flux_max") - 1000.0).abs() < 1.0, "{}", one("flux_max"));
    assert!(std::fs::read(d.join("p.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(t.meta.get("parameters").is_some() && t.meta.get("pixel_convention").is_some());

    ok(d, &[&args[..8], &["--normalize", "-o", "n.csv"]].concat());
    let n = read_table(d.join("n.csv")).unwrap().f64("flux").unwrap();
    assert_eq!(n.iter().copied().fold(0.0, f64::max), 1.0);
}

#[test]
fn wrong_radii_are_named() {
    let dir = star();
    for (radii, what) in [
        ("5:1:1", "list of lengths"),
        ("3", "at least two ascending"),
        ("3,2", "at least two ascending"),
        ("1:5:1arcsec", "celestial WCS"),
        ("1:5:1parsec", "range first:last:step"),
    ] {
        let r = skyphot(dir.path(), &["profile", "star.fits", "--positions", "30,28", "--radii", radii]);
        assert_eq!(r.code, 2, "{radii}: {}", r.err);
        assert!(r.err.contains(what), "{radii}: {}", r.err);
    }
    let r = skyphot(dir.path(), &["profile", "star.fits", "--positions", "300,28"]);
    assert!(r.code == 1 && r.err.contains("none of the 1 positions"), "{}", r.err);
    let r = skyphot(dir.path(), &["profile", "star.fits", "--positions", "30,28", "--ellipse", "1.5,0"]);
    assert!(r.code == 2 && r.err.contains("axis ratio"), "{}", r.err);
}

#[test]
fn depth_of_known_noise() {
    let dir = folder();
    let d = dir.path();
    let noise = ndarray::Array2::from_shape_fn((200, 220), |(y, x)| {
        3.0 * skyphot::core::testing::noise(5, (y * 220 + x) as u64)
    });
    write(&d.join("noise.fits"), &noise);
    let r = ok(
        d,
        &[
            "depth",
            "noise.fits",
            "--radius",
            "3",
            "--zero-point",
            "25",
            "-o",
            "d.ecsv",
            "--plot",
            "d.png",
            "--json",
        ],
    );
    let j: serde_json::Value = serde_json::from_str(&r.out).unwrap();
    let want = 5.0 * 3.0 * (std::f64::consts::PI * 9.0).sqrt();
    let limit = j["flux_limit"].as_f64().unwrap();
    assert!((limit / want - 1.0).abs() < 0.1, "{limit} {want}");
    assert!((j["mag_limit"].as_f64().unwrap() - (25.0 - 2.5 * limit.log10())).abs() < 1e-12);
    let t = read_table(d.join("d.ecsv")).unwrap();
    assert_eq!(t.names(), ["id", "n_apertures_used", "flux_limit", "mag_limit"]);
    assert_eq!(t.n_rows(), 10);
    assert!(std::fs::read(d.join("d.png")).unwrap().starts_with(b"\x89PNG"));
    // The same seed, the same places, whatever the threads.
    let again =
        ok(d, &["depth", "noise.fits", "--radius", "3", "--zero-point", "25", "--threads", "1", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&again.out).unwrap(), j);
    let text =
        ok(d, &["depth", "image.fits", "--radius", "2", "--subtract-background", "--mask-sources", "3"]).out;
    assert!(text.contains("flux limit") && text.contains("5 sigma"), "{text}");
    for (args, what) in
        [(["--radius", "-1"], "not a length > 0"), (["--radius", "0.2arcsec"], "celestial WCS")]
    {
        let r = skyphot(d, &[&["depth", "noise.fits"][..], &args].concat());
        assert!(r.code == 2 && r.err.contains(what), "{}", r.err);
    }
}
