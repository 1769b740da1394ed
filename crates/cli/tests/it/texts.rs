//! Help and error texts are what `expected/` says. `SKYPHOT_UPDATE_EXPECTED=1 cargo test -p skyphot-cli texts` writes what
//! they are now; read the difference before it is committed.

use std::path::Path;

use crate::support::{folder, ok, skyphot};

fn same(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/expected").join(name);
    let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n";
    if std::env::var_os("SKYPHOT_UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, text).expect("the text is written");
        return;
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    let first = want.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert_eq!(
        want,
        text,
        "{name}, first in line {:?}; SKYPHOT_UPDATE_EXPECTED=1 writes it anew",
        first.map(|l| l + 1)
    );
}

#[test]
fn help() {
    let dir = folder();
    for command in [
        "segment",
        "aperture",
        "psf",
        "epsf",
        "profile",
        "depth",
        "stats",
        "plot",
        "forced",
        "calibrate",
        "simulate",
    ] {
        same(&format!("help_{command}.txt"), &ok(dir.path(), &[command, "--help"]).out);
    }
}

#[test]
fn errors() {
    let dir = folder();
    let d = dir.path();
    std::fs::write(d.join("empty.reg"), "# nothing\n").unwrap();
    std::fs::write(d.join("sky.reg"), "fk5; circle(1,2,3\")\n").unwrap();
    std::fs::write(d.join("points.reg"), "image; point(20,20)\n").unwrap();
    std::fs::write(d.join("norows.csv"), "x,y\n").unwrap();
    crate::support::write(&d.join("all.fits"), &ndarray::Array2::ones((130, 150)));
    std::fs::write(d.join("cat.csv"), "x,y,a\n20,30,2\n").unwrap();
    let aperture = |more: &[&'static str]| [&["aperture", "image.fits"], more].concat();
    let segment = |more: &[&'static str]| [&["segment", "image.fits", "-o", "s"], more].concat();
    let calls: Vec<Vec<&str>> = vec![
        aperture(&[]),
        aperture(&["--positions", "20,30", "--ellipse", "3,2"]),
        aperture(&["--positions", "20,30", "--ellipse", "3,-2,0"]),
        aperture(&["--positions", "20,30", "--circle", "0"]),
        aperture(&["--positions", "20,30", "--circle", "3parsec"]),
        aperture(&["--positions", "20,30", "--circle", "1arcsec"]),
        aperture(&["--positions", "20,30", "--circle", "fwhm"]),
        aperture(&["--positions", "20,30", "--annulus", "9,8"]),
        aperture(&["--positions", "20,30", "--annulus", "3,8", "--local-background", "2"]),
        aperture(&["--positions", "20,30", "--method", "perfect"]),
        aperture(&["--positions", "20,30", "--segmentation", "nothing.fits"]),
        aperture(&["--positions", "900,30"]),
        aperture(&["--positions", "cat.csv", "--circle", "b"]),
        aperture(&["--positions", "nothing.ecsv"]),
        aperture(&["--region", "nothing.reg"]),
        aperture(&["--region", "empty.reg"]),
        aperture(&["--region", "sky.reg"]),
        aperture(&["--region", "points.reg"]),
        aperture(&["--region", "sky.reg", "--positions", "1,2"]),
        segment(&["--threshold", "bright"]),
        segment(&["--npixels", "0"]),
        segment(&["--connectivity", "6"]),
        segment(&["--kernel", "0"]),
        segment(&["--kernel", "nothing.conv"]),
        segment(&["--kernel", "sky.reg"]),
        segment(&["--kernel-size", "4"]),
        segment(&["--columns", "label,kron_flx"]),
        segment(&["--contrast", "2"]),
        segment(&["--kron", "2.5"]),
        segment(&["--clean", "--clean-param", "20"]),
        segment(&["--clean", "--tile", "64"]),
        segment(&["--clean-param", "2"]),
        segment(&["--moc", "moc.fits"]),
        segment(&["--moc", "moc.png"]),
        segment(&["--moc", "moc.fits", "--moc-order", "30"]),
        segment(&["--noise", "error"]),
        segment(&["--detect-image", "nothing.fits"]),
        segment(&["--max-memory", "lots"]),
        segment(&["--max-memory", "1MiB"]),
        segment(&["--tile", "0"]),
        segment(&["--tile", "64", "--max-memory", "1GiB"]),
        segment(&["--weight-type", "rms"]),
        vec!["segment", "image.fits"],
        vec!["stats", "image.fits", "--region", "points.reg"],
        vec!["stats", "image.fits", "--sigma", "-1"],
        vec!["stats", "image.fits", "--plot", "p.png"],
        vec!["profile", "image.fits", "--positions", "20,30", "--radii", "5:1:1"],
        vec!["profile", "image.fits", "--positions", "20,30", "--radii", "3"],
        vec!["profile", "image.fits", "--positions", "20,30", "--ellipse", "2,0"],
        vec!["profile", "image.fits", "--positions", "20,30", "-o", "p.csv", "--plot", "p.gif"],
        vec!["depth", "image.fits"],
        vec!["depth", "image.fits", "--radius", "0"],
        vec!["depth", "image.fits", "--radius", "3", "--mask-sources", "0"],
        vec!["depth", "image.fits", "--radius", "300"],
        vec!["depth", "nothing.fits", "--radius", "3"],
        vec!["plot", "image.fits", "-o", "p.png", "--zoom", "5:1,2:3"],
        vec!["psf", "image.fits"],
        vec!["psf", "image.fits", "--psf", "gauss:2"],
        vec!["psf", "image.fits", "--psf", "gaussian:-2"],
        vec!["psf", "image.fits", "--psf", "build:3"],
        vec!["psf", "image.fits", "--psf", "build:daophot,voigt"],
        vec!["psf", "image.fits", "--psf", "nothing.fits"],
        vec!["psf", "nothing.fits", "--psf", "gaussian:2"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--positions", "nothing.ecsv"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--crowded", "--group", "8"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--completeness", "5"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--completeness", "0", "-o", "t.ecsv"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--completeness-mags", "1,2,3", "-o", "t.ecsv"],
        vec!["psf", "image.fits", "--psf", "gaussian:2", "--mask", "all.fits"],
        vec!["psf", "image.fits", "--psf", "build", "--min-snr", "1e9"],
        vec!["epsf", "image.fits"],
        vec!["epsf", "nothing.fits", "-o", "e.fits"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--grid", "3"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--daophot", "3"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--grid", "2,2", "--daophot"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--size", "20"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--mask", "all.fits"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--positions", "norows.csv"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--positions", "900,900"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--min-snr", "1e9"],
        vec!["epsf", "image.fits", "-o", "e.fits", "--saturation", "-1"],
        vec!["run", "image.fits", "-o", "out", "--psf", "gaussian"],
        vec!["nonsense"],
    ];
    let mut text = String::new();
    for call in calls {
        let r = skyphot(d, &call);
        text += &format!("$ skyphot {}\n{}{}exit code {}\n\n", call.join(" "), r.out, r.err, r.code);
    }
    same("errors.txt", &text);
}
