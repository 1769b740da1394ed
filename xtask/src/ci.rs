//! The steps of continuous integration.

use anyhow::Result;

use crate::run::{self, Outcome, Report, cargo};
use crate::{fixtures, fuzz, graph, layers, python, readme, regress, tidy};

/// Everything. Cheap steps come first; all are run, whatever failed before.
pub(crate) fn all() -> Result<bool> {
    let mut r = Report::default();
    r.step("lock", || {
        for manifest in ["Cargo.toml", "tests/fuzz/Cargo.toml"] {
            let locked = ["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest];
            run::output(cargo().args(locked))?;
        }
        Ok(Outcome::Passed)
    });
    cheap(&mut r);
    r.step("graph", || graph::update(true).map(|()| Outcome::Passed));
    r.step("clippy", clippy);
    // The same random cases each time: a failure here is due to what changed, not to luck.
    r.step("test", || readme::step("cargo test", &[("PROPTEST_RNG_SEED", "1")]));
    r.step("python", || python::all(false));
    r.step("docs", documentation);
    // What is checked is that it runs: all the optimising takes minutes.
    let quick = [
        ("CARGO_PROFILE_RELEASE_LTO", "off"),
        ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
        ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ];
    r.step("demo", || readme::step("cargo run --release", &quick));
    r.step("fixtures", || fixtures::all(true, None));
    r.step("regress", || regress::all(None).map(|()| Outcome::Passed));
    r.step("fuzz", || fuzz::all(30));
    Ok(r.summary("ci"))
}

/// The README's test command.
pub(crate) fn test() -> Result<bool> {
    let mut r = Report::default();
    r.step("test", || readme::step("cargo test", &[]));
    Ok(r.summary("test"))
}

/// Format, clippy, layers, tidy.
pub(crate) fn lint() -> Result<bool> {
    let mut r = Report::default();
    cheap(&mut r);
    r.step("clippy", clippy);
    Ok(r.summary("lint"))
}

/// Documentation with warnings as errors.
pub(crate) fn docs() -> Result<bool> {
    let mut r = Report::default();
    r.step("docs", documentation);
    Ok(r.summary("docs"))
}

fn cheap(r: &mut Report) {
    r.step("fmt", || run::step(cargo().args(["fmt", "--all", "--check"])));
    r.step("layers", || layers::check().map(found));
    r.step("tidy", || tidy::check().map(found));
}

fn clippy() -> Result<Outcome> {
    run::step(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn documentation() -> Result<Outcome> {
    run::step(cargo().args(["doc", "--no-deps", "--workspace"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Complaints as an outcome.
fn found(complaints: Vec<String>) -> Outcome {
    for c in &complaints {
        println!("{c}");
    }
    if complaints.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Failed(format!("{} complaints", complaints.len()))
    }
}
