//! Every subcommand explains itself.

use crate::support::{folder, ok, skyphot};

#[test]
fn every_subcommand_has_an_example() {
    let dir = folder();
    let all = ok(dir.path(), &["--help"]).out;
    for command in [
        "demo",
        "info",
        "stats",
        "reduce",
        "background",
        "detect",
        "segment",
        "aperture",
        "profile",
        "psf",
        "epsf",
        "depth",
        "wcs",
        "match",
        "calibrate",
        "forced",
        "simulate",
        "area-map",
        "plot",
        "run",
        "config",
    ] {
        assert!(all.contains(command), "{command} is not listed");
        let help = ok(dir.path(), &[command, "--help"]).out;
        assert!(help.contains("Example"), "{command} has no example:\n{help}");
        assert!(help.contains(&format!("skyphot {command}")), "{command}: {help}");
    }
    for unit in ["pixels", "data units", "standard deviations"] {
        assert!(ok(dir.path(), &["run", "--help"]).out.contains(unit), "{unit}");
    }
    assert!(ok(dir.path(), &["--version"]).out.starts_with("skyphot "));
    assert_eq!(skyphot(dir.path(), &[]).code, 2);
}

#[test]
fn the_printed_configuration_can_be_used() {
    let dir = folder();
    let text = ok(dir.path(), &["config"]).out;
    std::fs::write(dir.path().join("c.toml"), &text).unwrap();
    ok(dir.path(), &["run", "image.fits", "--config", "c.toml", "-o", "a"]);
    ok(dir.path(), &["run", "image.fits", "-o", "b"]);
    let read = |d: &str| std::fs::read(dir.path().join(d).join("catalog.ecsv")).unwrap();
    assert_eq!(read("a"), read("b"));
}

#[test]
fn completions_for_the_three_shells() {
    let dir = folder();
    for shell in ["bash", "zsh", "fish"] {
        assert!(ok(dir.path(), &["completions", shell]).out.contains("background"));
    }
}
