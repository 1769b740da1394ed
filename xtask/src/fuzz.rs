//! Fuzzing: builds `tests/fuzz` (a workspace of its own) with libFuzzer's instrumentation, which stable Rust has too,
//! and runs every target for a while, all at once. The corpus begins with headers and files of the tests.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{self, Outcome};
use crate::workspace;

/// What cargo-fuzz passes as well, without the sanitizers, which safe Rust can do without and stable Rust does not have.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=16 --cfg fuzzing";

/// Targets and the largest inputs they are given, bytes.
const TARGETS: [(&str, usize); 2] = [("header_to_wcs", 6000), ("asdf_to_gwcs", 20_000)];

/// Largest file that is taken into the corpus, bytes.
const SEED: u64 = 25_000;

/// Builds and runs every target for so many seconds.
pub(crate) fn all(seconds: u64) -> Result<Outcome> {
    let host = host()?;
    let target = workspace::target()?.join("fuzz");
    let manifest = workspace::root().join("tests/fuzz/Cargo.toml");
    // With --target, build scripts and procedural macros are left alone.
    run::checked(
        run::cargo()
            .args(["build", "--release", "--locked", "--target", &host, "--manifest-path"])
            .arg(&manifest)
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", FLAGS),
    )?;
    let programs = target.join(&host).join("release");
    let mut running: Vec<(&str, PathBuf, Child)> = Vec::new();
    for (name, size) in TARGETS {
        let (corpus, findings) = (target.join("corpus").join(name), target.join("findings").join(name));
        for folder in [&corpus, &findings] {
            std::fs::create_dir_all(folder)?;
        }
        seed(name, &corpus)?;
        let log = std::fs::File::create(target.join(format!("{name}.log")))?;
        let child = run::command(programs.join(name))
            .arg(&corpus)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={size}"))
            .arg(format!("-artifact_prefix={}/", findings.display()))
            // An input that takes 5 s, or more than 1 GiB, is a finding.
            .args(["-timeout=5", "-rss_limit_mb=1024", "-malloc_limit_mb=512", "-print_final_stats=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("running {name}"))?;
        running.push((name, findings, child));
    }
    let mut bad = Vec::new();
    for (name, findings, mut child) in running {
        let status = child.wait()?;
        let log = std::fs::read(target.join(format!("{name}.log")))?;
        let log = String::from_utf8_lossy(&log);
        let units = log.lines().find_map(|l| l.strip_prefix("stat::number_of_executed_units:"));
        println!("{name}: {} inputs", units.unwrap_or(" ?").trim());
        if !status.success() {
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            tail.iter().rev().for_each(|l| println!("  {l}"));
            println!("{name}: see {}", findings.display());
            bad.push(name);
        }
    }
    Ok(if bad.is_empty() { Outcome::Passed } else { Outcome::Failed(bad.join(", ")) })
}

/// The machine's target triple.
fn host() -> Result<String> {
    let text = run::output(run::command("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|l| l.strip_prefix("host: ")).context("rustc -vV names no host")?;
    Ok(host.to_owned())
}

/// First inputs: what is committed beside the target, the headers of the fixtures, small files of the test data.
fn seed(name: &str, corpus: &Path) -> Result<()> {
    let committed = workspace::root().join("tests/fuzz/seeds").join(name);
    if committed.is_dir() {
        for file in workspace::files(&committed)? {
            copy(&file, corpus)?;
        }
    }
    if name == "header_to_wcs" {
        let path = workspace::root().join("crates/wcs/tests/it/fixtures/quirks.json");
        let fixture: Value = serde_json::from_str(&workspace::read(&path)?)?;
        for (i, case) in fixture["cases"].as_array().into_iter().flatten().enumerate() {
            std::fs::write(corpus.join(format!("quirk{i}")), header(&case["cards"]))?;
        }
    }
    if name == "asdf_to_gwcs"
        && let Some(data) = std::env::var_os("SKYPHOT_TEST_DATA")
    {
        for file in workspace::files(&Path::new(&data).join("asdf"))? {
            if file.extension().is_some_and(|e| e == "asdf") && std::fs::metadata(&file)?.len() <= SEED {
                copy(&file, corpus)?;
            }
        }
    }
    Ok(())
}

fn copy(file: &Path, corpus: &Path) -> Result<()> {
    let name = file.file_name().context("a file without a name")?;
    std::fs::write(corpus.join(name), std::fs::read(file)?)?;
    Ok(())
}

/// The lines of a header.
fn header(cards: &Value) -> String {
    let line = |(k, v): (&String, &Value)| match v {
        Value::String(s) => format!("{k:<8}= '{s}'\n"),
        v => format!("{k:<8}= {v}\n"),
    };
    cards.as_object().into_iter().flatten().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_lines() {
        let cards = serde_json::json!({"CTYPE1": "RA---TAN", "CRPIX1": 1.5});
        let text = header(&cards);
        assert!(text.contains("CTYPE1  = 'RA---TAN'\n") && text.contains("CRPIX1  = 1.5\n"), "{text}");
    }
}
